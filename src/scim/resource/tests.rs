//! What bodies become, what is refused, and what PUT keeps.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::scim::quirks::Dialect;
use crate::scim::schema::{self, Kind};

mod bodies;

const CORE: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

fn user(mut body: Value) -> Result<Incoming, Error> {
    let object = body.as_object_mut().expect("a body");
    object.entry("schemas").or_insert(json!([CORE]));
    object.entry("userName").or_insert(json!("ada"));
    parse(ResourceType::User, body, &mut Normaliser::new(Dialect::Generic, false))
}

fn strictly(mut body: Value) -> Result<Incoming, Error> {
    let object = body.as_object_mut().expect("a body");
    object.entry("schemas").or_insert(json!([CORE]));
    object.entry("userName").or_insert(json!("ada"));
    parse(ResourceType::User, body, &mut Normaliser::new(Dialect::Generic, true))
}

fn group(body: Value) -> Result<Incoming, Error> {
    parse(ResourceType::Group, body, &mut Normaliser::new(Dialect::Generic, false))
}

fn refused(result: Result<Incoming, Error>) -> ScimType {
    let error = result.expect_err("it is refused");
    assert_eq!(error.status, 400, "{error}");
    assert!(error.detail.chars().count() <= 300, "{error}");
    error.scim_type.expect("it has a scimType")
}

#[test]
fn a_wrong_type_is_invalid_value_whatever_the_attribute() {
    for attribute in ResourceType::User.core().attributes {
        let wrong = match attribute.kind {
            Kind::Boolean => json!("perhaps"),
            Kind::Complex if !attribute.multi_valued => json!([{}, {}]),
            _ => json!(7),
        };
        if attribute.mutability == Mutability::ReadOnly {
            continue;
        }
        let mut body = json!({});
        body[attribute.name] = wrong;
        assert_eq!(refused(user(body)), ScimType::InvalidValue, "{}", attribute.name);
    }
}

#[test]
fn a_body_that_is_no_object_is_invalid_syntax() {
    for body in [json!(null), json!([]), json!("text"), json!(1), json!(true)] {
        assert_eq!(refused(group(body)), ScimType::InvalidSyntax);
    }
}

#[test]
fn a_required_attribute_that_is_missing_or_blank_is_invalid_value() {
    for body in [json!({"userName": null}), json!({"userName": ""}), json!({"userName": "  "})] {
        assert_eq!(refused(user(body)), ScimType::InvalidValue);
    }
    assert_eq!(refused(group(json!({"displayName": "\t"}))), ScimType::InvalidValue);
}

#[test]
fn two_spellings_of_one_name_are_invalid_syntax() {
    assert_eq!(refused(user(json!({"title": "A", "Title": "B"}))), ScimType::InvalidSyntax);
    assert_eq!(refused(user(json!({"name": {"givenName": "A", "GivenName": "B"}}))), ScimType::InvalidSyntax);
    assert_eq!(refused(user(json!({"name": {"givenName": "A"}, "name.givenName": "B"}))), ScimType::InvalidSyntax);
}

#[test]
fn nulls_and_empties_leave_nothing_behind() {
    let incoming = user(json!({
        "title": null, "nickName": "", "name": {"givenName": null, "middleName": ""}, "emails": [],
        "phoneNumbers": [{"type": "work", "value": ""}, {}], "addresses": [null],
        ENTERPRISE: {"department": null, "manager": {"value": ""}},
    }))
    .expect("it is read");
    assert_eq!(Value::Object(incoming.document), json!({"userName": "ada"}));
}

#[test]
fn the_full_name_of_an_attribute_wins_over_the_short_one() {
    for body in [
        json!({"department": "short", ENTERPRISE: {"department": "full"}}),
        json!({ENTERPRISE: {"department": "full"}, "department": "short"}),
    ] {
        assert_eq!(user(body).expect("it is read").document[ENTERPRISE], json!({"department": "full"}));
    }
}

