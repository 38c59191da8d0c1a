//! Where a permission comes from: a group by name or by id, an attribute, a role, an entitlement; what stays below
//! the ceiling, and what sleeps.

use secaro_gateway::directory::facilities::NewFacility;
use secaro_gateway::provisioning::plans::Change;
use secaro_gateway::provisioning::rules::{NewRule, Subject};
use serde_json::json;

use super::{NOTHING, add_member, remove_member, replace, set, user, with_role};
use crate::support::app::TestApp;

const EDITORS: &str = "secaro-{facility}-editors";
const GIVES: &str = "edit_facility:{facility}";

#[tokio::test]
async fn membership_in_a_group_that_fits_a_pattern_gives_its_facility_and_leaving_takes_it() {
    let app = TestApp::new().await;
    let okta = app.limited("okta", "edit").await;
    app.pattern_rule("okta", EDITORS, &[GIVES]).await;
    let ada = okta.user("ada@example.org").await;
    let editors = format!("/Groups/{}", okta.group("Secaro-LEEDS-editors", &[]).await);
    assert_eq!(app.permissions("ada@example.org").await, NOTHING);
    okta.patch(&editors, &add_member(&ada)).await.expect(204);
    assert_eq!(app.permissions("ada@example.org").await, set(["edit_facility:leeds"]));
    okta.patch(&editors, &remove_member(&ada)).await.expect(204);
    assert_eq!(app.permissions("ada@example.org").await, NOTHING);
}

#[tokio::test]
async fn a_renamed_group_gives_what_its_new_name_says_and_a_deleted_one_nothing() {
    let app = TestApp::new().await;
    let okta = app.limited("okta", "edit").await;
    app.pattern_rule("okta", EDITORS, &[GIVES]).await;
    let ada = okta.user("ada@example.org").await;
    let group = okta.group("secaro-leeds-editors", &[&ada]).await;
    let path = format!("/Groups/{group}");
    assert_eq!(app.permissions("ada@example.org").await, set(["edit_facility:leeds"]));
    let rename = json!([{ "op": "replace", "value": { "id": group, "displayName": "secaro-york-editors" } }]);
    okta.patch(&path, &rename).await.expect(204);
    assert_eq!(app.permissions("ada@example.org").await, set(["edit_facility:york"]));
    okta.patch(&path, &replace("displayName", "Chess club")).await.expect(204);
    assert_eq!(app.permissions("ada@example.org").await, NOTHING);
    okta.patch(&path, &replace("displayName", "secaro-york-editors")).await.expect(204);
    okta.delete(&path).await.expect(204);
    assert_eq!(app.permissions("ada@example.org").await, NOTHING);
}

#[tokio::test]
async fn a_facility_added_later_wakes_the_grants_that_wait_for_it_and_archiving_puts_them_to_sleep() {
    let app = TestApp::new().await;
    let okta = app.limited("okta", "edit").await;
    app.pattern_rule("okta", EDITORS, &[GIVES]).await;
    let ada = okta.user("ada@example.org").await;
    okta.group("secaro-hull-editors", &[&ada]).await;
    assert_eq!(app.permissions("ada@example.org").await, NOTHING);
    let waiting = app.waiting("ada@example.org").await;
    assert_eq!(waiting[0].0, "edit_facility:hull");
    assert!(waiting[0].1.starts_with("no facility is called so"), "{waiting:?}");
    app.facility("example", "hull").await;
    assert_eq!(app.permissions("ada@example.org").await, set(["edit_facility:hull"]));
    app.archive("hull").await;
    assert_eq!(app.permissions("ada@example.org").await, NOTHING);
    assert!(app.waiting("ada@example.org").await[0].1.contains("archived"));
}

