//! What no machine decided alone: held changes and conflicts in one list, both sides of a doubtful link, mass changes;
//! released, always allowed or discarded, one or several at once.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::Method;

use super::Console;
use super::access::{Needs, Session};
use super::asked::Asked;
use super::form::Fields;
use super::respond::{Answer, Refused, page, see_with};
use super::several::{NotDecided, all_decided};
use super::shell::{Place, Shell};
use super::words::counted;
use crate::clock::Timestamp;
use crate::directory;
use crate::directory::held::{Held, HeldPage};
use crate::provisioning::conflicts::Conflict;
use crate::provisioning::holds::Decision;
use crate::provisioning::mass_changes::Overview;
use crate::web::routes::Routes;

/// What is shown on a page.
const PAGE: u32 = 50;

#[derive(Template)]
#[template(path = "held.html", config = "src/web/console/askama.toml")]
struct Page {
    shell: Shell,
    now: Timestamp,
    held: Vec<Held>,
    mass_changes: Vec<Overview>,
    conflicts: bool,
    refused: Vec<NotDecided>,
    /// Where the next page is.
    next: Option<String>,
}

#[derive(Template)]
#[template(path = "conflict.html", config = "src/web/console/askama.toml")]
struct Both {
    shell: Shell,
    now: Timestamp,
    conflict: Conflict,
}

pub(super) fn routes(routes: Routes, console: &Arc<Console>) -> Routes {
    routes
        .console(Method::GET, "/console/held", Needs::View, list, console)
        // What is released may be an admin role.
        .console(Method::POST, "/console/held", Needs::FreshAdmin, decide, console)
        .console(Method::GET, "/console/conflicts", Needs::View, conflicts, console)
        .console(Method::GET, "/console/conflicts/{id}", Needs::View, conflict, console)
        .console(Method::POST, "/console/mass-changes/{id}/undo", Needs::Admin, undo, console)
}

async fn list(State(console): State<Arc<Console>>, session: Session, asked: Asked) -> Answer {
    console.held_page(&session, 200, (false, asked), Vec::new()).await
}

async fn conflicts(State(console): State<Arc<Console>>, session: Session, asked: Asked) -> Answer {
    console.held_page(&session, 200, (true, asked), Vec::new()).await
}

impl Console {
    /// All that waits, or of it the doubtful links and addresses.
    async fn held_page(
        &self,
        session: &Session,
        status: u16,
        (conflicts, asked): (bool, Asked),
        refused: Vec<NotDecided>,
    ) -> Answer {
        let after = asked.query("after").split_once('.');
        let after = after.and_then(|(at, id)| Some((Timestamp::from_millis(at.parse().ok()?), id.parse().ok()?)));
        let HeldPage { held, next } =
            self.directory.held_page(session.organization_id(), conflicts, after, PAGE).await?;
        let next = next.map(|(at, id)| asked.with(&[("after", &format!("{}.{id}", at.millis()))]));
        let mass_changes =
            if conflicts { Vec::new() } else { self.provisioning.mass_changes(session.organization()).await? };
        let place = if conflicts { Place::Conflicts } else { Place::Held };
        let shell = Shell::of(session, place.name(), place);
        let template = Page { shell, now: self.now(), held, mass_changes, conflicts, refused, next };
        Ok(page(status, session, &template))
    }
}

async fn conflict(State(console): State<Arc<Console>>, session: Session, Path(id): Path<String>) -> Answer {
    let conflict = match console.provisioning.conflict(session.organization(), &id).await {
        Err(crate::provisioning::Error::Directory(directory::Error::NotFound { .. })) => {
            return Err(Refused::nowhere());
        }
        found => found?,
    };
    let shell = Shell::of(&session, "Conflict", Place::Conflicts);
    Ok(page(200, &session, &Both { shell, now: console.now(), conflict }))
}

/// Each by itself: one that is refused, because somebody was quicker or things have changed, stops none.
async fn decide(State(console): State<Arc<Console>>, session: Session, fields: Fields) -> Answer {
    let decision = match fields.text("decision") {
        "release" => Decision::Release,
        "always" => Decision::AlwaysAllow,
        "discard" => Decision::Discard,
        _ => {
            return Err(Refused::new(422, "Release or discard?", "Go back and use one of the buttons below the list."));
        }
    };
    let ids: Vec<String> = fields.all("id").into_iter().map(str::to_owned).collect();
    if ids.is_empty() {
        return Ok(see_with("/console/held", "Nothing was chosen. Choose what to decide in the list first."));
    }
    let decided = console.provisioning.decide_held(&session.actor(), session.organization(), &ids, decision).await?;
    let (mut done, mut refused) = (0, Vec::new());
    for (id, outcome) in decided {
        match outcome {
            Ok(_) => done += 1,
            Err(error) => {
                let found = console.directory.held_about(session.organization_id(), &id).await?;
                let about = found.unwrap_or_else(|| "One of them".to_owned());
                refused.push(NotDecided::of(id, about, None, error)?);
            }
        }
    }
    if refused.is_empty() {
        return Ok(all_decided("/console/held", done, "change was", "changes were"));
    }
    console.held_page(&session, 409, (false, Asked::of("/console/held", &[])), refused).await
}

async fn undo(State(console): State<Arc<Console>>, session: Session, Path(id): Path<String>) -> Answer {
    let undone = console.provisioning.undo_mass_change(&session.actor(), session.organization(), &id).await?;
    let back = undone.iter().filter(|one| one.reactivated).count();
    let notice = format!("{} access again.", counted(back, "person has", "people have"));
    Ok(see_with("/console/held", &notice))
}
