//! A connection's ceiling: which rights it may grant. What it asserts beyond is held, never refused.

use std::collections::BTreeSet;
use std::fmt;

use crate::directory::permissions::Right;
use crate::directory::{self};

/// A set of rights.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ceiling(BTreeSet<Right>);

/// Edit permissions only.
impl Default for Ceiling {
    fn default() -> Self {
        Self(BTreeSet::from([Right::Edit]))
    }
}

impl Ceiling {
    /// Reads a list separated by commas.
    pub fn parse(text: &str) -> Result<Self, directory::Error> {
        text.split(',')
            .map(str::trim)
            .filter(|name| !name.is_empty())
            .map(|name| {
                Right::ALL.into_iter().find(|right| right.as_str() == name).ok_or_else(|| {
                    directory::Error::Invalid(format!(
                        "a connection cannot be allowed to grant «{name}»; choose of edit, billing_admin and organization_admin"
                    ))
                })
            })
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Whether it allows a right.
    #[must_use]
    pub fn allows(&self, right: Right) -> bool {
        self.0.contains(&right)
    }
}

impl fmt::Display for Ceiling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.iter().map(|right| right.as_str()).collect::<Vec<_>>().join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ceiling_is_edit_unless_said_otherwise() {
        assert_eq!(Ceiling::default().to_string(), "edit");
        let all = Ceiling::parse("organization_admin, edit,billing_admin").expect("a ceiling");
        assert_eq!(all.to_string(), "edit,billing_admin,organization_admin");
        assert!(Ceiling::parse("admin").is_err());
        assert!(!Ceiling::parse("").expect("nothing at all").allows(Right::Edit));
    }
}
