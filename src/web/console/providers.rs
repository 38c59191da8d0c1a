//! Where Organization admins say how people sign in: the organization's OpenID providers, and whom an identity there is
//! bound to. Signs nobody in.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::Method;

use super::Console;
use super::access::{Needs, Session};
use super::form::Fields;
use super::respond::{Answer, Refused, page, see_with, taken};
use super::shell::{Place, Shell};
use crate::directory::sign_in::{NewProvider, Provider};
use crate::web::routes::Routes;

#[derive(Template)]
#[template(path = "providers.html", config = "src/web/console/askama.toml")]
struct Page {
    shell: Shell,
    providers: Vec<Provider>,
    connections: Vec<String>,
    callback: String,
    path: String,
    filled: NewProvider,
    wrong: Option<String>,
}

pub(super) fn routes(routes: Routes, console: &Arc<Console>) -> Routes {
    let (get, post) = (Method::GET, Method::POST);
    routes
        .console(get, "/console/settings/sign-in", Needs::View, show, console)
        .console(post.clone(), "/console/settings/sign-in", Needs::FreshAdmin, add, console)
        .console(post.clone(), "/console/settings/sign-in/remove", Needs::FreshAdmin, remove, console)
        .console(post, "/console/users/{person}/identities/remove", Needs::FreshAdmin, unlink, console)
}

impl Console {
    async fn providers_page(
        &self,
        session: &Session,
        status: u16,
        filled: NewProvider,
        wrong: Option<String>,
    ) -> Answer {
        let providers = self.directory.providers(session.organization()).await?;
        let shell = Shell::of(session, "Sign-in", Place::Settings);
        let path = format!("{}/console/sign-in/{}", self.base_url, session.organization());
        let connections = self.provisioning.connections(Some(session.organization())).await?;
        let connections = connections.into_iter().map(|one| one.key).collect();
        let shown = Page { shell, providers, connections, callback: self.callback(), path, filled, wrong };
        Ok(page(status, session, &shown))
    }
}

fn filled(fields: &Fields) -> NewProvider {
    NewProvider {
        name: fields.text("name").to_owned(),
        issuer: fields.text("issuer").to_owned(),
        client_id: fields.text("client_id").to_owned(),
        client_secret: fields.text("client_secret").to_owned(),
        connection: fields.text("connection").to_owned(),
    }
}

async fn show(State(console): State<Arc<Console>>, session: Session) -> Answer {
    console.providers_page(&session, 200, NewProvider::default(), None).await
}

async fn add(State(console): State<Arc<Console>>, session: Session, fields: Fields) -> Answer {
    let new = filled(&fields);
    let added = console.directory.add_provider(&session.actor(), session.organization(), &new).await;
    match taken(added)? {
        Ok(added) => Ok(see_with("/console/settings/sign-in", &format!("People may sign in with {} now.", added.name))),
        Err(wrong) => console.providers_page(&session, wrong.status, new, Some(wrong.words)).await,
    }
}

async fn remove(State(console): State<Arc<Console>>, session: Session, fields: Fields) -> Answer {
    let (actor, organization) = (session.actor(), session.organization());
    let name = console.directory.remove_provider(&actor, organization, fields.text("provider")).await?;
    Ok(see_with("/console/settings/sign-in", &format!("Nobody signs in with {name} any longer.")))
}

async fn unlink(
    State(console): State<Arc<Console>>,
    session: Session,
    Path(person): Path<String>,
    fields: Fields,
) -> Answer {
    let person = person.parse().map_err(|_| Refused::nowhere())?;
    let unlinked = console.directory.remove_identity(&session, person, fields.text("identity")).await?;
    let notice = format!("{} is unlinked from that account, and signed out everywhere.", unlinked.email);
    Ok(see_with(&format!("/console/users/{person}?tab=identity"), &notice))
}
