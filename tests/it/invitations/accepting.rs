//! Accepting: once, by whoever holds the secret in force, with what the policy of now allows.

use std::time::Duration;

use secaro_gateway::auth::mailed::Purpose;
use secaro_gateway::directory::Error;
use secaro_gateway::directory::invitations::Standing;
use serde_json::json;

use super::{DAY, accept, invitation, invite, new, refusal, secret, wait};
use crate::support::app::TestApp;

#[tokio::test]
async fn an_invitation_shows_what_it_is_for_and_gives_it_when_accepted() {
    let app = TestApp::new().await;
    let secret = invite(&app, "ada@example.org", &["Organization", "leeds"], &["Billing admin"]).await;
    assert_eq!(app.status("ada@example.org").await, "invited");
    assert!(app.permissions("ada@example.org").await.is_empty());

    let look = app.opened.directory.look_at_invitation(&secret).await.unwrap();
    assert_eq!((look.organization.as_str(), look.email.as_str()), ("example", "ada@example.org"));
    assert_eq!(look.invited_by, "an operator of Secaro", "no account name goes out");
    let words = ["Can edit: Organization", "Can edit: leeds", "Admin for: Billing admin"];
    assert_eq!(look.permissions, words);

    let accepted = accept(&app, &secret).await.unwrap();
    assert_eq!((accepted.permissions.as_slice(), accepted.left_out.len()), (&words.map(str::to_owned)[..], 0));
    assert_eq!(app.status("ada@example.org").await, "active");
    let explained = app.explain("ada@example.org").await;
    let granted_by = &explained.effective[0].because[0].granted_by;
    assert_eq!(granted_by, "ada@example.org (invited by operator test)");
    let trail = "SELECT actor_kind || ' ' || actor_name || ' ' || reason FROM audit_records \
                 WHERE action = 'invitation.accepted'";
    let trail = app.sql().await.texts(trail).await;
    assert_eq!(trail, ["person ada@example.org (invited by operator test) invited by operator test"]);
    assert!(matches!(invitation(&app, "ada@example.org").await.standing, Standing::Accepted { .. }));
    let jobs = "SELECT COUNT(*) FROM jobs WHERE kind = 'invitation.expire'";
    assert_eq!(app.sql().await.number(jobs).await, 0);
}

#[tokio::test]
async fn t44_a_look_changes_nothing_however_often() {
    let app = TestApp::new().await;
    let secret = invite(&app, "ada@example.org", &["leeds"], &[]).await;
    let before = app.sql().await.dump(None).await;
    for _ in 0..3 {
        app.opened.directory.look_at_invitation(&secret).await.unwrap();
    }
    assert!(app.opened.directory.look_at_invitation("secaro_invitation_x_y").await.is_err());
    assert_eq!(app.sql().await.dump(None).await, before);
}

#[tokio::test]
async fn t44_a_secret_works_once() {
    let app = TestApp::new().await;
    let secret = invite(&app, "ada@example.org", &[], &[]).await;
    accept(&app, &secret).await.unwrap();
    assert!(refusal(&app, &secret).await.contains("accepted already"));
    // Not even once more after the person was deactivated and everything forgotten.
    wait(&app, 30 * DAY);
    assert!(refusal(&app, &secret).await.contains("accepted already"));
}

#[tokio::test]
async fn t44_of_64_who_accept_at_once_one_does() {
    let app = TestApp::new().await;
    let secret = invite(&app, "ada@example.org", &["leeds"], &["Organization admin"]).await;
    let outcomes = futures_util::future::join_all((0..64).map(|_| accept(&app, &secret))).await;
    let accepted = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    assert_eq!(accepted, 1, "{outcomes:?}");
    for outcome in outcomes.into_iter().filter_map(Result::err) {
        assert!(outcome.to_string().contains("accepted already"), "{outcome}");
    }
    let count = async |what: &str| app.sql().await.number(&format!("SELECT COUNT(*) FROM {what}")).await;
    assert_eq!(count("grants").await, 2);
    assert_eq!(count("audit_records WHERE action = 'invitation.accepted'").await, 1);
    assert_eq!(count("outbox WHERE kind = 'invitation.accepted'").await, 1);
}

