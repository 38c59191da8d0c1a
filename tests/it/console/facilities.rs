//! Facilities: their details changed, who can edit them and why, and what happened to them.

use crate::support::app::{Browser, Idp, Page, TestApp};

const ADA: &str = "ada@example.org";
const GRACE: &str = "grace@example.org";
const LEEDS: &str = "/console/facilities/leeds";

/// An organization with an admin, and an IdP whose group lets Grace edit whatever the group's name names.
async fn with_an_idp() -> (TestApp, Browser, Idp) {
    let app = TestApp::new().await;
    app.person(ADA, "active").await;
    app.grant(ADA, "organization_admin").await;
    let idp = app.limited("okta", "edit").await;
    app.pattern_rule("okta", "secaro-{facility}-editors", &["edit_facility:{facility}"]).await;
    let id = idp.user(GRACE).await;
    idp.group("secaro-leeds-editors", &[&id]).await;
    let browser = app.sign_in(ADA).await;
    (app, browser, idp)
}

#[tokio::test]
async fn details_are_changed_and_stand_in_the_history() {
    let (app, browser, _) = with_an_idp().await;
    let details = [("what", "details"), ("name", "Leeds North"), ("address", "1 Mill Lane"), ("labels", "LDS; mill ")];
    let done = app.send(&browser, LEEDS, &details).await.expect(303);
    assert_eq!(done.headers["location"], LEEDS);
    let page = app.browse(&browser, LEEDS).await.expect(200);
    for text in ["<h1>Leeds North</h1>", "value=\"1 Mill Lane\"", "LDS; mill", "facility.changed"] {
        assert!(page.text.contains(text), "{text}: {}", page.text);
    }
    assert!(page.words().contains("→ «Leeds North»"), "{}", page.words());
    let records = app.audit_records().await;
    app.send(&browser, LEEDS, &details).await.expect(303);
    let same = "SELECT COUNT(*) FROM audit_records WHERE action = 'facility.changed'";
    assert_eq!(app.sql().await.number(same).await, 1, "the same again changes nothing; {records} records");
}

#[tokio::test]
async fn what_is_wrong_stands_beside_its_field_and_nothing_is_lost() {
    let (app, browser, _) = with_an_idp().await;
    let long = "x".repeat(300);
    for name in ["", long.as_str()] {
        let fields = [("what", "details"), ("name", name), ("address", "1 Mill Lane"), ("duns", "15-048-3782")];
        let page = app.send(&browser, LEEDS, &fields).await.expect(422);
        assert!(page.text.contains("id=\"name-error\"") && page.text.contains("href=\"#name\""), "{}", page.text);
        assert!(page.text.contains("value=\"1 Mill Lane\"") && page.text.contains("value=\"15-048-3782\""));
        assert!(page.text.contains("aria-describedby=\"name-error"));
    }
    let both = [("name", ""), ("key", "No Key"), ("address", "2 Mill Lane")];
    let page = app.send(&browser, "/console/facilities", &both).await.expect(422);
    assert!(page.text.contains("id=\"name-error\"") && page.text.contains("id=\"key-error\""), "{}", page.text);
    assert!(page.text.contains("value=\"2 Mill Lane\"") && page.text.contains("value=\"No Key\""));
    let taken = [("name", "Leeds"), ("key", "leeds")];
    let page = app.send(&browser, "/console/facilities", &taken).await.expect(409);
    assert!(page.text.contains("id=\"key-error\"") && !page.text.contains("id=\"name-error\""), "{}", page.text);
}

#[tokio::test]
async fn a_change_of_names_that_moves_people_is_a_plan_first() {
    let (app, browser, idp) = with_an_idp().await;
    let id = idp.user("linus@example.org").await;
    idp.group("secaro-mill-editors", &[&id]).await;
    assert!(app.permissions("linus@example.org").await.is_empty());
    let name = app.sql().await.texts("SELECT name FROM facilities WHERE key = 'leeds'").await.remove(0);
    let labelled = [("what", "details"), ("name", name.as_str()), ("labels", "mill")];
    let planned = app.send(&browser, LEEDS, &labelled).await.expect(303);
    let plan = planned.headers["location"].to_str().unwrap().to_owned();
    assert!(plan.starts_with("/console/plans/"), "{plan}");
    let shown = app.browse(&browser, &plan).await.expect(200).words();
    assert!(shown.contains("linus@example.org") && !shown.contains(GRACE), "{shown}");
    assert!(app.permissions("linus@example.org").await.is_empty(), "only planned");
    app.send(&browser, &format!("{plan}/apply"), &[]).await.expect(303);
    app.work_off().await;
    assert!(app.permissions("linus@example.org").await.contains("edit_facility:leeds"));
}

#[tokio::test]
async fn who_can_edit_it_and_by_which_rules_is_said() {
    let (app, browser, idp) = with_an_idp().await;
    app.person("linus@example.org", "active").await;
    let linus = app.explain("linus@example.org").await.overview.person.id;
    let given = [("what", "can-edit"), ("can_edit", "edit_facility:leeds")];
    app.send(&browser, &format!("/console/users/{linus}"), &given).await.expect(303);
    let group = idp.group("mill", &[]).await;
    let subject = secaro_gateway::provisioning::rules::Subject::Group(group);
    app.rule("okta", subject, &["edit_facility:york"]).await;
    let leeds = app.browse(&browser, LEEDS).await.expect(200);
    let counted = "<a href=\"/console/users?facility=leeds&amp;status=active\">2 people</a>";
    assert!(leeds.text.contains(counted), "{}", leeds.text);
    let words = leeds.words();
    assert!(words.contains("secaro-{facility}-editors") && words.contains("1 person"), "{words}");
    assert!(!words.contains("edit_facility:york"), "a rule of another facility: {words}");
    let york = app.browse(&browser, "/console/facilities/york").await.expect(200).words();
    assert!(york.contains("edit_facility:york") && york.contains("Nobody can edit this facility."), "{york}");
    let list = app.browse(&browser, "/console/facilities").await.expect(200).words();
    assert!(list.contains("2 people can edit"), "{list}");

    // Whoever has no access any longer can edit nothing, whatever was given to them.
    app.send(&browser, &format!("/console/users/{linus}/deactivate"), &[]).await.expect(303);
    let leeds = app.browse(&browser, LEEDS).await.expect(200);
    assert!(!leeds.text.contains("linus@example.org") && leeds.text.contains(">1 person</a>"), "{}", leeds.text);
}

#[tokio::test]
async fn t01_a_facility_of_another_organization_is_nowhere() {
    let (app, browser, _) = with_an_idp().await;
    app.organization("other", "other.example").await;
    app.facility("other", "theirs").await;
    let theirs = "/console/facilities/theirs";
    let without_reference = |page: Page| page.words().split("Reference").next().unwrap().to_owned();
    let unknown = app.browse(&browser, "/console/facilities/nothing").await.expect(404);
    let named = app.browse(&browser, theirs).await.expect(404);
    assert_eq!(without_reference(named), without_reference(unknown));
    for what in ["details", "archive", "unarchive"] {
        app.send(&browser, theirs, &[("what", what), ("name", "Ours")]).await.expect(404);
    }
    assert_eq!(app.sql().await.number("SELECT COUNT(*) FROM facilities WHERE name = 'Ours'").await, 0);
}
