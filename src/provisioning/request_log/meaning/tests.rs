//! What calls of real IdPs mean.

use serde_json::json;

use super::*;

fn meaning(method: &str, path: &str, body: &Value) -> String {
    let (path, query) = path.split_once('?').map_or((path, None), |(path, query)| (path, Some(query)));
    let path = format!("/scim/v2/okta{path}");
    let (connection, aim) = aim(&path);
    assert_eq!(connection, Some("okta"));
    let kind = if path.contains("Groups") { ResourceType::Group } else { ResourceType::User };
    let says = (!body.is_null()).then(|| Says::of(kind, body));
    in_words(method, aim, query, says.as_ref())
}

fn patch(operations: &Value) -> Value {
    json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": operations })
}

#[test]
fn what_is_asked_without_a_body_is_named() {
    for (method, path, expected) in [
        ("GET", "/Users?filter=userName%20eq%20%22ada@example.org%22&startIndex=1&count=100", "find User by userName"),
        ("GET", "/Users?filter=userName+eq+%222819c223-7f76-453a-919d-413861904646%22", "test connection"),
        ("GET", "/Users?filter=externalId+eq+%222819c223-7f76-453a-919d-413861904646%22", "find User by externalId"),
        ("GET", "/Users?filter=emails%5Btype+eq+%22work%22%5D.value+eq+%22a@b.example%22", "find User by emails.value"),
        ("GET", "/Groups?excludedAttributes=members&filter=displayName eq \"Editors\"", "find Group by displayName"),
        ("GET", "/Users?filter=userName sw \"a\"", "search Users"),
        ("GET", "/Users?filter=userName eq \"a\" or userName eq \"b\"", "search Users"),
        ("GET", "/Users?filter=secret eq \"a\"", "search Users"),
        ("GET", "/Users?startIndex=1&count=2", "test connection"),
        ("GET", "/Users?startIndex=1&count=100", "list Users"),
        ("GET", "/Groups", "list Groups"),
        ("HEAD", "/Users/1", "read User"),
        ("DELETE", "/Groups/1", "delete Group"),
        ("GET", "/ServiceProviderConfig", "read ServiceProviderConfig"),
        ("GET", "/Schemas/urn:x", "read Schemas"),
        ("GET", "/Me", "ask for Me"),
        ("POST", "/Bulk", "ask for Bulk"),
        ("PUT", "/Users", "unknown method"),
        ("GET", "/Nothing", "unknown endpoint"),
        ("GET", "", "unknown endpoint"),
        ("GET", "/Users/1/2", "unknown endpoint"),
    ] {
        assert_eq!(meaning(method, path, &Value::Null), expected, "{method} {path}");
    }
}

#[test]
fn what_a_body_asks_for_is_named() {
    let active = |value: Value| patch(&json!([{ "op": "replace", "value": { "active": value } }]));
    let of_path = |op: &str, path: &str| patch(&json!([{ "op": op, "path": path, "value": "x" }]));
    let renamed = patch(&json!([{ "op": "replace", "value": { "id": "1", "displayName": "New" } }]));
    let disabled = patch(&json!([{ "op": "Replace", "path": "active", "value": "False" }]));
    let both =
        patch(&json!([{ "op": "add", "path": "displayName", "value": "x" }, { "op": "add", "path": "members" }]));
    for (method, path, body, expected) in [
        ("POST", "/Users", json!({ "userName": "ada" }), "create User"),
        ("PATCH", "/Users/1", active(false.into()), "deactivate User"),
        ("PATCH", "/Users/1", active(true.into()), "activate User"),
        ("PATCH", "/Users/1", disabled, "deactivate User"),
        ("PATCH", "/Users/1", of_path("replace", "title"), "change User"),
        ("PUT", "/Users/1", json!({ "userName": "ada", "active": false }), "deactivate User"),
        ("PUT", "/Users/1", json!({ "userName": "ada", "active": true }), "replace User"),
        ("PATCH", "/Groups/1", of_path("Add", "members"), "change members of Group"),
        ("PATCH", "/Groups/1", of_path("remove", "members[value eq \"1\"]"), "change members of Group"),
        ("PATCH", "/Groups/1", renamed, "rename Group"),
        ("PATCH", "/Groups/1", both, "change Group"),
        ("POST", "/Users/.search", json!({ "filter": "userName eq \"ada\"" }), "find User by userName"),
        ("POST", "/Groups/.search", json!({}), "list Groups"),
    ] {
        assert_eq!(meaning(method, path, &body), expected, "{method} {path} {body}");
    }
    assert_eq!(aim("/scim/v3/okta/Users"), (None, Aim::Nowhere));
    assert_eq!(aim("/scim"), (None, Aim::Nowhere));
}
