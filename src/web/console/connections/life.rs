//! A connection's life: activated, paused, resumed, removed, once it is clear what that does; and its own guard against
//! mass changes.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::Method;

use super::super::Console;
use super::super::access::{Needs, Session};
use super::super::asked::Asked;
use super::super::form::Fields;
use super::super::respond::{Answer, Refused, page, see, see_with, taken};
use super::super::shell::{Place, Shell};
use super::{Beside, Own, path};
use crate::provisioning::health::Fares;
use crate::provisioning::plans::Change;
use crate::web::routes::Routes;

/// Asks whether to take a step of a connection's life.
#[derive(Template)]
#[template(path = "connection_state.html", config = "src/web/console/askama.toml")]
struct NextState {
    shell: Shell,
    heading: &'static str,
    to: &'static str,
    fares: Fares,
}

pub(super) fn routes(routes: Routes, console: &Arc<Console>) -> Routes {
    let state = "/console/connections/{key}/state";
    routes
        .console(Method::GET, state, Needs::Admin, ask_for_state, console)
        .console(Method::POST, state, Needs::FreshAdmin, set_state, console)
        .console(Method::POST, "/console/connections/{key}/guard", Needs::FreshAdmin, set_guard, console)
}

/// What a step does, before it is taken.
async fn ask_for_state(State(console): State<Arc<Console>>, session: Session, Own(own): Own, asked: Asked) -> Answer {
    let (to, heading) = match asked.query("to") {
        "activate" => ("activate", "Activate"),
        "pause" => ("pause", "Pause"),
        "resume" => ("resume", "Resume"),
        "delete" => ("delete", "Remove"),
        _ => return Ok(see(&path(&own.key, "settings"))),
    };
    let fares = console.provisioning.fares_one(session.organization_id(), &own.key).await?;
    let shell = Shell::of(&session, format!("{heading} {}", own.key), Place::Connections);
    Ok(page(200, &session, &NextState { shell, heading, to, fares }))
}

async fn set_state(State(console): State<Arc<Console>>, session: Session, Own(own): Own, fields: Fields) -> Answer {
    let connection = own.key.clone();
    let change = match fields.text("state") {
        "activate" => Change::Activate { connection },
        "pause" => Change::Pause { connection },
        "resume" => Change::Resume { connection },
        "delete" => Change::Delete { connection },
        _ => return Err(Refused::new(422, "Which state?", "Go back and use one of the buttons.")),
    };
    console.planned_at(&session, own, "settings", change).await
}

async fn set_guard(State(console): State<Arc<Console>>, session: Session, Own(own): Own, fields: Fields) -> Answer {
    let number = |name: &str| match fields.text(name).trim() {
        "" => Ok(None),
        text => text
            .parse::<u32>()
            .map(Some)
            .map_err(|_| Refused::new(422, "That is not possible", format!("«{text}» is not a whole number."))),
    };
    let set = match (number("count"), number("percent")) {
        (Ok(count), Ok(percent)) => {
            let (actor, organization) = (session.actor(), session.organization_id());
            let set = console.provisioning.set_guard(&actor, organization, &own.key, (count, percent)).await;
            set.map_err(Refused::from)
        }
        (Err(refused), _) | (_, Err(refused)) => Err(refused),
    };
    match taken(set)? {
        Ok(()) => Ok(see_with(&path(&own.key, "settings"), "The guard was changed.")),
        Err(wrong) => {
            let beside = Beside { wrong: Some(wrong), secret: None };
            console.connection_page(&session, own, &Asked::of("", &[("tab", "settings")]), beside).await
        }
    }
}
