//! Plans: what a change would do to whom, applied exactly as it was reviewed, or discarded. Also where every change of
//! rules, ceilings and facilities leads.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::Method;
use axum::response::Response;

use super::Console;
use super::access::{Needs, Session};
use super::asked::Asked;
use super::export::{File, csv, download};
use super::respond::{Answer, Refused, page, see, see_with, taken};
use super::shell::{Place, Shell};
use super::words::capital;
use crate::clock::Timestamp;
use crate::directory;
use crate::ids::PlanId;
use crate::provisioning::Error;
use crate::provisioning::plans::{Change, Effect, EffectsPage, Plan, State as PlanState, Which};
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
    which: Which,
    /// Where the next page is.
    next: Option<String>,
    wrong: Option<String>,
}

/// A tab of a plan: how it stands in the address, and what it is called.
pub(super) const fn tab(which: Which) -> (&'static str, &'static str) {
    match which {
        Which::All => ("", "Everybody"),
        Which::Gain => ("gain", "Gain"),
        Which::Lose => ("lose", "Lose"),
        Which::ViewOnly => ("view-only", "Become View only"),
        Which::Admins => ("admins", "Admins changed"),
        Which::Held => ("held", "Held"),
        Which::UnknownFacility => ("unknown-facility", "Unknown facility"),
    }
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

/// People of a plan on a page.
const PEOPLE: usize = 100;

pub(super) fn routes(routes: Routes, console: &Arc<Console>) -> Routes {
    routes
        .console(Method::GET, "/console/plans", Needs::View, list, console)
        .console(Method::GET, "/console/plans/{id}", Needs::View, show, console)
        .console(Method::GET, "/console/plans/{id}/people.csv", Needs::View, file, console)
        .console(Method::POST, "/console/plans/{id}/apply", Needs::FreshAdmin, apply, console)
        .console(Method::POST, "/console/plans/{id}/discard", Needs::Admin, discard, console)
}

async fn list(State(console): State<Arc<Console>>, session: Session) -> Answer {
    let plans = console.provisioning.plans(session.organization()).await?;
    let shell = Shell::of(&session, "Plans", Place::Plans);
    Ok(page(200, &session, &Page { shell, now: console.now(), plans }))
}

async fn show(State(console): State<Arc<Console>>, session: Session, Path(id): Path<String>, asked: Asked) -> Answer {
    console.plan_page(&session, 200, &id, asked, None).await
}

/// The people of a plan as a file, with the words of the page.
async fn file(State(console): State<Arc<Console>>, session: Session, Path(id): Path<String>) -> Answer {
    let found = console.provisioning.shown_plan_in(session.organization_id(), id_of(&id)?).await;
    let (plan, effects) = found.map_err(nowhere)?;
    console.directory.note_export(&session, "plan", effects.len()).await?;
    let head = ["email", "before", "after", "gains", "loses", "becomes_view_only", "admins_changed", "held", "note"];
    let rows = effects.iter().map(|effect| {
        vec![
            effect.email.clone(),
            effect.before.described(),
            effect.after.described(),
            effect.gained().join(" "),
            effect.lost().join(" "),
            effect.becomes_view_only().to_string(),
            effect.changes_admins().to_string(),
            effect.after.held.join("; "),
            effect.note.clone().unwrap_or_default(),
        ]
    });
    download(&format!("{}-plan-{}", session.organization(), plan.id), console.now(), csv(&head, rows)?, File::Csv)
}

fn id_of(text: &str) -> Result<PlanId, Refused> {
    text.parse().map_err(|_| Refused::nowhere())
}

/// A plan that this organization has not is no page.
fn nowhere(error: Error) -> Refused {
    match error {
        Error::Directory(directory::Error::NotFound { .. }) => Refused::nowhere(),
        other => other.into(),
    }
}

impl Console {
    async fn plan_page(&self, session: &Session, status: u16, id: &str, asked: Asked, wrong: Option<String>) -> Answer {
        let (organization, id) = (session.organization_id(), id_of(id)?);
        let plan = self.provisioning.plan_in(organization, id).await.map_err(nowhere)?;
        let which = Which::ALL.into_iter().find(|which| tab(*which).0 == asked.query("only")).unwrap_or(Which::All);
        let after = asked.query("after").parse().unwrap_or_default();
        let EffectsPage { effects, next } =
            self.provisioning.plan_effects(organization, id, which, after, PEOPLE).await?;
        let next = next.map(|place| asked.with(&[("after", &place.to_string())]));
        let shell = Shell::of(session, "Plan", Place::Plans);
        Ok(page(status, session, &One { shell, now: self.now(), plan, effects, which, next, wrong }))
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
    let plan = console.provisioning.plan_in(session.organization_id(), id_of(&id)?).await.map_err(nowhere)?;
    match taken(console.provisioning.start_plan(&session.actor(), plan.id).await)? {
        Ok(_) => Ok(see_with(&format!("/console/plans/{id}"), "The plan is being applied.")),
        Err(wrong) => {
            console
                .plan_page(
                    &session,
                    wrong.status,
                    &id,
                    Asked::of(&format!("/console/plans/{id}"), &[]),
                    Some(wrong.words),
                )
                .await
        }
    }
}

async fn discard(State(console): State<Arc<Console>>, session: Session, Path(id): Path<String>) -> Answer {
    let plan = console.provisioning.plan_in(session.organization_id(), id_of(&id)?).await.map_err(nowhere)?;
    match taken(console.provisioning.discard_plan(&session.actor(), plan.id).await)? {
        Ok(_) => Ok(see_with("/console/plans", "The plan was discarded. Nothing was changed.")),
        Err(wrong) => {
            console
                .plan_page(
                    &session,
                    wrong.status,
                    &id,
                    Asked::of(&format!("/console/plans/{id}"), &[]),
                    Some(wrong.words),
                )
                .await
        }
    }
}
