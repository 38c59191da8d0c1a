//! `request …` at the command line: what is shown, on whose authority, and the exit codes.

use std::process::Output;

use serde_json::Value;

use crate::support::app::TestApp;
use crate::support::process;

/// Runs a command on the database of an app, with its key.
fn output(app: &TestApp, arguments: &[&str]) -> Output {
    let mut command = process::command(app.database.location(), arguments);
    command.env("SECARO_SECRETS__KEY_FILE", app.database.folder().join("gateway.key"));
    command.output().expect("the program starts")
}

/// The JSON object that a command prints.
fn json(app: &TestApp, arguments: &[&str]) -> Value {
    let output = output(app, &[arguments, &["--output", "json"]].concat());
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("one JSON object")
}

#[tokio::test]
async fn requests_are_listed_shown_and_decided_at_the_command_line() {
    let app = TestApp::new().await;
    app.admin("olga@example.org").await;
    let mut ids = Vec::new();
    for name in ["ada", "bob", "cyd"] {
        ids.push(app.ask_to_join(&format!("{name}@example.org")).await.unwrap().id.to_string());
        app.clock.advance(std::time::Duration::from_secs(1));
    }
    let listed = json(&app, &["request", "list", "--oldest"]);
    let emails: Vec<&str> =
        listed["requests"].as_array().unwrap().iter().map(|one| one["email"].as_str().unwrap()).collect();
    assert_eq!(emails, ["ada@example.org", "bob@example.org", "cyd@example.org"]);
    assert_eq!(listed["requests"][0]["wished_facilities"][0]["facility"], "leeds");
    let shown = String::from_utf8(output(&app, &["request", "show", &ids[0]]).stdout).unwrap();
    assert!(shown.contains("example.org, verified") && shown.contains("Leeds (leeds)"), "{shown}");

    let accept = ["request", "accept", &ids[0], "--can-edit", "leeds", "--as", "olga@example.org"];
    let accepted = json(&app, &accept);
    assert_eq!(accepted["state"], "accepted");
    assert!(accepted["by"].as_str().unwrap().starts_with("olga@example.org (through operator "), "{accepted}");
    let again = output(&app, &accept);
    assert_eq!(again.status.code(), Some(5));
    let complaint = String::from_utf8(again.stderr).unwrap();
    assert!(complaint.contains("olga@example.org (through operator "), "{complaint}");

    let many = ["request", "reject", &ids[0], &ids[1], "--message", "Not now.", "--output", "json"];
    let some = output(&app, &many);
    assert_eq!(some.status.code(), Some(8));
    let report: Value = serde_json::from_slice(&some.stdout).unwrap();
    assert!(report["requests"][0]["refused"].as_str().unwrap().contains("accepted this request"), "{report}");
    assert_eq!(report["requests"][1]["decided"]["message"], "Not now.");

    // Whoever is no Organization admin decides nothing.
    let forbidden = output(&app, &["request", "accept", &ids[2], "--as", "ada@example.org"]);
    assert_eq!(forbidden.status.code(), Some(7));
    let unknown = output(&app, &["request", "show", "019b0000-0000-7000-8000-000000000000"]);
    assert_eq!(unknown.status.code(), Some(4));
    assert_eq!(json(&app, &["request", "list"])["requests"].as_array().unwrap().len(), 1);
}
