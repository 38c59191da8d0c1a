//! What is shown is what is done: over many random changes of a small directory, and case by case.

use secaro_gateway::directory::facilities::NewFacility;
use secaro_gateway::ids::RuleId;
use secaro_gateway::provisioning::plans::{Access, Change};
use secaro_gateway::provisioning::rules::{NewRule, Subject, WrittenRule};
use secaro_gateway::scim::Dialect;
use serde_json::json;

use super::{apply, by_pattern, conflict, effects, everybody, of_group, plan};
use crate::support::app::TestApp;

/// The same numbers in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % sides
    }

    fn one<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.roll(of.len())]
    }
}

async fn random_change(app: &TestApp, dice: &mut Dice, groups: &[String]) -> Change {
    let connection = "okta".to_owned();
    let rules = app.opened.provisioning.rules("okta").await.unwrap();
    let rule: Option<RuleId> = (!rules.is_empty()).then(|| dice.one(&rules).id);
    let organization = "example".to_owned();
    let key = (*dice.one(&["leeds", "york"])).to_owned();
    match (dice.roll(9), rule) {
        (0, Some(rule)) => Change::RemoveRule { connection, rule },
        (1, Some(rule)) => Change::SwitchRule { connection, rule, enabled: dice.roll(2) == 0 },
        (2, _) => {
            let may_grant =
                (*dice.one(&["edit", "", "edit,billing_admin", "edit,billing_admin,organization_admin"])).to_owned();
            Change::SetCeiling { connection, may_grant }
        }
        (3, _) => Change::ArchiveFacility { organization, key },
        (4, _) => Change::UnarchiveFacility { organization, key },
        (5, _) => {
            let mut rules: Vec<WrittenRule> = rules.iter().map(WrittenRule::of).collect();
            rules.truncate(dice.roll(3));
            rules.push(WrittenRule::from(&by_pattern("edit_facility:{facility}")));
            Change::ReplaceRules { connection, rules }
        }
        (6, _) => {
            let subject = Subject::Attribute { path: "title".to_owned(), value: (*dice.one(&["a", "b"])).to_owned() };
            Change::from(&NewRule { connection, subject, gives: vec!["edit_organization".to_owned()], note: None })
        }
        (7, _) => Change::from(&by_pattern("edit_facility:{facility}")),
        _ => {
            let gives = *dice.one(&["organization_admin", "billing_admin", "edit_facility:york", "edit_facility:hull"]);
            Change::from(&of_group(&groups[dice.roll(groups.len())], gives))
        }
    }
}

#[tokio::test]
async fn what_is_shown_is_what_is_done_whatever_is_changed() {
    let app = TestApp::with(&[("guards.plan_batch", "3"), ("scim.rate_burst", "100000")]).await;
    let okta = app.connection("okta", Dialect::Okta).await;
    let mut dice = Dice(7);
    let mut users = Vec::new();
    for number in 0..8 {
        let email = format!("u{number}@example.org");
        let user = json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": email,
            "emails": [{ "value": email, "primary": true }], "active": number != 7, "title": if number % 2 == 0 { "a" } else { "b" },
            "roles": if number == 0 { json!([{ "value": "organization_admin" }]) } else { json!([]) },
        });
        users.push(okta.post("/Users", &user).await.created());
    }
    let mut groups = Vec::new();
    for name in ["secaro-leeds-editors", "secaro-york-editors", "secaro-hull-editors", "Admins"] {
        let members: Vec<&str> = users.iter().filter(|_| dice.roll(2) == 0).map(String::as_str).collect();
        groups.push(okta.group(name, &members).await);
    }

    let (mut moved, mut refused) = (0, 0);
    for round in 0..32 {
        let change = random_change(&app, &mut dice, &groups).await;
        let before = everybody(&app).await;
        let planned = match app.opened.provisioning.plan(&app.operator(), change.clone()).await {
            Ok(planned) => planned,
            Err(error) => {
                // Only to keep an Organization admin is anything of this refused.
                assert!(conflict(error).contains("without an active Organization admin"), "{round}: {change:?}");
                assert_eq!(everybody(&app).await, before, "{round}: a refusal changes nothing");
                refused += 1;
                continue;
            }
        };
        let shown = effects(&app, planned.id).await;
        let mut expected = before.clone();
        for effect in &shown {
            assert_eq!(before[&effect.email].1, effect.before.permissions, "{round}: before, {}", effect.email);
            expected.insert(effect.email.clone(), as_seen(&effect.after));
        }
        if planned.is_planned() {
            assert_eq!(everybody(&app).await, before, "{round}: planning changes nothing");
            moved += 1;
            apply(&app, planned.id).await.unwrap();
        }
        assert_eq!(everybody(&app).await, expected, "{round}: {change:?}");
        let notes: Vec<_> = effects(&app, planned.id).await.into_iter().filter_map(|effect| effect.note).collect();
        assert!(!notes.iter().any(|note| note.starts_with("came otherwise")), "{round}: {notes:?}");
    }
    assert!(moved >= 8 && refused >= 1, "the dice try something: {moved} plans moved somebody, {refused} were refused");
}

