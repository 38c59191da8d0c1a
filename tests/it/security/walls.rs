//! Between organizations and between connections: whatever is asked by whatever id or selector, nobody sees or
//! touches what is another's, and nobody learns whether it exists.

use axum::http::Method;
use secaro_gateway::scim::Dialect;
use secaro_gateway::web::routes::Access;
use serde_json::{Value, json};

use super::{patch_body, unhurried};
use crate::support::app::{Answer, Idp};

/// A body that would do something if the resource were the caller's.
fn harmful(method: &Method, path: &str) -> String {
    let name = if path.contains("/Groups") { "displayName" } else { "userName" };
    let body = match *method {
        Method::PATCH => patch_body(&json!([{ "op": "replace", "value": { "displayName": "stolen" } }])),
        Method::POST | Method::PUT => json!({ name: "stolen", "members": [] }),
        _ => Value::Null,
    };
    if body.is_null() { String::new() } else { body.to_string() }
}

async fn ask(idp: &Idp, method: &Method, path: &str) -> Answer {
    let below = path.strip_prefix("/scim/v2/{connection}").expect("a route of a connection");
    idp.send(idp.request(method.as_str(), below).body(harmful(method, path).into()).unwrap()).await
}

#[tokio::test]
async fn t01_every_route_answers_for_a_foreign_id_as_for_one_that_never_was() {
    let app = unhurried().await;
    app.organization("other", "other.example").await;
    let okta = app.connection("okta", Dialect::Okta).await;
    let sister = app.connection("sister", Dialect::Okta).await;
    let stranger = app.connection_of("other", "stranger", Dialect::Okta, "edit").await;
    let (mut ids, mut own) = (Vec::new(), Vec::new());
    for idp in [&okta, &sister, &stranger] {
        let user = idp.user("ada@example.org").await;
        let group = idp.group("Editors", &[&user]).await;
        if idp.base == okta.base { own = vec![user, group] } else { ids.extend([user, group]) }
    }
    let deleted = okta.user("gone@example.org").await;
    okta.delete(&format!("/Users/{deleted}")).await.expect(204);
    ids.push(deleted);
    ids.push(ids[0].to_uppercase());
    ids.extend(own.iter().map(|id| id.to_uppercase()));
    let odd = ["1", "0", "-1", "x", "%ff", "%00", "..", "%2e%2e%2fUsers", "a%20b", "%F0%9F%92%A5", "null", "*"];
    ids.extend(odd.map(str::to_owned));
    ids.push("9".repeat(4000));

    let before = app.sql().await.dump(None).await;
    let mut asked = 0;
    for route in app.routes() {
        // What the console answers for an id stands with its screens.
        if route.access != Access::Connection || !route.path.contains("{id}") {
            continue;
        }
        assert_eq!(route.path.matches('{').count(), 2, "{}: classify this route", route.path);
        let at = |id: &str| route.path.replace("{id}", id);
        let unknown = ask(&okta, &route.method, &at("019b0000-0000-7000-8000-000000000000")).await;
        assert_eq!(unknown.status, 404);
        let unknown = unknown.without_reference();
        let other_type = &own[usize::from(route.path.contains("/Users"))];
        for id in ids.iter().chain([other_type]) {
            let answer = ask(&okta, &route.method, &at(id)).await.without_reference();
            assert_eq!(answer, unknown, "{} {}", route.method, at(id));
            asked += 1;
        }
    }
    assert!(asked >= 8 * 20, "{asked}");
    assert_eq!(app.sql().await.dump(None).await, before, "and nothing is different");

    // The same requests do something to what is the caller's own: the test can fail.
    assert_eq!(ask(&okta, &Method::PATCH, &format!("/scim/v2/{{connection}}/Users/{}", own[0])).await.status, 200);
    assert_ne!(app.sql().await.dump(None).await, before);
}

#[tokio::test]
async fn t02_the_organization_comes_from_the_credential_and_from_nowhere_else() {
    let app = unhurried().await;
    app.organization("other", "other.example").await;
    let okta = app.connection("okta", Dialect::Okta).await;
    let stranger = app.connection_of("other", "stranger", Dialect::Okta, "edit").await;
    okta.user("ada@example.org").await;
    stranger.user("eve@other.example").await;
    let mine = okta.get("/Users").await.without_reference();

    let headers = [
        "host",
        "forwarded",
        "x-forwarded-host",
        "x-forwarded-prefix",
        "x-original-url",
        "x-rewrite-url",
        "x-tenant",
        "x-tenant-id",
        "x-organization",
        "x-connection",
        "x-http-method-override",
        "cookie",
    ];
    for header in headers {
        for value in ["other", "stranger", "stranger.example.com", "/scim/v2/stranger/Users", "DELETE", "tenant=other"]
        {
            let request = okta.request("GET", "/Users").header(header, value).body(String::new().into()).unwrap();
            assert_eq!(okta.send(request).await.without_reference(), mine, "{header}: {value}");
        }
    }
    for name in ["organization", "organizationId", "tenant", "tenantId", "connection", "tid", "key"] {
        let query = okta.get(&format!("/Users?{name}=other&{name}=stranger")).await;
        assert_eq!(query.without_reference(), mine, "{name}");
    }
    let victim = app.sql().await.dump(Some("other")).await;
    let body = json!({ "userName": "mallory@example.org", "organization": "other", "tenantId": "other",
        "connection": "stranger", "meta": { "location": "https://scim.example.com/scim/v2/stranger/Users/1" } });
    let created = okta.post("/Users?organization=other", &body).await.expect(201);
    assert!(created.body["meta"]["location"].as_str().unwrap().contains("/scim/v2/okta/Users/"));
    assert_eq!(app.sql().await.dump(Some("other")).await, victim);
}

#[tokio::test]
async fn t02_a_token_opens_no_path_but_its_own_and_does_not_tell_which_others_there_are() {
    let app = unhurried().await;
    app.organization("other", "other.example").await;
    let okta = app.connection("okta", Dialect::Okta).await;
    app.connection("sister", Dialect::Okta).await;
    app.connection_of("other", "stranger", Dialect::Okta, "edit").await;
    let at = |key: &str| Idp { base: format!("/scim/v2/{key}"), ..okta.clone() };
    for route in app.routes().into_iter().filter(|route| route.access == Access::Connection) {
        let path = route.path.replace("{id}", "019b0000-0000-7000-8000-000000000000");
        let nowhere = ask(&at("nowhere"), &route.method, &path).await;
        assert_eq!(nowhere.status, 404, "{} {path}", route.method);
        let nowhere = nowhere.without_reference();
        for key in ["sister", "stranger", "STRANGER", "%ff", "okta%00", "okta.."] {
            let answer = ask(&at(key), &route.method, &path).await.without_reference();
            assert_eq!(answer, nowhere, "{} {path} of {key}", route.method);
        }
    }
    at("OKTA").get("/Users").await.expect(200);
}
