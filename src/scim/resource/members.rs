//! The members a body or a PATCH names. Never a Group's member list: that is rows in the store.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::values::{Reading, wrong};
use super::{keys, limits};
use crate::scim::error::{Error, ScimType};
use crate::scim::quirks::Quirk;
use crate::scim::schema::ResourceType;

/// One member as a client names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The id of a User or Group, as sent: whether it exists is not known here.
    pub value: String,
    /// What it is said to be, by `type` or by the path in `$ref`.
    pub resource_type: Option<ResourceType>,
    /// The name it was sent with.
    pub display: Option<String>,
}

/// Reads a list of members, each value once; `None` for null, and for an empty text where that clears.
pub(crate) fn list(value: Value, reading: &mut Reading<'_>) -> Result<Option<Vec<Member>>, Error> {
    let elements = match value {
        Value::Null => return Ok(None),
        Value::String(text) if text.is_empty() => return reading.cleared("members").map(|()| None),
        Value::Array(elements) => elements,
        element @ (Value::Object(_) | Value::String(_)) if reading.normaliser.takes(Quirk::ElementWithoutList) => {
            vec![element]
        }
        _ => return Err(wrong("members", "a list")),
    };
    if elements.len() > limits::MEMBERS {
        return Err(Error::bad(
            ScimType::InvalidValue,
            format!("`members` names more than {} members. Send them in several requests.", limits::MEMBERS),
        ));
    }
    let mut seen = HashSet::with_capacity(elements.len());
    let mut members = Vec::with_capacity(elements.len());
    for element in elements {
        let member = one(element, reading)?;
        if seen.insert(member.value.clone()) {
            members.push(member);
        }
    }
    Ok(Some(members))
}

fn one(element: Value, reading: &mut Reading<'_>) -> Result<Member, Error> {
    match element {
        Value::Object(object) => from_object(object, reading),
        Value::String(value) if reading.normaliser.takes(Quirk::TextForObject) => {
            Ok(Member { value: identifier(value)?, resource_type: None, display: None })
        }
        _ => Err(wrong("members", "a list of objects with a `value`")),
    }
}

fn from_object(object: Map<String, Value>, reading: &mut Reading<'_>) -> Result<Member, Error> {
    let (mut value, mut kind, mut reference, mut display) = (None, None, None, None);
    for (key, given) in object {
        let slot = match key.to_ascii_lowercase().as_str() {
            "value" => &mut value,
            "type" => &mut kind,
            "$ref" => &mut reference,
            "display" => &mut display,
            "displayname" if reading.normaliser.takes(Quirk::DisplayNameForDisplay) => &mut display,
            _ => {
                keys::unknown(&key, reading.normaliser)?;
                continue;
            }
        };
        match given {
            Value::Null => {}
            Value::String(text) => *slot = Some(text),
            _ => return Err(wrong("members", "a list of objects whose values are text")),
        }
    }
    let value = value
        .ok_or_else(|| Error::bad(ScimType::InvalidValue, "`members.value` is missing. Send the id of each member."))?;
    Ok(Member {
        value: identifier(value)?,
        resource_type: kind.as_deref().and_then(named).or_else(|| reference.as_deref().and_then(referred)),
        display: display.filter(|text| !text.is_empty() && text.chars().count() <= limits::MEMBER_CHARACTERS),
    })
}

fn identifier(value: String) -> Result<String, Error> {
    let fits = !value.is_empty() && value.chars().count() <= limits::MEMBER_CHARACTERS && !value.contains('\0');
    if fits {
        return Ok(value);
    }
    Err(Error::bad(ScimType::InvalidValue, "`members.value` is empty or too long. Send the id of the member."))
}

fn named(kind: &str) -> Option<ResourceType> {
    ResourceType::ALL.iter().copied().find(|resource_type| resource_type.name().eq_ignore_ascii_case(kind))
}

/// `…/Groups/<id>`: the segment before the id.
fn referred(reference: &str) -> Option<ResourceType> {
    reference.rsplit('/').nth(1).and_then(ResourceType::from_endpoint)
}
