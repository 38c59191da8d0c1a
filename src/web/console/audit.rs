//! The audit log: who did what to what, when and why, the newest first; the same as a file.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::Method;

use super::Console;
use super::access::{Needs, Session};
use super::asked::Asked;
use super::export::{File, csv, download};
use super::respond::{Answer, page};
use super::shell::{Place, Shell};
use crate::audit::Action;
use crate::audit::trail::{AuditRecord, Wanted};
use crate::clock::Timestamp;
use crate::directory;
use crate::web::routes::Routes;

/// Records on a page, and in a file.
const PAGE: u32 = 50;
const FILE: u32 = 100_000;

#[derive(Template)]
#[template(path = "audit.html", config = "src/web/console/askama.toml")]
struct Page {
    shell: Shell,
    now: Timestamp,
    asked: Asked,
    records: Vec<AuditRecord>,
    next: Option<String>,
}

pub(super) fn routes(routes: Routes, console: &Arc<Console>) -> Routes {
    routes.console(Method::GET, "/console/audit", Needs::View, list, console).console(
        Method::GET,
        "/console/audit.csv",
        Needs::View,
        file,
        console,
    )
}

fn wanted(asked: &Asked) -> Wanted {
    let named = |name: &str| Some(asked.query(name).to_owned()).filter(|text| !text.is_empty());
    let before = asked
        .query("before")
        .split_once('.')
        .and_then(|(at, id)| Some((Timestamp::from_millis(at.parse().ok()?), id.parse().ok()?)));
    Wanted { action: named("action"), actor: named("actor"), before }
}

async fn list(State(console): State<Arc<Console>>, session: Session, asked: Asked) -> Answer {
    let found = console.trail.list(session.organization_id(), &wanted(&asked), PAGE).await;
    let found = found.map_err(directory::Error::Store)?;
    let next = found.next.map(|(at, id)| format!("{}.{id}", at.millis()));
    let shell = Shell::of(&session, "Audit log", Place::Audit);
    Ok(page(200, &session, &Page { shell, now: console.now(), asked, records: found.records, next }))
}

/// The rows of the filters on the page, in a file that a spreadsheet opens without running anything (T82).
async fn file(State(console): State<Arc<Console>>, session: Session, asked: Asked) -> Answer {
    let found = console.trail.list(session.organization_id(), &wanted(&asked), FILE).await;
    let found = found.map_err(directory::Error::Store)?;
    console.directory.note_export(&session, "audit log", found.records.len()).await?;
    let head = ["at", "actor_kind", "actor", "action", "target_kind", "target", "before", "after", "reason", "request"];
    let rows = found.records.iter().map(|record| {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        vec![
            record.at.to_string(),
            record.actor_kind.clone(),
            record.actor_name.clone(),
            record.action.clone(),
            record.target_kind.clone(),
            record.target_id.to_string(),
            text(&record.before),
            text(&record.after),
            text(&record.reason),
            record.request_id.to_string(),
        ]
    });
    download(&format!("{}-audit", session.organization()), console.now(), csv(&head, rows)?, File::Csv)
}

/// Every action there is, for the filter.
pub(super) fn actions() -> impl Iterator<Item = &'static str> {
    Action::ALL.iter().map(|action| action.as_str())
}
