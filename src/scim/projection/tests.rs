//! What answers show.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::clock::Timestamp;
use crate::scim::schema::{ACCESS, ENTERPRISE_USER};

fn user(projection: &Projection) -> Value {
    let document = json!({
        "externalId": "x1",
        "userName": "ada@example.org",
        "name": { "givenName": "Ada", "familyName": "Byron" },
        "emails": [{ "value": "ada@example.org", "type": "work", "primary": true }],
        ENTERPRISE_USER.urn: { "department": "Engines", "manager": { "value": "7" } },
    });
    let groups =
        [Reference { id: "g1".to_owned(), resource_type: ResourceType::Group, display: Some("Editors".to_owned()) }];
    let access = Access {
        status: "active".to_owned(),
        can_edit: vec![("edit_facility:leeds".to_owned(), "Can edit: leeds".to_owned())],
        admin_for: Vec::new(),
    };
    let Value::Object(document) = document else { unreachable!("an object") };
    let whole = Rendered {
        resource_type: ResourceType::User,
        id: "u1",
        document: &document,
        version: 3,
        created: Timestamp::from_millis(0),
        last_modified: Timestamp::from_millis(1000),
        members: None,
        groups: Some(&groups),
        access: projection.wants(ACCESS.urn).then_some(&access),
    };
    Value::Object(projection.apply(whole.full("http://localhost/scim/v2/okta")))
}

fn only(names: &str) -> Projection {
    Projection::parse(ResourceType::User, Some(names), None).expect("a projection")
}

fn without(names: &str) -> Projection {
    Projection::parse(ResourceType::User, None, Some(names)).expect("a projection")
}

#[test]
fn a_whole_user_is_shown_in_the_order_of_the_schema() {
    let shown = user(&Projection::default_of(ResourceType::User));
    insta::assert_json_snapshot!(shown, @r#"
    {
      "schemas": [
        "urn:ietf:params:scim:schemas:core:2.0:User",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
      ],
      "id": "u1",
      "externalId": "x1",
      "userName": "ada@example.org",
      "name": {
        "givenName": "Ada",
        "familyName": "Byron"
      },
      "emails": [
        {
          "value": "ada@example.org",
          "type": "work",
          "primary": true
        }
      ],
      "groups": [
        {
          "value": "g1",
          "$ref": "http://localhost/scim/v2/okta/Groups/g1",
          "display": "Editors",
          "type": "direct"
        }
      ],
      "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {
        "department": "Engines",
        "manager": {
          "value": "7"
        }
      },
      "meta": {
        "resourceType": "User",
        "created": "1970-01-01T00:00:00.000Z",
        "lastModified": "1970-01-01T00:00:01.000Z",
        "location": "http://localhost/scim/v2/okta/Users/u1",
        "version": "W/\"3\""
      }
    }
    "#);
}

#[test]
fn attributes_chooses_and_id_is_always_there() {
    let schemas = user(&only("id"))["schemas"].clone();
    assert_eq!(user(&only("USERNAME")), json!({ "schemas": schemas, "id": "u1", "userName": "ada@example.org" }));
    assert_eq!(user(&only("name.givenName"))["name"], json!({ "givenName": "Ada" }));
    assert_eq!(user(&only("emails[type eq \"work\"]"))["emails"][0]["value"], json!("ada@example.org"));
    let department = format!("{}:department", ENTERPRISE_USER.urn);
    assert_eq!(user(&only(&department))[ENTERPRISE_USER.urn], json!({ "department": "Engines" }));
    assert_eq!(user(&only(ENTERPRISE_USER.urn))[ENTERPRISE_USER.urn]["manager"]["value"], json!("7"));
    assert_eq!(user(&only("nothing,we know")).as_object().map(Map::len), Some(2));
}

#[test]
fn excluded_attributes_takes_away_but_never_the_id() {
    let shown = user(&without("id,groups,name.familyName,urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"));
    assert_eq!(shown["id"], json!("u1"));
    assert_eq!(shown["name"], json!({ "givenName": "Ada" }));
    assert!(shown.get("groups").is_none() && shown.get(ENTERPRISE_USER.urn).is_none());
    assert_eq!(shown["userName"], json!("ada@example.org"));
}

