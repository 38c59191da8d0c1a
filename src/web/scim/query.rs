//! Query strings as IdPs write them. Unknown parameters (`aadOptscim062020`) are nobody's business.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;
use serde_json::Value;

use crate::scim::{Error, ScimType};

/// The parameters of RFC 7644 §3.4.2 and §3.9, the first of each name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Query {
    /// `filter`.
    pub filter: Option<String>,
    /// `sortBy`.
    pub sort_by: Option<String>,
    /// `sortOrder`.
    pub sort_order: Option<String>,
    /// `startIndex`, unparsed.
    pub start_index: Option<String>,
    /// `count`, unparsed.
    pub count: Option<String>,
    /// `attributes`.
    pub attributes: Option<String>,
    /// `excludedAttributes`.
    pub excluded_attributes: Option<String>,
}

impl Query {
    /// Takes a query apart. Empty parts (`?&`, a stray `?`) are passed over, names are matched without regard to
    /// case, an empty value counts as absent.
    ///
    /// # Errors
    /// A value that is not UTF-8 when decoded.
    pub fn parse(query: &str) -> Result<Self, Error> {
        let mut parsed = Self::default();
        for part in query.split('&') {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            let slot = match name.to_ascii_lowercase().as_str() {
                "filter" => &mut parsed.filter,
                "sortby" => &mut parsed.sort_by,
                "sortorder" => &mut parsed.sort_order,
                "startindex" => &mut parsed.start_index,
                "count" => &mut parsed.count,
                "attributes" => &mut parsed.attributes,
                "excludedattributes" => &mut parsed.excluded_attributes,
                _ => continue,
            };
            let value = decode(value)?;
            if slot.is_none() && !value.trim().is_empty() {
                *slot = Some(value);
            }
        }
        Ok(parsed)
    }

    /// Reads a SearchRequest (RFC 7644 §3.4.3). The same rules as for a query: unknown names are passed over, null
    /// and empty count as absent.
    ///
    /// # Errors
    /// `invalidSyntax` for a body that is no object, `invalidValue` for a parameter of the wrong type.
    pub fn of_search(body: &Value) -> Result<Self, Error> {
        let Value::Object(body) = body else {
            return Err(Error::bad(ScimType::InvalidSyntax, "The body is no JSON object. Send a SearchRequest."));
        };
        let mut parsed = Self::default();
        for (name, value) in body {
            let slot = match name.to_ascii_lowercase().as_str() {
                "filter" => &mut parsed.filter,
                "sortby" => &mut parsed.sort_by,
                "sortorder" => &mut parsed.sort_order,
                "startindex" => &mut parsed.start_index,
                "count" => &mut parsed.count,
                "attributes" => &mut parsed.attributes,
                "excludedattributes" => &mut parsed.excluded_attributes,
                _ => continue,
            };
            *slot = Some(text(value)?).filter(|text| !text.trim().is_empty());
        }
        Ok(parsed)
    }
}

/// A parameter in a body as it would stand in a query.
fn text(value: &Value) -> Result<String, Error> {
    match value {
        Value::Null => Ok(String::new()),
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) => Ok(number.to_string()),
        Value::Array(names) if names.iter().all(Value::is_string) => {
            Ok(names.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(","))
        }
        _ => {
            let detail = "A parameter of the SearchRequest has the wrong type. Compare it with RFC 7644 §3.4.3.";
            Err(Error::bad(ScimType::InvalidValue, detail))
        }
    }
}

/// Percent-decodes a value. A `+` is a space when a form encoder wrote it, and itself when a URI encoder did: who
/// writes a space as `%20` would have written it so here too (`ada+scim@example.org` is a common user name).
fn decode(value: &str) -> Result<String, Error> {
    let value = if value.contains("%20") { Cow::Borrowed(value) } else { Cow::Owned(value.replace('+', " ")) };
    let decoded = percent_decode_str(&value).decode_utf8();
    decoded.map(Cow::into_owned).map_err(|_| {
        let detail = "A query parameter is not UTF-8. Percent-encode parameters as UTF-8.";
        Error::bad(ScimType::InvalidValue, detail)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn filter(query: &str) -> Option<String> {
        Query::parse(query).unwrap().filter
    }

    #[test]
    fn parameters_are_found_among_strays_duplicates_and_unknown_ones() {
        let query = Query::parse("?&aadOptscim062020&STARTINDEX=1&count=5&count=7&&attributes=userName,id&=x").unwrap();
        assert_eq!(query.start_index.as_deref(), Some("1"));
        assert_eq!(query.count.as_deref(), Some("5"));
        assert_eq!(query.attributes.as_deref(), Some("userName,id"));
        assert_eq!(query.filter, None);
        assert_eq!(Query::parse("filter=&count=+").unwrap(), Query::default());
    }

    #[test]
    fn a_plus_is_a_space_unless_spaces_are_written_otherwise() {
        assert_eq!(filter("filter=userName+eq+%22a%2Bb%22").as_deref(), Some("userName eq \"a+b\""));
        assert_eq!(filter("filter=userName%20eq%20%22a+b%22").as_deref(), Some("userName eq \"a+b\""));
        assert_eq!(filter("filter=userName%20eq%20%22a=b%22").as_deref(), Some("userName eq \"a=b\""));
    }

    #[test]
    fn a_search_request_asks_what_a_query_asks() {
        let body = json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"],
            "attributes": ["userName", "id"],
            "filter": "userName pr",
            "startIndex": 3,
            "count": -1,
            "sortBy": null,
        });
        let query = Query::parse("attributes=userName,id&filter=userName+pr&startIndex=3&count=-1").unwrap();
        assert_eq!(Query::of_search(&body), Ok(query));
        for wrong in [json!([]), json!({"count": {}}), json!({"attributes": [1]}), json!({"filter": true})] {
            assert_eq!(Query::of_search(&wrong).unwrap_err().status, 400, "{wrong}");
        }
    }

    #[test]
    fn a_value_that_is_not_utf8_is_refused() {
        assert_eq!(Query::parse("filter=%ff").unwrap_err().status, 400);
        assert_eq!(Query::parse("other=%ff"), Ok(Query::default()));
        assert_eq!(filter("filter=100%").as_deref(), Some("100%"));
    }
}
