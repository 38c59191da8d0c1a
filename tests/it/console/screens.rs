//! Every screen there is: who may see and do what, that nothing of another organization can be named, and that what
//! others wrote stays text.

use axum::body::Body;
use axum::http::Method;
use secaro_gateway::ids::{Id as _, RequestId};
use secaro_gateway::scim::Dialect;
use secaro_gateway::web::console::access::Needs;
use secaro_gateway::web::routes::Access;
use serde_json::json;

use crate::support::app::{Browser, TestApp, encoded};

const ADA: &str = "ada@example.org";
const HOSTILE: &str = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>\u{202e}";

/// An organization with an admin, a plain person, a Billing admin, an auditor, and an IdP that wrote what it liked.
async fn filled() -> TestApp {
    let app = TestApp::new().await;
    for email in [ADA, "plain@example.org", "billing@example.org", "auditor@example.org"] {
        app.person(email, "active").await;
    }
    app.grant(ADA, "organization_admin").await;
    app.grant("billing@example.org", "billing_admin").await;
    app.opened.directory.add_auditor(&app.operator(), "example", "auditor@example.org").await.unwrap();
    let idp = app.limited("okta", "edit").await;
    app.pattern_rule("okta", "secaro-{facility}-editors", &["edit_facility:{facility}"]).await;
    let user = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "mallory@example.org", "active": true,
        "displayName": HOSTILE, "name": { "givenName": HOSTILE, "familyName": HOSTILE },
        "emails": [{ "value": "mallory@example.org", "primary": true }],
        "roles": [{ "value": "organization_admin" }],
    });
    let id = idp.post("/Users", &user).await.created();
    idp.group(&format!("secaro-leeds-editors {HOSTILE}"), &[&id]).await;
    idp.group("secaro-leeds-editors", &[&id]).await;
    idp.post("/Users", &json!({ "userName": HOSTILE })).await;
    app.opened.request_log.write_waiting().await;
    app
}

async fn person_id(app: &TestApp, email: &str) -> String {
    app.explain(email).await.overview.person.id.to_string()
}

/// Whether it is a file to keep, whose making is on record.
fn is_file(path: &str) -> bool {
    [".csv", ".jsonl"].into_iter().any(|ending| path.ends_with(ending))
}

/// Every address with a page, with real parameters.
async fn pages(app: &TestApp) -> Vec<(String, Needs)> {
    let person = person_id(app, "mallory@example.org").await;
    let listed = app.browse(&app.sign_in(ADA).await, "/console/requests").await.expect(200);
    let reference = listed.text.split("/console/requests/").nth(1).unwrap()[..10].to_owned();
    let mut pages = Vec::new();
    for route in app.routes() {
        let Access::Console(needs) = route.access else { continue };
        if route.method != Method::GET || route.path.contains("{id}") {
            continue;
        }
        let key = if route.path.starts_with("/console/facilities") { "leeds" } else { "okta" };
        let path = route
            .path
            .replace("{person}", &person)
            .replace("{what}", "deactivate")
            .replace("{reference}", &reference)
            .replace("{key}", key)
            .replace("{name}", "example.org");
        assert!(!path.contains('{'), "{path}: a parameter that this test does not know");
        pages.push((path, needs));
    }
    for tab in ["details", "identity", "sent", "timeline"] {
        pages.push((format!("/console/users/{person}?tab={tab}"), Needs::ViewUsers));
    }
    for tab in ["tokens", "groups", "rules", "settings"] {
        pages.push((format!("/console/connections/okta?tab={tab}&try=secaro-leeds-editors"), Needs::View));
    }
    pages
}

#[tokio::test]
async fn every_page_is_shown_to_whom_it_is_for_and_to_nobody_else() {
    let app = filled().await;
    let pages = pages(&app).await;
    assert!(pages.len() > 25, "{pages:?}");
    let may = |who: &str, needs: Needs| match needs {
        Needs::Oneself => true,
        Needs::ViewUsers => who != "plain@example.org",
        Needs::View => who == ADA || who == "auditor@example.org",
        Needs::Admin | Needs::AdminFor | Needs::FreshAdmin => who == ADA,
    };
    for who in [ADA, "plain@example.org", "billing@example.org", "auditor@example.org"] {
        let browser = app.sign_in(who).await;
        for (path, needs) in &pages {
            let page = app.browse(&browser, path).await;
            if may(who, *needs) {
                assert!([200, 303].contains(&page.status), "{who} {path}: {} {}", page.status, page.text);
            } else {
                let words = page.clone().expect(403).words();
                assert!(words.contains(ADA), "{who} {path}: it does not say who can help: {words}");
            }
            if page.status == 200 && !is_file(path) {
                let policy = page.headers["content-security-policy"].to_str().unwrap();
                assert!(policy.starts_with("default-src 'none'; script-src 'self'"), "{path}");
                assert_eq!(page.headers["cache-control"], "no-store", "{path}");
            }
        }
    }
}

