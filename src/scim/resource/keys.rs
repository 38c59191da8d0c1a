//! What a key in a body names: an attribute, a whole schema, nothing. Never looks at the value under it.

use crate::scim::error::{Error, ScimType};
use crate::scim::path::AttributePath;
use crate::scim::quirks::{Normaliser, Quirk};
use crate::scim::schema::{self, Mutability, Resolved, ResourceType, Schema};

/// What a key names.
#[derive(Debug)]
pub(crate) enum Key {
    /// An attribute or sub-attribute.
    Attribute(Resolved),
    /// An attribute of an extension without the extension's URN.
    Short(Resolved),
    /// A schema as a whole.
    Schema(Whole),
    /// `password`, which nobody reads.
    Password,
    /// Nothing known here.
    Unknown,
}

/// All attributes of a schema.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Whole {
    /// Of the core schema.
    Core,
    /// Of an extension.
    Extension(&'static Schema),
}

impl Whole {
    /// The extension, if it is one.
    pub(crate) fn extension(self) -> Option<&'static Schema> {
        match self {
            Self::Core => None,
            Self::Extension(schema) => Some(schema),
        }
    }
}

/// What the key names in the body itself, or within the object of an extension.
pub(crate) fn locate(
    resource_type: ResourceType,
    within: Option<&'static Schema>,
    key: &str,
    normaliser: &mut Normaliser,
) -> Key {
    if let Some(attribute) = match within {
        Some(schema) => schema.attribute(key),
        None => schema::attribute(resource_type, key),
    } {
        return Key::Attribute(Resolved { extension: within, attribute, sub: None });
    }
    let Some(mut path) = AttributePath::read(key) else { return Key::Unknown };
    if let Some(schema) = within {
        if path.urn.is_some() {
            return Key::Unknown;
        }
        path.urn = Some(schema.urn.to_owned());
        return match schema::resolve(resource_type, &path) {
            Some(place) if normaliser.takes(Quirk::DottedKey) => Key::Attribute(place),
            _ => Key::Unknown,
        };
    }
    if is_password(resource_type, &path) {
        return Key::Password;
    }
    if let Some(schema) = whole_schema(resource_type, &path) {
        return Key::Schema(schema);
    }
    if let Some(place) = schema::resolve(resource_type, &path) {
        let quirk = if path.urn.is_some() { Quirk::UrnColonKey } else { Quirk::DottedKey };
        return if normaliser.takes(quirk) { Key::Attribute(place) } else { Key::Unknown };
    }
    match short(resource_type, &path) {
        Some(place) if normaliser.takes(Quirk::ShortEnterpriseName) => Key::Short(place),
        _ => Key::Unknown,
    }
}

/// The schema whose URN the path is, with no attribute after it.
pub(crate) fn whole_schema(resource_type: ResourceType, path: &AttributePath) -> Option<Whole> {
    if let Some(extension) = schema::whole_extension(resource_type, path) {
        return Some(Whole::Extension(extension));
    }
    let core = path.name.is_empty() && path.urn.as_deref() == Some(resource_type.core().urn);
    core.then_some(Whole::Core)
}

/// The attribute of an extension that a bare name means to clients that leave the URN out. Only what a client may
/// write: `status` without a URN is no attempt at ours.
pub(crate) fn short(resource_type: ResourceType, path: &AttributePath) -> Option<Resolved> {
    if path.urn.is_some() {
        return None;
    }
    resource_type.extensions().iter().copied().find_map(|schema| {
        let attribute = schema.attribute(&path.name)?;
        let sub = match &path.sub {
            None => None,
            Some(name) => Some(attribute.sub(name)?),
        };
        (attribute.mutability != Mutability::ReadOnly).then_some(Resolved { extension: Some(schema), attribute, sub })
    })
}

/// Whether the path is `password` of a User, with or without the core URN.
pub(crate) fn is_password(resource_type: ResourceType, path: &AttributePath) -> bool {
    let core = path.urn.as_deref().is_none_or(|urn| urn == resource_type.core().urn);
    core && resource_type == ResourceType::User && path.sub.is_none() && path.name.eq_ignore_ascii_case("password")
}

/// Drops a password, or refuses it.
pub(crate) fn password(normaliser: &mut Normaliser) -> Result<(), Error> {
    if normaliser.takes(Quirk::PasswordDropped) {
        return Ok(());
    }
    Err(Error::bad(ScimType::InvalidValue, "Passwords are not accepted here. Leave `password` out."))
}

/// Ignores a key nobody here knows, or refuses it without quoting it.
pub(crate) fn unknown(key: &str, normaliser: &mut Normaliser) -> Result<(), Error> {
    let quirk = if key.contains(':') { Quirk::UnknownSchema } else { Quirk::UnknownAttribute };
    if normaliser.takes(quirk) {
        return Ok(());
    }
    Err(Error::bad(
        ScimType::InvalidSyntax,
        "The body has an attribute that no schema of this resource knows. Leave it out; see /Schemas.",
    ))
}

/// Names differ in more than case (RFC 7643 §2.1), so two spellings of one would be two values for it.
pub(crate) fn twice(name: &str) -> Error {
    Error::bad(ScimType::InvalidSyntax, format!("`{name}` is given more than once. Send it once."))
}
