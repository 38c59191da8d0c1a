//! The core Group (RFC 7643 §4.2).

use super::build::{complex, reference, text};
use super::{Attribute, Schema};

/// An id has one spelling (RFC 7643 §3.1), so unlike RFC 7643 §8.7.1 what repeats one is case exact here.
const MEMBER: &[Attribute] = &[
    text("value", "The id of the member.").case_exact().immutable(),
    reference("$ref", &["User", "Group"], "The URI of the member.").immutable(),
    text("type", "The resource type of the member.").immutable().suggesting(&["User", "Group"]),
    // The name of now, not the one that was sent, so a client that compares what it sent sees no difference.
    text("display", "The name of the member.").read_only().on_request(),
];

/// `urn:ietf:params:scim:schemas:core:2.0:Group`
pub static GROUP: Schema = Schema {
    urn: "urn:ietf:params:scim:schemas:core:2.0:Group",
    name: "Group",
    description: "Group",
    attributes: &[
        text("displayName", "The name of the Group; no other Group of the connection has it.").required().unique(),
        complex("members", MEMBER, "The members of the Group.").multi_valued(),
    ],
};
