//! What stands around every page: how much waits, for whoever may look at it, and the colours that somebody chose.

use secaro_gateway::ids::Id as _;

use crate::support::app::{Browser, TestApp};

const ADA: &str = "ada@example.org";

async fn with_an_admin() -> (TestApp, Browser) {
    let app = TestApp::new().await;
    app.person(ADA, "active").await;
    app.grant(ADA, "organization_admin").await;
    let browser = app.sign_in(ADA).await;
    (app, browser)
}

/// What the navigation says waits at a path.
async fn waits(app: &TestApp, browser: &Browser, path: &str) -> Option<String> {
    let page = app.browse(browser, "/console/me").await.expect(200).text;
    let link = page.split(&format!("<a href=\"{path}\">")).nth(1)?.split("</a>").next()?.to_owned();
    Some(link.split("class=\"count\">").nth(1)?.split('<').next()?.to_owned())
}

/// Holds so many permissions of Grace.
async fn hold(app: &TestApp, count: usize) {
    let mut sql = app.sql().await;
    for _ in 0..count {
        let id = sql.uuid(app.request().uuid());
        let insert = format!(
            "INSERT INTO grants (organization_id, id, person_id, permission, source, state, reason, granted_by, \
             request_id, created_at) SELECT organization_id, {id}, id, 'billing_admin', 'manual', 'held', 'reactivated', \
             'an admin', {id}, 0 FROM people WHERE email_key = 'grace@example.org'"
        );
        sql.execute(&insert).await;
    }
}

#[tokio::test]
async fn the_navigation_says_how_much_waits_and_no_more_than_99() {
    let (app, browser) = with_an_admin().await;
    let (requests, held, conflicts) = ("/console/join-requests", "/console/held", "/console/conflicts");
    for path in [requests, held, conflicts] {
        assert_eq!(waits(&app, &browser, path).await, None, "{path}");
    }
    for name in ["first", "second"] {
        app.ask_to_join(&format!("{name}@example.org")).await.unwrap();
    }
    app.person("grace@example.org", "active").await;
    app.grant("grace@example.org", "organization_admin").await;
    let idp = app.limited("okta", "edit").await;
    idp.user("grace@example.org").await;
    hold(&app, 99).await;
    assert_eq!(waits(&app, &browser, requests).await.as_deref(), Some("2"));
    assert_eq!(waits(&app, &browser, held).await.as_deref(), Some("99"));
    assert_eq!(waits(&app, &browser, conflicts).await.as_deref(), Some("1"));
    hold(&app, 2).await;
    assert_eq!(waits(&app, &browser, held).await.as_deref(), Some("99+"));
    let page = app.browse(&browser, conflicts).await.expect(200).text;
    assert!(page.contains("<a href=\"/console/conflicts\" aria-current=\"page\">"));
}

#[tokio::test]
async fn t01_what_waits_elsewhere_or_is_not_ones_own_to_see_is_not_counted() {
    let (app, ada) = with_an_admin().await;
    app.organization("other", "other.example").await;
    app.ask_to_join("eve@other.example").await.unwrap();
    assert_eq!(waits(&app, &ada, "/console/join-requests").await, None, "another organization's");
    app.ask_to_join("second@example.org").await.unwrap();
    app.person("billing@example.org", "active").await;
    app.grant("billing@example.org", "billing_admin").await;
    let billing = app.sign_in("billing@example.org").await;
    let page = app.browse(&billing, "/console/users").await.expect(200).text;
    assert!(!page.contains("class=\"count\""), "a Billing admin decides about no request");
}

#[tokio::test]
async fn colours_are_chosen_without_a_script_and_kept_in_this_browser() {
    let (app, mut browser) = with_an_admin().await;
    let before = app.browse(&browser, "/console/users?status=active").await.expect(200);
    assert!(!before.text.contains("data-theme") && before.text.contains("content=\"light dark\""));
    assert!(before.text.contains("name=\"back\" value=\"/console/users?status=active\""));
    let dark = [("theme", "dark"), ("back", "/console/users?status=active")];
    let chosen = app.send(&browser, "/console/me/theme", &dark).await.expect(303);
    assert_eq!(chosen.headers["location"], "/console/users?status=active");
    let cookie = chosen.headers["set-cookie"].to_str().unwrap();
    assert!(cookie.starts_with("__Host-secaro-theme=dark; Path=/; Secure; HttpOnly; SameSite=Lax"), "{cookie}");
    let signed_in = browser.cookie.clone();
    browser.cookie = format!("{signed_in}; __Host-secaro-theme=dark");
    let page = app.browse(&browser, "/console/users").await.expect(200);
    assert!(page.text.contains("<html lang=\"en-GB\" data-theme=\"dark\">"));
    assert!(page.text.contains("value=\"dark\" aria-pressed=\"true\"") && page.text.contains("content=\"dark\""));
    assert!(page.headers["content-security-policy"].to_str().unwrap().contains("style-src 'self'"));
    let again = app.send(&browser, "/console/me/theme", &[("theme", ""), ("back", "/console")]).await.expect(303);
    assert!(again.headers["set-cookie"].to_str().unwrap().contains("Max-Age=0"));
    // A cookie holds what somebody else may have put there.
    browser.cookie = format!("{signed_in}; __Host-secaro-theme=\"><script>");
    let page = app.browse(&browser, "/console/users").await.expect(200);
    assert!(!page.text.contains("data-theme") && !page.text.contains("\"><script>"));
}

#[tokio::test]
async fn t81_choosing_colours_leads_to_no_other_site() {
    let (app, browser) = with_an_admin().await;
    for back in ["https://evil.example/console", "//evil.example", "/console/../x", "javascript:alert(1)", ""] {
        let chosen = app.send(&browser, "/console/me/theme", &[("theme", "light"), ("back", back)]).await.expect(303);
        assert_eq!(chosen.headers["location"], "/console", "{back}");
    }
}
