//! Conditions on a row, and how they combine: a tree of fixed fragments and values, never of text from a request.
//! Knows no attribute.

use crate::clock::Timestamp;
use crate::ids::ResourceId;

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
    pub(super) const UNKNOWN: Self = Self { condition: Condition::True, exact: false };

    const fn exactly(condition: Condition) -> Self {
        Self { condition, exact: true }
    }

    pub(super) const fn constant(holds: bool) -> Self {
        Self::exactly(if holds { Condition::True } else { Condition::False })
    }

    pub(super) fn test(fragment: &'static str, values: Vec<Value>) -> Self {
        Self::exactly(Condition::Test(fragment, values))
    }

    /// Of an element of a multi-valued attribute: no longer exact, because two tests may be met by two elements.
    pub(super) fn narrowing(self) -> Self {
        Self { exact: self.exact && self.condition == Condition::False, ..self }
    }

    pub(super) fn and(self, other: Self) -> Self {
        match (&self.condition, &other.condition) {
            (Condition::False, _) => self,
            (_, Condition::False) => other,
            _ => {
                let exact = self.exact && other.exact;
                Self { condition: all(self.condition, other.condition), exact }
            }
        }
    }

    pub(super) fn or(self, other: Self) -> Self {
        match (&self.condition, &other.condition) {
            (Condition::True, _) if self.exact => self,
            (_, Condition::True) if other.exact => other,
            (Condition::True, _) | (_, Condition::True) => Self::UNKNOWN,
            (Condition::False, _) => other,
            (_, Condition::False) => self,
            _ => Self { exact: self.exact && other.exact, condition: any(self.condition, other.condition) },
        }
    }

    pub(super) fn negated(self) -> Self {
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