#[tokio::test]
async fn t44_resending_voids_the_old_link_and_revoking_any() {
    let app = TestApp::new().await;
    let first = invite(&app, "ada@example.org", &[], &[]).await;
    let directory = &app.opened.directory;
    let resend = directory.resend_invitation(&app.operator(), "example", "ada@example.org").await;
    assert!(super::refused(resend).contains("a moment ago"));
    wait(&app, Duration::from_mins(5));
    directory.resend_invitation(&app.operator(), "example", "ada@example.org").await.unwrap();
    let second = secret(&app, "ada@example.org", Purpose::Invitation).await;
    assert_ne!(first, second);
    assert!(refusal(&app, &first).await.contains("opens no invitation"));
    directory.look_at_invitation(&second).await.unwrap();

    directory.revoke_invitation(&app.operator(), "example", "ada@example.org").await.unwrap();
    assert!(refusal(&app, &second).await.contains("taken back"));
    assert_eq!(app.people().await, 0, "whoever was only invited leaves the list");
    let third = invite(&app, "ada@example.org", &[], &[]).await;
    accept(&app, &third).await.unwrap();
    assert!(refusal(&app, &second).await.contains("taken back"), "the old one stays what it was");
}

#[tokio::test]
async fn t44_an_expired_link_opens_nothing_before_and_after_the_job_says_so() {
    let app = TestApp::new().await;
    let secret = invite(&app, "ada@example.org", &[], &[]).await;
    let id = invitation(&app, "ada@example.org").await.id;
    let directory = &app.opened.directory;
    wait(&app, 13 * DAY);
    directory.expire_invitation(id, app.request()).await.unwrap();
    directory.look_at_invitation(&secret).await.unwrap();
    wait(&app, DAY);
    assert!(refusal(&app, &secret).await.contains("ended at"));
    for _ in 0..2 {
        directory.expire_invitation(id, app.request()).await.unwrap();
    }
    assert!(refusal(&app, &secret).await.contains("ended at"));
    assert_eq!(app.people().await, 0);
    let trail =
        "SELECT action FROM audit_records WHERE action IN ('invitation.expired', 'person.removed') ORDER BY action";
    assert_eq!(app.sql().await.texts(trail).await, ["invitation.expired", "person.removed"]);
    // They may be invited again.
    let again = invite(&app, "ada@example.org", &[], &[]).await;
    accept(&app, &again).await.unwrap();
}

#[tokio::test]
async fn t44_t07_a_tampered_secret_and_one_of_another_purpose_open_nothing() {
    let app = TestApp::new().await;
    let okta = app.limited("okta", "edit").await;
    let right = invite(&app, "ada@example.org", &[], &[]).await;
    let mut wrong = vec![String::new(), "secaro_invitation_".to_owned(), right.to_uppercase(), format!("{right}a")];
    wrong.push(right.replace("secaro_invitation_", "secaro_join_"));
    wrong.push(secret(&app, "ada@example.org", Purpose::Join).await);
    wrong.push(okta.token.clone());
    wrong.push(invitation(&app, "ada@example.org").await.id.to_string());
    for (at, letter) in right.char_indices() {
        let mut tampered = right.clone();
        tampered.replace_range(at..=at, if letter == 'a' { "b" } else { "a" });
        wrong.push(tampered);
    }
    let before = app.sql().await.dump(None).await;
    let words = refusal(&app, &wrong[0]).await;
    for wrong in &wrong {
        assert_eq!(refusal(&app, wrong).await, words, "{wrong}: one answer for whatever is not known");
    }
    assert_eq!(app.sql().await.dump(None).await, before);
    // And it is no token.
    let as_token = crate::support::app::Idp { token: right.clone(), ..okta };
    as_token.get("/Users").await.expect(401);
    accept(&app, &right).await.unwrap();
}

#[tokio::test]
async fn t44_the_secret_stands_neither_in_the_database_nor_in_the_trail() {
    let app = TestApp::new().await;
    let secret = invite(&app, "ada@example.org", &["leeds"], &[]).await;
    let random = secret.trim_start_matches("secaro_invitation_").split('_').next().unwrap().to_owned();
    for _ in 0..2 {
        let dump = app.sql().await.dump(None).await;
        assert!(dump.contains("ada@example.org") && !dump.contains(&random) && !dump.contains("secaro_invitation_"));
        let _ = accept(&app, &secret).await;
    }
}

