//! What an Organization admin decides in the browser: people, invitations, join requests, plans, held changes, and a
//! connection from its first form to its activation.

use serde_json::json;

use crate::support::app::{Browser, Page, TestApp};

const ADA: &str = "ada@example.org";

async fn with_an_admin() -> (TestApp, Browser) {
    let app = TestApp::new().await;
    app.person(ADA, "active").await;
    app.grant(ADA, "organization_admin").await;
    let browser = app.sign_in(ADA).await;
    (app, browser)
}

/// What is said once on the page that a form leads to.
async fn notice(app: &TestApp, browser: &Browser, sent: &Page) -> String {
    let location = sent.headers["location"].to_str().unwrap();
    let cookies = sent.headers.get_all("set-cookie").iter().filter_map(|cookie| cookie.to_str().ok());
    let notice = cookies
        .filter_map(|cookie| cookie.split(';').next())
        .find(|cookie| cookie.starts_with("__Host-secaro-notice="));
    let cookie = format!("{}; {}", browser.cookie, notice.expect("a notice"));
    let page = app.browse(&Browser { cookie, ..browser.clone() }, location).await.expect(200);
    page.text.split("<p class=\"notice\">").nth(1).unwrap().split("</p>").next().unwrap().to_owned()
}

async fn id_of(app: &TestApp, email: &str) -> String {
    app.explain(email).await.overview.person.id.to_string()
}

#[tokio::test]
async fn a_person_is_given_permissions_deactivated_and_reactivated() {
    let (app, ada) = with_an_admin().await;
    app.person("bob@example.org", "active").await;
    let here = format!("/console/users/{}", id_of(&app, "bob@example.org").await);
    let fields = [("what", "can-edit"), ("can_edit", "edit_organization"), ("can_edit", "edit_facility:leeds")];
    app.send(&ada, &here, &fields).await.expect(303);
    app.send(&ada, &format!("{here}/admin-for"), &[("admin_for", "billing_admin")]).await.expect(303);
    let has = app.permissions("bob@example.org").await.into_iter().collect::<Vec<_>>();
    assert_eq!(has, ["billing_admin", "edit_facility:leeds", "edit_organization"]);
    let bob = app.sign_in("bob@example.org").await;
    let asked = app.browse(&ada, &format!("{here}/deactivate")).await.expect(200).words();
    assert!(asked.contains("Nothing: no access") && asked.contains("invitations"), "{asked}");
    assert_eq!(app.status("bob@example.org").await, "active", "looking changes nothing");
    app.send(&ada, &format!("{here}/deactivate"), &[]).await.expect(303);
    app.browse(&bob, "/console/me").await.expect(303);
    // The same form sent twice.
    app.send(&ada, &format!("{here}/deactivate"), &[]).await.expect(409);
    app.send(&ada, &format!("{here}/reactivate"), &[]).await.expect(303);
    assert_eq!(app.status("bob@example.org").await, "active");
    app.send(&ada, &format!("{here}/burn"), &[]).await.expect(404);
    let refused = app.send(&ada, &here, &[("email", "no address")]).await.expect(422);
    assert!(refused.text.contains("role=\"alert\""));
}

#[tokio::test]
async fn the_last_admin_cannot_deactivate_themselves_by_mistake() {
    let (app, ada) = with_an_admin().await;
    let id = id_of(&app, ADA).await;
    let said = app.send(&ada, "/console/users/deactivate", &[("person", &id)]).await.expect(200).words();
    assert!(said.contains("0 people were deactivated") && said.contains("Organization admin"), "{said}");
    assert_eq!(app.status(ADA).await, "active");
}

