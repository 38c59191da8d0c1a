//! The way of a request: registered, proven, asked, seen, decided, and what everybody is told.

use std::time::Duration;

use secaro_gateway::directory::Error;
use secaro_gateway::directory::join_requests::{
    Decision, JoinRequestState, Order, Page, Registration, Standing, State, Wanted,
};

use super::conflict;
use crate::support::app::TestApp;

const DAY: Duration = Duration::from_hours(24);

#[tokio::test]
async fn a_stranger_proves_the_mailbox_asks_and_is_accepted() {
    let app = TestApp::new().await;
    app.admin("olga@example.org").await;
    app.admin("otto@example.org").await;
    let asked = app.ask_to_join("ada@example.org").await.unwrap();

    let waiting = app.tab(JoinRequestState::Pending).await;
    assert_eq!(waiting.len(), 1);
    assert_eq!(waiting[0].check(), "example.org, verified");
    assert_eq!(waiting[0].wished_facilities[0].facility.as_deref(), Some("leeds"));
    assert!(waiting[0].known_to_idps.is_empty());

    let accepted = app.accept("olga@example.org", asked.id, &["edit_facility:leeds", "billing_admin"]).await.unwrap();
    let State::Accepted { by, .. } = &accepted.state else { panic!("{:?}", accepted.state) };
    assert_eq!(by, "olga@example.org (through operator test)");
    let permissions = app.permissions("ada@example.org").await;
    assert_eq!(permissions, ["billing_admin", "edit_facility:leeds"].map(ToOwned::to_owned).into());
    let why = app.explain("ada@example.org").await;
    assert!(format!("{why:?}").contains("olga@example.org"), "{why:?}");
    assert_eq!(
        app.mails().await,
        [
            "confirm_mailbox ada@example.org",
            "join_request_accepted ada@example.org",
            "join_request_decided otto@example.org",
            "join_request_received olga@example.org",
            "join_request_received otto@example.org",
        ]
    );
    assert_eq!(app.count("jobs WHERE kind LIKE 'join_request%'").await, 0, "nothing waits any longer");
    assert_eq!(app.tab(JoinRequestState::Pending).await.len(), 0);
    assert_eq!(app.tab(JoinRequestState::Accepted).await.len(), 1);
}

#[tokio::test]
async fn whoever_is_accepted_without_more_may_view_only() {
    let app = TestApp::new().await;
    app.admin("olga@example.org").await;
    let asked = app.ask_to_join("ada@example.org").await.unwrap();
    app.accept("olga@example.org", asked.id, &[]).await.unwrap();
    assert_eq!(app.status("ada@example.org").await, "active");
    assert!(app.permissions("ada@example.org").await.is_empty());
}

#[tokio::test]
async fn whoever_is_rejected_is_told_and_may_ask_again_after_a_while() {
    let app = TestApp::new().await;
    app.admin("olga@example.org").await;
    let asked = app.ask_to_join("ada@example.org").await.unwrap();
    let rejected = app.reject("olga@example.org", asked.id, "Ask your manager first.").await.unwrap();
    let State::Rejected { message, .. } = rejected.state else { panic!("{:?}", rejected.state) };
    assert_eq!(message.as_deref(), Some("Ask your manager first."));
    assert!(app.mails().await.contains(&"join_request_rejected ada@example.org".to_owned()));
    assert_eq!(app.people().await, 1, "only the admin");

    let words = conflict(app.ask_to_join("ada@example.org").await);
    assert!(words.contains("you may ask again from 2026-03-02T09:00:00.000Z on"), "{words}");
    app.clock.advance(30 * DAY);
    app.ask_to_join("ada@example.org").await.unwrap();
}

