//! The request log: what identity providers asked, the newest first, and one request with each step and what came of
//! it.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::Method;
use axum::response::Response;

use super::Console;
use super::access::{Needs, Session};
use super::asked::Asked;
use super::respond::{Answer, Refused, page};
use super::shell::{Place, Shell};
use super::words::time_of;
use crate::clock::Timestamp;
use crate::provisioning::plans::Replay;
use crate::provisioning::request_log::{Filters, Listed, Shown, Status};
use crate::web::routes::Routes;

/// Requests on a page.
const PAGE: usize = 50;

#[derive(Template)]
#[template(path = "requests.html", config = "src/web/console/askama.toml")]
struct List {
    shell: Shell,
    now: Timestamp,
    asked: Asked,
    listed: Listed,
    connections: Vec<String>,
    wrong: Vec<(&'static str, String)>,
}

impl List {
    /// Whether what stands in a filter's field cannot be meant.
    fn is_wrong(&self, field: &str) -> bool {
        self.wrong.iter().any(|(name, _)| *name == field)
    }
}

#[derive(Template)]
#[template(path = "request.html", config = "src/web/console/askama.toml")]
struct One {
    shell: Shell,
    shown: Shown,
    steps: Vec<(String, String)>,
    quirks: Vec<String>,
    curl: String,
    replay: Option<Replay>,
}

pub(super) fn routes(routes: Routes, console: &Arc<Console>) -> Routes {
    let replayed = "/console/requests/{reference}/replay";
    routes
        .console(Method::GET, "/console/requests", Needs::View, list, console)
        .console(Method::GET, "/console/requests/{reference}", Needs::View, show, console)
        .console(Method::POST, replayed, Needs::Admin, replay, console)
}

async fn list(State(console): State<Arc<Console>>, session: Session, asked: Asked) -> Answer {
    let named = |name: &str| Some(asked.query(name).trim().to_owned()).filter(|text| !text.is_empty());
    let mut wrong = Vec::new();
    let (status, failed) = match asked.query("status").trim() {
        "" => (None, asked.query("failed") == "yes"),
        "failed" => (None, true),
        text => {
            let status = Status::parse(text);
            if status.is_none() {
                wrong
                    .push(("status", "An answer is a number such as 409, a hundred such as 4xx, or failed".to_owned()));
            }
            (status, false)
        }
    };
    let mut time = |name: &'static str| match time_of(asked.query(name)) {
        Ok(time) => time,
        Err(words) => {
            wrong.push((name, words));
            None
        }
    };
    let (since, until) = (time("since"), time("until"));
    let filters = Filters {
        connection: named("connection"),
        status,
        failed,
        text: named("q"),
        since,
        until,
        before: named("before"),
        limit: PAGE,
        ..Filters::default()
    };
    let scope = console.request_log.scope(&session.actor(), Some(session.organization())).await?;
    let listed = console.request_log.list(scope, &filters).await?;
    let connections = console.provisioning.connections(Some(session.organization())).await?;
    let connections = connections.into_iter().map(|connection| connection.key).collect();
    let shell = Shell::of(&session, "Request log", Place::Requests);
    let status = if wrong.is_empty() { 200 } else { 422 };
    Ok(page(status, &session, &List { shell, now: console.now(), asked, listed, connections, wrong }))
}

async fn show(State(console): State<Arc<Console>>, session: Session, Path(reference): Path<String>) -> Answer {
    let shown = console.found_request(&session, &reference).await?;
    Ok(console.request_page(&session, shown, None))
}

/// What the request would come to today; it is shown and not done.
async fn replay(State(console): State<Arc<Console>>, session: Session, Path(reference): Path<String>) -> Answer {
    let shown = console.found_request(&session, &reference).await?;
    let replay = console.provisioning.replay(&session.actor(), session.organization(), &shown).await?;
    Ok(console.request_page(&session, shown, Some(replay)))
}

impl Console {
    async fn found_request(&self, session: &Session, reference: &str) -> Result<Shown, Refused> {
        let shown = self.shown_request(session, reference).await;
        shown.map_err(|refused| if refused.status() == 404 { Refused::nowhere() } else { refused })
    }

    fn request_page(&self, session: &Session, shown: Shown, replay: Option<Replay>) -> Response {
        let request = &shown.request;
        let steps = request.steps.as_array().map(Vec::as_slice).unwrap_or_default().iter().map(|step| {
            let after = step["after_us"].as_i64().unwrap_or_default();
            (step["step"].as_str().unwrap_or_default().to_owned(), format!("{}.{:03} ms", after / 1000, after % 1000))
        });
        let quirks = request.quirks.as_array().map(Vec::as_slice).unwrap_or_default();
        let template = One {
            shell: Shell::of(session, format!("Request {}", request.reference), Place::Requests),
            steps: steps.collect(),
            quirks: quirks.iter().filter_map(|quirk| quirk.as_str().map(str::to_owned)).collect(),
            curl: format!(
                "curl -X {} -H \"Authorization: Bearer $TOKEN\" -H 'Content-Type: application/scim+json' '{}{}'",
                request.method,
                self.base_url,
                request.path.replace('\'', "%27")
            ),
            shown,
            replay,
        };
        page(200, session, &template)
    }
}
