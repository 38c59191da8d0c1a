//! Connections: the list, setting one up, and one connection with its health, tokens, groups, rules and settings. What
//! is done to one stands in the files below.

mod access;
mod life;
mod own;
mod tokens;

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::Method;

use super::Console;
use super::access::{Needs, Session};
use super::asked::Asked;
use super::chart::Chart;
use super::form::Fields;
use super::respond::{Answer, Wrong, page, see_with, taken};
use super::shell::{Place, Shell};
use crate::clock::Timestamp;
use crate::directory::facilities::Facility;
use crate::provisioning::ceiling::Ceiling;
use crate::provisioning::connections::{Connection, NewConnection};
use crate::provisioning::groups::{Groups, Wanted};
use crate::provisioning::health::{Fares, Health};
use crate::provisioning::plans::Change;
use crate::provisioning::rules::{RuleRow, Trial};
use crate::provisioning::tokens::Token;
use crate::scim::Dialect;
use crate::web::routes::Routes;

pub(super) use own::Own;

#[derive(Template)]
#[template(path = "connections.html", config = "src/web/console/askama.toml")]
struct List {
    shell: Shell,
    now: Timestamp,
    connections: Vec<Fares>,
}

#[derive(Default)]
struct Filled {
    key: String,
    dialect: String,
    wrong: Option<String>,
}

#[derive(Template)]
#[template(path = "connection_new.html", config = "src/web/console/askama.toml")]
struct New {
    shell: Shell,
    filled: Filled,
}

#[derive(Template)]
#[template(path = "connection.html", config = "src/web/console/askama.toml")]
struct One {
    shell: Shell,
    now: Timestamp,
    connection: Connection,
    tab: &'static str,
    /// On its tab.
    health: Option<Health>,
    chart: Chart,
    tokens: Vec<Token>,
    /// Shown once, in the answer to the form that issued it.
    secret: Option<String>,
    groups: Groups,
    rules: Vec<RuleRow>,
    facilities: Vec<Facility>,
    tried: String,
    trials: Vec<Trial>,
    rule_group: String,
    wrong: Option<String>,
}

impl One {
    fn may_grant(&self, right: &str) -> bool {
        self.connection.may_grant.split(',').any(|one| one.trim() == right)
    }
}

/// What a connection's page says besides.
#[derive(Default)]
struct Beside {
    /// Of what was filled in.
    wrong: Option<Wrong>,
    /// A token that was issued just now.
    secret: Option<String>,
}

pub(super) fn routes(routes: Routes, console: &Arc<Console>) -> Routes {
    let (get, post) = (Method::GET, Method::POST);
    let routes = routes
        .console(get.clone(), "/console/connections", Needs::View, list, console)
        .console(get.clone(), "/console/connections/new", Needs::Admin, fresh, console)
        .console(post, "/console/connections/new", Needs::FreshAdmin, create, console)
        .console(get, "/console/connections/{key}", Needs::View, show, console);
    let parts = [tokens::routes, access::routes, life::routes];
    parts.into_iter().fold(routes, |routes, part| part(routes, console))
}

/// Where a tab of a connection's page is.
fn path(key: &str, tab: &str) -> String {
    format!("/console/connections/{key}?tab={tab}")
}

impl Console {
    async fn connection_page(
        &self,
        session: &Session,
        connection: Connection,
        asked: &Asked,
        beside: Beside,
    ) -> Answer {
        let (organization, key) = (session.organization_id(), connection.key.as_str());
        let known = ["tokens", "groups", "rules", "settings"];
        let tab = known.into_iter().find(|tab| *tab == asked.query("tab")).unwrap_or("health");
        let tokens = self.provisioning.tokens_of(organization, key).await?;
        let health = match tab {
            "health" => Some(self.provisioning.health(organization, key).await?),
            _ => None,
        };
        let wanted =
            Wanted { connection: Some(key.to_owned()), after: asked.query("after").to_owned(), ..Wanted::default() };
        let groups = match tab {
            "groups" => self.provisioning.groups(organization, &wanted).await?,
            _ => Groups { groups: Vec::new(), next: None },
        };
        let tried = asked.query("try").to_owned();
        let trials = match tried.trim() {
            "" => Vec::new(),
            name => self.provisioning.try_group_name(key, name).await?,
        };
        let status = beside.wrong.as_ref().map_or(200, |wrong| wrong.status);
        let template = One {
            shell: Shell::of(session, format!("Connection {key}"), Place::Connections),
            now: self.now(),
            tab,
            chart: Chart::of(health.as_ref().map(|health| health.hours.as_slice()).unwrap_or_default()),
            health,
            tokens,
            secret: beside.secret,
            groups,
            rules: self.provisioning.rules(key).await?,
            facilities: self.directory.facilities(session.organization()).await?,
            tried,
            trials,
            rule_group: asked.query("group").to_owned(),
            connection,
            wrong: beside.wrong.map(|wrong| wrong.words),
        };
        Ok(page(status, session, &template))
    }

    /// Leads to the plan of a change; what cannot be taken is said beside the form.
    async fn planned_at(&self, session: &Session, own: Connection, tab: &str, change: Change) -> Answer {
        match taken(self.planned(session, change, &path(&own.key, tab)).await)? {
            Ok(planned) => Ok(planned),
            Err(wrong) => {
                let beside = Beside { wrong: Some(wrong), secret: None };
                self.connection_page(session, own, &Asked::of("", &[("tab", tab)]), beside).await
            }
        }
    }
}

async fn list(State(console): State<Arc<Console>>, session: Session) -> Answer {
    let connections = console.provisioning.fares(session.organization_id()).await?;
    let shell = Shell::of(&session, "Connections", Place::Connections);
    Ok(page(200, &session, &List { shell, now: console.now(), connections }))
}

async fn fresh(session: Session) -> Answer {
    let shell = Shell::of(&session, "Connect an identity provider", Place::Connections);
    Ok(page(200, &session, &New { shell, filled: Filled::default() }))
}

/// The connection only listens until it is activated: nothing that it says reaches anybody before.
async fn create(State(console): State<Arc<Console>>, session: Session, fields: Fields) -> Answer {
    let filled = |wrong: Option<String>| Filled {
        key: fields.text("key").to_owned(),
        dialect: fields.text("dialect").to_owned(),
        wrong,
    };
    let again = |wrong: Wrong| {
        let shell = Shell::of(&session, "Connect an identity provider", Place::Connections);
        Ok(page(wrong.status, &session, &New { shell, filled: filled(Some(wrong.words)) }))
    };
    let Some(dialect) = Dialect::from_name(fields.text("dialect")) else {
        return again(Wrong::of("Choose which identity provider it is"));
    };
    let new = NewConnection {
        organization: session.organization().to_owned(),
        key: fields.text("key").trim().to_owned(),
        dialect,
        strict: false,
        may_grant: Ceiling::default(),
        pending: true,
    };
    match taken(console.provisioning.create_connection(&session.actor(), &new).await)? {
        Ok(made) => {
            let path = format!("/console/connections/{}/set-up", made.key);
            Ok(see_with(&path, "The connection is set up. It listens and reaches nobody until you activate it."))
        }
        Err(wrong) => again(wrong),
    }
}

async fn show(State(console): State<Arc<Console>>, session: Session, Own(own): Own, asked: Asked) -> Answer {
    console.connection_page(&session, own, &asked, Beside::default()).await
}
