//! What the SCIM surface makes of HTTP: methods, media types, sizes, versions, credentials, budgets. What the bodies
//! mean is tested elsewhere.

use axum::body::Body;
use axum::http::Request;
use secaro_gateway::provisioning::plans::Change;
use secaro_gateway::scim::Dialect;
use serde_json::{Value, json};

use crate::support::app::{Answer, Idp, TestApp};

fn user(name: &str) -> Value {
    json!({ "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": name })
}

async fn okta() -> (TestApp, Idp) {
    let app = TestApp::new().await;
    let idp = app.connection("okta", Dialect::Okta).await;
    (app, idp)
}

fn header<'a>(answer: &'a Answer, name: &str) -> &'a str {
    answer.headers.get(name).unwrap_or_else(|| panic!("no {name}")).to_str().unwrap()
}

/// That an answer is an error body of RFC 7644 §3.12 with a reference, and nothing else.
fn assert_error(answer: &Answer, status: u16, scim_type: Option<&str>) {
    assert_eq!(answer.status, status, "{:#}", answer.body);
    assert_eq!(answer.body["schemas"], json!(["urn:ietf:params:scim:api:messages:2.0:Error"]));
    assert_eq!(answer.body["status"], status.to_string());
    assert_eq!(answer.body["scimType"].as_str(), scim_type);
    let detail = answer.body["detail"].as_str().unwrap();
    assert!(detail.contains(" [ref ") && detail.ends_with(']') && detail.chars().count() <= 300, "{detail}");
    assert!(header(answer, "content-type").starts_with("application/"), "{:?}", answer.headers);
}

async fn send(idp: &Idp, method: &str, path: &str, headers: &[(&str, &str)], body: impl Into<Body>) -> Answer {
    let mut request = Request::builder().method(method).uri(format!("{}{path}", idp.base));
    request = request.header("authorization", format!("Bearer {}", idp.token));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    idp.send(request.body(body.into()).unwrap()).await
}

/// The same credential at another address.
fn below(base: &str, idp: &Idp) -> Idp {
    let mut elsewhere = idp.clone();
    base.clone_into(&mut elsewhere.base);
    elsewhere
}

#[tokio::test]
async fn a_path_is_found_in_any_case_with_strays_and_an_id_only_as_it_is() {
    let (_app, idp) = okta().await;
    let id = idp.user("ada@example.org").await;
    for path in [format!("/users/{id}"), format!("/USERS/{id}/"), format!("/Users/{id}?"), format!("/Users/{id}&")] {
        assert_eq!(idp.get(&path).await.expect(200).body["id"], id, "{path}");
    }
    assert_error(&idp.get(&format!("/Users/{}", id.to_uppercase())).await, 404, None);
    let shouting = below("/SCIM/V2/OKTA", &idp);
    let listed = shouting.get("/users?aadOptscim062020&&startIndex=1&count=100&").await.expect(200);
    assert_eq!(listed.body["totalResults"], 1);
    assert_eq!(
        listed.body["Resources"][0]["meta"]["location"],
        format!("https://scim.example.com/scim/v2/okta/Users/{id}")
    );
}

#[tokio::test]
async fn what_is_not_there_or_not_done_here_says_so_in_the_protocols_form() {
    let (_app, idp) = okta().await;
    assert_error(&idp.get("/Planets").await, 404, None);
    assert_error(&idp.get("/Users/no-such-id").await, 404, None);
    let refused = idp.delete("/Users").await;
    assert_error(&refused, 405, None);
    let mut allowed: Vec<&str> = header(&refused, "allow").split(',').collect();
    allowed.sort_unstable();
    assert_eq!(allowed, ["GET", "HEAD", "POST"]);
    assert_error(&idp.post("/Schemas", &json!({})).await, 405, None);
    for (method, path) in [("GET", "/Me"), ("DELETE", "/Me"), ("POST", "/Bulk"), ("POST", "/.search")] {
        assert_error(&idp.send_json(method, path, &json!({})).await, 501, None);
    }
    assert_error(&idp.get("/Schemas?filter=id%20pr").await, 403, None);
}

