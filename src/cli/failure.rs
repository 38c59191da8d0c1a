//! How a verb ends when it does not succeed: one sentence, and an exit code that scripts can rely on.

use std::process::ExitCode;

use serde_json::{Value, json};

use super::answer::Answer;
use crate::app::{self, chain};
use crate::{config, conformance, directory, provisioning, scim};

/// The exit codes besides 0; their numbers are a contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// It was tried and failed.
    Failed = 1,
    /// The arguments say something impossible.
    Usage = 2,
    /// The settings cannot be used.
    Config = 3,
    /// What was named does not exist.
    NotFound = 4,
    /// It exists already, or its state does not allow it.
    Conflict = 5,
    /// It waits for a decision.
    Held = 6,
    /// Whoever asks may not.
    Forbidden = 7,
    /// Some of it was done, and some not.
    Partial = 8,
}

impl Kind {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Usage => "usage",
            Self::Config => "config",
            Self::NotFound => "not_found",
            Self::Conflict => "conflict",
            Self::Held => "held",
            Self::Forbidden => "forbidden",
            Self::Partial => "partial",
        }
    }
}

/// Why a verb did not succeed.
#[derive(Debug)]
pub(super) struct Failure {
    kind: Kind,
    /// What is wrong; what to do.
    message: String,
    /// What there is to show nevertheless, such as what became of each of many.
    beside: Option<Box<Answer>>,
}

impl Failure {
    pub(super) fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), beside: None }
    }

    pub(super) fn usage(message: impl Into<String>) -> Self {
        Self::new(Kind::Usage, message)
    }

    pub(super) fn failed(message: impl Into<String>) -> Self {
        Self::new(Kind::Failed, message)
    }

    /// The same with an answer to print first.
    pub(super) fn beside(mut self, answer: Answer) -> Self {
        self.beside = Some(Box::new(answer));
        self
    }

    /// What to print first.
    pub(super) fn answer(&self) -> Option<&Answer> {
        self.beside.as_deref()
    }

    /// Nothing of this kind has this name.
    pub(super) fn not_found(kind: &'static str, name: &impl ToString, advice: &'static str) -> Self {
        directory::Error::NotFound { kind, name: name.to_string(), advice }.into()
    }

    pub(super) fn message(&self) -> &str {
        &self.message
    }

    pub(super) fn exit_code(&self) -> ExitCode {
        ExitCode::from(self.kind as u8)
    }

    /// `{"error": {"code", "exit_code", "message"}}`
    pub(super) fn json(&self) -> Value {
        json!({ "error": { "code": self.kind.as_str(), "exit_code": self.kind as u8, "message": self.message } })
    }
}

impl From<config::Error> for Failure {
    fn from(error: config::Error) -> Self {
        Self::new(Kind::Config, error.to_string())
    }
}

impl From<app::Error> for Failure {
    fn from(error: app::Error) -> Self {
        Self::failed(error.to_string())
    }
}

impl From<directory::Error> for Failure {
    fn from(error: directory::Error) -> Self {
        let kind = match &error {
            directory::Error::NotFound { .. } => Kind::NotFound,
            directory::Error::Invalid(_) => Kind::Usage,
            directory::Error::Conflict(_) => Kind::Conflict,
            directory::Error::Forbidden(_) => Kind::Forbidden,
            directory::Error::Store(_) => Kind::Failed,
        };
        Self::new(kind, chain(&error))
    }
}

impl From<scim::Error> for Failure {
    fn from(error: scim::Error) -> Self {
        let kind = match error.status {
            404 => Kind::NotFound,
            409 | 412 => Kind::Conflict,
            400 => Kind::Usage,
            _ => Kind::Failed,
        };
        Self::new(kind, error.detail)
    }
}

impl From<provisioning::Error> for Failure {
    fn from(error: provisioning::Error) -> Self {
        match error {
            provisioning::Error::Scim(error) => error.into(),
            provisioning::Error::Directory(error) => error.into(),
            provisioning::Error::Store(_) => Self::failed(chain(&error)),
        }
    }
}

impl From<conformance::Error> for Failure {
    fn from(error: conformance::Error) -> Self {
        let kind = match &error {
            conformance::Error::Dialect(_) | conformance::Error::Nothing => Kind::Usage,
            _ => Kind::Failed,
        };
        Self::new(kind, chain(&error))
    }
}
