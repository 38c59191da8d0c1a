//! What a link shows and to whom, and that the policy of the moment counts at every door.

use std::time::Duration;

use secaro_gateway::directory::Error;
use secaro_gateway::directory::invitations::NewInvitation;
use secaro_gateway::directory::join_requests::{JoinRequestState, Standing, State, Wanted};
use secaro_gateway::ids::OrganizationId;
use secaro_gateway::scim::Dialect;
use serde_json::json;

use super::conflict;
use crate::support::app::TestApp;

#[tokio::test]
async fn t43_an_unproven_link_shows_nothing_and_asks_for_nothing() {
    let app = TestApp::new().await;
    app.register("ada@example.org").await;
    let secret = app.join_secret("ada@example.org").await;
    let directory = &app.opened.directory;
    let shown = directory.look_at_mailbox(&secret).await.unwrap().unwrap();
    assert_eq!((shown.email.as_str(), shown.offers), ("ada@example.org", None));
    let example = directory.organization("example").await.unwrap().organization.id;
    let wanted = Wanted::read(&example.to_string(), "", "").unwrap();
    assert!(directory.ask_to_join(app.request(), &secret, &wanted).await.unwrap().is_none());
    assert!(directory.withdraw_join_requests(app.request(), &secret, None).await.unwrap().is_none());
    assert_eq!(app.count("join_requests").await, 0);
    let proven = directory.look_at_mailbox(&secret).await.unwrap().unwrap();
    assert_eq!(proven.offers, None, "looking proves nothing");
}

#[tokio::test]
async fn t43_a_secret_is_bound_to_its_address_and_to_its_time() {
    let app = TestApp::new().await;
    let (ada, _) = app.prove("ada@example.org").await;
    app.register("eve@evil.example").await;
    let eve = app.join_secret("eve@evil.example").await;
    assert_ne!(ada, eve);
    let directory = &app.opened.directory;
    let shown = directory.prove_mailbox(&eve).await.unwrap().unwrap();
    assert_eq!((shown.email.as_str(), shown.offers.unwrap().len()), ("eve@evil.example", 0));
    let example: OrganizationId = directory.organization("example").await.unwrap().organization.id;
    let wanted = Wanted::read(&example.to_string(), "", "").unwrap();
    let words = conflict(directory.ask_to_join(app.request(), &eve, &wanted).await);
    // The same words as for an organization that there is not.
    let nowhere = Wanted::read("019b0000-0000-7000-8000-000000000000", "", "").unwrap();
    assert_eq!(words, conflict(directory.ask_to_join(app.request(), &eve, &nowhere).await));
    app.clock.advance(Duration::from_hours(24));
    for secret in [&ada, &eve, "", "secaro_join_x", "'; DROP TABLE people; --"] {
        assert!(directory.look_at_mailbox(secret).await.unwrap().is_none(), "{secret}");
        assert!(directory.prove_mailbox(secret).await.unwrap().is_none(), "{secret}");
    }
}

#[tokio::test]
async fn t40_only_the_exact_domain_is_shown_its_organization() {
    let app = TestApp::new().await;
    for (email, offers) in [
        ("ada@example.org", 1),
        ("ada@EXAMPLE.org", 1),
        ("ada@evilexample.org", 0),
        ("ada@sub.example.org", 0),
        ("ada@example.org.evil.io", 0),
        ("ada@xn--xample-9uf.org", 0),
        ("ada@ex\u{430}mple.org", 0),
        ("ada@example.or", 0),
    ] {
        let (_, shown) = app.prove(email).await;
        assert_eq!(shown.offers.unwrap().len(), offers, "{email}");
    }
}

#[tokio::test]
async fn t45_a_domain_that_is_lost_or_suspended_meanwhile_lets_nobody_in() {
    let app = TestApp::new().await;
    app.admin("olga@example.org").await;
    let asked = app.ask_to_join("ada@example.org").await.unwrap();
    let set = async |columns: &str| app.sql().await.execute(&format!("UPDATE domains SET {columns}")).await;
    for lost in ["suspended_at = 1", "suspended_at = NULL, verified_at = NULL"] {
        set(lost).await;
        let words = conflict(app.accept("olga@example.org", asked.id, &[]).await);
        assert!(words.contains("example.org is no longer verified"), "{words}");
        assert_eq!(app.people().await, 1, "{lost}");
        assert_eq!(app.prove("someone@example.org").await.1.offers.unwrap().len(), 0, "{lost}");
        let (secret, _) = app.prove("ada@example.org").await;
        let standings = app.standings(&secret).await;
        assert!(matches!(standings[0].1, Standing::Pending { .. }), "whoever waits still sees that they do");
    }
    set("verified_at = 1").await;
    app.accept("olga@example.org", asked.id, &[]).await.unwrap();
}

#[tokio::test]
async fn t45_whom_the_idp_deactivated_cannot_come_in_by_asking() {
    let app = TestApp::new().await;
    app.admin("olga@example.org").await;
    let okta = app.connection("okta", Dialect::Okta).await;
    let asked = app.ask_to_join("ada@example.org").await.unwrap();
    // Provisioned and deactivated between the request and the decision.
    let id = okta.user("ada@example.org").await;
    okta.patch(&format!("/Users/{id}"), &json!([{ "op": "replace", "value": { "active": false } }])).await;
    conflict(app.accept("olga@example.org", asked.id, &["organization_admin"]).await);
    assert_eq!(app.status("ada@example.org").await, "deactivated");

    let (secret, shown) = app.prove("ada@example.org").await;
    let offer = &shown.offers.unwrap()[0];
    assert_eq!(offer.standing, Standing::DeactivatedByIdp);
    let wanted = Wanted::read(&offer.organization.to_string(), "", "").unwrap();
    let words = conflict(app.opened.directory.ask_to_join(app.request(), &secret, &wanted).await);
    assert!(words.contains("ask your IT department"), "{words}");
}

