//! A resource as a client sends it in POST and PUT, made canonical: attribute names in the schema table's case,
//! extension attributes under their URN, no nulls, no empty lists or objects, nothing unknown, nothing that is the
//! server's own. Never knows what is stored; [`replace`] is told.

use serde_json::{Map, Value};

use super::error::{Error, ScimType};
use super::quirks::{Normaliser, Quirk};
use super::schema::{Attribute, Mutability, Resolved, ResourceType, Schema};

pub(crate) mod elements;
mod formats;
pub(crate) mod keys;
pub mod limits;
pub(crate) mod members;
pub(crate) mod read;
pub(crate) mod values;

#[cfg(test)]
pub(crate) mod tests;

pub use members::Member;
pub use read::{
    active, display_name, emails, entitlements, external_id, family_name, formatted_name, given_name, primary_email,
    roles, user_name,
};

use keys::Key;
use values::Reading;

/// A canonical resource: what is stored, without `schemas`, `id`, `meta`, `groups` and `members`.
pub type Document = Map<String, Value>;

/// What a POST or PUT asks for.
#[derive(Debug, Clone, PartialEq)]
pub struct Incoming {
    /// What kind of resource it is.
    pub resource_type: ResourceType,
    /// The canonical document; `active` is in it only if the body mentioned it.
    pub document: Document,
    /// The members of a Group; `None` if the body did not mention them.
    pub members: Option<Vec<Member>>,
    /// `active`, if the body mentioned it.
    pub active: Option<bool>,
}

/// Reads the body of a POST or PUT.
///
/// Read-only attributes are ignored (RFC 7644 §3.3, §3.5.1), `password` is dropped unread.
///
/// # Errors
///
/// `invalidSyntax` where the body has not the shape of the resource, `invalidValue` where a value does not fit its
/// attribute, is too long or too many, or a required attribute is missing.
pub fn parse(resource_type: ResourceType, body: Value, normaliser: &mut Normaliser) -> Result<Incoming, Error> {
    let Value::Object(body) = body else {
        return Err(Error::bad(ScimType::InvalidSyntax, "The body is not a JSON object. Send one resource."));
    };
    let mut builder = Builder {
        resource_type,
        reading: Reading { normaliser, patch: false },
        document: Map::new(),
        members: None,
        short: Vec::new(),
        schemas: false,
    };
    builder.object(None, body)?;
    let Builder { reading, mut document, members, short, schemas, .. } = builder;
    // The full name wins over the short one, in whatever order they came.
    for (place, value) in short {
        let object = entry(&mut document, place.extension);
        object.entry(place.attribute.name).or_insert(value);
    }
    if !schemas && !reading.normaliser.takes(Quirk::SchemasMissing) {
        return Err(Error::bad(ScimType::InvalidSyntax, "`schemas` is missing. Send the URIs of the schemas used."));
    }
    prune(resource_type, &mut document);
    check(resource_type, &document)?;
    let active = document.get("active").and_then(Value::as_bool);
    Ok(Incoming { resource_type, document, members, active })
}

/// The document that a POST makes: a User is active unless the body says otherwise.
#[must_use]
pub fn create(incoming: Incoming) -> Document {
    let mut document = incoming.document;
    if incoming.resource_type == ResourceType::User {
        document.entry("active").or_insert(Value::Bool(true));
    }
    document
}

/// The document that a PUT makes of what is stored: what the body does not mention is cleared (RFC 7644 §3.5.1),
/// except `active`, because silence must not reactivate anybody.
#[must_use]
pub fn replace(old: &Document, incoming: Incoming) -> Document {
    let mut document = incoming.document;
    if let (None, Some(active)) = (incoming.active, old.get("active")) {
        document.insert("active".to_owned(), active.clone());
    }
    document
}

/// What every stored document obeys beyond the type of each value: required attributes are there and the whole is
/// not too large.
pub(crate) fn check(resource_type: ResourceType, document: &Document) -> Result<(), Error> {
    // A body may leave `active` out; `create` and `replace` know what that means.
    let to_be_sent = |attribute: &&Attribute| attribute.required && attribute.name != "active";
    for attribute in resource_type.core().attributes.iter().filter(to_be_sent) {
        let blank = match document.get(attribute.name) {
            None => true,
            Some(Value::String(text)) => text.trim().is_empty(),
            Some(_) => false,
        };
        if blank {
            return Err(Error::bad(
                ScimType::InvalidValue,
                format!("`{}` is required and missing or blank. Send a value for it.", attribute.name),
            ));
        }
    }
    if document.values().map(limits::weight).sum::<usize>() > limits::DOCUMENT_BYTES {
        return Err(Error::bad(ScimType::InvalidValue, "The resource is too large. Send fewer or shorter values."));
    }
    Ok(())
}

/// The object that holds the attributes of the core schema or of an extension, made if it is absent.
pub(crate) fn entry<'a>(document: &'a mut Document, extension: Option<&'static Schema>) -> &'a mut Document {
    let Some(schema) = extension else { return document };
    let object = document.entry(schema.urn).or_insert_with(|| Value::Object(Map::new()));
    if !object.is_object() {
        *object = Value::Object(Map::new());
    }
    match object {
        Value::Object(object) => object,
        _ => unreachable!("it was just made an object"),
    }
}

