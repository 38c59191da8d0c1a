//! Joiners, movers, leavers: deactivation, reactivation, the last admin, and what a PUT leaves alone.

use futures_util::future::join_all;
use secaro_gateway::provisioning::rules::Subject;
use serde_json::json;

use super::{NOTHING, active, add_member, remove_member, replace, set, user, with_role};
use crate::support::app::TestApp;

#[tokio::test]
async fn t31_deactivation_ends_everything_and_reactivation_computes_it_anew() {
    let app = TestApp::new().await;
    let okta = app.limited("okta", "edit").await;
    app.pattern_rule("okta", "secaro-{facility}-editors", &["edit_facility:{facility}"]).await;
    let ada = okta.user("ada@example.org").await;
    let path = format!("/Users/{ada}");
    let leeds = format!("/Groups/{}", okta.group("secaro-leeds-editors", &[&ada]).await);
    let york = format!("/Groups/{}", okta.group("secaro-york-editors", &[]).await);
    assert_eq!(app.permissions("ada@example.org").await, set(["edit_facility:leeds"]));

    let answer = okta.patch(&path, &active(false)).await.expect(200);
    assert_eq!(answer.body["active"], json!(false));
    assert_eq!(app.status("ada@example.org").await, "deactivated");
    assert_eq!(app.permissions("ada@example.org").await, NOTHING);
    okta.patch(&leeds, &remove_member(&ada)).await.expect(204);
    okta.patch(&york, &add_member(&ada)).await.expect(204);
    assert_eq!(app.permissions("ada@example.org").await, NOTHING, "nothing while deactivated");

    okta.patch(&path, &active(true)).await.expect(200);
    assert_eq!(app.status("ada@example.org").await, "active");
    assert_eq!(app.permissions("ada@example.org").await, set(["edit_facility:york"]), "the rules of now");
}

#[tokio::test]
async fn a_user_that_comes_inactive_gives_nobody_access() {
    let app = TestApp::new().await;
    let okta = app.limited("okta", "edit,organization_admin").await;
    let mut body = with_role("ada@example.org", "organization_admin");
    body["active"] = json!(false);
    okta.post("/Users", &body).await.created();
    assert_eq!(app.status("ada@example.org").await, "deactivated");
    assert_eq!(app.permissions("ada@example.org").await, NOTHING);
}

#[tokio::test]
async fn t23_the_last_organization_admins_role_is_held_but_deactivation_is_not() {
    let app = TestApp::new().await;
    let okta = app.limited("okta", "edit,organization_admin").await;
    let ada = okta.post("/Users", &with_role("ada@example.org", "organization_admin")).await.created();
    let path = format!("/Users/{ada}");
    okta.patch(&path, &json!([{ "op": "remove", "path": "roles" }])).await.expect(200);
    assert_eq!(app.permissions("ada@example.org").await, set(["organization_admin"]), "the last one keeps it");
    assert_eq!(app.held().await, [("loss", "last_organization_admin".to_owned())]);

    let bob = okta.post("/Users", &with_role("bob@example.org", "organization_admin")).await.created();
    okta.patch(&path, &replace("title", "x")).await.expect(200);
    assert_eq!(app.permissions("ada@example.org").await, NOTHING, "now there is another");
    okta.patch(&format!("/Users/{bob}"), &active(false)).await.expect(200);
    assert_eq!(app.status("bob@example.org").await, "deactivated", "never held");
    let alarms = "SELECT COUNT(*) FROM outbox WHERE kind LIKE '%last%admin%'";
    assert_eq!(app.sql().await.number(alarms).await, 1, "and everybody is alarmed");
}

#[tokio::test]
async fn a_put_that_does_not_speak_of_active_or_members_changes_neither() {
    let app = TestApp::new().await;
    let okta = app.limited("okta", "edit").await;
    app.pattern_rule("okta", "secaro-{facility}-editors", &["edit_facility:{facility}"]).await;
    let ada = okta.user("ada@example.org").await;
    let group = okta.group("secaro-leeds-editors", &[&ada]).await;
    let renamed = okta.put(&format!("/Groups/{group}"), &json!({ "displayName": "secaro-york-editors" })).await;
    assert_eq!(renamed.expect(200).body["members"][0]["value"], json!(ada));
    assert_eq!(app.permissions("ada@example.org").await, set(["edit_facility:york"]));

    okta.patch(&format!("/Users/{ada}"), &active(false)).await.expect(200);
    let mut silent = user("ada@example.org");
    silent.as_object_mut().unwrap().remove("active");
    assert_eq!(okta.put(&format!("/Users/{ada}"), &silent).await.expect(200).body["active"], json!(false));
    assert_eq!(app.status("ada@example.org").await, "deactivated");
    assert_eq!(
        okta.put(&format!("/Users/{ada}"), &user("ada@example.org")).await.expect(200).body["active"],
        json!(true)
    );
    assert_eq!(app.status("ada@example.org").await, "active");

    let empty = json!({ "displayName": "secaro-york-editors", "members": [] });
    assert!(okta.put(&format!("/Groups/{group}"), &empty).await.expect(200).body.get("members").is_none());
    assert_eq!(app.permissions("ada@example.org").await, NOTHING, "an empty list is not silence");
}

