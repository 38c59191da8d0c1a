//! What a stolen token can and cannot reach: read-only attributes stay as they are however they are named, the set of
//! admins stays as it is, and what people may do is always what the rules of now say.

use std::collections::{BTreeMap, BTreeSet};

use secaro_gateway::provisioning::rules::Subject;
use secaro_gateway::scim::Dialect;
use serde_json::{Value, json};

use super::{Dice, unhurried};
use crate::support::app::TestApp;

const CANARY: &str = "hostile-value";

/// Every read-only attribute of a type, as `/Schemas` tells: the path to it, and the URN it belongs to.
fn read_only(schema: &Value) -> Vec<(String, String)> {
    let urn = schema["id"].as_str().unwrap();
    let mut paths = Vec::new();
    for attribute in schema["attributes"].as_array().unwrap() {
        let name = attribute["name"].as_str().unwrap();
        if attribute["mutability"] == json!("readOnly") {
            paths.push((name.to_owned(), urn.to_owned()));
        }
        for sub in attribute["subAttributes"].as_array().unwrap_or(&Vec::new()) {
            if sub["mutability"] == json!("readOnly") {
                paths.push((format!("{name}.{}", sub["name"].as_str().unwrap()), urn.to_owned()));
            }
        }
    }
    paths
}

/// `a.b` with a value as a nested object, below the extension's URN if it is one's.
fn nested((path, urn): &(String, String), value: &Value) -> Value {
    let inside = path.rsplit('.').fold(value.clone(), |inner, name| json!({ name: inner }));
    if urn.contains(":core:") { inside } else { json!({ urn.as_str(): inside }) }
}

#[tokio::test]
async fn t22_no_way_of_writing_it_changes_a_read_only_attribute() {
    let app = unhurried().await;
    let okta = app.connection("okta", Dialect::Okta).await;
    let user = okta.user("ada@example.org").await;
    let group = okta.group("Editors", &[&user]).await;
    let schemas = okta.get("/Schemas").await.expect(200).body;
    let mut tried = 0;
    for (path, core) in [(format!("/Users/{user}"), ":core:2.0:User"), (format!("/Groups/{group}"), ":core:2.0:Group")]
    {
        let of_type = |urn: &str| urn.ends_with(core) || (core.ends_with("User") && urn.contains(":extension:"));
        let all = schemas["Resources"].as_array().unwrap();
        let urn = |schema: &Value| schema["id"].as_str().unwrap().to_owned();
        let mut attributes: Vec<_> = all.iter().filter(|schema| of_type(&urn(schema))).flat_map(read_only).collect();
        let core_urn = all.iter().map(urn).find(|urn| urn.ends_with(core)).unwrap();
        for common in ["id", "meta", "meta.location", "meta.version", "meta.created", "meta.resourceType"] {
            attributes.push((common.to_owned(), core_urn.clone()));
        }
        let before = okta.get(&path).await.expect(200).body;
        for attribute in attributes {
            let (name, urn) = &attribute;
            let paths =
                [name.clone(), name.to_uppercase(), format!("{urn}:{name}"), format!("{}:{name}", urn.to_uppercase())];
            let value = if name.contains('.') { json!(CANARY) } else { json!([{ "value": CANARY }]) };
            for spelled in &paths {
                for op in ["add", "replace", "remove"] {
                    let answer = okta.patch(&path, &json!([{ "op": op, "path": spelled, "value": value }])).await;
                    assert!(matches!(answer.status.as_u16(), 200 | 204 | 400), "{op} {spelled}: {}", answer.body);
                    let named = [json!("mutability"), json!("invalidPath"), json!("invalidValue"), json!("noTarget")];
                    assert!(answer.status != 400 || named.contains(&answer.body["scimType"]), "{}", answer.body);
                    assert_eq!(okta.get(&path).await.body, before, "{op} {spelled}");
                    tried += 1;
                }
                okta.patch(&path, &json!([{ "op": "replace", "value": { spelled.as_str(): value } }])).await;
                assert_eq!(okta.get(&path).await.body, before, "{spelled} as a key");
            }
            let inside = nested(&attribute, &value);
            okta.patch(&path, &json!([{ "op": "add", "value": inside }])).await;
            assert_eq!(okta.get(&path).await.body, before, "{inside}");

            let mut whole = before.clone();
            merge(&mut whole, &inside);
            okta.put(&path, &whole).await;
            assert_eq!(okta.get(&path).await.body, before, "PUT {inside}");
            let naming = if path.contains("Users") { "userName" } else { "displayName" };
            let fresh = format!("fresh-{tried}");
            merge(&mut whole, &json!({ naming: fresh, "emails": [] }));
            let made = okta.post(path.rsplit_once('/').unwrap().0, &whole).await;
            assert!(!made.body.to_string().contains(CANARY), "POST {inside}: {}", made.body);
        }
    }
    assert!(tried > 120, "{tried}: the schemas name read-only attributes");
}