#[tokio::test]
async fn an_auditor_changes_nothing() {
    let app = filled().await;
    let auditor = app.sign_in("auditor@example.org").await;
    let before = app.audit_records().await;
    let mut tried = 0;
    for route in app.routes() {
        let Access::Console(needs) = route.access else { continue };
        if route.method == Method::POST && needs != Needs::Oneself {
            let path = route.path.replace(['{', '}'], "");
            app.send(&auditor, &path, &[("email", "auditor@example.org"), ("what", "archive")]).await.expect(403);
            tried += 1;
        }
    }
    assert!(tried > 20);
    assert_eq!(app.audit_records().await, before);
}

#[tokio::test]
async fn t80_what_others_wrote_is_text_on_every_page() {
    let app = filled().await;
    let browser = app.sign_in(ADA).await;
    for (path, _) in pages(&app).await.into_iter().filter(|(path, _)| !is_file(path)) {
        let page = app.browse(&browser, &path).await;
        for piece in ["<script>alert", "<img src=x", "onerror=alert(1)>\u{202e}</"] {
            assert!(!page.text.contains(piece), "{path}: {piece}");
        }
    }
    let users = app.browse(&browser, "/console/users").await.expect(200);
    assert!(users.text.contains("&#60;script&#62;alert(1)"), "it is shown as it was written");
}

#[tokio::test]
async fn t01_nothing_of_another_organization_can_be_named() {
    let app = filled().await;
    app.organization("other", "other.example").await;
    let idp = app.connection_of("other", "theirs", Dialect::Okta, "edit").await;
    idp.user("eve@other.example").await;
    app.facility("other", "secret").await;
    app.opened.request_log.write_waiting().await;
    let eve = app.opened.directory.explain(Some("other"), "eve@other.example").await.unwrap();
    let request = app.sql().await.ids("FROM request_log WHERE connection = 'theirs' LIMIT 1").await[0];
    let reference = RequestId::from_uuid(request).reference();
    let browser = app.sign_in(ADA).await;
    let unknown = "019b0000-0000-7000-8000-000000000000";
    for (theirs, nobodys) in [
        (format!("/console/users/{}", eve.overview.person.id), format!("/console/users/{unknown}")),
        ("/console/connections/theirs".to_owned(), "/console/connections/nobodys".to_owned()),
        ("/console/facilities/secret".to_owned(), "/console/facilities/nobodys".to_owned()),
        (format!("/console/requests/{reference}"), "/console/requests/AAAAAAAAAA".to_owned()),
    ] {
        let mut answers = Vec::new();
        for path in [&theirs, &nobodys] {
            let page = app.browse(&browser, path).await.expect(404);
            let reference = page.headers["x-request-id"].to_str().unwrap().parse::<RequestId>().unwrap().reference();
            answers.push(page.text.replace(&reference, ""));
        }
        assert_eq!(answers[0], answers[1], "{theirs}");
    }
    for (path, fields) in [
        ("/console/connections/theirs/tokens", [("name", "x"), ("days", "5")]),
        ("/console/connections/theirs/state", [("state", "pause"), ("x", "")]),
        ("/console/connections/theirs/ceiling", [("right", "edit"), ("x", "")]),
    ] {
        app.send(&browser, path, &fields).await.expect(404);
    }
    let users = app.browse(&browser, "/console/users?q=eve").await.expect(200);
    assert!(!users.text.contains("eve@other.example"));
}

