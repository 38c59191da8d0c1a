//! Invitations that were sent, by what became of them; sent again, or taken back.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::Method;

use super::Console;
use super::access::{Needs, Session};
use super::asked::Asked;
use super::form::Fields;
use super::respond::{Answer, page, see_with};
use super::shell::{Place, Shell};
use crate::clock::Timestamp;
use crate::directory::facilities::Facility;
use crate::directory::invitations::{Invitation, InvitationState, Standing};
use crate::web::routes::Routes;

/// Invitations on a page.
const PAGE: u32 = 50;

/// The tabs: how a state stands in the address, what it is called, and which it is. What is past its end stands with
/// those that expired once the worker has ended it.
const TABS: [(&str, &str, InvitationState); 4] = [
    ("pending", "Pending", InvitationState::Sent),
    ("expired", "Expired", InvitationState::Expired),
    ("accepted", "Accepted", InvitationState::Accepted),
    ("revoked", "Revoked", InvitationState::Revoked),
];

#[derive(Template)]
#[template(path = "invitations.html", config = "src/web/console/askama.toml")]
struct Page {
    shell: Shell,
    now: Timestamp,
    asked: Asked,
    state: &'static str,
    invitations: Vec<Invitation>,
    facilities: Vec<Facility>,
    next: Option<String>,
}

pub(super) fn routes(routes: Routes, console: &Arc<Console>) -> Routes {
    routes
        .console(Method::GET, "/console/invitations", Needs::View, list, console)
        .console(Method::POST, "/console/invitations/resend", Needs::Admin, resend, console)
        .console(Method::POST, "/console/invitations/revoke", Needs::Admin, revoke, console)
}

async fn list(State(console): State<Arc<Console>>, session: Session, asked: Asked) -> Answer {
    let (state, _, of) = *TABS.iter().find(|(key, ..)| *key == asked.query("state")).unwrap_or(&TABS[0]);
    let (organization, after) = (session.organization_id(), asked.query("after").parse().ok());
    let mut invitations = console.directory.invitations_page(organization, of, after, PAGE + 1).await?;
    let more = invitations.len() > PAGE as usize;
    invitations.truncate(PAGE as usize);
    let next = invitations.last().filter(|_| more).map(|last| last.id.to_string());
    let facilities = console.directory.facilities(session.organization()).await?;
    let shell = Shell::of(&session, "Invitations", Place::Invitations);
    Ok(page(200, &session, &Page { shell, now: console.now(), asked, state, invitations, facilities, next }))
}

async fn resend(State(console): State<Arc<Console>>, session: Session, fields: Fields) -> Answer {
    let which = fields.text("id");
    let sent = console.directory.resend_invitation(&session.actor(), session.organization(), which).await?;
    Ok(see_with("/console/invitations", &format!("{} was mailed a new link. The old one is void.", sent.email)))
}

async fn revoke(State(console): State<Arc<Console>>, session: Session, fields: Fields) -> Answer {
    let which = fields.text("id");
    let revoked = console.directory.revoke_invitation(&session.actor(), session.organization(), which).await?;
    Ok(see_with("/console/invitations", &format!("The invitation of {} was revoked.", revoked.email)))
}
