//! Replays transcripts (recorded or documented SCIM exchanges, `conformance/`) against any SCIM server and says
//! where its answers differ. Uses nothing else of this crate, so it judges the gateway from outside, as an IdP does.

pub mod pattern;
pub mod report;
pub mod transcript;

mod exchange;
mod variables;

#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::time::Duration;

pub use report::Report;
pub use transcript::Transcript;

/// The dialects a connection may have; a transcript says which ones it is for.
pub const DIALECTS: [&str; 3] = ["okta", "entra", "generic"];

/// What to replay, and where.
#[derive(Debug, Clone)]
pub struct Options {
    /// The SCIM root of one connection, e.g. `https://scim.example.org/scim/v2/okta`.
    pub base_url: String,
    /// Sent as `Authorization: Bearer …` unless a step says otherwise.
    pub token: String,
    /// One of [`DIALECTS`]: which transcripts and which expected statuses apply.
    pub dialect: String,
    /// Files, or folders searched for `*.json`; none means the transcripts built into this binary.
    pub paths: Vec<PathBuf>,
    /// Random bytes that `${unique}` and `${uuid}` are made from; new ones for each run, so that a server that was
    /// used before can be used again.
    pub seed: [u8; 16],
    /// How long one answer may take.
    pub timeout: Duration,
}

/// Why nothing could be replayed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A path cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Unreadable {
        /// As given.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A file is no transcript.
    #[error("{file} is not a transcript: {reason}")]
    Malformed {
        /// Which one.
        file: String,
        /// What is wrong in it.
        reason: String,
    },
    /// The paths hold no transcript.
    #[error("no transcript (*.json) found in the given paths")]
    Nothing,
    /// Not a dialect.
    #[error("unknown dialect {0:?}: one of okta, entra, generic")]
    Dialect(String),
    /// The HTTP client cannot be built, or base URL or token cannot be sent.
    #[error("cannot set up the client: {0}")]
    Client(String),
}

/// Replays the transcripts that apply to the dialect, one after the other, and reports each step.
///
/// # Errors
/// Only if nothing could be replayed: unreadable paths, malformed transcripts, a base URL that is none. A server
/// that answers wrongly, or not at all, is the report's business.
pub async fn run(options: &Options) -> Result<Report, Error> {
    if !DIALECTS.contains(&options.dialect.as_str()) {
        return Err(Error::Dialect(options.dialect.clone()));
    }
    let transcripts =
        if options.paths.is_empty() { transcript::built_in()? } else { transcript::read(&options.paths)? };
    let client = exchange::Client::new(options)?;
    let mut report = Report::new(&client.base_url, &options.dialect);
    for transcript in &transcripts {
        if !transcript.applies_to(&options.dialect) {
            report.left_out += 1;
            continue;
        }
        report.transcripts.push(replay(&client, transcript, options).await);
    }
    Ok(report)
}

/// One transcript: its steps in order, then the deletions of what they created, whatever happened before.
async fn replay(client: &exchange::Client, transcript: &Transcript, options: &Options) -> report::TranscriptResult {
    let mut variables = variables::Variables::new(options.seed, &transcript.file, &client.base_url);
    let mut result = report::TranscriptResult::new(transcript);
    for step in transcript.steps.iter().filter(|step| step.applies_to(&options.dialect)) {
        let outcome = client.step(step, &options.dialect, &mut variables).await;
        result.add(&step.name, outcome);
    }
    for path in transcript.finally.iter().rev() {
        if let Some(outcome) = client.remove(path, &variables).await {
            result.add(&format!("finally: DELETE {path}"), outcome);
        }
    }
    result
}