#[tokio::test]
async fn a_body_is_taken_as_json_in_utf8_and_as_nothing_else() {
    let (_app, idp) = okta().await;
    let taken = [None, Some("application/json"), Some("application/scim+json; charset=utf-8"), Some("text/json")];
    for (number, media_type) in taken.into_iter().enumerate() {
        let headers: Vec<_> = media_type.map(|media_type| ("content-type", media_type)).into_iter().collect();
        let body = user(&format!("user{number}@example.org")).to_string();
        send(&idp, "POST", "/Users", &headers, body).await.expect(201);
    }
    for media_type in ["text/plain", "application/x-www-form-urlencoded", "application/json; charset=utf-16"] {
        let headers = [("content-type", media_type)];
        assert_error(&send(&idp, "POST", "/Users", &headers, user("x").to_string()).await, 415, None);
    }
    let compressed = [("content-type", "application/scim+json"), ("content-encoding", "gzip")];
    assert_error(&send(&idp, "POST", "/Users", &compressed, user("x").to_string()).await, 415, None);
}

#[tokio::test]
async fn t51_a_body_that_is_no_sound_json_is_refused_without_an_echo() {
    let (_app, idp) = okta().await;
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let bad: [&[u8]; 11] = [
        b"",
        b"secret-word",
        b"{\"userName\":\"secret-word\"",
        b"{\"userName\":\"secret-word\",\"userName\":\"b\"}",
        b"{\"userName\":\"secret-word\"} trailing",
        b"\xef\xbb\xbf{\"userName\":\"secret-word\"}",
        b"{\"userName\":\"secret-word\xff\"}",
        b"{\"userName\":NaN}",
        b"{\"x\":1e400}",
        b"{\"userName\":\"\\ud800\"}",
        deep.as_bytes(),
    ];
    for body in bad {
        let answer = send(&idp, "POST", "/Users", &[], body.to_vec()).await;
        assert_error(&answer, 400, Some("invalidSyntax"));
        assert!(!answer.body.to_string().contains("secret-word"), "{:#}", answer.body);
    }
}

#[tokio::test]
async fn a_body_above_its_limit_is_refused_before_it_is_parsed() {
    let flags = [("server.max_body_bytes", "1000"), ("server.max_group_body_bytes", "2000")];
    let app = TestApp::with(&flags).await;
    let idp = app.connection("okta", Dialect::Okta).await;
    let filled = |size: usize| format!("{{\"{}\":1}}", "x".repeat(size - 6));
    assert_error(&send(&idp, "POST", "/Users", &[], filled(1001)).await, 413, None);
    assert_error(&send(&idp, "POST", "/Groups", &[], filled(2001)).await, 413, None);
    assert_error(&send(&idp, "POST", "/Groups", &[], filled(2_000_000)).await, 413, None);
    // Small enough to be looked at; then it is no Group.
    assert_error(&send(&idp, "POST", "/Groups", &[], filled(2000)).await, 400, Some("invalidValue"));
}

#[tokio::test]
async fn an_answer_carries_the_media_type_that_is_preferred() {
    let (_app, idp) = okta().await;
    let cases = [
        ("application/scim+json", "application/scim+json"),
        ("application/json", "application/json"),
        ("*/*", "application/scim+json"),
        ("text/html", "application/scim+json"),
    ];
    for (accept, expected) in cases {
        for path in ["/Users", "/Users/nobody", "/ServiceProviderConfig"] {
            let answer = send(&idp, "GET", path, &[("accept", accept)], Body::empty()).await;
            assert_eq!(header(&answer, "content-type"), expected, "{accept} {path}");
        }
    }
    let head = send(&idp, "HEAD", "/Users", &[], Body::empty()).await.expect(200);
    assert_eq!((header(&head, "content-type"), &head.body), ("application/scim+json", &Value::Null));
}

