//! What an address asks for beside its path. Knows no screen.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

/// The query of an address.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    path: String,
    pairs: Vec<(String, String)>,
}

impl Asked {
    /// As if this had been asked for: where a form's page is shown again.
    pub(super) fn of(path: &str, pairs: &[(&str, &str)]) -> Self {
        let pairs = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Self { path: path.to_owned(), pairs }
    }

    /// What stands in a parameter; nothing if it does not stand there.
    pub(super) fn query(&self, name: &str) -> &str {
        self.pairs.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str()).unwrap_or_default()
    }

    /// Everything that stands in a parameter that may stand there several times.
    pub(super) fn all(&self, name: &str) -> Vec<&str> {
        self.pairs.iter().filter(|(found, _)| found == name).map(|(_, value)| value.as_str()).collect()
    }

    /// The address with some parameters replaced, each by nothing if empty: how filters, orders and pages link to each
    /// other.
    pub(super) fn with(&self, changes: &[(&str, &str)]) -> String {
        let kept = self.pairs.iter().filter(|(name, _)| !changes.iter().any(|(changed, _)| changed == name));
        let kept = kept.map(|(name, value)| (name.as_str(), value.as_str()));
        let pairs = kept.chain(changes.iter().copied()).filter(|(_, value)| !value.is_empty());
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        if query.is_empty() { self.path.clone() } else { format!("{}?{query}", self.path) }
    }
}

impl Asked {
    /// What is asked for here, asked for at another path, from its beginning: the same list as a file.
    pub(super) fn elsewhere(&self, path: &str) -> String {
        Self { path: path.to_owned(), pairs: self.pairs.clone() }.with(&[("after", ""), ("before", "")])
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Asked {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let query = parts.uri.query().unwrap_or_default();
        Ok(Self {
            path: parts.uri.path().to_owned(),
            pairs: form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
        })
    }
}
