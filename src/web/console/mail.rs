//! Mail: what went out for the organization, what did not, and, where no mail server is set, what would have. What a
//! link opens is its recipient's: nobody reads a link to sign in here, and no auditor one of an invitation.

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
use crate::directory;
use crate::outbox::mail::{MailRow, MailState, Shown};
use crate::web::routes::Routes;

/// Mails on a page.
const PAGE: u32 = 50;

#[derive(Template)]
#[template(path = "mails.html", config = "src/web/console/askama.toml")]
struct Page {
    shell: Shell,
    now: Timestamp,
    asked: Asked,
    mails: Vec<MailRow>,
    next: Option<String>,
}

#[derive(Template)]
#[template(path = "mail.html", config = "src/web/console/askama.toml")]
struct One {
    shell: Shell,
    now: Timestamp,
    shown: Shown,
}

impl Page {
    /// Whether mails stay here because there is no mail server.
    fn keeps(&self) -> bool {
        self.mails.iter().any(|mail| mail.state == MailState::Kept)
    }
}

pub(super) fn routes(routes: Routes, console: &Arc<Console>) -> Routes {
    routes.console(Method::GET, "/console/mail", Needs::View, list, console).console(
        Method::GET,
        "/console/mail/{id}",
        Needs::View,
        show,
        console,
    )
}

async fn list(State(console): State<Arc<Console>>, session: Session, asked: Asked) -> Answer {
    let before = asked.query("before").split_once('.');
    let before = before.and_then(|(at, id)| Some((Timestamp::from_millis(at.parse().ok()?), id.parse().ok()?)));
    let mut mails =
        console.mailer.list_of(session.organization_id(), before, PAGE + 1).await.map_err(directory::Error::Store)?;
    let more = mails.len() > PAGE as usize;
    mails.truncate(PAGE as usize);
    let next = mails.last().filter(|_| more).map(|last| format!("{}.{}", last.created_at.millis(), last.id));
    let shell = Shell::of(&session, "Mail", Place::Mail);
    Ok(page(200, &session, &Page { shell, now: console.now(), asked, mails, next }))
}

async fn show(State(console): State<Arc<Console>>, session: Session, Path(id): Path<String>) -> Answer {
    let id = id.parse().map_err(|_| Refused::nowhere())?;
    let found = console.mailer.show_of(session.organization_id(), id, session.is_admin()).await;
    let shown = found.map_err(directory::Error::Store)?.ok_or_else(Refused::nowhere)?;
    let shell = Shell::of(&session, "Mail", Place::Mail);
    Ok(page(200, &session, &One { shell, now: console.now(), shown }))
}
