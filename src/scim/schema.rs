//! The one table of attributes (RFC 7643 §4, §7): it drives `/Schemas`, parsing, mutability, filtering, PATCH,
//! projection and the tests. Holds no behaviour beyond looking an attribute up.

use super::path::AttributePath;

/// The kinds of resource served.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ResourceType {
    /// `/Users`
    User,
    /// `/Groups`
    Group,
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

/// Looks a path up for a resource type, without regard to case (RFC 7643 §2.1).
#[must_use]
pub fn resolve(_resource_type: ResourceType, _path: &AttributePath) -> Option<Resolved> {
    None
}
