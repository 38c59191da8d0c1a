//! The way in and out: links, sessions, and forms that outlive one.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::body::Body;

use secaro_gateway::directory::edit::Really;
use secaro_gateway::ids::{Id as _, SignInAskId};

use crate::support::app::{Browser, TestApp, encoded, session_cookie};

const ADA: &str = "ada@example.org";

async fn with_an_admin() -> TestApp {
    let app = TestApp::new().await;
    app.person(ADA, "active").await;
    app.grant(ADA, "organization_admin").await;
    app
}

/// Whether the browser is signed in: its page of kept forms leads on, and not to the sign-in.
async fn is_signed_in(app: &TestApp, browser: &Browser) -> bool {
    let page = app.browse(browser, "/console/kept").await.expect(303);
    page.headers["location"] == "/console"
}

#[tokio::test]
async fn a_link_is_mailed_used_once_and_by_a_form_only() {
    let app = with_an_admin().await;
    let asked = app.submit("/console/sign-in", &[("email", "Ada@Example.org"), ("return_to", "/console/users")]).await;
    let nobody = app.submit("/console/sign-in", &[("email", "nobody@example.org")]).await;
    assert_eq!(asked.clone().expect(202).text, nobody.expect(202).text, "who has access is nobody's to know (T47)");
    let path = format!("/console/links/{}", app.sign_in_secret(ADA).await);
    for _ in 0..2 {
        let looked = app.open(&path).await.expect(200);
        assert!(looked.words().contains(ADA) && !looked.headers.contains_key("set-cookie"));
    }
    let entered = app.submit(&path, &[]).await.expect(303);
    assert_eq!(entered.headers["location"], "/console/users");
    let cookie = entered.headers["set-cookie"].to_str().unwrap();
    for part in ["__Host-secaro-session=secaro_session_", "; Path=/", "; Secure", "; HttpOnly", "; SameSite=Lax"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    app.submit(&path, &[]).await.expect(404);
    app.open(&path).await.expect(404);
}

/// How many rows each table has.
async fn rows(app: &TestApp) -> BTreeMap<String, i64> {
    let mut sql = app.sql().await;
    let mut rows = BTreeMap::new();
    for table in sql.tables().await {
        let count = sql.number(&format!("SELECT COUNT(*) FROM {table}")).await;
        rows.insert(table, count);
    }
    rows
}

#[tokio::test]
async fn t47_whoever_asks_for_a_link_costs_the_same_until_they_are_answered() {
    let app = with_an_admin().await;
    app.person("left@example.org", "deactivated").await;
    app.person("invited@example.org", "invited").await;
    let mut answers = Vec::new();
    for email in [ADA, "left@example.org", "invited@example.org", "nobody@example.org", "nobody@nowhere.example"] {
        // Beyond the limit nothing is written, whoever it is.
        for (asked, written) in [(1, 1), (2, 1), (3, 1), (4, 1), (5, 1), (6, 0)] {
            let before = rows(&app).await;
            let page = app.submit("/console/sign-in", &[("email", email)]).await.expect(202);
            let mut after = rows(&app).await;
            for table in ["sign_in_asks", "jobs"] {
                *after.get_mut(table).unwrap() -= written;
            }
            assert_eq!(after, before, "{email}, asked for {asked} times");
            let headers: Vec<_> = page.headers.keys().map(ToString::to_string).collect();
            answers.push((headers, page.text));
        }
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    app.work_off().await;
    assert_eq!(app.mails().await, vec!["sign_in ada@example.org"; 5]);
    let done = app.sql().await.number("SELECT COUNT(*) FROM sign_in_asks WHERE answered_at IS NOT NULL").await;
    assert_eq!(done, 25);
    app.clock.advance(Duration::from_hours(25));
    app.opened.directory.prune_sign_ins().await.unwrap();
    assert_eq!(app.sql().await.number("SELECT COUNT(*) FROM sign_in_asks").await, 0);
}

#[tokio::test]
async fn t47_work_that_is_done_twice_mails_once() {
    let app = with_an_admin().await;
    app.submit("/console/sign-in", &[("email", ADA)]).await.expect(202);
    app.work_off().await;
    let ask = SignInAskId::from_uuid(app.sql().await.ids("FROM sign_in_asks").await[0]);
    app.opened.directory.mail_sign_in_links(ask).await.unwrap();
    assert_eq!(app.mails().await, ["sign_in ada@example.org"]);
}

#[tokio::test]
async fn a_link_ends_and_so_do_those_beyond_the_limit() {
    let app = with_an_admin().await;
    for _ in 0..7 {
        app.submit("/console/sign-in", &[("email", ADA)]).await.expect(202);
    }
    let path = format!("/console/links/{}", app.sign_in_secret(ADA).await);
    assert_eq!(app.sql().await.number("SELECT COUNT(*) FROM sign_in_links").await, 5);
    app.clock.advance(Duration::from_mins(10));
    app.submit(&path, &[]).await.expect(404);
    assert_eq!(app.sql().await.number("SELECT COUNT(*) FROM sessions").await, 0);
}

#[tokio::test]
async fn t84_a_sign_in_makes_a_new_session_and_ends_the_old_one() {
    let app = with_an_admin().await;
    let first = app.sign_in(ADA).await;
    app.submit("/console/sign-in", &[("email", ADA)]).await.expect(202);
    let path = format!("/console/links/{}", app.sign_in_secret(ADA).await);
    let request = first.request("POST", &path).header("content-type", "application/x-www-form-urlencoded");
    let entered = app.text(request.body(Body::empty()).unwrap()).await.expect(303);
    let second = Browser { cookie: session_cookie(&entered.headers), csrf: String::new() };
    assert_ne!(first.cookie, second.cookie);
    assert!(!is_signed_in(&app, &first).await && is_signed_in(&app, &second).await);
    // A session that somebody else made up opens nothing.
    let made_up = Browser { cookie: "__Host-secaro-session=secaro_session_mine".to_owned(), csrf: String::new() };
    assert!(!is_signed_in(&app, &made_up).await);
}

#[tokio::test]
async fn t30_sessions_and_links_end_with_the_access_and_with_the_role() {
    let app = with_an_admin().await;
    app.person("grace@example.org", "active").await;
    app.grant("grace@example.org", "organization_admin").await;
    let grace = app.sign_in("grace@example.org").await;
    app.submit("/console/sign-in", &[("email", "grace@example.org")]).await.expect(202);
    let link = format!("/console/links/{}", app.sign_in_secret("grace@example.org").await);
    let directory = &app.opened.directory;
    directory.deactivate_person(&app.operator(), Some("example"), "grace@example.org", Really::Yes).await.unwrap();
    assert!(!is_signed_in(&app, &grace).await);
    app.submit(&link, &[]).await.expect(404);
}

#[tokio::test]
async fn a_session_ends_when_nothing_is_heard_of_it_and_at_its_end() {
    let app = with_an_admin().await;
    let browser = app.sign_in(ADA).await;
    for _ in 0..10 {
        app.clock.advance(Duration::from_mins(29));
        assert!(is_signed_in(&app, &browser).await);
    }
    app.clock.advance(Duration::from_mins(30));
    assert!(!is_signed_in(&app, &browser).await);
    let browser = app.sign_in(ADA).await;
    for _ in 0..24 {
        assert!(is_signed_in(&app, &browser).await);
        app.clock.advance(Duration::from_mins(29));
    }
    app.clock.advance(Duration::from_mins(29));
    assert!(!is_signed_in(&app, &browser).await, "twelve hours are over");
}

#[tokio::test]
async fn an_open_page_keeps_no_session_alive_and_leads_to_the_sign_in_as_a_whole() {
    let app = with_an_admin().await;
    let browser = app.sign_in(ADA).await;
    for _ in 0..29 {
        app.clock.advance(Duration::from_mins(1));
        app.look_again(&browser, "/console/plans").await.expect(200);
    }
    app.clock.advance(Duration::from_mins(1));
    let part = app.look_again(&browser, "/console/plans").await.expect(204);
    assert_eq!(part.headers["hx-redirect"], "/console/sign-in?why=again&return_to=%2Fconsole%2Fplans");
    assert!(!part.headers.contains_key("location") && part.text.is_empty());
    let page = app.browse(&browser, "/console/plans").await.expect(303);
    assert_eq!(page.headers["location"], part.headers["hx-redirect"]);
    assert!(page.headers["vary"].to_str().unwrap().contains("HX-Request"));
}

#[tokio::test]
async fn what_is_said_once_is_not_said_to_a_page_that_looks_again() {
    let app = with_an_admin().await;
    let browser = app.sign_in(ADA).await;
    let saved = app.send(&browser, "/console/me", &[("name", "Ada L")]).await.expect(303);
    let notice = saved.headers["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    let both = Browser { cookie: format!("{}; {notice}", browser.cookie), csrf: browser.csrf.clone() };
    let again = app.look_again(&both, "/console/me").await.expect(200);
    assert!(!again.text.contains("Saved.") && !again.headers.contains_key("set-cookie"));
    assert!(app.browse(&both, "/console/me").await.expect(200).text.contains("Saved."));
}

#[tokio::test]
async fn whoever_signs_out_is_out() {
    let app = with_an_admin().await;
    let (browser, other) = (app.sign_in(ADA).await, app.sign_in(ADA).await);
    app.send(&browser, "/console/sign-out", &[]).await.expect(303);
    assert!(!is_signed_in(&app, &browser).await && is_signed_in(&app, &other).await);
}

#[tokio::test]
async fn t81_a_form_of_another_site_or_session_is_refused() {
    let app = with_an_admin().await;
    let (browser, other) = (app.sign_in(ADA).await, app.sign_in(ADA).await);
    let post = |headers: &[(&'static str, &'static str)], csrf: String| {
        let mut request =
            browser.request("POST", "/console/sign-out").header("content-type", "application/x-www-form-urlencoded");
        for (name, value) in headers {
            request.headers_mut().unwrap().insert(*name, value.parse().unwrap());
        }
        app.text(request.body(encoded(&[("csrf", &csrf)])).unwrap())
    };
    for headers in [
        [("sec-fetch-site", "cross-site")].as_slice(),
        &[("sec-fetch-site", "same-site")],
        &[("origin", "https://evil.example")],
        &[("origin", "null")],
        &[("origin", "https://scim.example.com.evil.example")],
    ] {
        post(headers, browser.csrf.clone()).await.expect(403);
    }
    for csrf in ["", "x", &other.csrf] {
        post(&[], csrf.to_owned()).await.expect(403);
    }
    assert!(is_signed_in(&app, &browser).await);
    post(&[("origin", "https://scim.example.com")], browser.csrf.clone()).await.expect(303);
}

#[tokio::test]
async fn a_form_whose_session_has_ended_is_kept_until_its_sender_is_back() {
    let app = with_an_admin().await;
    let browser = app.sign_in(ADA).await;
    app.clock.advance(Duration::from_hours(1));
    let sent = app.send(&browser, "/console/kept", &[("form", "what I wrote <b>")]).await.expect(303);
    let location = sent.headers["location"].to_str().unwrap();
    assert_eq!(location, "/console/sign-in?why=kept&return_to=%2Fconsole%2Fkept");
    assert!(app.open(location).await.expect(200).words().contains("kept"));
    let back = app.sign_in(ADA).await;
    let shown = app.browse(&back, "/console/kept").await.expect(200);
    assert!(shown.text.contains("what I wrote &#60;b&#62;"), "{}", shown.text);
    let id = shown.text.split(r#"name="kept" value=""#).nth(1).unwrap().split('"').next().unwrap();
    app.send(&back, "/console/kept", &[("kept", id)]).await.expect(303);
    app.browse(&back, "/console/kept").await.expect(303);
    // A form that was not of that session is kept by nobody.
    app.clock.advance(Duration::from_hours(1));
    let forged = Browser { csrf: "forged".to_owned(), ..back };
    app.send(&forged, "/console/kept", &[("form", "x")]).await.expect(403);
    assert_eq!(app.sql().await.number("SELECT COUNT(*) FROM kept_forms").await, 0);
}