fn merge(whole: &mut Value, part: &Value) {
    for (name, value) in part.as_object().unwrap() {
        match whole.get_mut(name) {
            Some(old) if old.is_object() && value.is_object() => merge(old, value),
            _ => whole[name] = value.clone(),
        }
    }
}

async fn admins(app: &TestApp) -> BTreeSet<String> {
    let sql = "SELECT p.email || ' ' || g.permission FROM grants g JOIN people p ON p.id = g.person_id \
               WHERE g.state = 'effective' AND p.status = 'active' AND g.permission LIKE '%_admin'";
    app.sql().await.texts(sql).await.into_iter().collect()
}

#[tokio::test]
async fn t21_no_mutation_of_a_connection_that_may_grant_edit_changes_who_is_admin() {
    let app = unhurried().await;
    let hr = app.connection("hr", Dialect::Okta).await;
    app.person("root@example.org", "active").await;
    app.grant("root@example.org", "organization_admin").await;
    app.grant("root@example.org", "billing_admin").await;
    let boss = json!({ "userName": "boss@example.org", "roles": [{ "value": "organization_admin" }] });
    hr.post("/Users", &boss).await.created();
    let thief = app.limited("generic", "edit").await;
    let admin_group = thief.group("Admins", &[]).await;
    app.add_rule("generic", Subject::Group(admin_group.clone()), "organization_admin").await;
    app.pattern_rule("generic", "secaro-{facility}-editors", &["edit_facility:{facility}"]).await;
    let before = admins(&app).await;
    assert_eq!(before.len(), 3);

    let dice = Dice::seeded(21);
    let emails =
        ["root@example.org", "boss@example.org", "ROOT@example.org", "eve@example.org", "new@evil.example", "x"];
    let roles =
        ["organization_admin", "billing_admin", "edit_organization", "Organization_Admin", "edit_facility:leeds"];
    let names = ["Admins", "ADMINS", "Ａdmins", "Admins\u{200b}", "secaro-leeds-editors", "organization_admin"];
    let (mut users, mut groups) = (vec![thief.user("mallory@example.org").await], vec![admin_group]);
    let mut statuses = BTreeMap::new();
    for number in 0..200 {
        let (email, role, name) = (*dice.one_of(&emails), *dice.one_of(&roles), *dice.one_of(&names));
        let user = format!("/Users/{}", dice.one_of(&users));
        let group = format!("/Groups/{}", dice.one_of(&groups));
        let member = dice.one_of(&users).clone();
        let value = json!([{ "value": role, "primary": true }]);
        let whole = json!({ "userName": format!("{email}{number}"), "externalId": format!("{name}{number}"), "displayName": name,
            "emails": [{ "value": email, "primary": true }], "roles": value, "entitlements": value,
            "active": dice.below(4) > 0, "groups": [{ "value": groups[0] }], "urn:secaro:params:scim:schemas:extension:access:2.0:User":
            { "status": "active", "adminFor": [{ "value": role }] } });
        let answer = match dice.below(10) {
            0 | 1 => thief.post("/Users", &whole).await,
            2 => thief.put(&user, &whole).await,
            3 => thief.patch(&user, &json!([{ "op": "add", "path": "roles", "value": value }])).await,
            4 => thief
                .patch(
                    &user,
                    &json!([{ "op": "replace", "value": { "roles": value, "emails[type eq \"work\"].value": email } }]),
                )
                .await,
            5 => {
                thief
                    .patch(
                        &user,
                        &json!([{ "op": "replace", "path": "emails", "value": [{ "value": email, "primary": true }] }]),
                    )
                    .await
            }
            6 => {
                thief.patch(&group, &json!([{ "op": "add", "path": "members", "value": [{ "value": member }] }])).await
            }
            7 => {
                thief
                    .post(
                        "/Groups",
                        &json!({ "displayName": name, "externalId": name, "members": [{ "value": member }] }),
                    )
                    .await
            }
            8 => thief.patch(&group, &json!([{ "op": "replace", "path": "displayName", "value": name }])).await,
            _ => thief.patch(&user, &json!([{ "op": "replace", "value": { "active": dice.below(2) == 0 } }])).await,
        };
        *statuses.entry(answer.status.as_u16()).or_insert(0) += 1;
        assert!(answer.status.as_u16() < 500, "{}", answer.body);
        if answer.status == 201 {
            let id = answer.body["id"].as_str().unwrap().to_owned();
            if answer.body["meta"]["resourceType"] == json!("User") { users.push(id) } else { groups.push(id) }
        }
        if number % 50 == 49 {
            assert_eq!(admins(&app).await, before, "after {number}");
        }
    }
    assert!(statuses[&200] > 40 && statuses[&201] > 15, "the attack reaches its targets: {statuses:?}");
    assert!(app.held().await.iter().any(|held| *held == ("permission", "ceiling".to_owned())));

    // The same token with a higher ceiling does make an admin: the test can fail.
    let allowed = app.connection("allowed", Dialect::Okta).await;
    let role = json!({ "userName": "made@example.org", "roles": [{ "value": "organization_admin" }] });
    allowed.post("/Users", &role).await.created();
    assert_ne!(admins(&app).await, before);
}

