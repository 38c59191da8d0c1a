//! The linking table of the design, row by row: whom a User stands for, and that a doubtful answer touches nobody.

use serde_json::json;

use super::{NOTHING, active, replace, set, user, with_role};
use crate::support::app::TestApp;

#[tokio::test]
async fn nobody_has_the_address_so_a_new_person_comes_to_be() {
    let app = TestApp::new().await;
    let okta = app.limited("okta", "edit").await;
    okta.post("/Users", &user("ada@example.org")).await.created();
    let ada = app.explain("ada@example.org").await.overview;
    assert_eq!(ada.managed_by.as_deref(), Some("okta"));
    assert_eq!((ada.person.status.to_string(), ada.person.display_name), ("active".to_owned(), "Ada Byron".to_owned()));
    assert!(app.held().await.is_empty());
}

#[tokio::test]
async fn a_user_without_an_address_is_kept_and_links_when_one_comes() {
    let app = TestApp::new().await;
    let generic = app.limited("generic", "edit").await;
    let body = json!({ "userName": "ada", "emails": [{ "value": "not an address" }] });
    let id = generic.post("/Users", &body).await.created();
    assert_eq!(app.held().await, [("link", "no_address".to_owned())]);
    assert_eq!(app.people().await, 0);
    let address = json!([{ "op": "replace", "path": "emails", "value": [{ "value": "ada@example.org" }] }]);
    generic.patch(&format!("/Users/{id}"), &address).await.expect(200);
    assert_eq!(app.status("ada@example.org").await, "active");
    assert!(app.held().await.is_empty());
}

#[tokio::test]
async fn a_user_without_a_name_takes_nobodys_name_away() {
    let app = TestApp::new().await;
    let okta = app.limited("okta", "edit").await;
    app.person("ada@example.org", "active").await;
    let id = okta.post("/Users", &json!({ "userName": "ada@example.org" })).await.created();
    let name = async || app.explain("ada@example.org").await.overview.person.display_name;
    assert_eq!(name().await, "By hand");
    okta.patch(&format!("/Users/{id}"), &replace("displayName", "Ada Byron")).await.expect(200);
    assert_eq!(name().await, "Ada Byron");
}

#[tokio::test]
async fn a_user_name_that_is_an_address_stands_in_for_a_missing_one_and_primary_comes_before_work() {
    let app = TestApp::new().await;
    let okta = app.limited("okta", "edit").await;
    okta.post("/Users", &json!({ "userName": "ada@example.org" })).await.created();
    assert_eq!(app.status("ada@example.org").await, "active");
    let emails = json!([
        { "value": "other@example.org", "type": "other" },
        { "value": "work@example.org", "type": "work" },
        { "value": "primary@example.org", "type": "home", "primary": true },
    ]);
    okta.post("/Users", &json!({ "userName": "bob", "emails": emails })).await.created();
    assert_eq!(app.status("primary@example.org").await, "active");
    okta.post("/Users", &json!({ "userName": "eve", "emails": [emails[0], emails[1]] })).await.created();
    assert_eq!(app.status("work@example.org").await, "active");
    assert_eq!(app.people().await, 3);
}

#[tokio::test]
async fn an_invited_person_is_the_one_meant() {
    let app = TestApp::new().await;
    let okta = app.limited("okta", "edit").await;
    for email in ["ada@example.org", "ada@elsewhere.example"] {
        app.person(email, "invited").await;
        okta.post("/Users", &user(email)).await.created();
        assert_eq!(app.status(email).await, "active");
        assert_eq!(app.explain(email).await.overview.managed_by.as_deref(), Some("okta"));
    }
    assert!(app.held().await.is_empty());
    assert_eq!(app.people().await, 2);
}

