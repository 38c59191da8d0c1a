//! The PATCH bodies that IdPs document or were recorded to send, and what each does. A row's number is the quirk's in
//! the collection of wire shapes.

use super::*;

#[track_caller]
fn user(dialect: Dialect, before: &Value, operations: &Value, expected: &Value, quirks: &[&str]) {
    let (after, applied, taken) =
        patched(ResourceType::User, before, operations, Normaliser::new(dialect, false)).expect("the IdP sends this");
    assert_eq!(after, *expected);
    assert_eq!(taken, quirks);
    assert_eq!(applied.members, []);
}

#[track_caller]
fn group(dialect: Dialect, operations: &Value, expected: &[MemberChange], quirks: &[&str]) -> Value {
    let before = json!({"displayName": "Old"});
    let (after, applied, taken) =
        patched(ResourceType::Group, &before, operations, Normaliser::new(dialect, false)).expect("the IdP sends this");
    assert_eq!(applied.members, expected);
    assert_eq!(taken, quirks);
    after
}

fn member(value: &str, display: Option<&str>) -> Member {
    Member { value: value.to_owned(), resource_type: None, display: display.map(str::to_owned) }
}

#[test]
fn okta_deactivates_without_a_path() {
    user(
        Dialect::Okta,
        &json!({"userName": "a", "active": true}),
        &json!([{"op": "replace", "value": {"active": false}}]),
        &json!({"userName": "a", "active": false}),
        &[],
    );
}

#[test]
fn row_5_okta_renames_a_group_with_its_id_in_the_value() {
    let operations = json!([{"op": "replace", "value": {
        "id": "abf4dd94-a4c0-4f67-89c9-76b03340cb9b", "displayName": "Test SCIMv2"}}]);
    assert_eq!(group(Dialect::Okta, &operations, &[], &["read-only-in-value"]), json!({"displayName": "Test SCIMv2"}));
    let body = json!({"Operations": [{"op": "replace", "value": {
        "members": [], "id": "org-cd1:viewer", "displayName": "org-cd1:viewer"}}]});
    let mut normaliser = Normaliser::new(Dialect::Okta, false);
    let request = Request::parse(ResourceType::Group, body, 100, &mut normaliser).expect("Okta sends this");
    let mut after = document(json!({"displayName": "Old"}));
    let applied = request.apply(ResourceType::Group, &mut after, &mut normaliser).expect("Okta sends this");
    assert_eq!(applied.members, [MemberChange::Replace(vec![])]);
    assert_eq!(Value::Object(after), json!({"displayName": "org-cd1:viewer"}));
    assert_eq!(normaliser.applied(), [Quirk::ReadOnlyInValue, Quirk::SchemasMissing]);
}

#[test]
fn okta_removes_one_member_and_adds_another() {
    let operations = json!([
        {"op": "remove", "path": "members[value eq \"89bb1940-b905-4575-9e7f-6f887cfb368e\"]"},
        {"op": "add", "path": "members", "value": [
            {"value": "23a35c27-23d3-4c03-b4c5-6443c09e7173", "display": "test.user@okta.local"}]}]);
    let expected = [
        MemberChange::Remove(vec!["89bb1940-b905-4575-9e7f-6f887cfb368e".to_owned()]),
        MemberChange::Add(vec![member("23a35c27-23d3-4c03-b4c5-6443c09e7173", Some("test.user@okta.local"))]),
    ];
    group(Dialect::Okta, &operations, &expected, &[]);
    let operations = json!([{"op": "add", "path": "members", "value": [
        {"value": "2900df44-a197-4ca6-bad2-3c1b5641ac8e", "display": "ABaker@Gradle.Example"}]}]);
    let added = member("2900df44-a197-4ca6-bad2-3c1b5641ac8e", Some("ABaker@Gradle.Example"));
    group(Dialect::Okta, &operations, &[MemberChange::Add(vec![added])], &[]);
}

