//! Versions: how one is written as an entity tag, and what `If-Match` and `If-None-Match` ask (RFC 7644 §3.14,
//! RFC 9110 §13).

/// The tag of a version. Weak, as RFC 7644 §3.14 shows: the bytes of an answer depend on what it was asked to show.
#[must_use]
pub fn etag(version: i64) -> String {
    format!("W/\"{version}\"")
}

/// What an `If-Match` or `If-None-Match` header asks.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Condition {
    /// Nothing was asked.
    #[default]
    None,
    /// `*`: any version.
    Any,
    /// One of these tags, without `W/` and quotes.
    OneOf(Vec<String>),
}

impl Condition {
    /// Reads the header, if there is one. IdPs repeat `meta.version` as they found it: with or without `W/`, and
    /// with or without quotes.
    #[must_use]
    pub fn parse(header: Option<&str>) -> Self {
        let Some(header) = header.map(str::trim).filter(|header| !header.is_empty()) else { return Self::None };
        if header == "*" {
            return Self::Any;
        }
        Self::OneOf(
            header
                .split(',')
                .map(|tag| {
                    let tag = tag.trim();
                    let tag = tag.strip_prefix("W/").or_else(|| tag.strip_prefix("w/")).unwrap_or(tag);
                    tag.trim_matches('"').to_owned()
                })
                .collect(),
        )
    }

    /// Whether an existing resource of this version passes `If-Match`.
    #[must_use]
    pub fn holds(&self, version: i64) -> bool {
        match self {
            Self::None | Self::Any => true,
            Self::OneOf(tags) => tags.iter().any(|tag| *tag == version.to_string()),
        }
    }

    /// Whether `If-None-Match` says that the client has this version already: 304.
    #[must_use]
    pub fn is_current(&self, version: i64) -> bool {
        *self != Self::None && self.holds(version)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t101_a_stale_tag_does_not_hold_in_any_spelling() {
        for header in ["W/\"3\"", "\"3\"", "3", "W/\"2\", W/\"3\"", "*"] {
            assert!(Condition::parse(Some(header)).holds(3), "{header}");
        }
        for header in ["W/\"2\"", "\"33\"", "W/\"x\"", "W/\"1\",\"2\""] {
            assert!(!Condition::parse(Some(header)).holds(3), "{header}");
        }
        assert!(Condition::parse(None).holds(3));
    }

    #[test]
    fn only_a_client_that_says_so_has_the_version() {
        assert!(Condition::parse(Some(&etag(3))).is_current(3));
        assert!(Condition::parse(Some("*")).is_current(3));
        assert!(!Condition::parse(Some(&etag(2))).is_current(3));
        assert!(!Condition::parse(None).is_current(3));
    }
}