#[tokio::test]
async fn a_person_nobody_manages_is_linked_if_the_domain_is_verified_and_keeps_what_was_given_by_hand() {
    let app = TestApp::new().await;
    let okta = app.limited("okta", "edit").await;
    app.person("ada@example.org", "active").await;
    app.grant("ada@example.org", "edit_organization").await;
    let ada = okta.post("/Users", &user("ADA@Example.org")).await.created();
    let explained = app.explain("ada@example.org").await;
    assert_eq!(explained.overview.managed_by.as_deref(), Some("okta"));
    assert_eq!(app.permissions("ada@example.org").await, set(["edit_organization"]));
    assert!(app.held().await.is_empty());

    okta.patch(&format!("/Users/{ada}"), &active(false)).await.expect(200);
    assert_eq!(app.permissions("ada@example.org").await, NOTHING);
    okta.patch(&format!("/Users/{ada}"), &active(true)).await.expect(200);
    assert_eq!(app.permissions("ada@example.org").await, set(["edit_organization"]), "edit permissions come back");
}

#[tokio::test]
async fn t11_an_existing_admin_and_a_person_of_an_unproven_domain_are_linked_by_nobody_but_an_admin() {
    let cases = [
        ("ada@example.org", Some("organization_admin"), "active", "existing_admin"),
        ("bob@example.org", Some("billing_admin"), "active", "existing_admin"),
        ("eve@elsewhere.example", None, "active", "existing_person"),
        ("eva@elsewhere.example", Some("organization_admin"), "active", "existing_admin"),
        ("joe@example.org", None, "deactivated", "deactivated_by_admin"),
        ("jim@example.org", Some("organization_admin"), "deactivated", "deactivated_by_admin"),
    ];
    for (email, role, status, reason) in cases {
        let app = TestApp::new().await;
        let okta = app.limited("okta", "edit,organization_admin").await;
        app.person(email, status).await;
        if let Some(role) = role {
            app.grant(email, role).await;
        }
        let before = format!("{:?}", app.explain(email).await);

        let mut body = with_role(email, "organization_admin");
        body["entitlements"] = json!([{ "value": "edit_organization" }]);
        let shadow = okta.post("/Users", &body).await.created();
        assert_eq!(app.held().await, [("link", reason.to_owned())], "{email}");
        let path = format!("/Users/{shadow}");
        okta.patch(&path, &active(false)).await.expect(200);
        okta.patch(&path, &active(true)).await.expect(200);
        okta.patch(&path, &replace("displayName", "Mallory")).await.expect(200);
        okta.put(&path, &user(email)).await.expect(200);
        // The IdP finds its own resource, so it never loops on a 409 that it cannot resolve.
        let found = okta.get(&format!("/Users?filter=userName%20eq%20%22{email}%22")).await;
        assert_eq!(found.body["Resources"][0]["id"], json!(shadow));
        assert!(found.body["Resources"][0]["urn:secaro:params:scim:schemas:extension:access:2.0:User"].is_null());
        okta.delete(&path).await.expect(204);
        assert_eq!(format!("{:?}", app.explain(email).await), before, "{email} is as before");
        assert!(app.held().await.is_empty());
    }
}

#[tokio::test]
async fn a_person_whom_another_connection_manages_is_a_conflict_and_stays_as_they_are() {
    let app = TestApp::new().await;
    let okta = app.limited("okta", "edit,organization_admin").await;
    let entra = app.limited("entra", "edit,organization_admin").await;
    okta.post("/Users", &with_role("ada@example.org", "organization_admin")).await.created();
    let before = format!("{:?}", app.explain("ada@example.org").await);

    let shadow = entra.post("/Users", &user("ada@example.org")).await.created();
    assert_eq!(app.held().await, [("link", "other_connection".to_owned())]);
    let path = format!("/Users/{shadow}");
    entra.patch(&path, &json!([{ "op": "Replace", "path": "active", "value": "False" }])).await.expect(204);
    entra.patch(&path, &replace("displayName", "Mallory")).await.expect(204);
    let found = entra.get("/Users?filter=userName%20eq%20%22ADA@example.org%22").await;
    assert_eq!(found.body["Resources"][0]["id"], json!(shadow));
    entra.delete(&path).await.expect(204);
    assert_eq!(format!("{:?}", app.explain("ada@example.org").await), before, "untouched, held and afterwards");
}

