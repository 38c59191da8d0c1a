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
    only: Only,
    found: usize,
    wrong: Option<String>,
}

impl One {
    /// Whether there are more than are shown.
    const fn cut(&self) -> bool {
        self.found > self.effects.len()
    }
}

/// Whom of a plan to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Only {
    All,
    Gain,
    Lose,
    Downgraded,
    Admins,
    Held,
    UnknownFacility,
}

impl Only {
    pub(super) const ALL: [Self; 7] =
        [Self::All, Self::Gain, Self::Lose, Self::Downgraded, Self::Admins, Self::Held, Self::UnknownFacility];

    /// As it stands in the address.
    pub(super) const fn key(self) -> &'static str {
        match self {
            Self::All => "",
            Self::Gain => "gain",
            Self::Lose => "lose",
            Self::Downgraded => "view-only",
            Self::Admins => "admins",
            Self::Held => "held",
            Self::UnknownFacility => "unknown-facility",
        }
    }

    /// As its tab says.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::All => "Everybody",
            Self::Gain => "Gain",
            Self::Lose => "Lose",
            Self::Downgraded => "Become View only",
            Self::Admins => "Admins changed",
            Self::Held => "Held",
            Self::UnknownFacility => "Unknown facility",
        }
    }

    fn holds(self, effect: &Effect) -> bool {
        match self {
            Self::All => true,
            Self::Gain => !effect.gained().is_empty(),
            Self::Lose => !effect.lost().is_empty(),
            Self::Downgraded => effect.becomes_view_only(),
            Self::Admins => effect.changes_admins(),
            Self::Held => !effect.after.held.is_empty(),
            Self::UnknownFacility => !effect.unknown_facilities().is_empty(),
        }
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

/// People who are shown of a plan; the numbers count all.
const SHOWN: usize = 500;

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
        let found = self.provisioning.shown_plan_in(session.organization_id(), id_of(id)?).await;
        let (plan, mut effects) = found.map_err(nowhere)?;
        let only = Only::ALL.into_iter().find(|only| only.key() == asked.query("only")).unwrap_or(Only::All);
        effects.retain(|effect| only.holds(effect));
        let found = effects.len();
        effects.truncate(SHOWN);
        let shell = Shell::of(session, "Plan", Place::Plans);
        Ok(page(status, session, &One { shell, now: self.now(), plan, effects, only, found, wrong }))
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
        Err(wrong) => console.plan_page(&session, wrong.status, &id, Asked::of("", &[]), Some(wrong.words)).await,
    }
}

async fn discard(State(console): State<Arc<Console>>, session: Session, Path(id): Path<String>) -> Answer {
    let plan = console.provisioning.plan_in(session.organization_id(), id_of(&id)?).await.map_err(nowhere)?;
    match taken(console.provisioning.discard_plan(&session.actor(), plan.id).await)? {
        Ok(_) => Ok(see_with("/console/plans", "The plan was discarded. Nothing was changed.")),
        Err(wrong) => console.plan_page(&session, wrong.status, &id, Asked::of("", &[]), Some(wrong.words)).await,
    }
}