#[test]
fn okta_replaces_all_members() {
    let operations = json!([{"op": "replace", "path": "members", "value": [
        {"value": "1", "display": "test.user@okta.local"}, {"value": "2", "display": "test.user@okta.local"}]}]);
    let members = ["1", "2"].map(|id| member(id, Some("test.user@okta.local")));
    group(Dialect::Okta, &operations, &[MemberChange::Replace(members.to_vec())], &[]);
}

#[test]
fn entra_replaces_an_e_mail_and_a_family_name() {
    user(
        Dialect::Entra,
        &json!({"userName": "a", "emails": [{"type": "work", "value": "old@microsoft.com", "primary": true}]}),
        &json!([
            {"op": "Replace", "path": "emails[type eq \"work\"].value", "value": "updatedEmail@microsoft.com"},
            {"op": "Replace", "path": "name.familyName", "value": "updatedFamilyName"}]),
        &json!({
            "userName": "a", "emails": [{"type": "work", "value": "updatedEmail@microsoft.com", "primary": true}],
            "name": {"familyName": "updatedFamilyName"}
        }),
        &["capital-operation"],
    );
    user(
        Dialect::Entra,
        &json!({"userName": "a"}),
        &json!([{"op": "Replace", "path": "userName", "value": "5b50642d-79fc-4410-9e90-4c077cdd1a59@testuser.com"}]),
        &json!({"userName": "5b50642d-79fc-4410-9e90-4c077cdd1a59@testuser.com"}),
        &["capital-operation"],
    );
}

#[test]
fn rows_1_and_2_entra_disables_with_and_without_the_flag() {
    for (op, value, quirks) in [
        ("Replace", json!("False"), &["capital-operation", "string-boolean"][..]),
        ("Replace", json!("false"), &["capital-operation", "string-boolean"]),
        ("Add", json!(false), &["capital-operation"]),
        ("Replace", json!(false), &["capital-operation"]),
        ("replace", json!(false), &[]),
    ] {
        user(
            Dialect::Entra,
            &json!({"userName": "a", "active": true}),
            &json!([{"op": op, "path": "active", "value": value}]),
            &json!({"userName": "a", "active": false}),
            quirks,
        );
    }
    user(
        Dialect::Entra,
        &json!({"userName": "a"}),
        &json!([{"op": "Add", "path": "nickName", "value": "Babs"}]),
        &json!({"userName": "a", "nickName": "Babs"}),
        &["capital-operation"],
    );
}

#[test]
fn row_8_manager_given_in_every_shape() {
    let full = format!("{ENTERPRISE}:manager");
    let id = "00aa00aa-bb11-cc22-dd33-44ee44ee44ee";
    let with = |manager: Value| json!({"userName": "a", ENTERPRISE: {"manager": manager}});
    let reference = format!("http://.../scim/Users/{id}");
    user(
        Dialect::Entra,
        &json!({"userName": "a"}),
        &json!([{"op": "Add", "path": "manager", "value": [{"$ref": reference, "value": id}]}]),
        &with(json!({"$ref": reference, "value": id})),
        &["capital-operation", "list-for-single", "short-enterprise-name"],
    );
    for (op, path, value, quirks) in [
        ("add", full.as_str(), json!(id), &["text-for-object"][..]),
        ("replace", &full, json!(id), &["text-for-object"]),
        ("replace", &full, json!({"value": id}), &[]),
        ("replace", &format!("{full}.value"), json!(id), &[]),
        ("add", "manager.value", json!(id), &["short-enterprise-name"]),
        ("replace", ENTERPRISE, json!({"manager": {"value": id}}), &[]),
    ] {
        let operations = json!([{"op": op, "path": path, "value": value}]);
        user(Dialect::Entra, &json!({"userName": "a"}), &operations, &with(json!({"value": id})), quirks);
        // A reference is not kept for another manager.
        let old = with(json!({"value": "old", "$ref": "Users/old"}));
        user(Dialect::Entra, &old, &operations, &with(json!({"value": id})), quirks);
    }
}

