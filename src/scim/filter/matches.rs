//! Whether a resource, or an element of one, passes a filter: the one evaluation, which every narrowing by an
//! index has to agree with.

use std::cmp::Ordering;
use std::slice;

use serde_json::{Map, Value};

use super::{CompareOp, Filter, Literal};
use crate::clock::Timestamp;
use crate::scim::fold::{folded, folds_equal};
use crate::scim::schema::{Attribute, Kind, Resolved};

impl Filter {
    /// Whether a resource passes; `document` is its full view, with `id`, `meta` and whatever else the filter
    /// [mentions](Self::mentions).
    #[must_use]
    pub fn matches(&self, document: &Map<String, Value>) -> bool {
        self.holds(Subject::Object(document))
    }

    /// Whether an element of a multi-valued attribute passes a filter made by [`Self::parse_element`], or the
    /// inside of a [`Filter::ValuePath`].
    #[must_use]
    pub fn matches_element(&self, element: &Value) -> bool {
        self.holds(Subject::of(element))
    }

    /// Walks down the left of a chain in a loop, so that it recurses only where the text is nested.
    fn holds(&self, subject: Subject<'_>) -> bool {
        let mut filter = self;
        loop {
            filter = match filter {
                Self::And(left, right) if right.holds(subject) => left,
                Self::And(..) => return false,
                Self::Or(_, right) if right.holds(subject) => return true,
                Self::Or(left, _) => left,
                Self::Not(inner) => return !inner.holds(subject),
                Self::Compare { resolved, op, value, .. } => return compare(subject, resolved, *op, value),
                Self::Present { resolved, .. } => return present(subject, resolved),
                Self::ValuePath { resolved, filter, .. } => {
                    return subject.elements(resolved).iter().any(|element| filter.matches_element(element));
                }
                Self::Unknown { op, value, .. } => return of_nothing(*op, value),
            };
        }
    }
}

/// What is asked: a resource or complex value, or the bare value of an element that has no sub-attributes.
#[derive(Clone, Copy)]
enum Subject<'d> {
    Object(&'d Map<String, Value>),
    Bare(&'d Value),
}

impl<'d> Subject<'d> {
    fn of(value: &'d Value) -> Self {
        value.as_object().map_or(Self::Bare(value), Self::Object)
    }

    /// The values of the attribute, a single one as a list of one.
    fn elements(self, resolved: &Resolved) -> &'d [Value] {
        let object = match self {
            Self::Bare(value) if resolved.attribute.name == "value" => return slice::from_ref(value),
            Self::Bare(_) => return &[],
            Self::Object(object) => object,
        };
        let holder = match resolved.extension {
            None => Some(object),
            Some(schema) => object.get(schema.urn).and_then(Value::as_object),
        };
        match holder.and_then(|holder| holder.get(resolved.attribute.name)) {
            None => &[],
            Some(Value::Array(elements)) => elements,
            Some(value) => slice::from_ref(value),
        }
    }

    /// The values at the end of the path that are any.
    fn values(self, resolved: &Resolved) -> impl Iterator<Item = &'d Value> {
        let sub = resolved.sub.map(|sub| sub.name);
        self.elements(resolved)
            .iter()
            .filter_map(move |element| match (sub, element) {
                (Some(name), Value::Object(object)) => object.get(name),
                (Some("value") | None, element) => Some(element),
                (Some(_), _) => None,
            })
            .filter(|value| !is_empty(value))
    }
}

/// RFC 7643 §2.5: null and the empty list are no value; RFC 7644 §3.4.2.2 `pr` asks for a non-empty one.
fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(elements) => elements.is_empty(),
        Value::Object(object) => object.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

fn present(subject: Subject<'_>, resolved: &Resolved) -> bool {
    subject.values(resolved).next().is_some()
}

fn compare(subject: Subject<'_>, resolved: &Resolved, op: CompareOp, wanted: &Literal) -> bool {
    if *wanted == Literal::Null {
        return present(subject, resolved) == (op == CompareOp::Ne);
    }
    let mut values = subject.values(resolved).peekable();
    if values.peek().is_none() {
        return of_nothing(op, wanted);
    }
    values.any(|value| value_passes(value, resolved.target(), op, wanted))
}

/// What a comparison says of an attribute without a value: it differs from every value, and equals null.
fn of_nothing(op: CompareOp, wanted: &Literal) -> bool {
    if *wanted == Literal::Null { op == CompareOp::Eq } else { op == CompareOp::Ne }
}

fn value_passes(value: &Value, attribute: &Attribute, op: CompareOp, wanted: &Literal) -> bool {
    match (value, wanted) {
        (Value::String(value), Literal::String(wanted)) if attribute.kind == Kind::DateTime && !op.looks_inside() => {
            match (value.parse::<Timestamp>(), wanted.parse::<Timestamp>()) {
                (Ok(value), Ok(wanted)) => ordered(value.cmp(&wanted), op),
                _ => op == CompareOp::Ne,
            }
        }
        (Value::String(value), Literal::String(wanted)) => text_passes(value, wanted, attribute.case_exact, op),
        (Value::Bool(value), Literal::Bool(wanted)) => ordered(value.cmp(wanted), op),
        (Value::Number(value), Literal::Number(wanted)) => {
            let exactly = value.as_i64().zip(wanted.as_i64()).map(|(value, wanted)| value.cmp(&wanted));
            let roughly = || value.as_f64().zip(wanted.as_f64()).and_then(|(value, wanted)| value.partial_cmp(&wanted));
            exactly.or_else(roughly).is_some_and(|order| ordered(order, op))
        }
        _ => op == CompareOp::Ne,
    }
}

fn text_passes(value: &str, wanted: &str, case_exact: bool, op: CompareOp) -> bool {
    match (op, case_exact) {
        (CompareOp::Eq, false) => folds_equal(value, wanted),
        (CompareOp::Ne, false) => !folds_equal(value, wanted),
        (_, false) => plain_text_passes(&folded(value), &folded(wanted), op),
        (_, true) => plain_text_passes(value, wanted, op),
    }
}

fn plain_text_passes(value: &str, wanted: &str, op: CompareOp) -> bool {
    match op {
        CompareOp::Co => value.contains(wanted),
        CompareOp::Sw => value.starts_with(wanted),
        CompareOp::Ew => value.ends_with(wanted),
        _ => ordered(value.cmp(wanted), op),
    }
}

fn ordered(order: Ordering, op: CompareOp) -> bool {
    match op {
        CompareOp::Eq => order.is_eq(),
        CompareOp::Ne => order.is_ne(),
        CompareOp::Gt => order.is_gt(),
        CompareOp::Ge => order.is_ge(),
        CompareOp::Lt => order.is_lt(),
        CompareOp::Le => order.is_le(),
        // Looking inside means something for texts only.
        CompareOp::Co | CompareOp::Sw | CompareOp::Ew => false,
    }
}
