//! Held links and addresses, decided: what the User says reaches the person or never does.

use futures_util::future::join_all;
use secaro_gateway::directory::edit::Edit;
use secaro_gateway::directory::permissions::Permission;
use secaro_gateway::provisioning::holds::Decision;
use serde_json::json;

use super::{admin, decide, held, is_conflict, is_forbidden, only_held, unhurried, words};
use crate::bridge::{NOTHING, active, replace, set, user, with_role};

#[tokio::test]
async fn t11_a_linked_user_reaches_the_person_and_one_kept_apart_never_does() {
    for (decision, linked) in [(Decision::Release, true), (Decision::Discard, false)] {
        let app = unhurried().await;
        let root = admin(&app, "root@example.org").await;
        let okta = app.limited("okta", "edit").await;
        app.person("ada@example.org", "active").await;
        app.grant("ada@example.org", "billing_admin").await;
        let mut body = user("ada@example.org");
        body["entitlements"] = json!([{ "value": "edit_organization" }]);
        let id = okta.post("/Users", &body).await.created();
        let conflict = app.opened.provisioning.conflict("example", &id).await.unwrap();
        assert_eq!(conflict.differs, ["name", "connection", "permissions"]);
        assert_eq!(conflict.user.permissions, ["edit_organization"]);

        decide(&app, &root, &id, decision).await.unwrap();
        assert!(held(&app).await.is_empty());
        let both = set(["billing_admin", "edit_organization"]);
        assert_eq!(app.permissions("ada@example.org").await, if linked { both } else { set(["billing_admin"]) });
        let path = format!("/Users/{id}");
        okta.patch(&path, &replace("title", "x")).await.expect(200);
        okta.put(&path, &body).await.expect(200);
        okta.patch(&path, &active(false)).await.expect(200);
        assert!(held(&app).await.is_empty(), "not asked again");
        assert_eq!(app.status("ada@example.org").await, if linked { "deactivated" } else { "active" });
        okta.delete(&path).await.expect(204);
        assert_eq!(app.status("ada@example.org").await, if linked { "deactivated" } else { "active" });
    }
}

#[tokio::test]
async fn t11_the_decision_is_evaluated_against_now() {
    let app = unhurried().await;
    let root = admin(&app, "root@example.org").await;
    let okta = app.limited("okta", "edit").await;
    app.person("ada@example.org", "active").await;
    app.grant("ada@example.org", "billing_admin").await;
    let id = okta.user("ada@example.org").await;
    // The person has moved to another address since.
    let moved =
        secaro_gateway::directory::edit::Edit { email: Some("countess@example.org".to_owned()), ..Default::default() };
    app.opened.directory.edit_person(&root, None, "ada@example.org", &moved).await.unwrap();
    assert!(is_conflict(&decide(&app, &root, &id, Decision::Release).await));
    assert_eq!(app.explain("countess@example.org").await.overview.managed_by, None, "untouched");
    assert_eq!(app.permissions("countess@example.org").await, set(["billing_admin"]));
    assert_eq!(app.explain("ada@example.org").await.overview.managed_by.as_deref(), Some("okta"), "looked at anew");

    // A link about oneself is somebody else's to decide.
    let own = okta.user("root@example.org").await;
    assert!(is_forbidden(&decide(&app, &root, &own, Decision::Release).await));
    assert!(is_forbidden(&decide(&app, &root, &own, Decision::Discard).await));
}

#[tokio::test]
async fn t46_a_held_link_has_one_decision_and_the_others_hear_whose() {
    let app = unhurried().await;
    let mut admins = Vec::new();
    for number in 0..16 {
        admins.push(admin(&app, &format!("admin{number}@example.org")).await);
    }
    let okta = app.limited("okta", "edit").await;
    for round in 0..6 {
        let email = format!("user{round}@elsewhere.example");
        app.person(&email, "active").await;
        let id = okta.user(&email).await;
        let decisions = admins.iter().enumerate().map(|(number, actor)| {
            decide(&app, actor, &id, if number % 2 == 0 { Decision::Release } else { Decision::Discard })
        });
        let outcomes = join_all(decisions).await;
        let winners: Vec<usize> = (0..16).filter(|number| outcomes[*number].is_ok()).collect();
        assert_eq!(winners.len(), 1);
        let name = format!("admin{}@example.org", winners[0]);
        assert!(outcomes.into_iter().filter(Result::is_err).all(|outcome| words(outcome).starts_with(&name)));
        let managed = app.explain(&email).await.overview.managed_by;
        assert_eq!(managed.is_some(), winners[0].is_multiple_of(2));
        let sql = "SELECT COUNT(*) FROM audit_records WHERE action = 'link.decided'";
        assert_eq!(app.sql().await.number(sql).await, round + 1);
    }
}