#[test]
fn what_is_shown_on_request_is_shown_to_whoever_names_it() {
    for names in [ACCESS.urn.to_owned(), format!("{}:status", ACCESS.urn)] {
        let shown = user(&only(&names));
        assert_eq!(shown[ACCESS.urn]["status"], json!("active"), "{names}");
        assert!(shown["schemas"].as_array().is_some_and(|schemas| schemas.contains(&json!(ACCESS.urn))));
    }
    let member = |projection: &Projection| {
        let members = json!([{ "value": "u1", "type": "User", "display": "Ada" }]);
        projection.apply(Map::from_iter([("members".to_owned(), members)]))["members"][0].clone()
    };
    let of_group = |attributes| Projection::parse(ResourceType::Group, attributes, None).expect("a projection");
    for whole in [None, Some("members")] {
        assert_eq!(member(&of_group(whole)), json!({ "value": "u1", "type": "User" }));
    }
    assert_eq!(member(&of_group(Some("members.display"))), json!({ "display": "Ada" }));
    assert_eq!(member(&of_group(Some("members,members.display")))["display"], json!("Ada"));
}

#[test]
fn only_what_is_shown_is_wanted() {
    assert!(!Projection::default_of(ResourceType::User).wants(ACCESS.urn));
    assert!(!without("groups").wants(ACCESS.urn));
    assert!(Projection::default_of(ResourceType::User).wants("groups"));
    assert!(!without("groups").wants("groups"));
    assert!(without("groups.display").wants("groups"));
    assert!(!only("userName").wants("groups"));
    assert!(only("groups.value").wants("groups"));
    assert!(!only("userName").wants(ACCESS.urn));
    assert!(only(&format!("{}:status", ACCESS.urn)).wants(ACCESS.urn));
    assert!(Projection::parse(ResourceType::User, Some("a"), Some("b")).is_err());
}

#[test]
fn an_attribute_and_its_sub_attribute_together_are_the_attribute() {
    assert_eq!(user(&only("name,name.givenName"))["name"], json!({ "givenName": "Ada", "familyName": "Byron" }));
    assert!(user(&without("name,name.givenName")).get("name").is_none());
}

#[test]
fn both_parameters_together_are_refused_and_empty_ones_are_none() {
    assert!(Projection::parse(ResourceType::User, Some("userName"), Some("name")).is_err());
    let neither = Projection::parse(ResourceType::User, Some(" "), Some("")).expect("a projection");
    assert_eq!(user(&neither), user(&Projection::default_of(ResourceType::User)));
}

fn names() -> impl Strategy<Value = String> {
    let known = ["userName", "NAME", "name.givenName", "emails.value", "meta", "meta.version", "groups", "groups.$ref"];
    let name = prop_oneof![
        prop::sample::select(known.to_vec()).prop_map(ToOwned::to_owned),
        Just(ENTERPRISE_USER.urn.to_owned()),
        Just(format!("{}:department", ENTERPRISE_USER.urn)),
        Just(format!("{}:status", ACCESS.urn)),
        ".{0,12}",
    ];
    prop::collection::vec(name, 1..6).prop_map(|names| names.join(","))
}

/// Each simple value with where it stands.
fn leaves(value: &Value, at: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(entries) => {
            entries.iter().for_each(|(name, inner)| leaves(inner, &format!("{at}/{name}"), found));
        }
        Value::Array(elements) => elements.iter().for_each(|element| leaves(element, at, found)),
        simple => found.push(format!("{at}={simple}")),
    }
}

fn leaves_of(value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    leaves(value, "", &mut found);
    found
}

proptest! {
    #[test]
    fn what_is_chosen_and_what_is_excluded_make_up_the_whole(names in names()) {
        let whole = leaves_of(&user(&Projection::default_of(ResourceType::User)));
        let (chosen, rest) = (leaves_of(&user(&only(&names))), leaves_of(&user(&without(&names))));
        for always in ["/schemas", "/id"] {
            prop_assert!(chosen.iter().chain(&rest).filter(|leaf| leaf.starts_with(always)).count() >= 2);
        }
        if !names.trim().is_empty() {
            for leaf in whole.iter().filter(|leaf| !leaf.starts_with("/schemas=") && !leaf.starts_with("/id=")) {
                prop_assert!(chosen.contains(leaf) != rest.contains(leaf), "{} of {}", leaf, names);
            }
        }
    }
}
