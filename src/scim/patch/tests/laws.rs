//! What holds of PATCH whoever sends it: RFC 7644 §3.5.2, what is refused, and the laws of random operations.

use proptest::prelude::*;

use super::*;
use crate::scim::schema::{self, Attribute, Mutability};

const GENERIC: Normaliser = Normaliser::new(Dialect::Generic, false);
const STRICT: Normaliser = Normaliser::new(Dialect::Generic, true);
const OKTA: Normaliser = Normaliser::new(Dialect::Okta, false);

fn ada() -> Value {
    json!({
        "userName": "ada", "active": true, "title": "Countess", "name": {"givenName": "Ada", "familyName": "King"},
        "emails": [
            {"value": "work@example.org", "type": "work", "primary": true},
            {"value": "home@example.org", "type": "home"}],
        ENTERPRISE: {"department": "Engines", "manager": {"value": "babbage"}}
    })
}

fn user(operation: &Value, normaliser: Normaliser) -> Result<Value, Error> {
    patched(ResourceType::User, &ada(), &json!([operation]), normaliser).map(|(after, ..)| after)
}

fn members(operation: &Value, normaliser: Normaliser) -> Result<Vec<MemberChange>, Error> {
    let before = json!({"displayName": "A"});
    patched(ResourceType::Group, &before, &json!([operation]), normaliser).map(|(_, applied, _)| applied.members)
}

fn kind<T: std::fmt::Debug>(result: Result<T, Error>) -> Option<ScimType> {
    let error = result.expect_err("it is refused");
    assert_eq!(error.status, 400, "{error}");
    error.scim_type
}

#[test]
fn strict_refuses_each_deviation_with_the_type_the_rfc_gives_it() {
    use ScimType::{InvalidPath, InvalidSyntax, InvalidValue, Mutability, NoTarget};
    for (operation, expected) in [
        (json!({"op": "Replace", "path": "title", "value": "x"}), InvalidSyntax),
        (json!({"op": "replace", "path": "active", "value": "False"}), InvalidValue),
        (json!({"op": "remove", "path": "emails", "value": [{"value": "home@example.org"}]}), InvalidValue),
        (json!({"op": "replace", "value": {"name.givenName": "x"}}), InvalidSyntax),
        (json!({"op": "replace", "value": {format!("{ENTERPRISE}:department"): "x"}}), InvalidSyntax),
        (json!({"op": "replace", "value": {"id": "1", "title": "x"}}), Mutability),
        (json!({"op": "replace", "path": "emails[type eq \"other\"].value", "value": "x"}), NoTarget),
        (json!({"op": "replace", "path": "manager", "value": {"value": "x"}}), InvalidPath),
        (json!({"op": "replace", "path": "title", "value": ""}), InvalidValue),
        (json!({"op": "replace", "path": "password", "value": "x"}), InvalidValue),
        (json!({"op": "replace", "value": {"unknown": "x"}}), InvalidSyntax),
        (json!({"op": "remove", "path": "userName"}), Mutability),
        (json!({"op": "replace", "path": "userName", "value": null}), InvalidValue),
    ] {
        assert_eq!(kind(user(&operation, STRICT)), Some(expected), "{operation}");
        assert!(user(&operation, GENERIC).is_ok(), "{operation}");
    }
    let operation = json!({"op": "remove", "path": "members", "value": [{"value": "1"}]});
    assert_eq!(kind(members(&operation, STRICT)), Some(InvalidValue));
}

