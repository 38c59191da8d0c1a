//! Keys: the short names by which operators, URLs and permissions call organizations, connections and facilities.

use std::fmt;

use super::Error;

/// One to 64 lower-case letters, digits, `-`, `_` and `.`, beginning with a letter or digit.
///
/// Safe in a URL, in `edit_facility:<key>` and in a list separated by commas.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(String);

impl Key {
    /// Reads a key of a kind of thing (`facility`, …).
    pub fn parse(kind: &'static str, text: &str) -> Result<Self, Error> {
        let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        let well_formed = (1..=64).contains(&text.len())
            && text.starts_with(allowed)
            && text.chars().all(|c| allowed(c) || matches!(c, '-' | '_' | '.'));
        if well_formed {
            return Ok(Self(text.to_owned()));
        }
        Err(Error::Invalid(format!(
            "«{}» cannot be the key of a {kind}; use up to 64 lower-case letters, digits, «-», «_» and «.», beginning \
             with a letter or digit",
            text.chars().take(64).collect::<String>()
        )))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_safe_in_a_url_and_in_a_list() {
        for good in ["leeds", "plant-2", "a_b.c", "0"] {
            assert!(Key::parse("facility", good).is_ok(), "{good}");
        }
        for bad in ["", "Leeds", "-a", "a b", "a,b", "a:b", "é", &"x".repeat(65)] {
            assert!(Key::parse("facility", bad).is_err(), "{bad}");
        }
    }
}
