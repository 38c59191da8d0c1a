//! The same at the command line: the exit code says that a change waits, and the file of rules goes round.

use std::fs;

use serde_json::{Value, json};

use crate::support::app::TestApp;
use crate::support::process::command;

/// The command line on the database of an application in this process, and with its secret.
fn output(app: &TestApp, arguments: &[&str]) -> std::process::Output {
    let mut command = command(app.database.location(), arguments);
    command.env("SECARO_SECRETS__KEY_FILE", app.database.folder().join("gateway.key")).output().unwrap()
}

fn cli(app: &TestApp, arguments: &[&str]) -> Value {
    let output = output(app, &[arguments, &["--output", "json"]].concat());
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn stdout(output: &std::process::Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[tokio::test]
async fn a_change_that_moves_somebody_waits_and_is_applied_by_its_id() {
    let app = TestApp::new().await;
    let okta = app.connection("okta", secaro_gateway::scim::Dialect::Okta).await;
    let ada = okta.user("ada@example.org").await;
    okta.group("secaro-leeds-editors", &[&ada]).await;
    let at = &app;
    let pattern = ["--group-pattern", "secaro-{facility}-editors", "--gives", "edit_facility:{facility}"];
    let add = [&["rule", "add", "--connection", "okta"], &pattern[..]].concat();
    let waits = output(at, &add);
    assert_eq!(waits.status.code(), Some(6));
    let text = stdout(&waits);
    for part in ["Gain: 1", "ada@example.org", "edit_facility:leeds", "View only", "secaro-gateway plan apply "] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let plans = cli(at, &["plan", "list"]);
    let id = plans["plans"][0]["id"].as_str().unwrap();
    assert_eq!(plans["plans"][0]["state"], "planned");
    let shown = cli(at, &["plan", "show", id]);
    assert_eq!(shown["effects"][0]["after"]["permissions"], json!(["edit_facility:leeds"]));
    assert_eq!(shown["hash"].as_str().unwrap().len(), 16);
    assert_eq!(cli(at, &["plan", "apply", id])["state"], "applied");
    assert!(app.permissions("ada@example.org").await.contains("edit_facility:leeds"));
    assert_eq!(output(at, &["plan", "apply", id]).status.code(), Some(5));
    assert_eq!(output(at, &["plan", "show", "1"]).status.code(), Some(4));
    assert_eq!(output(at, &["--as", "ada@example.org", "plan", "apply", id]).status.code(), Some(7));

    // With --yes at once; and to see without doing.
    let archive = ["facility", "archive", "--key", "leeds"];
    let waits = output(at, &archive);
    assert_eq!(waits.status.code(), Some(6));
    assert!(stdout(&waits).contains("Become view only: 1"), "{}", stdout(&waits));
    assert!(cli(at, &[&archive[..], &["--yes"]].concat())["archived_at"].is_string());
    assert!(app.permissions("ada@example.org").await.is_empty());
    cli(at, &["facility", "unarchive", "--key", "leeds", "--yes"]);
    assert!(app.permissions("ada@example.org").await.contains("edit_facility:leeds"));

    let file = app.database.folder().join("rules.toml");
    let path = file.to_str().unwrap();
    let exported = stdout(&output(at, &["rule", "export", "--connection", "okta"]));
    assert_eq!(exported, stdout(&output(at, &["rule", "export", "--connection", "okta"])));
    fs::write(&file, exported.replace("edit_facility:{facility}", "edit_organization")).unwrap();
    let planned = output(at, &["rule", "plan", "-f", path, "--output", "json"]);
    assert_eq!(planned.status.code(), Some(6));
    let planned: Value = serde_json::from_slice(&planned.stdout).unwrap();
    cli(at, &["rule", "apply", "--plan", planned["id"].as_str().unwrap()]);
    assert!(app.permissions("ada@example.org").await.contains("edit_organization"));
    fs::write(&file, &exported).unwrap();
    cli(at, &["rule", "plan", "-f", path, "--yes"]);
    assert_eq!(stdout(&output(at, &["rule", "export", "--connection", "okta"])), exported, "the file goes round");

    let tried = cli(at, &["rule", "test", "--connection", "okta", "--group", "Secaro-Hull-Editors"]);
    assert_eq!(tried["matches"][0]["captures"], json!({ "facility": "hull" }));
    assert_eq!(tried["matches"][0]["gives"][0]["dormant"], "unknown_facility");

    let rule = cli(at, &["rule", "list", "--connection", "okta"])["rules"][0]["id"].as_str().unwrap().to_owned();
    let off = ["rule", "disable", "--connection", "okta", &rule];
    assert_eq!(output(at, &off).status.code(), Some(6));
    assert_eq!(cli(at, &[&off[..], &["--yes"]].concat())["enabled"], false);
    cli(at, &["rule", "enable", "--yes", "--connection", "okta", &rule]);
    assert_eq!(output(at, &["connection", "delete", "okta"]).status.code(), Some(6));
    assert_eq!(cli(at, &["connection", "delete", "okta", "--yes"])["state"], "deleted");
    okta.get("/Users").await.expect(401);
}

#[tokio::test]
async fn a_pending_connection_is_created_and_activated() {
    let app = TestApp::new().await;
    let at = &app;
    let created = cli(at, &["connection", "create", "okta", "--organization", "example", "--pending"]);
    assert_eq!(created["state"], "pending");
    assert_eq!(
        cli(at, &["connection", "set-ceiling", "okta", "--may-grant", "edit,billing_admin"])["may_grant"],
        "edit,billing_admin"
    );
    assert_eq!(
        cli(at, &["connection", "activate", "okta"])["state"],
        "active",
        "nobody is moved, so it is done at once"
    );
}