#[tokio::test]
async fn t101_versions_guard_a_change_and_spare_a_reading() {
    let (_app, idp) = okta().await;
    let created = idp.post("/Users", &user("ada@example.org")).await.expect(201);
    let path = format!("/Users/{}", created.body["id"].as_str().unwrap());
    let first = header(&created, "etag").to_owned();
    assert_eq!(created.body["meta"]["version"], first);
    assert_eq!(header(&created, "location"), created.body["meta"]["location"]);

    let unchanged = send(&idp, "GET", &path, &[("if-none-match", &first)], Body::empty()).await.expect(304);
    assert_eq!((header(&unchanged, "etag"), unchanged.body.clone()), (first.as_str(), Value::Null));

    let operations = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations": [{ "op": "replace", "path": "title", "value": "Analyst" }],
    });
    let patched = send(&idp, "PATCH", &path, &[("if-match", &first)], operations.to_string()).await.expect(200);
    assert_ne!(header(&patched, "etag"), first);
    for method in ["PATCH", "PUT", "DELETE"] {
        let body = if method == "PATCH" { operations.clone() } else { user("ada@example.org") };
        for stale in [first.as_str(), "\"other\"", "W/\"0\", W/\"-1\""] {
            let answer = send(&idp, method, &path, &[("if-match", stale)], body.to_string()).await;
            assert_error(&answer, 412, None);
        }
    }
    send(&idp, "GET", &path, &[("if-none-match", &first)], Body::empty()).await.expect(200);
    send(&idp, "DELETE", &path, &[("if-match", "*")], Body::empty()).await.expect(204);
}

#[tokio::test]
async fn a_patch_is_answered_as_the_dialect_expects_and_with_a_body_if_attributes_are_asked_for() {
    let app = TestApp::new().await;
    let cases = [(Dialect::Okta, 200, 204), (Dialect::Entra, 204, 204), (Dialect::Generic, 200, 200)];
    for (dialect, for_user, for_group) in cases {
        let idp = app.connection(dialect.as_str(), dialect).await;
        let user = format!("/Users/{}", idp.user("ada@example.org").await);
        let group = format!("/Groups/{}", idp.group("Staff", &[]).await);
        for (path, status) in [(&user, for_user), (&group, for_group)] {
            let operations = json!([{ "op": "replace", "path": "displayName", "value": "Other" }]);
            let answer = idp.patch(path, &operations).await.expect(status);
            assert_eq!(answer.body.is_null(), status == 204, "{dialect:?} {path}");
            assert_eq!(header(&answer, "etag"), "W/\"2\"");
            let asked_for = idp.patch(&format!("{path}?attributes=displayName"), &operations).await.expect(200);
            assert_eq!(asked_for.body["displayName"], "Other");
        }
    }
}

#[tokio::test]
async fn t53_no_page_is_larger_than_allowed_and_no_number_breaks_anything() {
    let flags = [("scim.default_page_size", "2"), ("scim.max_page_size", "3")];
    let app = TestApp::with(&flags).await;
    let idp = app.connection("okta", Dialect::Okta).await;
    for number in 0..5 {
        idp.user(&format!("user{number}@example.org")).await;
    }
    let cases = [
        ("", 200, 2),
        ("count=", 200, 2),
        ("count=abc", 400, 0),
        ("count=-9223372036854775808", 200, 0),
        ("count=-1", 200, 0),
        ("count=0", 200, 0),
        ("count=1", 200, 1),
        ("count=2147483648", 200, 3),
        ("count=9223372036854775807", 200, 3),
        ("count=18446744073709551616", 200, 3),
        ("count=1e20", 400, 0),
        ("count=%201", 200, 1),
        ("count=%D9%A1", 400, 0),
        ("startIndex=-5", 200, 2),
        ("startIndex=5", 200, 1),
        ("startIndex=6", 200, 0),
        ("startIndex=9223372036854775807", 200, 0),
        ("startIndex=18446744073709551616", 200, 0),
        ("startIndex=x", 400, 0),
    ];
    for (query, status, found) in cases {
        let listed = idp.get(&format!("/Users?{query}")).await;
        let body = query.split_once('=').map_or(json!({}), |(name, text)| json!({ name: text.replace("%20", " ") }));
        let searched = if query.contains("%D9") { listed.clone() } else { idp.post("/Users/.search", &body).await };
        for answer in [listed, searched] {
            assert_eq!(answer.status, status, "{query}: {:#}", answer.body);
            if status == 200 {
                assert_eq!(answer.body["totalResults"], 5, "{query}");
                assert_eq!(answer.body["Resources"].as_array().map_or(0, Vec::len), found, "{query}");
                assert_eq!(answer.body["itemsPerPage"], found, "{query}");
            } else {
                assert_error(&answer, status, Some("invalidValue"));
            }
        }
    }
}

