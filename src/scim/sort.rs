//! `sortBy`: what a resource is sorted by (RFC 7644 §3.4.2.3). Sorts nothing itself.

use std::cmp::Ordering;

use serde_json::{Map, Value};

use super::error::{Error, ScimType};
use super::fold;
use super::path::AttributePath;
use super::schema::{self, Attribute, Kind, Resolved, ResourceType};
use crate::clock::Timestamp;

/// `sortBy` and `sortOrder`.
#[derive(Debug, Clone, Copy)]
pub struct SortBy {
    /// By what.
    pub attribute: Resolved,
    /// Greatest first, and those without a value before all.
    pub descending: bool,
}

impl SortBy {
    /// Reads the two query parameters. Nothing is sorted by an attribute that the resource type does not have.
    ///
    /// # Errors
    ///
    /// `invalidPath` if `by` is no attribute name, `invalidValue` if `order` is neither `ascending` nor `descending`.
    pub fn parse(resource_type: ResourceType, by: &str, order: Option<&str>) -> Result<Option<Self>, Error> {
        let path = AttributePath::parse(by)?;
        let descending = match order.map(str::trim) {
            None => false,
            Some(order) if order.eq_ignore_ascii_case("ascending") => false,
            Some(order) if order.eq_ignore_ascii_case("descending") => true,
            Some(_) => {
                let detail = "The sortOrder is unknown. Send ascending or descending.";
                return Err(Error::bad(ScimType::InvalidValue, detail));
            }
        };
        Ok(schema::resolve(resource_type, &path).map(|attribute| Self { attribute, descending }))
    }

    /// Whether the key needs the attribute of this name, or the extension of this URN, to be loaded.
    #[must_use]
    pub fn mentions(&self, name: &str) -> bool {
        self.attribute.extension.map_or(self.attribute.attribute.name, |extension| extension.urn) == name
    }
}

/// What a resource is sorted by; one without a value comes last in ascending order.
#[derive(Debug, Clone, PartialEq)]
pub enum SortKey {
    /// `false` before `true`.
    Bool(bool),
    /// By value.
    Number(f64),
    /// By time.
    Time(Timestamp),
    /// By code points, folded unless the attribute is `caseExact`.
    Text(String),
    /// No value.
    Absent,
}

impl Eq for SortKey {}

impl PartialOrd for SortKey {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for SortKey {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Bool(a), Self::Bool(b)) => a.cmp(b),
            (Self::Number(a), Self::Number(b)) => a.total_cmp(b),
            (Self::Time(a), Self::Time(b)) => a.cmp(b),
            (Self::Text(a), Self::Text(b)) => a.cmp(b),
            _ => self.rank().cmp(&other.rank()),
        }
    }
}

impl SortKey {
    const fn rank(&self) -> u8 {
        match self {
            Self::Bool(_) => 0,
            Self::Number(_) => 1,
            Self::Time(_) => 2,
            Self::Text(_) => 3,
            Self::Absent => 4,
        }
    }

    /// Of a whole resource. Of several values the primary one counts, else the first.
    #[must_use]
    pub fn of(whole: &Map<String, Value>, by: &Resolved) -> Self {
        let holder = match by.extension {
            Some(extension) => whole.get(extension.urn).and_then(Value::as_object),
            None => Some(whole),
        };
        let value = holder.and_then(|holder| holder.get(by.attribute.name));
        let one = match value {
            Some(Value::Array(elements)) => {
                let primary = elements.iter().find(|element| element.get("primary") == Some(&Value::Bool(true)));
                primary.or(elements.first())
            }
            other => other,
        };
        // A complex attribute is sorted by its value.
        let sub = by.sub.or_else(|| by.attribute.sub("value"));
        match (one, sub) {
            (Some(Value::Object(entries)), Some(sub)) => Self::simple(entries.get(sub.name), sub),
            (one, _) => Self::simple(one, by.attribute),
        }
    }

    fn simple(value: Option<&Value>, attribute: &Attribute) -> Self {
        match value {
            Some(Value::Bool(value)) => Self::Bool(*value),
            Some(Value::Number(value)) => value.as_f64().map_or(Self::Absent, Self::Number),
            Some(Value::String(text)) => match text.parse() {
                Ok(time) if attribute.kind == Kind::DateTime => Self::Time(time),
                _ if attribute.case_exact => Self::Text(text.clone()),
                _ => Self::Text(fold(text)),
            },
            _ => Self::Absent,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::scim::schema::resolve;

    fn key(path: &str, whole: &Value) -> SortKey {
        let path = AttributePath::parse(path).expect("a path");
        SortKey::of(whole.as_object().expect("an object"), &resolve(ResourceType::User, &path).expect("known"))
    }

    #[test]
    fn the_primary_value_counts_else_the_first() {
        let ada = json!({ "emails": [{ "value": "B@x" }, { "value": "A@x", "primary": true }] });
        assert_eq!(key("emails", &ada), SortKey::Text("a@x".to_owned()));
        assert_eq!(key("emails.value", &json!({ "emails": [{ "value": "B@x" }] })), SortKey::Text("b@x".to_owned()));
    }

    #[test]
    fn an_order_is_read_and_an_unknown_attribute_sorts_nothing() {
        let parse =
            |by, order| SortBy::parse(ResourceType::User, by, order).map(|sort| sort.map(|sort| sort.descending));
        assert_eq!(parse("USERNAME", None), Ok(Some(false)));
        assert_eq!(parse("name.familyName", Some("Descending")), Ok(Some(true)));
        assert_eq!(parse("shoeSize", Some("ascending")), Ok(None));
        let scim_type = |result: Result<_, Error>| result.err().and_then(|error| error.scim_type);
        assert_eq!(scim_type(parse("userName", Some("up"))), Some(ScimType::InvalidValue));
        assert_eq!(scim_type(parse("a b", None)), Some(ScimType::InvalidPath));
    }

    #[test]
    fn no_value_comes_last_and_case_does_not_count() {
        let (upper, lower, none) = (json!({ "userName": "ADA" }), json!({ "userName": "bo" }), json!({}));
        assert!(key("userName", &upper) < key("userName", &lower));
        assert!(key("userName", &lower) < key("userName", &none));
        assert!(key("active", &json!({ "active": false })) < key("active", &json!({ "active": true })));
    }
}