#[test]
fn what_is_wrong_for_everybody_is_refused_for_everybody() {
    use ScimType::{InvalidFilter, InvalidPath, InvalidSyntax, InvalidValue, Mutability, NoTarget};
    for (operation, expected) in [
        (json!({"op": "move", "path": "title", "value": "x"}), InvalidSyntax),
        (json!({"path": "title", "value": "x"}), InvalidSyntax),
        (json!({"op": "remove"}), NoTarget),
        (json!({"op": "remove", "path": CORE}), NoTarget),
        (json!({"op": "add", "path": "title"}), InvalidValue),
        (json!({"op": "replace", "value": "x"}), InvalidValue),
        (json!({"op": "replace", "path": 1, "value": "x"}), InvalidPath),
        (json!({"op": "replace", "path": "", "value": "x"}), InvalidPath),
        (json!({"op": "replace", "path": "unknown", "value": "x"}), InvalidPath),
        (json!({"op": "replace", "path": "title[value eq \"x\"]", "value": "x"}), InvalidPath),
        (json!({"op": "replace", "path": "emails[type eq \"work\"", "value": "x"}), InvalidPath),
        (json!({"op": "replace", "path": "emails[type eq \"work\"]value", "value": "x"}), InvalidPath),
        (json!({"op": "replace", "path": "emails[type eq \"work\"].colour", "value": "x"}), InvalidPath),
        (json!({"op": "replace", "path": "emails[type eq]", "value": {"value": "x"}}), InvalidFilter),
        (json!({"op": "replace", "path": "emails[type sw \"x\"].value", "value": "x"}), NoTarget),
        (json!({"op": "replace", "path": "emails[type co \"x\"].value", "value": "x"}), NoTarget),
        (json!({"op": "replace", "path": "title", "value": {"value": "x"}}), InvalidValue),
        (json!({"op": "replace", "path": "userName", "value": "  "}), InvalidValue),
        (json!({"op": "replace", "path": "title", "value": "x".repeat(2_049)}), InvalidValue),
        (json!({"op": "replace", "path": "id", "value": "x"}), Mutability),
    ] {
        for normaliser in [GENERIC, STRICT, OKTA] {
            assert_eq!(kind(user(&operation, normaliser)), Some(expected), "{operation}");
        }
    }
}

#[test]
fn a_message_has_operations_and_not_too_many() {
    for body in [json!([]), json!({}), json!({"Operations": []}), json!({"Operations": {}}), json!({"Operations": [1]})]
    {
        assert_eq!(kind(Request::parse(ResourceType::User, body, 9, &mut { GENERIC })), Some(ScimType::InvalidSyntax));
    }
    let body = json!({"Operations": vec![json!({"op": "remove", "path": "title"}); 10]});
    let error = Request::parse(ResourceType::User, body, 9, &mut { GENERIC }).expect_err("it is too many");
    assert_eq!(error.status, 413);
}

#[test]
fn a_later_error_undoes_earlier_operations() {
    let operations = json!([{"op": "replace", "path": "title", "value": "x"}, {"op": "replace", "path": "emails[type eq \"fax\"].value", "value": "y"}]);
    assert_eq!(kind(patched(ResourceType::User, &ada(), &operations, STRICT)), Some(ScimType::NoTarget));
}

#[test]
fn an_element_that_could_never_be_selected_again_is_not_created() {
    let operation = json!({"op": "add", "path": "emails[type eq \"\"].value", "value": "x"});
    assert_eq!(kind(user(&operation, GENERIC)), Some(ScimType::NoTarget));
}

#[test]
fn a_complex_value_is_merged_and_a_list_is_replaced() {
    let after =
        user(&json!({"op": "replace", "path": "name", "value": {"givenName": "A", "familyName": null}}), STRICT);
    assert_eq!(after.expect("it is taken")["name"], json!({"givenName": "A"}));
    let after = user(&json!({"op": "replace", "value": {"name": {"middleName": "B"}}}), STRICT);
    assert_eq!(
        after.expect("it is taken")["name"],
        json!({"givenName": "Ada", "familyName": "King", "middleName": "B"})
    );
    let after = user(&json!({"op": "replace", "path": "emails", "value": [{"value": "x"}]}), STRICT);
    assert_eq!(after.expect("it is taken")["emails"], json!([{"value": "x"}]));
}

#[test]
fn a_new_primary_takes_it_from_the_old() {
    for operation in [
        json!({"op": "add", "path": "emails", "value": [{"value": "x", "primary": true}]}),
        json!({"op": "add", "value": {"emails": [{"value": "x", "primary": true}]}}),
        json!({"op": "replace", "path": "emails[type eq \"home\"].primary", "value": true}),
        json!({"op": "add", "path": "emails[type eq \"other\"]", "value": {"value": "x", "primary": true}}),
    ] {
        let after = user(&operation, STRICT).expect("it is taken");
        let primaries = after["emails"].as_array().expect("a list").iter().filter(|email| email["primary"] == true);
        assert_eq!(primaries.count(), 1, "{operation}");
        assert_eq!(after["emails"][0]["primary"], false, "{operation}");
    }
}

