//! Signing in at an OpenID provider, at a real one.

use std::time::Duration;

use axum::http::Request;
use secaro_gateway::directory::invitations::NewInvitation;
use secaro_gateway::directory::sign_in::Provider;
use secaro_gateway::scim::Dialect;
use serde_json::{Value, json};

use crate::support::app::{Browser, Page, TestApp, encoded};
use crate::support::oidc::{LOOPBACK, Manner, Op, SECRET, Visitor, set_up, start};

const ADA: &str = "ada@example.org";

async fn with_a_provider(manner: Manner) -> (TestApp, Op, Provider) {
    let app = TestApp::with(&LOOPBACK).await;
    let op = start(&app, manner);
    let provider = set_up(&op, &app, "").await;
    (app, op, provider)
}

/// Invites somebody; answers the secret of the link.
async fn invite(app: &TestApp, email: &str, admin_for: &[&str]) -> String {
    let new = NewInvitation {
        name: "Ada".to_owned(),
        email: email.to_owned(),
        can_edit: Vec::new(),
        admin_for: admin_for.iter().map(|text| (*text).to_owned()).collect(),
    };
    app.opened.directory.stage_invitation(&app.operator(), "example", &new).await.unwrap();
    app.opened.directory.send_invitations(&app.operator(), "example").await.unwrap();
    app.invitation_secret(email).await
}

/// An Organization admin who signs in as `00u1`, and the browser that they did it with.
async fn bound_admin(app: &TestApp, op: &mut Op, provider: &Provider) -> Visitor {
    says(op, &json!({ "sub": "00u1", "email": ADA, "email_verified": true }));
    let secret = invite(app, ADA, &["Organization admin"]).await;
    let mut visitor = Visitor::default();
    visitor.sign_in(app, provider, "00u1", &[("invitation", &secret)]).await.expect(303);
    visitor
}

/// From now on it says this of the subject in it.
fn says(op: &mut Op, claims: &Value) {
    op.tell(&format!("claims {claims}"));
}

async fn sessions(app: &TestApp) -> i64 {
    app.sql().await.number("SELECT COUNT(*) FROM sessions WHERE ended_at IS NULL").await
}

async fn identities(app: &TestApp) -> Vec<String> {
    let all = "SELECT p.email || ' ' || i.subject || ' ' || i.bound_by FROM sign_in_identities i \
               JOIN people p ON p.id = i.person_id ORDER BY 1";
    app.sql().await.texts(all).await
}

fn refused(page: Page, words: &str) {
    let page = page.expect(403);
    assert!(page.words().to_lowercase().contains(&words.to_lowercase()), "{}", page.words());
    assert!(!page.headers.get_all("set-cookie").iter().any(|set| set.to_str().unwrap().contains("session=secaro")));
}

#[tokio::test]
async fn t13_an_invitation_binds_whoever_the_provider_says_owns_the_address() {
    for claims_in_token in [true, false] {
        let (app, mut op, provider) = with_a_provider(Manner { claims_in_token, ..Manner::default() }).await;
        let secret = invite(&app, ADA, &[]).await;
        let looked = app.open(&format!("/invitations/{secret}")).await.expect(200);
        assert!(looked.words().contains("Join with Example login"), "{}", looked.words());

        let with_it = [("invitation", secret.as_str()), ("return_to", "/console/me?tab=identity")];
        for claims in [
            json!({ "sub": "00u1" }),
            json!({ "sub": "00u1", "email": ADA }),
            json!({ "sub": "00u1", "email": ADA, "email_verified": false }),
            json!({ "sub": "00u1", "email": ADA, "email_verified": "true" }),
            json!({ "sub": "00u1", "email": "eve@example.org", "email_verified": true }),
        ] {
            says(&mut op, &claims);
            let page = Visitor::default().sign_in(&app, &provider, "00u1", &with_it).await;
            refused(page, "does not say that ada@example.org is your address");
        }
        assert_eq!((app.status(ADA).await.as_str(), sessions(&app).await), ("invited", 0));

        says(&mut op, &json!({ "sub": "00u1", "email": "Ada@Example.org", "email_verified": true }));
        let entered = Visitor::default().sign_in(&app, &provider, "00u1", &with_it).await.expect(303);
        assert_eq!(entered.headers["location"], "/console/me?tab=identity");
        assert_eq!(identities(&app).await, ["ada@example.org 00u1 invitation"]);
        let browser = app.browser_of(&entered.headers).await;
        let own = app.browse(&browser, "/console/me?tab=identity").await.expect(200);
        assert!(own.words().contains("00u1"), "{}", own.words());

        // From then on by the subject alone, whatever address is said to be theirs.
        says(&mut op, &json!({ "sub": "00u1", "email": "other@example.org" }));
        Visitor::default().sign_in(&app, &provider, "00u1", &[]).await.expect(303);
        says(&mut op, &json!({ "sub": "00u2", "email": ADA, "email_verified": true }));
        let page = Visitor::default().sign_in(&app, &provider, "00u2", &[]).await;
        refused(page, "knows you as 00u2, which is nobody here yet");
        assert_eq!(sessions(&app).await, 2);
    }
}