#[tokio::test]
async fn a_filter_may_hold_a_plus_however_it_is_encoded() {
    let (_app, idp) = okta().await;
    idp.user("ada+scim@example.org").await;
    for filter in [
        "userName%20eq%20%22ada+scim@example.org%22",
        "userName+eq+%22ada%2Bscim%40example.org%22",
        "userName%20eq%20%22ada%2Bscim@example.org%22",
    ] {
        let found = idp.get(&format!("/Users?filter={filter}")).await.expect(200);
        assert_eq!(found.body["totalResults"], 1, "{filter}");
    }
}

#[tokio::test]
async fn a_credential_opens_its_own_connection_and_tells_nothing_about_others() {
    let (app, okta) = okta().await;
    let entra = app.connection("entra", Dialect::Entra).await;
    let foreign = below("/scim/v2/entra", &okta);
    let invented = below("/scim/v2/nothing", &okta);
    let detail = |answer: &Answer| {
        assert_error(answer, 404, None);
        answer.body["detail"].as_str().unwrap().split(" [ref ").next().unwrap().to_owned()
    };
    let id = entra.user("ada@example.org").await;
    let answers = [
        foreign.get(&format!("/Users/{id}")).await,
        invented.get(&format!("/Users/{id}")).await,
        okta.get(&format!("/Users/{id}")).await,
        okta.get("/Users/019b0000-0000-7000-8000-000000000000").await,
    ];
    let details: Vec<String> = answers.iter().map(detail).collect();
    assert!(details.windows(2).all(|pair| pair[0] == pair[1]), "{details:?}");

    let twice = send(&okta, "GET", "/Users", &[("authorization", "Bearer other")], Body::empty()).await;
    assert_error(&twice, 401, None);
    assert_eq!(header(&twice, "www-authenticate"), "Bearer realm=\"secaro-gateway\"");
}

#[tokio::test]
async fn a_paused_connection_is_told_to_come_back_later() {
    let (app, idp) = okta().await;
    app.change(Change::Pause { connection: "okta".to_owned() }).await;
    let paused = idp.get("/Users").await;
    assert_error(&paused, 503, None);
    assert_eq!(header(&paused, "retry-after"), "300");
    app.change(Change::Resume { connection: "okta".to_owned() }).await;
    idp.get("/Users").await.expect(200);
}

#[tokio::test]
async fn a_connection_that_asks_too_often_is_told_whole_seconds_and_disturbs_no_other() {
    let app = TestApp::with(&[("scim.rate_limit", "1"), ("scim.rate_burst", "2")]).await;
    let (busy, quiet) = (app.connection("busy", Dialect::Okta).await, app.connection("quiet", Dialect::Okta).await);
    let mut answers = Vec::new();
    for _ in 0..4 {
        answers.push(busy.get("/Users?count=0").await);
    }
    let refused = answers.iter().find(|answer| answer.status == 429).expect("a 429 within four requests");
    assert_error(refused, 429, None);
    assert!(header(refused, "retry-after").parse::<u32>().unwrap() >= 1);
    quiet.get("/Users?count=0").await.expect(200);
}

#[tokio::test]
async fn discovery_is_open_and_alike_for_every_connection() {
    let (app, _idp) = okta().await;
    let paths = ["ServiceProviderConfig", "ResourceTypes", "ResourceTypes/User", "Schemas"];
    let urn = "Schemas/urn:ietf:params:scim:schemas:core:2.0:User";
    for path in paths.into_iter().chain([urn]) {
        let ask = |connection: &'static str| {
            let request = Request::get(format!("/scim/v2/{connection}/{path}")).body(Body::empty()).unwrap();
            app.ask(request)
        };
        let (known, unknown) = (ask("okta").await.expect(200), ask("nothing").await.expect(200));
        let known = known.body.to_string().replace("/scim/v2/okta/", "/scim/v2/nothing/");
        assert_eq!(known, unknown.body.to_string(), "{path}");
    }
    let missing = Request::get("/scim/v2/okta/Schemas/urn:other").body(Body::empty()).unwrap();
    assert_error(&app.ask(missing).await, 404, None);
}
