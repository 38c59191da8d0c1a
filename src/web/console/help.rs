//! Help: how to set up an identity provider with this organization's own addresses, what errors mean, keys, version.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::Method;

use super::Console;
use super::access::{Needs, Session};
use super::respond::{Answer, page};
use super::shell::{Place, Shell};
use crate::scim::Dialect;
use crate::web::routes::Routes;

/// What an error is called, what it means, and what to do.
const ERRORS: [(&str, &str, &str); 9] = [
    ("401", "No valid token came with the call.", "Paste the token again without the word Bearer, or issue a new one."),
    ("404", "What was asked for is not there, or is another organization's.", "Check the base URL and the id."),
    (
        "409 uniqueness",
        "A User or Group of this name is there already.",
        "Let the provider match it instead of creating.",
    ),
    (
        "400 invalidValue",
        "A required value is missing or has the wrong form.",
        "The answer names it; mend the mapping.",
    ),
    ("400 invalidPath", "A PATCH path cannot be read.", "The answer names it; mend the attribute mapping."),
    ("400 invalidFilter", "A filter cannot be read.", "Match by userName or externalId."),
    ("412", "It has changed since it was read.", "Nothing to do: the provider reads it and tries again."),
    ("503", "The connection is paused, or the gateway is busy.", "Resume it on its page; the provider tries again."),
    ("429", "Too many calls in a short time.", "Nothing to do: the provider waits and tries again."),
];

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
    errors: &'static [(&'static str, &'static str, &'static str)],
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
        errors: &ERRORS,
        support: console.support_contact.clone(),
        version: env!("CARGO_PKG_VERSION"),
    };
    Ok(page(200, &session, &template))
}
