//! Tokens: who is let in, who is not, and that neither the answer nor its way tells a guesser anything.

use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use data_encoding::{Encoding, Specification};
use secaro_gateway::provisioning::plans::Change;
use secaro_gateway::scim::Dialect;
use secaro_gateway::web::routes::Access;
use serde_json::json;

use super::unhurried;
use crate::support::app::{Answer, Idp, TestApp};

fn base32() -> Encoding {
    let mut specification = Specification::new();
    specification.symbols.push_str("abcdefghijklmnopqrstuvwxyz234567");
    specification.encoding().unwrap()
}

/// A token whose checksum is right.
fn forged(key_id: &str, secret: &str) -> String {
    let body = format!("secaro_scim_{key_id}_{secret}");
    let sum = crc32fast::hash(body.as_bytes()).to_be_bytes();
    format!("{body}_{}", base32().encode(&sum))
}

/// Key id and secret of a token.
fn parts(token: &str) -> (&str, &str) {
    let mut parts = token.strip_prefix("secaro_scim_").unwrap().split('_');
    (parts.next().unwrap(), parts.next().unwrap())
}

async fn with(idp: &Idp, token: &str) -> Answer {
    Idp { token: token.to_owned(), ..idp.clone() }.get("/Users").await
}

#[tokio::test]
async fn t60_t63_an_unknown_key_id_and_a_wrong_secret_are_answered_alike() {
    let app = unhurried().await;
    let okta = app.connection("okta", Dialect::Okta).await;
    let (key_id, secret) = parts(&okta.token);
    with(&okta, &forged(key_id, secret)).await.expect(200);

    let other = base32().encode(&[7; 32]);
    let wrong_secret = with(&okta, &forged(key_id, &other)).await.expect(401).without_reference();
    let unknown_key = with(&okta, &forged("aaaaaaaaaaaaaaaa", secret)).await.expect(401).without_reference();
    assert_eq!(wrong_secret, unknown_key);
    // A token of a connection elsewhere says nothing about that one either.
    let nowhere = Idp { base: "/scim/v2/nowhere".to_owned(), ..okta.clone() };
    let wrong = with(&nowhere, &forged(key_id, &other)).await.expect(401).without_reference();
    assert_eq!(wrong, wrong_secret);
}

#[tokio::test]
async fn t63_a_mangled_token_is_refused_without_asking_the_database() {
    let app = unhurried().await;
    let okta = app.connection("okta", Dialect::Okta).await;
    app.opened.close().await;
    let busy = okta.get("/Users").await.expect(503);
    assert!(busy.headers["retry-after"].to_str().unwrap().parse::<u32>().is_ok());
    let token = &okta.token;
    let mangled = [
        token[..token.len() - 1].to_owned(),
        format!("{token}a"),
        token.to_uppercase(),
        token.replace("secaro_scim_", "secaro_api_"),
        token.replacen(parts(token).1, parts(token).0, 1),
        String::from("secaro_scim___"),
        "a".repeat(5000),
    ];
    for token in mangled {
        assert_eq!(with(&okta, &token).await.status, 401, "{token}");
    }
}

#[tokio::test]
async fn t61_tokens_are_made_here_from_256_bits_and_never_twice_the_same() {
    let app = unhurried().await;
    let okta = app.connection("okta", Dialect::Okta).await;
    let second = app.token("okta", "second").await;
    for token in [&okta.token, &second] {
        assert_eq!(base32().decode(parts(token).1.as_bytes()).unwrap().len(), 32);
    }
    assert_ne!(parts(&okta.token).0, parts(&second).0);
    assert_ne!(parts(&okta.token).1, parts(&second).1);
    let dump = app.sql().await.dump(None).await;
    let secret = base32().decode(parts(&second).1.as_bytes()).unwrap();
    let hex = data_encoding::HEXLOWER.encode(&secret);
    assert!(dump.contains(parts(&second).0), "the dump shows the public part");
    assert!(!dump.contains(parts(&second).1) && !dump.to_lowercase().contains(&hex));
}

#[tokio::test]
async fn a_revoked_or_expired_token_is_refused_at_the_next_request_and_a_third_is_not_issued() {
    let app = unhurried().await;
    let okta = app.connection("okta", Dialect::Okta).await;
    let second = app.token("okta", "second").await;
    let provisioning = &app.opened.provisioning;
    let third = provisioning.issue_token(&app.operator(), "okta", "third", Duration::from_hours(1)).await;
    assert!(third.is_err(), "two are live");

    with(&okta, &second).await.expect(200);
    provisioning.revoke_token(&app.operator(), "okta", "second").await.unwrap();
    with(&okta, &second).await.expect(401);
    with(&okta, &okta.token).await.expect(200);
    app.token("okta", "third").await;

    app.clock.advance(Duration::from_hours(30 * 24) - Duration::from_secs(1));
    with(&okta, &okta.token).await.expect(200);
    app.clock.advance(Duration::from_secs(1));
    let expired = with(&okta, &okta.token).await.expect(401);
    assert!(expired.body["detail"].as_str().unwrap().contains("expired"));
}

