//! Filters (RFC 7644 §3.4.2.2): what one says, and how it is written down again. Reading is in `lexer` and
//! `parser`, evaluating in `matches`; turning one into SQL is the store's.

mod lexer;
mod matches;
mod parser;

use std::fmt;

use super::error::Error;
use super::path::AttributePath;
use super::quirks::Normaliser;
use super::schema::{Attribute, Resolved, ResourceType};

/// What a resource, or an element of a multi-valued attribute, is asked for.
///
/// Chains of `and` and of `or` lean to the left, as they are written. Its `Debug` form is its [`shape`](Self::shape),
/// so that no value reaches a log.
#[derive(Clone, PartialEq)]
pub enum Filter {
    /// Both hold.
    And(Box<Self>, Box<Self>),
    /// One holds at least.
    Or(Box<Self>, Box<Self>),
    /// It does not hold.
    Not(Box<Self>),
    /// Some value of the attribute compares so; without any value only `ne` holds.
    Compare {
        /// As written.
        path: AttributePath,
        /// What it means; for a complex attribute compared as a whole, its `value`.
        resolved: Resolved,
        /// How.
        op: CompareOp,
        /// With what; of the attribute's own kind, or null with `eq` and `ne`.
        value: Literal,
    },
    /// The attribute has a value.
    Present {
        /// As written.
        path: AttributePath,
        /// What it means.
        resolved: Resolved,
    },
    /// One element of the attribute passes the inner filter, whose names are sub-attributes.
    ///
    /// `emails[type eq "work"].value eq "x"`, which Entra sends, is read as `emails[type eq "work" and value eq "x"]`.
    ValuePath {
        /// As written.
        path: AttributePath,
        /// What it means; its `sub` is always `None`.
        resolved: Resolved,
        /// What one element has to pass.
        filter: Box<Self>,
    },
    /// A comparison with an attribute this resource type does not have, and which therefore has no value; `pr`
    /// and value paths are kept as `ne null`, which says the same.
    Unknown {
        /// As written.
        path: AttributePath,
        /// How it is compared.
        op: CompareOp,
        /// With what.
        value: Literal,
    },
}

/// RFC 7644 §3.4.2.2, table 3, without `pr`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CompareOp {
    /// Equal.
    Eq,
    /// Not equal.
    Ne,
    /// Contains.
    Co,
    /// Starts with.
    Sw,
    /// Ends with.
    Ew,
    /// Greater than.
    Gt,
    /// Greater than or equal to.
    Ge,
    /// Less than.
    Lt,
    /// Less than or equal to.
    Le,
}

impl CompareOp {
    const NAMES: [(&'static str, Self); 9] = [
        ("eq", Self::Eq),
        ("ne", Self::Ne),
        ("co", Self::Co),
        ("sw", Self::Sw),
        ("ew", Self::Ew),
        ("gt", Self::Gt),
        ("ge", Self::Ge),
        ("lt", Self::Lt),
        ("le", Self::Le),
    ];

    /// The operator of this name, whatever its case.
    fn from_name(word: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(name, _)| name.eq_ignore_ascii_case(word)).map(|(_, op)| *op)
    }

    /// As it is written.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        Self::NAMES[self as usize].0
    }

    /// `gt`, `ge`, `lt` or `le`.
    fn orders(self) -> bool {
        matches!(self, Self::Gt | Self::Ge | Self::Lt | Self::Le)
    }

    /// `co`, `sw` or `ew`.
    fn looks_inside(self) -> bool {
        matches!(self, Self::Co | Self::Sw | Self::Ew)
    }
}

/// What an attribute is compared with.
#[derive(Debug, Clone, PartialEq)]
pub enum Literal {
    /// A text, its escapes undone.
    String(String),
    /// `true` or `false`.
    Bool(bool),
    /// A number.
    Number(serde_json::Number),
    /// No value.
    Null,
}

/// How large a filter may be; all of it is checked before anything is built from it.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Bytes of text.
    pub bytes: usize,
    /// Parentheses and brackets open at once.
    pub depth: usize,
    /// Expressions joined by `and` and `or`.
    pub terms: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { bytes: 4096, depth: 16, terms: 64 }
    }
}

