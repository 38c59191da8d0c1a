//! The one table of attributes (RFC 7643 §4, §7): it drives `/Schemas`, parsing, mutability, filtering, PATCH,
//! projection and the tests. Holds no behaviour beyond looking an attribute up.

mod build;
mod common;
mod extensions;
mod group;
mod user;

pub use common::COMMON;
pub use extensions::{ACCESS, ENTERPRISE_USER};
pub use group::GROUP;
pub use user::USER;

use super::path::AttributePath;

/// The kinds of resource served.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ResourceType {
    /// `/Users`
    User,
    /// `/Groups`
    Group,
}

impl ResourceType {
    /// All of them, in the order of `/ResourceTypes`.
    pub const ALL: &'static [Self] = &[Self::User, Self::Group];

    /// As in `meta.resourceType`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::User => "User",
            Self::Group => "Group",
        }
    }

    /// The path segment, without a slash.
    #[must_use]
    pub const fn endpoint(self) -> &'static str {
        match self {
            Self::User => "Users",
            Self::Group => "Groups",
        }
    }

    /// The type served under a path segment, whatever its case (Microsoft's own collection asks for `/users`).
    #[must_use]
    pub fn from_endpoint(segment: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.endpoint().eq_ignore_ascii_case(segment))
    }

    /// Its core schema.
    #[must_use]
    pub fn core(self) -> &'static Schema {
        match self {
            Self::User => &USER,
            Self::Group => &GROUP,
        }
    }

    /// Its extensions, in the order they are written.
    #[must_use]
    pub fn extensions(self) -> &'static [&'static Schema] {
        match self {
            Self::User => const { &[&ENTERPRISE_USER, &ACCESS] },
            Self::Group => &[],
        }
    }

    /// The attribute that people know a resource by, unique in a connection: `userName` or `displayName`.
    #[must_use]
    pub const fn naming(self) -> &'static str {
        match self {
            Self::User => "userName",
            Self::Group => "displayName",
        }
    }
}

/// RFC 7643 §2.3, the data types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Unicode text.
    String,
    /// `true` or `false`.
    Boolean,
    /// A whole number.
    Integer,
    /// A number with a fraction.
    Decimal,
    /// An `xsd:dateTime` text.
    DateTime,
    /// Base64.
    Binary,
    /// A URI text.
    Reference,
    /// Sub-attributes.
    Complex,
}

impl Kind {
    /// As in `/Schemas`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Boolean => "boolean",
            Self::Integer => "integer",
            Self::Decimal => "decimal",
            Self::DateTime => "dateTime",
            Self::Binary => "binary",
            Self::Reference => "reference",
            Self::Complex => "complex",
        }
    }
}

/// RFC 7643 §7 `mutability`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mutability {
    /// The server's alone.
    ReadOnly,
    /// The client's.
    ReadWrite,
    /// The client's, once.
    Immutable,
    /// Accepted, never shown.
    WriteOnly,
}

impl Mutability {
    /// As in `/Schemas`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ReadOnly => "readOnly",
            Self::ReadWrite => "readWrite",
            Self::Immutable => "immutable",
            Self::WriteOnly => "writeOnly",
        }
    }
}

/// RFC 7643 §7 `returned`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Returned {
    /// In every answer.
    Always,
    /// In none.
    Never,
    /// Unless excluded.
    Default,
    /// Only when asked for.
    Request,
}

impl Returned {
    /// As in `/Schemas`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Always => "always",
            Self::Never => "never",
            Self::Default => "default",
            Self::Request => "request",
        }
    }
}

/// RFC 7643 §7 `uniqueness`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Uniqueness {
    /// May repeat.
    None,
    /// Once in a connection.
    Server,
    /// Once everywhere.
    Global,
}

impl Uniqueness {
    /// As in `/Schemas`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Server => "server",
            Self::Global => "global",
        }
    }
}

