//! Users: the list with its search, filters, orders and pages, all of them in the address; deactivating several; and
//! the global search.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::Method;

use super::Console;
use super::access::{Needs, Session};
use super::asked::Asked;
use super::export::{File, csv, download};
use super::form::Fields;
use super::person::{access_in_words, in_words};
use super::respond::{Answer, Refused, page, see, see_with, why_not};
use super::shell::{Place, Shell};
use crate::clock::Timestamp;
use crate::directory::edit::Really;
use crate::directory::facilities::Facility;
use crate::directory::listing::{Counts, ListedPerson, Order, Status, Wanted};
use crate::directory::permissions::{Permission, Right};
use crate::ids::PersonId;
use crate::web::routes::Routes;

/// People on a page.
const PAGE: u32 = 50;

#[derive(Template)]
#[template(path = "users.html", config = "src/web/console/askama.toml")]
struct Page {
    shell: Shell,
    now: Timestamp,
    asked: Asked,
    people: Vec<ListedPerson>,
    next: Option<PersonId>,
    counts: Counts,
    connections: Vec<String>,
    facilities: Vec<Facility>,
}

#[derive(Template)]
#[template(path = "users_deactivate.html", config = "src/web/console/askama.toml")]
struct Deactivate {
    shell: Shell,
    people: Vec<(String, Vec<String>)>,
}

/// What came of one row.
struct Outcome {
    id: String,
    email: String,
    wrong: Option<String>,
}

#[derive(Template)]
#[template(path = "users_deactivated.html", config = "src/web/console/askama.toml")]
struct Deactivated {
    shell: Shell,
    done: usize,
    failed: usize,
    results: Vec<Outcome>,
}

pub(super) fn routes(routes: Routes, console: &Arc<Console>) -> Routes {
    routes
        .console(Method::GET, "/console/users", Needs::ViewUsers, list, console)
        .console(Method::GET, "/console/users.csv", Needs::ViewUsers, spreadsheet, console)
        .console(Method::GET, "/console/users.jsonl", Needs::ViewUsers, lines, console)
        .console(Method::GET, "/console/search", Needs::ViewUsers, search, console)
        .console(Method::GET, "/console/users/deactivate", Needs::Admin, confirm, console)
        .console(Method::POST, "/console/users/deactivate", Needs::Admin, deactivate, console)
}

async fn list(State(console): State<Arc<Console>>, session: Session, asked: Asked) -> Answer {
    let organization = session.organization();
    let listed = console.directory.list_people(organization, &wanted(&asked), PAGE).await?;
    let connections = console.provisioning.connections(Some(organization)).await?;
    Ok(page(
        200,
        &session,
        &Page {
            shell: Shell::of(&session, "Users", Place::Users),
            now: console.now(),
            people: listed.people,
            next: listed.next,
            counts: console.directory.count_people(organization).await?,
            connections: connections.into_iter().map(|connection| connection.key).collect(),
            facilities: console.directory.facilities(organization).await?,
            asked,
        },
    ))
}

/// What the address asks for; what it says and nothing is called so narrows nothing.
fn wanted(asked: &Asked) -> Wanted {
    let named = |name: &str| Some(asked.query(name).to_owned()).filter(|text| !text.is_empty());
    let role = asked.query("role");
    Wanted {
        text: asked.query("q").to_owned(),
        status: Status::from_name(asked.query("status")),
        managed_by: named("managed").filter(|key| key != "-"),
        unmanaged: asked.query("managed") == "-",
        permission: ["organization_admin", "billing_admin", "edit_organization"]
            .contains(&role)
            .then(|| role.to_owned()),
        facility: named("facility"),
        view_only: role == "view_only",
        attention: asked.query("attention") == "yes",
        order: match asked.query("order") {
            "email" => Order::Email,
            "changed" => Order::Changed,
            _ => Order::Name,
        },
        after: asked.query("after").parse().ok(),
    }
}

