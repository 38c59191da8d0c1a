//! What is kept of hostile and of secret texts.

use proptest::prelude::*;
use serde_json::json;

use super::*;

const CANARY: &str = "correct-horse-battery-staple";

/// JSON of every shape with the canary in its texts and names, among names and words that are known.
fn bodies() -> impl Strategy<Value = Value> {
    let texts = prop_oneof![
        Just(CANARY.to_owned()),
        "[a-z ]{0,5}".prop_map(|before| format!("{before}{CANARY}")),
        Just(format!("emails[type eq \"{CANARY}\"].{CANARY}")),
        Just(format!("userName eq \"a\\\"{CANARY}")),
        Just(format!("urn:ietf:params:scim:schemas:core:2.0:User:{CANARY}")),
        Just(format!("{CANARY}@example.org")),
    ];
    let known =
        prop::sample::select(vec!["userName", "schemas", "op", "path", "value", "filter", "name", "attributes"]);
    let names = prop_oneof![known.prop_map(str::to_owned), texts.clone()];
    let leaf = prop_oneof![
        texts.prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        Just(Value::Null),
    ];
    leaf.prop_recursive(5, 64, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((names.clone(), inner), 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn t62_nothing_of_a_value_is_left_in_the_structure_of_a_body(value in bodies()) {
        let kept = body(&value);
        prop_assert!(!kept.contains("horse"), "{kept}");
        prop_assert!(serde_json::from_str::<Value>(&kept).is_ok());
    }

    #[test]
    fn t83_a_visible_text_drives_nothing_and_ends_no_line(text in any::<String>()) {
        let seen = visible(&text, 100);
        prop_assert!(!seen.chars().any(char::is_control));
        prop_assert!(seen.chars().count() <= 100 * 10 + 1);
    }

    #[test]
    fn a_filter_of_any_text_is_redacted_to_its_end(text in any::<String>()) {
        filter(&text, Keep::Nothing);
        query(&text);
        path(&text);
    }
}

#[test]
fn the_structure_of_a_body_keeps_names_operations_and_booleans() {
    let user = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User", "urn:example:secret"],
        "userName": "ada@example.org",
        "name": { "givenName": "Ada" },
        "active": "False",
        "password": "hunter2",
        "shoeSize": 38,
        "emails": [{ "value": "ada@example.org", "primary": true }],
    });
    insta::assert_snapshot!(body(&user), @r#"{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User","«string of 18»"],"userName":"«string of 15»","name":{"givenName":"«string of 3»"},"active":"False","«name 5 of 8»":"«string of 7»","«name 6 of 8»":"«number»","emails":[{"value":"«string of 15»","primary":true}]}"#);
    let patch = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations": [
            { "op": "Replace", "path": "emails[type eq \"work\"].value", "value": "ada@example.org" },
            { "op": "remove", "path": "members[value eq \"2819c223-7f76-453a-919d-413861904646\"]" },
            { "op": "explode", "value": { "name.givenName": null } },
        ],
    });
    insta::assert_snapshot!(body(&patch), @r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"Replace","path":"emails[type eq \"«string of 4»\"].value","value":"«string of 15»"},{"op":"remove","path":"members[value eq \"«string of 36»\"]"},{"op":"«string of 7»","value":{"name.givenName":null}}]}"#);
}

#[test]
fn a_large_body_leaves_a_small_structure() {
    let members: Vec<Value> = (0..10_000).map(|n| json!({ "value": n.to_string() })).collect();
    let kept = body(&json!({ "displayName": "x", "members": members }));
    assert!(kept.len() < 8000, "{}", kept.len());
    assert!(kept.contains("more»"), "{kept}");
}

#[test]
fn a_query_keeps_what_was_asked_and_no_value_that_may_be_secret() {
    for (asked, kept) in [
        ("filter=userName%20eq%20%22ada@example.org%22&count=2", "filter=userName eq \"ada@example.org\"&count=2"),
        ("filter=userName+eq+%22hunter2%22", "filter=userName eq \"«string of 7»\""),
        ("filter=hunter2", "filter=«string of 7»"),
        (
            "filter=emails%5Btype%20eq%20%22work%22%5D.value%20eq%20%22a@b.example%22",
            "filter=emails[type eq \"«string of 4»\"].value eq \"a@b.example\"",
        ),
        (
            "filter=id eq \"2819c223-7f76-453a-919d-413861904646\"",
            "filter=id eq \"2819c223-7f76-453a-919d-413861904646\"",
        ),
        ("access_token=secaro_scim_abc&token=x", "access_token=«string of 15»&token=«string of 1»"),
        ("aadOptscim062020&attributes=userName,hunter2", "aadOptscim062020&attributes=userName,«string of 7»"),
        ("count=hunter2&startIndex=1&sortOrder=descending", "count=«string of 7»&startIndex=1&sortOrder=descending"),
        ("secaro_scim_abcdef", "«string of 18»"),
        ("x%0d%0a=1", "x%0d%0a=«string of 1»"),
    ] {
        assert_eq!(query(asked), kept, "{asked}");
    }
}

#[test]
fn a_path_keeps_ids_and_no_token() {
    for (asked, kept) in [
        ("/scim/v2/okta/Users/2819c223-7f76-453a-919d-413861904646", None),
        ("/scim/v2/okta/Schemas/urn:ietf:params:scim:schemas:extension:enterprise:2.0:User", None),
        ("/scim/v2/okta/Users/string%20id%201", Some("/scim/v2/okta/Users/string id 1")),
        ("/scim/v2/okta/Users/secaro_scim_abc_def", Some("/scim/v2/okta/Users/«string of 19»")),
        ("/scim/v2/okta/eyJhbGciOi", Some("/scim/v2/okta/«string of 10»")),
        ("/scim/v2/okta/a%0d%0ab%1b", Some("/scim/v2/okta/a\\u{d}\\u{a}b\\u{1b}")),
    ] {
        assert_eq!(path(asked), kept.unwrap_or(asked), "{asked}");
    }
    assert_eq!(path(&format!("/scim/v2/okta/Users/{}", "x".repeat(65))), "/scim/v2/okta/Users/«string of 65»");
}
