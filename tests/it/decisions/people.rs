//! Edit, deactivate, reactivate, detach: who may, what comes of it, and that it is told before it is done.

use secaro_gateway::directory::edit::{Edit, Really};
use secaro_gateway::directory::permissions::Permission;
use secaro_gateway::directory::{self};
use serde_json::json;

use super::{admin, held, is_conflict, unhurried};
use crate::bridge::{NOTHING, active, replace, set, user};

fn conflict<T>(outcome: Result<T, directory::Error>) -> String {
    match outcome {
        Err(directory::Error::Conflict(words)) => words,
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("it was done"),
    }
}

fn forbidden<T>(outcome: &Result<T, directory::Error>) -> bool {
    matches!(outcome, Err(directory::Error::Forbidden(_)))
}

#[tokio::test]
async fn a_person_edits_their_own_name_and_nothing_else() {
    let app = unhurried().await;
    let root = admin(&app, "root@example.org").await;
    app.person("ada@example.org", "active").await;
    app.person("bob@example.org", "active").await;
    let ada = app.member("ada@example.org").await;
    let directory = &app.opened.directory;
    let name = Edit { name: Some("Ada King".to_owned()), ..Edit::default() };
    directory.edit_person(&ada, None, "ada@example.org", &name).await.unwrap();
    assert_eq!(app.explain("ada@example.org").await.overview.person.display_name, "Ada King");
    assert!(forbidden(&directory.edit_person(&ada, None, "bob@example.org", &name).await));
    let email = Edit { email: Some("king@example.org".to_owned()), ..Edit::default() };
    assert!(forbidden(&directory.edit_person(&ada, None, "ada@example.org", &email).await));
    let admin_for = Edit { give: vec![Permission::OrganizationAdmin], ..name.clone() };
    assert!(forbidden(&directory.edit_person(&ada, None, "ada@example.org", &admin_for).await));

    let taken = Edit { email: Some("BOB@example.org".to_owned()), ..Edit::default() };
    conflict(directory.edit_person(&root, None, "ada@example.org", &taken).await);
    directory.edit_person(&root, None, "ada@example.org", &email).await.unwrap();
    assert_eq!(app.status("king@example.org").await, "active");
    directory.deactivate_person(&root, None, "king@example.org", Really::Yes).await.unwrap();
    assert!(forbidden(&directory.edit_person(&ada, None, "king@example.org", &name).await));
}

#[tokio::test]
async fn details_of_a_managed_person_are_the_idps_until_they_are_detached() {
    let app = unhurried().await;
    let root = admin(&app, "root@example.org").await;
    let okta = app.limited("okta", "edit").await;
    let mut body = user("ada@example.org");
    body["entitlements"] = json!([{ "value": "edit_organization" }]);
    let id = okta.post("/Users", &body).await.created();
    let (directory, provisioning) = (&app.opened.directory, &app.opened.provisioning);
    let name = Edit { name: Some("Ada King".to_owned()), ..Edit::default() };
    for actor in [&root, &app.member("ada@example.org").await] {
        let words = conflict(directory.edit_person(actor, None, "ada@example.org", &name).await);
        assert!(words.starts_with("ada@example.org is managed by «okta»"), "{words}");
    }
    let take = Edit { take: vec![Permission::EditOrganization], ..Edit::default() };
    let words = conflict(directory.edit_person(&root, None, "ada@example.org", &take).await);
    assert!(words.contains("comes from connection «okta»"), "{words}");
    let give = Edit {
        can_edit: Some(vec![Permission::EditOrganization, Permission::EditFacility("leeds".to_owned())]),
        ..Edit::default()
    };
    directory.edit_person(&root, None, "ada@example.org", &give).await.unwrap();
    let all = set(["edit_facility:leeds", "edit_organization"]);
    assert_eq!(app.permissions("ada@example.org").await, all);

    let before = app.sql().await.dump(None).await;
    let told = provisioning.detach(&root, None, "ada@example.org", false, Really::JustTell).await.unwrap();
    assert_eq!((told.before.len(), told.after.len(), told.done), (2, 1, false));
    assert_eq!(app.sql().await.dump(None).await, before, "told, and not done");
    provisioning.detach(&root, None, "ada@example.org", false, Really::Yes).await.unwrap();
    assert_eq!(app.permissions("ada@example.org").await, set(["edit_facility:leeds"]));
    for change in [active(false), active(true), replace("displayName", "Mallory")] {
        okta.patch(&format!("/Users/{id}"), &change).await.expect(200);
    }
    okta.delete(&format!("/Users/{id}")).await.expect(204);
    assert_eq!(app.status("ada@example.org").await, "active", "the IdP no longer touches them");
    assert_eq!(app.explain("ada@example.org").await.overview.person.display_name, "Ada Byron");
    directory.edit_person(&root, None, "ada@example.org", &name).await.unwrap();
    assert!(is_conflict(&provisioning.detach(&root, None, "ada@example.org", false, Really::Yes).await));
}

