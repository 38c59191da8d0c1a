//! What is on record: requests searched and tried out again, and help with the organization's own addresses.

use crate::support::app::TestApp;

const ADA: &str = "ada@example.org";

async fn with_an_idp() -> TestApp {
    let app = TestApp::new().await;
    app.person(ADA, "active").await;
    app.grant(ADA, "organization_admin").await;
    app
}

/// The address of the newest request on the list that a query asks for.
fn newest(text: &str) -> String {
    let rest = text.split("href=\"/console/requests/").nth(1).expect("a request");
    format!("/console/requests/{}", rest.split('"').next().unwrap())
}

#[tokio::test]
async fn a_request_is_replayed_by_todays_rules_and_changes_nobody() {
    let app = with_an_idp().await;
    let idp = app.limited("okta", "edit").await;
    let id = idp.user("grace@example.org").await;
    app.clock.advance(std::time::Duration::from_secs(1));
    idp.group("secaro-leeds-editors", &[&id]).await;
    app.opened.request_log.write_waiting().await;
    let browser = app.sign_in(ADA).await;
    let listed = app.browse(&browser, "/console/requests?q=secaro-leeds").await.expect(200);
    let path = newest(&listed.text);
    let shown = app.browse(&browser, &path).await.expect(200);
    assert!(shown.text.contains(&format!("action=\"{path}/replay\"")));
    let same = app.send(&browser, &format!("{path}/replay"), &[]).await.expect(200).words();
    assert!(same.contains("Nothing would change for anybody.") && same.contains("grace@example.org"), "{same}");

    // A rule that was made by hand in the database, as if people had not followed it yet.
    app.pattern_rule("okta", "secaro-{facility}-editors", &["edit_facility:{facility}"]).await;
    app.sql().await.execute("DELETE FROM grants WHERE permission = 'edit_facility'").await;
    let before = app.permissions("grace@example.org").await;
    let records = app.audit_records().await;
    let moved = app.send(&browser, &format!("{path}/replay"), &[]).await.expect(200).words();
    assert!(moved.contains("1 person would be moved") && moved.contains("edit_facility:leeds"), "{moved}");
    assert_eq!(app.permissions("grace@example.org").await, before, "it was a dry run");
    assert_eq!(app.audit_records().await, records + 1, "that it was asked is the one record");
    let replayed = "SELECT COUNT(*) FROM audit_records WHERE action = 'request.replayed'";
    assert_eq!(app.sql().await.number(replayed).await, 2);
}

#[tokio::test]
async fn t01_a_request_of_another_organization_is_not_replayed() {
    let app = with_an_idp().await;
    app.organization("other", "other.example").await;
    let theirs = app.connection_of("other", "theirs", secaro_gateway::scim::Dialect::Okta, "edit").await;
    theirs.user("eve@other.example").await;
    app.opened.request_log.write_waiting().await;
    let request = app.sql().await.ids("FROM request_log WHERE connection = 'theirs' LIMIT 1").await[0];
    let request = <secaro_gateway::ids::RequestId as secaro_gateway::ids::Id>::from_uuid(request).reference();
    let browser = app.sign_in(ADA).await;
    app.send(&browser, &format!("/console/requests/{request}/replay"), &[]).await.expect(404);
}

#[tokio::test]
async fn what_is_deleted_is_not_replayed_and_it_is_said_why() {
    let app = with_an_idp().await;
    let idp = app.limited("okta", "edit").await;
    let id = idp.user("grace@example.org").await;
    app.opened.request_log.write_waiting().await;
    let browser = app.sign_in(ADA).await;
    let path = newest(&app.browse(&browser, "/console/requests").await.expect(200).text);
    idp.delete(&format!("/Users/{id}")).await;
    let refused = app.send(&browser, &format!("{path}/replay"), &[]).await.expect(409);
    assert!(refused.words().contains("is deleted"), "{}", refused.words());
}

#[tokio::test]
async fn requests_are_narrowed_by_answer_and_time_and_what_cannot_be_meant_is_said() {
    let app = with_an_idp().await;
    let idp = app.limited("okta", "edit").await;
    idp.user("grace@example.org").await;
    idp.get("/Users/nothing").await;
    app.opened.request_log.write_waiting().await;
    let browser = app.sign_in(ADA).await;
    let rows = |text: &str| text.matches("href=\"/console/requests/").count();
    for (query, count) in [
        ("", 2),
        ("status=404", 1),
        ("status=2xx", 1),
        ("status=failed", 1),
        ("since=2026-01-31T08:00", 2),
        ("since=2026-02-01", 0),
        ("until=2026-01-31T08:00", 0),
    ] {
        let page = app.browse(&browser, &format!("/console/requests?{query}")).await.expect(200);
        assert_eq!(rows(&page.text), count, "{query}");
    }
    for query in ["status=teapot", "since=yesterday", "until=2026-13-01"] {
        let page = app.browse(&browser, &format!("/console/requests?{query}")).await.expect(422);
        assert!(page.text.contains("aria-invalid"), "{query}");
    }
}

#[tokio::test]
async fn help_names_the_organizations_own_addresses_and_nobody_elses() {
    let app = with_an_idp().await;
    app.limited("okta", "edit").await;
    app.organization("other", "other.example").await;
    app.connection_of("other", "theirs", secaro_gateway::scim::Dialect::Okta, "edit").await;
    let help = app.browse(&app.sign_in(ADA).await, "/console/help").await.expect(200);
    assert!(help.text.contains("https://scim.example.com/scim/v2/okta"));
    assert!(!help.text.contains("theirs"));
    let errors: Vec<&str> = help.text.lines().filter(|line| line.contains("The connection is paused")).collect();
    assert_eq!(errors.len(), 1, "what a paused connection answers is said once");
    assert!(errors[0].contains(">503<"), "{errors:?}");
}

#[tokio::test]
async fn a_domain_is_removed_on_a_page_that_says_what_ends() {
    let app = with_an_idp().await;
    let browser = app.sign_in(ADA).await;
    let asked = app.browse(&browser, "/console/domains/example.org/remove").await.expect(200);
    assert!(asked.words().contains("Whoever came by it stays"));
    app.browse(&browser, "/console/domains/other.example/remove").await.expect(404);
    app.send(&browser, "/console/domains/example.org/remove", &[]).await.expect(303);
    assert_eq!(app.sql().await.number("SELECT COUNT(*) FROM domains").await, 0);
}
