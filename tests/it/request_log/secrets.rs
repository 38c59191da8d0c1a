//! Nothing secret is kept, whatever a caller puts where, and no text of a caller's does anything.

use axum::body::Body;
use axum::http::{HeaderValue, Request};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use secaro_gateway::scim::Dialect;
use serde_json::json;

use super::{ALL, ask, logged};
use crate::support::app::TestApp;

const PASSWORD: &str = "correct-horse-battery-staple";

#[tokio::test]
async fn t62_no_secret_is_in_the_log_wherever_it_was_sent() {
    let app = TestApp::with(&[("request_log.capture_bodies", "true")]).await;
    let okta = app.connection("okta", Dialect::Okta).await;
    let token = okta.token.clone();
    let bearer = format!("Bearer {token}");
    let encoded = utf8_percent_encode(&token, NON_ALPHANUMERIC).to_string();
    for uri in [
        format!("/scim/v2/okta/Users?access_token={token}"),
        format!("/scim/v2/okta/Users?token={token}&{token}"),
        format!("/scim/v2/okta/Users?authorization=Bearer%20{encoded}"),
        format!("/scim/v2/okta/Users?filter=userName%20eq%20%22{token}%22"),
        format!("/scim/v2/okta/Users?filter={encoded}"),
        format!("/scim/v2/okta/Users?filter=password%20eq%20%22{PASSWORD}%22"),
        format!("/scim/v2/okta/Users?sortBy={PASSWORD}&attributes={PASSWORD}&count={PASSWORD}&x={PASSWORD}"),
        format!("/scim/v2/okta/Users/{token}"),
        format!("/scim/v2/okta/Users/{encoded}"),
        format!("/scim/v2/{token}/Users"),
        format!("/scim/{token}"),
    ] {
        ask(&okta, "GET", &uri, &[]).await;
        ask(&okta, "GET", &uri, &[("authorization", &bearer), ("user-agent", &bearer)]).await;
    }
    let user = json!({
        "userName": "ada@example.org", "password": PASSWORD, "title": PASSWORD, PASSWORD: PASSWORD,
        "emails": [{ "value": "ada@example.org", "type": PASSWORD }],
    });
    let id = okta.post("/Users", &user).await.created();
    let patch = json!([
        { "op": "replace", "path": "password", "value": PASSWORD },
        { "op": "add", "path": format!("emails[type eq \"{PASSWORD}\"].value"), "value": "b@example.org" },
        { "op": "add", "value": { PASSWORD: PASSWORD, "title": PASSWORD } },
    ]);
    okta.patch(&format!("/Users/{id}"), &patch).await.expect(200);
    okta.post("/Users/.search", &json!({ "filter": format!("title eq \"{PASSWORD}\"") })).await.expect(200);

    let all = logged(&app, &ALL).await;
    assert_eq!(all.len(), 25);
    assert_eq!(all.iter().filter(|request| request.body.is_some()).count(), 3, "capture is on");
    let written = app.sql().await.dump(None).await;
    let log: Vec<&str> = written.lines().filter(|line| line.starts_with("request_log:")).collect();
    assert_eq!(log.len(), 25);
    let secret = token.split('_').nth(3).unwrap();
    for line in log {
        assert!(!line.contains(secret) && !line.contains(PASSWORD), "{line}");
    }
}

#[tokio::test]
async fn bodies_are_not_kept_unless_asked_for() {
    let app = TestApp::new().await;
    let okta = app.connection("okta", Dialect::Okta).await;
    okta.user("ada@example.org").await;
    assert!(logged(&app, &ALL).await[0].body.is_none());

    let app = TestApp::with(&[("request_log.capture_bodies", "true")]).await;
    let okta = app.connection("okta", Dialect::Okta).await;
    okta.user("ada@example.org").await;
    let kept = logged(&app, &ALL).await[0].body.clone().unwrap();
    assert_eq!(kept["userName"], "«string of 15»");
    assert_eq!(kept["active"], true);
}

#[tokio::test]
async fn t83_hostile_texts_are_kept_visible_and_in_bounds() {
    let app = TestApp::new().await;
    let okta = app.connection("okta", Dialect::Okta).await;
    let nasty = [
        "\0a",
        "\r\n{\"a\":1}",
        "\u{1b}[31m",
        "\u{2028}\u{202e}\u{feff}",
        "'; DROP TABLE request_log; --",
        "\u{9b}31m",
    ];
    let mut asked = 0;
    for text in nasty.iter().map(|text| (*text).to_owned()).chain(["x".repeat(20_000), "é".repeat(1500)]) {
        let encoded = utf8_percent_encode(&text, NON_ALPHANUMERIC).to_string();
        for path in
            [format!("/Users/{encoded}"), format!("/{encoded}"), format!("/Users?filter={encoded}&{encoded}={encoded}")]
        {
            let agent = HeaderValue::from_bytes(&[b"\xff\x9b31m ", "é".repeat(500).as_bytes()].concat()).unwrap();
            okta.send(okta.request("GET", &path).header("user-agent", agent).body(Body::empty()).unwrap()).await;
            asked += 1;
        }
        okta.post("/Users", &json!({ "userName": text, "displayName": text })).await;
        okta.post("/Groups", &json!({ "displayName": text })).await;
        asked += 2;
    }
    let odd =
        Request::builder().method("EXPLODE\u{21}").uri("/scim/v2/okta/Users?%ff=%00").body(Body::empty()).unwrap();
    okta.send(odd).await;
    let all = logged(&app, &ALL).await;
    assert_eq!(all.len(), asked + 1);
    for request in &all {
        let line = serde_json::to_string(request).unwrap();
        assert!(line.len() < 8000, "{}", line.len());
        let texts =
            [Some(&request.path), request.agent.as_ref(), request.target_name.as_ref(), request.detail.as_ref()];
        for text in texts.into_iter().flatten() {
            let hostile = |char: char| char.is_control() || "\u{2028}\u{202e}\u{feff}".contains(char);
            assert!(!text.chars().any(hostile), "{text:?}");
        }
    }
    assert!(all.iter().any(|request| request.method == "other"));
    assert!(all.iter().any(|request| request.target_name.as_deref() == Some("\\u{1b}[31m")), "and still readable");
}