/// As [`everybody`] sees it: the permissions that wait, each once.
fn as_seen(access: &Access) -> (String, Vec<String>, Vec<String>) {
    let waiting = access.held.iter().chain(&access.dormant).filter_map(|text| text.split_once(" (").map(|two| two.0));
    let mut waiting: Vec<String> = waiting.filter(|what| *what != "link").map(ToOwned::to_owned).collect();
    waiting.sort();
    waiting.dedup();
    (access.status.clone().unwrap_or_default(), access.permissions.clone(), waiting)
}

#[tokio::test]
async fn a_plan_says_who_gains_who_loses_and_who_becomes_view_only() {
    let app = TestApp::new().await;
    let okta = app.connection("okta", Dialect::Okta).await;
    let ada = okta.user("ada@example.org").await;
    let bob = okta.user("bob@example.org").await;
    okta.group("secaro-leeds-editors", &[&ada, &bob]).await;
    okta.group("secaro-hull-editors", &[&bob]).await;
    let admins = okta.group("Admins", &[&ada]).await;

    let planned = plan(&app, &by_pattern("edit_facility:{facility}")).await;
    let summary = &planned.summary;
    assert_eq!((summary.gain, summary.lose, summary.admins_changed), (2, 0, 0));
    assert_eq!(summary.unknown_facilities, ["hull"]);
    assert!(app.permissions("ada@example.org").await.is_empty(), "nothing is done yet");
    apply(&app, planned.id).await.unwrap();
    assert!(app.permissions("ada@example.org").await.contains("edit_facility:leeds"));

    let planned = plan(&app, &of_group(&admins, "organization_admin")).await;
    assert_eq!((planned.summary.gain, planned.summary.admins_changed), (1, 1));
    apply(&app, planned.id).await.unwrap();

    let archive = Change::ArchiveFacility { organization: "example".to_owned(), key: "leeds".to_owned() };
    let planned = plan(&app, archive).await;
    assert_eq!((planned.summary.lose, planned.summary.become_view_only), (2, 1), "Ada stays an admin");
    apply(&app, planned.id).await.unwrap();
    let add = NewFacility { key: "hull".to_owned(), name: "Hull".to_owned(), ..NewFacility::default() };
    let planned = plan(&app, Change::AddFacility { organization: "example".to_owned(), facility: add }).await;
    assert_eq!(effects(&app, planned.id).await[0].gained(), ["edit_facility:hull"]);
    app.opened.provisioning.discard_plan(&app.operator(), planned.id).await.unwrap();
    assert!(conflict(apply(&app, planned.id).await.unwrap_err()).contains("was discarded"));
}

#[tokio::test]
async fn t20_no_file_of_rules_makes_a_name_or_an_attribute_give_an_admin_role() {
    let app = TestApp::new().await;
    let okta = app.connection("okta", Dialect::Okta).await;
    okta.user("ada@example.org").await;
    for role in ["organization_admin", "billing_admin"] {
        let pattern = WrittenRule::from(&by_pattern(role));
        let attribute = Subject::Attribute { path: "userName".to_owned(), value: "ada@example.org".to_owned() };
        let new =
            NewRule { connection: "okta".to_owned(), subject: attribute, gives: vec![role.to_owned()], note: None };
        for rule in [pattern, WrittenRule::from(&new)] {
            let change = Change::ReplaceRules { connection: "okta".to_owned(), rules: vec![rule] };
            let refused = app.opened.provisioning.plan(&app.operator(), change).await.unwrap_err();
            assert!(refused.to_string().contains("bind admin roles to a group by its id"), "{refused}");
        }
    }
    assert!(app.opened.provisioning.rules("okta").await.unwrap().is_empty());
}

#[tokio::test]
async fn who_is_no_admin_neither_plans_nor_applies() {
    let app = TestApp::new().await;
    let okta = app.connection("okta", Dialect::Okta).await;
    let ada = okta.user("ada@example.org").await;
    okta.user("bob@example.org").await;
    okta.group("secaro-leeds-editors", &[&ada]).await;
    app.grant("ada@example.org", "organization_admin").await;
    let (ada, bob) = (app.member("ada@example.org").await, app.member("bob@example.org").await);
    let change = Change::from(&by_pattern("edit_facility:{facility}"));
    let provisioning = &app.opened.provisioning;
    assert!(provisioning.plan(&bob, change.clone()).await.unwrap_err().to_string().contains("Organization admin"));
    let planned = provisioning.plan(&ada, change).await.unwrap();
    assert!(provisioning.apply_plan(&bob, planned.id, &mut |_| {}).await.is_err());
    assert!(provisioning.discard_plan(&bob, planned.id).await.is_err());
    provisioning.apply_plan(&ada, planned.id, &mut |_| {}).await.unwrap();
    assert!(app.permissions("ada@example.org").await.contains("edit_facility:leeds"));
}
