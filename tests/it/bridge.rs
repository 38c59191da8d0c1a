//! The bridge: what a connection asserts of a User, and what becomes of a person. Through the real router, on the
//! database of this run.

mod grants;
mod lifecycle;
mod linking;
mod sealed;

use std::collections::BTreeSet;

use serde_json::{Value, json};

/// A body as Okta and most others create it.
pub(crate) fn user(email: &str) -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "userName": email,
        "name": { "givenName": "Ada", "familyName": "Byron" },
        "emails": [{ "primary": true, "value": email, "type": "work" }],
        "active": true,
    })
}

/// The same with a role.
pub(crate) fn with_role(email: &str, role: &str) -> Value {
    let mut body = user(email);
    body["roles"] = json!([{ "value": role }]);
    body
}

pub(crate) fn add_member(id: &str) -> Value {
    json!([{ "op": "add", "path": "members", "value": [{ "value": id }] }])
}

pub(crate) fn remove_member(id: &str) -> Value {
    json!([{ "op": "remove", "path": format!("members[value eq \"{id}\"]") }])
}

pub(crate) fn active(active: bool) -> Value {
    json!([{ "op": "replace", "value": { "active": active } }])
}

pub(crate) fn replace(path: &str, value: &str) -> Value {
    json!([{ "op": "replace", "path": path, "value": value }])
}

/// Permissions to compare with; none of them is view only.
pub(crate) fn set<const N: usize>(permissions: [&str; N]) -> BTreeSet<String> {
    permissions.map(str::to_owned).into()
}

pub(crate) const NOTHING: BTreeSet<String> = BTreeSet::new();
