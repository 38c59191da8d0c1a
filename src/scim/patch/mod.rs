//! PATCH (RFC 7644 §3.5.2): reading the operations, and applying them to a document, all or none. Never touches a
//! Group's member list: what it asks of the members is handed on, so that its cost does not grow with the Group.

use serde_json::{Map, Value};

use super::error::{Error, ScimType};
use super::filter::Filter;
use super::quirks::{Normaliser, Quirk};
use super::resource::values::{Reading, wrong};
use super::resource::{self, Document, Member, keys};
use super::schema::ResourceType;

mod apply;
mod plan;

#[cfg(test)]
mod tests;

const MESSAGE: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

/// What a PATCH does to a Group's members.
#[derive(Debug, Clone, PartialEq)]
pub enum MemberChange {
    /// Adds these.
    Add(Vec<Member>),
    /// Makes these the only ones.
    Replace(Vec<Member>),
    /// Removes these, by id.
    Remove(Vec<String>),
    /// Removes those that fit.
    RemoveWhere(Filter),
    /// Removes all.
    RemoveAll,
}

/// What applying came to.
#[derive(Debug)]
pub struct Applied {
    /// Whether the document is different; says nothing of the members.
    pub changed: bool,
    /// What to do to the members, in the order asked.
    pub members: Vec<MemberChange>,
}

/// The operations of one PATCH, read and checked against the schema.
#[derive(Debug)]
pub struct Request {
    steps: Vec<plan::Step>,
}

/// RFC 7644 §3.5.2 `op`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Op {
    Add,
    Replace,
    Remove,
}

impl Request {
    /// Reads a body.
    ///
    /// # Errors
    ///
    /// `invalidSyntax` where it is no PATCH message, 413 for more than `max_operations`, and what RFC 7644 §3.5.2
    /// and §3.12 name for a path or a value: `invalidPath`, `invalidFilter`, `noTarget`, `mutability`, `invalidValue`.
    pub fn parse(
        resource_type: ResourceType,
        body: Value,
        max_operations: usize,
        normaliser: &mut Normaliser,
    ) -> Result<Self, Error> {
        let Value::Object(mut body) = body else { return Err(no_message()) };
        message(take(&mut body, "schemas")?.as_ref(), normaliser)?;
        let operations = match take(&mut body, "Operations")? {
            Some(Value::Array(operations)) if !operations.is_empty() => operations,
            _ => return Err(no_message()),
        };
        if operations.len() > max_operations {
            return Err(Error::new(
                413,
                format!("The request has more than {max_operations} operations. Send them in several requests."),
            ));
        }
        let mut planner =
            plan::Planner { resource_type, reading: Reading { normaliser, patch: true }, steps: Vec::new() };
        for operation in operations {
            let Value::Object(mut operation) = operation else { return Err(no_message()) };
            let op = op(take(&mut operation, "op")?, planner.reading.normaliser)?;
            let path = match take(&mut operation, "path")? {
                None | Some(Value::Null) => None,
                Some(Value::String(path)) => Some(path),
                Some(_) => return Err(plan::invalid_path()),
            };
            let value = take(&mut operation, "value")?;
            for key in operation.keys() {
                keys::unknown(key, planner.reading.normaliser)?;
            }
            planner.operation(op, path.as_deref(), value)?;
        }
        Ok(Self { steps: planner.steps })
    }

    /// Whether an operation gives or takes an attribute as a whole, even if it is so already.
    #[must_use]
    pub fn sets(&self, attribute: &str) -> bool {
        self.steps.iter().any(|step| matches!(step, plan::Step::Set { place, .. } if place.attribute.name == attribute))
    }

    /// Applies all operations in their order, or none: after an error the document is as it was.
    ///
    /// # Errors
    ///
    /// `noTarget` where a filter selects nothing to replace, `invalidValue` where the result would lack a required
    /// attribute or be too large, `mutability` where an attribute would be changed in a way it may not.
    pub fn apply(
        &self,
        resource_type: ResourceType,
        document: &mut Document,
        normaliser: &mut Normaliser,
    ) -> Result<Applied, Error> {
        let mut next = document.clone();
        let mut members = Vec::new();
        for step in &self.steps {
            match step {
                plan::Step::Members(change) => members.push(change.clone()),
                step => apply::step(step, &mut next, normaliser)?,
            }
        }
        apply::settle(resource_type, &mut next);
        resource::check(resource_type, &next)?;
        let changed = next != *document;
        if changed {
            *document = next;
        }
        Ok(Applied { changed, members })
    }
}

/// Takes what stands under a name, whatever its case (RFC 7643 §2.1).
fn take(object: &mut Map<String, Value>, name: &str) -> Result<Option<Value>, Error> {
    let mut found: Vec<String> = object.keys().filter(|key| key.eq_ignore_ascii_case(name)).cloned().collect();
    match (found.pop(), found.pop()) {
        (None, _) => Ok(None),
        (Some(key), None) => Ok(object.shift_remove(&key)),
        _ => Err(keys::twice(name)),
    }
}

fn no_message() -> Error {
    Error::bad(
        ScimType::InvalidSyntax,
        "The body is not a PATCH message. Send an object with `schemas` and a list `Operations` of at least one.",
    )
}

fn message(schemas: Option<&Value>, normaliser: &mut Normaliser) -> Result<(), Error> {
    let named = match schemas {
        None | Some(Value::Null) => None,
        Some(Value::Array(urns)) => Some(urns.iter().any(|urn| urn.as_str() == Some(MESSAGE))),
        Some(_) => return Err(no_message()),
    };
    let taken = match named {
        Some(true) => true,
        Some(false) => normaliser.takes(Quirk::UnknownSchema),
        None => normaliser.takes(Quirk::SchemasMissing),
    };
    if taken { Ok(()) } else { Err(no_message()) }
}

fn op(value: Option<Value>, normaliser: &mut Normaliser) -> Result<Op, Error> {
    let Some(Value::String(word)) = value else { return Err(wrong_op()) };
    let op = match word.to_ascii_lowercase().as_str() {
        "add" => Op::Add,
        "replace" => Op::Replace,
        "remove" => Op::Remove,
        _ => return Err(wrong_op()),
    };
    let capital = word.bytes().any(|byte| byte.is_ascii_uppercase());
    if capital && !normaliser.takes(Quirk::CapitalOperation) {
        return Err(wrong_op());
    }
    Ok(op)
}

fn wrong_op() -> Error {
    Error { scim_type: Some(ScimType::InvalidSyntax), ..wrong("op", "add, replace or remove") }
}
