//! Held permissions: gained or not, lost or kept, each as things are when it is decided.

use futures_util::future::join_all;
use secaro_gateway::directory::held::What;
use secaro_gateway::directory::people::Status;
use secaro_gateway::provisioning::holds::Decision;
use serde_json::json;

use super::{admin, decide, held, is_conflict, is_forbidden, only_held, unhurried, words};
use crate::bridge::{NOTHING, active, replace, set, user, with_role};

#[tokio::test]
async fn t21_a_released_role_is_beyond_the_ceiling_and_stays_while_it_is_asserted() {
    let app = unhurried().await;
    let root = admin(&app, "root@example.org").await;
    let okta = app.limited("okta", "edit").await;
    let ada = okta.post("/Users", &with_role("ada@example.org", "organization_admin")).await.created();
    let path = format!("/Users/{ada}");
    let waits = only_held(&app).await;
    assert_eq!((waits.kind, waits.reason.as_str()), (What::Permission, "ceiling"));
    assert!(waits.deadline.unwrap() > waits.since);

    decide(&app, &root, &waits.id, Decision::Release).await.unwrap();
    assert_eq!(app.permissions("ada@example.org").await, set(["organization_admin"]));
    for change in [replace("title", "x"), replace("title", "y")] {
        okta.patch(&path, &change).await.expect(200);
        assert_eq!(app.permissions("ada@example.org").await, set(["organization_admin"]), "it survives");
    }
    assert!(held(&app).await.is_empty());
    let because = &app.explain("ada@example.org").await.effective[0].because[0];
    assert!(because.decision.as_ref().unwrap().starts_with("released by root@example.org"), "{because:?}");

    // Withdrawn, it is gone; asserted anew, it is held anew.
    okta.patch(&path, &json!([{ "op": "remove", "path": "roles" }])).await.expect(200);
    assert_eq!(app.permissions("ada@example.org").await, NOTHING);
    okta.put(&path, &with_role("ada@example.org", "organization_admin")).await.expect(200);
    assert_eq!(app.permissions("ada@example.org").await, NOTHING);
    let again = only_held(&app).await;
    assert_ne!(again.id, waits.id);
    let late = decide(&app, &root, &waits.id, Decision::Release).await;
    assert!(words(late).starts_with("root@example.org (through operator test) decided it on"));
}

#[tokio::test]
async fn a_discarded_role_is_not_held_again_until_it_is_asserted_anew() {
    let app = unhurried().await;
    let root = admin(&app, "root@example.org").await;
    let okta = app.limited("okta", "edit").await;
    let ada = okta.post("/Users", &with_role("ada@example.org", "billing_admin")).await.created();
    let path = format!("/Users/{ada}");
    let waits = only_held(&app).await;
    decide(&app, &root, &waits.id, Decision::Discard).await.unwrap();
    okta.patch(&path, &replace("title", "x")).await.expect(200);
    assert!(held(&app).await.is_empty());
    assert_eq!(app.permissions("ada@example.org").await, NOTHING);
    assert!(is_conflict(&decide(&app, &root, &waits.id, Decision::Release).await), "decided is decided");
    okta.patch(&path, &json!([{ "op": "remove", "path": "roles" }])).await.expect(200);
    okta.put(&path, &with_role("ada@example.org", "billing_admin")).await.expect(200);
    assert_eq!(only_held(&app).await.reason, "ceiling");
}

#[tokio::test]
async fn what_is_always_allowed_is_not_held_again_for_that_person() {
    let app = unhurried().await;
    let root = admin(&app, "root@example.org").await;
    let okta = app.limited("okta", "edit").await;
    let ada = okta.post("/Users", &with_role("ada@example.org", "billing_admin")).await.created();
    decide(&app, &root, &only_held(&app).await.id, Decision::AlwaysAllow).await.unwrap();
    let path = format!("/Users/{ada}");
    okta.patch(&path, &active(false)).await.expect(200);
    okta.patch(&path, &active(true)).await.expect(200);
    assert_eq!(app.permissions("ada@example.org").await, set(["billing_admin"]));
    okta.post("/Users", &with_role("bob@example.org", "billing_admin")).await.created();
    assert_eq!(only_held(&app).await.person.as_deref(), Some("bob@example.org"), "nobody else");
    okta.put(&path, &with_role("ada@example.org", "organization_admin")).await.expect(200);
    assert_eq!(held(&app).await.len(), 2, "nothing else");
}

