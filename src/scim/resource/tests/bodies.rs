//! The bodies that IdPs document or were recorded to send in POST and PUT, and what each becomes. A row's number is
//! the quirk's in the collection of wire shapes.

use super::*;

fn read(resource_type: ResourceType, dialect: Dialect, body: Value) -> (Incoming, Vec<&'static str>) {
    let mut normaliser = Normaliser::new(dialect, false);
    let incoming = parse(resource_type, body, &mut normaliser).expect("the IdP sends this");
    assert_canonical(resource_type, &incoming.document);
    (incoming, normaliser.applied().into_iter().map(Quirk::name).collect())
}

#[track_caller]
fn becomes(dialect: Dialect, body: Value, expected: &Value, quirks: &[&str]) {
    let (incoming, applied) = read(ResourceType::User, dialect, body);
    assert_eq!(Value::Object(incoming.document), *expected);
    assert_eq!(applied, quirks);
}

#[test]
fn row_16_okta_create_with_password_and_empty_groups() {
    let mut body = json!({
        "schemas": [CORE], "userName": "test.user@okta.local", "name": {"givenName": "Test", "familyName": "User"},
        "emails": [{"primary": true, "value": "test.user@okta.local", "type": "work"}],
        "displayName": "Test User", "locale": "en-US", "externalId": "00ujl29u0le5T6Aj10h7", "groups": [],
        "password": "1mz050nq", "active": true
    });
    let mut expected = json!({
        "userName": "test.user@okta.local", "name": {"givenName": "Test", "familyName": "User"},
        "emails": [{"primary": true, "value": "test.user@okta.local", "type": "work"}],
        "displayName": "Test User", "locale": "en-US", "externalId": "00ujl29u0le5T6Aj10h7", "active": true
    });
    becomes(Dialect::Okta, body.clone(), &expected.clone(), &["read-only-in-body", "password-dropped"]);
    body.as_object_mut().expect("an object").remove("externalId");
    expected.as_object_mut().expect("an object").remove("externalId");
    becomes(Dialect::Okta, body, &expected, &["read-only-in-body", "password-dropped"]);
}

#[test]
fn row_17_okta_put_of_what_it_read() {
    let body = json!({
        "schemas": [CORE], "id": "23a35c27-23d3-4c03-b4c5-6443c09e7173", "userName": "test.user@okta.local",
        "name": {"givenName": "Another", "middleName": "Excited", "familyName": "User"},
        "emails": [{"primary": true, "value": "test.user@okta.local", "type": "work", "display": "test.user@okta.local"}],
        "active": true, "groups": [], "meta": {"resourceType": "User"}
    });
    let expected = json!({
        "userName": "test.user@okta.local",
        "name": {"givenName": "Another", "middleName": "Excited", "familyName": "User"},
        "emails": [{"primary": true, "value": "test.user@okta.local", "type": "work", "display": "test.user@okta.local"}],
        "active": true
    });
    becomes(Dialect::Okta, body, &expected, &["read-only-in-body"]);
}

#[test]
fn okta_custom_apps_put_memberships_into_the_user() {
    let body = json!({"schemas": [CORE], "userName": "a", "groups": [{"value": "g", "display": "G"}]});
    becomes(Dialect::Okta, body, &json!({"userName": "a"}), &["groups-in-body"]);
}

