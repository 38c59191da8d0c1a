//! The mass-change guard: what is lost beyond the threshold is kept until somebody decides; access that ends, ends, and
//! one command undoes the batch.

use std::time::Duration;

use futures_util::future::join_all;
use secaro_gateway::provisioning::holds::Decision;
use serde_json::json;

use super::{admin, held, is_conflict, unhurried, unhurried_with};
use crate::bridge::{NOTHING, active, replace, set};
use crate::support::app::{Idp, TestApp};

const FEW: [(&str, &str); 2] = [("guards.mass_change_count", "3"), ("guards.mass_change_percent", "5")];

/// People of a group that may edit Leeds: their ids, and the group's.
async fn editors(app: &TestApp, okta: &Idp, count: usize) -> (Vec<String>, String) {
    app.pattern_rule("okta", "secaro-{facility}-editors", &["edit_facility:{facility}"]).await;
    let emails: Vec<_> = (0..count).map(|number| format!("user{number}@example.org")).collect();
    let ids = join_all(emails.iter().map(|email| okta.user(email))).await;
    let members: Vec<&str> = ids.iter().map(String::as_str).collect();
    let group = okta.group("secaro-leeds-editors", &members).await;
    (ids, group)
}

async fn editing(app: &TestApp) -> i64 {
    let sql = "SELECT COUNT(*) FROM grants g JOIN people p ON p.id = g.person_id \
               WHERE g.permission = 'edit_facility' AND g.state = 'effective' AND p.status = 'active'";
    app.sql().await.number(sql).await
}

async fn events(app: &TestApp, kind: &str) -> i64 {
    app.sql().await.number(&format!("SELECT COUNT(*) FROM outbox WHERE kind = '{kind}'")).await
}

#[tokio::test]
async fn t33_a_request_that_takes_from_many_is_held_for_all_of_them_and_decided_as_one() {
    let app = unhurried_with(&FEW).await;
    let root = admin(&app, "root@example.org").await;
    let okta = app.limited("okta", "edit").await;
    let (ids, group) = editors(&app, &okta, 40).await;
    okta.patch(&format!("/Groups/{group}"), &json!([{ "op": "remove", "path": "members" }])).await.expect(204);
    assert!(okta.get(&format!("/Groups/{group}")).await.body.get("members").is_none(), "memberships are stored truly");
    assert_eq!(editing(&app).await, 40, "all of them, not the last of them");
    assert_eq!(events(&app, "mass_change.held").await, 1);
    let waits = held(&app).await;
    assert_eq!(waits.len(), 40);
    let mass = waits[0].mass_change.unwrap().to_string();
    assert!(waits.iter().all(|item| item.reason == "mass_change" && item.deadline.is_some()));

    // Another look at a person changes nothing; asserted again, it is not held any longer.
    okta.patch(&format!("/Users/{}", ids[0]), &replace("title", "x")).await.expect(200);
    assert_eq!(app.permissions("user0@example.org").await, set(["edit_facility:leeds"]));
    let back = json!([{ "op": "add", "path": "members", "value": [{ "value": ids[1] }] }]);
    okta.patch(&format!("/Groups/{group}"), &back).await.expect(204);
    assert_eq!(held(&app).await.len(), 39);

    let ids = app.opened.provisioning.held_by_mass_change("example", &mass).await.unwrap();
    let (keep, lose) = ids.split_at(9);
    for (ids, decision) in [(keep, Decision::Discard), (lose, Decision::Release)] {
        let decided = app.opened.provisioning.decide_held(&root, "example", ids, decision).await.unwrap();
        assert!(decided.iter().all(|(_, outcome)| outcome.is_ok()), "{decided:?}");
    }
    assert_eq!(editing(&app).await, 10, "nine were kept by hand, one is asserted");
    assert!(held(&app).await.is_empty());
}

#[tokio::test]
async fn t33_of_many_losses_at_once_exactly_the_threshold_is_lost() {
    let app = unhurried_with(&[("guards.mass_change_count", "10"), ("guards.mass_change_percent", "5")]).await;
    let okta = app.limited("okta", "edit").await;
    let (ids, group) = editors(&app, &okta, 64).await;
    let path = format!("/Groups/{group}");
    let removals: Vec<_> =
        ids.iter().map(|id| json!([{ "op": "remove", "path": format!("members[value eq \"{id}\"]") }])).collect();
    for answer in join_all(removals.iter().map(|removal| okta.patch(&path, removal))).await {
        answer.expect(204);
    }
    assert_eq!(editing(&app).await, 54);
    assert_eq!(events(&app, "mass_change.held").await, 1, "admins are told once");
    assert_eq!(held(&app).await.len(), 54);
}