#[tokio::test]
async fn t45_release_looks_again_at_what_is_true_now() {
    let app = unhurried().await;
    let root = admin(&app, "root@example.org").await;
    let okta = app.limited("okta", "edit").await;
    okta.post("/Users", &with_role("ada@example.org", "organization_admin")).await.created();
    let waits = only_held(&app).await;
    // By hand, an admin deactivates the person: nothing is released for somebody without access.
    let really = secaro_gateway::directory::edit::Really::Yes;
    app.opened.directory.deactivate_person(&root, None, "ada@example.org", really).await.unwrap();
    assert!(decide(&app, &root, &waits.id, Decision::Release).await.is_err());
    assert_eq!(app.permissions("ada@example.org").await, NOTHING);
    assert_eq!(app.status("ada@example.org").await, "deactivated");
}

#[tokio::test]
async fn t46_nobody_decides_without_the_role_or_about_their_own() {
    let app = unhurried().await;
    let root = admin(&app, "root@example.org").await;
    let other = admin(&app, "other@example.org").await;
    let okta = app.limited("okta", "edit").await;
    okta.post("/Users", &with_role("ada@example.org", "organization_admin")).await.created();
    let waits = only_held(&app).await;
    let ada = app.member("ada@example.org").await;
    assert!(is_forbidden(&decide(&app, &ada, &waits.id, Decision::Release).await), "no admin, and about themselves");
    // An admin in whose hands the role was when the page was shown, and no longer is.
    let take = secaro_gateway::directory::edit::Edit { admin_for: Some(Vec::new()), ..Default::default() };
    app.opened.directory.edit_person(&root, None, "other@example.org", &take).await.unwrap();
    assert!(is_forbidden(&decide(&app, &other, &waits.id, Decision::Release).await));
    assert_eq!(app.permissions("ada@example.org").await, NOTHING);

    app.grant("ada@example.org", "organization_admin").await;
    assert!(is_forbidden(&decide(&app, &ada, &waits.id, Decision::Release).await), "an admin, but their own role");
    assert!(is_forbidden(&decide(&app, &ada, &waits.id, Decision::Discard).await));
    decide(&app, &root, &waits.id, Decision::Release).await.unwrap();
}

#[tokio::test]
async fn t46_of_sixteen_admins_one_decides_and_the_others_hear_who() {
    let app = unhurried().await;
    let mut admins = Vec::new();
    for number in 0..16 {
        admins.push(admin(&app, &format!("admin{number}@example.org")).await);
    }
    let okta = app.limited("okta", "edit").await;
    for round in 0..8 {
        let email = format!("user{round}@example.org");
        okta.post("/Users", &with_role(&email, "billing_admin")).await.created();
        let waits = only_held(&app).await;
        let decisions = admins.iter().enumerate().map(|(number, actor)| {
            let decision = if number % 2 == 0 { Decision::Release } else { Decision::Discard };
            decide(&app, actor, &waits.id, decision)
        });
        let outcomes = join_all(decisions).await;
        let winners: Vec<usize> = (0..16).filter(|number| outcomes[*number].is_ok()).collect();
        assert_eq!(winners.len(), 1, "round {round}");
        let name = format!("admin{}@example.org", winners[0]);
        for outcome in outcomes.into_iter().filter(Result::is_err) {
            let words = words(outcome);
            assert!(words.starts_with(&name), "round {round}: {words}");
        }
        let expected = if winners[0].is_multiple_of(2) { set(["billing_admin"]) } else { NOTHING };
        assert_eq!(app.permissions(&email).await, expected);
        let sql = "SELECT COUNT(*) FROM audit_records WHERE action IN ('change.released', 'change.discarded')";
        assert_eq!(app.sql().await.number(sql).await, round + 1, "one record each");
        let sql = "SELECT COUNT(*) FROM outbox WHERE kind IN ('change.released', 'change.discarded')";
        assert_eq!(app.sql().await.number(sql).await, round + 1, "one event each");
    }
}

#[tokio::test]
async fn t23_the_last_admins_loss_is_released_only_when_there_is_another() {
    let app = unhurried().await;
    let okta = app.limited("okta", "edit,organization_admin").await;
    let ada = okta.post("/Users", &with_role("ada@example.org", "organization_admin")).await.created();
    let path = format!("/Users/{ada}");
    okta.patch(&path, &json!([{ "op": "remove", "path": "roles" }])).await.expect(200);
    let waits = only_held(&app).await;
    assert_eq!((waits.kind, waits.reason.as_str()), (What::Loss, "last_organization_admin"));
    assert!(is_conflict(&decide(&app, &app.operator(), &waits.id, Decision::Release).await));
    assert_eq!(app.permissions("ada@example.org").await, set(["organization_admin"]));

    let root = admin(&app, "root@example.org").await;
    decide(&app, &root, &waits.id, Decision::Release).await.unwrap();
    assert_eq!(app.permissions("ada@example.org").await, NOTHING);
    assert!(held(&app).await.is_empty());
}