#[tokio::test]
async fn two_users_of_one_connection_with_one_address_do_not_share_a_person() {
    let app = TestApp::new().await;
    let okta = app.limited("okta", "edit").await;
    okta.post("/Users", &user("ada@example.org")).await.created();
    let mut second = user("ada@example.org");
    second["userName"] = json!("ada.two");
    let second = okta.post("/Users", &second).await.created();
    assert_eq!(app.held().await, [("link", "already_linked".to_owned())]);
    okta.patch(&format!("/Users/{second}"), &active(false)).await.expect(200);
    assert_eq!(app.status("ada@example.org").await, "active");
}

#[tokio::test]
async fn t32_delete_frees_the_name_and_the_person_stays_and_comes_back() {
    for email in ["ada@example.org", "ada@elsewhere.example"] {
        let app = TestApp::new().await;
        let okta = app.limited("okta", "edit").await;
        let first = okta.user(email).await;
        app.grant(email, "organization_admin").await;
        okta.delete(&format!("/Users/{first}")).await.expect(204);
        okta.get(&format!("/Users/{first}")).await.expect(404);
        okta.delete(&format!("/Users/{first}")).await.expect(404);
        let found = okta.get(&format!("/Users?filter=userName%20eq%20%22{email}%22")).await;
        assert_eq!(found.body["totalResults"], json!(0));
        assert_eq!(app.status(email).await, "deactivated");

        let second = okta.user(email).await;
        assert_ne!(first, second);
        assert_eq!(app.status(email).await, "active");
        assert_eq!(app.people().await, 1, "the same person");
        assert_eq!(app.permissions(email).await, NOTHING, "an admin role that was given by hand waits for an admin");
        assert_eq!(app.held().await, [("permission", "reactivated".to_owned())]);
    }
}

#[tokio::test]
async fn a_person_whom_another_connection_deleted_follows_the_rule_for_people_nobody_manages() {
    let app = TestApp::new().await;
    let okta = app.limited("okta", "edit").await;
    let entra = app.limited("entra", "edit").await;
    for email in ["ada@example.org", "ada@elsewhere.example"] {
        let id = okta.user(email).await;
        okta.delete(&format!("/Users/{id}")).await.expect(204);
    }
    entra.user("ada@example.org").await;
    let ada = app.explain("ada@example.org").await.overview;
    assert_eq!((ada.person.status.to_string(), ada.managed_by.as_deref()), ("active".to_owned(), Some("entra")));
    entra.user("ada@elsewhere.example").await;
    assert_eq!(app.status("ada@elsewhere.example").await, "deactivated");
    assert_eq!(app.held().await, [("link", "existing_person".to_owned())]);
}

#[tokio::test]
async fn t11_no_write_moves_an_address_to_an_unproven_domain_or_onto_somebody_else() {
    let app = TestApp::new().await;
    let okta = app.limited("okta", "edit").await;
    let ada = okta.user("ada@example.org").await;
    okta.user("bob@example.org").await;
    let path = format!("/Users/{ada}");
    let to =
        |email: &str| json!([{ "op": "replace", "path": "emails", "value": [{ "value": email, "primary": true }] }]);
    for (email, reason) in [("ada@attacker.example", "address_unverified"), ("bob@example.org", "address_taken")] {
        okta.patch(&path, &to(email)).await.expect(200);
        assert_eq!(app.status("ada@example.org").await, "active", "the address stays");
        assert_eq!(app.held().await, [("address", reason.to_owned())]);
    }
    okta.patch(&path, &to("countess@example.org")).await.expect(200);
    assert_eq!(app.status("countess@example.org").await, "active", "a verified domain moves it");
    assert!(app.held().await.is_empty());
}