#[test]
fn strict_refuses_each_deviation_with_the_type_the_rfc_gives_it() {
    use ScimType::{InvalidSyntax, InvalidValue};
    for (body, expected) in [
        (json!({"active": "True"}), InvalidValue),
        (json!({"password": "secret"}), InvalidValue),
        (json!({"title": ""}), InvalidValue),
        (json!({"adreses": []}), InvalidSyntax),
        (json!({"manager": null}), InvalidSyntax),
        (json!({"name.givenName": "Ada"}), InvalidSyntax),
        (json!({"emails": {"value": "ada@example.org"}}), InvalidValue),
        (json!({"emails": ["ada@example.org"]}), InvalidValue),
        (json!({"roles": [{"value": "a", "displayName": "A"}]}), InvalidSyntax),
        (json!({"roles": [{"value": "a", "primary": true}, {"value": "b", "primary": true}]}), InvalidValue),
        (json!({ENTERPRISE: {"manager": "id"}}), InvalidValue),
        (json!({ENTERPRISE: {"manager": [{"value": "id"}]}}), InvalidValue),
        (json!({"profileUrl": "BAPNQLJSRQGD"}), InvalidValue),
        (json!({"locale": "RJWNTUNNOHNZ"}), InvalidValue),
        (json!({"schemas": [CORE, "urn:example:other"]}), InvalidValue),
        (json!({"schemas": [ENTERPRISE]}), InvalidValue),
        (json!({"schemas": []}), InvalidSyntax),
        (json!({"schemas": null}), InvalidSyntax),
    ] {
        assert_eq!(refused(strictly(body.clone())), expected, "{body}");
        assert!(user(body.clone()).is_ok(), "{body}");
    }
}

#[test]
fn strict_takes_what_the_rfc_allows() {
    let incoming = strictly(json!({
        "id": "1", "meta": {"resourceType": "User"}, "groups": [{"value": "2"}], "USERNAME": "Ada", "title": null,
        "profileUrl": "https://example.org/ada", "locale": "en-GB", "preferredLanguage": "en-GB, en;q=0.8",
        "timezone": "Europe/London", ENTERPRISE: {"manager": {"value": "3", "displayName": "Babbage"}},
    }));
    // The name is there twice: once from the helper.
    assert_eq!(refused(incoming), ScimType::InvalidSyntax);
    let incoming = strictly(json!({
        "id": "1", "meta": {"resourceType": "User"}, "groups": [{"value": "2"}], "title": null,
        "profileUrl": "https://example.org/ada", "locale": "en-GB", "preferredLanguage": "en-GB, en;q=0.8",
        "timezone": "Europe/London", ENTERPRISE: {"manager": {"value": "3", "displayName": "Babbage"}},
    }))
    .expect("it is read");
    assert_eq!(
        Value::Object(incoming.document),
        json!({
            "userName": "ada", "profileUrl": "https://example.org/ada", "locale": "en-GB",
            "preferredLanguage": "en-GB, en;q=0.8", "timezone": "Europe/London",
            ENTERPRISE: {"manager": {"value": "3"}},
        })
    );
}

#[test]
fn t54_attribute_bombs_are_invalid_value() {
    let long = "a".repeat(10_000_000);
    for body in [
        json!({"displayName": long}),
        json!({"userName": "a".repeat(257)}),
        json!({"title": "é".repeat(2_049)}),
        json!({"emails": vec![json!({"value": "a"}); 101]}),
        json!({"title": "a\u{0}b"}),
        json!({"photos": (0..100).map(|n| json!({"value": format!("{n}{}", "a".repeat(2_000)), "display": "b".repeat(2_000)})).collect::<Vec<_>>()}),
    ] {
        assert_eq!(refused(user(body)), ScimType::InvalidValue);
    }
    assert!(user(json!({"title": "é".repeat(2_048)})).is_ok());
    let members = |count: usize| json!({"displayName": "A", "members": (0..count).map(|n| json!({"value": n.to_string()})).collect::<Vec<_>>()});
    assert_eq!(refused(group(members(10_001))), ScimType::InvalidValue);
    assert_eq!(group(members(10_000)).expect("it is read").members.map(|members| members.len()), Some(10_000));
}