#[test]
fn okta_groups() {
    let schema = "urn:ietf:params:scim:schemas:core:2.0:Group";
    let (incoming, quirks) = read(
        ResourceType::Group,
        Dialect::Okta,
        json!({"schemas": [schema], "displayName": "Test SCIMv2", "members": []}),
    );
    assert_eq!((incoming.members, quirks), (Some(vec![]), vec![]));
    let (incoming, quirks) = read(
        ResourceType::Group,
        Dialect::Okta,
        json!({"schemas": [schema], "displayName": "Test SCIMv2", "members": [
            {"value": "23a35c27-23d3-4c03-b4c5-6443c09e7173", "display": "test.user@okta.local"}]}),
    );
    let members = incoming.members.expect("they are mentioned");
    assert_eq!(members[0].value, "23a35c27-23d3-4c03-b4c5-6443c09e7173");
    assert_eq!(members[0].display.as_deref(), Some("test.user@okta.local"));
    assert!(quirks.is_empty());
    let custom = json!({"displayName": "A", "urn:okta:custom:group:1.0": {"description": "x"}});
    let (incoming, quirks) = read(ResourceType::Group, Dialect::Okta, custom);
    assert_eq!(Value::Object(incoming.document), json!({"displayName": "A"}));
    assert_eq!(quirks, ["unknown-schema", "schemas-missing"]);
}

#[test]
fn okta_specification_test() {
    let body = json!({
        "schemas": [CORE], "userName": "u", "name": {"givenName": "G", "familyName": "F"},
        "emails": [{"primary": true, "value": "u@example.org", "type": "work"}], "displayName": "G F", "active": true
    });
    let mut expected = body.clone();
    expected.as_object_mut().expect("an object").remove("schemas");
    becomes(Dialect::Okta, body, &expected, &[]);
}

#[test]
fn entra_create() {
    let body = json!({
        "schemas": [CORE, ENTERPRISE], "externalId": "0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef",
        "userName": "Test_User_00aa00aa-bb11-cc22-dd33-44ee44ee44ee", "active": true,
        "emails": [{"primary": true, "type": "work", "value": "Test_User_11bb11bb-cc22-dd33-ee44-55ff55ff55ff@testuser.com"}],
        "meta": {"resourceType": "User"},
        "name": {"formatted": "givenName familyName", "familyName": "familyName", "givenName": "givenName"}, "roles": []
    });
    let expected = json!({
        "externalId": "0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef",
        "userName": "Test_User_00aa00aa-bb11-cc22-dd33-44ee44ee44ee", "active": true,
        "emails": [{"primary": true, "type": "work", "value": "Test_User_11bb11bb-cc22-dd33-ee44-55ff55ff55ff@testuser.com"}],
        "name": {"formatted": "givenName familyName", "familyName": "familyName", "givenName": "givenName"}
    });
    becomes(Dialect::Entra, body, &expected, &["read-only-in-body"]);
}

#[test]
fn entra_example_2_with_nulls_stray_names_and_a_misspelt_urn() {
    let body = json!({
        "schemas": [CORE, "urn:ietf:params:scim:schemas:extension:enterprise:2.0User"], "externalId": "jyoung",
        "userName": "jyoung@testuser.com", "active": true, "addresses": null, "displayName": "Joy Young",
        "emails": [{"type": "work", "value": "jyoung@Contoso.com", "primary": true}],
        "meta": {"resourceType": "User"}, "name": {"familyName": "Young", "givenName": "Joy"},
        "phoneNumbers": null, "preferredLanguage": null, "title": null, "department": null, "manager": null
    });
    let expected = json!({
        "externalId": "jyoung", "userName": "jyoung@testuser.com", "active": true, "displayName": "Joy Young",
        "emails": [{"type": "work", "value": "jyoung@Contoso.com", "primary": true}],
        "name": {"familyName": "Young", "givenName": "Joy"}
    });
    becomes(Dialect::Entra, body, &expected, &["read-only-in-body", "short-enterprise-name", "unknown-schema"]);
}

