//! The elements of a multi-valued attribute among each other: which are the same, and which is primary. Never
//! reads anything a client sent; that is done before.

use serde_json::{Map, Value};

use crate::scim::error::{Error, ScimType};
use crate::scim::quirks::{Normaliser, Quirk};
use crate::scim::schema::Attribute;

/// Adds a canonical element and says where it is now. One that is there already takes on what the new one says
/// further (RFC 7643 §2.4: the same `type` and `value` at most once), so adding twice changes nothing the second time.
pub(crate) fn push(elements: &mut Vec<Value>, element: Value) -> usize {
    let Value::Object(element) = element else { return elements.len() };
    let known = elements.iter().position(|known| known.as_object().is_some_and(|known| is_same(known, &element)));
    let Some(index) = known else {
        elements.push(Value::Object(element));
        return elements.len() - 1;
    };
    if let Some(known) = elements[index].as_object_mut() {
        known.extend(element);
    }
    index
}

/// Whether both stand for one thing: the same `value` and no other `type`; without a `value`, nothing new in it.
fn is_same(known: &Map<String, Value>, element: &Map<String, Value>) -> bool {
    let same = |name: &str| element.get(name).is_none_or(|value| known.get(name) == Some(value));
    if element.contains_key("value") {
        return same("value") && same("type");
    }
    element.keys().all(|name| same(name))
}

/// Whether a client that names `selector` in a list of values to remove means this element.
pub(crate) fn is_meant(element: &Map<String, Value>, selector: &Map<String, Value>) -> bool {
    is_same(element, selector)
}

/// Leaves at most one `primary` in a list that a client sent whole (RFC 7643 §2.4).
pub(crate) fn one_primary(
    attribute: &Attribute,
    elements: &mut [Value],
    normaliser: &mut Normaliser,
) -> Result<(), Error> {
    let Some(first) = elements.iter().position(is_primary) else { return Ok(()) };
    if !elements[first + 1..].iter().any(is_primary) {
        return Ok(());
    }
    if !normaliser.takes(Quirk::SeveralPrimaries) {
        return Err(Error::bad(
            ScimType::InvalidValue,
            format!("`{}` has more than one primary value. Mark one.", attribute.name),
        ));
    }
    make_primary(elements, first);
    Ok(())
}

/// Takes `primary` from every element but one (RFC 7644 §3.5.2).
pub(crate) fn make_primary(elements: &mut [Value], index: usize) {
    for (at, element) in elements.iter_mut().enumerate() {
        if at != index && is_primary(element) {
            element["primary"] = Value::Bool(false);
        }
    }
}

/// Whether the element is marked.
pub(crate) fn is_primary(element: &Value) -> bool {
    element.get("primary") == Some(&Value::Bool(true))
}