#[tokio::test]
async fn t24_a_token_is_shown_once_and_needs_a_sign_in_of_now() {
    let app = filled().await;
    let browser = app.sign_in(ADA).await;
    let fields = [("name", "new"), ("days", "90")];
    let issued = app.send(&browser, "/console/connections/okta/tokens", &fields).await.expect(200);
    let secret = issued.text.split("value=\"secaro_scim_").nth(1).unwrap().split('"').next().unwrap().to_owned();
    for (path, _) in pages(&app).await {
        assert!(!app.browse(&browser, &path).await.text.contains(&secret), "{path} shows the token again");
    }
    app.clock.advance(std::time::Duration::from_mins(6));
    for path in ["/console/connections/okta/tokens", "/console/connections/okta/ceiling", "/console/held"] {
        let sent = app.send(&browser, path, &fields).await.expect(303);
        assert_eq!(sent.headers["location"], "/console/sign-in?why=kept&return_to=%2Fconsole%2Fkept", "{path}");
    }
    let rows = app.sql().await.number("SELECT COUNT(*) FROM tokens").await;
    // Signed in again, what was filled in is sent again by hand.
    let back = app.sign_in(ADA).await;
    let kept = app.browse(&back, "/console/kept").await.expect(200);
    assert!(kept.text.contains(r#"action="/console/held""#));
    assert_eq!(app.sql().await.number("SELECT COUNT(*) FROM tokens").await, rows);
}

#[tokio::test]
async fn t81_every_action_is_refused_from_elsewhere_and_without_its_sessions_text() {
    let app = filled().await;
    let browser = app.sign_in(ADA).await;
    let before = app.audit_records().await;
    let mut actions = 0;
    for route in app.routes() {
        let Access::Console(_) = route.access else { continue };
        if route.method != Method::POST {
            continue;
        }
        let path = route.path.replace(['{', '}'], "");
        let form = "application/x-www-form-urlencoded";
        let foreign = |site: &'static str, csrf: &str| {
            let request = browser.request("POST", &path).header("content-type", form);
            let mut request = request.body(encoded(&[("csrf", csrf)])).unwrap();
            request.headers_mut().insert("sec-fetch-site", site.parse().unwrap());
            request
        };
        app.text(foreign("cross-site", &browser.csrf)).await.expect(403);
        app.text(foreign("same-origin", "")).await.expect(403);
        actions += 1;
    }
    assert!(actions > 25);
    // And nothing changes by being looked at.
    for (path, _) in pages(&app).await {
        if !is_file(&path) {
            app.browse(&browser, &path).await;
        }
    }
    // Two sign-ins of this test are records; nothing else is.
    assert_eq!(app.audit_records().await - before, 2);
    app.text(browser.request("GET", "/console/me").body(Body::empty()).unwrap()).await.expect(200);
}

#[tokio::test]
async fn a_list_of_people_is_searched_narrowed_ordered_and_paged() {
    let app = filled().await;
    for n in 0..60 {
        app.person(&format!("person{n:02}@example.org"), if n % 2 == 0 { "active" } else { "deactivated" }).await;
    }
    let browser = app.sign_in(ADA).await;
    let rows = |text: &str| text.matches(r#"<th scope="row">"#).count();
    let first = app.browse(&browser, "/console/users?order=email").await.expect(200);
    assert_eq!(rows(&first.text), 50);
    let next = first.text.split("<nav class=\"pager\"").nth(1).unwrap().split("href=\"").nth(1).unwrap();
    let next = next.split('"').next().unwrap().replace("&#38;", "&");
    let second = app.browse(&browser, &next).await.expect(200);
    assert_eq!(rows(&second.text), 15, "{next}");
    for (query, count) in [
        ("q=PERSON1", 10),
        ("q=%25", 0),
        ("q=person&status=deactivated", 30),
        ("role=organization_admin", 1),
        ("role=view_only&q=plain", 1),
        ("managed=okta", 1),
        ("managed=-&q=ada", 1),
        ("facility=leeds", 1),
        ("facility=nowhere", 0),
        ("order=changed&q=mallory", 1),
    ] {
        let page = app.browse(&browser, &format!("/console/users?{query}")).await.expect(200);
        assert_eq!(rows(&page.text), count, "{query}");
    }
}

#[tokio::test]
async fn somebody_without_a_role_has_their_own_page() {
    let app = filled().await;
    let plain = app.sign_in("plain@example.org").await;
    assert_eq!(app.browse(&plain, "/console").await.expect(303).headers["location"], "/console/me");
    app.send(&plain, "/console/me", &[("name", "Plain Person")]).await.expect(303);
    assert!(app.browse(&plain, "/console/me").await.expect(200).text.contains("<h1>Plain Person</h1>"));
    let refused = app.send(&plain, "/console/me", &[("name", "")]).await;
    assert_eq!(refused.status, 422);
    let two: Vec<Browser> = vec![app.sign_in("plain@example.org").await, plain];
    app.send(&two[0], "/console/me/sessions", &[]).await.expect(303);
    for browser in &two {
        app.browse(browser, "/console/me").await.expect(303);
    }
}