#[test]
fn entra_roles_single_and_complex() {
    let roles = json!([{"primary": true, "type": "WindowsAzureActiveDirectoryRole", "value": "Admin"}]);
    becomes(
        Dialect::Entra,
        json!({"schemas": [CORE], "userName": "a", "roles": roles}),
        &json!({"userName": "a", "roles": roles}),
        &[],
    );
    let kind = "WindowsAzureActiveDirectoryRole";
    becomes(
        Dialect::Entra,
        json!({"schemas": [CORE], "userName": "a", "roles": [
            {"primary": false, "type": kind, "displayName": "Admin", "value": "Admin"},
            {"primary": false, "type": kind, "displayName": "User", "value": "User"}]}),
        &json!({"userName": "a", "roles": [
            {"primary": false, "type": kind, "display": "Admin", "value": "Admin"},
            {"primary": false, "type": kind, "display": "User", "value": "User"}]}),
        &["display-name-for-display"],
    );
    becomes(
        Dialect::Entra,
        json!({"schemas": [CORE], "userName": "a", "roles": [
            {"value": "{\"id\":\"06b07648-ecfe-589f-9d2f-6325724a46ee\",\"value\":\"25\",\"displayName\":\"Role1234\"}"}]}),
        &json!({"userName": "a", "roles": [{"value": "25", "display": "Role1234"}]}),
        &["json-for-role"],
    );
}

#[test]
fn row_15_entra_group_with_a_schema_nobody_knows() {
    let body = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group",
            "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"],
        "externalId": "8aa1a0c0-c4c3-4bc0-b4a5-2ef676900159", "displayName": "displayName",
        "meta": {"resourceType": "Group"}
    });
    let (incoming, quirks) = read(ResourceType::Group, Dialect::Entra, body.clone());
    let expected = json!({"externalId": "8aa1a0c0-c4c3-4bc0-b4a5-2ef676900159", "displayName": "displayName"});
    assert_eq!((Value::Object(incoming.document), incoming.members), (expected, None));
    assert_eq!(quirks, ["read-only-in-body", "unknown-schema"]);
    let mut with_members = body;
    with_members["members"] = json!([]);
    assert_eq!(read(ResourceType::Group, Dialect::Entra, with_members).0.members, Some(vec![]));
}

/// Rows 2, 7, 9 and 10: a boolean as text, a manager nobody knows, and random text where RFC 7643 asks for a format.
#[test]
fn rows_7_9_and_10_scim_validator_create() {
    let body = json!({
        "userName": "julien.vonrueden@ondricka.us", "active": true, "displayName": "NDSQQTECVAAC", "title": "CJSGUNOAAMMQ",
        "emails": [{"type": "work", "value": "thaddeus@hammes.info", "primary": true}], "preferredLanguage": "hi",
        "name": {"givenName": "Elfrieda", "familyName": "Urban", "formatted": "Myah", "middleName": "Cindy",
            "honorificPrefix": "Minerva", "honorificSuffix": "Micaela"},
        "addresses": [{"type": "work", "formatted": "ZQEHBLETAAQE", "streetAddress": "25928 Katlyn Row",
            "locality": "YRAKBQCGOHZF", "region": "XCCVLAIDMQYR", "postalCode": "cx47 4mz", "primary": true,
            "country": "Sierra Leone"}],
        "phoneNumbers": [{"type": "work", "value": "10-040-1308", "primary": true},
            {"type": "mobile", "value": "10-040-1308"}, {"type": "fax", "value": "10-040-1308"}],
        ENTERPRISE: {"employeeNumber": "OXYYEGWVLTGW", "department": "ZYWTBPDFHIIP", "costCenter": "ASHTVSKANCGL",
            "organization": "DPQRRHJMBXZE", "division": "WXNFEJQDRAVI", "manager": {"value": "XYMKVVRYDIOO"}},
        "roles": [{"primary": "True", "display": "MRONYWGFFHXQ", "value": "WDEIISGWWQBE", "type": "XVTUOHMYUFRL"}],
        "userType": "GZILLRZCFPNC", "nickName": "FOGSIQTKHIPG", "locale": "RJWNTUNNOHNZ",
        "timezone": "America/Guayaquil", "profileUrl": "BAPNQLJSRQGD", "schemas": [CORE, ENTERPRISE]
    });
    let mut expected = body.clone();
    expected.as_object_mut().expect("an object").remove("schemas");
    expected["roles"][0]["primary"] = json!(true);
    becomes(Dialect::Entra, body, &expected, &["string-boolean", "free-text"]);
}