#[tokio::test]
async fn a_group_of_150_is_renamed_for_all_of_them() {
    let app = TestApp::with(&[("scim.rate_burst", "100000")]).await;
    let okta = app.limited("okta", "edit").await;
    app.pattern_rule("okta", "secaro-{facility}-editors", &["edit_facility:{facility}"]).await;
    let emails: Vec<_> = (0..150).map(|number| format!("user{number}@example.org")).collect();
    // At once, so that they share commits.
    let ids = join_all(emails.iter().map(|email| okta.user(email))).await;
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let group = okta.group("Chess club", &ids).await;
    let count = async |facility: &str| {
        let of = format!(
            "SELECT COUNT(*) FROM grants g JOIN facilities f ON f.id = g.facility_id WHERE g.state = 'effective' AND f.key = '{facility}'"
        );
        app.sql().await.number(&of).await
    };
    assert_eq!((count("leeds").await, count("york").await), (0, 0));
    okta.patch(&format!("/Groups/{group}"), &replace("displayName", "secaro-york-editors")).await.expect(204);
    assert_eq!((count("leeds").await, count("york").await), (0, 150));
}

#[tokio::test]
async fn a_repetition_changes_nothing_and_is_no_new_version() {
    let app = TestApp::new().await;
    let okta = app.limited("okta", "edit").await;
    let ada = okta.post("/Users", &user("ada@example.org")).await.created();
    let path = format!("/Groups/{}", okta.group("Editors", &[]).await);
    let before = app.audit_records().await;
    okta.patch(&path, &add_member(&ada)).await.expect(204);
    let after = app.audit_records().await;
    assert!(after > before);
    let version = okta.get(&path).await.body["meta"]["version"].clone();
    okta.patch(&path, &add_member(&ada)).await.expect(204);
    okta.patch(&format!("/Users/{ada}"), &replace("name.givenName", "Ada")).await.expect(200);
    okta.put(&format!("/Users/{ada}"), &user("ada@example.org")).await.expect(200);
    assert_eq!(app.audit_records().await, after, "nothing changed, so nothing is recorded");
    assert_eq!(okta.get(&path).await.body["meta"]["version"], version);
}

#[tokio::test]
async fn t23_whatever_takes_the_role_from_all_admins_at_once_leaves_one() {
    let app = TestApp::with(&[("scim.rate_burst", "100000")]).await;
    let okta = app.limited("okta", "edit,organization_admin").await;
    let ada = okta.post("/Users", &user("ada@example.org")).await.created();
    let bob = okta.post("/Users", &user("bob@example.org")).await.created();
    let assigned = json!([{ "op": "replace", "path": "roles", "value": [{ "value": "organization_admin" }] }]);
    let paths = [format!("/Users/{ada}"), format!("/Users/{bob}")];
    let admins = async || {
        let mut admins = 0;
        for email in ["ada@example.org", "bob@example.org"] {
            admins += usize::from(app.permissions(email).await.contains("organization_admin"));
        }
        admins
    };
    let without = json!([{ "op": "remove", "path": "roles" }]);
    for round in 0..4 {
        for path in &paths {
            okta.patch(path, &assigned).await.expect(200);
        }
        assert_eq!(admins().await, 2);
        let (one, other) = tokio::join!(okta.patch(&paths[0], &without), okta.patch(&paths[1], &without));
        one.expect(200);
        other.expect(200);
        assert_eq!(admins().await, 1, "round {round}: roles taken at the same time");
    }

    // The same through a group whose rule gives the role: its members leave, it goes, or its rule does.
    for end in ["members", "group", "rule"] {
        let group = okta.group(&format!("Admins {end}"), &[&ada, &bob]).await;
        let rule = app.add_rule("okta", Subject::Group(group.clone()), "organization_admin").await;
        assert_eq!(admins().await, 2, "{end}");
        let path = format!("/Groups/{group}");
        match end {
            "members" => drop(okta.patch(&path, &json!([{ "op": "remove", "path": "members" }])).await.expect(204)),
            "group" => drop(okta.delete(&path).await.expect(204)),
            _ => app.remove_rule("okta", &rule).await,
        }
        assert_eq!(admins().await, 1, "{end}");
        assert_eq!(app.held().await, [("loss", "last_organization_admin".to_owned())], "{end}");
    }
}