#[tokio::test]
async fn a_discarded_loss_is_kept_as_given_by_whoever_decided() {
    let app = unhurried().await;
    let okta = app.limited("okta", "edit,organization_admin").await;
    let ada = okta.post("/Users", &with_role("ada@example.org", "organization_admin")).await.created();
    let path = format!("/Users/{ada}");
    okta.patch(&path, &json!([{ "op": "remove", "path": "roles" }])).await.expect(200);
    let waits = only_held(&app).await;
    assert!(is_forbidden(&decide(&app, &app.member("ada@example.org").await, &waits.id, Decision::Discard).await));
    decide(&app, &app.operator(), &waits.id, Decision::Discard).await.unwrap();
    admin(&app, "root@example.org").await;
    okta.patch(&path, &replace("title", "x")).await.expect(200);
    assert_eq!(app.permissions("ada@example.org").await, set(["organization_admin"]), "no IdP takes it any longer");
    let because = &app.explain("ada@example.org").await.effective[0].because;
    assert_eq!(because[0].text, "given by operator test");
}

#[tokio::test]
async fn a_reactivated_persons_admin_role_waits_and_sleeping_permissions_are_shown() {
    let app = unhurried().await;
    let root = admin(&app, "root@example.org").await;
    let okta = app.limited("okta", "edit").await;
    let ada = okta.user("ada@example.org").await;
    app.grant("ada@example.org", "billing_admin").await;
    okta.patch(&format!("/Users/{ada}"), &active(false)).await.expect(200);
    okta.patch(&format!("/Users/{ada}"), &active(true)).await.expect(200);
    let waits = only_held(&app).await;
    assert_eq!(waits.reason, "reactivated");
    assert!(waits.deadline.is_some());
    decide(&app, &root, &waits.id, Decision::Release).await.unwrap();
    assert_eq!(app.permissions("ada@example.org").await, set(["billing_admin"]));

    let hull = json!([{ "op": "add", "path": "entitlements", "value": [{ "value": "edit_facility:hull" }] }]);
    okta.patch(&format!("/Users/{ada}"), &hull).await.expect(200);
    let sleeps = only_held(&app).await;
    assert_eq!((sleeps.kind, sleeps.reason.as_str()), (What::Dormant, "unknown_facility"));
    assert!(is_conflict(&decide(&app, &root, &sleeps.id, Decision::Release).await));
    assert_eq!(app.explain("ada@example.org").await.overview.person.status, Status::Active);
}

#[tokio::test]
async fn several_are_decided_at_once_with_a_result_for_each() {
    let app = unhurried().await;
    let root = admin(&app, "root@example.org").await;
    let okta = app.limited("okta", "edit").await;
    for email in ["ada@example.org", "bob@example.org"] {
        okta.post("/Users", &with_role(email, "billing_admin")).await.created();
    }
    okta.post("/Users", &user("eve@example.org")).await.created();
    let mut ids: Vec<String> = held(&app).await.into_iter().map(|item| item.id).collect();
    ids.push("019b0000-0000-7000-8000-000000000000".to_owned());
    ids.push("not an id".to_owned());
    let decided = app.opened.provisioning.decide_held(&root, "example", &ids, Decision::Release).await.unwrap();
    let oks: Vec<bool> = decided.iter().map(|(_, outcome)| outcome.is_ok()).collect();
    assert_eq!(oks, [true, true, false, false]);
    assert_eq!(app.permissions("bob@example.org").await, set(["billing_admin"]));
    assert_eq!(app.permissions("eve@example.org").await, NOTHING);
}

#[tokio::test]
async fn t05_nothing_of_another_organization_is_decided() {
    let app = unhurried().await;
    let root = admin(&app, "root@example.org").await;
    app.organization("other", "other.example").await;
    let theirs = app.connection_of("other", "theirs", secaro_gateway::scim::Dialect::Okta, "edit").await;
    theirs.post("/Users", &with_role("eve@other.example", "organization_admin")).await.created();
    let waits = app.opened.directory.held("other").await.unwrap().remove(0);
    let unknown = decide(&app, &root, "019b0000-0000-7000-8000-000000000000", Decision::Release).await;
    let theirs = decide(&app, &root, &waits.id, Decision::Release).await;
    assert_eq!(
        words(theirs).replace(&waits.id, ""),
        words(unknown).replace("019b0000-0000-7000-8000-000000000000", "")
    );
    let ids = [waits.id.clone()];
    let asked = app.opened.provisioning.decide_held(&root, "other", &ids, Decision::Release).await;
    assert!(is_forbidden(&asked));
    assert_eq!(app.opened.directory.held("other").await.unwrap().len(), 1);
}