/// Exactly the people of the filters on the page, all pages of them, in a file that a spreadsheet opens without running
/// anything (T82).
async fn spreadsheet(State(console): State<Arc<Console>>, session: Session, asked: Asked) -> Answer {
    let people = console.exported(&session, &asked).await?;
    let facilities = console.directory.facilities(session.organization()).await?;
    let head =
        ["name", "email", "status", "can_edit", "admin_for", "managed_by", "attention", "added", "changed", "id"];
    let rows = people.iter().map(|one| {
        let person = &one.overview.person;
        let is_edit = |permission: &&Permission| permission.right() == Right::Edit;
        let (can_edit, admin_for): (Vec<_>, Vec<_>) = one.overview.permissions.iter().partition(is_edit);
        vec![
            person.display_name.clone(),
            person.email.clone(),
            person.status.to_string(),
            names(&can_edit, &facilities),
            names(&admin_for, &facilities),
            one.overview.managed_by.clone().unwrap_or_default(),
            if one.attention { "yes" } else { "no" }.to_owned(),
            person.created_at.to_string(),
            person.updated_at.to_string(),
            person.id.to_string(),
        ]
    });
    download(&format!("{}-users", session.organization()), console.now(), csv(&head, rows)?, File::Csv)
}

/// The same people, each as JSON on a line.
async fn lines(State(console): State<Arc<Console>>, session: Session, asked: Asked) -> Answer {
    let mut text = String::new();
    for one in console.exported(&session, &asked).await? {
        text.push_str(&serde_json::to_string(&one).map_err(Refused::internal)?);
        text.push('\n');
    }
    download(&format!("{}-users", session.organization()), console.now(), text, File::JsonLines)
}

/// The names of permissions without what they are names for.
fn names(permissions: &[&Permission], facilities: &[Facility]) -> String {
    let called = permissions.iter().map(|permission| in_words(&[(*permission).clone()], facilities));
    let name = |called: String| called.split_once(": ").map_or(called.clone(), |(_, name)| name.to_owned());
    called.map(name).collect::<Vec<_>>().join("; ")
}

/// A reference opens its request, an address its person; the rest is searched among the users.
async fn search(State(console): State<Arc<Console>>, session: Session, asked: Asked) -> Answer {
    let text = asked.query("q").trim();
    let is_reference = text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if is_reference && session.may_view() && console.shown_request(&session, text).await.is_ok() {
        return Ok(see(&format!("/console/requests/{}", text.to_ascii_uppercase())));
    }
    let query = form_urlencoded::Serializer::new(String::new()).append_pair("q", text).finish();
    Ok(see(&format!("/console/users?{query}")))
}

async fn confirm(State(console): State<Arc<Console>>, session: Session, asked: Asked) -> Answer {
    let mut people = Vec::new();
    for id in asked.all("person") {
        let email = console.address(&session, id).await?;
        let explained = console.directory.explain(Some(session.organization()), &email).await?;
        let managed_by = explained.overview.managed_by.clone().unwrap_or_else(|| "Nobody".to_owned());
        people.push((id.to_owned(), vec![email, access_in_words(&explained), managed_by]));
    }
    if people.is_empty() {
        return Ok(see_with("/console/users", "Nobody was chosen. Choose people in the list first."));
    }
    let shell = Shell::of(&session, "Deactivate people", Place::Users);
    Ok(page(200, &session, &Deactivate { shell, people }))
}

/// Each by themselves: one who cannot be deactivated holds no other one up, and stays chosen.
async fn deactivate(State(console): State<Arc<Console>>, session: Session, fields: Fields) -> Answer {
    let (mut results, mut failed) = (Vec::new(), 0);
    for id in fields.all("person") {
        let email = console.address(&session, id).await?;
        let organization = Some(session.organization());
        let done = console.directory.deactivate_person(&session.actor(), organization, &email, Really::Yes).await;
        let wrong = match done {
            Ok(_) => None,
            Err(error) => Some(why_not(error)?),
        };
        failed += usize::from(wrong.is_some());
        results.push(Outcome { id: id.to_owned(), email, wrong });
    }
    let shell = Shell::of(&session, "What came of it", Place::Users);
    let done = results.len() - failed;
    Ok(page(200, &session, &Deactivated { shell, done, failed, results }))
}

impl Console {
    /// Whom a file of the list holds; that it was made is on record.
    async fn exported(&self, session: &Session, asked: &Asked) -> Result<Vec<ListedPerson>, Refused> {
        let people = self.directory.list_all_people(session.organization(), &wanted(asked)).await?;
        self.directory.note_export(session, "list of users", people.len()).await?;
        Ok(people)
    }

    /// The address of the person whose id stands in a path or a form.
    pub(super) async fn address(&self, session: &Session, id: &str) -> Result<String, Refused> {
        let id = id.parse().map_err(|_| Refused::nowhere())?;
        match self.directory.address_of(session.organization(), id).await {
            Err(crate::directory::Error::NotFound { .. }) => Err(Refused::nowhere()),
            found => Ok(found?),
        }
    }
}
