//! Deciding several at once: each by itself, so that one that is refused stops none. What was not decided is said above
//! the list, and stays chosen there.

use axum::response::Response;

use super::respond::{Refused, see_with, why_not};
use super::words::counted;

/// One of several that was not decided, and why.
pub(super) struct NotDecided {
    /// As the list's form names it.
    pub(super) id: String,
    /// Whom or what it is about.
    pub(super) about: String,
    /// Its own page, if it has one.
    pub(super) path: Option<String>,
    /// Without a full stop.
    pub(super) why: String,
}

impl NotDecided {
    /// Of a refusal. What is no refusal but a failure of the gateway's own stays one.
    pub(super) fn of(
        id: String,
        about: String,
        path: Option<String>,
        refusal: impl Into<Refused>,
    ) -> Result<Self, Refused> {
        Ok(Self { id, about, path, why: why_not(refusal)? })
    }
}

/// Whether one is to stay chosen.
pub(super) fn is_chosen(refused: &[NotDecided], id: impl std::fmt::Display) -> bool {
    let id = id.to_string();
    refused.iter().any(|one| one.id == id)
}

/// Leads back to the list when all were decided.
pub(super) fn all_decided(path: &str, count: usize, one: &str, many: &str) -> Response {
    see_with(path, &format!("{} decided.", counted(count, one, many)))
}
