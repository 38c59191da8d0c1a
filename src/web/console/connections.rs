//! Connections: the list, setting one up, and one connection with its health, tokens, groups, rules and settings. Every
//! change of what a connection may do is a plan first.

use std::sync::Arc;
use std::time::Duration;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::Method;

use super::Console;
use super::access::{Needs, Session};
use super::asked::Asked;
use super::chart::Chart;
use super::form::Fields;
use super::respond::{Answer, Refused, page, see, see_with};
use super::shell::{Place, Shell};
use crate::clock::Timestamp;
use crate::directory;
use crate::directory::facilities::Facility;
use crate::ids::RuleId;
use crate::provisioning::Error;
use crate::provisioning::ceiling::Ceiling;
use crate::provisioning::connections::{Connection, NewConnection};
use crate::provisioning::groups::{Groups, Wanted};
use crate::provisioning::health::{Fares, Health};
use crate::provisioning::plans::Change;
use crate::provisioning::rules::{NewRule, RuleRow, Subject, Trial};
use crate::provisioning::tokens::Token;
use crate::scim::Dialect;
use crate::web::routes::Routes;

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
    health: Health,
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

/// Asks whether to revoke a token.
#[derive(Template)]
#[template(path = "token_revoke.html", config = "src/web/console/askama.toml")]
struct Revoke {
    shell: Shell,
    now: Timestamp,
    connection: Connection,
    token: Token,
    /// How many other tokens let the IdP in.
    others: usize,
}

/// Asks whether to take a step of a connection's life.
#[derive(Template)]
#[template(path = "connection_state.html", config = "src/web/console/askama.toml")]
struct NextState {
    shell: Shell,
    heading: &'static str,
    to: &'static str,
    fares: Fares,
}

impl One {
    fn may_grant(&self, right: &str) -> bool {
        self.connection.may_grant.split(',').any(|one| one.trim() == right)
    }
}

pub(super) fn routes(routes: Routes, console: &Arc<Console>) -> Routes {
    let (get, post) = (Method::GET, Method::POST);
    routes
        .console(get.clone(), "/console/connections", Needs::View, list, console)
        .console(get.clone(), "/console/connections/new", Needs::Admin, fresh, console)
        .console(post.clone(), "/console/connections/new", Needs::FreshAdmin, create, console)
        .console(get.clone(), "/console/connections/{key}", Needs::View, show, console)
        .console(get.clone(), "/console/connections/{key}/tokens/revoke", Needs::Admin, ask_to_revoke, console)
        .console(get, "/console/connections/{key}/state", Needs::Admin, ask_for_state, console)
        .console(post.clone(), "/console/connections/{key}/guard", Needs::FreshAdmin, set_guard, console)
        .console(post.clone(), "/console/connections/{key}/tokens", Needs::FreshAdmin, issue, console)
        .console(post.clone(), "/console/connections/{key}/tokens/revoke", Needs::FreshAdmin, revoke, console)
        .console(post.clone(), "/console/connections/{key}/rules", Needs::FreshAdmin, add_rule, console)
        .console(post.clone(), "/console/connections/{key}/rules/{rule}", Needs::FreshAdmin, change_rule, console)
        .console(post.clone(), "/console/connections/{key}/ceiling", Needs::FreshAdmin, set_ceiling, console)
        .console(post, "/console/connections/{key}/state", Needs::FreshAdmin, set_state, console)
}

impl Console {
    /// A connection of this person's organization; another one is as unknown as one that does not exist (T01).
    pub(super) async fn own_connection(&self, session: &Session, key: &str) -> Result<Connection, Refused> {
        let found = self.provisioning.connection_of(session.organization_id(), key).await;
        found.map_err(|error| match error {
            Error::Directory(directory::Error::NotFound { .. }) => Refused::nowhere(),
            other => other.into(),
        })
    }

    async fn connection_page(
        &self,
        session: &Session,
        (status, wrong): (u16, Option<String>),
        key: &str,
        asked: &Asked,
        secret: Option<String>,
    ) -> Answer {
        let connection = self.own_connection(session, key).await?;
        let known = ["tokens", "groups", "rules", "settings"];
        let tab = known.into_iter().find(|tab| *tab == asked.query("tab")).unwrap_or("health");
        let tokens = self.provisioning.tokens_of(session.organization_id(), key).await?;
        let health = self.provisioning.health(session.organization_id(), key).await?;
        let wanted =
            Wanted { connection: Some(key.to_owned()), after: asked.query("after").to_owned(), ..Wanted::default() };
        let groups = match tab {
            "groups" => self.provisioning.groups(session.organization_id(), &wanted).await?,
            _ => Groups { groups: Vec::new(), next: None },
        };
        let tried = asked.query("try").to_owned();
        let trials = match tried.trim() {
            "" => Vec::new(),
            name => self.provisioning.try_group_name(key, name).await?,
        };
        let template = One {
            shell: Shell::of(session, format!("Connection {key}"), Place::Connections),
            now: self.now(),
            tab,
            chart: Chart::of(&health.hours),
            health,
            tokens,
            secret,
            groups,
            rules: self.provisioning.rules(key).await?,
            facilities: self.directory.facilities(session.organization()).await?,
            tried,
            trials,
            rule_group: asked.query("group").to_owned(),
            connection,
            wrong,
        };
        Ok(page(status, session, &template))
    }

