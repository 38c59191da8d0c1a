//! Settings: who may do what in the console, whom mails go to, and what is set for the whole installation.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::Method;

use super::Console;
use super::access::{Needs, Session};
use super::form::Fields;
use super::installation::Section;
use super::respond::{Answer, page, see_with, taken_by_name};
use super::shell::{Place, Shell};
use crate::directory::explain::PersonOverview;
use crate::directory::listing::Wanted;
use crate::directory::notifications::{Mailed, Topic};
use crate::directory::people::Person;
use crate::ids::PersonId;
use crate::web::routes::Routes;

/// Admins who are shown.
const PAGE: u32 = 100;

#[derive(Template)]
#[template(path = "settings.html", config = "src/web/console/askama.toml")]
struct Page {
    shell: Shell,
    admins: Vec<(&'static str, Vec<PersonOverview>)>,
    auditors: Vec<Person>,
    mailed: Vec<Mailed>,
    oneself: PersonId,
    installation: Vec<Section>,
    operator: String,
    filled: String,
    wrong: Option<String>,
}

impl Page {
    /// Whether this reader is mailed about something because they want to be.
    fn is_wanted(&self, mailed: &Mailed) -> bool {
        mailed.is_wanted_by(self.oneself)
    }
}

/// What mails about something say.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "templates hand everything over by reference")]
pub(super) const fn about(topic: &Topic) -> &'static str {
    match topic {
        Topic::JoinRequests => "Join requests: that somebody asks, still waits, and what was decided",
        Topic::Held => "Held changes and conflicts, and those that nobody decided in time",
        Topic::Deactivations => "Who was deactivated",
        Topic::Tokens => "Tokens that end soon",
        Topic::Connections => "Connections that are silent or fail",
        Topic::Plans => "Plans that were applied",
    }
}

pub(super) fn routes(routes: Routes, console: &Arc<Console>) -> Routes {
    routes
        .console(Method::GET, "/console/settings", Needs::View, show, console)
        .console(Method::POST, "/console/settings/mails", Needs::Admin, choose_mails, console)
        .console(Method::POST, "/console/settings/auditors", Needs::FreshAdmin, add, console)
        .console(Method::POST, "/console/settings/auditors/remove", Needs::FreshAdmin, remove, console)
}

async fn show(State(console): State<Arc<Console>>, session: Session) -> Answer {
    console.settings_page(&session, 200, String::new(), None).await
}

impl Console {
    async fn settings_page(&self, session: &Session, status: u16, filled: String, wrong: Option<String>) -> Answer {
        let organization = session.organization();
        let mut admins = Vec::new();
        for (title, permission) in [("Organization admins", "organization_admin"), ("Billing admins", "billing_admin")]
        {
            let wanted = Wanted { permission: Some(permission.to_owned()), ..Wanted::default() };
            admins.push((title, self.directory.list_people(organization, &wanted, PAGE).await?.overviews()));
        }
        let auditors = self.directory.auditors(organization).await?;
        let template = Page {
            shell: Shell::of(session, "Settings", Place::Settings),
            admins,
            auditors,
            mailed: self.directory.mailed(session.organization_id()).await?,
            oneself: session.person(),
            installation: self.installation.clone(),
            operator: self.support_contact.clone(),
            filled,
            wrong,
        };
        Ok(page(status, session, &template))
    }
}

/// What the reader wants to be mailed about, of what they may decline.
async fn choose_mails(State(console): State<Arc<Console>>, session: Session, fields: Fields) -> Answer {
    let wanted: Vec<Topic> = fields.all("topic").into_iter().filter_map(Topic::from_name).collect();
    console.directory.choose_mails(&session.member(), &wanted).await?;
    Ok(see_with("/console/settings", "What you are mailed about is saved."))
}

async fn add(State(console): State<Arc<Console>>, session: Session, fields: Fields) -> Answer {
    let email = fields.text("email").trim().to_owned();
    let added = console.directory.add_auditor(&session.actor(), session.organization(), &email).await;
    match taken_by_name(added)? {
        Ok(person) => Ok(see_with("/console/settings", &format!("{} is auditor now.", person.email))),
        Err(wrong) => console.settings_page(&session, wrong.status, email, Some(wrong.words)).await,
    }
}

async fn remove(State(console): State<Arc<Console>>, session: Session, fields: Fields) -> Answer {
    let email = fields.text("email");
    let removed = console.directory.remove_auditor(&session.actor(), session.organization(), email).await?;
    Ok(see_with("/console/settings", &format!("{} is no auditor any longer.", removed.email)))
}