#[tokio::test]
async fn t43_an_invitation_makes_nobody_of_another_address() {
    let app = TestApp::new().await;
    let secret = invite(&app, "ada@example.org", &[], &[]).await;
    let moved = "UPDATE people SET email = 'eve@example.org', email_key = 'eve@example.org'";
    app.sql().await.execute(moved).await;
    let accepted = accept(&app, &secret).await;
    assert!(matches!(&accepted, Err(Error::Conflict(_))), "{accepted:?}");
    assert_eq!(app.status("eve@example.org").await, "invited");
    assert_eq!(app.people().await, 1);
}

#[tokio::test]
async fn t45_what_the_policy_of_now_does_not_give_is_left_out() {
    let app = TestApp::new().await;
    let ada = invite(&app, "ada@example.org", &["leeds", "york"], &[]).await;
    let eve = invite(&app, "eve@example.org", &[], &[]).await;
    app.archive("leeds").await;
    let accepted = accept(&app, &ada).await.unwrap();
    assert_eq!(accepted.permissions, ["Can edit: york"]);
    assert_eq!(accepted.left_out, ["Can edit: leeds"]);
    assert!(app.permissions("ada@example.org").await.iter().eq(["edit_facility:york"]));
    // Deactivated by an admin since: the door is shut, whatever was mailed before.
    let shut = "UPDATE people SET status = 'deactivated', deactivated_by = 'admin' WHERE email_key = 'eve@example.org'";
    app.sql().await.execute(shut).await;
    assert!(matches!(accept(&app, &eve).await, Err(Error::Conflict(_))));
    assert_eq!(app.status("eve@example.org").await, "deactivated");
}

#[tokio::test]
async fn t45_whoever_is_no_admin_any_longer_makes_nobody_one() {
    let app = TestApp::new().await;
    for email in ["boss@example.org", "chief@example.org"] {
        app.person(email, "active").await;
        app.grant(email, "organization_admin").await;
    }
    let boss = app.member("boss@example.org").await;
    let directory = &app.opened.directory;
    for email in ["ada@example.org", "bob@example.org"] {
        let new = new(email, &["leeds"], &["Organization admin"]);
        directory.stage_invitation(&boss, "example", &new).await.unwrap();
    }
    directory.send_invitations(&boss, "example").await.unwrap();
    let bob = secret(&app, "bob@example.org", Purpose::Invitation).await;
    assert_eq!(accept(&app, &bob).await.unwrap().held, Vec::<String>::new());
    assert!(app.permissions("bob@example.org").await.contains("organization_admin"));

    let demoted = "DELETE FROM grants WHERE person_id = (SELECT id FROM people WHERE email_key = 'boss@example.org')";
    app.sql().await.execute(demoted).await;
    let ada = secret(&app, "ada@example.org", Purpose::Invitation).await;
    let accepted = accept(&app, &ada).await.unwrap();
    assert_eq!(
        (accepted.permissions[0].as_str(), accepted.held.as_slice()),
        ("Can edit: leeds", &["Admin for: Organization admin".to_owned()][..])
    );
    assert!(app.permissions("ada@example.org").await.iter().eq(["edit_facility:leeds"]));
    assert_eq!(app.waiting("ada@example.org").await.len(), 1);
}

#[tokio::test]
async fn whoever_the_idp_brings_first_needs_no_invitation_any_longer() {
    let app = TestApp::new().await;
    let secret = invite(&app, "ada@example.org", &["leeds"], &["Organization admin"]).await;
    let okta = app.limited("okta", "edit").await;
    okta.post("/Users", &json!({ "userName": "ada@example.org", "active": true })).await.created();
    assert_eq!(app.status("ada@example.org").await, "active");
    assert!(app.permissions("ada@example.org").await.iter().eq(["edit_facility:leeds"]), "what the admin meant");
    let waiting = app.waiting("ada@example.org").await;
    assert!(waiting.len() == 1 && waiting[0].0 == "organization_admin", "{waiting:?}");
    assert!(waiting[0].1.contains("promised by an invitation"), "{waiting:?}");
    assert!(refusal(&app, &secret).await.contains("accepted already"));
    assert_eq!(app.people().await, 1);
}
