//! Users: the list with its search, filters, orders and pages, all of them in the address; deactivating several; and
//! the global search.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::Method;

use super::Console;
use super::access::{Needs, Session};
use super::asked::Asked;
use super::form::Fields;
use super::respond::{Answer, Refused, page, see, see_with};
use super::shell::{Place, Shell};
use super::words::counted;
use crate::clock::Timestamp;
use crate::directory::edit::Really;
use crate::directory::explain::PersonOverview;
use crate::directory::facilities::Facility;
use crate::directory::listing::{Counts, Order, Status, Wanted};
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
    people: Vec<PersonOverview>,
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

pub(super) fn routes(routes: Routes, console: &Arc<Console>) -> Routes {
    routes
        .console(Method::GET, "/console/users", Needs::ViewUsers, list, console)
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
        order: match asked.query("order") {
            "email" => Order::Email,
            "changed" => Order::Changed,
            _ => Order::Name,
        },
        after: asked.query("after").parse().ok(),
    }
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
        people.push((id.to_owned(), vec![email, console.access_in_words(&explained)]));
    }
    if people.is_empty() {
        return Ok(see_with("/console/users", "Nobody was chosen. Choose people in the list first."));
    }
    let shell = Shell::of(&session, "Deactivate people", Place::Users);
    Ok(page(200, &session, &Deactivate { shell, people }))
}

/// Each by themselves: one who cannot be deactivated holds no other one up.
async fn deactivate(State(console): State<Arc<Console>>, session: Session, fields: Fields) -> Answer {
    let (mut done, mut failed) = (0, Vec::new());
    for id in fields.all("person") {
        let email = console.address(&session, id).await?;
        let organization = Some(session.organization());
        match console.directory.deactivate_person(&session.actor(), organization, &email, Really::Yes).await {
            Ok(_) => done += 1,
            Err(error @ crate::directory::Error::Store(_)) => return Err(error.into()),
            Err(error) => failed.push(format!("{email}: {error}.")),
        }
    }
    let notice = format!("{} deactivated. {}", counted(done, "person was", "people were"), failed.join(" "));
    Ok(see_with("/console/users?order=changed", notice.trim()))
}

impl Console {
    /// The address of the person whose id stands in a path or a form.
    pub(super) async fn address(&self, session: &Session, id: &str) -> Result<String, Refused> {
        let id = id.parse().map_err(|_| Refused::nowhere())?;
        match self.directory.address_of(session.organization(), id).await {
            Err(crate::directory::Error::NotFound { .. }) => Err(Refused::nowhere()),
            found => Ok(found?),
        }
    }
}
