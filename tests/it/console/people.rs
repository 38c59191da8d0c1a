//! What an admin sees and does about people: files of the list, several at once, what is given by hand beside what an
//! IdP gives, and what the IdP sent.

use secaro_gateway::directory::edit::Really;
use secaro_gateway::scim::Dialect;
use serde_json::{Value, json};

use crate::support::app::{Browser, Idp, TestApp};

const ADA: &str = "ada@example.org";
const GRACE: &str = "grace@example.org";

/// An organization with an admin, and an IdP whose group lets Grace edit Leeds.
async fn with_an_idp() -> (TestApp, Browser, Idp, String) {
    let app = TestApp::new().await;
    app.person(ADA, "active").await;
    app.grant(ADA, "organization_admin").await;
    let idp = app.limited("okta", "edit").await;
    app.pattern_rule("okta", "secaro-{facility}-editors", &["edit_facility:{facility}"]).await;
    let user = json!({
        "userName": GRACE, "externalId": "00u-grace", "active": true, "displayName": "Grace Hopper",
        "emails": [{ "value": GRACE, "primary": true }], "roles": [{ "value": "billing_admin" }],
    });
    let id = idp.post("/Users", &user).await.created();
    idp.group("secaro-leeds-editors", &[&id]).await;
    let browser = app.sign_in(ADA).await;
    (app, browser, idp, id)
}

async fn path_of(app: &TestApp, email: &str) -> String {
    format!("/console/users/{}", app.explain(email).await.overview.person.id)
}

#[tokio::test]
async fn what_is_given_by_hand_stands_beside_what_the_idp_gives() {
    let (app, browser, ..) = with_an_idp().await;
    let path = path_of(&app, GRACE).await;
    let page = app.browse(&browser, &path).await.expect(200);
    assert!(page.text.contains("also from okta"), "{}", page.words());
    // Leeds comes from the IdP and is not ticked: saving York takes nothing.
    let york = [("what", "can-edit"), ("can_edit", "edit_facility:york")];
    app.send(&browser, &path, &york).await.expect(303);
    let both = ["edit_facility:leeds", "edit_facility:york"];
    assert_eq!(app.permissions(GRACE).await.iter().map(String::as_str).collect::<Vec<_>>(), both);
    app.send(&browser, &path, &[("what", "can-edit")]).await.expect(303);
    assert_eq!(app.permissions(GRACE).await.iter().map(String::as_str).collect::<Vec<_>>(), ["edit_facility:leeds"]);
}

#[tokio::test]
async fn t23_an_admin_role_is_given_by_its_own_form_alone_and_only_after_a_sign_in_of_now() {
    let (app, browser, ..) = with_an_idp().await;
    let path = path_of(&app, GRACE).await;
    let before = app.permissions(GRACE).await;
    let sneaky = [("what", "can-edit"), ("can_edit", "organization_admin")];
    app.send(&browser, &path, &sneaky).await.expect(400);
    assert_eq!(app.permissions(GRACE).await, before);
    app.clock.advance(std::time::Duration::from_mins(6));
    let admin = [("admin_for", "organization_admin")];
    let asked = app.send(&browser, &format!("{path}/admin-for"), &admin).await.expect(303);
    assert!(asked.headers["location"].to_str().unwrap().starts_with("/console/sign-in"));
    assert_eq!(app.permissions(GRACE).await, before);
    let browser = app.sign_in(ADA).await;
    app.send(&browser, &format!("{path}/admin-for"), &admin).await.expect(303);
    assert!(app.permissions(GRACE).await.contains("organization_admin"));
    // The last one stays.
    app.send(&browser, &format!("{path}/admin-for"), &[]).await.expect(303);
    let own = format!("{}/admin-for", path_of(&app, ADA).await);
    app.send(&browser, &own, &[]).await.expect(409);
    assert!(app.permissions(ADA).await.contains("organization_admin"));
}

#[tokio::test]
async fn a_file_holds_exactly_the_filtered_people_and_is_on_record() {
    let (app, browser, ..) = with_an_idp().await;
    for number in 0..60 {
        app.person(&format!("crowd{number:02}@example.org"), "deactivated").await;
    }
    let lines = app.browse(&browser, "/console/users.jsonl?status=deactivated&after=x").await.expect(200);
    let people: Vec<Value> = lines.text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(people.len(), 60);
    assert!(people.iter().all(|person| person["status"] == "deactivated"));
    let sheet = app.browse(&browser, "/console/users.csv?q=grace").await.expect(200);
    let rows: Vec<&str> = sheet.text.lines().collect();
    assert_eq!(rows.len(), 2, "{}", sheet.text);
    assert!(rows[1].starts_with("Grace Hopper,grace@example.org,active,leeds,,okta,yes,"), "{}", rows[1]);
    assert_eq!(app.sql().await.number("SELECT COUNT(*) FROM audit_records WHERE action = 'export.created'").await, 2);
}

