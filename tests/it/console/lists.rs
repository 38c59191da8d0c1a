//! Lists that grow with an organization: each page of them is read by itself, and all pages together are everything.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::time::Duration;

use secaro_gateway::clock::Clock as _;
use secaro_gateway::directory::invitations::NewInvitation;
use secaro_gateway::directory::listing::{Order, Status, Wanted};
use secaro_gateway::ids::{Id as _, PersonId, Randomness};
use serde_json::{Value, json};

use crate::support::app::{Browser, TestApp};

const ADA: &str = "ada@example.org";

async fn with_an_admin() -> (TestApp, Browser) {
    let app = TestApp::new().await;
    app.person(ADA, "active").await;
    app.grant(ADA, "organization_admin").await;
    let browser = app.sign_in(ADA).await;
    (app, browser)
}

/// What stands in every row of a list, over all of its pages; how many pages it has.
async fn pages(app: &TestApp, browser: &Browser, path: &str, before: &str) -> (Vec<String>, usize) {
    let (mut found, mut count, mut next) = (Vec::new(), 0, Some(path.to_owned()));
    while let Some(path) = next {
        let page = app.browse(browser, &path).await.expect(200);
        let rows = page.text.split(before).skip(1).filter_map(|rest| rest.split(['"', '<']).next());
        found.extend(rows.map(str::to_owned));
        let pager = page.text.split("<nav class=\"pager\"").nth(1).unwrap_or_default();
        let pager = pager.split("</nav>").next().unwrap_or_default();
        next = pager.split("href=\"").nth(1).map(|rest| rest.split('"').next().unwrap().replace("&#38;", "&"));
        count += 1;
    }
    (found, count)
}

/// A User as an IdP writes one, with a role that its connection may not grant.
fn with_a_role(name: &str) -> Value {
    let schema = "urn:ietf:params:scim:schemas:core:2.0:User";
    json!({ "schemas": [schema], "userName": name, "active": true, "roles": [{ "value": "billing_admin" }] })
}

fn all_different(found: &[String]) -> bool {
    found.iter().collect::<BTreeSet<_>>().len() == found.len()
}

#[tokio::test]
async fn what_waits_is_paged_oldest_first_and_decided_from_any_page() {
    let (app, ada) = with_an_admin().await;
    let idp = app.limited("okta", "edit").await;
    for n in 0..60 {
        idp.post("/Users", &with_a_role(&format!("person{n:02}@example.org"))).await.created();
        app.clock.advance(Duration::from_secs(u64::from(n % 3 != 0)));
    }
    // Two of them are conflicts.
    app.person("grace@example.org", "active").await;
    app.grant("grace@example.org", "organization_admin").await;
    idp.user("grace@example.org").await;
    idp.post("/Users", &with_a_role("no-address")).await.created();
    let (about, count) = pages(&app, &ada, "/console/held", "<th scope=\"row\">").await;
    assert_eq!((about.len(), count), (62, 2));
    assert_eq!(about[..60], (0..60).map(|n| format!("person{n:02}@example.org")).collect::<Vec<_>>()[..]);
    let (ids, _) = pages(&app, &ada, "/console/held", "name=\"id\" value=\"").await;
    assert!(all_different(&ids));
    let (conflicts, _) = pages(&app, &ada, "/console/conflicts", "name=\"id\" value=\"").await;
    assert_eq!(conflicts.len(), 2);
    assert!(app.browse(&ada, "/console").await.expect(200).words().contains("62"));
    app.send(&ada, "/console/held", &[("id", &ids[55]), ("decision", "release")]).await.expect(303);
    assert!(app.permissions("person55@example.org").await.contains("billing_admin"));
    // Decided by now: it is still said whom it was about.
    let again = app.send(&ada, "/console/held", &[("id", &ids[55]), ("decision", "release")]).await.expect(409);
    assert!(again.words().contains("person55@example.org: "), "{}", again.words());
}

#[tokio::test]
async fn invitations_are_paged_newest_first_by_what_became_of_them() {
    let (app, ada) = with_an_admin().await;
    for n in 0..60 {
        let new = NewInvitation {
            name: "Invited".to_owned(),
            email: format!("person{n:02}@example.org"),
            can_edit: Vec::new(),
            admin_for: Vec::new(),
        };
        app.opened.directory.stage_invitation(&app.operator(), "example", &new).await.unwrap();
        app.clock.advance(Duration::from_secs(1));
    }
    let (staged, _) = pages(&app, &ada, "/console/invite", "<th scope=\"row\">").await;
    assert_eq!(staged.len(), 60);
    app.opened.directory.send_invitations(&app.operator(), "example").await.unwrap();
    for n in 0..3 {
        let which = format!("person{n:02}@example.org");
        app.opened.directory.revoke_invitation(&app.operator(), "example", &which).await.unwrap();
    }
    let (pending, count) = pages(&app, &ada, "/console/invitations", "<th scope=\"row\">").await;
    assert_eq!((pending.len(), count), (57, 2));
    assert_eq!(pending, (3..60).rev().map(|n| format!("person{n:02}@example.org")).collect::<Vec<_>>());
    let (revoked, count) = pages(&app, &ada, "/console/invitations?state=revoked", "<th scope=\"row\">").await;
    assert_eq!((revoked.len(), count), (3, 1));
    app.clock.advance(Duration::from_hours(24 * 60));
    app.work_off().await;
    let back = app.sign_in(ADA).await;
    let (expired, _) = pages(&app, &back, "/console/invitations?state=expired", "<th scope=\"row\">").await;
    assert_eq!(expired, pending);
}

