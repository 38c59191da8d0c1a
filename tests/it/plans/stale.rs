//! What was read may change between a plan and its being applied: if that changes what it does, it is refused.

use std::time::Duration;

use secaro_gateway::provisioning::plans::{Change, State};
use secaro_gateway::scim::Dialect;
use serde_json::json;

use super::{apply, by_pattern, conflict, everybody, group_of, plan};
use crate::support::app::TestApp;

#[tokio::test]
async fn a_plan_that_would_do_otherwise_now_is_refused_and_says_what_changed() {
    let app = TestApp::new().await;
    let okta = app.connection("okta", Dialect::Okta).await;
    let group = group_of(&okta, "secaro-leeds-editors", 3).await;
    let planned = plan(&app, &by_pattern("edit_facility:{facility}")).await;
    let eve = okta.user("eve@example.org").await;
    let add = json!([{ "op": "add", "path": "members", "value": [{ "value": eve }] }]);
    okta.patch(&format!("/Groups/{group}"), &add).await.expect(204);
    let before = everybody(&app).await;

    let words = conflict(apply(&app, planned.id).await.unwrap_err());
    assert!(words.contains("stale") && words.contains("users and groups"), "{words}");
    assert!(words.contains("eve@example.org would now come to edit_facility:leeds too"), "{words}");
    assert_eq!(everybody(&app).await, before, "nothing is done");
    assert!(app.opened.provisioning.rules("okta").await.unwrap().is_empty(), "not even the rule is there");
    let (shown, _) = app.opened.provisioning.shown_plan(planned.id).await.unwrap();
    assert!(matches!(shown.state, State::Stale { .. }));
    assert!(conflict(apply(&app, planned.id).await.unwrap_err()).contains("stale"), "it stays so");

    let anew = plan(&app, &by_pattern("edit_facility:{facility}")).await;
    assert_eq!(anew.summary.gain, 4);
    apply(&app, anew.id).await.unwrap();
}

#[tokio::test]
async fn what_does_not_change_what_a_plan_does_does_not_make_it_stale() {
    let app = TestApp::new().await;
    let okta = app.connection("okta", Dialect::Okta).await;
    group_of(&okta, "secaro-leeds-editors", 3).await;
    let planned = plan(&app, &by_pattern("edit_facility:{facility}")).await;
    okta.user("eve@example.org").await;
    app.facility("example", "hull").await;
    app.organization("other", "other.example").await;
    let applied = apply(&app, planned.id).await.unwrap();
    assert!(matches!(applied.state, State::Applied { .. }));
    assert_ne!(applied.hash, planned.hash, "it was looked at again");
    assert!(app.permissions("u0@example.org").await.contains("edit_facility:leeds"));
}

#[tokio::test]
async fn a_plan_whose_change_can_no_longer_be_made_is_refused() {
    let app = TestApp::new().await;
    let okta = app.connection("okta", Dialect::Okta).await;
    group_of(&okta, "secaro-leeds-editors", 2).await;
    let rule = app.change(&by_pattern("edit_facility:{facility}")).await.change.rule().unwrap();
    let remove = Change::RemoveRule { connection: "okta".to_owned(), rule };
    let (one, other) = (plan(&app, remove.clone()).await, plan(&app, remove).await);
    apply(&app, one.id).await.unwrap();
    let words = conflict(apply(&app, other.id).await.unwrap_err());
    assert!(words.contains("stale") && words.contains("there is no rule"), "{words}");
}

#[tokio::test]
async fn a_plan_is_valid_for_a_while() {
    let app = TestApp::with(&[("guards.plan_valid_for", "2h")]).await;
    let okta = app.connection("okta", Dialect::Okta).await;
    group_of(&okta, "secaro-leeds-editors", 1).await;
    let planned = plan(&app, &by_pattern("edit_facility:{facility}")).await;
    app.clock.advance(Duration::from_hours(2));
    assert!(conflict(apply(&app, planned.id).await.unwrap_err()).contains("was valid until"));
    assert!(app.opened.provisioning.rules("okta").await.unwrap().is_empty());
}
