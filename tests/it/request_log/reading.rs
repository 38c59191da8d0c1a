//! Who reads what, which requests are found, and the command line.

use std::time::Duration;

use secaro_gateway::provisioning::request_log::{Filters, Status};
use secaro_gateway::scim::Dialect;
use serde_json::{Value, json};

use super::{ALL, logged, reference};
use crate::support::app::{Idp, TestApp};
use crate::support::database::Database;
use crate::support::process::{Gateway, command, json, output, provision};

#[tokio::test]
async fn t13_an_organization_reads_its_own_requests_and_nobody_elses() {
    let app = TestApp::new().await;
    app.organization("acme", "acme.example").await;
    let ours = app.connection("okta", Dialect::Okta).await;
    let theirs = app.connection_of("acme", "acme-okta", Dialect::Okta, "edit").await;
    app.person("admin@example.org", "active").await;
    app.grant("admin@example.org", "organization_admin").await;
    app.person("viewer@example.org", "active").await;
    let nowhere = Idp { base: "/scim/v2/nobodys".to_owned(), ..ours.clone() };
    let unknown = "/Users/019a0000-0000-7000-8000-000000000000";
    let (own, foreign) = (ours.get(unknown).await.expect(404), theirs.get(unknown).await.expect(404));
    let lost = nowhere.get("/Users").await.expect(404);
    assert_eq!(logged(&app, &ALL).await.len(), 3);

    let log = &app.opened.request_log;
    let admin = app.member("admin@example.org").await;
    for scope in [
        log.scope(&admin, None).await,
        log.scope(&admin, Some("example")).await,
        log.scope(&app.operator(), Some("example")).await,
    ] {
        let scope = scope.unwrap();
        let listed = log.list(scope, &ALL).await.unwrap();
        assert_eq!(
            listed.requests.iter().map(|request| request.connection.as_deref()).collect::<Vec<_>>(),
            [Some("okta")]
        );
        assert_eq!(log.show(scope, &reference(&own)).await.unwrap().request.status, 404);
        for others in [&foreign, &lost] {
            let refused = log.show(scope, &reference(others)).await.unwrap_err().to_string();
            let invented = log.show(scope, "0000000000").await.unwrap_err().to_string();
            assert_eq!(refused.replace(&reference(others), "0000000000"), invented, "as if it did not exist");
            let before = Filters { before: Some(reference(others)), ..ALL };
            assert!(log.list(scope, &before).await.is_err());
        }
    }
    assert!(log.scope(&admin, Some("acme")).await.is_err());
    let viewer = app.member("viewer@example.org").await;
    assert!(log.scope(&viewer, None).await.unwrap_err().to_string().contains("Organization admin"));
}

#[tokio::test]
async fn requests_are_found_by_what_is_known_of_them() {
    let app = TestApp::new().await;
    let okta = app.connection("okta", Dialect::Okta).await;
    let entra = app.connection("entra", Dialect::Entra).await;
    let tick = || app.clock.advance(Duration::from_secs(1));
    okta.user("Ada@example.org").await;
    tick();
    let twice = okta.post("/Users", &json!({ "userName": "ada@example.org" })).await.expect(409);
    tick();
    entra.get("/Groups").await.expect(200);
    tick();
    entra.get("/Nothing").await.expect(404);
    let of = async |filters: Filters| {
        let found = logged(&app, &filters).await;
        found.into_iter().map(|request| request.status).collect::<Vec<_>>()
    };
    assert_eq!(of(ALL).await, [404, 200, 409, 201], "the newest first");
    assert_eq!(of(Filters { connection: Some("okta".to_owned()), ..ALL }).await, [409, 201]);
    assert_eq!(of(Filters { status: Status::parse("4xx"), ..ALL }).await, [404, 409]);
    assert_eq!(of(Filters { status: Status::parse("409"), ..ALL }).await, [409]);
    assert_eq!(of(Filters { failed: true, connection: Some("entra".to_owned()), ..ALL }).await, [404]);
    assert_eq!(of(Filters { method: Some("post".to_owned()), ..ALL }).await, [409, 201]);
    assert_eq!(of(Filters { text: Some("ADA@".to_owned()), ..ALL }).await, [409, 201]);
    assert_eq!(of(Filters { text: Some("list groups".to_owned()), ..ALL }).await, [200]);
    let start = "2026-01-31T09:00:00Z".parse().unwrap();
    let second = "2026-01-31T09:00:01Z".parse().unwrap();
    assert_eq!(of(Filters { since: Some(second), ..ALL }).await, [404, 200, 409]);
    assert_eq!(of(Filters { until: Some(second), ..ALL }).await, [201]);
    assert_eq!(of(Filters { until: Some(start), ..ALL }).await, [0_i64; 0]);
    let before = Some(format!(" [ref {}] ", reference(&twice).to_lowercase()));
    assert_eq!(of(Filters { before, ..ALL }).await, [201], "a reference as it was copied");
    for wrong in ["4x", "6xx", "xx", "99", "600", ""] {
        assert_eq!(Status::parse(wrong), None, "{wrong}");
    }
}