#[tokio::test]
async fn t13_a_user_of_the_same_subject_binds_and_replaces_nothing() {
    let app = TestApp::with(&LOOPBACK).await;
    let idp = app.connection("okta", Dialect::Okta).await;
    let mut op = start(&app, Manner::default());
    let provider = set_up(&op, &app, "okta").await;
    let user = |name: &str, external_id: &str| {
        json!({ "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": name, "externalId": external_id,
                "active": true, "emails": [{ "value": name, "type": "work", "primary": true }] })
    };
    let id = idp.post("/Users", &user(ADA, "00u1")).await.expect(201).created();
    says(&mut op, &json!({ "sub": "00u2", "email": ADA, "email_verified": true }));
    let page = Visitor::default().sign_in(&app, &provider, "00u2", &[]).await;
    refused(page, "nobody here yet");
    Visitor::default().sign_in(&app, &provider, "00u1", &[]).await.expect(303);
    assert_eq!(identities(&app).await, ["ada@example.org 00u1 scim"]);

    // The connection says that somebody else at the issuer is Ada now: that signs nobody else in as her.
    let operations = json!([{ "op": "replace", "value": { "externalId": "00u2" } }]);
    idp.patch(&format!("/Users/{id}"), &operations).await.expect(200);
    let page = Visitor::default().sign_in(&app, &provider, "00u2", &[]).await;
    refused(page, "signs in with another account");
    assert_eq!(identities(&app).await, ["ada@example.org 00u1 scim"]);
    Visitor::default().sign_in(&app, &provider, "00u1", &[]).await.expect(303);
}

#[tokio::test]
async fn t13_another_organization_knows_nobody_of_this_one() {
    let (app, mut op, provider) = with_a_provider(Manner::default()).await;
    bound_admin(&app, &mut op, &provider).await;
    app.organization("other", "example.net").await;
    let id = provider.id.to_string();
    for path in ["/console/sign-in/other", "/console/sign-in/nobody"] {
        app.submit(path, &[("provider", &id)]).await.expect(404);
    }
    let other = app.open("/console/sign-in/other").await.expect(200).text.replace("other", "nobody");
    assert_eq!(other, app.open("/console/sign-in/nobody").await.expect(200).text, "no organization is known by it");
}

#[tokio::test]
async fn t84_what_comes_back_has_to_fit_what_was_begun_and_does_once() {
    let (app, mut op, provider) = with_a_provider(Manner::default()).await;
    bound_admin(&app, &mut op, &provider).await;
    let before = sessions(&app).await;
    let mut visitor = Visitor::default();
    let begin = async |visitor: &mut Visitor| {
        let url = visitor.begin(&app, &provider, &[]).await;
        for part in ["code_challenge_method=S256", "nonce=", "state=", "response_type=code"] {
            assert!(url.contains(part), "{url}");
        }
        visitor.prove(&url, "00u1").await
    };
    let not_begun = "was not begun in this browser";

    let path = begin(&mut visitor).await;
    refused(Visitor::default().come_back(&app, &path, None).await, not_begun);
    let mut stranger = Visitor::default();
    stranger.begin(&app, &provider, &[]).await;
    refused(stranger.come_back(&app, &path, None).await, not_begun);
    visitor.come_back(&app, &path, None).await.expect(303);
    refused(visitor.come_back(&app, &path, None).await, not_begun);

    let changed = |path: &str, name: &str, to: &str| {
        let pairs = form_urlencoded::parse(path.split_once('?').unwrap().1.as_bytes()).into_owned();
        let pairs = pairs.filter(|(found, _)| found != name).chain([(name.to_owned(), to.to_owned())]);
        let pairs = pairs.filter(|(_, value)| !value.is_empty());
        format!("/console/callback?{}", form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish())
    };
    for (name, to, words) in [
        ("state", "made-up", not_begun),
        ("iss", "https://evil.example", "the answer is not of"),
        ("iss", "", "the answer is not of"),
        ("code", "made-up", "did not confirm who you are"),
        ("code", "", "did not sign you in"),
    ] {
        let path = begin(&mut visitor).await;
        refused(visitor.come_back(&app, &changed(&path, name, to), None).await, words);
    }
    let path = begin(&mut visitor).await;
    app.clock.advance(Duration::from_mins(10));
    refused(visitor.come_back(&app, &path, None).await, not_begun);
    assert_eq!(sessions(&app).await, before + 1);
}