#[tokio::test]
async fn a_name_is_found_in_either_case_with_its_accents() {
    let (app, ada) = with_an_admin().await;
    let idp = app.limited("okta", "edit").await;
    let user = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "userName": "emilie@example.org", "displayName": "Émilie du Châtelet", "active": true,
        "emails": [{ "value": "emilie@example.org", "primary": true }],
    });
    let id = idp.post("/Users", &user).await.created();
    let found =
        async |query: &str| pages(&app, &ada, &format!("/console/users?q={query}"), "<td class=\"email\">").await.0;
    for query in ["%C3%89MILIE", "%C3%A9milie", "ch%C3%82tel", "EMILIE@"] {
        assert_eq!(found(query).await, ["emilie@example.org"], "{query}");
    }
    let renamed = json!([{ "op": "replace", "path": "displayName", "value": "ÅSE ØSTBY" }]);
    idp.patch(&format!("/Users/{id}"), &renamed).await;
    assert_eq!(found("%C3%A5se").await, ["emilie@example.org"]);
    assert!(found("%C3%A9milie").await.is_empty(), "the name of before is forgotten");
}

/// More people than are sorted at once: by no connection, every third deactivated, every hundredth with a role.
async fn many(app: &TestApp) {
    const PEOPLE: u32 = 1200;
    let mut sql = app.sql().await;
    let (random, now) = (Randomness::seeded(7), app.clock.now());
    let organization = sql.ids("FROM organizations WHERE key = 'example'").await[0];
    let organization = sql.uuid(organization);
    let (mut people, mut grants) = (Vec::new(), Vec::new());
    for n in 0..PEOPLE {
        let id = sql.uuid(random.id::<PersonId>(now).uuid());
        let (status, by) = if n % 3 == 0 { ("deactivated", "'admin'") } else { ("active", "NULL") };
        people.push(format!(
            "({organization}, {id}, 'p{n}@example.org', 'p{n}@example.org', 'Person {}', '{status}', {by}, NULL, 0, {}, \
             'person {}')",
            n % 40,
            n % 7,
            n % 40
        ));
        if n % 100 == 1 {
            grants.push(format!(
                "({organization}, {id}, {id}, 'billing_admin', 'manual', 'effective', 'an admin', {id}, 0)"
            ));
        }
    }
    let mut text = String::new();
    writeln!(
        text,
        "INSERT INTO people (organization_id, id, email, email_key, display_name, status, deactivated_by, managed_by, \
         created_at, updated_at, name_key) VALUES {};",
        people.join(", ")
    )
    .unwrap();
    writeln!(
        text,
        "INSERT INTO grants (organization_id, id, person_id, permission, source, state, granted_by, request_id, \
         created_at) VALUES {};",
        grants.join(", ")
    )
    .unwrap();
    sql.execute(&text).await;
}

#[tokio::test]
async fn a_filter_that_leaves_few_and_one_that_leaves_many_miss_nobody() {
    let app = TestApp::new().await;
    let idp = app.limited("okta", "edit").await;
    app.pattern_rule("okta", "secaro-{facility}-editors", &["edit_facility:{facility}"]).await;
    let managed = idp.user("managed@example.org").await;
    idp.group("secaro-leeds-editors", &[&managed]).await;
    idp.post("/Users", &with_a_role("waits@example.org")).await.created();
    many(&app).await;
    let permission = || Some("billing_admin".to_owned());
    let by = |status| Wanted { status, ..Wanted::default() };
    for (wanted, expected) in [
        (Wanted::default(), 1202),
        // More than are sorted at once, and fewer.
        (by(Some(Status::Active)), 802),
        (by(Some(Status::Deactivated)), 400),
        (Wanted { unmanaged: true, ..Wanted::default() }, 1200),
        (Wanted { managed_by: Some("okta".to_owned()), ..Wanted::default() }, 2),
        (Wanted { managed_by: Some("nobody".to_owned()), ..Wanted::default() }, 0),
        (Wanted { permission: permission(), ..Wanted::default() }, 12),
        (Wanted { permission: permission(), ..by(Some(Status::Deactivated)) }, 4),
        (Wanted { attention: true, ..Wanted::default() }, 1),
        (Wanted { permission: Some("edit_facility".to_owned()), ..Wanted::default() }, 1),
        (Wanted { facility: Some("leeds".to_owned()), ..Wanted::default() }, 1),
        (Wanted { text: "person 7".to_owned(), ..Wanted::default() }, 30),
        (Wanted { text: "person 7".to_owned(), ..by(Some(Status::Deactivated)) }, 10),
        (Wanted { view_only: true, ..by(Some(Status::Active)) }, 793),
    ] {
        let mut all: Option<BTreeSet<PersonId>> = None;
        for order in [Order::Name, Order::Email, Order::Changed] {
            let mut wanted = Wanted { order, ..wanted.clone() };
            let mut ids = Vec::new();
            loop {
                let page = app.opened.directory.list_people("example", &wanted, 150).await.unwrap();
                ids.extend(page.people.iter().map(|one| one.overview.person.id));
                match page.next {
                    Some(last) => wanted.after = Some(last),
                    None => break,
                }
            }
            let set: BTreeSet<_> = ids.iter().copied().collect();
            assert_eq!((ids.len(), set.len()), (expected, expected), "{wanted:?}");
            assert_eq!(*all.get_or_insert_with(|| set.clone()), set, "{wanted:?}");
        }
    }
}

