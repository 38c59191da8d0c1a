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