#[test]
fn row_8_manager_taken_in_every_shape() {
    let full = format!("{ENTERPRISE}:manager");
    for (operation, quirks) in [
        (json!({"op": "replace", "path": full, "value": ""}), &["empty-clears"][..]),
        (json!({"op": "replace", "path": full, "value": {"value": ""}}), &["empty-clears"]),
        (json!({"op": "replace", "path": full, "value": null}), &[]),
        (json!({"op": "Remove", "path": full}), &["capital-operation"]),
        (json!({"op": "remove", "path": full}), &[]),
        (json!({"op": "replace", "value": {full.as_str(): ""}}), &["urn-colon-key", "empty-clears"]),
    ] {
        let old = json!({"userName": "a", ENTERPRISE: {"manager": {"value": "old", "$ref": "Users/old"}}});
        user(Dialect::Entra, &old, &json!([operation]), &json!({"userName": "a"}), quirks);
    }
}

#[test]
fn row_4_entra_replaces_several_without_and_with_the_flag() {
    let before = json!({"userName": "a", "emails": [{"type": "work", "value": "x@test.microsoft.com"}]});
    user(
        Dialect::Entra,
        &before,
        &json!([
            {"op": "Replace", "path": "displayName", "value": "Pvlo"},
            {"op": "Replace", "path": "emails[type eq \"work\"].value", "value": "TestBcwqnm@test.microsoft.com"},
            {"op": "Replace", "path": "name.givenName", "value": "Gtfd"},
            {"op": "Replace", "path": "name.familyName", "value": "Pkqf"},
            {"op": "Replace", "path": "externalId", "value": "Eqpj"},
            {"op": "Replace", "path": format!("{ENTERPRISE}:employeeNumber"), "value": "Eqpj"}]),
        &json!({
            "userName": "a", "displayName": "Pvlo", "externalId": "Eqpj",
            "emails": [{"type": "work", "value": "TestBcwqnm@test.microsoft.com"}],
            "name": {"givenName": "Gtfd", "familyName": "Pkqf"}, ENTERPRISE: {"employeeNumber": "Eqpj"}
        }),
        &["capital-operation"],
    );
    user(
        Dialect::Entra,
        &before,
        &json!([
            {"op": "replace", "path": "emails[type eq \"work\"].value", "value": "TestMhvaes@test.microsoft.com"},
            {"op": "replace", "value": {"displayName": "Bjfe", "name.givenName": "Kkom", "name.familyName": "Unua",
                format!("{ENTERPRISE}:employeeNumber"): "Aklq"}}]),
        &json!({
            "userName": "a", "displayName": "Bjfe", "emails": [{"type": "work", "value": "TestMhvaes@test.microsoft.com"}],
            "name": {"givenName": "Kkom", "familyName": "Unua"}, ENTERPRISE: {"employeeNumber": "Aklq"}
        }),
        &["dotted-key", "urn-colon-key"],
    );
}

#[test]
fn rows_6_and_7_a_filter_that_selects_nothing_creates_the_element() {
    user(
        Dialect::Entra,
        &json!({"userName": "a"}),
        &json!([
            {"op": "Add", "path": "emails[type eq \"work\"].value", "value": "a@example.org"},
            {"op": "Replace", "path": "addresses[type eq \"other\"].Formatted", "value": "Leeds"},
            {"op": "Add", "path": "roles[primary eq \"True\"].type", "value": "T"},
            {"op": "Add", "path": "roles[primary eq \"True\"].display", "value": "D"},
            {"op": "Add", "path": "roles[primary eq \"True\"].value", "value": "V"}]),
        &json!({
            "userName": "a", "emails": [{"type": "work", "value": "a@example.org"}],
            "addresses": [{"type": "other", "formatted": "Leeds"}],
            "roles": [{"primary": true, "type": "T", "display": "D", "value": "V"}]
        }),
        &["capital-operation", "string-boolean", "create-by-filter"],
    );
}

