//! What the table promises whoever reads it.

use super::*;

fn found(resource_type: ResourceType, text: &str) -> Option<(Option<&'static str>, &'static str, &'static str)> {
    let path = AttributePath::parse(text).expect("it is a path");
    let resolved = resolve(resource_type, &path)?;
    Some((
        resolved.extension.map(|schema| schema.urn),
        resolved.attribute.name,
        resolved.sub.map_or("", |sub| sub.name),
    ))
}

fn each(attributes: &'static [Attribute], visit: &mut impl FnMut(&'static Attribute)) {
    for attribute in attributes {
        visit(attribute);
        each(attribute.sub_attributes, visit);
    }
}

fn schemas() -> [&'static Schema; 5] {
    [&COMMON, &USER, &GROUP, &ENTERPRISE_USER, &ACCESS]
}

#[test]
fn names_are_found_whatever_their_case() {
    use ResourceType::{Group, User};
    let enterprise = ENTERPRISE_USER.urn;
    assert_eq!(found(User, "USERNAME"), Some((None, "userName", "")));
    assert_eq!(found(User, "Emails.TYPE"), Some((None, "emails", "type")));
    assert_eq!(found(User, "meta.lastmodified"), Some((None, "meta", "lastModified")));
    assert_eq!(
        found(User, "URN:ietf:params:scim:schemas:core:2.0:user:name.givenname"),
        Some((None, "name", "givenName"))
    );
    let manager = format!("{}:manager.value", enterprise.to_lowercase());
    assert_eq!(found(User, &manager), Some((Some(enterprise), "manager", "value")));
    assert_eq!(found(Group, "members.$REF"), Some((None, "members", "$ref")));
}

#[test]
fn an_attribute_of_an_extension_needs_its_urn_and_its_resource_type() {
    use ResourceType::{Group, User};
    for (kind, text) in [
        (User, "manager"),
        (User, "employeeNumber"),
        (User, "members"),
        (User, "userName.value"),
        (User, "emails.colour"),
        (User, "password"),
        (User, "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"),
        (User, "urn:example:2.0:User:userName"),
        (Group, "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department"),
        (Group, "urn:ietf:params:scim:schemas:core:2.0:User:userName"),
    ] {
        assert_eq!(found(kind, text), None, "{text}");
    }
}

#[test]
fn a_urn_alone_names_its_whole_extension() {
    let path = AttributePath::parse(ENTERPRISE_USER.urn).expect("it is a path");
    assert_eq!(whole_extension(ResourceType::User, &path).map(|schema| schema.name), Some("EnterpriseUser"));
    assert!(whole_extension(ResourceType::Group, &path).is_none());
}

#[test]
fn every_attribute_is_consistent_with_itself() {
    for schema in schemas() {
        each(schema.attributes, &mut |attribute| {
            let name = attribute.name;
            assert_eq!(attribute.kind == Kind::Complex, !attribute.sub_attributes.is_empty(), "{name}");
            assert_eq!(attribute.kind == Kind::Reference, !attribute.reference_types.is_empty(), "{name}");
            assert!(!attribute.description.is_empty(), "{name}");
            if matches!(attribute.kind, Kind::Reference | Kind::Binary) {
                assert!(attribute.case_exact, "{name}: RFC 7643 §2.3.6, §2.3.7");
            }
            if attribute.mutability == Mutability::ReadOnly {
                assert!(attribute.sub_attributes.iter().all(|sub| sub.mutability == Mutability::ReadOnly), "{name}");
            }
        });
    }
}

#[test]
fn names_are_unique_within_their_schema_whatever_their_case() {
    for schema in schemas() {
        for attribute in schema.attributes {
            assert!(std::ptr::eq(schema.attribute(attribute.name).expect("it is listed"), attribute));
            for sub in attribute.sub_attributes {
                assert!(std::ptr::eq(attribute.sub(sub.name).expect("it is listed"), sub), "{}", sub.name);
            }
        }
    }
}

#[test]
fn types_are_suggested_where_entra_makes_paths_of_them_and_not_on_roles() {
    let suggested = |name: &str| {
        USER.attribute(name).and_then(|attribute| attribute.sub("type")).map_or(0, |kind| kind.canonical_values.len())
    };
    assert_eq!(["emails", "phoneNumbers", "addresses", "roles"].map(suggested), [3, 6, 3, 0]);
}

#[test]
fn an_endpoint_is_known_whatever_its_case() {
    assert_eq!(ResourceType::from_endpoint("users"), Some(ResourceType::User));
    assert_eq!(ResourceType::from_endpoint("GROUPS"), Some(ResourceType::Group));
    assert_eq!(ResourceType::from_endpoint("Roles"), None);
}
