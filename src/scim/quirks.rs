//! What IdPs send that the RFC does not allow, and what it is taken to mean. Every normalisation has a name, a
//! source and the dialects it is on for; nothing deviates anywhere else.

/// Which IdP a connection speaks with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// Okta.
    Okta,
    /// Microsoft Entra ID.
    Entra,
    /// Any other SCIM 2.0 client.
    Generic,
}

/// One named deviation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Quirk {
    /// Placeholder.
    StringBoolean,
}

/// Decides whether a deviation is taken, and remembers which were.
#[derive(Debug)]
pub struct Normaliser;
impl Dialect {
    /// All of them.
    pub const ALL: &'static [Self] = &[Self::Okta, Self::Entra, Self::Generic];

    /// The name in configuration, on the command line and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Okta => "okta",
            Self::Entra => "entra",
            Self::Generic => "generic",
        }
    }

    /// The dialect of this name.
    #[must_use]
    pub fn from_name(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|dialect| dialect.as_str() == text)
    }
}
