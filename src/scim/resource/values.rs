//! One value made canonical for its attribute: its type, its length, its shape. Never knows where in a resource the
//! value goes.

use serde_json::{Map, Value};

use super::elements::{one_primary, push};
use super::{formats, keys, limits};
use crate::scim::error::{Error, ScimType};
use crate::scim::quirks::{Normaliser, Quirk};
use crate::scim::schema::{Attribute, Kind, Mutability};

/// Who reads, and what for.
pub(crate) struct Reading<'a> {
    /// Decides on deviations.
    pub(crate) normaliser: &'a mut Normaliser,
    /// Whether it is a PATCH, where read-only values are an error (RFC 7644 §3.5.2) and not ignored (§3.5.1).
    pub(crate) patch: bool,
}

impl Reading<'_> {
    /// Takes `""` for "no value", or refuses it.
    pub(crate) fn cleared(&mut self, name: &str) -> Result<(), Error> {
        if self.normaliser.takes(Quirk::EmptyClears) {
            return Ok(());
        }
        Err(Error::bad(ScimType::InvalidValue, format!("`{name}` is empty. Send a value, or null for none.")))
    }

    /// Passes over a read-only value, or refuses it.
    pub(crate) fn read_only(&mut self, name: &str) -> Result<(), Error> {
        let quirk = if self.patch { Quirk::ReadOnlyInValue } else { Quirk::ReadOnlyInBody };
        if self.normaliser.takes(quirk) || !self.patch {
            return Ok(());
        }
        Err(read_only(name))
    }
}

/// `mutability`: the attribute is the server's.
pub(crate) fn read_only(name: &str) -> Error {
    Error::bad(ScimType::Mutability, format!("`{name}` is read-only. Leave it out."))
}

/// `invalidValue`: the value is of another type than its attribute.
pub(crate) fn wrong(name: &str, expected: &str) -> Error {
    Error::bad(ScimType::InvalidValue, format!("`{name}` has a value of the wrong type. Send {expected}."))
}

