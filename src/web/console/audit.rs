//! The audit log: who did what to what, when and why, the newest first; the same as a file.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::Method;
use axum::response::Response;
use serde_json::{Value, json};
use uuid::Uuid;

use super::Console;
use super::access::{Needs, Session};
use super::asked::Asked;
use super::export::{File, csv, download};
use super::respond::{Answer, Refused, page};
use super::shell::{Place, Shell};
use super::words::time_of;
use crate::audit::trail::{AuditRecord, Page as Part, Wanted, begins};
use crate::audit::{Action, Target};
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
    part: Part,
    next: Option<String>,
    wrong: Vec<(&'static str, String)>,
}

impl Page {
    /// Whether what stands in a filter's field cannot be meant.
    fn is_wrong(&self, field: &str) -> bool {
        self.wrong.iter().any(|(name, _)| *name == field)
    }

    /// What a record is about, by name if it has one.
    fn name(&self, record: &AuditRecord) -> Option<&str> {
        self.part.names.get(&record.target_id).map(String::as_str)
    }

    /// The page of what a record is about, if there is one.
    fn path(&self, record: &AuditRecord) -> Option<String> {
        let (id, name) = (record.target_id, self.name(record)?);
        match record.target_kind.as_str() {
            "person" => Some(format!("/console/users/{id}")),
            "connection" => Some(format!("/console/connections/{name}")),
            "facility" => Some(format!("/console/facilities/{name}")),
            _ => None,
        }
    }

    /// The same list, of what a record is about alone.
    fn only(&self, record: &AuditRecord) -> String {
        self.asked.with(&[("target", &record.target_id.to_string()), ("kind", ""), ("before", "")])
    }

    /// The same list as a file.
    fn file(&self, path: &str) -> String {
        self.asked.elsewhere(path)
    }
}

pub(super) fn routes(routes: Routes, console: &Arc<Console>) -> Routes {
    routes
        .console(Method::GET, "/console/audit", Needs::View, list, console)
        .console(Method::GET, "/console/audit.csv", Needs::View, spreadsheet, console)
        .console(Method::GET, "/console/audit.jsonl", Needs::View, lines, console)
}

impl Console {
    /// What is asked for, and what of it cannot be meant.
    async fn wanted(&self, session: &Session, asked: &Asked) -> Result<(Wanted, Vec<(&'static str, String)>), Refused> {
        let named = |name: &str| Some(asked.query(name).trim().to_owned()).filter(|text| !text.is_empty());
        let mut wrong = Vec::new();
        let mut time = |name: &'static str| {
            let time = time_of(asked.query(name));
            time.unwrap_or_else(|words| {
                wrong.push((name, words));
                None
            })
        };
        let (since, until) = (time("since"), time("until"));
        let before = begins(asked.query("before"));
        let kind = named("kind").filter(|kind| Target::KINDS.contains(&kind.as_str()));
        let target = match named("target") {
            Some(text) => match self.target(session, kind.as_deref(), &text).await? {
                Ok(id) => Some(id),
                Err(words) => {
                    wrong.push(("target", words));
                    None
                }
            },
            None => None,
        };
        let (action, actor) = (named("action"), named("actor"));
        Ok((Wanted { action, actor, target_kind: kind, target, since, until, before }, wrong))
    }

    /// The one thing that a text names, or why it names none.
    async fn target(&self, session: &Session, kind: Option<&str>, text: &str) -> Result<Result<Uuid, String>, Refused> {
        if let Ok(id) = text.parse() {
            return Ok(Ok(id));
        }
        let mut found = self.directory.named(session.organization_id(), text).await?;
        found.retain(|(of, _)| kind.is_none_or(|kind| kind == *of));
        Ok(match *found.as_slice() {
            [(_, id)] => Ok(id),
            [] => Err("Nothing is called so here; give an e-mail address, a connection's or facility's key, a \
                domain, or an id"
                .to_owned()),
            [(one, _), (other, _), ..] => {
                Err(format!("Both a {one} and a {other} are called so; choose one of them under «Kind»"))
            }
        })
    }

