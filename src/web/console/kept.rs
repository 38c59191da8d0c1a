//! The form that waits for somebody who had to sign in again: shown with what was filled in, sent again by hand or
//! discarded. Never sends one by itself.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;

use super::Console;
use super::access::Session;
use super::form::Fields;
use super::respond::{Answer, page, see, see_with};
use super::shell::{Place, Shell};

#[derive(Template)]
#[template(path = "kept.html", config = "src/web/console/askama.toml")]
struct Page {
    shell: Shell,
    id: String,
    path: String,
    fields: Vec<(String, String)>,
}

pub(super) async fn show(State(console): State<Arc<Console>>, session: Session) -> Answer {
    let Some(kept) = console.directory.kept_form(&session).await? else { return Ok(see("/console")) };
    let shell = Shell::of(&session, "Your form was kept", Place::Oneself);
    let fields = form_urlencoded::parse(kept.fields.as_bytes()).into_owned().collect();
    Ok(page(200, &session, &Page { shell, id: kept.id.to_string(), path: kept.path, fields }))
}

pub(super) async fn discard(State(console): State<Arc<Console>>, session: Session, fields: Fields) -> Answer {
    if let Ok(id) = fields.text("form").parse() {
        console.directory.forget_form(&session, id).await?;
    }
    Ok(see_with("/console", "The form was discarded. Nothing was changed."))
}
