//! Who decides, and that it is decided once.

use secaro_gateway::directory::Error;
use secaro_gateway::directory::join_requests::Decision;
use tokio::task::JoinSet;

use super::conflict;
use crate::support::app::TestApp;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn t46_sixteen_admins_decide_fifty_requests_and_each_is_decided_once() {
    let app = TestApp::with(&[("join_requests.per_domain_limit", "1000")]).await;
    let mut admins = Vec::new();
    for n in 0..16 {
        let email = format!("admin{n:02}@example.org");
        app.admin(&email).await;
        admins.push((app.member(&email).await, email));
    }
    for round in 0..50 {
        let email = format!("someone{round}@example.org");
        let asked = app.ask_to_join(&email).await.unwrap();
        let people = app.people().await;
        let mut deciding = JoinSet::new();
        for (n, (admin, name)) in admins.iter().cloned().enumerate() {
            let directory = app.opened.directory.clone();
            let decision = if (n + round) % 2 == 0 { Decision::Accept(Vec::new()) } else { Decision::Reject(None) };
            deciding.spawn(async move {
                (name, directory.decide_join_request(&admin, "example", asked.id, &decision).await)
            });
        }
        let outcomes = deciding.join_all().await;
        let winners: Vec<_> = outcomes.iter().filter(|(_, outcome)| outcome.is_ok()).collect();
        assert_eq!(winners.len(), 1, "round {round}");
        let (winner, decided) = (&winners[0].0, winners[0].1.as_ref().unwrap());
        for (name, outcome) in &outcomes {
            match outcome {
                Err(Error::Conflict(words)) => {
                    let by = format!("{winner} (through operator test) ");
                    assert!(words.starts_with(&by) && words.contains(" at 2026-"), "{name}: {words}");
                }
                Ok(_) => assert_eq!(name, winner),
                other => panic!("{name}: {other:?}"),
            }
        }
        let accepted = serde_json::to_value(decided).unwrap()["state"] == "accepted";
        assert_eq!(app.people().await - people, usize::from(accepted), "round {round}");
    }
    for (what, expected) in [
        ("join_requests WHERE state IN ('accepted', 'rejected')", 50),
        ("mails WHERE kind IN ('join_request_accepted', 'join_request_rejected')", 50),
        ("mails WHERE kind = 'join_request_decided'", 50 * 15),
        ("outbox WHERE kind IN ('join_request.accepted', 'join_request.rejected')", 50),
        ("audit_records WHERE action IN ('join_request.accepted', 'join_request.rejected')", 50),
    ] {
        assert_eq!(app.count(what).await, expected, "{what}");
    }
    let accepted = app.count("join_requests WHERE state = 'accepted'").await;
    assert_eq!(app.count("audit_records WHERE action = 'person.added'").await, accepted);
    assert_eq!(app.count("outbox WHERE kind = 'user.provisioned'").await, accepted);
}

#[tokio::test]
async fn t46_nobody_accepts_their_own_request() {
    let app = TestApp::new().await;
    let asked = app.ask_to_join("olga@example.org").await.unwrap();
    app.admin("olga@example.org").await;
    let refused = app.accept("olga@example.org", asked.id, &["billing_admin"]).await;
    assert!(matches!(refused, Err(Error::Forbidden(_))), "{refused:?}");
    assert!(!app.permissions("olga@example.org").await.contains("billing_admin"));
}

#[tokio::test]
async fn t46_whoever_lost_the_role_meanwhile_decides_nothing() {
    let app = TestApp::new().await;
    app.admin("olga@example.org").await;
    app.admin("otto@example.org").await;
    let asked = app.ask_to_join("ada@example.org").await.unwrap();
    let olga = app.member("olga@example.org").await;
    let lose = "DELETE FROM grants WHERE person_id = (SELECT id FROM people WHERE email = 'olga@example.org')";
    app.sql().await.execute(lose).await;
    let before = app.audit_records().await;
    for decision in [Decision::Accept(Vec::new()), Decision::Reject(None)] {
        let refused = app.opened.directory.decide_join_request(&olga, "example", asked.id, &decision).await;
        assert!(matches!(refused, Err(Error::Forbidden(_))), "{refused:?}");
    }
    assert_eq!(app.audit_records().await, before);
    assert_eq!(app.people().await, 2);
    app.accept("otto@example.org", asked.id, &[]).await.unwrap();
}

#[tokio::test]
async fn an_admin_of_another_organization_decides_nothing_here() {
    let app = TestApp::new().await;
    app.organization("other", "other.example").await;
    app.admin("olga@example.org").await;
    let asked = app.ask_to_join("eve@other.example").await.unwrap();
    let (olga, decision) = (app.member("olga@example.org").await, Decision::Accept(Vec::new()));
    let refused = app.opened.directory.decide_join_request(&olga, "other", asked.id, &decision).await;
    assert!(matches!(refused, Err(Error::Forbidden(_))), "{refused:?}");
    let elsewhere = app.opened.directory.decide_join_request(&olga, "example", asked.id, &decision).await;
    assert!(matches!(elsewhere, Err(Error::NotFound { .. })), "{elsewhere:?}");
}

#[tokio::test]
async fn a_facility_that_is_not_there_keeps_the_request_pending() {
    let app = TestApp::new().await;
    app.admin("olga@example.org").await;
    let asked = app.ask_to_join("ada@example.org").await.unwrap();
    let refused = app.accept("olga@example.org", asked.id, &["edit_facility:atlantis"]).await;
    assert!(matches!(refused, Err(Error::Invalid(_))), "{refused:?}");
    assert_eq!(app.people().await, 1);
    app.accept("olga@example.org", asked.id, &["edit_facility:leeds"]).await.unwrap();
    let words = conflict(app.accept("olga@example.org", asked.id, &[]).await);
    assert!(words.starts_with("olga@example.org (through operator test) accepted this request at"), "{words}");
}
