//! What Organization admins are told of, by whom nothing was asked: held changes, admin roles, leavers, tokens and
//! connections.

use std::time::Duration;

use secaro_gateway::scim::Dialect;
use serde_json::json;

use crate::support::app::TestApp;

/// An organization with an Organization admin `grace` and a Billing admin `bill`, both by hand.
async fn with_admins(flags: &[(&'static str, &str)]) -> TestApp {
    let app = TestApp::with(flags).await;
    for (who, role) in [("grace@example.org", "organization_admin"), ("bill@example.org", "billing_admin")] {
        app.person(who, "active").await;
        app.grant(who, role).await;
    }
    app
}

/// Lets a few seconds pass and works; answers kind and recipient of each mail there is by then, in order.
async fn told(app: &TestApp) -> Vec<(String, String)> {
    app.clock.advance(Duration::from_secs(6));
    app.work_off().await;
    let mails = app.worker().mailer.list(1000).await.unwrap();
    let mut told: Vec<_> = mails.into_iter().map(|mail| (mail.kind, mail.recipient)).collect();
    told.sort();
    told
}

fn mails(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(kind, to)| ((*kind).to_owned(), format!("{to}@example.org"))).collect()
}

async fn text_of(app: &TestApp, kind: &str) -> String {
    let mails = app.worker().mailer.list(1000).await.unwrap();
    let mail = mails.iter().find(|mail| mail.kind == kind).expect(kind);
    app.worker().mailer.show(mail.id).await.unwrap().unwrap().text
}

#[tokio::test]
async fn what_is_held_makes_one_mail_however_much_it_is() {
    let app = with_admins(&[]).await;
    let okta = app.limited("okta", "edit").await;
    for name in ["ada", "edsger"] {
        let user = json!({ "userName": format!("{name}@example.org"), "active": true,
            "emails": [{ "value": format!("{name}@example.org"), "primary": true }],
            "roles": [{ "value": "organization_admin" }] });
        okta.post("/Users", &user).await.expect(201);
    }
    okta.user("grace@example.org").await;
    assert_eq!(app.worker().mailer.list(10).await.unwrap().len(), 0, "nothing is sent in a request");
    assert_eq!(told(&app).await, mails(&[("held", "grace")]));
    let text = text_of(&app, "held").await;
    let expected = "- Admin for: Organization admin, for ada@example.org: the connection may not grant this";
    assert!(text.contains(expected), "{text}");
    assert!(text.contains("- A User of connection «okta», for grace@example.org: "), "{text}");
    assert_eq!(told(&app).await.len(), 1, "once");
}

#[tokio::test]
async fn admin_roles_that_come_and_go_are_told_to_the_person_and_to_all_organization_admins() {
    let app = with_admins(&[]).await;
    let okta = app.connection("okta", Dialect::Okta).await;
    let user = json!({ "userName": "ada@example.org", "active": true, "roles": [{ "value": "organization_admin" }],
        "emails": [{ "value": "ada@example.org", "primary": true }] });
    let id = okta.post("/Users", &user).await.created();
    let became = [("admin_role_changed", "ada"), ("admin_role_changed", "grace")];
    assert_eq!(told(&app).await, mails(&became));
    assert!(text_of(&app, "admin_role_changed").await.contains("now Organization admin"));
    // Edit permissions are no admin role.
    okta.patch(
        &format!("/Users/{id}"),
        &json!([{ "op": "add", "path": "entitlements",
        "value": [{ "value": "edit_organization" }] }]),
    )
    .await
    .expect(200);
    assert_eq!(told(&app).await, mails(&became));
    // Whoever is deactivated is not written to; the admins are told at once, and in the digest.
    okta.patch(&format!("/Users/{id}"), &json!([{ "op": "replace", "path": "active", "value": false }]))
        .await
        .expect(200);
    let all = [became[0], became[1], ("admin_role_changed", "grace")];
    assert_eq!(told(&app).await, mails(&all));
}

#[tokio::test]
async fn a_role_that_came_and_went_at_once_is_no_news() {
    let app = with_admins(&[]).await;
    let okta = app.connection("okta", Dialect::Okta).await;
    let id = okta.user("ada@example.org").await;
    for roles in [json!([{ "value": "billing_admin" }]), json!([])] {
        let operation = json!([{ "op": "replace", "path": "roles", "value": roles }]);
        okta.patch(&format!("/Users/{id}"), &operation).await.expect(200);
    }
    assert_eq!(told(&app).await, mails(&[]));
}

#[tokio::test]
async fn the_last_admin_is_missed_by_billing_admins_and_whoever_runs_the_gateway() {
    let app = TestApp::with(&[("mail.reply_to", "ops@example.org")]).await;
    app.person("bill@example.org", "active").await;
    app.grant("bill@example.org", "billing_admin").await;
    let okta = app.connection("okta", Dialect::Okta).await;
    let user = json!({ "userName": "ada@example.org", "active": true, "roles": [{ "value": "organization_admin" }],
        "emails": [{ "value": "ada@example.org", "primary": true }] });
    let id = okta.post("/Users", &user).await.created();
    told(&app).await;
    okta.patch(&format!("/Users/{id}"), &json!([{ "op": "replace", "path": "active", "value": false }]))
        .await
        .expect(200);
    let missed = [("admin_role_changed", "ada"), ("last_admin_gone", "bill"), ("last_admin_gone", "ops")];
    assert_eq!(told(&app).await, mails(&missed));
}

#[tokio::test]
async fn leavers_are_collected_for_a_day() {
    let app = with_admins(&[]).await;
    let okta = app.connection("okta", Dialect::Okta).await;
    let mut ids = Vec::new();
    for name in ["ada", "edsger", "barbara"] {
        ids.push(okta.user(&format!("{name}@example.org")).await);
    }
    let active = |id: String, value: bool| {
        let okta = okta.clone();
        async move {
            let operation = json!([{ "op": "replace", "path": "active", "value": value }]);
            okta.patch(&format!("/Users/{id}"), &operation).await.expect(200);
        }
    };
    active(ids[0].clone(), false).await;
    assert_eq!(told(&app).await, mails(&[]));
    app.clock.advance(Duration::from_hours(12));
    active(ids[1].clone(), false).await;
    active(ids[2].clone(), false).await;
    active(ids[2].clone(), true).await;
    assert_eq!(told(&app).await, mails(&[]));
    app.clock.advance(Duration::from_hours(12));
    assert_eq!(told(&app).await, mails(&[("deactivated_digest", "grace")]));
    let text = text_of(&app, "deactivated_digest").await;
    assert!(text.contains("ada@example.org") && text.contains("edsger@example.org"), "{text}");
    assert!(!text.contains("barbara"), "who came back is no leaver: {text}");
    app.clock.advance(Duration::from_hours(48));
    assert_eq!(told(&app).await.len(), 1, "nobody left since");
    active(ids[0].clone(), true).await;
    active(ids[0].clone(), false).await;
    told(&app).await;
    app.clock.advance(Duration::from_hours(24));
    assert_eq!(told(&app).await.len(), 2, "and one did");
}

#[tokio::test]
async fn many_changes_at_once_are_one_alarm_that_names_the_command() {
    let app = with_admins(&[("guards.mass_change_count", "2"), ("guards.mass_change_percent", "1")]).await;
    let okta = app.connection("okta", Dialect::Okta).await;
    let mut ids = Vec::new();
    for number in 0..6 {
        ids.push(okta.user(&format!("user{number}@example.org")).await);
    }
    for id in &ids {
        let operation = json!([{ "op": "replace", "path": "active", "value": false }]);
        okta.patch(&format!("/Users/{id}"), &operation).await.expect(200);
    }
    assert_eq!(told(&app).await, mails(&[("mass_change", "grace")]));
    let text = text_of(&app, "mass_change").await;
    assert!(text.contains("It concerns 6 people."), "{text}");
    let command =
        text.lines().find_map(|line| line.trim().strip_prefix("secaro-gateway mass undo ")).expect("a command");
    app.opened.provisioning.undo_mass_change(&app.operator(), "example", command).await.unwrap();
    assert_eq!(app.status("user0@example.org").await, "active");
}

#[tokio::test]
async fn what_nobody_decides_in_time_stays_held_and_is_told_once() {
    let app = with_admins(&[("guards.hold_deadline", "3d"), ("notifications.silent_after", "400d")]).await;
    let okta = app.limited("okta", "edit").await;
    okta.user("grace@example.org").await;
    app.worker().begin_recurring().await;
    assert_eq!(told(&app).await, mails(&[("held", "grace")]));
    app.clock.advance(Duration::from_hours(71));
    assert_eq!(told(&app).await.len(), 1);
    app.clock.advance(Duration::from_hours(1));
    assert_eq!(told(&app).await, mails(&[("held", "grace"), ("held_overdue", "grace")]));
    assert_eq!(app.held().await.len(), 1);
    app.clock.advance(Duration::from_hours(24));
    assert_eq!(told(&app).await.len(), 2, "once");
}

#[tokio::test]
async fn a_token_is_reported_at_each_threshold_once() {
    let app = with_admins(&[("notifications.silent_after", "400d")]).await;
    app.connection("okta", Dialect::Okta).await; // its token lives for 30 days, and so is not reported at birth
    app.worker().begin_recurring().await;
    let mut days = Vec::new();
    for day in 0..31 {
        let before = app.worker().mailer.list(1000).await.unwrap().len();
        app.work_off().await;
        app.worker().queue.recur(secaro_gateway::outbox::queue::Work::Watch, Duration::ZERO).await.unwrap();
        app.work_off().await;
        let mails = app.worker().mailer.list(1000).await.unwrap();
        if mails.len() > before {
            assert_eq!(mails.len() - before, 1);
            assert_eq!((mails[0].kind.as_str(), mails[0].recipient.as_str()), ("token_expiring", "grace@example.org"));
            days.push(30 - day);
        }
        app.clock.advance(Duration::from_hours(24));
    }
    assert_eq!(days, [14, 7, 1]);
}

#[tokio::test]
async fn a_silent_connection_is_reported_once_per_silence() {
    let app = with_admins(&[("notifications.token_expiry", "")]).await;
    let okta = app.connection("okta", Dialect::Okta).await;
    app.connection("entra", Dialect::Entra).await;
    app.worker().begin_recurring().await;
    let week = Duration::from_hours(7 * 24);
    let calls = async || {
        okta.get("/Users").await.expect(200);
        app.opened.authenticator.write_last_used().await.unwrap();
    };
    calls().await;
    app.work_off().await;
    app.clock.advance(Duration::from_mins(7 * 24 * 60 - 1));
    assert_eq!(told(&app).await.len(), 0);
    calls().await;
    app.clock.advance(Duration::from_mins(16));
    assert_eq!(told(&app).await, mails(&[("connection_silent", "grace")]));
    assert!(text_of(&app, "connection_silent").await.contains("«entra» has a token, and has never called"));
    app.clock.advance(week);
    assert_eq!(told(&app).await.len(), 2, "and now okta");
    app.clock.advance(week);
    assert_eq!(told(&app).await.len(), 2, "both are known");
    calls().await;
    app.clock.advance(week);
    assert_eq!(told(&app).await.len(), 3, "a new silence");
}

#[tokio::test]
async fn a_connection_whose_calls_fail_is_reported_once_a_day() {
    let app = with_admins(&[("notifications.failure_spike", "5")]).await;
    let okta = app.connection("okta", Dialect::Okta).await;
    app.connection("entra", Dialect::Entra).await;
    app.worker().begin_recurring().await;
    let fails = async |times: usize| {
        for _ in 0..times {
            okta.get("/Users?filter=broken").await.expect(400);
        }
        app.opened.request_log.write_waiting().await;
        app.clock.advance(Duration::from_mins(16));
        told(&app).await
    };
    assert_eq!(fails(4).await, mails(&[]));
    assert_eq!(fails(1).await, mails(&[("failure_spike", "grace")]));
    let text = text_of(&app, "failure_spike").await;
    assert!(text.contains("5 calls of connection «okta»") && text.contains("secaro-gateway log show "), "{text}");
    assert_eq!(fails(50).await.len(), 1, "they know");
    app.clock.advance(Duration::from_hours(24));
    assert_eq!(fails(5).await.len(), 2);
}

#[tokio::test]
async fn two_workers_tell_the_same_thing_once() {
    let app = with_admins(&[("notifications.silent_after", "1h")]).await;
    let okta = app.limited("okta", "edit").await;
    for number in 0..10 {
        let user = json!({ "userName": format!("user{number}@example.org"), "active": true,
            "emails": [{ "value": format!("user{number}@example.org"), "primary": true }],
            "roles": [{ "value": "billing_admin" }] });
        okta.post("/Users", &user).await.expect(201);
    }
    app.worker().begin_recurring().await;
    app.clock.advance(Duration::from_hours(2));
    let organization = app.opened.directory.organization("example").await.unwrap().organization.id;
    let request = |number: u128| secaro_gateway::ids::Id::from_uuid(uuid::Uuid::from_u128(number));
    let (directory, provisioning) = (&app.opened.directory, &app.opened.provisioning);
    let thresholds = &app.opened.worker.thresholds;
    let (one, other, watched, again) = tokio::join!(
        directory.tell_admins(organization, None, request(1)),
        directory.tell_admins(organization, None, request(2)),
        provisioning.watch(thresholds, request(3)),
        provisioning.watch(thresholds, request(4)),
    );
    one.and(other).unwrap();
    watched.and(again).unwrap();
    assert_eq!(told(&app).await, mails(&[("connection_silent", "grace"), ("held", "grace")]));
}
