//! Applying in batches: whoever goes on with it, each follows once.

use secaro_gateway::auth::Actor;
use secaro_gateway::provisioning::plans::State;
use secaro_gateway::scim::Dialect;
use serde_json::json;

use super::{apply, by_pattern, conflict, effects, group_of, plan};
use crate::support::app::TestApp;

const RECORDS: &str = "SELECT COUNT(*) FROM audit_records WHERE action = 'person.access_changed'";
const PEOPLE: &str = "SELECT COUNT(DISTINCT target_id) FROM audit_records WHERE action = 'person.access_changed'";
const JOBS: &str = "SELECT COUNT(*) FROM jobs WHERE kind = 'plan.apply'";
const EVENTS: &str = "SELECT COUNT(*) FROM outbox WHERE kind = 'plan.applied'";

fn done(state: &State) -> u64 {
    if let State::Applying { done, .. } = state { *done } else { u64::MAX }
}

#[tokio::test]
async fn a_plan_that_is_killed_in_the_middle_is_gone_on_with_and_each_follows_once() {
    let app = TestApp::with(&[("guards.plan_batch", "3"), ("scim.rate_burst", "100000")]).await;
    let okta = app.connection("okta", Dialect::Okta).await;
    group_of(&okta, "secaro-leeds-editors", 11).await;
    let planned = plan(&app, &by_pattern("edit_facility:{facility}")).await;
    let started = app.opened.provisioning.start_plan(&app.operator(), planned.id).await.unwrap();
    assert_eq!(done(&started.state), 3, "the first batch comes with the change");
    let Actor::Operator(operator) = app.operator() else { unreachable!("the operator is one") };
    let author = operator.author(started.organization);
    let second = app.opened.provisioning.next_batch(&author, planned.id).await.unwrap();
    assert_eq!(done(&second.state), 6);
    assert_eq!(app.sql().await.number(JOBS).await, 1, "the worker will look after it");
    // Killed in the middle of the third batch: what it did is undone.
    let cut_off = app.opened.provisioning.next_batch(&author, planned.id);
    drop(tokio::time::timeout(std::time::Duration::from_micros(300), cut_off).await);

    // Two processes take over at once, and somebody asks to apply it again.
    let other = app.another_process().await;
    let request = started.id;
    let (one, two, again) = tokio::join!(
        app.opened.provisioning.continue_plan(request, app.request()),
        other.provisioning.continue_plan(request, app.request()),
        apply(&app, planned.id),
    );
    one.unwrap();
    two.unwrap();
    let words = conflict(again.unwrap_err());
    assert!(words.contains("is being applied") || words.contains("has been applied"), "{words}");
    let mut sql = app.sql().await;
    assert_eq!((sql.number(RECORDS).await, sql.number(PEOPLE).await), (11, 11), "one record each");
    assert_eq!((sql.number(JOBS).await, sql.number(EVENTS).await), (0, 1));
    for number in 0..11 {
        assert!(app.permissions(&format!("u{number}@example.org")).await.contains("edit_facility:leeds"));
    }
    app.opened.provisioning.continue_plan(planned.id, app.request()).await.unwrap();
    assert_eq!(app.sql().await.number(RECORDS).await, 11, "going on with what is done does nothing");
}

#[tokio::test]
async fn of_many_who_apply_a_plan_at_once_one_does() {
    let app = TestApp::with(&[("guards.plan_batch", "2")]).await;
    let okta = app.connection("okta", Dialect::Okta).await;
    group_of(&okta, "secaro-leeds-editors", 5).await;
    let planned = plan(&app, &by_pattern("edit_facility:{facility}")).await;
    let other = app.another_process().await;
    let actor = app.operator();
    let mut here = |_: &_| {};
    let (mut there, mut too) = (here, here);
    let (one, two, three) = tokio::join!(
        app.opened.provisioning.apply_plan(&actor, planned.id, &mut here),
        other.provisioning.apply_plan(&actor, planned.id, &mut there),
        app.opened.provisioning.apply_plan(&actor, planned.id, &mut too),
    );
    let outcomes = [one, two, three];
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1, "{outcomes:?}");
    for refused in outcomes.into_iter().filter_map(Result::err) {
        assert!(conflict(refused).contains("applied by operator test"));
    }
    assert_eq!(app.sql().await.number(RECORDS).await, 5);
}

#[tokio::test]
async fn what_the_idp_says_meanwhile_is_the_truth_and_the_plan_says_so() {
    let app = TestApp::with(&[("guards.plan_batch", "1")]).await;
    let okta = app.connection("okta", Dialect::Okta).await;
    let group = group_of(&okta, "secaro-leeds-editors", 3).await;
    let planned = plan(&app, &by_pattern("edit_facility:{facility}")).await;
    app.opened.provisioning.start_plan(&app.operator(), planned.id).await.unwrap();
    okta.patch(&format!("/Groups/{group}"), &json!([{ "op": "remove", "path": "members" }])).await.expect(204);
    app.opened.provisioning.continue_plan(planned.id, app.request()).await.unwrap();
    for number in 0..3 {
        assert!(app.permissions(&format!("u{number}@example.org")).await.is_empty());
    }
    let notes: Vec<_> = effects(&app, planned.id).await.into_iter().filter_map(|effect| effect.note).collect();
    assert_eq!(notes, ["came otherwise: View only", "came otherwise: View only"], "the first had followed before");
}

#[tokio::test]
async fn admins_are_told_of_a_plan_that_moved_somebody() {
    let app = TestApp::new().await;
    let okta = app.connection("okta", Dialect::Okta).await;
    let before = app.sql().await.number("SELECT COUNT(*) FROM mails WHERE kind = 'plan_applied'").await;
    assert_eq!(before, 0, "setting up tells nobody anything");
    group_of(&okta, "secaro-leeds-editors", 2).await;
    app.grant("u0@example.org", "organization_admin").await;
    app.change(&by_pattern("edit_facility:{facility}")).await;
    assert_eq!(app.sql().await.number("SELECT COUNT(*) FROM mails WHERE kind = 'plan_applied'").await, 1);
}
