//! The access rules of all connections, a test bench for the names of groups, and rules as text. Every change is a plan
//! first.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::Method;
use axum::response::Response;

use super::Console;
use super::access::{Needs, Session};
use super::asked::Asked;
use super::connections::Own;
use super::form::Fields;
use super::respond::{Answer, Wrong, page, taken, taken_by_name};
use super::shell::{Place, Shell};
use crate::provisioning::plans::Change;
use crate::provisioning::rules::{ListedRule, RulesFile, Trial};
use crate::web::routes::Routes;

#[derive(Template)]
#[template(path = "rules.html", config = "src/web/console/askama.toml")]
struct List {
    shell: Shell,
    connections: Vec<String>,
    of: String,
    rules: Vec<ListedRule>,
    tried: String,
    /// By connection, what matches the name.
    trials: Vec<(String, Vec<Trial>)>,
}

#[derive(Template)]
#[template(path = "rules_text.html", config = "src/web/console/askama.toml")]
struct AsText {
    shell: Shell,
    connection: String,
    text: String,
    wrong: Option<String>,
}

pub(super) fn routes(routes: Routes, console: &Arc<Console>) -> Routes {
    let text = "/console/connections/{key}/rules/text";
    routes
        .console(Method::GET, "/console/rules", Needs::View, list, console)
        .console(Method::GET, text, Needs::View, export, console)
        .console(Method::POST, text, Needs::FreshAdmin, import, console)
}

async fn list(State(console): State<Arc<Console>>, session: Session, asked: Asked) -> Answer {
    let (of, tried) = (asked.query("connection").to_owned(), asked.query("try").trim().to_owned());
    if !of.is_empty() {
        console.own_connection(&session, &of).await?;
    }
    let organization = session.organization_id();
    let connection = Some(of.as_str()).filter(|key| !key.is_empty());
    let rules = console.provisioning.listed_rules(organization, connection).await?;
    let connections = console.connection_keys(&session).await?;
    let mut trials = Vec::new();
    if !tried.is_empty() {
        for key in connections.iter().filter(|key| of.is_empty() || **key == of) {
            trials.push((key.clone(), console.provisioning.try_group_name(key, &tried).await?));
        }
    }
    let shell = Shell::of(&session, "Access rules", Place::Rules);
    Ok(page(200, &session, &List { shell, connections, of, rules, tried, trials }))
}

async fn export(State(console): State<Arc<Console>>, session: Session, Own(own): Own) -> Answer {
    let text = console.provisioning.rules_file(&own.key).await?.text();
    Ok(text_page(&session, 200, own.key, text, None))
}

fn text_page(session: &Session, status: u16, connection: String, text: String, wrong: Option<String>) -> Response {
    let shell = Shell::of(session, format!("Access rules of {connection} as text"), Place::Rules);
    page(status, session, &AsText { shell, connection, text, wrong })
}

/// Makes the connection's rules exactly these, as a plan.
async fn import(State(console): State<Arc<Console>>, session: Session, Own(own): Own, fields: Fields) -> Answer {
    let key = own.key;
    let text = fields.text("text").replace("\r\n", "\n");
    let again = |wrong: Wrong| Ok(text_page(&session, wrong.status, key.clone(), text.clone(), Some(wrong.words)));
    let file = match taken(RulesFile::parse(&text))? {
        Ok(file) => file,
        Err(wrong) => return again(wrong),
    };
    if file.connection != key {
        return again(Wrong::of(format!("The text is about «{}», this page is about «{key}»", file.connection)));
    }
    let change = Change::ReplaceRules { connection: key.clone(), rules: file.rule };
    match taken_by_name(console.planned(&session, change, &format!("/console/connections/{key}?tab=rules")).await)? {
        Ok(planned) => Ok(planned),
        Err(wrong) => again(wrong),
    }
}
