//! The life of a connection: pending, active, paused, deleted, each step a plan.

use secaro_gateway::provisioning::ceiling::Ceiling;
use secaro_gateway::provisioning::connections::NewConnection;
use secaro_gateway::provisioning::plans::{Change, State};
use secaro_gateway::scim::Dialect;
use serde_json::json;

use super::{apply, by_pattern, conflict, effects, of_group, plan};
use crate::support::app::{Idp, TestApp};

fn okta() -> String {
    "okta".to_owned()
}

async fn pending(app: &TestApp) -> Idp {
    let new = NewConnection {
        organization: "example".to_owned(),
        key: okta(),
        dialect: Dialect::Okta,
        strict: false,
        may_grant: Ceiling::default(),
        pending: true,
    };
    app.opened.provisioning.create_connection(&app.operator(), &new).await.unwrap();
    app.idp("okta").await
}

#[tokio::test]
async fn a_pending_connection_keeps_everything_and_reaches_nobody_until_it_is_activated() {
    let app = TestApp::with(&[("guards.plan_batch", "2")]).await;
    app.person("bob@example.org", "active").await;
    app.person("eva@example.org", "active").await;
    app.grant("eva@example.org", "organization_admin").await;
    let idp = pending(&app).await;
    let ada = idp.user("ada@example.org").await;
    let bob = idp.user("bob@example.org").await;
    idp.user("eva@example.org").await;
    app.clock.advance(std::time::Duration::from_secs(1));
    let mut twice = json!({ "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "ada-2",
        "emails": [{ "value": "ada@example.org", "primary": true }], "active": true });
    idp.post("/Users", &twice).await.created();
    twice["userName"] = json!("gone@example.org");
    twice["emails"][0]["value"] = json!("gone@example.org");
    let gone = idp.post("/Users", &twice).await.created();
    idp.group("secaro-leeds-editors", &[&ada, &bob]).await;
    idp.patch(&format!("/Users/{bob}"), &json!([{ "op": "replace", "path": "active", "value": false }]))
        .await
        .expect(200);
    idp.patch(&format!("/Users/{bob}"), &json!([{ "op": "replace", "path": "active", "value": true }]))
        .await
        .expect(200);
    idp.delete(&format!("/Users/{gone}")).await.expect(204);
    assert!(!app.change(&by_pattern("edit_facility:{facility}")).await.is_planned());
    assert_eq!(app.people().await, 2, "nobody comes");
    assert_eq!(app.status("bob@example.org").await, "active");
    assert!(app.held().await.is_empty() && app.permissions("bob@example.org").await.is_empty());

    let planned = plan(&app, Change::Activate { connection: okta() }).await;
    assert_eq!((planned.summary.added, planned.summary.gain), (1, 2));
    let shown = effects(&app, planned.id).await;
    let of = |email: &str| shown.iter().filter(|effect| effect.email == email).collect::<Vec<_>>();
    assert_eq!(of("bob@example.org")[0].after.managed_by.as_deref(), Some("okta"));
    assert_eq!(of("eva@example.org")[0].after.held, ["link (existing_admin)"]);
    assert_eq!(of("ada@example.org").len(), 2, "two Users of one address: one is held");
    assert_eq!(app.people().await, 2, "planning adds nobody");

    apply(&app, planned.id).await.unwrap();
    for email in ["ada@example.org", "bob@example.org"] {
        assert!(app.permissions(email).await.contains("edit_facility:leeds"), "{email}");
    }
    assert_eq!(app.people().await, 3);
    let mut reasons: Vec<_> = app.held().await.into_iter().map(|held| held.1).collect();
    reasons.sort();
    assert_eq!(reasons, ["already_linked", "existing_admin"]);
    let notes: Vec<_> = effects(&app, planned.id).await.into_iter().filter_map(|effect| effect.note).collect();
    assert!(notes.is_empty(), "all came as shown: {notes:?}");
    idp.user("new@example.org").await;
    assert_eq!(app.status("new@example.org").await, "active");
}

