//! The transcripts of `conformance/`, replayed by the command an operator uses against the gateway as an operator
//! starts it: once on an empty database, and once more on the same, because IdPs do not start anew either.

use crate::support::database::Database;
use crate::support::process::{Gateway, output, provision};

async fn replays_twice(dialect: &str) {
    let database = Database::new().await;
    let [token] = provision(database.location(), [dialect]);
    // The limit itself is tested elsewhere; here it would only make the tests wait.
    let unhurried = [("SECARO_SCIM__RATE_LIMIT", "10000"), ("SECARO_SCIM__RATE_BURST", "10000")];
    let gateway = Gateway::start(database.location(), &unhurried);
    let base_url = format!("http://{}/scim/v2/{dialect}", gateway.address());
    for time in ["first", "second"] {
        let arguments = ["conformance", "--base-url", &base_url, "--token", &token, "--dialect", dialect];
        let replayed = output(database.location(), &arguments);
        let report = String::from_utf8_lossy(&replayed.stdout);
        let complaint = String::from_utf8_lossy(&replayed.stderr);
        assert!(replayed.status.success(), "the {time} time:\n{report}\n{complaint}");
        assert!(!report.contains(&token), "t62: the report shows the token");
    }
}

#[tokio::test]
async fn an_okta_connection_answers_every_transcript_as_expected() {
    replays_twice("okta").await;
}

#[tokio::test]
async fn an_entra_connection_answers_every_transcript_as_expected() {
    replays_twice("entra").await;
}

#[tokio::test]
async fn a_generic_connection_answers_every_transcript_as_expected() {
    replays_twice("generic").await;
}

#[tokio::test]
async fn a_server_that_answers_otherwise_fails_the_command() {
    let database = Database::new().await;
    let [token] = provision(database.location(), ["okta"]);
    let gateway = Gateway::start(database.location(), &[]);
    let base_url = format!("http://{}/scim/v2/elsewhere", gateway.address());
    let arguments = ["conformance", "--base-url", &base_url, "--token", &token, "--dialect", "okta"];
    let replayed = output(database.location(), &[&arguments[..], &["conformance/okta/spec_test.json"]].concat());
    assert_eq!(replayed.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&replayed.stdout).contains("expected 201"));
}
