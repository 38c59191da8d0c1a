//! The extensions of User: the Enterprise one (RFC 7643 §4.3), and Secaro's, which shows what a User may do there
//! and takes nothing in.

use super::build::{complex, reference, text};
use super::{Attribute, Schema};

/// RFC 7643 §4.3 calls `manager.value` the id of a User; IdPs send names of people they never created, so it is
/// kept as sent and refers to nothing.
const MANAGER: &[Attribute] = &[
    text("value", "The id of the User's manager.").case_exact(),
    reference("$ref", &["User"], "The URI of the User's manager."),
    text("displayName", "The name of the User's manager.").read_only(),
];

/// `urn:ietf:params:scim:schemas:extension:enterprise:2.0:User`
pub static ENTERPRISE_USER: Schema = Schema {
    urn: "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
    name: "EnterpriseUser",
    description: "Enterprise User",
    attributes: &[
        text("employeeNumber", "What the organization numbers the User by."),
        text("costCenter", "The name of a cost center."),
        text("organization", "The name of an organization."),
        text("division", "The name of a division."),
        text("department", "The name of a department."),
        complex("manager", MANAGER, "The User's manager."),
    ],
};

const PERMISSION: &[Attribute] =
    &[text("value", "The permission.").read_only(), text("display", "The same in words.").read_only()];

/// `urn:secaro:params:scim:schemas:extension:access:2.0:User`
pub static ACCESS: Schema = Schema {
    urn: "urn:secaro:params:scim:schemas:extension:access:2.0:User",
    name: "Access",
    description: "What the User may do in Secaro",
    attributes: &[
        text("status", "The status of the person in Secaro.")
            .read_only()
            .suggesting(&["Invited", "Active", "Deactivated"])
            .on_request(),
        complex("canEdit", PERMISSION, "What the person can edit: the organization, or single facilities.")
            .multi_valued()
            .read_only()
            .on_request(),
        complex("adminFor", PERMISSION, "What the person is an admin for.").multi_valued().read_only().on_request(),
    ],
};