#[tokio::test]
async fn pages_follow_each_other_without_a_gap() {
    let app = TestApp::new().await;
    let okta = app.connection("okta", Dialect::Okta).await;
    // The clock stands still: only the ids tell these apart.
    for _ in 0..11 {
        okta.get("/Users").await.expect(200);
    }
    app.opened.request_log.write_waiting().await;
    let log = &app.opened.request_log;
    let scope = log.scope(&app.operator(), Some("example")).await.unwrap();
    let (mut before, mut seen) = (None, Vec::new());
    loop {
        let listed = log.list(scope, &Filters { before, limit: 4, ..ALL }).await.unwrap();
        seen.extend(listed.requests.into_iter().map(|request| request.id));
        before = listed.next;
        if before.is_none() {
            break;
        }
    }
    assert_eq!(seen.len(), 11);
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 11);
}

#[tokio::test]
async fn the_command_line_lists_shows_and_follows() {
    let database = Database::new().await;
    let at = database.location();
    let [token] = provision(at, ["okta"]);
    assert!(String::from_utf8_lossy(&output(at, &["log", "list"]).stdout).contains("No such requests"));
    let gateway = Gateway::start(at, &[]);
    let tail = command(at, &["log", "tail", "--connection", "okta", "--for", "4s", "--output", "json"])
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().build().unwrap();
    let users = format!("http://{}/scim/v2/okta/Users", gateway.address());
    let body = json!({ "userName": "ada@example.org", "emails": [{ "value": "ada@example.org" }] }).to_string();
    let post =
        || client.post(&users).bearer_auth(&token).header("content-type", "application/scim+json").body(body.clone());
    assert_eq!(post().send().await.unwrap().status(), 201);
    let refused = post().send().await.unwrap().text().await.unwrap();
    let refused: Value = serde_json::from_str(&refused).unwrap();
    let detail = refused["detail"].as_str().unwrap();
    let reference = detail.rsplit_once("[ref ").unwrap().1.trim_end_matches(']');

    let followed = tail.wait_with_output().unwrap();
    assert!(followed.status.success());
    let lines = String::from_utf8(followed.stdout).unwrap();
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let statuses: Vec<&Value> = lines.iter().map(|line| &line["status"]).collect();
    assert_eq!(statuses, [&json!(201), &json!(409)]);

    let listed = json(at, &["log", "list", "--failed", "--since", "1h", "--person", "ada"]);
    assert_eq!(listed["requests"][0]["reference"], reference);
    assert_eq!(listed["requests"].as_array().unwrap().len(), 1);
    assert_eq!(listed["requests"][0]["scim_type"], "uniqueness");
    let shown = output(at, &["log", "show", reference]);
    let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
    assert!(shown.contains("create User") && shown.contains("409 uniqueness"), "{shown}");
    let created = json(at, &["log", "list", "--status", "201"])["requests"][0]["reference"].clone();
    let shown = output(at, &["log", "show", created.as_str().unwrap()]);
    let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
    assert!(shown.contains("person ada@example.org") && shown.contains("userName: – → ada@example.org"), "{shown}");
    assert!(shown.contains("ms  applied") && shown.contains("event user.provisioned"), "{shown}");
    let table = String::from_utf8_lossy(&output(at, &["log", "list", "--limit", "1"]).stdout).into_owned();
    assert!(table.contains("There may be more: --before "), "{table}");
    assert!(gateway.stop().0.success());

    for (wrong, code) in [
        (&["log", "show", "0000000000"][..], 4),
        (&["log", "list", "--status", "many"], 2),
        (&["log", "list", "--since", "yesterday"], 2),
        (&["log", "list", "--organization", "nobodys"], 4),
        (&["log", "list", "--before", "0000000000"], 4),
        (&["log", "tail", "--for", "ever"], 2),
    ] {
        assert_eq!(output(at, wrong).status.code(), Some(code), "{wrong:?}");
    }
}
