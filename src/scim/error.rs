//! What is wrong with a request, in the protocol's own terms, and the one catalogue of all such answers. Never holds a
//! secret or an internal; `web` adds the reference and writes it down as the error body of RFC 7644 §3.12.

/// The `scimType` of RFC 7644 §3.12, table 9: those that are answered here.
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
}

/// What an answer means for whoever set the client up, and what they can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Explained {
    /// The HTTP status.
    pub status: u16,
    /// The `scimType`, where it has one.
    pub scim_type: Option<ScimType>,
    /// What it means.
    pub meaning: &'static str,
    /// What to do.
    pub advice: &'static str,
}

const fn plain(status: u16, meaning: &'static str, advice: &'static str) -> Explained {
    Explained { status, scim_type: None, meaning, advice }
}

/// The answers without a `scimType`. An [`Error`] has no other status.
const PLAIN: [Explained; 13] = [
    plain(400, "The request cannot be read.", "The answer names what is wrong; mend it in the provider's settings."),
    plain(
        401,
        "No valid token came with the call.",
        "Paste the token again without the word Bearer, or issue a new one.",
    ),
    plain(403, "The call asks for what nobody may do here.", "Leave it out; the answer names it."),
    plain(404, "What was asked for is not there, or is another organization's.", "Check the base URL and the id."),
    plain(405, "The address is right, but not for this method.", "Check the base URL."),
    plain(408, "The body did not arrive in time.", "Nothing to do: the provider sends it again."),
    plain(412, "It has changed since it was read.", "Nothing to do: the provider reads it and tries again."),
    plain(413, "The body is too large.", "Push fewer members at a time, or shorter values."),
    plain(415, "The body is no JSON, or is compressed.", "Let the provider send application/scim+json as it is."),
    plain(429, "Too many calls in a short time.", "Nothing to do: the provider waits and tries again."),
    plain(500, "The gateway failed.", "Tell the gateway's operator the reference."),
    plain(501, "The gateway does not do this.", "Switch it off in the provider's settings; the answer names it."),
    plain(503, "The connection is paused, or the gateway is busy.", "Resume it on its page; the provider tries again."),
];

/// Every answer that is an error, by status.
#[must_use]
pub fn catalogue() -> Vec<Explained> {
    let mut all: Vec<Explained> = PLAIN.into_iter().chain(ScimType::ALL.map(ScimType::explained)).collect();
    all.sort_by_key(|one| one.status);
    all
}

impl ScimType {
    /// Each.
    pub const ALL: [Self; 8] = [
        Self::InvalidFilter,
        Self::TooMany,
        Self::Uniqueness,
        Self::Mutability,
        Self::InvalidSyntax,
        Self::InvalidPath,
        Self::NoTarget,
        Self::InvalidValue,
    ];

    /// What it means and what to do; always of the same status.
    const fn explained(self) -> Explained {
        let (meaning, advice) = match self {
            Self::InvalidFilter => ("A filter cannot be read.", "Match by userName or externalId."),
            Self::TooMany => ("A filter asks for more than can be looked at.", "Match by userName or externalId."),
            Self::Uniqueness => {
                ("A User or Group of this name is there already.", "Let the provider match it instead of creating.")
            }
            Self::Mutability => ("What cannot be changed was sent.", "Take it out of the attribute mapping."),
            Self::InvalidSyntax => (
                "The body is not built as the protocol says.",
                "The answer names what is wrong; mend the attribute mapping.",
            ),
            Self::InvalidPath => ("A PATCH path cannot be read.", "The answer names it; mend the attribute mapping."),
            Self::NoTarget => ("A PATCH path selects nothing.", "The answer names it; mend the attribute mapping."),
            Self::InvalidValue => {
                ("A required value is missing or has the wrong form.", "The answer names it; mend the mapping.")
            }
        };
        let status = match self {
            Self::Uniqueness => 409,
            _ => 400,
        };
        Explained { status, scim_type: Some(self), meaning, advice }
    }

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
        debug_assert!(PLAIN.iter().any(|one| one.status == status), "{status} stands in no catalogue");
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_answer_is_explained_once() {
        let all = catalogue();
        assert!(all.is_sorted_by_key(|one| one.status));
        for one in &all {
            let same = all.iter().filter(|other| (other.status, other.scim_type) == (one.status, one.scim_type));
            assert_eq!(same.count(), 1, "{one:?}");
            assert!(one.meaning.ends_with('.') && one.advice.ends_with('.'), "{one:?}");
        }
        assert_eq!(Error::uniqueness("").status, ScimType::Uniqueness.explained().status);
        assert_eq!(Error::bad(ScimType::TooMany, "").status, ScimType::TooMany.explained().status);
    }
}