/// What a User is, in the plain model.
#[derive(Default)]
struct Model {
    id: String,
    there: bool,
    active: bool,
    entitled: bool,
}

/// What people should be able to do: nothing but a function of what is asserted now.
fn expected(email: usize, users: &[Model], groups: &[(String, &str, BTreeSet<usize>)]) -> BTreeSet<String> {
    let user = &users[email];
    if !user.there || !user.active {
        return BTreeSet::new();
    }
    let mut may = BTreeSet::new();
    may.extend(user.entitled.then(|| "edit_organization".to_owned()));
    for (number, (_, name, members)) in groups.iter().enumerate() {
        if members.contains(&email) {
            may.extend((number == 0).then(|| "billing_admin".to_owned()));
            let facility = name.strip_prefix("secaro-").and_then(|rest| rest.strip_suffix("-editors"));
            may.extend(
                facility.filter(|key| ["leeds", "york"].contains(key)).map(|key| format!("edit_facility:{key}")),
            );
        }
    }
    may
}

#[tokio::test]
async fn t31_after_every_step_people_may_do_what_the_rules_of_now_say() {
    let app = unhurried().await;
    let okta = app.limited("okta", "edit,billing_admin").await;
    app.pattern_rule("okta", "secaro-{facility}-editors", &["edit_facility:{facility}"]).await;
    let email = |number: usize| format!("user{number}@example.org");
    let names = ["secaro-leeds-editors", "secaro-york-editors", "secaro-hull-editors", "Chess club"];
    let mut users: Vec<Model> = Vec::new();
    let mut groups = Vec::new();
    for number in 0..4 {
        let id = okta.user(&email(number)).await;
        users.push(Model { id, there: true, active: true, entitled: false });
        let name = format!("{} {number}", names[3]);
        groups.push((okta.group(&name, &[]).await, "", BTreeSet::new()));
    }
    app.add_rule("okta", Subject::Group(groups[0].0.clone()), "billing_admin").await;

    let dice = Dice::seeded(31);
    for step in 0..160 {
        let (u, g) = (dice.below(4), dice.below(4));
        let (user, group) = (format!("/Users/{}", users[u].id), format!("/Groups/{}", groups[g].0));
        let what = dice.below(8);
        match what {
            _ if !users[u].there => {
                users[u] = Model { id: okta.user(&email(u)).await, there: true, active: true, entitled: false };
            }
            0 | 1 => {
                let add = json!([{ "op": "add", "path": "members", "value": [{ "value": users[u].id }] }]);
                okta.patch(&group, &add).await.expect(204);
                groups[g].2.insert(u);
            }
            2 => {
                let remove = json!([{ "op": "remove", "path": format!("members[value eq \"{}\"]", users[u].id) }]);
                okta.patch(&group, &remove).await.expect(204);
                groups[g].2.remove(&u);
            }
            3 => {
                users[u].active = !users[u].active;
                let active = json!([{ "op": "replace", "value": { "active": users[u].active } }]);
                okta.patch(&user, &active).await.expect(200);
            }
            4 => {
                okta.delete(&user).await.expect(204);
                users[u].there = false;
                for (_, _, members) in &mut groups {
                    members.remove(&u);
                }
            }
            5 => {
                users[u].entitled = !users[u].entitled;
                let value = json!([{ "value": "edit_organization" }]);
                let op = if users[u].entitled { "add" } else { "remove" };
                let change = json!([{ "op": op, "path": "entitlements", "value": value }]);
                okta.patch(&user, &change).await.expect(200);
            }
            6 => {
                let name = *dice.one_of(&names);
                if groups.iter().all(|group| group.1 != name) {
                    okta.put(&group, &json!({ "displayName": name })).await.expect(200);
                    groups[g].1 = name;
                }
            }
            _ => {
                let all: BTreeSet<usize> = (0..4).filter(|n| users[*n].there && dice.below(2) == 0).collect();
                let value: Vec<_> = all.iter().map(|n| json!({ "value": users[*n].id })).collect();
                let replace = json!([{ "op": "replace", "path": "members", "value": value }]);
                okta.patch(&group, &replace).await.expect(204);
                groups[g].2 = all;
            }
        }
        for person in app.opened.directory.people("example").await.unwrap() {
            let number = (0..4).find(|number| email(*number) == person.person.email).unwrap();
            let may: BTreeSet<_> = person.permissions.iter().map(ToString::to_string).collect();
            assert_eq!(may, expected(number, &users, &groups), "step {step}, {what}: {}", email(number));
        }
    }
}
