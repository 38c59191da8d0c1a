//! Invite users: the staged list, filled one by one or by a pasted list, and sent at once.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::Method;

use super::Console;
use super::access::{Needs, Session};
use super::form::Fields;
use super::respond::{Answer, Wrong, page, see_with, taken};
use super::shell::{Place, Shell};
use super::words::counted;
use crate::directory::facilities::Facility;
use crate::directory::invitations::{Invitation, NewInvitation, RowReport, rows};
use crate::web::routes::Routes;
use crate::web::ways::on_pages;

#[derive(Default)]
struct Filled {
    name: String,
    email: String,
    can_edit: Vec<String>,
    admin_for: Vec<String>,
    wrong: Option<String>,
    pasted: Pasted,
}

/// A pasted list: what of it could not be taken stays in its field.
#[derive(Default)]
struct Pasted {
    rest: String,
    wrong: Option<String>,
    reports: Vec<RowReport>,
}

#[derive(Template)]
#[template(path = "invite.html", config = "src/web/console/askama.toml")]
struct Page {
    shell: Shell,
    staged: Vec<Invitation>,
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

pub(super) fn routes(routes: Routes, console: &Arc<Console>) -> Routes {
    let post = Method::POST;
    routes
        .console(Method::GET, "/console/invite", Needs::View, show, console)
        .console(post.clone(), "/console/invite", Needs::AdminFor, add, console)
        // A list may give admin roles.
        .console(post.clone(), "/console/invite/list", Needs::FreshAdmin, add_list, console)
        .console(post.clone(), "/console/invite/remove", Needs::Admin, remove, console)
        .console(post, "/console/invite/send", Needs::Admin, send, console)
}

async fn show(State(console): State<Arc<Console>>, session: Session) -> Answer {
    console.invite_page(&session, 200, Filled::default()).await
}

impl Console {
    async fn invite_page(&self, session: &Session, status: u16, filled: Filled) -> Answer {
        let staged = self.directory.staged_invitations(session.organization_id()).await?;
        let facilities = self.directory.facilities(session.organization()).await?;
        let shell = Shell::of(session, "Invite users", Place::Invite);
        Ok(page(status, session, &Page { shell, staged, facilities, filled }))
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
    match taken(console.directory.stage_invitation(&session.actor(), session.organization(), &new).await)? {
        Ok(staged) => {
            let warnings = staged.warnings.join(" ");
            let notice = format!("{} is on the list. Nothing was sent yet. {warnings}", staged.invitation.email);
            Ok(see_with("/console/invite", notice.trim()))
        }
        Err(Wrong { status, words }) => {
            let NewInvitation { name, email, can_edit, admin_for } = new;
            let filled = Filled { name, email, can_edit, admin_for, wrong: Some(words), ..Filled::default() };
            console.invite_page(&session, status, filled).await
        }
    }
}

/// Each row by itself: one that is refused holds no other one up, and stays in the field to be mended.
async fn add_list(State(console): State<Arc<Console>>, session: Session, fields: Fields) -> Answer {
    let text = fields.text("list");
    let again = |wrong, rest, reports| Filled { pasted: Pasted { rest, wrong, reports }, ..Filled::default() };
    let rows = match rows(text.trim_start().as_bytes()) {
        Ok(rows) if rows.is_empty() => Err(Wrong::of("Below its first line, the list has no rows")),
        rows => taken(rows)?,
    };
    let rows = match rows {
        Ok(rows) => rows,
        Err(Wrong { status, words }) => {
            return console.invite_page(&session, status, again(Some(words), text.to_owned(), Vec::new())).await;
        }
    };
    let reports = console.directory.import_invitations(&session.actor(), session.organization(), &rows).await?;
    let refused: Vec<usize> = reports.iter().filter(|one| one.refused()).filter_map(|one| one.line).collect();
    if refused.is_empty() {
        let count = counted(reports.len(), "person is", "people are");
        let notes: Vec<String> = reports.into_iter().flat_map(|one| one.warnings).collect();
        let notice = format!("{count} on the list. Nothing was sent yet. {}", notes.join(". "));
        return Ok(see_with("/console/invite", notice.trim()));
    }
    let lines = (1..).zip(text.trim_start().lines());
    let rest = lines.filter(|(line, _)| *line == 1 || refused.contains(line)).map(|(_, line)| line);
    let rest = rest.collect::<Vec<_>>().join("\n");
    let count = counted(refused.len(), "row was", "rows were");
    let wrong = format!("{count} refused; mend what stays in the list, and add it again");
    console.invite_page(&session, 422, again(Some(wrong), rest, reports)).await
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
        .filter_map(|report| report.why.as_ref().map(|why| format!("Not sent to {}: {}.", report.email, on_pages(why))))
        .collect();
    let sent = reports.len() - refused.len();
    let notice = format!("{} sent. {}", counted(sent, "invitation was", "invitations were"), refused.join(" "));
    Ok(see_with("/console/invite", notice.trim()))
}
