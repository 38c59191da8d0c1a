//! Which attributes stand in a column or a table of their own, and what of a filter that decides. Pure; whatever
//! is not known here is left to the plain evaluation.

use super::columns::{self, compare_id, compare_text, compare_time, related};
use super::condition::Lowered;
use crate::scim::filter::{CompareOp, Filter, Literal};
use crate::scim::schema::Resolved;
use crate::scim::{ResourceType, fold};

/// What a filter narrows a list of resources of this type to.
pub(super) fn lower(resource_type: ResourceType, filter: &Filter) -> Lowered {
    match filter {
        Filter::And(left, right) => lower(resource_type, left).and(lower(resource_type, right)),
        Filter::Or(left, right) => lower(resource_type, left).or(lower(resource_type, right)),
        Filter::Not(inner) => lower(resource_type, inner).negated(),
        Filter::Compare { resolved, op, value, .. } => match (Indexed::of(resource_type, resolved), value) {
            (Some(indexed), Literal::Null) if *op == CompareOp::Eq => indexed.present().negated(),
            (Some(indexed), Literal::Null) => indexed.present(),
            (Some(indexed), value) => indexed.compare(*op, value),
            (None, _) => Lowered::UNKNOWN,
        },
        Filter::Present { resolved, .. } => {
            Indexed::of(resource_type, resolved).map_or(Lowered::UNKNOWN, Indexed::present)
        }
        Filter::ValuePath { resolved, filter, .. } => match Indexed::of(resource_type, resolved) {
            Some(indexed @ (Indexed::Emails | Indexed::Members | Indexed::Groups)) => lower_element(indexed, filter),
            _ => Lowered::UNKNOWN,
        },
        // Without a value an attribute equals null and differs from everything else.
        Filter::Unknown { op, value, .. } => {
            Lowered::constant(*op == if *value == Literal::Null { CompareOp::Eq } else { CompareOp::Ne })
        }
    }
}

/// Of a filter on one element: what the element's `value` says.
fn lower_element(of: Indexed, filter: &Filter) -> Lowered {
    match filter {
        Filter::And(left, right) => lower_element(of, left).and(lower_element(of, right)).narrowing(),
        Filter::Or(left, right) => lower_element(of, left).or(lower_element(of, right)),
        // `ne` holds of an element without a value too, and says nothing of the other elements.
        Filter::Compare { resolved, op, value, .. }
            if resolved.attribute.name == "value" && *op != CompareOp::Ne && *value != Literal::Null =>
        {
            of.compare(*op, value)
        }
        _ => Lowered::UNKNOWN,
    }
}

/// What stands in a column or a table of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Indexed {
    Id,
    /// `userName` or a Group's `displayName`.
    Name,
    ExternalId,
    Active,
    Created,
    LastModified,
    /// `emails.value`
    Emails,
    /// `members.value`
    Members,
    /// `groups.value`
    Groups,
}

impl Indexed {
    fn of(resource_type: ResourceType, resolved: &Resolved) -> Option<Self> {
        if resolved.extension.is_some() {
            return None;
        }
        let name = resolved.attribute.name;
        match (resource_type, name, resolved.sub.map(|sub| sub.name)) {
            (_, "id", None) => Some(Self::Id),
            (_, "externalId", None) => Some(Self::ExternalId),
            (_, "meta", Some("created")) => Some(Self::Created),
            (_, "meta", Some("lastModified")) => Some(Self::LastModified),
            (resource_type, name, None) if name == resource_type.naming() => Some(Self::Name),
            (ResourceType::User, "active", None) => Some(Self::Active),
            (ResourceType::User, "emails", None | Some("value")) => Some(Self::Emails),
            (ResourceType::User, "groups", None | Some("value")) => Some(Self::Groups),
            (ResourceType::Group, "members", None | Some("value")) => Some(Self::Members),
            _ => None,
        }
    }

    fn present(self) -> Lowered {
        match self {
            Self::Id | Self::Name | Self::Active | Self::Created | Self::LastModified => Lowered::constant(true),
            Self::ExternalId => Lowered::test("external_id IS NOT NULL", vec![]),
            // An element may be without a value.
            Self::Emails => Lowered::UNKNOWN,
            // Not EXISTS: SQLite 3.51.3 makes a join of it and then counts each member as a row that OFFSET passes over.
            Self::Members => Lowered::test(
                "(SELECT 1 FROM members m WHERE m.organization_id = $1 AND m.connection_id = $2 \
                 AND m.group_id = resources.id LIMIT 1) IS NOT NULL",
                vec![],
            ),
            Self::Groups => Lowered::test(
                "(SELECT 1 FROM members m WHERE m.organization_id = $1 AND m.connection_id = $2 \
                 AND m.member_id = resources.id LIMIT 1) IS NOT NULL",
                vec![],
            ),
        }
    }

    fn compare(self, op: CompareOp, value: &Literal) -> Lowered {
        match (self, value) {
            (Self::Id, Literal::String(text)) => compare_id(op, text),
            (Self::Name, Literal::String(text)) => compare_text(&columns::NAME, op, fold(text)),
            (Self::ExternalId, Literal::String(text)) => compare_text(&columns::EXTERNAL_ID, op, text.clone()),
            (Self::Active, Literal::Bool(value)) => match (op, value) {
                (CompareOp::Eq, true) | (CompareOp::Ne, false) => Lowered::test("active", vec![]),
                (CompareOp::Eq, false) | (CompareOp::Ne, true) => Lowered::test("NOT active", vec![]),
                _ => Lowered::UNKNOWN,
            },
            (Self::Created, Literal::String(text)) => compare_time(&columns::CREATED, op, text),
            (Self::LastModified, Literal::String(text)) => compare_time(&columns::LAST_MODIFIED, op, text),
            (Self::Emails, Literal::String(text)) => compare_text(&columns::EMAILS, op, fold(text)),
            (Self::Members, Literal::String(text)) if op == CompareOp::Eq => related(
                "id IN (SELECT group_id FROM members WHERE organization_id = $1 AND connection_id = $2 \
                 AND member_id = ?)",
                text,
            ),
            (Self::Groups, Literal::String(text)) if op == CompareOp::Eq => related(
                "id IN (SELECT member_id FROM members WHERE organization_id = $1 AND connection_id = $2 \
                 AND group_id = ?)",
                text,
            ),
            _ => Lowered::UNKNOWN,
        }
    }
}