#[test]
fn row_2_a_boolean_as_text() {
    for (text, value) in [("True", true), ("False", false), ("false", false), ("TRUE", true)] {
        let body = json!({"schemas": [CORE], "userName": "a", "active": text});
        becomes(Dialect::Entra, body, &json!({"userName": "a", "active": value}), &["string-boolean"]);
    }
}

#[test]
fn microsoft_postman_capitals_and_a_misspelt_attribute() {
    becomes(
        Dialect::Entra,
        json!({
            "schemas": [CORE], "UserName": "a", "Emails": [{"Primary": true, "type": "work", "Value": "a@example.org"}],
            ENTERPRISE: {"Department": "bob", "Manager": {"Value": "SuzzyQ"}}, "adreses": [{"type": "work"}],
            "active": "True"
        }),
        &json!({
            "userName": "a", "emails": [{"primary": true, "type": "work", "value": "a@example.org"}],
            ENTERPRISE: {"department": "bob", "manager": {"value": "SuzzyQ"}}, "active": true
        }),
        &["string-boolean", "unknown-attribute"],
    );
}

#[test]
fn row_8_manager_in_every_shape() {
    let expected = json!({"userName": "a", ENTERPRISE: {"manager": {"value": "id"}}});
    for (key, manager, quirks) in [
        (ENTERPRISE, json!({"manager": {"value": "id"}}), &[][..]),
        (ENTERPRISE, json!({"manager": "id"}), &["text-for-object"]),
        (ENTERPRISE, json!({"manager": [{"$ref": null, "value": "id"}]}), &["list-for-single"]),
        ("manager", json!({"value": "id"}), &["short-enterprise-name"]),
        ("manager", json!("id"), &["text-for-object", "short-enterprise-name"]),
        ("manager", json!([{"value": "id"}]), &["list-for-single", "short-enterprise-name"]),
        ("manager.value", json!("id"), &["short-enterprise-name"]),
        (&format!("{ENTERPRISE}:manager"), json!({"value": "id"}), &["urn-colon-key"]),
    ] {
        let body = json!({"schemas": [CORE], "userName": "a", key: manager});
        becomes(Dialect::Generic, body, &expected.clone(), quirks);
    }
    for (manager, quirks) in
        [(json!(null), &[][..]), (json!(""), &["empty-clears"]), (json!({"value": ""}), &["empty-clears"])]
    {
        let body = json!({"schemas": [CORE], "userName": "a", ENTERPRISE: {"manager": manager}});
        becomes(Dialect::Entra, body, &json!({"userName": "a"}), quirks);
    }
}

#[test]
fn row_18_onelogin_put_and_its_template() {
    becomes(
        Dialect::Generic,
        json!({
            "schemas": ["urn:scim:schemas:core:2.0", "urn:scim:schemas:extension:enterprise:2.0"],
            "userName": "onelogin-test-user01", "name": {"familyName": " User 01", "givenName": "AAA Test"}
        }),
        &json!({"userName": "onelogin-test-user01", "name": {"familyName": " User 01", "givenName": "AAA Test"}}),
        &["unknown-schema", "core-schema-missing"],
    );
    becomes(
        Dialect::Generic,
        json!({"schemas": [CORE], "id": null, "userName": "a", "active": "true",
            "manager": {"managerId": "m", "displayName": "M"}}),
        &json!({"userName": "a", "active": true, ENTERPRISE: {"manager": {"value": "m"}}}),
        &["string-boolean", "read-only-in-body", "short-enterprise-name", "manager-id"],
    );
}

#[test]
fn keycloak_group_with_references() {
    let body = json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": "A",
        "members": [{"value": "1", "$ref": "Users/1"}]});
    let (incoming, quirks) = read(ResourceType::Group, Dialect::Generic, body);
    let members = incoming.members.expect("they are mentioned");
    assert_eq!((members[0].value.as_str(), members[0].resource_type), ("1", Some(ResourceType::User)));
    assert!(quirks.is_empty());
}
