//! The groups of all connections: who pushed each, how many are in it, which rules look at it, and what comes of it.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::Method;

use super::Console;
use super::access::{Needs, Session};
use super::asked::Asked;
use super::respond::{Answer, page};
use super::shell::{Place, Shell};
use crate::clock::Timestamp;
use crate::provisioning::groups::{Groups, Wanted};
use crate::web::routes::Routes;

#[derive(Template)]
#[template(path = "groups.html", config = "src/web/console/askama.toml")]
struct Page {
    shell: Shell,
    now: Timestamp,
    wanted: Wanted,
    connections: Vec<String>,
    found: Groups,
    /// Where the next page is.
    next: Option<String>,
}

impl Page {
    fn is_narrowed(&self) -> bool {
        self.wanted.connection.is_some() || self.wanted.unmatched || !self.wanted.text.is_empty()
    }

    fn is_of(&self, key: &str) -> bool {
        self.wanted.connection.as_deref() == Some(key)
    }
}

pub(super) fn routes(routes: Routes, console: &Arc<Console>) -> Routes {
    routes.console(Method::GET, "/console/groups", Needs::View, list, console)
}

async fn list(State(console): State<Arc<Console>>, session: Session, asked: Asked) -> Answer {
    let key = asked.query("connection");
    if !key.is_empty() {
        console.own_connection(&session, key).await?;
    }
    let wanted = Wanted {
        connection: Some(key.to_owned()).filter(|key| !key.is_empty()),
        text: asked.query("q").trim().to_owned(),
        unmatched: asked.query("show") == "unmatched",
        after: asked.query("after").to_owned(),
    };
    let organization = session.organization_id();
    let found = console.provisioning.groups(organization, &wanted).await?;
    let next = found.next.as_deref().map(|place| asked.with(&[("after", place)]));
    let connections = console.connection_keys(&session).await?;
    let shell = Shell::of(&session, "Groups", Place::Groups);
    Ok(page(200, &session, &Page { shell, now: console.now(), wanted, connections, found, next }))
}
