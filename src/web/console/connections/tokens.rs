//! A connection's tokens: issued and shown once, and revoked once it is clear what ends with them.

use std::sync::Arc;
use std::time::Duration;

use askama::Template;
use axum::extract::State;
use axum::http::Method;

use super::super::Console;
use super::super::access::{Needs, Session};
use super::super::asked::Asked;
use super::super::form::Fields;
use super::super::respond::{Answer, page, see, see_with, taken};
use super::super::shell::{Place, Shell};
use super::{Beside, Own, path};
use crate::clock::Timestamp;
use crate::provisioning::connections::Connection;
use crate::provisioning::tokens::Token;
use crate::web::routes::Routes;

/// Asks whether to revoke a token.
#[derive(Template)]
#[template(path = "token_revoke.html", config = "src/web/console/askama.toml")]
struct Revoke {
    shell: Shell,
    now: Timestamp,
    connection: Connection,
    token: Token,
    /// How many other tokens let the IdP in.
    others: usize,
}

pub(super) fn routes(routes: Routes, console: &Arc<Console>) -> Routes {
    let (tokens, one) = ("/console/connections/{key}/tokens", "/console/connections/{key}/tokens/revoke");
    routes
        .console(Method::POST, tokens, Needs::FreshAdmin, issue, console)
        .console(Method::GET, one, Needs::Admin, ask_to_revoke, console)
        .console(Method::POST, one, Needs::FreshAdmin, revoke, console)
}

/// The one answer that holds a token; no page shows it again (T24).
async fn issue(State(console): State<Arc<Console>>, session: Session, Own(own): Own, fields: Fields) -> Answer {
    let days = fields.text("days").parse::<u64>().unwrap_or_default().clamp(1, 365);
    let (name, lifetime) = (fields.text("name"), Duration::from_hours(24 * days));
    let organization = session.organization_id();
    let issued = console.provisioning.issue_token_of(&session.actor(), organization, &own.key, (name, lifetime)).await;
    let beside = match taken(issued)? {
        Ok(issued) => Beside { secret: Some(issued.token), wrong: None },
        Err(wrong) => Beside { secret: None, wrong: Some(wrong) },
    };
    console.connection_page(&session, own, &Asked::of("", &[("tab", "tokens")]), beside).await
}

/// What ends when a token is revoked, before it is.
async fn ask_to_revoke(
    State(console): State<Arc<Console>>,
    session: Session,
    Own(connection): Own,
    asked: Asked,
) -> Answer {
    let now = console.now();
    let tokens = console.provisioning.tokens_of(session.organization_id(), &connection.key).await?;
    let (asked_for, others): (Vec<_>, Vec<_>) =
        tokens.into_iter().filter(|token| token.is_live(now)).partition(|token| token.key_id == asked.query("token"));
    let Some(token) = asked_for.into_iter().next() else { return Ok(see(&path(&connection.key, "tokens"))) };
    let shell = Shell::of(&session, format!("Revoke the token {}", token.name), Place::Connections);
    Ok(page(200, &session, &Revoke { shell, now, connection, token, others: others.len() }))
}

async fn revoke(State(console): State<Arc<Console>>, session: Session, Own(own): Own, fields: Fields) -> Answer {
    let (organization, which) = (session.organization_id(), (own.key.as_str(), fields.text("token")));
    let revoked = console.provisioning.revoke_token_of(&session.actor(), organization, which).await?;
    Ok(see_with(&path(&own.key, "tokens"), &format!("The token «{}» is refused from now on.", revoked.name)))
}
