//! An IdP, an invitation and a request to join meet: one person, one door, and none left open behind somebody who went.

use secaro_gateway::directory::edit::Really;
use secaro_gateway::directory::invitations::NewInvitation;
use secaro_gateway::provisioning::holds::Decision;

use super::{admin, decide, only_held, unhurried};
use crate::bridge::{NOTHING, active, set, user};
use crate::support::app::TestApp;

async fn invited(app: &TestApp, email: &str) {
    let root = app.member("root@example.org").await;
    let new = NewInvitation {
        name: "Ada Byron".to_owned(),
        email: email.to_owned(),
        can_edit: vec!["leeds".to_owned()],
        admin_for: vec!["Organization admin".to_owned()],
    };
    app.opened.directory.stage_invitation(&root, "example", &new).await.unwrap();
    app.opened.directory.send_invitations(&root, "example").await.unwrap();
}

async fn states(app: &TestApp, table: &str) -> Vec<String> {
    app.sql().await.texts(&format!("SELECT state FROM {table}")).await
}

#[tokio::test]
async fn t45_an_invited_person_who_comes_by_the_idp_is_one_person_and_an_admin_role_waits() {
    let app = unhurried().await;
    let root = admin(&app, "root@example.org").await;
    let okta = app.limited("okta", "edit").await;
    invited(&app, "ada@example.org").await;
    okta.post("/Users", &user("ada@example.org")).await.created();
    assert_eq!(app.people().await, 2);
    assert_eq!(states(&app, "invitations").await, ["accepted"]);
    assert_eq!(app.permissions("ada@example.org").await, set(["edit_facility:leeds"]));
    let waits = only_held(&app).await;
    assert_eq!(waits.reason, "invited");
    let doors = app.explain("ada@example.org").await.doors;
    assert!(doors[0].starts_with("Invited by root@example.org"), "{doors:?}");
    decide(&app, &root, &waits.id, Decision::Release).await.unwrap();
    let both = set(["edit_facility:leeds", "organization_admin"]);
    assert_eq!(app.permissions("ada@example.org").await, both);
}

#[tokio::test]
async fn t45_a_pending_request_is_closed_by_the_idp_with_nothing_beyond_what_it_gives() {
    let app = unhurried().await;
    admin(&app, "root@example.org").await;
    let okta = app.limited("okta", "edit").await;
    app.ask_to_join("ada@example.org").await.unwrap();
    okta.post("/Users", &user("ada@example.org")).await.created();
    assert_eq!(states(&app, "join_requests").await, ["accepted"]);
    assert_eq!(app.permissions("ada@example.org").await, NOTHING);
    assert_eq!(app.people().await, 2);
    let doors = app.explain("ada@example.org").await.doors;
    assert!(doors[0].contains("accepted by connection okta"), "{doors:?}");
}

#[tokio::test]
async fn t30_whoever_comes_inactive_leaves_no_door_open() {
    let app = unhurried().await;
    admin(&app, "root@example.org").await;
    let okta = app.limited("okta", "edit").await;
    app.ask_to_join("ada@example.org").await.unwrap();
    invited(&app, "bob@example.org").await;
    for email in ["ada@example.org", "bob@example.org"] {
        let mut body = user(email);
        body["active"] = false.into();
        okta.post("/Users", &body).await.created();
        assert_eq!(app.status(email).await, "deactivated");
        assert_eq!(app.permissions(email).await, NOTHING);
    }
    assert_eq!(states(&app, "join_requests").await, ["withdrawn"]);
    assert_eq!(states(&app, "invitations").await, ["revoked"]);
    assert!(app.held().await.is_empty(), "nothing waits for somebody who is not there");
    assert_eq!(app.sql().await.number("SELECT COUNT(*) FROM jobs WHERE kind LIKE '%expire%'").await, 0);
}

#[tokio::test]
async fn t30_a_deactivation_ends_what_was_asked_before_it() {
    let app = unhurried().await;
    let root = admin(&app, "root@example.org").await;
    let okta = app.limited("okta", "edit").await;
    let ada = okta.user("ada@example.org").await;
    okta.user("bob@example.org").await;
    // Asked and invited before the address became a person's, by a door that did not see it.
    for email in ["ada@else.example", "bob@else.example"] {
        invited(&app, email).await;
    }
    let rename = "UPDATE invitations SET email_key = REPLACE(email_key, 'else.example', 'example.org')";
    app.sql().await.execute(rename).await;
    okta.patch(&format!("/Users/{ada}"), &active(false)).await.expect(200);
    app.opened.directory.deactivate_person(&root, None, "bob@example.org", Really::Yes).await.unwrap();
    assert_eq!(states(&app, "invitations").await, ["revoked", "revoked"]);
}