    /// Leads to the plan of a change; what cannot be taken is said beside the form.
    async fn planned_at(&self, session: &Session, key: &str, tab: &str, change: Change) -> Answer {
        let back = format!("/console/connections/{key}?tab={tab}");
        match self.planned(session, change, &back).await {
            Ok(response) => Ok(response),
            Err(refused) if refused.is_of_a_form() => {
                let asked = Asked::of(&format!("/console/connections/{key}"), &[("tab", tab)]);
                let wrong = Some(refused.text().trim_end_matches('.').to_owned());
                self.connection_page(session, (refused.status(), wrong), key, &asked, None).await
            }
            Err(refused) => Err(refused),
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
    let again = |wrong: String| {
        let shell = Shell::of(&session, "Connect an identity provider", Place::Connections);
        Ok(page(422, &session, &New { shell, filled: filled(Some(wrong)) }))
    };
    let Some(dialect) = Dialect::from_name(fields.text("dialect")) else {
        return again("choose which identity provider it is".to_owned());
    };
    let new = NewConnection {
        organization: session.organization().to_owned(),
        key: fields.text("key").trim().to_owned(),
        dialect,
        strict: false,
        may_grant: Ceiling::default(),
        pending: true,
    };
    match console.provisioning.create_connection(&session.actor(), &new).await {
        Ok(made) => {
            let path = format!("/console/connections/{}/set-up", made.key);
            Ok(see_with(&path, "The connection is set up. It listens and reaches nobody until you activate it."))
        }
        Err(Error::Directory(error @ (directory::Error::Invalid(_) | directory::Error::Conflict(_)))) => {
            again(error.to_string())
        }
        Err(other) => Err(other.into()),
    }
}

async fn show(State(console): State<Arc<Console>>, session: Session, Path(key): Path<String>, asked: Asked) -> Answer {
    console.connection_page(&session, (200, None), &key, &asked, None).await
}

/// The one answer that holds a token; no page shows it again (T24).
async fn issue(
    State(console): State<Arc<Console>>,
    session: Session,
    Path(key): Path<String>,
    fields: Fields,
) -> Answer {
    console.own_connection(&session, &key).await?;
    let asked = Asked::of(&format!("/console/connections/{key}"), &[("tab", "tokens")]);
    let days = fields.text("days").parse::<u64>().unwrap_or_default().clamp(1, 365);
    let lifetime = Duration::from_hours(24 * days);
    let (name, organization) = (fields.text("name"), session.organization_id());
    match console.provisioning.issue_token_of(&session.actor(), organization, &key, (name, lifetime)).await {
        Ok(issued) => console.connection_page(&session, (200, None), &key, &asked, Some(issued.token)).await,
        Err(Error::Directory(error @ (directory::Error::Invalid(_) | directory::Error::Conflict(_)))) => {
            console.connection_page(&session, (422, Some(error.to_string())), &key, &asked, None).await
        }
        Err(other) => Err(other.into()),
    }
}

/// What ends when a token is revoked, before it is.
async fn ask_to_revoke(
    State(console): State<Arc<Console>>,
    session: Session,
    Path(key): Path<String>,
    asked: Asked,
) -> Answer {
    let connection = console.own_connection(&session, &key).await?;
    let now = console.now();
    let tokens = console.provisioning.tokens_of(session.organization_id(), &key).await?;
    let live = |token: &&Token| token.is_live(now);
    let others = tokens.iter().filter(live).filter(|token| token.key_id != asked.query("token")).count();
    let Some(token) = tokens.iter().filter(live).find(|token| token.key_id == asked.query("token")) else {
        return Ok(see(&format!("/console/connections/{key}?tab=tokens")));
    };
    let shell = Shell::of(&session, format!("Revoke the token {}", token.name), Place::Connections);
    Ok(page(200, &session, &Revoke { shell, now, connection, token: token.clone(), others }))
}

/// What a step of a connection's life does, before it is taken.
async fn ask_for_state(
    State(console): State<Arc<Console>>,
    session: Session,
    Path(key): Path<String>,
    asked: Asked,
) -> Answer {
    let health = {
        console.own_connection(&session, &key).await?;
        console.provisioning.health(session.organization_id(), &key).await?
    };
    let (to, heading) = match asked.query("to") {
        "activate" => ("activate", "Activate"),
        "pause" => ("pause", "Pause"),
        "resume" => ("resume", "Resume"),
        "delete" => ("delete", "Remove"),
        _ => return Ok(see(&format!("/console/connections/{key}?tab=settings"))),
    };
    let shell = Shell::of(&session, format!("{heading} {key}"), Place::Connections);
    Ok(page(200, &session, &NextState { shell, heading, to, fares: health.fares }))
}

async fn set_guard(
    State(console): State<Arc<Console>>,
    session: Session,
    Path(key): Path<String>,
    fields: Fields,
) -> Answer {
    console.own_connection(&session, &key).await?;
    let number = |name: &str| match fields.text(name).trim() {
        "" => Ok(None),
        text => text.parse::<u32>().map(Some).map_err(|_| format!("«{text}» is not a whole number")),
    };
    let set = match (number("count"), number("percent")) {
        (Ok(count), Ok(percent)) => {
            let (actor, organization) = (session.actor(), session.organization_id());
            let set = console.provisioning.set_guard(&actor, organization, &key, (count, percent)).await;
            set.map_err(Refused::from)
        }
        (Err(words), _) | (_, Err(words)) => Err(Refused::new(422, "That is not possible", words)),
    };
    match set {
        Ok(()) => Ok(see_with(&format!("/console/connections/{key}?tab=settings"), "The guard was changed.")),
        Err(refused) if refused.is_of_a_form() => {
            let asked = Asked::of(&format!("/console/connections/{key}"), &[("tab", "settings")]);
            let wrong = Some(refused.text().trim_end_matches('.').to_owned());
            console.connection_page(&session, (422, wrong), &key, &asked, None).await
        }
        Err(refused) => Err(refused),
    }
}

async fn revoke(
    State(console): State<Arc<Console>>,
    session: Session,
    Path(key): Path<String>,
    fields: Fields,
) -> Answer {
    console.own_connection(&session, &key).await?;
    let (organization, which) = (session.organization_id(), (key.as_str(), fields.text("token")));
    let revoked = console.provisioning.revoke_token_of(&session.actor(), organization, which).await?;
    let notice = format!("The token «{}» is refused from now on.", revoked.name);
    Ok(see_with(&format!("/console/connections/{key}?tab=tokens"), &notice))
}

async fn add_rule(
    State(console): State<Arc<Console>>,
    session: Session,
    Path(key): Path<String>,
    fields: Fields,
) -> Answer {
    console.own_connection(&session, &key).await?;
    let text = |name: &str| fields.text(name).trim().to_owned();
    let subject = match fields.text("kind") {
        "group" => Subject::Group(text("subject")),
        "attribute" => Subject::Attribute { path: text("subject"), value: text("value") },
        _ => Subject::Pattern(text("subject")),
    };
    let mut gives: Vec<String> = fields.all("gives").into_iter().map(str::to_owned).collect();
    gives.extend(Some(text("capture")).filter(|name| !name.is_empty()).map(|name| format!("edit_facility:{name}")));
    let note = Some(text("note")).filter(|note| !note.is_empty());
    let new = NewRule { connection: key.clone(), subject, gives, note };
    console.planned_at(&session, &key, "rules", (&new).into()).await
}

async fn change_rule(
    State(console): State<Arc<Console>>,
    session: Session,
    Path((key, rule)): Path<(String, String)>,
    fields: Fields,
) -> Answer {
    console.own_connection(&session, &key).await?;
    let rule: RuleId = rule.parse().map_err(|_| Refused::nowhere())?;
    let connection = key.clone();
    let change = match fields.text("what") {
        "remove" => Change::RemoveRule { connection, rule },
        what => Change::SwitchRule { connection, rule, enabled: what == "enable" },
    };
    console.planned_at(&session, &key, "rules", change).await
}

async fn set_ceiling(
    State(console): State<Arc<Console>>,
    session: Session,
    Path(key): Path<String>,
    fields: Fields,
) -> Answer {
    console.own_connection(&session, &key).await?;
    let change = Change::SetCeiling { connection: key.clone(), may_grant: fields.all("right").join(",") };
    console.planned_at(&session, &key, "settings", change).await
}

async fn set_state(
    State(console): State<Arc<Console>>,
    session: Session,
    Path(key): Path<String>,
    fields: Fields,
) -> Answer {
    console.own_connection(&session, &key).await?;
    let connection = key.clone();
    let change = match fields.text("state") {
        "activate" => Change::Activate { connection },
        "pause" => Change::Pause { connection },
        "resume" => Change::Resume { connection },
        "delete" => Change::Delete { connection },
        _ => return Err(Refused::new(422, "Which state?", "Go back and use one of the buttons.")),
    };
    console.planned_at(&session, &key, "settings", change).await
}
