//! Plans: what is shown is what is done, or it is refused; whoever applies it, whatever races, and wherever it is
//! killed.

mod applying;
mod connections;
mod line;
mod preview;
mod stale;

use std::collections::BTreeMap;

use secaro_gateway::directory;
use secaro_gateway::ids::PlanId;
use secaro_gateway::provisioning::Error;
use secaro_gateway::provisioning::plans::{Change, Effect, Plan};
use secaro_gateway::provisioning::rules::{NewRule, Subject};

use crate::support::app::{Idp, TestApp};

/// What everybody of `example` may do, by address; with what waits, and their status.
type Everybody = BTreeMap<String, (String, Vec<String>, Vec<String>)>;

async fn everybody(app: &TestApp) -> Everybody {
    let mut all = Everybody::new();
    for person in app.opened.directory.people("example").await.unwrap() {
        let explained = app.explain(&person.person.email).await;
        let mut permissions: Vec<String> = explained.overview.permissions.iter().map(ToString::to_string).collect();
        permissions.sort();
        let mut waiting: Vec<String> = explained.waiting.iter().map(|one| one.permission.to_string()).collect();
        waiting.sort();
        waiting.dedup();
        all.insert(person.person.email, (person.person.status.to_string(), permissions, waiting));
    }
    all
}

async fn plan(app: &TestApp, change: impl Into<Change>) -> Plan {
    app.opened.provisioning.plan(&app.operator(), change.into()).await.unwrap()
}

async fn effects(app: &TestApp, id: PlanId) -> Vec<Effect> {
    app.opened.provisioning.shown_plan(id).await.unwrap().1
}

async fn apply(app: &TestApp, id: PlanId) -> Result<Plan, Error> {
    app.opened.provisioning.apply_plan(&app.operator(), id, &mut |_| {}).await
}

fn conflict(error: Error) -> String {
    match error {
        Error::Directory(directory::Error::Conflict(words)) => words,
        other => panic!("a conflict was expected: {other:?}"),
    }
}

fn by_pattern(gives: &str) -> NewRule {
    let subject = Subject::Pattern("secaro-{facility}-editors".to_owned());
    NewRule { connection: "okta".to_owned(), subject, gives: vec![gives.to_owned()], note: None }
}

fn of_group(id: &str, gives: &str) -> NewRule {
    let subject = Subject::Group(id.to_owned());
    NewRule { connection: "okta".to_owned(), subject, gives: vec![gives.to_owned()], note: None }
}

/// `count` users of a group; answers the group's id.
async fn group_of(okta: &Idp, name: &str, count: usize) -> String {
    let mut users = Vec::new();
    for number in 0..count {
        users.push(okta.user(&format!("u{number}@example.org")).await);
    }
    let users: Vec<&str> = users.iter().map(String::as_str).collect();
    okta.group(name, &users).await
}
