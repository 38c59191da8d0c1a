//! What no machine decided alone: held changes and conflicts in one list, both sides of a doubtful link, mass changes;
//! released, always allowed or discarded, one or several at once.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::Method;

use super::Console;
use super::access::{Needs, Session};
use super::form::Fields;
use super::respond::{Answer, Refused, page, see_with};
use super::shell::{Place, Shell};
use super::words::counted;
use crate::clock::Timestamp;
use crate::directory;
use crate::directory::held::Held;
use crate::provisioning::conflicts::Conflict;
use crate::provisioning::holds::Decision;
use crate::provisioning::mass_changes::Overview;
use crate::web::routes::Routes;

#[derive(Template)]
#[template(path = "held.html", config = "src/web/console/askama.toml")]
struct Page {
    shell: Shell,
    now: Timestamp,
    held: Vec<Held>,
    mass_changes: Vec<Overview>,
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
        .console(Method::GET, "/console/conflicts/{id}", Needs::View, conflict, console)
        .console(Method::POST, "/console/mass-changes/{id}/undo", Needs::Admin, undo, console)
}

async fn list(State(console): State<Arc<Console>>, session: Session) -> Answer {
    let held = console.directory.held(session.organization()).await?;
    let mass_changes = console.provisioning.mass_changes(session.organization()).await?;
    let shell = Shell::of(&session, "Held changes", Place::Held);
    Ok(page(200, &session, &Page { shell, now: console.now(), held, mass_changes }))
}

async fn conflict(State(console): State<Arc<Console>>, session: Session, Path(id): Path<String>) -> Answer {
    let conflict = match console.provisioning.conflict(session.organization(), &id).await {
        Err(crate::provisioning::Error::Directory(directory::Error::NotFound { .. })) => {
            return Err(Refused::nowhere());
        }
        found => found?,
    };
    let shell = Shell::of(&session, "Conflict", Place::Held);
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
    for (_, outcome) in decided {
        match outcome {
            Ok(_) => done += 1,
            Err(crate::provisioning::Error::Store(error)) => return Err(directory::Error::Store(error).into()),
            Err(error) => refused.push(format!("Not decided: {error}.")),
        }
    }
    let notice = format!("{} decided. {}", counted(done, "change was", "changes were"), refused.join(" "));
    Ok(see_with("/console/held", notice.trim()))
}

async fn undo(State(console): State<Arc<Console>>, session: Session, Path(id): Path<String>) -> Answer {
    let undone = console.provisioning.undo_mass_change(&session.actor(), session.organization(), &id).await?;
    let back = undone.iter().filter(|one| one.reactivated).count();
    let notice = format!("{} access again.", counted(back, "person has", "people have"));
    Ok(see_with("/console/held", &notice))
}