#[test]
fn removing_selects_elements_by_filter_or_by_value() {
    let left = json!([{"value": "work@example.org", "type": "work", "primary": true}]);
    for operation in [
        json!({"op": "remove", "path": "emails[type eq \"home\" and value ew \"example.org\"]"}),
        json!({"op": "remove", "path": "emails[type eq \"home\"].value"}),
        json!({"op": "remove", "path": "emails", "value": [{"value": "home@example.org"}, {"value": "other"}]}),
        json!({"op": "remove", "path": "emails", "value": [{"type": "home"}]}),
    ] {
        assert_eq!(user(&operation, GENERIC).expect("it is taken")["emails"], left, "{operation}");
    }
    for path in ["emails", "emails[value pr]"] {
        assert_eq!(user(&json!({"op": "remove", "path": path}), STRICT).expect("it is taken").get("emails"), None);
    }
    let unmatched = user(&json!({"op": "remove", "path": "emails[type eq \"fax\"]"}), STRICT);
    assert_eq!(unmatched.expect("nothing to remove is no error"), ada());
    for value in [json!([{}]), json!([null]), json!([1])] {
        let operation = json!({"op": "remove", "path": "emails", "value": value});
        assert_eq!(kind(user(&operation, GENERIC)), Some(ScimType::InvalidValue), "{operation}");
    }
}

#[test]
fn an_extension_is_taken_and_given_as_a_whole() {
    let after = user(&json!({"op": "remove", "path": ENTERPRISE}), STRICT).expect("it is taken");
    assert_eq!(after.get(ENTERPRISE), None);
    for operation in [
        json!({"op": "add", "path": ENTERPRISE, "value": {"department": "X", "manager": null}}),
        json!({"op": "replace", "value": {ENTERPRISE: {"department": "X", "manager": null}}}),
    ] {
        assert_eq!(user(&operation, STRICT).expect("it is taken")[ENTERPRISE], json!({"department": "X"}));
    }
    let qualified = json!({"op": "replace", "path": format!("{CORE}:name.givenName"), "value": "A"});
    assert_eq!(user(&qualified, STRICT).expect("it is taken")["name"]["givenName"], "A");
}

#[test]
fn clearing_active_never_reactivates() {
    let before = json!({"userName": "ada", "active": false});
    for (operation, refused_for) in [
        (json!({"op": "remove", "path": "active"}), ScimType::Mutability),
        (json!({"op": "replace", "value": {"active": null}}), ScimType::InvalidValue),
    ] {
        let operations = json!([operation]);
        let (after, ..) = patched(ResourceType::User, &before, &operations, GENERIC).expect("it is ignored");
        assert_eq!(after, before);
        assert_eq!(kind(patched(ResourceType::User, &before, &operations, STRICT)), Some(refused_for));
    }
}

#[test]
fn a_password_is_dropped_unread() {
    for operation in [
        json!({"op": "replace", "path": "password", "value": {"deep": ["hunter2"]}}),
        json!({"op": "replace", "path": format!("{CORE}:Password"), "value": "hunter2"}),
        json!({"op": "add", "value": {"password": "hunter2"}}),
    ] {
        assert_eq!(user(&operation, OKTA).expect("it is dropped"), ada());
    }
}

#[test]
fn t34_members_are_asked_for_and_never_read() {
    let ids = |ids: &[&str]| MemberChange::Remove(ids.iter().map(|id| (*id).to_owned()).collect());
    let remove = |path: &str| members(&json!({"op": "remove", "path": path}), STRICT).expect("it is taken");
    assert_eq!(remove("members[value eq \"a\"]"), [ids(&["a"])]);
    assert_eq!(remove("members[value eq \"a\" or value eq \"b\" or value eq \"c\"]"), [ids(&["a", "b", "c"])]);
    assert!(matches!(remove("members[type eq \"User\"]")[..], [MemberChange::RemoveWhere(_)]));
    assert!(matches!(remove("members[value eq \"a\" and type eq \"User\"]")[..], [MemberChange::RemoveWhere(_)]));
    for sub in ["display", "displayName", "type", "$ref"] {
        let operation = json!({"op": "replace", "path": format!("members[value eq \"a\"].{sub}"), "value": "x"});
        assert_eq!(members(&operation, STRICT), Ok(vec![]), "{sub}");
    }
    for (operation, expected) in [
        (json!({"op": "replace", "path": "members[value eq \"a\"].value", "value": "b"}), ScimType::Mutability),
        (json!({"op": "replace", "path": "members[value eq \"a\"]", "value": {"value": "b"}}), ScimType::Mutability),
        (json!({"op": "replace", "path": "members.value", "value": "b"}), ScimType::Mutability),
        (json!({"op": "remove", "path": "members", "value": {"id": "a"}}), ScimType::InvalidValue),
        (json!({"op": "add", "path": "members", "value": [{"id": "a"}]}), ScimType::InvalidValue),
        (json!({"op": "add", "path": "members", "value": 1}), ScimType::InvalidValue),
        (json!({"op": "replace", "value": {"members": [{}]}}), ScimType::InvalidValue),
    ] {
        assert_eq!(kind(members(&operation, GENERIC)), Some(expected), "{operation}");
    }
    // A PATCH that names no members changes none.
    assert_eq!(members(&json!({"op": "replace", "value": {"displayName": "B"}}), GENERIC), Ok(vec![]));
}

