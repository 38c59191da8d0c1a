//! What no machine decides alone, decided by Organization admins: held permissions, links and addresses, mass changes,
//! people's details and access. Through the real domain and router, on the database of this run.

mod admins;
mod doors;
mod guard;
mod held;
mod links;
mod people;

use secaro_gateway::auth::Actor;
use secaro_gateway::directory::held::Held;
use secaro_gateway::provisioning::Error;
use secaro_gateway::provisioning::holds::Decision;
use secaro_gateway::{directory, provisioning};

use crate::support::app::TestApp;

/// An app whose connections may ask as often as a test likes.
async fn unhurried() -> TestApp {
    unhurried_with(&[]).await
}

async fn unhurried_with(flags: &[(&'static str, &str)]) -> TestApp {
    let calm = [("scim.rate_limit", "1000000"), ("scim.rate_burst", "1000000")];
    TestApp::with(&[&calm[..], flags].concat()).await
}

/// Somebody who decides: an active Organization admin whom no connection manages.
async fn admin(app: &TestApp, email: &str) -> Actor {
    app.person(email, "active").await;
    app.grant(email, "organization_admin").await;
    app.member(email).await
}

async fn held(app: &TestApp) -> Vec<Held> {
    app.opened.directory.held("example").await.unwrap()
}

/// The only thing that waits.
async fn only_held(app: &TestApp) -> Held {
    let mut held = held(app).await;
    assert_eq!(held.len(), 1, "{held:?}");
    held.remove(0)
}

async fn decide(app: &TestApp, actor: &Actor, id: &str, decision: Decision) -> Result<String, Error> {
    let ids = [id.to_owned()];
    app.opened.provisioning.decide_held(actor, "example", &ids, decision).await?.remove(0).1
}

fn is_conflict<T>(outcome: &Result<T, Error>) -> bool {
    matches!(outcome, Err(provisioning::Error::Directory(directory::Error::Conflict(_))))
}

fn is_forbidden<T>(outcome: &Result<T, Error>) -> bool {
    matches!(outcome, Err(provisioning::Error::Directory(directory::Error::Forbidden(_))))
}

fn words<T>(outcome: Result<T, Error>) -> String {
    outcome.err().expect("a refusal").to_string()
}