#[test]
fn entra_roles_as_json_and_as_a_whole() {
    user(
        Dialect::Entra,
        &json!({"userName": "a", "roles": [{"value": "24"}]}),
        &json!([{"op": "Add", "path": "roles", "value": [
            {"value": "{\"id\":\"06b07648-ecfe-589f-9d2f-6325724a46ee\",\"value\":\"25\",\"displayName\":\"Role1234\"}"}]}]),
        &json!({"userName": "a", "roles": [{"value": "24"}, {"value": "25", "display": "Role1234"}]}),
        &["capital-operation", "json-for-role"],
    );
    let kind = "WindowsAzureActiveDirectoryRole";
    let roles = json!([{"primary": false, "type": kind, "display": "User", "value": "User"},
        {"primary": false, "type": kind, "display": "Test", "value": "Test"}]);
    user(
        Dialect::Entra,
        &json!({"userName": "a", "roles": [{"value": "24"}]}),
        &json!([{"op": "replace", "path": "roles", "value": roles}]),
        &json!({"userName": "a", "roles": roles}),
        &[],
    );
}

#[test]
fn row_3_entra_authentik_and_jumpcloud_remove_members_by_a_list() {
    let one = [MemberChange::Remove(vec!["f648f8d5ea4e4cd38e9c".to_owned()])];
    let list = json!([{"$ref": null, "value": "f648f8d5ea4e4cd38e9c"}]);
    let operations = json!([{"op": "Remove", "path": "members", "value": list}]);
    group(Dialect::Entra, &operations, &one, &["capital-operation", "remove-by-value-list"]);
    let operations = json!([{"op": "remove", "path": "members", "value": [{"value": "f648f8d5ea4e4cd38e9c"}]}]);
    group(Dialect::Generic, &operations, &one, &["remove-by-value-list"]);
    // Not one of them is no member, and certainly not all.
    let operations = json!([{"op": "remove", "path": "members", "value": []}]);
    group(Dialect::Generic, &operations, &[], &["remove-by-value-list"]);
    group(Dialect::Generic, &json!([{"op": "remove", "path": "members"}]), &[MemberChange::RemoveAll], &[]);
}

#[test]
fn entra_group_name_and_members() {
    let name = "1879db59-3bdf-4490-ad68-ab880a269474updatedDisplayName";
    let operations = json!([{"op": "Replace", "path": "displayName", "value": name}]);
    assert_eq!(group(Dialect::Entra, &operations, &[], &["capital-operation"]), json!({"displayName": name}));
    let operations =
        json!([{"op": "Add", "path": "members", "value": [{"$ref": null, "value": "f648f8d5ea4e4cd38e9c"}]}]);
    let added = [MemberChange::Add(vec![member("f648f8d5ea4e4cd38e9c", None)])];
    group(Dialect::Entra, &operations, &added, &["capital-operation"]);
}

#[test]
fn scim_validator_groups() {
    for (key, value) in [("externalId", "663fa3a8"), ("displayName", "WUZPWMBDDCGI")] {
        let after = group(Dialect::Entra, &json!([{"op": "replace", "value": {key: value}}]), &[], &[]);
        assert_eq!(after[key], value);
    }
    let operations = json!([{"op": "replace", "path": "members", "value": [{"value": "805d32c6"}]}]);
    group(Dialect::Entra, &operations, &[MemberChange::Replace(vec![member("805d32c6", None)])], &[]);
    let operations = json!([{"op": "remove", "path": "members[value eq \"ee90548a\"]"}]);
    group(Dialect::Entra, &operations, &[MemberChange::Remove(vec!["ee90548a".to_owned()])], &[]);
}