/// What a User asserts and what was decided about it, in the plain model.
#[derive(Default, Clone)]
struct Model {
    id: String,
    active: bool,
    asserted: bool,
    decision: Option<Decision>,
    always: bool,
}

#[tokio::test]
async fn t31_what_people_may_do_is_a_function_of_what_is_asserted_and_what_was_decided() {
    let app = unhurried().await;
    let root = admin(&app, "root@example.org").await;
    let okta = app.limited("okta", "edit").await;
    let email = |number: usize| format!("user{number}@example.org");
    let mut users = Vec::new();
    for number in 0..3 {
        users.push(Model { id: okta.user(&email(number)).await, active: true, ..Model::default() });
    }
    let random = secaro_gateway::ids::Randomness::seeded(31);
    let below = |end: u64| u64::from_le_bytes(random.bytes()) % end;
    let mut decisions = 0;
    for step in 0..150 {
        let u = usize::try_from(below(3)).unwrap();
        let (path, user) = (format!("/Users/{}", users[u].id), &mut users[u]);
        match below(8) {
            0 | 1 => {
                let value = json!([{ "value": "billing_admin" }]);
                okta.patch(&path, &json!([{ "op": "add", "path": "roles", "value": value }])).await.expect(200);
                user.asserted = true;
            }
            2 => {
                okta.patch(&path, &json!([{ "op": "remove", "path": "roles" }])).await.expect(200);
                (user.asserted, user.decision) = (false, None);
            }
            3 => {
                user.active = !user.active;
                okta.patch(&path, &active(user.active)).await.expect(200);
                if !user.active {
                    user.decision = None;
                }
            }
            4 => drop(okta.patch(&path, &replace("title", &step.to_string())).await.expect(200)),
            _ => {
                let all = [Decision::Release, Decision::Discard, Decision::Discard, Decision::AlwaysAllow];
                let decision = all[usize::try_from(below(4)).unwrap()];
                let waits = held(&app).await.into_iter().find(|item| item.person.as_ref() == Some(&email(u)));
                let open = user.active && user.asserted && user.decision.is_none() && !user.always;
                assert_eq!(waits.is_some(), open, "step {step}");
                if let Some(waits) = waits {
                    decide(&app, &root, &waits.id, decision).await.unwrap();
                    user.decision = Some(decision);
                    user.always |= decision == Decision::AlwaysAllow;
                    decisions += 1;
                }
            }
        }
        for (number, user) in users.iter().enumerate() {
            let given = user.always && user.decision.is_none()
                || matches!(user.decision, Some(Decision::Release | Decision::AlwaysAllow));
            let may = user.active && user.asserted && given;
            let expected = if may { set(["billing_admin"]) } else { NOTHING };
            assert_eq!(app.permissions(&email(number)).await, expected, "step {step}: {}", email(number));
        }
    }
    assert!(decisions > 5, "{decisions} decisions");
}

/// What waits for a facility waits for somebody as well: by a deadline, and it can be turned down for good.
#[tokio::test]
async fn what_is_asserted_for_an_unknown_facility_can_be_discarded_before_there_is_one() {
    let app = unhurried().await;
    let root = admin(&app, "root@example.org").await;
    let okta = app.limited("okta", "edit").await;
    let mut body = user("ada@example.org");
    body["entitlements"] = json!([{ "value": "edit_facility:lyon" }]);
    let path = format!("/Users/{}", okta.post("/Users", &body).await.created());
    let waits = only_held(&app).await;
    assert_eq!((waits.kind, waits.reason.as_str()), (What::Dormant, "unknown_facility"));
    assert!(waits.deadline.unwrap() > waits.since);
    assert!(is_conflict(&decide(&app, &root, &waits.id, Decision::Release).await), "there is nothing to give yet");

    decide(&app, &root, &waits.id, Decision::Discard).await.unwrap();
    assert!(held(&app).await.is_empty());
    app.facility("example", "lyon").await;
    okta.patch(&path, &replace("title", "x")).await.expect(200);
    assert_eq!(app.permissions("ada@example.org").await, NOTHING, "it stays discarded");
    // Withdrawn and asserted anew, it is another one.
    okta.patch(&path, &json!([{ "op": "remove", "path": "entitlements" }])).await.expect(200);
    okta.put(&path, &body).await.expect(200);
    assert_eq!(app.permissions("ada@example.org").await, set(["edit_facility:lyon"]));
}