#[tokio::test]
async fn a_capture_names_a_facility_by_key_duns_name_or_label_and_only_if_one_is_meant() {
    let app = TestApp::new().await;
    let okta = app.limited("okta", "edit").await;
    app.pattern_rule("okta", EDITORS, &[GIVES]).await;
    let add = async |key: &str, name: &str, duns: &str, labels: &str| {
        let (key, name, duns) = (key.to_owned(), name.to_owned(), Some(duns.to_owned()));
        let new = NewFacility { key, name, duns, address: None, labels: labels.to_owned() };
        app.change(Change::AddFacility { organization: "example".to_owned(), facility: new }).await;
    };
    add("hull", "Hull Dock", "150483782", "north;dock").await;
    add("goole", "Goole Dock", "150483783", "north").await;
    let cases = [
        ("hull", set(["edit_facility:hull"])),
        ("150483783", set(["edit_facility:goole"])),
        ("hull dock", set(["edit_facility:hull"])),
        ("DOCK", set(["edit_facility:hull"])),
        ("north", NOTHING),
        ("nowhere", NOTHING),
    ];
    for (number, (name, expected)) in cases.into_iter().enumerate() {
        let email = format!("user{number}@example.org");
        let id = okta.user(&email).await;
        okta.group(&format!("secaro-{name}-editors"), &[&id]).await;
        assert_eq!(app.permissions(&email).await, expected, "{name}");
    }
    assert!(app.waiting("user4@example.org").await[0].1.starts_with("several facilities"));
    // A key means more than a name, and a name more than a label.
    add("north", "North", "150483784", "").await;
    assert_eq!(app.permissions("user4@example.org").await, set(["edit_facility:north"]));
}

#[tokio::test]
async fn roles_and_entitlements_are_granted_up_to_the_ceiling_and_held_beyond() {
    let app = TestApp::new().await;
    let entra = app.limited("entra", "edit,billing_admin").await;
    let mut body = user("ada@example.org");
    body["roles"] = json!([{ "value": "billing_admin" }, { "value": "organization_admin" }, { "value": "Whatever" }]);
    body["entitlements"] = json!([{ "value": "edit_facility:leeds" }, { "value": "edit_organization" }]);
    let path = format!("/Users/{}", entra.post("/Users", &body).await.created());
    let granted = set(["edit_organization", "edit_facility:leeds", "billing_admin"]);
    assert_eq!(app.permissions("ada@example.org").await, granted);
    assert_eq!(app.held().await, [("permission", "ceiling".to_owned())]);
    assert_eq!(app.waiting("ada@example.org").await[0].0, "organization_admin");

    entra.patch(&path, &json!([{ "op": "Remove", "path": "roles" }])).await.expect(204);
    assert_eq!(app.permissions("ada@example.org").await, set(["edit_organization", "edit_facility:leeds"]));
    assert!(app.held().await.is_empty(), "what is not asserted any longer is not held any longer");
}

#[tokio::test]
async fn an_empty_ceiling_lets_nothing_through() {
    let app = TestApp::new().await;
    let okta = app.limited("okta", "").await;
    app.pattern_rule("okta", EDITORS, &[GIVES]).await;
    let mut body = with_role("ada@example.org", "billing_admin");
    body["entitlements"] = json!([{ "value": "edit_organization" }]);
    let ada = okta.post("/Users", &body).await.created();
    okta.group("secaro-leeds-editors", &[&ada]).await;
    assert_eq!(app.permissions("ada@example.org").await, NOTHING);
    assert_eq!(app.held().await.len(), 3);
}

#[tokio::test]
async fn t12_admin_roles_of_somebody_at_an_unverified_domain_are_held() {
    let app = TestApp::new().await;
    let okta = app.limited("okta", "edit,billing_admin,organization_admin").await;
    for (email, role) in [("eve@elsewhere.example", "organization_admin"), ("eva@elsewhere.example", "billing_admin")] {
        let mut body = with_role(email, role);
        body["entitlements"] = json!([{ "value": "edit_organization" }]);
        okta.post("/Users", &body).await.created();
        assert_eq!(app.permissions(email).await, set(["edit_organization"]));
        assert_eq!(app.waiting(email).await[0].0, role);
    }
    assert_eq!(
        app.held().await,
        [("permission", "unverified_domain".to_owned()), ("permission", "unverified_domain".to_owned())]
    );
}