/// One attribute or sub-attribute.
#[derive(Debug)]
pub struct Attribute {
    /// In its canonical case.
    pub name: &'static str,
    /// What it is for; shown in `/Schemas`.
    pub description: &'static str,
    /// Its data type.
    pub kind: Kind,
    /// Whether it holds a list.
    pub multi_valued: bool,
    /// Whether a resource without it is refused.
    pub required: bool,
    /// Whether comparison minds upper and lower case.
    pub case_exact: bool,
    /// Who may change it.
    pub mutability: Mutability,
    /// When it is in an answer.
    pub returned: Returned,
    /// How far it is unique.
    pub uniqueness: Uniqueness,
    /// Suggested values; empty if none.
    pub canonical_values: &'static [&'static str],
    /// What a reference may refer to; empty if it is none.
    pub reference_types: &'static [&'static str],
    /// Of a complex attribute.
    pub sub_attributes: &'static [Attribute],
}

impl Attribute {
    /// The sub-attribute of this name, whatever its case.
    #[must_use]
    pub fn sub(&self, name: &str) -> Option<&'static Attribute> {
        find(self.sub_attributes, name)
    }
}

/// One schema: core or extension.
#[derive(Debug)]
pub struct Schema {
    /// Its URN.
    pub urn: &'static str,
    /// Its name.
    pub name: &'static str,
    /// What it is for.
    pub description: &'static str,
    /// Its attributes.
    pub attributes: &'static [Attribute],
}

impl Schema {
    /// The attribute of this name, whatever its case.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&'static Attribute> {
        find(self.attributes, name)
    }
}

/// An attribute path found in the table.
#[derive(Debug, Clone, Copy)]
pub struct Resolved {
    /// The extension whose object holds it; `None` for a core or common attribute.
    pub extension: Option<&'static Schema>,
    /// The attribute.
    pub attribute: &'static Attribute,
    /// The sub-attribute, if the path names one.
    pub sub: Option<&'static Attribute>,
}

/// Names decide, since the table has each once.
impl PartialEq for Resolved {
    fn eq(&self, other: &Self) -> bool {
        let names = |resolved: &Self| {
            (resolved.extension.map(|schema| schema.urn), resolved.attribute.name, resolved.sub.map(|sub| sub.name))
        };
        names(self) == names(other)
    }
}

impl Eq for Resolved {}

impl Resolved {
    /// What the path ends at: the sub-attribute if it names one, else the attribute.
    #[must_use]
    pub fn target(&self) -> &'static Attribute {
        self.sub.unwrap_or(self.attribute)
    }
}

/// Looks a path up for a resource type, without regard to case (RFC 7643 §2.1).
///
/// A bare name means a core or common attribute (RFC 7644 §3.10); an attribute of an extension needs its URN. The
/// URN of a whole extension is no attribute: see [`whole_extension`].
#[must_use]
pub fn resolve(resource_type: ResourceType, path: &AttributePath) -> Option<Resolved> {
    let (extension, top) = match path.urn.as_deref() {
        None => (None, attribute(resource_type, &path.name)?),
        Some(urn) if urn.eq_ignore_ascii_case(resource_type.core().urn) => {
            (None, attribute(resource_type, &path.name)?)
        }
        Some(urn) => {
            let schema = extension(resource_type, urn)?;
            (Some(schema), schema.attribute(&path.name)?)
        }
    };
    let sub = match path.sub.as_deref() {
        None => None,
        Some(name) => Some(top.sub(name)?),
    };
    Some(Resolved { extension, attribute: top, sub })
}

/// The core or common attribute of this name, whatever its case.
#[must_use]
pub fn attribute(resource_type: ResourceType, name: &str) -> Option<&'static Attribute> {
    resource_type.core().attribute(name).or_else(|| COMMON.attribute(name))
}

/// The extension of this URN, whatever its case.
#[must_use]
pub fn extension(resource_type: ResourceType, urn: &str) -> Option<&'static Schema> {
    resource_type.extensions().iter().copied().find(|schema| schema.urn.eq_ignore_ascii_case(urn))
}

/// The extension that a path names as a whole, by its URN alone.
#[must_use]
pub fn whole_extension(resource_type: ResourceType, path: &AttributePath) -> Option<&'static Schema> {
    path.urn.as_deref().filter(|_| path.name.is_empty()).and_then(|urn| extension(resource_type, urn))
}

/// Every URN a path may begin with.
pub(super) fn urns() -> impl Iterator<Item = &'static str> {
    [&USER, &GROUP, &ENTERPRISE_USER, &ACCESS].into_iter().map(|schema| schema.urn)
}

fn find(attributes: &'static [Attribute], name: &str) -> Option<&'static Attribute> {
    attributes.iter().find(|attribute| attribute.name.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests;
