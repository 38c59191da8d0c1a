//! Invite users: the staged list, filled one by one or by a pasted list, sent at once; and what became of invitations.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::Method;

use super::Console;
use super::access::{Needs, Session};
use super::form::Fields;
use super::respond::{Answer, Refused, page, see_with};
use super::shell::{Place, Shell};
use super::words::counted;
use crate::clock::Timestamp;
use crate::directory;
use crate::directory::facilities::Facility;
use crate::directory::invitations::{Invitation, NewInvitation, Standing};
use crate::web::routes::Routes;

#[derive(Default)]
struct Filled {
    name: String,
    email: String,
    can_edit: Vec<String>,
    admin_for: Vec<String>,
    wrong: Option<String>,
}

#[derive(Template)]
#[template(path = "invite.html", config = "src/web/console/askama.toml")]
struct Page {
    shell: Shell,
    now: Timestamp,
    staged: Vec<Invitation>,
    others: Vec<Invitation>,
    facilities: Vec<Facility>,
    filled: Filled,
}

impl Page {
    fn can_edit(&self, key: &str) -> bool {
        self.filled.can_edit.iter().any(|one| one == key)
    }

    fn admin_for(&self, role: &str) -> bool {
        self.filled.admin_for.iter().any(|one| one == role)
    }
}

/// The name of what became of an invitation.
pub(super) const fn state_of(invitation: &Invitation) -> &'static str {
    match invitation.standing {
        Standing::Staged => "staged",
        Standing::Sent { .. } => "sent",
        Standing::Accepted { .. } => "accepted",
        Standing::Revoked { .. } => "revoked",
        Standing::Expired { .. } => "expired",
    }
}

pub(super) fn routes(routes: Routes, console: &Arc<Console>) -> Routes {
    let post = Method::POST;
    routes
        .console(Method::GET, "/console/invite", Needs::View, show, console)
        .console(post.clone(), "/console/invite", Needs::Admin, add, console)
        .console(post.clone(), "/console/invite/remove", Needs::Admin, remove, console)
        .console(post.clone(), "/console/invite/send", Needs::Admin, send, console)
        .console(post.clone(), "/console/invite/resend", Needs::Admin, resend, console)
        .console(post, "/console/invite/revoke", Needs::Admin, revoke, console)
}

async fn show(State(console): State<Arc<Console>>, session: Session) -> Answer {
    console.invite_page(&session, 200, Filled::default()).await
}

impl Console {
    async fn invite_page(&self, session: &Session, status: u16, filled: Filled) -> Answer {
        let all = self.directory.invitations(session.organization(), true).await?;
        let (staged, others) = all.into_iter().partition(|one| matches!(one.standing, Standing::Staged));
        let facilities = self.directory.facilities(session.organization()).await?;
        let shell = Shell::of(session, "Invite users", Place::Invite);
        Ok(page(status, session, &Page { shell, now: self.now(), staged, others, facilities, filled }))
    }
}

/// What was filled in stays there if it cannot be taken.
async fn add(State(console): State<Arc<Console>>, session: Session, fields: Fields) -> Answer {
    let texts = |name: &str| fields.all(name).into_iter().map(str::to_owned).collect::<Vec<_>>();
    let new = NewInvitation {
        name: fields.text("name").to_owned(),
        email: fields.text("email").to_owned(),
        can_edit: texts("can_edit"),
        admin_for: texts("admin_for"),
    };
    match console.directory.stage_invitation(&session.actor(), session.organization(), &new).await {
        Ok(staged) => {
            let warnings = staged.warnings.join(" ");
            let notice = format!("{} is on the list. Nothing was sent yet. {warnings}", staged.invitation.email);
            Ok(see_with("/console/invite", notice.trim()))
        }
        Err(error @ (directory::Error::Invalid(_) | directory::Error::Conflict(_))) => {
            let NewInvitation { name, email, can_edit, admin_for } = new;
            let filled = Filled { name, email, can_edit, admin_for, wrong: Some(error.to_string()) };
            console.invite_page(&session, 422, filled).await
        }
        Err(other) => Err(other.into()),
    }
}

async fn remove(State(console): State<Arc<Console>>, session: Session, fields: Fields) -> Answer {
    let which = fields.text("id");
    let removed = console.directory.remove_invitation(&session.actor(), session.organization(), which).await?;
    Ok(see_with("/console/invite", &format!("{} is off the list.", removed.email)))
}

async fn send(State(console): State<Arc<Console>>, session: Session) -> Answer {
    let reports = console.directory.send_invitations(&session.actor(), session.organization()).await?;
    let refused: Vec<String> = reports
        .iter()
        .filter_map(|report| report.why.as_ref().map(|why| format!("Not sent to {}: {why}.", report.email)))
        .collect();
    let sent = reports.len() - refused.len();
    let notice = format!("{} sent. {}", counted(sent, "invitation was", "invitations were"), refused.join(" "));
    Ok(see_with("/console/invite", notice.trim()))
}

async fn resend(State(console): State<Arc<Console>>, session: Session, fields: Fields) -> Answer {
    let which = fields.text("id");
    let sent = console.directory.resend_invitation(&session.actor(), session.organization(), which).await;
    let sent = sent.map_err(Refused::from)?;
    Ok(see_with("/console/invite", &format!("{} was mailed a new link. The old one is void.", sent.email)))
}

async fn revoke(State(console): State<Arc<Console>>, session: Session, fields: Fields) -> Answer {
    let which = fields.text("id");
    let revoked = console.directory.revoke_invitation(&session.actor(), session.organization(), which).await?;
    Ok(see_with("/console/invite", &format!("The invitation of {} was revoked.", revoked.email)))
}