/// The parts of a complex value in the order sent; `None` where the part is cleared.
pub(crate) type Parts = Vec<(&'static Attribute, Option<Value>)>;

/// The canonical value of a whole attribute; `None` if the value says it has none.
pub(crate) fn canonical(
    attribute: &'static Attribute,
    value: Value,
    reading: &mut Reading<'_>,
) -> Result<Option<Value>, Error> {
    if attribute.multi_valued {
        let elements = list(attribute, value, reading)?;
        return Ok((!elements.is_empty()).then_some(Value::Array(elements)));
    }
    match attribute.kind {
        Kind::Complex => object(attribute, value, reading),
        _ => scalar(attribute, None, value, reading),
    }
}

/// The canonical elements of a multi-valued attribute; none if the value says it has none.
pub(crate) fn list(
    attribute: &'static Attribute,
    value: Value,
    reading: &mut Reading<'_>,
) -> Result<Vec<Value>, Error> {
    let given = match value {
        Value::Null => return Ok(Vec::new()),
        Value::String(text) if text.is_empty() => return reading.cleared(attribute.name).map(|()| Vec::new()),
        Value::Array(given) => given,
        element @ (Value::Object(_) | Value::String(_)) if reading.normaliser.takes(Quirk::ElementWithoutList) => {
            vec![element]
        }
        _ => return Err(wrong(attribute.name, "a list")),
    };
    if given.len() > limits::ELEMENTS {
        return Err(too_many(attribute));
    }
    let mut elements = Vec::with_capacity(given.len());
    for element in given {
        if let Some(element) = object(attribute, element, reading)? {
            push(&mut elements, element);
        }
    }
    one_primary(attribute, &mut elements, reading.normaliser)?;
    Ok(elements)
}

/// `invalidValue`: more elements than [`limits::ELEMENTS`].
pub(crate) fn too_many(attribute: &Attribute) -> Error {
    Error::bad(
        ScimType::InvalidValue,
        format!("`{}` has more than {} values. Send fewer.", attribute.name, limits::ELEMENTS),
    )
}

/// A complex value, or one element of a multi-valued attribute.
pub(crate) fn object(
    attribute: &'static Attribute,
    value: Value,
    reading: &mut Reading<'_>,
) -> Result<Option<Value>, Error> {
    let parts = parts(attribute, value, reading)?.unwrap_or_default();
    let object: Map<String, Value> =
        parts.into_iter().filter_map(|(sub, value)| Some((sub.name.to_owned(), value?))).collect();
    Ok(has_substance(&object).then_some(Value::Object(object)))
}

/// Whether an object says more than what it would be for: `{"type":"work","primary":true}` holds no value.
pub(crate) fn has_substance(object: &Map<String, Value>) -> bool {
    object.keys().any(|name| name != "type" && name != "primary")
}

/// The parts of a complex value; `None` if the value says there are none.
pub(crate) fn parts(
    attribute: &'static Attribute,
    value: Value,
    reading: &mut Reading<'_>,
) -> Result<Option<Parts>, Error> {
    let mut parts = match value {
        Value::Null => return Ok(None),
        Value::String(text) if text.is_empty() => return reading.cleared(attribute.name).map(|()| None),
        Value::Array(mut list)
            if !attribute.multi_valued && list.len() <= 1 && reading.normaliser.takes(Quirk::ListForSingle) =>
        {
            // One level only: a list in the list is a type error.
            return match list.pop() {
                None => Ok(None),
                Some(Value::Array(_)) => Err(wrong(attribute.name, "an object")),
                Some(value) => parts(attribute, value, reading),
            };
        }
        Value::String(text) => match attribute.sub("value") {
            Some(sub) if reading.normaliser.takes(Quirk::TextForObject) => {
                vec![(sub, scalar(sub, Some(attribute), Value::String(text), reading)?)]
            }
            _ => return Err(wrong(attribute.name, "an object")),
        },
        Value::Object(object) => from_object(attribute, object, reading)?,
        _ => return Err(wrong(attribute.name, "an object")),
    };
    if attribute.name == "roles" {
        json_for_role(attribute, &mut parts, reading)?;
    }
    Ok(Some(parts))
}

fn from_object(
    attribute: &'static Attribute,
    object: Map<String, Value>,
    reading: &mut Reading<'_>,
) -> Result<Parts, Error> {
    let mut parts = Parts::with_capacity(object.len());
    // Names first: an alias only fills what no name filled.
    let (named, others): (Vec<_>, Vec<_>) = object.into_iter().partition(|(key, _)| attribute.sub(key).is_some());
    for (key, value) in named {
        let Some(sub) = attribute.sub(&key) else { continue };
        if sub.mutability == Mutability::ReadOnly {
            reading.read_only(sub.name)?;
            continue;
        }
        if parts.iter().any(|(known, _)| known.name == sub.name) {
            return Err(keys::twice(sub.name));
        }
        parts.push((sub, scalar(sub, Some(attribute), value, reading)?));
    }
    for (key, value) in others {
        match alias(attribute, &key, reading.normaliser) {
            None => keys::unknown(&key, reading.normaliser)?,
            Some(sub) if parts.iter().any(|(known, _)| known.name == sub.name) => {}
            Some(sub) => parts.push((sub, scalar(sub, Some(attribute), value, reading)?)),
        }
    }
    Ok(parts)
}

/// Other names under which clients send a sub-attribute.
fn alias(attribute: &'static Attribute, key: &str, normaliser: &mut Normaliser) -> Option<&'static Attribute> {
    if key.eq_ignore_ascii_case("displayName") {
        return attribute.sub("display").filter(|_| normaliser.takes(Quirk::DisplayNameForDisplay));
    }
    if attribute.name == "manager" && key.eq_ignore_ascii_case("managerId") {
        return attribute.sub("value").filter(|_| normaliser.takes(Quirk::ManagerId));
    }
    None
}

/// Entra's `SingleAppRoleAssignment` writes the whole role as JSON into its `value`.
fn json_for_role(attribute: &'static Attribute, parts: &mut Parts, reading: &mut Reading<'_>) -> Result<(), Error> {
    let inner = parts.iter().find_map(|(sub, value)| match value {
        Some(Value::String(text)) if sub.name == "value" && text.starts_with('{') => {
            serde_json::from_str::<Map<String, Value>>(text).ok()
        }
        _ => None,
    });
    let Some(mut inner) = inner.filter(|inner| inner.get("value").is_some_and(Value::is_string)) else {
        return Ok(());
    };
    if !reading.normaliser.takes(Quirk::JsonForRole) {
        return Ok(());
    }
    for (from, to) in [("value", "value"), ("displayName", "display")] {
        let (Some(sub), Some(value)) = (attribute.sub(to), inner.remove(from)) else { continue };
        let value = scalar(sub, Some(attribute), value, reading)?;
        match parts.iter_mut().find(|(known, _)| known.name == to) {
            Some(part) if to == "value" || part.1.is_none() => part.1 = value,
            Some(_) => {}
            None => parts.push((sub, value)),
        }
    }
    Ok(())
}

/// A value that is no object; `parent` is the attribute it is a sub-attribute of.
pub(crate) fn scalar(
    attribute: &'static Attribute,
    parent: Option<&'static Attribute>,
    value: Value,
    reading: &mut Reading<'_>,
) -> Result<Option<Value>, Error> {
    let name = parent.map_or_else(|| attribute.name.to_owned(), |parent| format!("{}.{}", parent.name, attribute.name));
    match value {
        Value::Null => Ok(None),
        Value::String(text) if text.is_empty() => reading.cleared(&name).map(|()| None),
        Value::Array(mut list) if list.len() <= 1 && reading.normaliser.takes(Quirk::ListForSingle) => {
            match list.pop() {
                None => Ok(None),
                Some(Value::Object(mut object)) => {
                    plain(attribute, &name, object.remove("value").unwrap_or(Value::Null), reading)
                }
                Some(value) => plain(attribute, &name, value, reading),
            }
        }
        value => plain(attribute, &name, value, reading),
    }
}

fn plain(
    attribute: &'static Attribute,
    name: &str,
    value: Value,
    reading: &mut Reading<'_>,
) -> Result<Option<Value>, Error> {
    match (attribute.kind, value) {
        (_, Value::Null) => Ok(None),
        (_, Value::String(text)) if text.is_empty() => reading.cleared(name).map(|()| None),
        (Kind::Boolean, value @ Value::Bool(_)) | (Kind::Decimal, value @ Value::Number(_)) => Ok(Some(value)),
        (Kind::Boolean, Value::String(text)) => boolean(&text, name, reading).map(|value| Some(Value::Bool(value))),
        (Kind::Boolean, _) => Err(wrong(name, "true or false")),
        (Kind::Integer, Value::Number(number)) if number.is_i64() => Ok(Some(Value::Number(number))),
        (Kind::Integer, _) => Err(wrong(name, "a whole number")),
        (Kind::Decimal, _) => Err(wrong(name, "a number")),
        (_, Value::String(text)) => {
            let most = limits::characters(attribute);
            // A character is at least a byte, so short texts need no counting.
            if text.len() > most && text.chars().count() > most {
                return Err(Error::bad(
                    ScimType::InvalidValue,
                    format!("`{name}` is longer than {most} characters. Send a shorter value."),
                ));
            }
            // PostgreSQL cannot store it.
            if text.contains('\0') {
                return Err(Error::bad(
                    ScimType::InvalidValue,
                    format!("`{name}` holds the character U+0000. Leave it out."),
                ));
            }
            if !formats::fits(attribute, &text) && !reading.normaliser.takes(Quirk::FreeText) {
                return Err(Error::bad(
                    ScimType::InvalidValue,
                    format!("`{name}` is not in the format RFC 7643 gives it. Send it in that format."),
                ));
            }
            Ok(Some(Value::String(text)))
        }
        (_, _) => Err(wrong(name, "text")),
    }
}

fn boolean(text: &str, name: &str, reading: &mut Reading<'_>) -> Result<bool, Error> {
    let value = match text {
        _ if text.eq_ignore_ascii_case("true") => Some(true),
        _ if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    };
    value.filter(|_| reading.normaliser.takes(Quirk::StringBoolean)).ok_or_else(|| wrong(name, "true or false"))
}