#[tokio::test]
async fn a_paused_connection_asks_to_come_back_later_and_nobody_loses_anything() {
    let app = unhurried().await;
    let okta = app.connection("okta", Dialect::Okta).await;
    let sister = app.connection("sister", Dialect::Okta).await;
    okta.user("ada@example.org").await;
    let people = app.explain("ada@example.org").await.overview.person;
    app.change(Change::Pause { connection: "okta".to_owned() }).await;
    let paused = okta.get("/Users").await.expect(503);
    assert_eq!(paused.headers["retry-after"], "300");
    okta.post("/Users", &json!({ "userName": "bob@example.org" })).await.expect(503);
    sister.get("/Users").await.expect(200);
    assert_eq!(app.explain("ada@example.org").await.overview.person, people);
    app.change(Change::Resume { connection: "okta".to_owned() }).await;
    okta.get("/Users").await.expect(200);
}

#[tokio::test]
async fn too_many_requests_are_answered_429_with_whole_seconds_and_cost_other_connections_nothing() {
    let app = TestApp::with(&[("scim.rate_limit", "1"), ("scim.rate_burst", "3")]).await;
    let okta = app.connection("okta", Dialect::Okta).await;
    let sister = app.connection("sister", Dialect::Okta).await;
    let mut refused = None;
    for _ in 0..5 {
        let answer = okta.get("/Users").await;
        assert!(matches!(answer.status.as_u16(), 200 | 429));
        refused = Some(answer).filter(|answer| answer.status == 429).or(refused);
    }
    let refused = refused.expect("a burst of three ends before five");
    assert!((1..=5).contains(&refused.headers["retry-after"].to_str().unwrap().parse::<u32>().unwrap()));
    assert_eq!(refused.body["status"], json!("429"));
    sister.get("/Users").await.expect(200);
    // T63: wrong tokens spend nobody's budget.
    let (key_id, _) = parts(&sister.token);
    for _ in 0..10 {
        with(&sister, &forged(key_id, &base32().encode(&[7; 32]))).await.expect(401);
    }
    sister.get("/Users").await.expect(200);
}

#[tokio::test]
async fn t62_t65_a_token_counts_only_in_one_authorization_header() {
    let app = unhurried().await;
    let okta = app.connection("okta", Dialect::Okta).await;
    let token = &okta.token;
    let bare = |path: String| Request::builder().uri(path);
    for name in ["access_token", "token", "authorization", "bearer"] {
        let request = bare(format!("{}/Users?{name}={token}", okta.base)).body(Body::empty()).unwrap();
        let answer = app.ask(request).await.expect(401);
        assert!(!answer.body.to_string().contains(token.as_str()));
    }
    let users = || bare(format!("{}/Users", okta.base));
    let good = format!("Bearer {token}");
    let headers: [&[&str]; 6] = [
        &[&good, &good],
        &[&good, "Bearer nobody"],
        &["Bearer nobody", &good],
        &["Basic x", &good],
        &["Bearer"],
        &[token],
    ];
    for sent in headers {
        let request = sent.iter().fold(users(), |request, value| request.header("authorization", *value));
        // A present but invalid credential never falls back to another one.
        app.ask(request.body(Body::empty()).unwrap()).await.expect(401);
    }
    app.ask(users().header("authorization", &good).body(Body::empty()).unwrap()).await.expect(200);
}

#[tokio::test]
async fn t66_every_route_but_the_public_ones_is_closed_to_expired_and_foreign_tokens() {
    let app = unhurried().await;
    let okta = app.connection("okta", Dialect::Okta).await;
    app.opened.provisioning.revoke_token(&app.operator(), "okta", "test").await.unwrap();
    let mut closed = 0;
    for route in app.routes().into_iter().filter(|route| route.access == Access::Connection) {
        let path = route.path.replace("{connection}", "okta").replace("{id}", "019b0000-0000-7000-8000-000000000000");
        let request = Request::builder().method(route.method).uri(path);
        let request = request.header("authorization", format!("Bearer {}", okta.token)).body(Body::empty()).unwrap();
        app.ask(request).await.expect(401);
        closed += 1;
    }
    assert!(closed >= 12, "{closed}");
}
