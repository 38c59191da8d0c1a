//! The main exchanges as an IdP sees them: status, headers and body, whole. A change here is a change on the wire.

use std::fmt::Write as _;

use axum::body::Body;
use axum::http::Request;
use insta::assert_snapshot;
use secaro_gateway::provisioning::plans::Change;
use secaro_gateway::scim::Dialect;
use serde_json::json;

use crate::support::app::{Answer, Idp, TestApp};

/// An answer as text, with what differs from run to run named instead.
fn shown(answer: Answer, names: &[(&str, &str)]) -> String {
    let body = answer.body.clone();
    let (status, headers, _) = answer.without_reference();
    let mut text = format!("{status}\n");
    for (name, value) in headers.iter().filter(|(name, _)| name != "date" && name != "content-length") {
        writeln!(text, "{name}: {value}").unwrap();
    }
    if !body.is_null() {
        write!(text, "\n{body:#}").unwrap();
    }
    if let Some((before, rest)) = text.split_once(" [ref ") {
        text = format!("{before} [ref ⋯{}", &rest[10..]);
    }
    names.iter().fold(text, |text, (id, name)| text.replace(id, name))
}

async fn okta() -> (TestApp, Idp) {
    let app = TestApp::new().await;
    let okta = app.connection("okta", Dialect::Okta).await;
    (app, okta)
}

fn ada() -> serde_json::Value {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User", "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],
        "userName": "ada@example.org",
        "externalId": "00u1",
        "name": { "givenName": "Ada", "familyName": "Byron" },
        "displayName": "Ada Byron",
        "emails": [{ "primary": true, "value": "ada@example.org", "type": "work" }],
        "roles": [{ "value": "billing_admin" }],
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": { "department": "Mathematics", "employeeNumber": "1815" },
        "active": true,
    })
}

#[tokio::test]
async fn a_user_is_created_read_changed_and_deleted() {
    let (_app, okta) = okta().await;
    let created = okta.post("/Users", &ada()).await;
    let id = created.clone().created();
    let path = format!("/Users/{id}");
    let names = [(id.as_str(), "<ada>")];
    assert_snapshot!("create_user", shown(created, &names));
    assert_snapshot!("get_user", shown(okta.get(&path).await, &names));
    let current = okta.request("GET", &path).header("if-none-match", "W/\"1\"").body(Body::empty()).unwrap();
    assert_snapshot!("get_user_not_modified", shown(okta.send(current).await, &names));
    let some = okta.get(&format!("{path}?attributes=userName,name.familyName")).await;
    assert_snapshot!("get_user_some_attributes", shown(some, &names));
    let deactivated = okta.patch(&path, &json!([{ "op": "replace", "value": { "active": false } }])).await;
    assert_snapshot!("patch_user_of_okta", shown(deactivated, &names));
    let replaced = okta.put(&path, &json!({ "userName": "ada@example.org", "active": true })).await;
    assert_snapshot!("put_user", shown(replaced, &names));
    assert_snapshot!("delete_user", shown(okta.delete(&path).await, &names));
    assert_snapshot!("error_404", shown(okta.get(&path).await, &names));
}

#[tokio::test]
async fn a_group_has_members() {
    let (app, okta) = okta().await;
    let user = okta.post("/Users", &ada()).await.created();
    let body = json!({ "displayName": "Editors", "members": [{ "value": user }] });
    let created = okta.post("/Groups", &body).await;
    let group = created.clone().created();
    let names = [(user.as_str(), "<ada>"), (group.as_str(), "<editors>")];
    assert_snapshot!("create_group", shown(created, &names));
    assert_snapshot!(
        "list_users",
        shown(okta.get("/Users?filter=userName%20eq%20%22ADA@example.org%22").await, &names)
    );
    assert_snapshot!("list_nothing", shown(okta.get("/Users?filter=userName%20eq%20%22bob%22").await, &names));
    let without = okta.get("/Groups?excludedAttributes=members&count=1").await;
    assert_snapshot!("list_groups_without_members", shown(without, &names));
    let removed = json!([{ "op": "remove", "path": format!("members[value eq \"{user}\"]") }]);
    assert_snapshot!("patch_group_of_okta", shown(okta.patch(&format!("/Groups/{group}"), &removed).await, &names));

    let generic = app.connection("generic", Dialect::Generic).await;
    let group = generic.group("Editors", &[]).await;
    let rename = json!([{ "op": "replace", "path": "displayName", "value": "Readers" }]);
    let renamed = generic.patch(&format!("/Groups/{group}"), &rename).await;
    assert_snapshot!("patch_group_of_others", shown(renamed, &[(group.as_str(), "<editors>")]));
}