impl Filter {
    /// Reads the `filter` of a query for resources of one type.
    ///
    /// # Errors
    ///
    /// `invalidFilter`, with the position, if the text is no filter, is larger than `limits`, compares what cannot
    /// be compared so, or holds a deviation that `normaliser` does not take.
    pub fn parse(
        text: &str,
        resource_type: ResourceType,
        limits: &Limits,
        normaliser: &mut Normaliser,
    ) -> Result<Self, Error> {
        parser::parse(text, parser::Scope::Resource(resource_type), limits, normaliser)
    }

    /// Reads what stands between the brackets of a PATCH path: names are sub-attributes of `attribute`.
    ///
    /// # Errors
    ///
    /// As [`Self::parse`].
    pub fn parse_element(
        text: &str,
        attribute: &'static Attribute,
        limits: &Limits,
        normaliser: &mut Normaliser,
    ) -> Result<Self, Error> {
        parser::parse(text, parser::Scope::Element(attribute), limits, normaliser)
    }

    /// Whether the filter needs the attribute of this name, or anything of the extension of this URN, to be loaded.
    #[must_use]
    pub fn mentions(&self, name: &str) -> bool {
        match self {
            Self::And(left, right) | Self::Or(left, right) => right.mentions(name) || left.mentions(name),
            Self::Not(inner) => inner.mentions(name),
            Self::Compare { resolved, .. } | Self::Present { resolved, .. } | Self::ValuePath { resolved, .. } => {
                let schema = resolved.extension.map_or("", |schema| schema.urn);
                schema.eq_ignore_ascii_case(name)
                    || (schema.is_empty() && resolved.attribute.name.eq_ignore_ascii_case(name))
            }
            Self::Unknown { .. } => false,
        }
    }

    /// The filter with `?` for every value: what may be logged.
    #[must_use]
    pub fn shape(&self) -> String {
        Written { filter: self, values: false }.to_string()
    }
}

impl fmt::Debug for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", Written { filter: self, values: false })
    }
}

/// With its values: reading it again gives the same filter. Not for logs.
impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", Written { filter: self, values: true })
    }
}

struct Written<'a> {
    filter: &'a Filter,
    values: bool,
}

impl Written<'_> {
    fn of<'b>(&self, filter: &'b Filter) -> Written<'b> {
        Written { filter, values: self.values }
    }

    fn operand(&self, f: &mut fmt::Formatter<'_>, filter: &Filter, parenthesised: bool) -> fmt::Result {
        let written = self.of(filter);
        if parenthesised { write!(f, "({written})") } else { write!(f, "{written}") }
    }

    fn comparison(
        &self,
        f: &mut fmt::Formatter<'_>,
        path: &AttributePath,
        op: CompareOp,
        value: &Literal,
    ) -> fmt::Result {
        write!(f, "{path} {} ", op.as_str())?;
        if self.values { write!(f, "{value}") } else { f.write_str("?") }
    }
}

impl fmt::Display for Written<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.filter {
            Filter::And(left, right) => {
                self.operand(f, left, matches!(**left, Filter::Or(..)))?;
                f.write_str(" and ")?;
                self.operand(f, right, matches!(**right, Filter::And(..) | Filter::Or(..)))
            }
            Filter::Or(left, right) => {
                self.operand(f, left, false)?;
                f.write_str(" or ")?;
                self.operand(f, right, matches!(**right, Filter::Or(..)))
            }
            Filter::Not(inner) => write!(f, "not ({})", self.of(inner)),
            Filter::Compare { path, op, value, .. } | Filter::Unknown { path, op, value } => {
                self.comparison(f, path, *op, value)
            }
            Filter::Present { path, .. } => write!(f, "{path} pr"),
            Filter::ValuePath { path, filter, .. } => write!(f, "{path}[{}]", self.of(filter)),
        }
    }
}

/// As JSON writes it.
impl fmt::Display for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::String(text) => write!(f, "{}", serde_json::Value::from(text.as_str())),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Number(number) => write!(f, "{number}"),
            Self::Null => f.write_str("null"),
        }
    }
}

#[cfg(test)]
mod tests;