#[tokio::test]
async fn t81_a_sign_in_begins_from_our_own_pages_alone() {
    let (app, _op, provider) = with_a_provider(Manner::default()).await;
    let id = provider.id.to_string();
    let begin = async |origin: &str, site: &str| {
        let form =
            Request::post("/console/sign-in/example").header("content-type", "application/x-www-form-urlencoded");
        let form = form.header("origin", origin).header("sec-fetch-site", site);
        app.text(form.body(encoded(&[("provider", &id)])).unwrap()).await.status
    };
    for (origin, site, status) in [
        ("https://scim.example.com", "same-origin", 200),
        // As the page of an invitation sends it, which asks for no referrer.
        ("null", "same-origin", 200),
        ("null", "cross-site", 403),
        ("null", "same-site", 403),
        ("https://evil.example", "same-origin", 403),
    ] {
        assert_eq!(begin(origin, site).await, status, "{origin} {site}");
    }
}

#[tokio::test]
async fn t84_a_sign_in_at_a_provider_ends_the_session_that_the_browser_had() {
    let (app, mut op, provider) = with_a_provider(Manner::default()).await;
    bound_admin(&app, &mut op, &provider).await;
    let old = app.sign_in(ADA).await;
    let mut visitor = Visitor::default();
    let url = visitor.begin(&app, &provider, &[("return_to", "https://evil.example")]).await;
    let path = visitor.prove(&url, "00u1").await;
    let entered = visitor.come_back(&app, &path, Some(&old.cookie)).await.expect(303);
    assert_eq!(entered.headers["location"], "/console");
    app.browse(&old, "/console/users").await.expect(303);
    let new = app.browser_of(&entered.headers).await;
    app.browse(&new, "/console/users").await.expect(200);
}

/// Whether what needs a sign-in of the last minutes is done; else where they are led.
async fn asks_again(app: &TestApp, browser: &Browser) -> Option<String> {
    let sent = app.send(browser, "/console/settings/auditors", &[("email", "nobody@example.org")]).await;
    (sent.status == 303).then(|| sent.headers["location"].to_str().unwrap().to_owned())
}

#[tokio::test]
async fn t24_a_session_is_fresh_from_when_the_provider_says_that_somebody_proved_who_they_are() {
    let (app, mut op, provider) = with_a_provider(Manner::default()).await;
    let mut visitor = bound_admin(&app, &mut op, &provider).await;
    let minutes = Duration::from_mins(6);
    app.clock.advance(minutes);
    op.tell(&format!("advance {}", minutes.as_millis()));
    // The provider knows the browser, and asks for nothing.
    let entered = visitor.sign_in(&app, &provider, "nobody", &[]).await.expect(303);
    let browser = app.browser_of(&entered.headers).await;
    app.browse(&browser, "/console/users").await.expect(200);
    let led = asks_again(&app, &browser).await.expect("a session that is not fresh");
    assert_eq!(led, "/console/sign-in/example?why=kept&return_to=%2Fconsole%2Fkept");

    let page = app.open(&led).await.expect(200);
    assert!(page.words().contains("What you filled in is kept"), "{}", page.words());
    let again = [("why", "kept"), ("return_to", "/console/kept")];
    let url = visitor.begin(&app, &provider, &again).await;
    assert!(url.contains("prompt=login") && url.contains("max_age=0"), "{url}");
    let path = visitor.prove(&url, "00u1").await;
    let entered = visitor.come_back(&app, &path, None).await.expect(303);
    assert_eq!(entered.headers["location"], "/console/kept");
    assert_eq!(asks_again(&app, &app.browser_of(&entered.headers).await).await, None);
}

#[tokio::test]
async fn t24_a_provider_that_does_not_say_when_makes_no_fresh_session() {
    let (app, mut op, provider) = with_a_provider(Manner { says_when: false, ..Manner::default() }).await;
    bound_admin(&app, &mut op, &provider).await;
    let entered = Visitor::default().sign_in(&app, &provider, "00u1", &[]).await.expect(303);
    assert!(asks_again(&app, &app.browser_of(&entered.headers).await).await.is_some());
    let page = Visitor::default().sign_in(&app, &provider, "00u1", &[("why", "again")]).await;
    refused(page, "does not say that you proved who you are just now");
}

#[tokio::test]
async fn t30_whoever_lost_access_signs_in_no_longer() {
    let (app, mut op, provider) = with_a_provider(Manner::default()).await;
    bound_admin(&app, &mut op, &provider).await;
    app.person("grace@example.org", "active").await;
    app.grant("grace@example.org", "organization_admin").await;
    let ada = app.opened.directory.explain(Some("example"), ADA).await.unwrap().overview.person.id;
    let grace = app.sign_in("grace@example.org").await;
    app.send(&grace, &format!("/console/users/{ada}/deactivate"), &[]).await.expect(303);
    let before = sessions(&app).await;
    let page = Visitor::default().sign_in(&app, &provider, "00u1", &[]).await;
    refused(page, "your access has ended");
    assert_eq!(sessions(&app).await, before);
}

