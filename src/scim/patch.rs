//! PATCH (RFC 7644 §3.5.2): reading the operations, and applying them to a document, all or none.

use serde_json::{Map, Value};

use super::filter::Filter;
use super::resource::Member;
use super::{Error, Normaliser, ResourceType};

/// What a PATCH does to a Group's members.
#[derive(Debug, Clone)]
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
    /// Whether the document is different.
    pub changed: bool,
    /// What to do to the members, in order.
    pub members: Vec<MemberChange>,
}

/// The operations of one PATCH.
#[derive(Debug)]
pub struct Request;

impl Request {
    /// Reads a body.
    pub fn parse(_: ResourceType, _: Value, _: usize, _: &mut Normaliser) -> Result<Self, Error> {
        Err(Error::new(501, "PATCH is not supported yet."))
    }

    /// Applies all operations, or none.
    pub fn apply(&self, _: ResourceType, _: &mut Map<String, Value>, _: &mut Normaliser) -> Result<Applied, Error> {
        Ok(Applied { changed: false, members: Vec::new() })
    }
}