#[test]
fn t22_whatever_the_server_owns_is_not_in_the_document() {
    for resource_type in ResourceType::ALL {
        let schemas = std::iter::once(resource_type.core()).chain(resource_type.extensions().iter().copied());
        for (urn, attribute) in schemas
            .flat_map(|schema| schema.attributes.iter().map(move |attribute| (schema.urn, attribute)))
            .chain(schema::COMMON.attributes.iter().map(|attribute| (resource_type.core().urn, attribute)))
        {
            if attribute.mutability != Mutability::ReadOnly || attribute.name == "schemas" {
                continue;
            }
            let value = if attribute.multi_valued { json!([{"value": "intruder"}]) } else { json!("intruder") };
            let qualified = format!("{urn}:{}", attribute.name);
            for key in
                [attribute.name.to_owned(), attribute.name.to_uppercase(), qualified.clone(), qualified.to_uppercase()]
            {
                let mut body = json!({resource_type.naming(): "ada", key.clone(): value});
                let incoming = parse(*resource_type, body.clone(), &mut Normaliser::new(Dialect::Generic, false));
                let document = incoming.expect("it is ignored").document;
                assert_eq!(Value::Object(document), json!({resource_type.naming(): "ada"}), "{key}");
                body[urn] = json!({attribute.name: value});
                let incoming = parse(*resource_type, body, &mut Normaliser::new(Dialect::Generic, false));
                let document = incoming.expect("it is ignored").document;
                assert_eq!(Value::Object(document), json!({resource_type.naming(): "ada"}), "{key}");
            }
        }
    }
}

#[test]
fn t34_a_member_of_unknown_shape_is_refused_and_none_mentioned_is_none() {
    for members in
        [json!(1), json!(true), json!([1]), json!([null]), json!([{}]), json!([{"id": "a"}]), json!([""]), json!([[]])]
    {
        assert_eq!(refused(group(json!({"displayName": "A", "members": members}))), ScimType::InvalidValue);
    }
    for body in [json!({"displayName": "A"}), json!({"displayName": "A", "members": null})] {
        assert_eq!(group(body).expect("it is read").members, None);
    }
    assert_eq!(group(json!({"displayName": "A", "members": []})).expect("it is read").members, Some(vec![]));
}

#[test]
fn a_member_is_told_by_its_type_or_its_reference_and_counts_once() {
    let incoming = group(json!({"displayName": "A", "members": [
        {"value": "1", "type": "user"}, {"value": "2", "$ref": "https://a.example/scim/v2/x/Groups/2"},
        {"value": "3", "$ref": null, "displayName": "Three"}, "4", {"Value": "1", "display": "again"},
    ]}))
    .expect("it is read");
    let member = |value: &str, resource_type, display: Option<&str>| Member {
        value: value.to_owned(),
        resource_type,
        display: display.map(str::to_owned),
    };
    assert_eq!(
        incoming.members.expect("they are mentioned"),
        [
            member("1", Some(ResourceType::User), None),
            member("2", Some(ResourceType::Group), None),
            member("3", None, Some("Three")),
            member("4", None, None),
        ]
    );
    assert_eq!(Value::Object(incoming.document), json!({"displayName": "A"}));
}

#[test]
fn a_post_is_active_unless_it_says_otherwise_and_a_put_does_not_reactivate_by_silence() {
    let document = |body: Value| user(body).expect("it is read");
    assert!(active(&create(document(json!({})))));
    let inactive = create(document(json!({"active": "False"})));
    assert!(!active(&inactive));
    assert!(!active(&replace(&inactive, document(json!({})))));
    assert!(!active(&replace(&inactive, document(json!({"active": null})))));
    assert!(active(&replace(&inactive, document(json!({"active": true})))));
    let titled = create(document(json!({"title": "Countess"})));
    assert_eq!(replace(&titled, document(json!({}))).get("title"), None);
}

#[test]
fn the_e_mail_that_counts_is_the_primary_else_the_one_at_work_else_the_first() {
    let email = |emails: Value| {
        let incoming = user(json!({"emails": emails})).expect("it is read");
        primary_email(&incoming.document).map(str::to_owned)
    };
    let (home, work) = (json!({"value": "h@x.org", "type": "home"}), json!({"value": "w@x.org", "type": "Work"}));
    let primary = json!({"value": "p@x.org", "primary": true});
    assert_eq!(email(json!([home, work, primary])).as_deref(), Some("p@x.org"));
    assert_eq!(email(json!([home, work])).as_deref(), Some("w@x.org"));
    assert_eq!(email(json!([home])).as_deref(), Some("h@x.org"));
    assert_eq!(email(json!([{"display": "no address", "primary": true}])), None);
}