/// Takes extensions out that have nothing left in them.
pub(crate) fn prune(resource_type: ResourceType, document: &mut Document) {
    for schema in resource_type.extensions() {
        if document.get(schema.urn).is_some_and(|object| object.as_object().is_none_or(Map::is_empty)) {
            document.shift_remove(schema.urn);
        }
    }
}

struct Builder<'a> {
    resource_type: ResourceType,
    reading: Reading<'a>,
    document: Document,
    members: Option<Vec<Member>>,
    short: Vec<(Resolved, Value)>,
    schemas: bool,
}

impl Builder<'_> {
    /// The body itself, or the object under an extension's URN.
    fn object(&mut self, within: Option<&'static Schema>, object: Map<String, Value>) -> Result<(), Error> {
        for (key, value) in object {
            self.key(within, &key, value)?;
        }
        Ok(())
    }

    fn key(&mut self, within: Option<&'static Schema>, key: &str, value: Value) -> Result<(), Error> {
        match keys::locate(self.resource_type, within, key, self.reading.normaliser) {
            Key::Attribute(place) => self.attribute(place, value, false),
            Key::Short(place) => self.attribute(place, value, true),
            Key::Schema(schema) => match value {
                Value::Null => Ok(()),
                Value::Object(object) => self.object(schema.extension(), object),
                _ => Err(Error::bad(ScimType::InvalidSyntax, "An extension is not a JSON object. Send an object.")),
            },
            Key::Password => keys::password(self.reading.normaliser),
            Key::Unknown => keys::unknown(key, self.reading.normaliser),
        }
    }

    fn attribute(&mut self, place: Resolved, value: Value, short: bool) -> Result<(), Error> {
        let attribute = place.attribute;
        match attribute.name {
            "schemas" => {
                self.schemas = schemas(self.resource_type, &value, self.reading.normaliser)?;
                return Ok(());
            }
            "members" if place.sub.is_none() => {
                self.members = members::list(value, &mut self.reading)?;
                return Ok(());
            }
            _ => {}
        }
        if place.target().mutability == Mutability::ReadOnly {
            // Ignored whether it is taken or not; taken, it is also told.
            self.reading.normaliser.takes(match (attribute.name, &value) {
                ("groups", Value::Array(groups)) if !groups.is_empty() => Quirk::GroupsInBody,
                _ => Quirk::ReadOnlyInBody,
            });
            return Ok(());
        }
        match place.sub {
            Some(sub) if attribute.multi_valued => keys::unknown(sub.name, self.reading.normaliser),
            Some(sub) => self.sub_attribute(place, sub, value),
            None => match values::canonical(attribute, value, &mut self.reading)? {
                None => Ok(()),
                Some(value) if short => {
                    self.short.push((place, value));
                    Ok(())
                }
                Some(value) => self.insert(place.extension, attribute.name, value),
            },
        }
    }

    /// `"name.givenName"` as a key.
    fn sub_attribute(&mut self, place: Resolved, sub: &'static Attribute, value: Value) -> Result<(), Error> {
        let Some(value) = values::scalar(sub, Some(place.attribute), value, &mut self.reading)? else { return Ok(()) };
        let object = entry(&mut self.document, place.extension)
            .entry(place.attribute.name)
            .or_insert_with(|| Value::Object(Map::new()));
        match object.as_object_mut() {
            Some(object) if !object.contains_key(sub.name) => {
                object.insert(sub.name.to_owned(), value);
                Ok(())
            }
            _ => Err(keys::twice(sub.name)),
        }
    }

    fn insert(&mut self, extension: Option<&'static Schema>, name: &str, value: Value) -> Result<(), Error> {
        match entry(&mut self.document, extension).insert(name.to_owned(), value) {
            None => Ok(()),
            Some(_) => Err(keys::twice(name)),
        }
    }
}

/// Checks `schemas` (RFC 7643 §3.1) and says whether there is one worth the name.
fn schemas(resource_type: ResourceType, value: &Value, normaliser: &mut Normaliser) -> Result<bool, Error> {
    let urns: Vec<&str> = match value {
        Value::Null => return Ok(false),
        Value::Array(urns) => urns.iter().map(Value::as_str).collect::<Option<_>>(),
        Value::String(urn) if normaliser.takes(Quirk::ElementWithoutList) => Some(vec![urn.as_str()]),
        _ => None,
    }
    .ok_or_else(|| Error::bad(ScimType::InvalidSyntax, "`schemas` is not a list of URIs. Send a list of texts."))?;
    if urns.is_empty() {
        return Ok(false);
    }
    let mut core_seen = false;
    for urn in urns {
        let core = urn.eq_ignore_ascii_case(resource_type.core().urn);
        let known = core || super::schema::extension(resource_type, urn).is_some();
        if !known && !normaliser.takes(Quirk::UnknownSchema) {
            return Err(Error::bad(ScimType::InvalidValue, "`schemas` has a URI not known here. Leave it out."));
        }
        core_seen |= core;
    }
    if !core_seen && !normaliser.takes(Quirk::CoreSchemaMissing) {
        return Err(Error::bad(
            ScimType::InvalidValue,
            format!("`schemas` lacks {}. Add it.", resource_type.core().urn),
        ));
    }
    Ok(true)
}