#[tokio::test]
async fn t71_a_client_secret_goes_to_its_issuer_alone_and_is_shown_to_nobody() {
    let (app, mut op, provider) = with_a_provider(Manner::default()).await;
    bound_admin(&app, &mut op, &provider).await;
    let admin = app.sign_in(ADA).await;
    for path in ["/console/settings/sign-in", "/console/audit", "/console/settings"] {
        assert!(!app.browse(&admin, path).await.expect(200).text.contains(SECRET), "{path}");
    }
    assert!(!app.sql().await.dump(None).await.contains(SECRET), "sealed in the database");
    // Another issuer in the same row gets nothing: the secret does not open for it.
    let other = start(&app, Manner::default());
    app.sql().await.execute(&format!("UPDATE oidc_providers SET issuer = '{}'", other.issuer)).await;
    let id = provider.id.to_string();
    let page = app.submit("/console/sign-in/example", &[("provider", &id)]).await;
    refused(page, "the client secret of «Example login» cannot be read");
}

#[tokio::test]
async fn providers_are_set_up_and_removed_in_the_settings() {
    let app = TestApp::with(&LOOPBACK).await;
    let op = start(&app, Manner::default());
    app.person(ADA, "active").await;
    app.grant(ADA, "organization_admin").await;
    let admin = app.sign_in(ADA).await;
    let at = "/console/settings/sign-in";
    let empty = app.browse(&admin, at).await.expect(200);
    assert!(empty.words().contains("None is set up yet. Add one below."), "{}", empty.words());
    let add = async |issuer: &str, status: u16| {
        let fields =
            [("name", "Example login"), ("issuer", issuer), ("client_id", "secaro"), ("client_secret", SECRET)];
        app.send(&admin, at, &fields).await.expect(status)
    };
    for (issuer, words) in [
        ("nonsense", "it is no URL"),
        ("http://login.example.org", "it does not begin with https://"),
        ("https://10.0.0.1", "its address is not a public one"),
        (&format!("{}/", op.issuer), "it calls itself by another name"),
        ("http://127.0.0.1:1", "no answer"),
    ] {
        let page = add(issuer, 422).await;
        assert!(
            page.text.contains(words) && page.text.contains("value=\"Example login\""),
            "{issuer} {}",
            page.words()
        );
        assert!(!page.text.contains(SECRET));
    }
    add(&op.issuer, 303).await;
    let twice = add(&op.issuer, 409).await;
    assert!(twice.text.contains("set up already"), "{}", twice.words());
    let listed = app.browse(&admin, at).await.expect(200);
    assert!(listed.words().contains(&op.issuer) && listed.words().contains("with a secret"), "{}", listed.words());
    assert!(app.open("/console/sign-in/example").await.words().contains("Continue with Example login"));

    let id = app.opened.directory.providers("example").await.unwrap()[0].id.to_string();
    app.send(&admin, &format!("{at}/remove"), &[("provider", &id)]).await.expect(303);
    app.send(&admin, &format!("{at}/remove"), &[("provider", &id)]).await.expect(404);
    app.submit("/console/sign-in/example", &[("provider", &id)]).await.expect(404);
    let trail = "SELECT action FROM audit_records WHERE action LIKE 'provider.%' ORDER BY id";
    assert_eq!(app.sql().await.texts(trail).await, ["provider.added", "provider.removed"]);
}

#[tokio::test]
async fn an_identity_is_unlinked_on_the_page_of_the_person() {
    let (app, mut op, provider) = with_a_provider(Manner::default()).await;
    bound_admin(&app, &mut op, &provider).await;
    app.person("grace@example.org", "active").await;
    app.grant("grace@example.org", "organization_admin").await;
    let grace = app.sign_in("grace@example.org").await;
    let ada = app.opened.directory.explain(Some("example"), ADA).await.unwrap().overview.person.id;
    let page = app.browse(&grace, &format!("/console/users/{ada}?tab=identity")).await.expect(200);
    let (_, identity) = page.text.split_once("name=\"identity\" value=\"").expect("a button to unlink");
    let identity = identity.split('"').next().unwrap();
    let path = format!("/console/users/{ada}/identities/remove");
    app.send(&grace, &path, &[("identity", identity)]).await.expect(303);
    app.send(&grace, &path, &[("identity", identity)]).await.expect(404);
    assert_eq!((identities(&app).await.len(), sessions(&app).await), (0, 1));
    let page = Visitor::default().sign_in(&app, &provider, "00u1", &[]).await;
    refused(page, "nobody here yet");
}
