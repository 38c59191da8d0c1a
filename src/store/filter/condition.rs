//! What of a filter the database can decide: a tree of fixed fragments and values, never of text from a request.
//! Lowering is pure; running it is the parent's.

use crate::clock::Timestamp;
use crate::ids::ResourceId;
use crate::scim::filter::{CompareOp, Filter, Literal};
use crate::scim::schema::Resolved;
use crate::scim::{ResourceType, fold};

/// A value to bind.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Text(String),
    Id(ResourceId),
    Time(Timestamp),
}

/// What holds of a row of `resources`. Every fragment is true or false, never NULL, so that `NOT` means what it says.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Condition {
    True,
    False,
    /// A fragment with `?` for each value, in order.
    Test(&'static str, Vec<Value>),
    All(Vec<Self>),
    Any(Vec<Self>),
    Not(Box<Self>),
}

/// A condition that every match of a filter meets.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Lowered {
    pub(super) condition: Condition,
    /// Nothing else meets it.
    pub(super) exact: bool,
}

impl Lowered {
    const UNKNOWN: Self = Self { condition: Condition::True, exact: false };

    const fn exactly(condition: Condition) -> Self {
        Self { condition, exact: true }
    }

    const fn constant(holds: bool) -> Self {
        Self::exactly(if holds { Condition::True } else { Condition::False })
    }

    fn test(fragment: &'static str, values: Vec<Value>) -> Self {
        Self::exactly(Condition::Test(fragment, values))
    }

    /// Of an element of a multi-valued attribute: no longer exact, because two tests may be met by two elements.
    fn narrowing(self) -> Self {
        Self { exact: self.exact && self.condition == Condition::False, ..self }
    }

    fn and(self, other: Self) -> Self {
        match (&self.condition, &other.condition) {
            (Condition::False, _) => self,
            (_, Condition::False) => other,
            _ => {
                let exact = self.exact && other.exact;
                Self { condition: all(self.condition, other.condition), exact }
            }
        }
    }

    fn or(self, other: Self) -> Self {
        match (&self.condition, &other.condition) {
            (Condition::True, _) if self.exact => self,
            (_, Condition::True) if other.exact => other,
            (Condition::True, _) | (_, Condition::True) => Self::UNKNOWN,
            (Condition::False, _) => other,
            (_, Condition::False) => self,
            _ => Self { exact: self.exact && other.exact, condition: any(self.condition, other.condition) },
        }
    }

    fn negated(self) -> Self {
        match self {
            Self { exact: false, .. } => Self::UNKNOWN,
            Self { condition: Condition::True, .. } => Self::constant(false),
            Self { condition: Condition::False, .. } => Self::constant(true),
            Self { condition, .. } => Self::exactly(Condition::Not(Box::new(condition))),
        }
    }
}

pub(super) fn all(left: Condition, right: Condition) -> Condition {
    match (left, right) {
        (Condition::True, other) | (other, Condition::True) => other,
        (Condition::False, _) | (_, Condition::False) => Condition::False,
        (Condition::All(mut list), other) => {
            list.push(other);
            Condition::All(list)
        }
        (left, right) => Condition::All(vec![left, right]),
    }
}

