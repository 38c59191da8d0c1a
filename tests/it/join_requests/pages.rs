//! The public pages as a browser without scripts sees them.

use axum::body::Body;
use axum::http::Request;
use secaro_gateway::directory::invitations::NewInvitation;
use secaro_gateway::ids::{Id as _, MailId};

use crate::support::app::{Page, TestApp, encoded};

const ADA: [(&str, &str); 2] = [("name", "Ada Byron"), ("email", "ada@example.org")];

/// The value of the hidden field that names the first organization shown.
fn organization(page: &Page) -> String {
    let (_, rest) = page.text.split_once("name=\"organization\" value=\"").expect("an organization is shown");
    rest[..36].to_owned()
}

/// Registers and answers the link's path.
async fn link(app: &TestApp, email: &str) -> String {
    app.submit("/join", &[("name", "Ada"), ("email", email)]).await.expect(202);
    format!("/join/{}", app.join_secret(email).await)
}

#[tokio::test]
async fn a_stranger_walks_from_the_form_to_the_request_without_a_script() {
    let app = TestApp::new().await;
    app.admin("olga@example.org").await;
    insta::assert_snapshot!(app.open("/join").await.expect(200).words());
    insta::assert_snapshot!(app.submit("/join", &ADA).await.expect(202).words());
    let link = format!("/join/{}", app.join_secret("ada@example.org").await);
    let mail = app.sql().await.ids("FROM mails WHERE kind = 'confirm_mailbox'").await[0];
    let mail = app.worker().mailer.show(MailId::from_uuid(mail)).await.unwrap().expect("the mail is there").text;
    assert!(mail.contains(&format!("https://scim.example.com{link}\n")), "{mail}");
    insta::assert_snapshot!(app.open(&link).await.expect(200).words());

    let proven = app.submit(&link, &[]).await.expect(303);
    assert_eq!(proven.headers["location"], link.as_str());
    let offers = app.open(&link).await.expect(200);
    insta::assert_snapshot!(offers.words());

    let organization = organization(&offers);
    let asking = [("organization", organization.as_str()), ("note", "It's me."), ("facilities", "Leeds\r\nYork")];
    app.submit(&format!("{link}/request"), &asking).await.expect(303);
    insta::assert_snapshot!(app.open(&link).await.expect(200).words());
    let twice = app.submit(&format!("{link}/request"), &asking).await.expect(409);
    assert!(twice.words().contains("You asked to join this organization at 2026-01-31T09:00:00.000Z;"));

    let withdrawing = [("organization", organization.as_str())];
    app.submit(&format!("{link}/withdraw"), &withdrawing).await.expect(303);
    assert!(app.open(&link).await.words().contains("Ask to join example"));
    app.submit(&format!("{link}/request"), &asking).await.expect(303);
    let waiting = app.tab(secaro_gateway::directory::join_requests::JoinRequestState::Pending).await;
    assert_eq!(waiting[0].request.wishes.as_deref(), Some("Leeds\nYork"));
    app.accept("olga@example.org", waiting[0].request.id, &[]).await.unwrap();
    assert!(app.open(&link).await.words().contains("You are a person of this organization already."));
}

#[tokio::test]
async fn what_is_wrong_stands_beside_its_field_and_what_was_entered_is_kept() {
    let app = TestApp::new().await;
    let entered = [("name", "<script>alert(1)</script>"), ("email", "ada@\"><b>"), ("duns", "12\" x='")];
    let page = app.submit("/join", &entered).await.expect(400);
    insta::assert_snapshot!(page.words());
    assert!(page.text.contains("value=\"&#60;script&#62;alert(1)&#60;/script&#62;\""), "{}", page.text);
    assert!(page.text.contains("aria-describedby=\"email-hint email-error\" aria-invalid=\"true\""), "{}", page.text);
    assert!(!page.text.contains("<script") && !page.text.contains("<b>"), "{}", page.text);
    assert_eq!(app.count("mailbox_proofs").await, 0);

    let link = link(&app, "ada@example.org").await;
    app.submit(&link, &[]).await.expect(303);
    let organization = organization(&app.open(&link).await);
    let note = "x".repeat(1001);
    let asking = [("organization", organization.as_str()), ("note", &note), ("facilities", "Leeds & <York>")];
    let page = app.submit(&format!("{link}/request"), &asking).await.expect(400);
    assert!(page.text.contains(&note) && page.text.contains("Leeds &#38; &#60;York&#62;"), "{}", page.text);
    assert!(page.text.contains("Write at most 1000 characters"), "{}", page.text);
    app.submit(&format!("{link}/request"), &[]).await.expect(400);
    assert_eq!(app.count("join_requests").await, 0);
}

#[tokio::test]
async fn a_hostile_name_is_shown_and_never_obeyed() {
    let app = TestApp::new().await;
    let hostile = "<img src=x onerror=alert(1)>\"'&";
    let operator = secaro_gateway::auth::Operator::of_this_machine("test".to_owned(), app.request());
    let domains = ["evil.example".to_owned()];
    app.opened.directory.create_organization(&operator, "evil", hostile, None, &domains).await.unwrap();
    let link = link(&app, "ada@evil.example").await;
    app.submit(&link, &[]).await.expect(303);
    let page = app.open(&link).await.expect(200);
    assert!(page.text.contains("&#60;img src=x"), "{}", page.text);
    assert!(!page.text.contains("<img"), "{}", page.text);
}