#[test]
fn t54_elements_added_one_by_one_stay_within_the_cap() {
    let add = |n: usize| json!({"op": "add", "path": "phoneNumbers", "value": [{"value": n.to_string()}]});
    let hundred = Value::Array((0..100).map(add).collect());
    let (full, ..) = patched(ResourceType::User, &ada(), &hundred, STRICT).expect("it fits");
    let one_more = json!([add(100)]);
    assert_eq!(kind(patched(ResourceType::User, &full, &one_more, STRICT)), Some(ScimType::InvalidValue));
}

/// Every attribute and sub-attribute that is the server's, with the ways a path can name it.
fn read_only() -> Vec<(ResourceType, String, bool)> {
    let mut found = Vec::new();
    for &resource_type in ResourceType::ALL {
        let core = resource_type.core();
        let all = [(core.urn, core, false), (core.urn, &schema::COMMON, false)].into_iter();
        let extensions = resource_type.extensions().iter().map(|schema| (schema.urn, *schema, true));
        for (urn, schema, extension) in all.chain(extensions) {
            for attribute in schema.attributes {
                let subs: Vec<&Attribute> = attribute.sub_attributes.iter().collect();
                let parts = subs.into_iter().filter(|sub| sub.mutability == Mutability::ReadOnly);
                let names = parts.map(|sub| format!("{}.{}", attribute.name, sub.name));
                let whole = (attribute.mutability == Mutability::ReadOnly).then(|| attribute.name.to_owned());
                for name in names.chain(whole) {
                    found.push((resource_type, format!("{urn}:{name}"), false));
                    found.push((resource_type, format!("{urn}:{name}").to_uppercase(), false));
                    if !extension {
                        found.push((resource_type, name, true));
                    }
                }
                if attribute.multi_valued
                    && attribute.mutability == Mutability::ReadOnly
                    && attribute.sub("value").is_some()
                {
                    found.push((resource_type, format!("{urn}:{}[value eq \"x\"].display", attribute.name), false));
                    found.push((resource_type, format!("{urn}:{}[value pr]", attribute.name), false));
                }
            }
        }
    }
    assert!(found.len() > 40, "the table drives this");
    found
}

#[test]
fn t22_no_operation_on_any_path_form_changes_what_the_server_owns() {
    for (resource_type, path, _) in read_only() {
        let before = match resource_type {
            ResourceType::User => ada(),
            ResourceType::Group => json!({"displayName": "A"}),
        };
        for op in ["add", "replace", "remove", "Replace"] {
            for value in [json!("intruder"), json!([{"value": "intruder"}]), json!({"value": "intruder"}), Value::Null]
            {
                let operations = json!([{"op": op, "path": path, "value": value}]);
                assert_eq!(
                    kind(patched(resource_type, &before, &operations, GENERIC)),
                    Some(ScimType::Mutability),
                    "{op} {path} {value}"
                );
                if op == "remove" || op == "Replace" {
                    continue;
                }
                // As a key: either ignored or refused, never taken.
                for normaliser in [GENERIC, STRICT, OKTA] {
                    let operations = json!([{"op": op, "value": {path.as_str(): value}}]);
                    if let Ok((after, applied, _)) = patched(resource_type, &before, &operations, normaliser) {
                        assert_eq!((after, applied.members.len()), (before.clone(), 0), "{op} {path} {value}");
                    }
                }
            }
        }
    }
}

#[test]
fn t22_a_read_only_part_of_a_value_stays_as_it_is() {
    let operation = json!({"op": "replace", "path": format!("{ENTERPRISE}:manager"), "value": {"value": "x", "displayName": "intruder"}});
    assert_eq!(user(&operation, GENERIC).expect("it is taken")[ENTERPRISE]["manager"], json!({"value": "x"}));
    assert_eq!(kind(user(&operation, STRICT)), Some(ScimType::Mutability));
}