#[tokio::test]
async fn a_rule_reaches_everybody_it_is_about_when_it_is_added_and_when_it_is_removed() {
    let app = TestApp::new().await;
    let okta = app.limited("okta", "edit,organization_admin").await;
    let ada = okta.post("/Users", &user("ada@example.org")).await.created();
    let group = okta.group("secaro-leeds-editors", &[&ada]).await;
    let attribute = Subject::Attribute { path: "name.familyName".to_owned(), value: "BYRON".to_owned() };
    let cases = [
        (Subject::Pattern(EDITORS.to_owned()), GIVES, "edit_facility:leeds"),
        (Subject::Group(group), "organization_admin", "organization_admin"),
        (attribute, "edit_organization", "edit_organization"),
    ];
    // Somebody else is Organization admin, so that the last one's role is nobody's here.
    okta.post("/Users", &with_role("bob@example.org", "organization_admin")).await.created();
    for (subject, gives, expected) in cases {
        let rule = app.add_rule("okta", subject, gives).await;
        assert_eq!(app.permissions("ada@example.org").await, set([expected]));
        app.remove_rule("okta", &rule).await;
        assert_eq!(app.permissions("ada@example.org").await, NOTHING);
    }
}

#[tokio::test]
async fn an_attribute_rule_follows_the_attribute() {
    let app = TestApp::new().await;
    let okta = app.limited("okta", "edit").await;
    let subject = Subject::Attribute { path: "title".to_owned(), value: "Editor".to_owned() };
    app.add_rule("okta", subject, "edit_organization").await;
    let ada = format!("/Users/{}", okta.user("ada@example.org").await);
    for (title, expected) in [("editor", set(["edit_organization"])), ("Reader", NOTHING)] {
        okta.patch(&ada, &replace("title", title)).await.expect(200);
        assert_eq!(app.permissions("ada@example.org").await, expected, "{title}");
    }
}

#[tokio::test]
async fn what_several_sources_give_stays_until_the_last_one_stops() {
    let app = TestApp::new().await;
    let okta = app.limited("okta", "edit").await;
    app.pattern_rule("okta", EDITORS, &[GIVES]).await;
    let ada = okta.user("ada@example.org").await;
    let one = okta.group("secaro-leeds-editors", &[&ada]).await;
    let entitled = json!([{ "op": "add", "path": "entitlements", "value": [{ "value": "edit_facility:leeds" }] }]);
    okta.patch(&format!("/Users/{ada}"), &entitled).await.expect(200);
    let explained = app.explain("ada@example.org").await;
    assert_eq!(explained.effective.len(), 1);
    assert_eq!(explained.effective[0].because.len(), 2);
    okta.delete(&format!("/Groups/{one}")).await.expect(204);
    assert_eq!(app.permissions("ada@example.org").await, set(["edit_facility:leeds"]));
    okta.patch(&format!("/Users/{ada}"), &json!([{ "op": "remove", "path": "entitlements" }])).await.expect(200);
    assert_eq!(app.permissions("ada@example.org").await, NOTHING);
}

#[tokio::test]
async fn t20_no_group_name_makes_an_admin_and_a_group_made_again_inherits_no_rule() {
    let app = TestApp::new().await;
    let okta = app.limited("okta", "edit,organization_admin").await;
    for gives in ["organization_admin", "billing_admin"] {
        let attribute = Subject::Attribute { path: "title".to_owned(), value: "x".to_owned() };
        for subject in [Subject::Pattern("Admins".to_owned()), attribute] {
            let new = NewRule { connection: "okta".to_owned(), subject, gives: vec![gives.to_owned()], note: None };
            assert!(app.opened.provisioning.plan(&app.operator(), Change::from(&new)).await.is_err(), "{new:?}");
        }
    }
    let ada = okta.user("ada@example.org").await;
    let admins = okta.group("Admins", &[]).await;
    app.add_rule("okta", Subject::Group(admins.clone()), "organization_admin").await;
    okta.patch(&format!("/Groups/{admins}"), &add_member(&ada)).await.expect(204);
    assert_eq!(app.permissions("ada@example.org").await, set(["organization_admin"]));

    let bob = okta.user("bob@example.org").await;
    for name in ["ADMINS ", "Ａdmins", "Admins\u{200b}", "admins.", "Admins"] {
        let body = json!({ "displayName": name, "externalId": admins, "members": [{ "value": bob }] });
        let answer = okta.post("/Groups", &body).await;
        assert!(matches!(answer.status.as_u16(), 201 | 409), "{name:?}: {}", answer.body);
    }
    assert_eq!(app.permissions("bob@example.org").await, NOTHING);
    okta.delete(&format!("/Groups/{admins}")).await.expect(204);
    okta.group("Admins", &[&bob]).await;
    assert_eq!(app.permissions("bob@example.org").await, NOTHING, "the new group is another one");
}
