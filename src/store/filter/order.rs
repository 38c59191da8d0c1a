//! The orders that columns can keep, in the database's words.

use std::fmt;

use crate::scim::ResourceType;
use crate::scim::schema::Resolved;

/// An order that the database can keep. Equal ones come by id, and everything is turned round when descending, so
/// that one without an `externalId` comes last in ascending order (RFC 7644 §3.4.2.3).
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Order {
    by: By,
    descending: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    Id,
    Name,
    ExternalId,
    Created,
    LastModified,
}

impl Order {
    /// Oldest first.
    pub const BY_ID: Self = Self { by: By::Id, descending: false };

    pub(super) const ALL: &'static [Self] = &[
        Self::BY_ID,
        Self { by: By::Id, descending: true },
        Self { by: By::Name, descending: false },
        Self { by: By::Name, descending: true },
        Self { by: By::ExternalId, descending: false },
        Self { by: By::ExternalId, descending: true },
        Self { by: By::Created, descending: false },
        Self { by: By::Created, descending: true },
        Self { by: By::LastModified, descending: false },
        Self { by: By::LastModified, descending: true },
    ];

    /// The order by an attribute, if it stands in a column.
    #[must_use]
    pub fn by(resource_type: ResourceType, attribute: &Resolved, descending: bool) -> Option<Self> {
        if attribute.extension.is_some() {
            return None;
        }
        let by = match (attribute.attribute.name, attribute.sub.map(|sub| sub.name)) {
            ("id", None) => By::Id,
            ("externalId", None) => By::ExternalId,
            ("meta", Some("created")) => By::Created,
            ("meta", Some("lastModified")) => By::LastModified,
            (name, None) if name == resource_type.naming() => By::Name,
            _ => return None,
        };
        Some(Self { by, descending })
    }

    /// For the ids of the page, and for the rows joined to them.
    pub(super) const fn clauses(self) -> (&'static str, &'static str) {
        match (self.by, self.descending) {
            (By::Id, false) => ("id", "r.id"),
            (By::Id, true) => ("id DESC", "r.id DESC"),
            (By::Name, false) => ("name_key", "r.name_key"),
            (By::Name, true) => ("name_key DESC", "r.name_key DESC"),
            (By::ExternalId, false) => {
                ("external_id IS NULL, external_id, id", "r.external_id IS NULL, r.external_id, r.id")
            }
            (By::ExternalId, true) => (
                "external_id IS NULL DESC, external_id DESC, id DESC",
                "r.external_id IS NULL DESC, r.external_id DESC, r.id DESC",
            ),
            (By::Created, false) => ("created_at, id", "r.created_at, r.id"),
            (By::Created, true) => ("created_at DESC, id DESC", "r.created_at DESC, r.id DESC"),
            (By::LastModified, false) => ("updated_at, id", "r.updated_at, r.id"),
            (By::LastModified, true) => ("updated_at DESC, id DESC", "r.updated_at DESC, r.id DESC"),
        }
    }
}

impl fmt::Debug for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}{}", self.by, if self.descending { " descending" } else { "" })
    }
}
