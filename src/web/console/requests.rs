//! The request log: what identity providers asked, the newest first, and one request with each step and what came of
//! it.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::Method;

use super::Console;
use super::access::{Needs, Session};
use super::asked::Asked;
use super::respond::{Answer, Refused, page};
use super::shell::{Place, Shell};
use crate::clock::Timestamp;
use crate::provisioning::request_log::{Filters, Listed, Shown};
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
}

#[derive(Template)]
#[template(path = "request.html", config = "src/web/console/askama.toml")]
struct One {
    shell: Shell,
    shown: Shown,
    steps: Vec<(String, String)>,
    quirks: Vec<String>,
    curl: String,
}

pub(super) fn routes(routes: Routes, console: &Arc<Console>) -> Routes {
    routes.console(Method::GET, "/console/requests", Needs::View, list, console).console(
        Method::GET,
        "/console/requests/{reference}",
        Needs::View,
        show,
        console,
    )
}

async fn list(State(console): State<Arc<Console>>, session: Session, asked: Asked) -> Answer {
    let named = |name: &str| Some(asked.query(name).to_owned()).filter(|text| !text.is_empty());
    let filters = Filters {
        connection: named("connection"),
        failed: asked.query("failed") == "yes",
        text: named("q"),
        before: named("before"),
        limit: PAGE,
        ..Filters::default()
    };
    let scope = console.request_log.scope(&session.actor(), Some(session.organization())).await?;
    let listed = console.request_log.list(scope, &filters).await?;
    let connections = console.provisioning.connections(Some(session.organization())).await?;
    let connections = connections.into_iter().map(|connection| connection.key).collect();
    let shell = Shell::of(&session, "Request log", Place::Requests);
    Ok(page(200, &session, &List { shell, now: console.now(), asked, listed, connections }))
}

async fn show(State(console): State<Arc<Console>>, session: Session, Path(reference): Path<String>) -> Answer {
    let shown = console
        .shown_request(&session, &reference)
        .await
        .map_err(|refused| if refused.status() == 404 { Refused::nowhere() } else { refused })?;
    let request = &shown.request;
    let steps = request.steps.as_array().map(Vec::as_slice).unwrap_or_default().iter().map(|step| {
        let after = step["after_us"].as_i64().unwrap_or_default();
        (step["step"].as_str().unwrap_or_default().to_owned(), format!("{}.{:03} ms", after / 1000, after % 1000))
    });
    let quirks = request.quirks.as_array().map(Vec::as_slice).unwrap_or_default();
    let template = One {
        shell: Shell::of(&session, format!("Request {}", request.reference), Place::Requests),
        steps: steps.collect(),
        quirks: quirks.iter().filter_map(|quirk| quirk.as_str().map(str::to_owned)).collect(),
        curl: format!(
            "curl -X {} -H \"Authorization: Bearer $TOKEN\" -H 'Content-Type: application/scim+json' '{}{}'",
            request.method,
            console.base_url,
            request.path.replace('\'', "%27")
        ),
        shown,
    };
    Ok(page(200, &session, &template))
}