#[tokio::test]
async fn every_page_is_locked_down_and_complete_without_a_script() {
    let app = TestApp::new().await;
    let link = link(&app, "ada@example.org").await;
    let browser = |path: &str| Request::get(path).header("accept", "text/html").body(Body::empty()).unwrap();
    let pages = [
        (app.open("/join").await, 200),
        (app.submit("/join", &ADA).await, 202),
        (app.submit("/join", &[]).await, 400),
        (app.open(&link).await, 200),
        (app.open("/join/nothing").await, 404),
        (app.open("/join/%ff").await, 404),
        (app.open("/invitations/nothing").await, 404),
        (app.open("/join/a/b/c").await, 404),
        (app.text(browser("/anything")).await, 404),
        (app.submit(&link, &[]).await, 303),
        (app.open(&link).await, 200),
    ];
    for (page, status) in pages {
        let page = page.expect(status);
        let header = |name: &str| page.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default();
        let csp = "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
        assert_eq!(header("content-security-policy"), csp, "{status}");
        assert_eq!(header("referrer-policy"), "no-referrer", "{status}");
        assert_eq!(header("cache-control"), "no-store", "{status}");
        assert_eq!(header("x-content-type-options"), "nosniff", "{status}");
        assert_eq!(header("content-type"), "text/html; charset=utf-8", "{status}");
        if status != 303 {
            assert!(page.text.starts_with("<!doctype html>\n<html lang=\"en-GB\">"), "{}", page.text);
            for banned in ["<script", " style=", "http://", "https://", " onclick"] {
                assert!(!page.text.contains(banned), "{banned}: {}", page.text);
            }
            assert_eq!(page.text.matches("<h1>").count(), 1, "{}", page.text);
        }
    }
}

#[tokio::test]
async fn the_stylesheet_is_ours_small_and_kept_for_ever() {
    let app = TestApp::new().await;
    let page = app.open("/join").await;
    let (_, rest) = page.text.split_once("href=\"/assets/").unwrap();
    let path = format!("/assets/{}", rest.split('"').next().unwrap());
    let style = app.open(&path).await.expect(200);
    assert_eq!(style.headers["cache-control"], "public, max-age=31536000, immutable");
    assert_eq!(style.headers["content-type"], "text/css; charset=utf-8");
    assert!(style.text.len() < 15_000 && !style.text.contains("url("));
    app.open("/assets/secaro-0000000000000000.css").await.expect(404);
    app.open("/assets/..%2fgateway.key").await.expect(404);
}

#[tokio::test]
async fn a_form_of_another_site_has_no_effect() {
    let app = TestApp::new().await;
    let link = link(&app, "ada@example.org").await;
    let before = app.sql().await.dump(None).await;
    for (header, value) in [
        ("sec-fetch-site", "cross-site"),
        ("origin", "https://evil.example"),
        ("origin", "https://scim.example.com.evil.example"),
    ] {
        for path in ["/join", &link, &format!("{link}/request"), &format!("{link}/withdraw"), "/invitations/x"] {
            let request = Request::post(path).header(header, value).body(encoded(&ADA)).unwrap();
            app.text(request).await.expect(403);
        }
    }
    assert_eq!(app.sql().await.dump(None).await, before);
    let ours = Request::post(&link).header("origin", "https://scim.example.com").body(Body::empty()).unwrap();
    app.text(ours).await.expect(303);
}

#[tokio::test]
async fn a_form_is_bounded_and_is_a_form() {
    let app = TestApp::new().await;
    let large = "x".repeat(40_000);
    app.submit("/join", &[("name", &large)]).await.expect(413);
    let json = Request::post("/join").header("content-type", "application/json").body(Body::from("{}")).unwrap();
    app.text(json).await.expect(415);
    let broken = TestApp::form("/join").body(Body::from("name=%ff&email=%00&&&==&=")).unwrap();
    app.text(broken).await.expect(400);
    app.text(Request::delete("/join").body(Body::empty()).unwrap()).await.expect(405);
}

#[tokio::test]
async fn an_invitation_is_shown_and_accepted_once() {
    let app = TestApp::new().await;
    app.admin("olga@example.org").await;
    let admin = app.member("olga@example.org").await;
    let new = NewInvitation {
        name: "Ada Byron".to_owned(),
        email: "ada@example.org".to_owned(),
        can_edit: vec!["leeds".to_owned()],
        admin_for: Vec::new(),
    };
    let directory = &app.opened.directory;
    directory.stage_invitation(&admin, "example", &new).await.unwrap();
    directory.send_invitations(&admin, "example").await.unwrap();
    let link = format!("/invitations/{}", app.invitation_secret("ada@example.org").await);
    let shown = app.open(&link).await.expect(200).words();
    insta::assert_snapshot!(shown);
    assert_eq!(app.open(&link).await.expect(200).words(), shown);
    assert_eq!(app.status("ada@example.org").await, "invited", "looking accepts nothing");
    insta::assert_snapshot!(app.submit(&link, &[]).await.expect(200).words());
    assert_eq!(app.status("ada@example.org").await, "active");
    let again = app.submit(&link, &[]).await.expect(404);
    assert!(again.words().contains("This invitation was accepted already"), "{}", again.words());
}