#[tokio::test]
async fn one_address_has_one_pending_request_and_may_take_it_back() {
    let app = TestApp::new().await;
    app.ask_to_join("ada@example.org").await.unwrap();
    let words = conflict(app.ask_to_join("Ada@Example.org").await);
    assert!(words.starts_with("you asked to join this organization at 2026-01-31T09:00:00.000Z;"), "{words}");
    let (secret, _) = app.prove("ada@example.org").await;
    let withdrawn = app.opened.directory.withdraw_join_requests(app.request(), &secret, None).await.unwrap();
    assert_eq!(withdrawn, Some(1));
    assert_eq!(app.count("jobs WHERE kind LIKE 'join_request%'").await, 0);
    let again = app.opened.directory.withdraw_join_requests(app.request(), &secret, None).await.unwrap();
    assert_eq!(again, Some(0));
    assert_eq!(app.standings(&secret).await, [("example".to_owned(), Standing::MayAsk)]);
}

#[tokio::test]
async fn admins_are_reminded_and_what_nobody_decides_expires() {
    let app = TestApp::new().await;
    app.admin("olga@example.org").await;
    let directory = &app.opened.directory;
    let asked = app.ask_to_join("ada@example.org").await.unwrap();
    let reminders = async || app.count("mails WHERE kind = 'join_request_reminder'").await;
    directory.remind_of_join_request(asked.id, app.request()).await.unwrap();
    assert_eq!(reminders().await, 0, "not yet");
    for (days, expected) in [(1, 1), (2, 2), (1, 2), (3, 3), (7, 3)] {
        app.clock.advance(days * DAY);
        for _ in 0..2 {
            directory.remind_of_join_request(asked.id, app.request()).await.unwrap();
        }
        assert_eq!(reminders().await, expected, "after {days} more days, however often it is called");
    }
    directory.expire_join_request(asked.id, app.request()).await.unwrap();
    assert_eq!(app.tab(JoinRequestState::Expired).await.len(), 0, "not yet");
    app.clock.advance(16 * DAY);
    for _ in 0..2 {
        directory.expire_join_request(asked.id, app.request()).await.unwrap();
        directory.remind_of_join_request(asked.id, app.request()).await.unwrap();
    }
    assert_eq!(app.tab(JoinRequestState::Expired).await.len(), 1);
    let mails = app.mails().await;
    let expired: Vec<_> = mails.iter().filter(|mail| mail.contains("expired")).collect();
    assert_eq!(expired, ["join_request_expired olga@example.org", "your_join_request_expired ada@example.org"]);
    let words = conflict(app.accept("olga@example.org", asked.id, &[]).await);
    assert!(words.starts_with("this request expired at 2026-03-02T09:00:00.000Z"), "{words}");
}

#[tokio::test]
async fn a_reminder_that_was_slept_through_comes_once() {
    let app = TestApp::new().await;
    app.admin("olga@example.org").await;
    let asked = app.ask_to_join("ada@example.org").await.unwrap();
    app.clock.advance(5 * DAY);
    app.opened.directory.remind_of_join_request(asked.id, app.request()).await.unwrap();
    assert_eq!(app.count("mails WHERE kind = 'join_request_reminder'").await, 1);
    let next = app.sql().await.number("SELECT run_at FROM jobs WHERE kind = 'join_request.remind'").await;
    assert_eq!(next, asked.asked_at.plus(7 * DAY).millis());
}

#[tokio::test]
async fn who_knows_the_duns_number_may_ask_too() {
    let app = TestApp::new().await;
    let operator = secaro_gateway::auth::Operator::of_this_machine("test".to_owned(), app.request());
    let duns = Some("15-048-3782");
    app.opened.directory.create_organization(&operator, "northwind", "Northwind", duns, &[]).await.unwrap();
    app.register_with("ada@elsewhere.example", "150483782").await;
    let secret = app.join_secret("ada@elsewhere.example").await;
    let shown = app.opened.directory.prove_mailbox(&secret).await.unwrap().unwrap();
    let offers = shown.offers.unwrap();
    assert_eq!(offers.iter().map(|offer| offer.name.as_str()).collect::<Vec<_>>(), ["Northwind"]);
    let wanted = Wanted::read(&offers[0].organization.to_string(), "", "").unwrap();
    let asked = app.opened.directory.ask_to_join(app.request(), &secret, &wanted).await.unwrap().unwrap();
    let decision = Decision::Accept(Vec::new());
    let actor = app.operator();
    app.opened.directory.decide_join_request(&actor, "northwind", asked.id, &decision).await.unwrap();
    let twice = app.opened.directory.create_organization(&operator, "other", "Other", duns, &[]).await;
    assert!(conflict(twice).contains("DUNS"));
}

