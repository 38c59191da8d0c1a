//! How long and how many: the one table of caps on what a client may store (T54). Never about requests; body size
//! and depth are bounded before a body is read.

use serde_json::Value;

use crate::scim::schema::{Attribute, Kind};

/// Elements of a multi-valued attribute other than `members`.
pub const ELEMENTS: usize = 100;

/// Members that one request or one PATCH operation may name.
pub const MEMBERS: usize = 10_000;

/// Characters of an identifier of a member.
pub const MEMBER_CHARACTERS: usize = 256;

/// Bytes of text in a whole document.
pub const DOCUMENT_BYTES: usize = 262_144;

/// Characters of a text attribute.
#[must_use]
pub fn characters(attribute: &Attribute) -> usize {
    match attribute.name {
        "userName" | "displayName" | "externalId" => 256,
        _ if attribute.kind == Kind::Binary => 16_384,
        _ => 2_048,
    }
}

/// Bytes of text in a value, roughly as it is written.
pub(crate) fn weight(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len() + 2,
        Value::Array(list) => list.iter().map(weight).sum(),
        Value::Object(object) => object.iter().map(|(name, value)| name.len() + 3 + weight(value)).sum(),
        _ => 5,
    }
}
