//! What the domain refuses, and why. Each text says what is wrong and what to do.

use crate::store;

/// A refusal of the domain.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nothing of this kind is known by this name.
    #[error("there is no {kind} «{name}»; {advice}")]
    NotFound {
        /// What was looked for.
        kind: &'static str,
        /// By which name.
        name: String,
        /// What to do.
        advice: &'static str,
    },
    /// A value cannot be what it is given as.
    #[error("{0}")]
    Invalid(String),
    /// It exists already, or its state does not allow it.
    #[error("{0}")]
    Conflict(String),
    /// Whoever asks may not decide this.
    #[error("{0}")]
    Forbidden(String),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl Error {
    /// Turns a taken unique value into a refusal of these words.
    pub(crate) fn duplicate(error: store::Error, words: impl FnOnce() -> String) -> Self {
        match error {
            store::Error::Duplicate => Self::Conflict(words()),
            other => Self::Store(other),
        }
    }
}