#[tokio::test]
async fn every_refusal_is_a_scim_error() {
    let (_app, okta) = okta().await;
    let id = okta.post("/Users", &ada()).await.created();
    let path = format!("/Users/{id}");
    let names = [(id.as_str(), "<ada>")];
    let raw = async |method: &str, path: &str, header: (&'static str, &'static str), body: &str| {
        let mut request = okta.request(method, path).body(Body::from(body.to_owned())).unwrap();
        request.headers_mut().insert(header.0, header.1.parse().unwrap());
        okta.send(request).await
    };
    let scim = ("content-type", "application/scim+json");
    let cases = [
        ("400_syntax", raw("POST", "/Users", scim, "{\"userName\": \"x\"").await),
        ("400_duplicate_key", raw("POST", "/Users", scim, r#"{"userName":"x","userName":"y"}"#).await),
        ("400_value", okta.post("/Users", &json!({ "userName": { "value": 7 } })).await),
        ("400_required", okta.post("/Users", &json!({ "name": {} })).await),
        ("400_filter", okta.get("/Users?filter=userName%20equals%20%22x%22").await),
        ("400_path", okta.patch(&path, &json!([{ "op": "add", "path": "no[such", "value": 1 }])).await),
        ("400_target", okta.patch(&path, &json!([{ "op": "remove" }])).await),
        ("400_mutability", okta.patch(&path, &json!([{ "op": "replace", "path": "id", "value": "x" }])).await),
        ("404_endpoint", okta.get("/Nothing").await),
        ("405", okta.put("/Users", &json!({})).await),
        ("409", okta.post("/Users", &ada()).await),
        ("412", raw("PUT", &path, ("if-match", "W/\"7\""), &ada().to_string()).await),
        ("413", raw("POST", "/Users", scim, &" ".repeat(1_048_577)).await),
        ("415", raw("POST", "/Users", ("content-type", "text/plain"), "{}").await),
        ("501_me", okta.get("/Me").await),
    ];
    for (name, answer) in cases {
        assert_snapshot!(format!("error_{name}"), shown(answer, &names));
    }
}

#[tokio::test]
async fn whoever_is_not_let_in_is_told_why() {
    let app = TestApp::with(&[("scim.rate_limit", "1"), ("scim.rate_burst", "1")]).await;
    let okta = app.connection("okta", Dialect::Okta).await;
    let bare = |authorization: Option<&str>| {
        let mut request = Request::builder().uri("/scim/v2/okta/Users");
        if let Some(text) = authorization {
            request = request.header("authorization", text);
        }
        app.ask(request.body(Body::empty()).unwrap())
    };
    assert_snapshot!("error_401_nothing", shown(bare(None).await, &[]));
    assert_snapshot!("error_401_mistyped", shown(bare(Some("Bearer nobody")).await, &[]));
    assert_snapshot!("error_401_twice", shown(bare(Some("Bearer Bearer x")).await, &[]));
    okta.get("/Users").await.expect(200);
    assert_snapshot!("error_429", shown(okta.get("/Users").await, &[]));
    app.change(Change::Pause { connection: "okta".to_owned() }).await;
    assert_snapshot!("error_503_paused", shown(okta.get("/Users").await, &[]));
}

#[tokio::test]
async fn what_the_service_says_about_itself() {
    let (_app, okta) = okta().await;
    let config = okta.get("/ServiceProviderConfig").await;
    assert_snapshot!("service_provider_config", shown(config, &[]));
    assert_snapshot!("resource_types", shown(okta.get("/ResourceTypes").await, &[]));
}