    /// The records of the filters on the page, for a file.
    async fn audit_file(&self, session: &Session, asked: &Asked) -> Result<Part, Refused> {
        let (wanted, wrong) = self.wanted(session, asked).await?;
        if let Some((_, words)) = wrong.first() {
            return Err(Refused::new(422, "The filters cannot be meant", format!("{words}.")));
        }
        let found = self.trail.list(session.organization_id(), &wanted, FILE).await;
        let found = found.map_err(directory::Error::Store)?;
        self.directory.note_export(session, "audit log", found.records.len()).await?;
        Ok(found)
    }

    fn audit_download(&self, session: &Session, text: String, file: File) -> Result<Response, Refused> {
        download(&format!("{}-audit", session.organization()), self.now(), text, file)
    }
}

async fn list(State(console): State<Arc<Console>>, session: Session, asked: Asked) -> Answer {
    let (wanted, wrong) = console.wanted(&session, &asked).await?;
    // Whoever asks for what cannot be meant is told so, and not shown something else.
    let part = if wrong.is_empty() {
        console.trail.list(session.organization_id(), &wanted, PAGE).await.map_err(directory::Error::Store)?
    } else {
        Part::default()
    };
    let next = part.next_text();
    let shell = Shell::of(&session, "Audit log", Place::Audit);
    let status = if wrong.is_empty() { 200 } else { 422 };
    Ok(page(status, &session, &Page { shell, now: console.now(), asked, part, next, wrong }))
}

/// In a file that a spreadsheet opens without running anything (T82).
async fn spreadsheet(State(console): State<Arc<Console>>, session: Session, asked: Asked) -> Answer {
    let found = console.audit_file(&session, &asked).await?;
    let head = [
        "at",
        "actor_kind",
        "actor",
        "action",
        "target_kind",
        "target",
        "target_name",
        "before",
        "after",
        "reason",
        "request",
        "reference",
    ];
    let rows = found.records.iter().map(|record| {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        vec![
            record.at.to_string(),
            record.actor_kind.clone(),
            record.actor_name.clone(),
            record.action.clone(),
            record.target_kind.clone(),
            record.target_id.to_string(),
            found.names.get(&record.target_id).cloned().unwrap_or_default(),
            text(&record.before),
            text(&record.after),
            text(&record.reason),
            record.request_id.to_string(),
            record.request_id.reference(),
        ]
    });
    console.audit_download(&session, csv(&head, rows)?, File::Csv)
}

/// Each record as JSON on a line, what was before and after as JSON in it.
async fn lines(State(console): State<Arc<Console>>, session: Session, asked: Asked) -> Answer {
    let found = console.audit_file(&session, &asked).await?;
    let mut text = String::new();
    for record in &found.records {
        let value = |text: &Option<String>| {
            text.as_deref().map_or(Value::Null, |text| serde_json::from_str(text).unwrap_or_else(|_| text.into()))
        };
        let line = json!({
            "id": record.id.to_string(),
            "at": record.at,
            "actor_kind": record.actor_kind,
            "actor": record.actor_name,
            "action": record.action,
            "target_kind": record.target_kind,
            "target": record.target_id.to_string(),
            "target_name": found.names.get(&record.target_id),
            "before": value(&record.before),
            "after": value(&record.after),
            "reason": record.reason,
            "request": record.request_id.to_string(),
            "reference": record.request_id.reference(),
        });
        text.push_str(&line.to_string());
        text.push('\n');
    }
    console.audit_download(&session, text, File::JsonLines)
}

/// Every action there is, for the filter.
pub(super) fn actions() -> impl Iterator<Item = &'static str> {
    Action::ALL.iter().map(|action| action.as_str())
}

/// Every kind of thing that a record may be about, for the filter.
pub(super) fn kinds() -> impl Iterator<Item = &'static &'static str> {
    Target::KINDS.iter()
}
