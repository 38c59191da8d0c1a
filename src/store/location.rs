//! Where the database is. Opens nothing.

use std::fmt;
use std::path::PathBuf;

/// A SQLite file, or a PostgreSQL database.
#[derive(Clone, PartialEq, Eq)]
pub enum Location {
    /// A file of this path.
    Sqlite(PathBuf),
    /// A `postgres://` URL.
    Postgres(String),
}

impl Location {
    /// A `postgres://` or `postgresql://` URL, else a path (optionally written `sqlite:path`).
    #[must_use]
    pub fn parse(text: &str) -> Self {
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Self::Postgres(text.to_owned());
        }
        let path = text.strip_prefix("sqlite:").unwrap_or(text);
        Self::Sqlite(path.strip_prefix("//").unwrap_or(path).into())
    }
}

/// Without the password.
impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => path.display().fmt(f),
            Self::Postgres(url) => {
                let (scheme, rest) = url.split_once("://").unwrap_or(("postgres", url));
                let host = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
                let host = host.split_once('?').map_or(host, |(host, _)| host);
                write!(f, "{scheme}://{host}")
            }
        }
    }
}

impl fmt::Debug for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_never_shown() {
        let location = Location::parse("postgres://gateway:secret@db.example.org:5432/secaro?sslmode=require");
        assert_eq!(location.to_string(), "postgres://db.example.org:5432/secaro");
        assert!(!format!("{location:?}").contains("secret"));
    }

    #[test]
    fn anything_else_is_a_file() {
        assert_eq!(Location::parse("sqlite:data/x.db"), Location::Sqlite("data/x.db".into()));
        assert_eq!(Location::parse("/var/lib/x.db"), Location::Sqlite("/var/lib/x.db".into()));
    }
}
