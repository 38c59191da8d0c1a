//! Attribute names as they stand in filters, PATCH paths, `attributes` and `sortBy`: `[urn:]name[.sub]`
//! (RFC 7644 §3.10). Never looks into a resource.

use std::fmt;

use super::error::{Error, ScimType};
use super::schema;

/// `[urn:]name[.sub]`, as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttributePath {
    /// The schema URN before the last colon, if there is one; in its canonical case if it is one of ours.
    pub urn: Option<String>,
    /// The attribute's name; empty if the text is nothing but the URN of a schema of ours.
    pub name: String,
    /// The sub-attribute's name.
    pub sub: Option<String>,
}

impl AttributePath {
    /// Reads `[urn:]name[.sub]`, or the URN of one of our schemas alone (its whole extension).
    ///
    /// # Errors
    ///
    /// `invalidPath` if the text has no such shape. Whether the attribute exists is [`schema::resolve`]'s to say.
    pub fn parse(text: &str) -> Result<Self, Error> {
        Self::read(text).ok_or_else(|| {
            Error::bad(
                ScimType::InvalidPath,
                "The path is not an attribute name. Write it as name, name.subAttribute or schema-urn:name.",
            )
        })
    }

    /// As [`Self::parse`], for callers with an error of their own.
    pub(super) fn read(text: &str) -> Option<Self> {
        let (urn, rest) = split_urn(text);
        if rest.is_empty() {
            return urn.map(|urn| Self { urn: Some(urn), name: String::new(), sub: None });
        }
        let (name, sub) = match rest.split_once('.') {
            Some((name, sub)) => (name, Some(sub)),
            None => (rest, None),
        };
        (is_name(name) && sub.is_none_or(is_name)).then(|| Self {
            urn,
            name: name.to_owned(),
            sub: sub.map(str::to_owned),
        })
    }
}

/// As it is written in a filter.
impl fmt::Display for AttributePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(urn) = &self.urn {
            f.write_str(urn)?;
            f.write_str(if self.name.is_empty() { "" } else { ":" })?;
        }
        f.write_str(&self.name)?;
        self.sub.iter().try_for_each(|sub| write!(f, ".{sub}"))
    }
}

/// A URN holds colons and, in its version, a dot; so the schemas we know are tried first, the longest first, and
/// only then the last colon decides.
fn split_urn(text: &str) -> (Option<String>, &str) {
    if !text.contains(':') {
        return (None, text);
    }
    let known = schema::urns()
        .filter_map(|urn| {
            let head = text.get(..urn.len())?;
            let tail = &text[urn.len()..];
            let whole = head.eq_ignore_ascii_case(urn) && (tail.is_empty() || tail.len() > 1 && tail.starts_with(':'));
            whole.then(|| (urn, tail.strip_prefix(':').unwrap_or(tail)))
        })
        .max_by_key(|(urn, _)| urn.len());
    if let Some((urn, rest)) = known {
        return (Some(urn.to_owned()), rest);
    }
    match text.rsplit_once(':') {
        Some((urn, rest)) if !urn.is_empty() && !rest.is_empty() => (Some(urn.to_owned()), rest),
        // Not readable as a name either, since names hold no colon.
        _ => (None, text),
    }
}

/// RFC 7643 §2.1 `ATTRNAME`, and `$ref`.
fn is_name(text: &str) -> bool {
    let mut letters = text.strip_prefix('$').unwrap_or(text).bytes();
    letters.next().is_some_and(|first| first.is_ascii_alphabetic())
        && letters.all(|letter| letter.is_ascii_alphanumeric() || letter == b'-' || letter == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> Option<(Option<String>, String, Option<String>)> {
        AttributePath::parse(text).ok().map(|path| (path.urn, path.name, path.sub))
    }

    #[test]
    fn a_name_may_have_a_sub_attribute_and_a_urn_with_dots() {
        let owned = |urn: Option<&str>, name: &str, sub: Option<&str>| {
            Some((urn.map(str::to_owned), name.to_owned(), sub.map(str::to_owned)))
        };
        let user = "urn:ietf:params:scim:schemas:core:2.0:User";
        let enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
        assert_eq!(parts("userName"), owned(None, "userName", None));
        assert_eq!(parts("name.givenName"), owned(None, "name", Some("givenName")));
        assert_eq!(parts("members.$ref"), owned(None, "members", Some("$ref")));
        assert_eq!(parts(&format!("{user}:name.givenName")), owned(Some(user), "name", Some("givenName")));
        assert_eq!(parts(&format!("{enterprise}:manager.value")), owned(Some(enterprise), "manager", Some("value")));
        assert_eq!(parts(&enterprise.to_uppercase()), owned(Some(enterprise), "", None));
        assert_eq!(parts("urn:acme:2.0:Badge:colour"), owned(Some("urn:acme:2.0:Badge"), "colour", None));
    }

    #[test]
    fn what_is_no_attribute_name_is_invalid_path() {
        for text in ["", ".", "a.", ".a", "a.b.c", "1a", "a b", "a[", ":a", "urn:a:", "a..b", "ünder", "$", "$1"] {
            assert_eq!(parts(text), None, "{text}");
        }
        let error = AttributePath::parse("secret value").expect_err("it has a space");
        assert_eq!(error.scim_type, Some(ScimType::InvalidPath));
        assert!(!error.detail.contains("secret"));
    }

    #[test]
    fn t50_a_path_of_a_hundred_thousand_dots_is_refused() {
        assert_eq!(parts(&".".repeat(100_000)), None);
        assert_eq!(parts(&"a.".repeat(100_000)), None);
        assert_eq!(parts(&"a:".repeat(100_000)), None);
    }
}