fn any(left: Condition, right: Condition) -> Condition {
    match (left, right) {
        (Condition::Any(mut list), other) => {
            list.push(other);
            Condition::Any(list)
        }
        (left, right) => Condition::Any(vec![left, right]),
    }
}

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
            Self::Members => Lowered::test(
                "EXISTS (SELECT 1 FROM members m WHERE m.organization_id = $1 AND m.connection_id = $2 \
                 AND m.group_id = resources.id)",
                vec![],
            ),
            Self::Groups => Lowered::test(
                "EXISTS (SELECT 1 FROM members m WHERE m.organization_id = $1 AND m.connection_id = $2 \
                 AND m.member_id = resources.id)",
                vec![],
            ),
        }
    }

    fn compare(self, op: CompareOp, value: &Literal) -> Lowered {
        match (self, value) {
            (Self::Id, Literal::String(text)) => compare_id(op, text),
            (Self::Name, Literal::String(text)) => compare_text(&NAME, op, fold(text)),
            (Self::ExternalId, Literal::String(text)) => compare_text(&EXTERNAL_ID, op, text.clone()),
            (Self::Active, Literal::Bool(value)) => match (op, value) {
                (CompareOp::Eq, true) | (CompareOp::Ne, false) => Lowered::test("active", vec![]),
                (CompareOp::Eq, false) | (CompareOp::Ne, true) => Lowered::test("NOT active", vec![]),
                _ => Lowered::UNKNOWN,
            },
            (Self::Created, Literal::String(text)) => compare_time(&CREATED, op, text),
            (Self::LastModified, Literal::String(text)) => compare_time(&LAST_MODIFIED, op, text),
            (Self::Emails, Literal::String(text)) => compare_text(&EMAILS, op, fold(text)),
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

/// The fragments of one column for each operator; `None` where the column cannot tell.
struct Fragments {
    eq: &'static str,
    ne: Option<&'static str>,
    gt: &'static str,
    ge: &'static str,
    lt: &'static str,
    le: &'static str,
    /// From the first value on, and before the second.
    between: &'static str,
    /// `replace` and `substr` compare letter by letter on both databases, as `LIKE` does not on SQLite. The same
    /// value twice.
    ew: &'static str,
    co: &'static str,
}

macro_rules! fragments {
    ($before:literal, $column:literal, $after:literal, ne $ne:expr) => {
        Fragments {
            eq: concat!($before, $column, " = ?", $after),
            ne: $ne,
            gt: concat!($before, $column, " > ?", $after),
            ge: concat!($before, $column, " >= ?", $after),
            lt: concat!($before, $column, " < ?", $after),
            le: concat!($before, $column, " <= ?", $after),
            between: concat!($before, $column, " >= ? AND ", $column, " < ?", $after),
            ew: concat!($before, "substr(", $column, ", length(", $column, ") - length(?) + 1) = ?", $after),
            co: concat!($before, "replace(", $column, ", ?, '') <> ", $column, $after),
        }
    };
}

const NAME: Fragments = fragments!("", "name_key", "", ne Some("name_key <> ?"));
const EXTERNAL_ID: Fragments = fragments!(
    "external_id IS NOT NULL AND ", "external_id", "", ne Some("external_id IS NULL OR external_id <> ?")
);
const CREATED: Fragments = fragments!("", "created_at", "", ne Some("created_at <> ?"));
const LAST_MODIFIED: Fragments = fragments!("", "updated_at", "", ne Some("updated_at <> ?"));
const EMAILS: Fragments = fragments!(
    "id IN (SELECT resource_id FROM resource_emails WHERE organization_id = $1 AND connection_id = $2 AND ",
    "value_key", ")", ne None
);

fn compare_text(column: &Fragments, op: CompareOp, text: String) -> Lowered {
    // PostgreSQL takes no NUL in a text.
    if text.contains('\0') {
        return Lowered::UNKNOWN;
    }
    // Every text holds the empty one, and a column that is there is never empty.
    let once = |fragment| Lowered::test(fragment, vec![Value::Text(text.clone())]);
    let twice = |fragment| Lowered::test(fragment, vec![Value::Text(text.clone()), Value::Text(text.clone())]);
    match op {
        CompareOp::Eq => once(column.eq),
        CompareOp::Ne => column.ne.map_or(Lowered::UNKNOWN, once),
        CompareOp::Gt => once(column.gt),
        CompareOp::Ge => once(column.ge),
        CompareOp::Lt => once(column.lt),
        CompareOp::Le => once(column.le),
        CompareOp::Co | CompareOp::Sw | CompareOp::Ew if text.is_empty() => once(column.ge),
        CompareOp::Co => once(column.co),
        CompareOp::Ew => twice(column.ew),
        CompareOp::Sw => match after_all_with_prefix(&text) {
            Some(end) => Lowered::test(column.between, vec![Value::Text(text), Value::Text(end)]),
            None => once(column.ge),
        },
    }
}

/// The first text, byte by byte, after all those that start with `prefix`; `None` if there is none.
fn after_all_with_prefix(prefix: &str) -> Option<String> {
    let mut letters: Vec<char> = prefix.chars().collect();
    while let Some(last) = letters.pop() {
        // UTF-8 has the order of its code points; the range steps over the surrogates.
        if let Some(next) = (last..=char::MAX).nth(1) {
            letters.push(next);
            return Some(letters.into_iter().collect());
        }
    }
    None
}

fn compare_time(column: &Fragments, op: CompareOp, text: &str) -> Lowered {
    let Ok(time) = text.parse() else { return Lowered::UNKNOWN };
    let once = |fragment| Lowered::test(fragment, vec![Value::Time(time)]);
    match op {
        CompareOp::Eq => once(column.eq),
        CompareOp::Ne => column.ne.map_or(Lowered::UNKNOWN, once),
        CompareOp::Gt => once(column.gt),
        CompareOp::Ge => once(column.ge),
        CompareOp::Lt => once(column.lt),
        CompareOp::Le => once(column.le),
        // How it is written, not when it was.
        CompareOp::Co | CompareOp::Sw | CompareOp::Ew => Lowered::UNKNOWN,
    }
}

fn compare_id(op: CompareOp, text: &str) -> Lowered {
    let fragment = match op {
        CompareOp::Eq => "id = ?",
        CompareOp::Ne => "id <> ?",
        _ => return Lowered::UNKNOWN,
    };
    match text.parse() {
        Ok(id) => Lowered::test(fragment, vec![Value::Id(id)]),
        Err(_) => Lowered::constant(op == CompareOp::Ne),
    }
}

fn related(fragment: &'static str, text: &str) -> Lowered {
    text.parse().map_or(Lowered::constant(false), |id| Lowered::test(fragment, vec![Value::Id(id)]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_prefix_is_the_next_text_that_does_not_have_it() {
        assert_eq!(after_all_with_prefix("ada").as_deref(), Some("adb"));
        assert_eq!(after_all_with_prefix("a\u{10FFFF}").as_deref(), Some("b"));
        assert_eq!(after_all_with_prefix("\u{D7FF}").as_deref(), Some("\u{E000}"));
        assert_eq!(after_all_with_prefix("\u{10FFFF}"), None);
    }
}