fn any_path() -> impl Strategy<Value = String> {
    let parts = [
        "userName",
        "title",
        "active",
        "name",
        "name.givenName",
        "emails",
        "emails.value",
        "roles",
        "addresses",
        "emails[type eq \"work\"]",
        "emails[type eq \"work\"].value",
        "emails[type eq \"work\"].primary",
        "emails[primary eq true].type",
        "roles[primary eq \"True\"].value",
        "roles[value eq \"x\"].display",
        "addresses[type eq \"home\"].locality",
        "manager",
        "manager.value",
        "id",
        "meta",
        "groups",
        "password",
        "emails[type eq \"\"].value",
        "emails[not (type eq \"work\")].display",
        "x",
        "phoneNumbers[value pr].primary",
    ];
    (0..parts.len() + 2).prop_map(move |index| match index.checked_sub(parts.len()) {
        None => parts[index].to_owned(),
        Some(0) => ENTERPRISE.to_owned(),
        Some(_) => format!("{ENTERPRISE}:department"),
    })
}

fn any_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        Just(json!("")),
        Just(json!("x")),
        Just(json!("work")),
        Just(json!(true)),
        Just(json!("False")),
        Just(json!([])),
        Just(json!({})),
        Just(json!(1)),
        Just(json!([{"value": "x"}])),
        Just(json!({"value": "x", "type": "work", "primary": true})),
        Just(json!([{"value": "x", "type": "work", "primary": true}, {"value": "y", "primary": "True"}])),
        Just(json!([{"value": "x", "display": "X"}, {"value": "x", "type": "home"}])),
        Just(json!({"value": "", "type": "home"})),
        Just(json!([{"locality": "Leeds", "type": "home"}])),
        Just(json!({"givenName": "G", "familyName": null})),
        Just(json!({"department": "D", "manager": "m"})),
    ]
}

fn any_operation() -> impl Strategy<Value = Value> {
    let op = prop_oneof![Just("add"), Just("replace"), Just("remove"), Just("Add")];
    (op, any_path(), any_value(), 0..4_u8).prop_map(|(op, path, value, form)| match form {
        0 => json!({"op": op, "value": {path: value}}),
        1 => json!({"op": op, "path": path}),
        _ => json!({"op": op, "path": path, "value": value}),
    })
}

proptest! {
    /// `patched` itself checks that the result is canonical, that an error changes nothing, and `changed`.
    #[test]
    fn random_operations_never_make_an_invalid_document(
        operations in prop::collection::vec(any_operation(), 1..6), strict in any::<bool>(), bare in any::<bool>(),
    ) {
        let before = if bare { json!({"userName": "ada"}) } else { ada() };
        let normaliser = Normaliser::new(Dialect::Generic, strict);
        let operations = Value::Array(operations);
        if let Ok((after, ..)) = patched(ResourceType::User, &before, &operations, normaliser) {
            prop_assert!(after["userName"].is_string());
        }
    }

    #[test]
    fn adding_twice_is_adding_once(path in any_path(), value in any_value(), strict in any::<bool>()) {
        let normaliser = Normaliser::new(Dialect::Generic, strict);
        let operations = json!([{"op": "add", "path": path, "value": value}]);
        if let Ok((once, ..)) = patched(ResourceType::User, &ada(), &operations, normaliser) {
            let (twice, applied, _) = patched(ResourceType::User, &once, &operations, normaliser).expect("as before");
            prop_assert_eq!(twice, once);
            prop_assert!(!applied.changed);
        }
    }

    #[test]
    fn what_replace_writes_is_there_to_read(text in "[a-z]{1,12}", index in 0..6_usize) {
        let (path, pointer) = [
            ("title", "/title"), ("name.givenName", "/name/givenName"),
            ("emails[type eq \"home\"].value", "/emails/1/value"), ("emails[primary eq true].display", "/emails/0/display"),
            ("roles[type eq \"t\"].value", "/roles/0/value"), ("nickName", "/nickName"),
        ][index];
        let after = user(&json!({"op": "replace", "path": path, "value": text}), GENERIC).expect("it is taken");
        prop_assert_eq!(after.pointer(pointer).and_then(Value::as_str), Some(text.as_str()));
    }

    #[test]
    fn an_error_in_the_last_operation_undoes_all(operations in prop::collection::vec(any_operation(), 0..5)) {
        let mut operations = operations;
        operations.push(json!({"op": "replace", "path": "emails[type eq \"none\" and value sw \"x\"].value", "value": "x"}));
        prop_assert!(patched(ResourceType::User, &ada(), &Value::Array(operations), GENERIC).is_err());
    }
}
