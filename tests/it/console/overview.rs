//! The overview: each thing that needs somebody, with its number, its age and its page; and what comes next where there is
//! nothing yet.

use std::time::Duration;

use secaro_gateway::scim::Dialect;
use serde_json::json;

use crate::support::app::{Browser, Page, TestApp};

const ADA: &str = "ada@example.org";
const AUDITOR: &str = "auditor@example.org";
const DAY: Duration = Duration::from_hours(24);

async fn with_an_admin() -> (TestApp, Browser) {
    let app = TestApp::new().await;
    for email in [ADA, AUDITOR] {
        app.person(email, "active").await;
    }
    app.grant(ADA, "organization_admin").await;
    app.opened.directory.add_auditor(&app.operator(), "example", AUDITOR).await.unwrap();
    let browser = app.sign_in(ADA).await;
    (app, browser)
}

/// What needs attention: where each line leads, and what it says.
fn lines(page: &Page) -> Vec<(String, String)> {
    let list = page.text.split(r#"<ul class="attention">"#).nth(1).unwrap_or_default();
    let list = list.split("</ul>").next().unwrap();
    let line = |item: &str| {
        let path = item.split("href=\"").nth(1).unwrap().split('"').next().unwrap().replace("&#38;", "&");
        let item = format!("<main>{}</main>", item.split("</li>").next().unwrap());
        (path, Page { text: item, ..page.clone() }.words().split_whitespace().collect::<Vec<_>>().join(" "))
    };
    list.split("<li>").skip(1).map(line).collect()
}

/// Asks to join, as somebody whose mailbox is proven.
async fn asks_to_join(app: &TestApp, email: &str) {
    app.submit("/join", &[("name", "Somebody"), ("email", email)]).await.expect(202);
    let path = format!("/join/{}", app.join_secret(email).await);
    app.submit(&path, &[]).await.expect(303);
    let organization = app.sql().await.ids("FROM organizations WHERE key = 'example'").await[0].to_string();
    app.submit(&format!("{path}/request"), &[("organization", &organization)]).await.expect(303);
}

#[tokio::test]
async fn each_thing_that_needs_somebody_is_a_line_with_its_number_age_and_page() {
    let (app, ada) = with_an_admin().await;
    app.send(&ada, "/console/domains", &[("name", "late.example")]).await.expect(303);
    let idp = app.limited("okta", "edit").await;
    app.pattern_rule("okta", "secaro-{facility}-editors", &["edit_facility:{facility}"]).await;
    let eve = idp.user("eve@example.org").await;
    idp.group("secaro-nowhere-editors", &[&eve]).await;
    app.clock.advance(DAY);
    asks_to_join(&app, "first@example.org").await;
    for n in 0..150 {
        let user = json!({ "userName": format!("boss{n}@example.org"), "roles": [{ "value": "organization_admin" }] });
        idp.post("/Users", &user).await.expect(201);
    }
    idp.post("/Users", &json!({ "userName": ADA })).await.expect(201);
    app.clock.advance(Duration::from_hours(2));
    asks_to_join(&app, "second@example.org").await;
    idp.get("/Users/019b0000-0000-7000-8000-000000000000").await.expect(404);
    app.opened.request_log.write_waiting().await;
    let ada = app.sign_in(ADA).await;
    let page = app.browse(&ada, "/console").await.expect(200);
    let found = lines(&page);
    let expected = [
        ("/console/join-requests", "2 join requests wait the oldest 2 hours ago"),
        ("/console/held", "150 changes are held the oldest 2 hours ago"),
        ("/console/conflicts", "1 conflict waits the oldest 2 hours ago"),
        ("/console/domains", "1 domain is not verified the oldest 1 day ago"),
        ("/console/held", "1 permission waits for a facility that is unknown or archived the oldest 1 day ago"),
        (
            "/console/requests?connection=okta&status=failed",
            "1 of 152 calls of okta failed within 24 hours the first just now",
        ),
        ("/console/connections/okta?tab=tokens", "The token «test» of okta ends soon ends in 28 days"),
    ];
    let expected = expected.map(|(path, text)| (path.to_owned(), text.to_owned()));
    assert_eq!(found, expected, "{}", page.words());
    for (path, _) in found {
        app.browse(&ada, &path).await.expect(200);
    }
    assert!(page.words().contains("152 requests within 24 hours; 1 of them failed."), "{}", page.words());
    assert!(!page.text.contains("What comes next"));
    // An auditor sees the same.
    let auditor = app.sign_in(AUDITOR).await;
    assert_eq!(lines(&app.browse(&auditor, "/console").await.expect(200)).len(), 7);
}

#[tokio::test]
async fn what_is_amiss_with_a_connection_is_said() {
    let (app, ada) = with_an_admin().await;
    let said = async |text: &str| {
        app.opened.request_log.write_waiting().await;
        let lines = lines(&app.browse(&app.sign_in(ADA).await, "/console").await.expect(200));
        let found: Vec<&str> =
            lines.iter().map(|(_, text)| text.as_str()).filter(|text| text.contains("entra")).collect();
        assert_eq!(found, [text].into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>());
    };
    app.send(&ada, "/console/connections/new", &[("dialect", "entra"), ("key", "entra")]).await.expect(303);
    said("entra is set up and not yet active set up just now").await;
    app.change(secaro_gateway::provisioning::plans::Change::Activate { connection: "entra".to_owned() }).await;
    said("No token lets entra in").await;
    let days = 200 * DAY;
    let provisioning = &app.opened.provisioning;
    let token = provisioning.issue_token(&app.operator(), "entra", "long", days).await.unwrap().token;
    said("").await;
    app.clock.advance(8 * DAY);
    said("entra has a token and has never called").await;
    let idp = crate::support::app::Idp { token, ..app.idp_named("entra", "unused").await };
    provisioning.revoke_token(&app.operator(), "entra", "unused").await.unwrap();
    idp.get("/Users?count=1").await.expect(200);
    app.worker().authenticator.write_last_used().await.unwrap();
    said("").await;
    app.clock.advance(8 * DAY);
    said("entra is silent last heard 8 days ago").await;
    // Nothing of another organization's is said here.
    app.organization("other", "other.example").await;
    app.connection_of("other", "theirs", Dialect::Okta, "edit").await;
    let page = app.browse(&app.sign_in(ADA).await, "/console").await.expect(200);
    assert!(!page.text.contains("theirs") && lines(&page).len() == 1, "{}", page.words());
}

#[tokio::test]
async fn where_there_is_nothing_the_next_step_is_said() {
    let (app, ada) = with_an_admin().await;
    let page = app.browse(&ada, "/console").await.expect(200);
    let words = page.words();
    assert!(words.contains("Nothing needs you.") && words.contains("No identity provider asked anything"), "{words}");
    assert!(page.text.contains(r#"<a href="/console/connections/new">Connect an identity provider</a>"#));
    assert!(!words.contains("Add your e-mail domain") && !words.contains("Invite users so"), "{words}");
    // An auditor could not take the step.
    let auditor = app.sign_in(AUDITOR).await;
    assert!(!app.browse(&auditor, "/console").await.expect(200).text.contains("What comes next"));
}
