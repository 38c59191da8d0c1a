//! Help: how to set up an identity provider with this organization's own addresses, what errors mean, keys, version.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::Method;

use super::Console;
use super::access::{Needs, Session};
use super::respond::{Answer, page};
use super::shell::{Place, Shell};
use crate::scim::{Dialect, Explained, catalogue};
use crate::web::routes::Routes;

/// A connection with where its provider reaches it.
struct Reached {
    key: String,
    url: String,
}

#[derive(Template)]
#[template(path = "help.html", config = "src/web/console/askama.toml")]
struct Page {
    shell: Shell,
    okta: Vec<Reached>,
    entra: Vec<Reached>,
    others: Vec<Reached>,
    errors: Vec<Explained>,
    support: String,
    version: &'static str,
}

pub(super) fn routes(routes: Routes, console: &Arc<Console>) -> Routes {
    routes.console(Method::GET, "/console/help", Needs::View, show, console)
}

async fn show(State(console): State<Arc<Console>>, session: Session) -> Answer {
    let all = console.provisioning.connections(Some(session.organization())).await?;
    let (mut okta, mut entra, mut others) = (Vec::new(), Vec::new(), Vec::new());
    for connection in all {
        let list = match connection.dialect {
            Dialect::Okta => &mut okta,
            Dialect::Entra => &mut entra,
            Dialect::Generic => &mut others,
        };
        list.push(Reached { url: format!("{}/scim/v2/{}", console.base_url, connection.key), key: connection.key });
    }
    let template = Page {
        shell: Shell::of(&session, "Help", Place::Help),
        okta,
        entra,
        others,
        errors: catalogue(),
        support: console.support_contact.clone(),
        version: env!("CARGO_PKG_VERSION"),
    };
    Ok(page(200, &session, &template))
}