#[tokio::test]
async fn t45_whom_an_idp_brings_first_is_one_person_and_their_request_is_closed() {
    let app = TestApp::new().await;
    app.admin("olga@example.org").await;
    let okta = app.connection("okta", Dialect::Okta).await;
    let asked = app.ask_to_join("ada@example.org").await.unwrap();
    okta.user("Ada@example.org").await;
    let closed = app.opened.directory.join_request("example", asked.id).await.unwrap().request;
    let State::Accepted { by, .. } = &closed.state else { panic!("{:?}", closed.state) };
    assert_eq!(by, "connection okta");
    assert!(closed.person.is_some());
    let words = conflict(app.accept("olga@example.org", asked.id, &["organization_admin"]).await);
    assert!(words.starts_with("connection okta accepted this request at"), "{words}");
    assert_eq!(app.people().await, 2);
    assert!(app.permissions("Ada@example.org").await.is_empty());
    assert_eq!(app.count("jobs WHERE kind LIKE 'join_request%'").await, 0);
    let mails = app.mails().await;
    assert!(mails.contains(&"join_request_accepted ada@example.org".to_owned()), "{mails:?}");
    assert!(mails.contains(&"join_request_decided olga@example.org".to_owned()), "{mails:?}");
}

#[tokio::test]
async fn an_invitation_and_a_request_of_the_same_address_end_together() {
    let app = TestApp::new().await;
    app.admin("olga@example.org").await;
    let admin = app.member("olga@example.org").await;
    let directory = &app.opened.directory;
    let invite = async |email: &str| {
        let new = NewInvitation { name: "Ada".to_owned(), email: email.to_owned(), ..NewInvitation::default() };
        directory.stage_invitation(&admin, "example", &new).await.unwrap();
        directory.send_invitations(&admin, "example").await.unwrap();
        app.invitation_secret(email).await
    };
    // Accepted by the request: the invitation opens nothing any more.
    let asked = app.ask_to_join("ada@example.org").await.unwrap();
    let secret = invite("ada@example.org").await;
    app.accept("olga@example.org", asked.id, &[]).await.unwrap();
    assert!(directory.accept_invitation(&secret, app.request()).await.is_err());
    // Accepted by the invitation: there is nothing left to decide.
    let asked = app.ask_to_join("bob@example.org").await.unwrap();
    let secret = invite("bob@example.org").await;
    directory.accept_invitation(&secret, app.request()).await.unwrap();
    conflict(app.accept("olga@example.org", asked.id, &[]).await);
    assert_eq!(app.people().await, 3);
}

#[tokio::test]
async fn whoever_is_there_already_is_told_how_they_stand() {
    let app = TestApp::new().await;
    app.person("in@example.org", "active").await;
    app.person("invited@example.org", "invited").await;
    app.person("out@example.org", "deactivated").await;
    for (email, standing) in [
        ("in@example.org", Standing::Person),
        ("invited@example.org", Standing::Invited),
        ("out@example.org", Standing::DeactivatedByAdmin),
        ("new@example.org", Standing::MayAsk),
    ] {
        let refused = standing != Standing::MayAsk;
        let (secret, _) = app.prove(email).await;
        assert_eq!(app.standings(&secret).await, [("example".to_owned(), standing)]);
        assert_eq!(app.ask_to_join(email).await.is_err(), refused, "{email}");
    }
    assert_eq!(app.tab(JoinRequestState::Pending).await.len(), 1);
}

#[tokio::test]
async fn an_admin_sees_whether_an_idp_knows_the_address() {
    let app = TestApp::new().await;
    app.admin("olga@example.org").await;
    let okta = app.connection("okta", Dialect::Okta).await;
    // Somebody whose link is held, because the person who is there is an admin.
    okta.user("olga@example.org").await;
    app.ask_to_join("ada@example.org").await.unwrap();
    let mut sql = app.sql().await;
    sql.execute("UPDATE join_requests SET email = 'olga@example.org'").await;
    let listed = app.tab(JoinRequestState::Pending).await;
    let known = &listed[0].known_to_idps;
    assert_eq!(known.len(), 1);
    assert_eq!(
        (known[0].connection.as_str(), known[0].link.map(secaro_gateway::store::links::LinkState::as_str)),
        ("okta", Some("held"))
    );
}

#[tokio::test]
async fn a_request_that_is_not_there_is_said_not_to_be() {
    let app = TestApp::new().await;
    app.admin("olga@example.org").await;
    let unknown = "019b0000-0000-7000-8000-000000000000".parse().unwrap();
    let refused = app.accept("olga@example.org", unknown, &[]).await;
    assert!(matches!(refused, Err(Error::NotFound { .. })), "{refused:?}");
    app.opened.directory.remind_of_join_request(unknown, app.request()).await.unwrap();
    app.opened.directory.expire_join_request(unknown, app.request()).await.unwrap();
}