#[tokio::test]
async fn beyond_the_limits_nothing_is_mailed_and_nobody_is_told() {
    let app = TestApp::with(&[("join_requests.per_domain_limit", "4")]).await;
    for _ in 0..5 {
        app.register("ada@example.org").await;
    }
    assert_eq!(app.count("mails").await, 3, "three an hour to one address");
    for n in 0..3 {
        app.register(&format!("someone{n}@example.org")).await;
    }
    assert_eq!(app.count("mails").await, 4, "four an hour to one domain");
    app.register("ada@example.net").await;
    assert_eq!(app.count("mails").await, 5, "another domain is counted by itself");
    app.clock.advance(Duration::from_hours(1));
    app.register("ada@example.org").await;
    assert_eq!(app.count("mails").await, 6);
    assert_eq!(app.count("mailbox_proofs").await, 6, "what comes to nothing leaves nothing behind");
}

#[tokio::test]
async fn a_registration_that_came_to_nothing_is_deleted_and_one_that_asked_is_kept() {
    let app = TestApp::new().await;
    app.register("nobody@example.org").await;
    app.ask_to_join("ada@example.org").await.unwrap();
    let directory = &app.opened.directory;
    app.clock.advance(DAY);
    assert_eq!(directory.prune_registrations().await.unwrap(), 0, "still counted");
    app.clock.advance(Duration::from_hours(2));
    assert_eq!(directory.prune_registrations().await.unwrap(), 1);
    assert_eq!(app.sql().await.texts("SELECT email FROM mailbox_proofs").await, ["ada@example.org"]);
}

#[tokio::test]
async fn many_are_decided_alike_and_each_by_itself() {
    let app = TestApp::new().await;
    app.admin("olga@example.org").await;
    let mut ids = Vec::new();
    for n in 0..4 {
        ids.push(app.ask_to_join(&format!("someone{n}@example.org")).await.unwrap().id);
        app.clock.advance(Duration::from_secs(1));
    }
    app.reject("olga@example.org", ids[2], "").await.unwrap();
    let (admin, decision) = (app.member("olga@example.org").await, Decision::Accept(Vec::new()));
    let outcomes = app.opened.directory.decide_join_requests(&admin, "example", &ids, &decision).await;
    let done: Vec<bool> = outcomes.iter().map(|outcome| outcome.decided.is_ok()).collect();
    assert_eq!(done, [true, true, false, true]);
    assert_eq!(app.people().await, 4);

    let page = Page { state: JoinRequestState::Accepted, order: Order::Newest, after: None, limit: 2 };
    let first = app.opened.directory.join_requests("example", page).await.unwrap();
    let rest = Page { after: Some(first[1].request.id), ..page };
    let rest = app.opened.directory.join_requests("example", rest).await.unwrap();
    let emails: Vec<_> = first.iter().chain(&rest).map(|listed| listed.request.email.as_str()).collect();
    assert_eq!(emails, ["someone3@example.org", "someone1@example.org", "someone0@example.org"]);
}

#[tokio::test]
async fn joining_can_be_switched_off() {
    let app = TestApp::with(&[("join_requests.enabled", "false")]).await;
    let new = Registration::read("Ada", "ada@example.org", "").unwrap();
    let refused = app.opened.directory.register(app.request(), &new).await;
    assert!(matches!(refused, Err(Error::Forbidden(_))), "{refused:?}");
    assert_eq!(app.count("mailbox_proofs").await, 0);
}