#[tokio::test]
async fn people_are_staged_sent_and_what_is_wrong_stays_filled_in() {
    let (app, ada) = with_an_admin().await;
    let refused =
        app.send(&ada, "/console/invite", &[("name", "Cleo"), ("email", "cleo@"), ("can_edit", "leeds")]).await;
    let refused = refused.expect(422);
    assert!(
        refused.text.contains("value=\"cleo@\"") && refused.text.contains("value=\"leeds\" checked"),
        "{}",
        refused.text
    );
    let fields = [("name", "Cleo"), ("email", "cleo@example.org"), ("can_edit", "leeds")];
    app.send(&ada, "/console/invite", &fields).await.expect(303);
    let sent = app.send(&ada, "/console/invite/send", &[]).await.expect(303);
    assert!(notice(&app, &ada, &sent).await.contains("1 invitation was sent"));
    let page = app.browse(&ada, "/console/invitations").await.expect(200);
    let id = page.text.split("name=\"id\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    app.send(&ada, "/console/invitations/resend", &[("id", &id)]).await.expect(409);
    app.send(&ada, "/console/invitations/revoke", &[("id", &id)]).await.expect(303);
    let revoked = app.browse(&ada, "/console/invitations?state=revoked").await.expect(200);
    assert!(revoked.text.contains("cleo@example.org"));
    // The same form sent twice.
    app.send(&ada, "/console/invitations/revoke", &[("id", &id)]).await.expect(404);
}

#[tokio::test]
async fn a_join_request_is_decided_once_and_the_second_sees_by_whom() {
    let (app, ada) = with_an_admin().await;
    app.person("grace@example.org", "active").await;
    app.grant("grace@example.org", "organization_admin").await;
    app.submit("/join", &[("name", "Cleo"), ("email", "cleo@example.org")]).await.expect(202);
    let path = format!("/join/{}", app.join_secret("cleo@example.org").await);
    app.submit(&path, &[]).await.expect(303);
    let organization = app.sql().await.ids("FROM organizations WHERE key = 'example'").await[0].to_string();
    let fields = [("organization", organization.as_str()), ("note", "Leeds"), ("facilities", "leeds")];
    app.submit(&format!("{path}/request"), &fields).await.expect(303);
    let list = app.browse(&ada, "/console/join-requests").await.expect(200);
    let here = list.text.split("href=\"/console/join-requests/").nth(1).unwrap().split('"').next().unwrap();
    let here = format!("/console/join-requests/{here}");
    let shown = app.browse(&ada, &here).await.expect(200);
    assert!(shown.text.contains("value=\"edit_facility:leeds\" checked"), "what they would like is ticked");
    let accept = [("decision", "accept"), ("can_edit", "edit_facility:leeds")];
    app.send(&ada, &here, &accept).await.expect(303);
    assert!(app.permissions("cleo@example.org").await.contains("edit_facility:leeds"));
    let grace = app.sign_in("grace@example.org").await;
    let late = app.send(&grace, &here, &[("decision", "reject"), ("message", "no")]).await.expect(409);
    assert!(late.words().contains(ADA), "{}", late.words());
}

#[tokio::test]
async fn an_identity_provider_is_connected_step_by_step() {
    let (app, ada) = with_an_admin().await;
    let refused =
        app.send(&ada, "/console/connections/new", &[("dialect", "okta"), ("key", "No Key")]).await.expect(422);
    assert!(refused.text.contains("value=\"No Key\""));
    app.send(&ada, "/console/connections/new", &[("dialect", "okta"), ("key", "okta")]).await.expect(303);
    let here = "/console/connections/okta";
    let set_up = format!("{here}/set-up");
    let done = |page: &Page| page.words().lines().filter(|line| line.contains("Done") || line.contains("Seen")).count();
    assert_eq!(done(&app.browse(&ada, &set_up).await.expect(200)), 0);
    let issued = app.send(&ada, &format!("{here}/tokens"), &[("name", "okta"), ("days", "180")]).await.expect(200);
    let token = issued.text.split("value=\"secaro_scim_").nth(1).unwrap().split('"').next().unwrap();
    let mut idp = app.idp_named("okta", "other").await;
    idp.token = format!("secaro_scim_{token}");
    let ticks = async || {
        app.opened.request_log.write_waiting().await;
        done(&app.browse(&ada, &set_up).await.expect(200))
    };
    assert_eq!(ticks().await, 1);
    idp.get("/Users?count=1").await.expect(200);
    assert_eq!(ticks().await, 3);
    let user = idp.user("dora@example.org").await;
    assert_eq!(ticks().await, 4);
    idp.group("secaro-york-editors", &[&user]).await;
    assert_eq!(ticks().await, 5);
    assert_eq!(app.people().await, 1, "a pending connection reaches nobody");
    let groups = app.browse(&ada, &format!("{here}?tab=groups")).await.expect(200);
    assert!(groups.text.contains("Unmatched"));
    let rule = [("kind", "pattern"), ("subject", "secaro-{facility}-editors"), ("capture", "{facility}")];
    app.send(&ada, &format!("{here}/rules"), &rule).await.expect(303);
    let tried = app.browse(&ada, &format!("{here}?tab=rules&try=secaro-york-editors")).await.expect(200);
    assert!(tried.words().contains("fits and gives"), "{}", tried.words());
    let planned = app.send(&ada, &format!("{here}/state"), &[("state", "activate")]).await.expect(303);
    let plan = planned.headers["location"].to_str().unwrap().to_owned();
    assert!(plan.starts_with("/console/plans/"), "{plan}");
    let shown = app.browse(&ada, &plan).await.expect(200).words();
    assert!(shown.contains("dora@example.org") && shown.contains("edit_facility:york"), "{shown}");
    app.send(&ada, &format!("{plan}/apply"), &[]).await.expect(303);
    app.work_off().await;
    assert!(app.permissions("dora@example.org").await.contains("edit_facility:york"));
    assert_eq!(ticks().await, 6);
    // The same plan again, and one that is no longer what was reviewed.
    app.send(&ada, &format!("{plan}/apply"), &[]).await.expect(409);
    let planned = app.send(&ada, &format!("{here}/ceiling"), &[]).await.expect(303);
    let stale = planned.headers["location"].to_str().unwrap().to_owned();
    idp.group("secaro-leeds-editors", &[&user]).await;
    let refused = app.send(&ada, &format!("{stale}/apply"), &[]).await.expect(409);
    assert!(refused.words().contains("is stale, and nothing was done"), "{}", refused.words());
}

#[tokio::test]
async fn a_held_change_is_released_and_a_doubtful_link_shows_both_sides() {
    let (app, ada) = with_an_admin().await;
    let idp = app.limited("okta", "edit").await;
    let user = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "eve@example.org", "active": true,
        "emails": [{ "value": "eve@example.org", "primary": true }], "roles": [{ "value": "billing_admin" }],
    });
    idp.post("/Users", &user).await.expect(201);
    app.person("grace@example.org", "active").await;
    app.grant("grace@example.org", "organization_admin").await;
    idp.user("grace@example.org").await;
    let page = app.browse(&ada, "/console/held").await.expect(200);
    assert!(page.words().contains("Billing admin") && page.words().contains("see both sides"), "{}", page.words());
    let conflict = page.text.split("href=\"/console/conflicts/").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let both = app.browse(&ada, &format!("/console/conflicts/{conflict}")).await.expect(200);
    assert!(both.words().contains("Is this the same person?"));
    let ids: Vec<&str> =
        page.text.split("name=\"id\" value=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    assert_eq!(ids.len(), 2);
    let held = ids.iter().find(|id| **id != conflict).unwrap();
    let sent = app.send(&ada, "/console/held", &[("id", held), ("decision", "release")]).await.expect(303);
    assert!(notice(&app, &ada, &sent).await.contains("1 change was decided"));
    assert!(app.permissions("eve@example.org").await.contains("billing_admin"));
    let again = app.send(&ada, "/console/held", &[("id", held), ("decision", "discard")]).await.expect(409);
    assert!(again.words().contains("Not decided"), "{}", again.words());
    let doubtful = app.browse(&ada, "/console/conflicts").await.expect(200);
    assert!(doubtful.text.contains(&conflict) && !doubtful.text.contains("Billing admin"));
    let apart = app.send(&ada, "/console/held", &[("id", &conflict), ("decision", "discard")]).await.expect(303);
    assert!(notice(&app, &ada, &apart).await.contains("1 change was decided"));
    assert_eq!(app.held().await, []);
}
