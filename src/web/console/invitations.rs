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
use crate::directory::invitations::{Invitation, Standing};
use crate::web::routes::Routes;

/// Invitations on a page.
const PAGE: usize = 50;

/// The tabs: how a state stands in the address, and what it is called.
const TABS: [(&str, &str); 4] =
    [("pending", "Pending"), ("expired", "Expired"), ("accepted", "Accepted"), ("revoked", "Revoked")];

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

/// The tab that an invitation stands on, if it was sent.
const fn tab(invitation: &Invitation) -> &'static str {
    match invitation.standing {
        Standing::Staged => "",
        Standing::Sent { .. } => "pending",
        Standing::Accepted { .. } => "accepted",
        Standing::Revoked { .. } => "revoked",
        Standing::Expired { .. } => "expired",
    }
}

async fn list(State(console): State<Arc<Console>>, session: Session, asked: Asked) -> Answer {
    let state = TABS.iter().find(|(key, _)| *key == asked.query("state")).unwrap_or(&TABS[0]).0;
    let all = console.directory.invitations(session.organization(), true).await?;
    let mut all: Vec<Invitation> = all.into_iter().filter(|one| tab(one) == state).collect();
    all.sort_unstable_by_key(|one| std::cmp::Reverse(one.id));
    let after = asked.query("after").parse().ok();
    let mut rest = all.into_iter().filter(|one| after.is_none_or(|after| one.id < after));
    let invitations: Vec<Invitation> = rest.by_ref().take(PAGE).collect();
    let next = invitations.last().map(|last| last.id.to_string()).filter(|_| rest.next().is_some());
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