/// One operation per optional path, first with `""`, then with null; and as one value without paths.
#[test]
fn row_11_the_gallery_test_clears_every_optional_path() {
    let scalars = ["displayName", "title", "preferredLanguage", "externalId", "nickName", "profileUrl", "locale"];
    let [number, department, manager] =
        ["employeeNumber", "department", "manager"].map(|name| format!("{ENTERPRISE}:{name}"));
    let paths = scalars.into_iter().chain([
        "name.givenName",
        "name.familyName",
        "name.formatted",
        "emails[type eq \"work\"].value",
        "emails[type eq \"other\"].value",
        "addresses[type eq \"work\"].formatted",
        "phoneNumbers[type eq \"mobile\"].value",
        "roles[primary eq \"True\"].display",
        "roles[primary eq \"True\"].value",
        &number,
        &department,
        &manager,
    ]);
    let paths: Vec<&str> = paths.collect();
    let before = json!({
        "userName": "a", "displayName": "D", "title": "T", "externalId": "E", "locale": "en",
        "name": {"givenName": "G", "familyName": "F"}, "emails": [{"type": "work", "value": "w@x.org", "primary": true}],
        "addresses": [{"type": "work", "formatted": "A"}], "roles": [{"primary": true, "value": "V", "display": "D"}],
        ENTERPRISE: {"department": "D", "manager": {"value": "M"}}
    });
    for (value, quirks) in [(json!(""), &["string-boolean", "empty-clears"][..]), (Value::Null, &["string-boolean"])] {
        let operations: Vec<Value> =
            paths.iter().map(|path| json!({"op": "replace", "path": path, "value": value})).collect();
        user(Dialect::Entra, &before, &Value::Array(operations), &json!({"userName": "a"}), quirks);
        let together: Map<String, Value> = scalars.iter().map(|path| ((*path).to_owned(), value.clone())).collect();
        let operations = json!([{"op": "replace", "value": together}]);
        let (after, ..) = patched(ResourceType::User, &before, &operations, Normaliser::new(Dialect::Entra, false))
            .expect("it is sent");
        assert!(scalars.iter().all(|name| after.get(name).is_none()));
        assert_eq!(after["name"], before["name"]);
    }
}

#[test]
fn microsoft_postman_adds_a_member_with_extra_names() {
    let operations = json!([{"name": "addMember", "op": "add", "path": "members",
        "value": [{"displayName": "new User", "value": "string id 1"}]}]);
    let added = [MemberChange::Add(vec![member("string id 1", Some("new User"))])];
    group(Dialect::Entra, &operations, &added, &["unknown-attribute", "display-name-for-display"]);
    let operations = json!([{"op": "add", "path": "members", "value": "string id 1"}]);
    let added = [MemberChange::Add(vec![member("string id 1", None)])];
    group(Dialect::Entra, &operations, &added, &["text-for-object", "element-without-list"]);
}

#[test]
fn authentik_adds_one_member_per_operation_and_sends_the_whole_group() {
    let operations = json!([
        {"op": "add", "path": "members", "value": [{"value": "1"}]},
        {"op": "add", "path": "members", "value": [{"value": "2"}]}]);
    let added = ["1", "2"].map(|id| MemberChange::Add(vec![member(id, None)]));
    group(Dialect::Generic, &operations, &added, &[]);
    let operations = json!([{"op": "replace", "value": {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "id": "i", "externalId": "pk", "displayName": "name"}}]);
    let after = group(Dialect::Generic, &operations, &[], &["read-only-in-value"]);
    assert_eq!(after, json!({"displayName": "name", "externalId": "pk"}));
}

#[test]
fn keycloak_empties_and_renames_a_group() {
    let operations = json!([
        {"op": "remove", "path": "members"}, {"op": "replace", "path": "displayName", "value": "N"},
        {"op": "replace", "path": "externalId", "value": "E"}]);
    let after = group(Dialect::Generic, &operations, &[MemberChange::RemoveAll], &[]);
    assert_eq!(after, json!({"displayName": "N", "externalId": "E"}));
}

#[test]
fn scim_validator_removes_a_required_attribute() {
    for operation in [
        json!({"op": "remove", "path": "userName"}),
        json!({"op": "replace", "path": "userName", "value": ""}),
        json!({"op": "replace", "value": {"userName": null}}),
    ] {
        let before = json!({"userName": "a"});
        let taken = patched(ResourceType::User, &before, &json!([operation]), Normaliser::new(Dialect::Entra, false));
        let (after, _, quirks) = taken.expect("it is ignored");
        assert_eq!(after, before);
        assert!(quirks.contains(&"required-not-cleared"));
    }
}
