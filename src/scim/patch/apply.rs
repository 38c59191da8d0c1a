//! Applying steps to a document. Never sees a path or a value a client wrote: those are canonical by now.

use serde_json::{Map, Value};

use super::plan::{Step, equality, is_meant, nothing_selected};
use super::{Normaliser, Op};
use crate::scim::error::Error;
use crate::scim::filter::Filter;
use crate::scim::quirks::Quirk;
use crate::scim::resource::elements::{is_primary, make_primary, push};
use crate::scim::resource::values::{Parts, Reading, has_substance, scalar, too_many};
use crate::scim::resource::{self, Document, entry, limits};
use crate::scim::schema::{Attribute, Resolved, ResourceType, Schema};

/// Applies one step; after an error the document may be half done, and the caller drops it.
pub(super) fn step(step: &Step, document: &mut Document, normaliser: &mut Normaliser) -> Result<(), Error> {
    match step {
        Step::Set { place, value: Some(value) } => {
            entry(document, place.extension).insert(place.attribute.name.to_owned(), value.clone());
        }
        Step::Set { place, value: None } => unset(*place, document),
        Step::Merge { place, parts } => merge_single(*place, parts, document),
        Step::Add { place, elements } => add(*place, elements, document)?,
        Step::RemoveMeant { place, selectors } => {
            retain(*place, document, |element| !is_meant(element, selectors));
        }
        Step::RemoveWhere { place, filter } => {
            retain(*place, document, |element| !filter.matches_element(element));
        }
        Step::MergeWhere { place, filter, parts, op } => {
            merge_elements(*place, filter.as_ref(), parts, *op, document, normaliser)?;
        }
        Step::Clear(schema) => {
            document.shift_remove(schema.urn);
        }
        Step::Members(_) => {}
    }
    Ok(())
}

/// Leaves no element that holds nothing, no empty list, object or extension. Only after the last step: one operation
/// may make an element that the next gives its value.
pub(super) fn settle(resource_type: ResourceType, document: &mut Document) {
    document.retain(|_, value| match value {
        Value::Array(elements) => {
            elements.retain(|element| element.as_object().is_some_and(has_substance));
            !elements.is_empty()
        }
        Value::Object(object) => !object.is_empty(),
        _ => true,
    });
    for schema in resource_type.extensions() {
        if let Some(Value::Object(object)) = document.get_mut(schema.urn) {
            object.retain(|_, value| value.as_object().is_none_or(|object| !object.is_empty()));
        }
    }
    resource::prune(resource_type, document);
}

fn unset(place: Resolved, document: &mut Document) {
    if let Some(object) = object_mut(document, place.extension) {
        object.shift_remove(place.attribute.name);
    }
}

/// The attributes of the core schema or of an extension, if there are any.
fn object_mut<'a>(document: &'a mut Document, extension: Option<&'static Schema>) -> Option<&'a mut Document> {
    match extension {
        None => Some(document),
        Some(schema) => document.get_mut(schema.urn)?.as_object_mut(),
    }
}

fn merge_single(place: Resolved, parts: &Parts, document: &mut Document) {
    let object = entry(document, place.extension);
    let known = object.entry(place.attribute.name).or_insert_with(|| Value::Object(Map::new()));
    let Value::Object(known) = known else { return };
    if merge(known, parts) == Merged::Gone {
        object.shift_remove(place.attribute.name);
    }
}

#[derive(PartialEq, Eq)]
enum Merged {
    Kept,
    Gone,
}

/// Gives and takes parts of an object. Without its `value` the rest of it says nothing; and a `$ref` is the URI of
/// the `value` it came with, not of the next.
fn merge(object: &mut Map<String, Value>, parts: &Parts) -> Merged {
    for (sub, value) in parts {
        match value {
            Some(value) => {
                let old = object.insert(sub.name.to_owned(), value.clone());
                let other = sub.name == "value" && old.is_some_and(|old| old != *value);
                if other && !parts.iter().any(|(sub, _)| sub.name == "$ref") {
                    object.shift_remove("$ref");
                }
            }
            None if sub.name == "value" => return Merged::Gone,
            None => {
                object.shift_remove(sub.name);
            }
        }
    }
    Merged::Kept
}