#[tokio::test]
async fn t25_a_deleted_connection_lets_nobody_in_and_leaves_only_what_people_gave() {
    let app = TestApp::with(&[("guards.plan_batch", "2"), ("scim.rate_burst", "1000")]).await;
    let idp = app.connection("okta", Dialect::Okta).await;
    let second = app.idp_named("okta", "second").await;
    let ids = [idp.user("ada@example.org").await, idp.user("bob@example.org").await, idp.user("eva@example.org").await];
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    idp.group("secaro-leeds-editors", &ids).await;
    app.change(&by_pattern("edit_facility:{facility}")).await;
    app.grant("ada@example.org", "edit_organization").await;

    let planned = plan(&app, Change::Delete { connection: okta() }).await;
    assert_eq!((planned.summary.lose, planned.summary.become_view_only), (3, 2));
    app.opened.provisioning.start_plan(&app.operator(), planned.id).await.unwrap();
    for caller in [&idp, &second] {
        caller.get("/Users").await.expect(401);
        caller.post("/Users", &json!({ "userName": "late@example.org" })).await.expect(401);
    }
    let live = "SELECT COUNT(*) FROM tokens WHERE revoked_at IS NULL";
    assert_eq!(app.sql().await.number(live).await, 0, "in the same transaction, while people still follow");
    app.opened.provisioning.continue_plan(planned.id, app.request()).await.unwrap();

    assert_eq!(app.permissions("ada@example.org").await.into_iter().collect::<Vec<_>>(), ["edit_organization"]);
    assert!(app.permissions("bob@example.org").await.is_empty());
    let mut sql = app.sql().await;
    for gone in ["resources", "members", "links", "rules"] {
        assert_eq!(sql.number(&format!("SELECT COUNT(*) FROM {gone}")).await, 0, "{gone}");
    }
    assert_eq!(sql.number("SELECT COUNT(*) FROM grants WHERE connection_id IS NOT NULL").await, 0);
    assert_eq!(sql.number("SELECT COUNT(*) FROM people WHERE managed_by IS NOT NULL").await, 0);
    let lifetime = std::time::Duration::from_hours(24);
    let issued = app.opened.provisioning.issue_token(&app.operator(), "okta", "third", lifetime).await;
    assert!(conflict(issued.err().unwrap()).contains("is deleted"));
    let change = Change::from(&by_pattern("edit_facility:{facility}"));
    assert!(app.opened.provisioning.plan(&app.operator(), change).await.is_err(), "nothing of it can be changed");
}

#[tokio::test]
async fn t23_no_plan_takes_the_last_organization_admin() {
    let app = TestApp::with(&[("guards.plan_batch", "1")]).await;
    let idp = app.connection("okta", Dialect::Okta).await;
    let ids = [idp.user("ada@example.org").await, idp.user("bob@example.org").await];
    let admins = idp.group("Admins", &[&ids[0], &ids[1]]).await;
    app.change(&of_group(&admins, "organization_admin")).await;
    let delete = Change::Delete { connection: okta() };
    let lower = Change::SetCeiling { connection: okta(), may_grant: "edit".to_owned() };
    for change in [delete.clone(), lower] {
        let refused = app.opened.provisioning.plan(&app.operator(), change).await;
        assert!(conflict(refused.unwrap_err()).contains("without an active Organization admin"));
    }
    // With somebody else, it can be planned; but not applied once that one has gone.
    app.person("eva@example.org", "active").await;
    app.grant("eva@example.org", "organization_admin").await;
    let planned = plan(&app, delete).await;
    assert_eq!(planned.summary.admins_changed, 2);
    app.sql()
        .await
        .execute(
            "UPDATE people SET status = 'deactivated', deactivated_by = 'admin' WHERE email_key = 'eva@example.org'",
        )
        .await;
    assert!(conflict(apply(&app, planned.id).await.unwrap_err()).contains("without an active Organization admin"));
    assert!(app.permissions("ada@example.org").await.contains("organization_admin"));
    idp.get("/Users").await.expect(200);
}

#[tokio::test]
async fn pausing_moves_nobody_and_only_some_steps_are_possible() {
    let app = TestApp::new().await;
    let idp = app.connection("okta", Dialect::Okta).await;
    let ada = idp.user("ada@example.org").await;
    idp.group("secaro-leeds-editors", &[&ada]).await;
    app.change(&by_pattern("edit_facility:{facility}")).await;
    let paused = app.change(Change::Pause { connection: okta() }).await;
    assert!(matches!(paused.state, State::Applied { .. }) && paused.summary.moved == 0);
    idp.get("/Users").await.expect(503);
    assert!(app.permissions("ada@example.org").await.contains("edit_facility:leeds"));
    let refused = app.opened.provisioning.plan(&app.operator(), Change::Activate { connection: okta() }).await;
    assert!(conflict(refused.unwrap_err()).contains("is paused"));
    app.change(Change::Resume { connection: okta() }).await;
    idp.get("/Users").await.expect(200);
}
