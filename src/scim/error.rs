//! What is wrong with a request, in the protocol's own terms. Never holds a secret or an internal; `web` adds
//! the reference and writes it down as the error body of RFC 7644 §3.12.

/// The `scimType` of RFC 7644 §3.12, table 9.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScimType {
    /// The filter is malformed, or an attribute and its comparison do not fit.
    InvalidFilter,
    /// More results than the server is willing to calculate.
    TooMany,
    /// A value is already in use or reserved.
    Uniqueness,
    /// The attribute may not be changed so.
    Mutability,
    /// The body's structure is malformed or does not fit the request.
    InvalidSyntax,
    /// The PATCH path is malformed.
    InvalidPath,
    /// The PATCH path selects nothing that could be changed.
    NoTarget,
    /// A required value is missing, or a value does not fit its attribute.
    InvalidValue,
    /// The SCIM protocol version is not supported.
    InvalidVers,
    /// The request may not be made because it would reveal something (in a URI).
    Sensitive,
}

impl ScimType {
    /// As it stands in the body.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidFilter => "invalidFilter",
            Self::TooMany => "tooMany",
            Self::Uniqueness => "uniqueness",
            Self::Mutability => "mutability",
            Self::InvalidSyntax => "invalidSyntax",
            Self::InvalidPath => "invalidPath",
            Self::NoTarget => "noTarget",
            Self::InvalidValue => "invalidValue",
            Self::InvalidVers => "invalidVers",
            Self::Sensitive => "sensitive",
        }
    }
}

/// A request that cannot be answered as asked: HTTP status, `scimType` where the RFC names one, and one sentence
/// saying what is wrong followed by one saying what to do.
///
/// `detail` is shown verbatim in IdPs' consoles, so it never quotes a value from the request beyond an
/// attribute's name from our own schema.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{status} {}: {detail}", scim_type.map_or("-", ScimType::as_str))]
pub struct Error {
    /// The HTTP status.
    pub status: u16,
    /// The `scimType`, where RFC 7644 names one.
    pub scim_type: Option<ScimType>,
    /// What is wrong and what to do, at most 300 characters.
    pub detail: String,
}

impl Error {
    /// An error of this status without a `scimType`.
    #[must_use]
    pub fn new(status: u16, detail: impl Into<String>) -> Self {
        Self { status, scim_type: None, detail: detail.into() }
    }

    /// A 400 with a `scimType`.
    #[must_use]
    pub fn bad(scim_type: ScimType, detail: impl Into<String>) -> Self {
        Self { status: 400, scim_type: Some(scim_type), detail: detail.into() }
    }

    /// No such resource for this caller; the same words for a foreign, deleted and invented id.
    #[must_use]
    pub fn not_found() -> Self {
        Self::new(404, "No such resource exists here. Check the id, or create the resource again.")
    }

    /// 409: this connection already has such a resource.
    #[must_use]
    pub fn uniqueness(detail: impl Into<String>) -> Self {
        Self { status: 409, scim_type: Some(ScimType::Uniqueness), detail: detail.into() }
    }
}