#[tokio::test]
async fn t82_a_name_is_no_formula_in_a_spreadsheet() {
    let (app, browser, idp, _) = with_an_idp().await;
    for (number, name) in ["=HYPERLINK(1)", "+1", "-1", "@x", "\u{ff1d}1"].into_iter().enumerate() {
        let email = format!("formula{number}@example.org");
        let user = json!({ "userName": email, "displayName": name, "emails": [{ "value": email, "primary": true }] });
        idp.post("/Users", &user).await.created();
    }
    let sheet = app.browse(&browser, "/console/users.csv?q=formula").await.expect(200);
    let rows: Vec<&str> = sheet.text.lines().skip(1).collect();
    assert_eq!(rows.len(), 5);
    assert!(rows.iter().all(|row| row.starts_with('\'')), "{}", sheet.text);
}

#[tokio::test]
async fn those_about_whom_something_waits_are_found() {
    let (app, browser, idp, _) = with_an_idp().await;
    // Grace's role is beyond the ceiling; Alan's address is an admin's.
    app.person("alan@example.org", "active").await;
    app.grant("alan@example.org", "billing_admin").await;
    idp.user("alan@example.org").await;
    let page = app.browse(&browser, "/console/users?attention=yes&order=email").await.expect(200);
    assert_eq!(page.text.matches(r#"<th scope="row">"#).count(), 2, "{}", page.words());
    assert!(page.text.contains(GRACE) && page.text.contains("alan@example.org"));
    assert_eq!(page.text.matches(">Needs attention</span>").count(), 2);
}

#[tokio::test]
async fn several_are_deactivated_each_by_themselves_with_a_result_for_each() {
    let (app, browser, ..) = with_an_idp().await;
    app.person("alan@example.org", "active").await;
    let (grace, alan, ada) =
        (path_of(&app, GRACE).await, path_of(&app, "alan@example.org").await, path_of(&app, ADA).await);
    let id = |path: &str| path.rsplit('/').next().unwrap().to_owned();
    let (grace, alan, ada) = (id(&grace), id(&alan), id(&ada));
    let directory = &app.opened.directory;
    directory.deactivate_person(&app.operator(), Some("example"), "alan@example.org", Really::Yes).await.unwrap();
    let chosen = [("person", grace.as_str()), ("person", &alan), ("person", &ada)];
    let asked =
        app.browse(&browser, &format!("/console/users/deactivate?person={grace}&person={ada}")).await.expect(200);
    assert!(asked.text.contains("Can edit: leeds"), "{}", asked.words());
    let done = app.send(&browser, "/console/users/deactivate", &chosen).await.expect(200);
    let words = done.words();
    assert!(words.contains("1 person was deactivated, 2 people were not"), "{words}");
    assert!(words.contains("deactivated alan@example.org already") && words.contains("without an active Organization"));
    assert_eq!([app.status(GRACE).await, app.status(ADA).await], ["deactivated", "active"]);
    // Those that failed are still chosen, and nobody else.
    assert_eq!(done.text.matches("checked").count(), 2);
}

#[tokio::test]
async fn a_page_shows_what_the_idp_sent_what_is_kept_and_what_came_of_it() {
    let (app, browser, _, id) = with_an_idp().await;
    let path = path_of(&app, GRACE).await;
    let identity = app.browse(&browser, &format!("{path}?tab=identity")).await.expect(200);
    for text in [id.as_str(), "00u-grace", "secaro-leeds-editors", "displayName"] {
        assert!(identity.text.contains(text), "{text}");
    }
    let sent = app.browse(&browser, &format!("{path}?tab=sent")).await.expect(200).words();
    for text in ["active: true", "billing_admin", "Can edit: leeds", "the connection may not grant this"] {
        assert!(sent.contains(text), "{text}: {sent}");
    }
    let own = app.browse(&browser, &format!("{}?tab=sent", path_of(&app, ADA).await)).await.expect(200).words();
    assert!(own.contains("No identity provider sent anything"), "{own}");
}

#[tokio::test]
async fn a_timeline_is_read_a_page_at_a_time() {
    let (app, browser, ..) = with_an_idp().await;
    let path = path_of(&app, GRACE).await;
    for n in 0..60 {
        let york: &[_] = if n % 2 == 0 {
            &[("what", "can-edit"), ("can_edit", "edit_facility:york")]
        } else {
            &[("what", "can-edit")]
        };
        app.clock.advance(std::time::Duration::from_secs(1));
        app.send(&browser, &path, york).await.expect(303);
    }
    let query = format!(
        "SELECT COUNT(*) FROM audit_records a JOIN people p ON p.id = a.target_id WHERE p.email_key = '{GRACE}'"
    );
    let count = usize::try_from(app.sql().await.number(&query).await).unwrap();
    let mut next = Some(format!("{path}?tab=timeline"));
    let mut rows = Vec::new();
    while let Some(here) = next {
        let page = app.browse(&browser, &here).await.expect(200);
        let body = page.text.split("<tbody>").nth(1).unwrap().split("</tbody>").next().unwrap();
        let found: Vec<String> = body.split("<tr>").skip(1).map(str::to_owned).collect();
        assert!(found.len() <= 50);
        rows.extend(found);
        let pager = page.text.split(r#"<nav class="pager""#).nth(1).unwrap();
        assert_eq!(pager.contains(">The newest</a>"), rows.len() > 50);
        let older = pager.split(">Older</a>").next().filter(|before| before.len() < pager.len());
        next = older.map(|before| {
            before.rsplit("href=\"").next().unwrap().trim_end_matches('"').replace("&#38;", "&").replace("&amp;", "&")
        });
    }
    assert_eq!(rows.len(), count);
    assert!(count > 60);
    let beyond =
        app.browse(&browser, &format!("{path}?tab=timeline&before=1.019b0000-0000-7000-8000-000000000000")).await;
    assert!(beyond.expect(200).words().contains("Nothing older is on record."));
    app.browse(&browser, &format!("{path}?tab=timeline&before=nonsense")).await.expect(200);
    app.browse(&browser, "/console/me?tab=timeline").await.expect(200);
}

#[tokio::test]
async fn before_somebody_managed_is_deactivated_it_is_said_what_the_idp_will_do_and_it_is_so() {
    let (app, browser, idp, id) = with_an_idp().await;
    let path = path_of(&app, GRACE).await;
    let asked = app.browse(&browser, &format!("{path}/deactivate")).await.expect(200).words();
    for text in ["okta is not told", "they stay deactivated", "by the rules of then", "at the identity provider too"] {
        assert!(asked.contains(text), "{text}: {asked}");
    }
    let grace = path.rsplit('/').next().unwrap();
    let several = app.browse(&browser, &format!("/console/users/deactivate?person={grace}")).await.expect(200).words();
    assert!(several.contains("okta") && several.contains("they stay deactivated"), "{several}");
    app.send(&browser, &format!("{path}/deactivate"), &[]).await.expect(303);
    let user = json!({ "userName": GRACE, "active": true, "displayName": "Grace B. Hopper" });
    let answer = idp.put(&format!("/Users/{id}"), &user).await.expect(200);
    assert_eq!(answer.body["active"], true);
    assert_eq!(app.status(GRACE).await, "deactivated");
    assert_eq!(app.explain(GRACE).await.overview.person.display_name, "Grace B. Hopper");
    idp.group("secaro-york-editors", &[&id]).await;
    app.send(&browser, &format!("{path}/reactivate"), &[]).await.expect(303);
    assert!(app.permissions(GRACE).await.contains("edit_facility:york"));
    // Whom nobody manages is spoken of by nobody.
    let own = app.browse(&browser, &format!("{}/deactivate", path_of(&app, ADA).await)).await;
    assert!(!own.text.contains("is not told"));
}

#[tokio::test]
async fn t01_a_person_of_another_organization_is_nobody() {
    let (app, browser, ..) = with_an_idp().await;
    app.organization("other", "other.example").await;
    let idp = app.connection_of("other", "theirs", Dialect::Okta, "edit").await;
    idp.user("eve@other.example").await;
    let eve = app.opened.directory.explain(Some("other"), "eve@other.example").await.unwrap().overview.person.id;
    for tab in ["access", "details", "identity", "sent", "timeline"] {
        app.browse(&browser, &format!("/console/users/{eve}?tab={tab}")).await.expect(404);
    }
    let before = app.audit_records().await;
    for what in ["", "/admin-for", "/sessions", "/deactivate", "/reactivate", "/detach"] {
        app.send(&browser, &format!("/console/users/{eve}{what}"), &[("name", "x")]).await.expect(404);
    }
    let id = eve.to_string();
    app.send(&browser, "/console/users/deactivate", &[("person", &id)]).await.expect(404);
    assert_eq!(app.audit_records().await, before);
    let found = app.browse(&browser, "/console/users.jsonl").await.expect(200);
    assert!(!found.text.contains("eve@"));
}