#[test]
fn an_error_never_quotes_what_was_sent() {
    for body in
        [json!({"active": "hunter2"}), json!({"hunter2": 1}), json!({"schemas": "hunter2 "}), json!({"emails": 1})]
    {
        if let Err(error) = strictly(body) {
            assert!(!error.detail.contains("hunter2"), "{error}");
        }
    }
}

/// Any JSON, of shapes a body may have.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i32>().prop_map(Value::from),
        prop_oneof![Just(String::new()), Just("true".to_owned()), Just("{\"value\":\"x\"}".to_owned()), ".{0,8}"]
            .prop_map(Value::String),
    ];
    let key = prop_oneof![
        "(value|type|primary|display|displayName|\\$ref|givenName|department|manager|x)",
        Just("Value".to_owned())
    ];
    leaf.prop_recursive(3, 24, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
            prop::collection::vec((key.clone(), inner), 0..4)
                .prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
        ]
    })
}

/// Fails if the document is not canonical.
pub(crate) fn assert_canonical(resource_type: ResourceType, document: &Document) {
    for (name, value) in document {
        if let Some(schema) = schema::extension(resource_type, name) {
            assert_eq!(schema.urn, name);
            let object = value.as_object().expect("an extension is an object");
            assert!(!object.is_empty());
            for (name, value) in object {
                assert_attribute(schema.attribute(name).expect("it is known"), name, value);
            }
        } else {
            let attribute = schema::attribute(resource_type, name).expect("it is known");
            assert!(!["schemas", "id", "meta", "groups", "members"].contains(&attribute.name), "{name}");
            assert_attribute(attribute, name, value);
        }
    }
}

fn assert_attribute(attribute: &'static Attribute, name: &str, value: &Value) {
    assert_eq!(attribute.name, name);
    assert_ne!(attribute.mutability, Mutability::ReadOnly, "{name}");
    match value {
        Value::Array(elements) => {
            assert!(attribute.multi_valued && !elements.is_empty(), "{name}");
            assert!(elements.iter().filter(|element| elements::is_primary(element)).count() <= 1, "{name}");
            assert!(elements.len() <= limits::ELEMENTS);
            for element in elements {
                assert_single(attribute, element);
            }
        }
        value => {
            assert!(!attribute.multi_valued, "{name}");
            assert_single(attribute, value);
        }
    }
}

fn assert_single(attribute: &'static Attribute, value: &Value) {
    match (attribute.kind, value) {
        (Kind::Boolean, Value::Bool(_)) => {}
        (Kind::Complex, Value::Object(object)) => {
            assert!(!object.is_empty(), "{}", attribute.name);
            for (name, value) in object {
                assert_attribute(attribute.sub(name).expect("it is known"), name, value);
            }
        }
        (Kind::String | Kind::Reference | Kind::Binary, Value::String(text)) => assert!(!text.is_empty()),
        (kind, value) => panic!("{}: {kind:?} holds {value}", attribute.name),
    }
}

proptest! {
    #[test]
    fn whatever_is_sent_the_document_is_canonical_or_nothing(
        values in prop::collection::vec((0_usize..30, any_json()), 0..6), strict in any::<bool>(),
    ) {
        let mut names: Vec<&str> = ResourceType::User.core().attributes.iter().map(|attribute| attribute.name).collect();
        names.extend([ENTERPRISE, "manager", "department", "name.givenName", "id", "meta", "externalId", "unknown"]);
        let mut body = json!({"schemas": [CORE], "userName": "ada"});
        for (index, value) in values {
            body[names[index % names.len()]] = value;
        }
        let parsed = parse(ResourceType::User, body, &mut Normaliser::new(Dialect::Generic, strict));
        if let Ok(incoming) = parsed {
            assert_canonical(ResourceType::User, &incoming.document);
            // What is canonical stays as it is when it comes in again, even from a strict client.
            let mut again = incoming.document.clone();
            again.insert("schemas".to_owned(), json!([CORE]));
            let again = parse(ResourceType::User, Value::Object(again), &mut Normaliser::new(Dialect::Generic, false));
            prop_assert_eq!(again.expect("it is canonical").document, incoming.document);
        }
    }
}