#[tokio::test]
async fn a_plan_shows_whom_it_moves_a_page_at_a_time_and_by_kind() {
    let (app, ada) = with_an_admin().await;
    let idp = app.limited("okta", "edit").await;
    for n in 0..130 {
        idp.user(&format!("person{n:03}@example.org")).await;
    }
    let boss = idp.user("boss@example.org").await;
    let chiefs = idp.group("chiefs", &[&boss]).await;
    let planned = |fields: Vec<(&'static str, String)>| {
        let (app, ada) = (&app, &ada);
        async move {
            let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
            let sent = app.send(ada, "/console/connections/okta/rules", &fields).await.expect(303);
            sent.headers["location"].to_str().unwrap().to_owned()
        }
    };
    let rule = |kind: &str, subject: &str, value: &str, gives: &str| {
        [("kind", kind), ("subject", subject), ("value", value), ("gives", gives)]
            .map(|(name, value)| (name, value.to_owned()))
            .to_vec()
    };
    let everybody = planned(rule("attribute", "active", "true", "edit_organization")).await;
    let (all, count) = pages(&app, &ada, &everybody, "<th scope=\"row\"><a href=\"").await;
    assert_eq!((all.len(), count), (131, 2), "{everybody}");
    assert!(all_different(&all));
    let (gain, count) = pages(&app, &ada, &format!("{everybody}?only=gain"), "<th scope=\"row\"><a href=\"").await;
    assert_eq!((gain, count), (all, 2));
    for none in ["lose", "view-only", "admins", "held", "unknown-facility"] {
        let page = app.browse(&ada, &format!("{everybody}?only={none}")).await.expect(200);
        assert!(page.words().contains("Nobody."), "{none}");
    }
    // What the connection may not grant is held, and is one person of many.
    let held = planned(rule("group", &chiefs, "", "billing_admin")).await;
    let (of_kind, _) = pages(&app, &ada, &format!("{held}?only=held"), "<th scope=\"row\"><a href=\"").await;
    assert_eq!(of_kind.len(), 1);
    // Planned by an earlier version, every kind is looked at.
    app.sql().await.execute("UPDATE plan_effects SET kinds = -1").await;
    let (of_kind, _) = pages(&app, &ada, &format!("{held}?only=held"), "<th scope=\"row\"><a href=\"").await;
    assert_eq!(of_kind.len(), 1);
    let page = app.browse(&ada, &format!("{everybody}?only=lose")).await.expect(200);
    assert!(page.words().contains("Nobody."));
}

#[tokio::test]
async fn the_request_log_is_narrowed_and_paged_and_misses_none() {
    let (app, ada) = with_an_admin().await;
    let (okta, entra) = (app.limited("okta", "edit").await, app.limited("entra", "edit").await);
    for n in 0..60 {
        okta.user(&format!("person{n:02}@example.org")).await;
        okta.get("/Users/nobody").await.expect(404);
        entra.get("/Groups/nobody").await.expect(404);
        entra.get("/Users?count=1").await.expect(200);
        app.clock.advance(Duration::from_secs(u64::from(n % 4 != 0)));
    }
    app.opened.request_log.write_waiting().await;
    for (query, expected) in [
        ("", 240),
        ("status=failed", 120),
        ("status=404", 120),
        ("status=4xx&connection=okta", 60),
        ("status=201", 60),
        ("connection=okta", 120),
        ("connection=entra&status=200", 60),
        ("q=person0", 10),
        ("status=failed&q=Group", 60),
        ("connection=nobody", 0),
    ] {
        let (found, _) = pages(&app, &ada, &format!("/console/requests?{query}"), "href=\"/console/requests/").await;
        let found: BTreeSet<_> = found.into_iter().filter(|reference| reference.len() == 10).collect();
        assert_eq!(found.len(), expected, "{query}");
    }
}