/// The elements of a multi-valued attribute, made if absent; [`settle`] takes an empty list out again.
fn list(place: Resolved, document: &mut Document) -> &mut Vec<Value> {
    let value =
        entry(document, place.extension).entry(place.attribute.name).or_insert_with(|| Value::Array(Vec::new()));
    if !value.is_array() {
        *value = Value::Array(Vec::new());
    }
    match value {
        Value::Array(elements) => elements,
        _ => unreachable!("it was just made a list"),
    }
}

fn retain(place: Resolved, document: &mut Document, keep: impl FnMut(&Value) -> bool) {
    let value = object_mut(document, place.extension).and_then(|object| object.get_mut(place.attribute.name));
    if let Some(Value::Array(elements)) = value {
        elements.retain(keep);
    }
}

fn add(place: Resolved, new: &[Value], document: &mut Document) -> Result<(), Error> {
    let elements = list(place, document);
    for element in new {
        insert(elements, element.clone());
    }
    within_cap(place.attribute, elements)
}

fn insert(elements: &mut Vec<Value>, element: Value) {
    let primary = is_primary(&element);
    let index = push(elements, element);
    if primary {
        make_primary(elements, index);
    }
}

fn within_cap(attribute: &Attribute, elements: &[Value]) -> Result<(), Error> {
    if elements.len() > limits::ELEMENTS { Err(too_many(attribute)) } else { Ok(()) }
}

fn merge_elements(
    place: Resolved,
    filter: Option<&Filter>,
    parts: &Parts,
    op: Op,
    document: &mut Document,
    normaliser: &mut Normaliser,
) -> Result<(), Error> {
    let elements = list(place, document);
    let selected: Vec<bool> =
        elements.iter().map(|element| filter.is_none_or(|filter| filter.matches_element(element))).collect();
    let primary = parts.iter().any(|(sub, value)| sub.name == "primary" && *value == Some(Value::Bool(true)));
    let Some(first) = selected.iter().position(|selected| *selected) else {
        // Taking away what is not there changes nothing.
        if parts.iter().all(|(_, value)| value.is_none()) {
            return Ok(());
        }
        // RFC 7644 §3.5.2.1 adds what does not exist; §3.5.2.3 wants an error for a replace that selects nothing.
        if !normaliser.takes(Quirk::CreateByFilter) && op != Op::Add {
            return Err(nothing_selected(place.attribute));
        }
        let element = created(place.attribute, filter, parts, normaliser)?;
        insert(elements, element);
        return within_cap(place.attribute, elements);
    };
    let mut gone = vec![false; elements.len()];
    for (index, element) in elements.iter_mut().enumerate().filter(|(index, _)| selected[*index]) {
        if let Value::Object(element) = element {
            gone[index] = merge(element, parts) == Merged::Gone;
        }
    }
    if primary {
        make_primary(elements, first);
    }
    let mut gone = gone.into_iter();
    elements.retain(|_| !gone.next().unwrap_or(false));
    Ok(())
}

/// The element that the filter describes, with the parts; `noTarget` if the filter is more than equalities.
fn created(
    attribute: &'static Attribute,
    filter: Option<&Filter>,
    parts: &Parts,
    normaliser: &mut Normaliser,
) -> Result<Value, Error> {
    let mut reading = Reading { normaliser, patch: true };
    let mut element = Map::new();
    let mut rest = filter;
    while let Some(filter) = rest {
        let (last, left) = match filter {
            Filter::And(left, right) => (&**right, Some(&**left)),
            last => (last, None),
        };
        let (sub, value) = equality(last).ok_or_else(|| nothing_selected(attribute))?;
        // A value in a filter has been through no check of what may be stored; and no element can have `""`.
        let value = scalar(sub, Some(attribute), value, &mut reading)?.ok_or_else(|| nothing_selected(attribute))?;
        element.insert(sub.name.to_owned(), value);
        rest = left;
    }
    for (sub, value) in parts {
        match value {
            Some(value) => element.insert(sub.name.to_owned(), value.clone()),
            None => element.shift_remove(sub.name),
        };
    }
    Ok(Value::Object(element))
}
