//! Attribute names as they stand in filters, PATCH paths, `attributes` and `sortBy`: `[urn:]name[.sub]`
//! (RFC 7644 §3.10). Never looks into a resource.

/// `[urn:]name[.sub]`, as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttributePath {
    /// The schema URN before the last colon, if there is one.
    pub urn: Option<String>,
    /// The attribute's name.
    pub name: String,
    /// The sub-attribute's name.
    pub sub: Option<String>,
}