#[tokio::test]
async fn the_window_passes_and_the_larger_figure_counts() {
    let app = unhurried_with(&[("guards.mass_change_count", "2"), ("guards.mass_change_percent", "50")]).await;
    let okta = app.limited("okta", "edit").await;
    let (ids, group) = editors(&app, &okta, 8).await;
    let path = format!("/Groups/{group}");
    let without = |ids: &[String]| {
        let each = |id: &String| json!({ "op": "remove", "path": format!("members[value eq \"{id}\"]") });
        json!(ids.iter().map(each).collect::<Vec<_>>())
    };
    okta.patch(&path, &without(&ids[..4])).await.expect(204);
    assert_eq!(editing(&app).await, 4, "half of eight is within it");
    okta.patch(&path, &without(&ids[4..5])).await.expect(204);
    assert_eq!(editing(&app).await, 4, "a fifth is not");
    app.clock.advance(Duration::from_hours(2));
    okta.patch(&path, &without(&ids[5..6])).await.expect(204);
    assert_eq!(editing(&app).await, 3, "another window");
    assert_eq!(held(&app).await.len(), 1, "what is held stays held");
}

#[tokio::test]
async fn losing_one_of_two_sources_is_no_loss() {
    let app = unhurried_with(&[("guards.mass_change_count", "1"), ("guards.mass_change_percent", "1")]).await;
    let okta = app.limited("okta", "edit").await;
    let (ids, group) = editors(&app, &okta, 6).await;
    let entitled = json!([{ "op": "add", "path": "entitlements", "value": [{ "value": "edit_facility:leeds" }] }]);
    for id in &ids {
        okta.patch(&format!("/Users/{id}"), &entitled).await.expect(200);
    }
    okta.delete(&format!("/Groups/{group}")).await.expect(204);
    assert_eq!(editing(&app).await, 6);
    assert!(held(&app).await.is_empty(), "nobody can do less");
}

#[tokio::test]
async fn t33_deactivations_happen_and_one_command_undoes_the_batch() {
    let app = unhurried_with(&FEW).await;
    let root = admin(&app, "root@example.org").await;
    let okta = app.limited("okta", "edit").await;
    let (ids, _) = editors(&app, &okta, 10).await;
    app.grant("user1@example.org", "billing_admin").await;
    for (number, id) in ids.iter().enumerate() {
        let path = format!("/Users/{id}");
        match number {
            9 => drop(okta.delete(&path).await.expect(204)),
            _ => drop(okta.patch(&path, &active(false)).await.expect(200)),
        }
        assert_eq!(app.status(&format!("user{number}@example.org")).await, "deactivated", "never held");
    }
    assert_eq!(events(&app, "mass_change.deactivations").await, 1, "admins are told once");
    let really = secaro_gateway::directory::edit::Really::Yes;
    app.opened.directory.deactivate_person(&root, None, "user8@example.org", really).await.unwrap();

    let mass = app.opened.provisioning.mass_changes("example").await.unwrap();
    assert_eq!((mass.len(), mass[0].change.people), (1, 10));
    let id = mass[0].change.id.to_string();
    let undone = app.opened.provisioning.undo_mass_change(&root, "example", &id).await.unwrap();
    assert_eq!(undone.iter().filter(|row| row.reactivated).count(), 9);
    assert_eq!(app.status("user8@example.org").await, "deactivated", "what an admin ended stays ended");
    assert_eq!(app.permissions("user0@example.org").await, set(["edit_facility:leeds"]), "by the rules of now");
    assert_eq!(app.permissions("user9@example.org").await, NOTHING);
    assert_eq!(app.explain("user9@example.org").await.overview.managed_by, None, "its User is gone");
    assert_eq!(app.held().await, [("permission", "reactivated".to_owned())], "admin roles are confirmed anew");
    assert!(is_conflict(&app.opened.provisioning.undo_mass_change(&root, "example", &id).await), "once");

    // What is stored is not applied again by the way, but a repetition is: the IdP has the last word on access.
    let path = format!("/Users/{}", ids[0]);
    assert_eq!(okta.get(&path).await.body["active"], json!(false), "as the IdP asserted it");
    okta.patch(&path, &replace("title", "x")).await.expect(200);
    assert_eq!(app.status("user0@example.org").await, "active");
    okta.patch(&path, &active(false)).await.expect(200);
    assert_eq!(app.status("user0@example.org").await, "deactivated");
    let path = format!("/Users/{}", ids[2]);
    okta.patch(&path, &active(true)).await.expect(200);
    okta.patch(&path, &replace("title", "x")).await.expect(200);
    assert_eq!(app.status("user2@example.org").await, "active");
}

#[tokio::test]
async fn a_decision_of_a_person_is_not_guarded_and_few_losses_leave_no_trace() {
    let app = unhurried().await;
    let okta = app.limited("okta", "edit").await;
    let (ids, group) = editors(&app, &okta, 12).await;
    let one = json!([{ "op": "remove", "path": format!("members[value eq \"{}\"]", ids[0]) }]);
    okta.patch(&format!("/Groups/{group}"), &one).await.expect(204);
    assert_eq!(editing(&app).await, 11);
    assert!(app.opened.provisioning.mass_changes("example").await.unwrap().is_empty());
    assert!(held(&app).await.is_empty());
}
