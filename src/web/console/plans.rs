//! Plans: what a change would do to whom, applied exactly as it was reviewed, or discarded. Also where every change of
//! rules, ceilings and facilities leads.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::Method;
use axum::response::Response;

use super::Console;
use super::access::{Needs, Session};
use super::respond::{Answer, Refused, page, see, see_with};
use super::shell::{Place, Shell};
use super::words::capital;
use crate::clock::Timestamp;
use crate::directory;
use crate::ids::PlanId;
use crate::provisioning::Error;
use crate::provisioning::plans::{Change, Effect, Plan, State as PlanState};
use crate::web::routes::Routes;

#[derive(Template)]
#[template(path = "plans.html", config = "src/web/console/askama.toml")]
struct Page {
    shell: Shell,
    now: Timestamp,
    plans: Vec<Plan>,
}

#[derive(Template)]
#[template(path = "plan.html", config = "src/web/console/askama.toml")]
struct One {
    shell: Shell,
    now: Timestamp,
    plan: Plan,
    effects: Vec<Effect>,
    wrong: Option<String>,
}

/// The name of a plan's state.
pub(super) const fn state_of(plan: &Plan) -> &'static str {
    match plan.state {
        PlanState::Planned => "planned",
        PlanState::Applying { .. } => "applying",
        PlanState::Applied { .. } => "applied",
        PlanState::Discarded { .. } => "discarded",
        PlanState::Stale { .. } => "stale",
    }
}

/// What a plan's list of people says by now.
pub(super) const fn tense(plan: &Plan) -> &'static str {
    match plan.state {
        PlanState::Planned => "what it would do",
        PlanState::Applying { .. } | PlanState::Applied { .. } => "what it does",
        PlanState::Discarded { .. } | PlanState::Stale { .. } => "what it would have done",
    }
}

/// People who are shown of a plan; the numbers count all.
const SHOWN: usize = 500;

pub(super) fn routes(routes: Routes, console: &Arc<Console>) -> Routes {
    routes
        .console(Method::GET, "/console/plans", Needs::View, list, console)
        .console(Method::GET, "/console/plans/{id}", Needs::View, show, console)
        .console(Method::POST, "/console/plans/{id}/apply", Needs::FreshAdmin, apply, console)
        .console(Method::POST, "/console/plans/{id}/discard", Needs::Admin, discard, console)
}

async fn list(State(console): State<Arc<Console>>, session: Session) -> Answer {
    let plans = console.provisioning.plans(session.organization()).await?;
    let shell = Shell::of(&session, "Plans", Place::Plans);
    Ok(page(200, &session, &Page { shell, now: console.now(), plans }))
}

async fn show(State(console): State<Arc<Console>>, session: Session, Path(id): Path<String>) -> Answer {
    console.plan_page(&session, 200, &id, None).await
}

impl Console {
    async fn own_plan(&self, session: &Session, id: &str) -> Result<(Plan, Vec<Effect>), Refused> {
        let id: PlanId = id.parse().map_err(|_| Refused::nowhere())?;
        match self.provisioning.shown_plan(id).await {
            Ok(found) if found.0.organization == session.organization_id() => Ok(found),
            Ok(_) | Err(Error::Directory(directory::Error::NotFound { .. })) => Err(Refused::nowhere()),
            Err(other) => Err(other.into()),
        }
    }

    async fn plan_page(&self, session: &Session, status: u16, id: &str, wrong: Option<String>) -> Answer {
        let (plan, mut effects) = self.own_plan(session, id).await?;
        effects.truncate(SHOWN);
        let shell = Shell::of(session, "Plan", Place::Plans);
        Ok(page(status, session, &One { shell, now: self.now(), plan, effects, wrong }))
    }

    /// Makes a plan of a change and leads to it; a change that moves nobody is in force at once.
    pub(super) async fn planned(&self, session: &Session, change: Change, back: &str) -> Result<Response, Refused> {
        let plan = self.provisioning.plan_of(&session.actor(), session.organization_id(), change).await?;
        if plan.is_planned() {
            return Ok(see(&format!("/console/plans/{}", plan.id)));
        }
        Ok(see_with(back, &format!("{}. Nobody's access changed by it.", capital(plan.change.words()))))
    }
}

/// The change is made here; people follow in batches, which the page shows.
async fn apply(State(console): State<Arc<Console>>, session: Session, Path(id): Path<String>) -> Answer {
    let (plan, _) = console.own_plan(&session, &id).await?;
    match console.provisioning.start_plan(&session.actor(), plan.id).await {
        Ok(_) => Ok(see_with(&format!("/console/plans/{id}"), "The plan is being applied.")),
        Err(Error::Directory(error @ directory::Error::Conflict(_))) => {
            console.plan_page(&session, 409, &id, Some(error.to_string())).await
        }
        Err(other) => Err(other.into()),
    }
}

async fn discard(State(console): State<Arc<Console>>, session: Session, Path(id): Path<String>) -> Answer {
    let (plan, _) = console.own_plan(&session, &id).await?;
    match console.provisioning.discard_plan(&session.actor(), plan.id).await {
        Ok(_) => Ok(see_with("/console/plans", "The plan was discarded. Nothing was changed.")),
        Err(Error::Directory(error @ directory::Error::Conflict(_))) => {
            console.plan_page(&session, 409, &id, Some(error.to_string())).await
        }
        Err(other) => Err(other.into()),
    }
}