#[tokio::test]
async fn linking_to_a_person_of_another_connection_ends_that_ones_hold() {
    let app = unhurried().await;
    let root = admin(&app, "root@example.org").await;
    let okta = app.limited("okta", "edit").await;
    let entra = app.limited("entra", "edit").await;
    let mut body = user("ada@example.org");
    body["entitlements"] = json!([{ "value": "edit_facility:leeds" }]);
    let old = okta.post("/Users", &body).await.created();
    body["entitlements"] = json!([{ "value": "edit_facility:york" }]);
    let new = entra.post("/Users", &body).await.created();
    assert_eq!(only_held(&app).await.reason, "other_connection");
    decide(&app, &root, &new, Decision::Release).await.unwrap();
    assert_eq!(app.explain("ada@example.org").await.overview.managed_by.as_deref(), Some("entra"));
    assert_eq!(app.permissions("ada@example.org").await, set(["edit_facility:york"]));
    okta.patch(&format!("/Users/{old}"), &active(false)).await.expect(200);
    okta.delete(&format!("/Users/{old}")).await.expect(204);
    assert_eq!(app.status("ada@example.org").await, "active", "the first one let go");
}

#[tokio::test]
async fn a_held_address_moves_or_stays_and_another_one_asks_again() {
    let app = unhurried().await;
    let root = admin(&app, "root@example.org").await;
    let okta = app.limited("okta", "edit").await;
    let ada = okta.user("ada@example.org").await;
    okta.user("bob@example.org").await;
    let path = format!("/Users/{ada}");
    let to =
        |email: &str| json!([{ "op": "replace", "path": "emails", "value": [{ "value": email, "primary": true }] }]);
    okta.patch(&path, &to("ada@one.example")).await.expect(200);
    decide(&app, &root, &ada, Decision::Discard).await.unwrap();
    okta.patch(&path, &replace("title", "x")).await.expect(200);
    assert!(held(&app).await.is_empty(), "that one was decided");
    okta.patch(&path, &to("ada@two.example")).await.expect(200);
    assert_eq!(only_held(&app).await.reason, "address_unverified");
    decide(&app, &root, &ada, Decision::Release).await.unwrap();
    assert_eq!(app.status("ada@two.example").await, "active");
    okta.patch(&path, &to("bob@example.org")).await.expect(200);
    assert_eq!(only_held(&app).await.reason, "address_taken");
    assert!(is_conflict(&decide(&app, &root, &ada, Decision::Release).await), "nobody's address is taken");
    assert!(is_conflict(&decide(&app, &root, &okta.user("eve@example.org").await, Decision::Release).await));
}

#[tokio::test]
async fn a_user_without_an_address_is_set_aside_until_one_comes() {
    let app = unhurried().await;
    let root = admin(&app, "root@example.org").await;
    let okta = app.limited("okta", "edit").await;
    let id = okta.post("/Users", &json!({ "userName": "robot" })).await.created();
    assert!(is_conflict(&decide(&app, &root, &id, Decision::Release).await));
    decide(&app, &root, &id, Decision::Discard).await.unwrap();
    assert!(held(&app).await.is_empty());
    let address = json!([{ "op": "replace", "path": "emails", "value": [{ "value": "robot@example.org" }] }]);
    okta.patch(&format!("/Users/{id}"), &address).await.expect(200);
    assert_eq!(app.status("robot@example.org").await, "active");
}

#[tokio::test]
async fn t11_linking_never_gives_an_admin_role_unasked() {
    let app = unhurried().await;
    let root = admin(&app, "root@example.org").await;
    let okta = app.limited("okta", "edit").await;
    app.person("eve@elsewhere.example", "active").await;
    let id = okta.post("/Users", &with_role("eve@elsewhere.example", "organization_admin")).await.created();
    decide(&app, &root, &id, Decision::Release).await.unwrap();
    assert_eq!(app.permissions("eve@elsewhere.example").await, NOTHING);
    assert_eq!(only_held(&app).await.reason, "ceiling");
}

/// Whoever becomes an admin while an IdP's POST is under way was linked before that, or waits for a decision.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn t11_nobody_is_linked_unasked_who_is_an_admin_by_then() {
    let app = unhurried().await;
    let root = admin(&app, "root@example.org").await;
    let okta = app.limited("okta", "edit").await;
    let promote = Edit { give: vec![Permission::BillingAdmin], ..Edit::default() };
    let mut outcomes = [0, 0];
    for round in 0..40 {
        let email = format!("ada{round}@example.org");
        app.person(&email, "active").await;
        let body = user(&email);
        let promoted = app.opened.directory.edit_person(&root, None, &email, &promote);
        let posted = okta.post("/Users", &body);
        // One after the other, so that both ends are seen whatever the machine is at, and at once.
        let (promoted, posted) = match round % 4 {
            0 => (promoted.await, posted.await),
            1 => {
                let posted = posted.await;
                (promoted.await, posted)
            }
            _ => tokio::join!(promoted, posted),
        };
        promoted.unwrap();
        posted.expect(201);
        let of_person = format!(
            "SELECT action FROM audit_records WHERE action IN ('link.made', 'person.access_changed') AND target_id = \
             (SELECT id FROM people WHERE email_key = '{email}') ORDER BY at, id"
        );
        let trail = app.sql().await.texts(&of_person).await;
        let linked = trail.iter().position(|action| action == "link.made");
        let became_admin = trail.iter().position(|action| action == "person.access_changed").expect("promoted");
        assert!(linked.is_none_or(|linked| linked < became_admin), "round {round}: {trail:?}");
        outcomes[usize::from(linked.is_some())] += 1;
    }
    assert_eq!(held(&app).await.len(), outcomes[0], "{outcomes:?}");
    assert!(outcomes.iter().all(|rounds| *rounds > 0), "both were to be seen: {outcomes:?}");
}
