//! Who may do what in the console: Organization admins, Billing admins, and auditors, who are named here.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::Method;

use super::Console;
use super::access::{Needs, Session};
use super::form::Fields;
use super::respond::{Answer, Refused, page, see_with};
use super::shell::{Place, Shell};
use crate::directory::explain::PersonOverview;
use crate::directory::listing::Wanted;
use crate::directory::people::Person;
use crate::web::routes::Routes;

/// Admins who are shown.
const PAGE: u32 = 100;

#[derive(Template)]
#[template(path = "settings.html", config = "src/web/console/askama.toml")]
struct Page {
    shell: Shell,
    admins: Vec<(&'static str, Vec<PersonOverview>)>,
    auditors: Vec<Person>,
    filled: String,
    wrong: Option<String>,
}

pub(super) fn routes(routes: Routes, console: &Arc<Console>) -> Routes {
    routes
        .console(Method::GET, "/console/settings", Needs::View, show, console)
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
        let shell = Shell::of(session, "Admins and auditors", Place::Settings);
        Ok(page(status, session, &Page { shell, admins, auditors, filled, wrong }))
    }
}

async fn add(State(console): State<Arc<Console>>, session: Session, fields: Fields) -> Answer {
    let email = fields.text("email").trim().to_owned();
    let added = console.directory.add_auditor(&session.actor(), session.organization(), &email).await;
    match added.map_err(Refused::from) {
        Ok(person) => Ok(see_with("/console/settings", &format!("{} is auditor now.", person.email))),
        Err(refused) if refused.is_of_a_form() || refused.status() == 404 => {
            let wrong = Some(refused.text().trim_end_matches('.').to_owned());
            console.settings_page(&session, 422, email, wrong).await
        }
        Err(refused) => Err(refused),
    }
}

async fn remove(State(console): State<Arc<Console>>, session: Session, fields: Fields) -> Answer {
    let email = fields.text("email");
    let removed = console.directory.remove_auditor(&session.actor(), session.organization(), email).await?;
    Ok(see_with("/console/settings", &format!("{} is no auditor any longer.", removed.email)))
}