#[tokio::test]
async fn what_a_connection_gave_may_be_kept_by_hand() {
    let app = unhurried().await;
    let root = admin(&app, "root@example.org").await;
    let okta = app.limited("okta", "edit").await;
    let mut body = user("ada@example.org");
    body["entitlements"] = json!([{ "value": "edit_organization" }, { "value": "edit_facility:hull" }]);
    body["roles"] = json!([{ "value": "organization_admin" }]);
    okta.post("/Users", &body).await.created();
    app.opened.provisioning.detach(&root, None, "ada@example.org", true, Really::Yes).await.unwrap();
    assert_eq!(app.permissions("ada@example.org").await, set(["edit_organization"]), "not what never took effect");
    assert!(held(&app).await.is_empty());
    let because = &app.explain("ada@example.org").await.effective[0].because[0];
    assert_eq!(because.text, "given by root@example.org (through operator test)");
}

#[tokio::test]
async fn lists_of_permissions_replace_what_was_given_by_hand() {
    let app = unhurried().await;
    let root = admin(&app, "root@example.org").await;
    app.person("ada@example.org", "active").await;
    let directory = &app.opened.directory;
    let facility = |key: &str| Permission::EditFacility(key.to_owned());
    let steps = [
        (
            Edit { can_edit: Some(vec![facility("leeds"), facility("YORK")]), ..Edit::default() },
            set(["edit_facility:leeds", "edit_facility:york"]),
        ),
        (
            Edit {
                can_edit: Some(vec![facility("york")]),
                admin_for: Some(vec![Permission::BillingAdmin]),
                ..Edit::default()
            },
            set(["billing_admin", "edit_facility:york"]),
        ),
        (
            Edit { admin_for: Some(vec![Permission::OrganizationAdmin]), ..Edit::default() },
            set(["edit_facility:york", "organization_admin"]),
        ),
        (Edit { can_edit: Some(Vec::new()), admin_for: Some(Vec::new()), ..Edit::default() }, NOTHING),
    ];
    for (edit, expected) in steps {
        directory.edit_person(&root, None, "ada@example.org", &edit).await.unwrap();
        assert_eq!(app.permissions("ada@example.org").await, expected);
    }
    let unknown = Edit { give: vec![facility("atlantis")], ..Edit::default() };
    assert!(matches!(
        directory.edit_person(&root, None, "ada@example.org", &unknown).await,
        Err(directory::Error::Invalid(_))
    ));
    let wrong = Edit { can_edit: Some(vec![Permission::OrganizationAdmin]), ..Edit::default() };
    assert!(matches!(
        directory.edit_person(&root, None, "ada@example.org", &wrong).await,
        Err(directory::Error::Invalid(_))
    ));
}

#[tokio::test]
async fn t30_deactivation_by_an_admin_ends_all_and_no_idp_undoes_it() {
    let app = unhurried().await;
    let root = admin(&app, "root@example.org").await;
    let okta = app.limited("okta", "edit").await;
    let mut body = user("ada@example.org");
    body["entitlements"] = json!([{ "value": "edit_organization" }]);
    let id = okta.post("/Users", &body).await.created();
    app.grant("ada@example.org", "billing_admin").await;
    let directory = &app.opened.directory;
    let told = directory.deactivate_person(&root, None, "ada@example.org", Really::JustTell).await.unwrap();
    assert_eq!((told.before.len(), told.after.len()), (2, 0));
    assert_eq!(app.status("ada@example.org").await, "active", "told, and not done");
    directory.deactivate_person(&root, None, "ada@example.org", Really::Yes).await.unwrap();
    okta.put(&format!("/Users/{id}"), &body).await.expect(200);
    okta.patch(&format!("/Users/{id}"), &active(false)).await.expect(200);
    let provisioning = &app.opened.provisioning;
    assert!(
        is_conflict(&provisioning.reactivate(&root, None, "ada@example.org", Really::Yes).await),
        "the IdP says no"
    );
    okta.patch(&format!("/Users/{id}"), &active(true)).await.expect(200);
    assert_eq!(app.status("ada@example.org").await, "deactivated");
    provisioning.reactivate(&root, None, "ada@example.org", Really::Yes).await.unwrap();
    assert_eq!(app.permissions("ada@example.org").await, set(["edit_organization"]), "by the rules of now");
    assert_eq!(app.held().await, [("permission", "reactivated".to_owned())]);
    assert!(is_conflict(&provisioning.reactivate(&root, None, "ada@example.org", Really::Yes).await));
}
