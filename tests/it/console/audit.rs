//! The audit log: narrowed, paged and taken away as a file, and nothing of another organization in it.

use std::time::Duration;

use secaro_gateway::scim::Dialect;
use serde_json::Value;

use crate::support::app::{Browser, Page, TestApp};

const ADA: &str = "ada@example.org";
const GRACE: &str = "grace@example.org";

/// An organization with an admin and Grace, who was deactivated a day later.
async fn with_records() -> (TestApp, Browser) {
    let app = TestApp::new().await;
    app.person(ADA, "active").await;
    app.grant(ADA, "organization_admin").await;
    let idp = app.limited("okta", "edit").await;
    let id = idp.user(GRACE).await;
    app.clock.advance(Duration::from_hours(24));
    idp.delete(&format!("/Users/{id}")).await;
    let browser = app.sign_in(ADA).await;
    (app, browser)
}

async fn shown(app: &TestApp, browser: &Browser, query: &str) -> Page {
    app.browse(browser, &format!("/console/audit?{query}")).await.expect(200)
}

fn rows(page: &Page) -> usize {
    page.text.matches("<tr><td>").count()
}

#[tokio::test]
async fn records_are_narrowed_by_action_author_target_and_time() {
    let (app, browser) = with_records().await;
    let all = rows(&shown(&app, &browser, "").await);
    for (query, action) in [
        ("action=person.deactivated", "person.deactivated"),
        ("target=grace@example.org&action=person.added", "person.added"),
        ("kind=connection&actor=test", "connection."),
        ("since=2026-02-01", "person.deactivated"),
    ] {
        let page = shown(&app, &browser, query).await;
        assert!(page.text.contains(&format!("<th scope=\"row\">{action}")), "{query}: {}", page.words());
        assert!((1..all).contains(&rows(&page)), "{query}: {} of {all}", rows(&page));
    }
    let early = shown(&app, &browser, "until=2026-02-01&target=grace@example.org").await;
    assert!(rows(&early) > 0 && !early.text.contains("<th scope=\"row\">person.deactivated"));
    let of_grace = shown(&app, &browser, "target=GRACE@example.org").await;
    assert_eq!(of_grace.text.matches(&format!(">{GRACE}</a>")).count(), rows(&of_grace), "each row names her");
    assert_eq!(rows(&shown(&app, &browser, "actor=nobody").await), 0);
}

#[tokio::test]
async fn what_cannot_be_meant_is_said_beside_its_field() {
    let (app, browser) = with_records().await;
    app.facility("example", "okta").await;
    for (query, words) in [
        ("target=nobody@example.org", "Nothing is called so here"),
        ("target=okta", "Both a connection and a facility are called so"),
        ("since=yesterday", "A time is written like"),
    ] {
        let page = app.browse(&browser, &format!("/console/audit?{query}")).await.expect(422);
        assert!(page.words().contains(words) && page.text.contains("aria-invalid"), "{query}: {}", page.words());
        assert_eq!(rows(&page), 0, "{query}: nothing else is shown in its place");
        app.browse(&browser, &format!("/console/audit.jsonl?{query}")).await.expect(422);
    }
    let facility = shown(&app, &browser, "target=okta&kind=facility").await;
    assert_eq!(rows(&facility), 1);
    assert!(facility.text.contains("href=\"/console/facilities/okta\""));
}

#[tokio::test]
async fn pages_keep_the_filters_and_tell_each_record_once() {
    let (app, browser) = with_records().await;
    for _ in 0..60 {
        app.browse(&browser, "/console/users.csv").await.expect(200);
    }
    let first = shown(&app, &browser, "action=export.created&actor=ada%40example.org").await;
    assert_eq!(rows(&first), 50);
    let older = first.text.split("href=\"").find(|link| link.contains(">Older<")).expect("an older page");
    let older = older.split('"').next().unwrap().replace("&#38;", "&");
    assert!(older.contains("action=export.created") && older.contains("actor=ada%40example.org"), "{older}");
    let second = app.browse(&browser, &older).await.expect(200);
    assert_eq!(rows(&second), 10);
    assert!(second.text.contains(">Newest<") && !second.text.contains(">Older<"));
}

#[tokio::test]
async fn files_hold_what_is_filtered_and_are_on_record() {
    let (app, browser) = with_records().await;
    let lines = app.browse(&browser, "/console/audit.jsonl?target=grace@example.org").await.expect(200);
    assert_eq!(lines.headers["content-type"], "application/jsonl; charset=utf-8");
    let records: Vec<Value> = lines.text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(records.len() >= 2, "{}", lines.text);
    assert!(records.iter().all(|record| record["target_name"] == GRACE), "{}", lines.text);
    assert_eq!(records.last().unwrap()["action"], "person.added");
    assert!(records.last().unwrap()["after"].is_object(), "JSON in JSON, not a text: {}", lines.text);
    let reference = records[0]["reference"].as_str().unwrap();
    assert!(shown(&app, &browser, "target=grace@example.org").await.text.contains(reference));
    let sheet = app.browse(&browser, "/console/audit.csv?target=grace@example.org").await.expect(200);
    assert_eq!(sheet.text.matches("\r\n").count(), records.len() + 1);
    let made = "SELECT COUNT(*) FROM audit_records WHERE action = 'export.created' AND reason = 'audit log'";
    assert_eq!(app.sql().await.number(made).await, 2);
}

#[tokio::test]
async fn t01_a_target_of_another_organization_is_nothing() {
    let (app, browser) = with_records().await;
    app.organization("other", "other.example").await;
    let theirs = app.connection_of("other", "theirs", Dialect::Okta, "edit").await;
    theirs.user("eve@other.example").await;
    for target in ["theirs", "eve@other.example", "other.example"] {
        app.browse(&browser, &format!("/console/audit?target={target}")).await.expect(422);
    }
    let eve = app.sql().await.ids("FROM people WHERE email = 'eve@other.example'").await[0];
    assert_eq!(rows(&shown(&app, &browser, &format!("target={eve}")).await), 0);
}
