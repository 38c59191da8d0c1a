//! What a replay has found: a table for people, JSON for machines. Counts and prints; decides nothing about answers.

use std::fmt;

use comfy_table::{ContentArrangement, Table, presets};
use serde::Serialize;

use super::pattern::Mismatch;
use super::transcript::Transcript;

/// The result of one run.
#[derive(Debug, Serialize)]
pub struct Report {
    /// The server that was asked.
    pub base_url: String,
    /// The dialect that was assumed.
    pub dialect: String,
    /// Transcripts that are not meant for this dialect.
    pub left_out: usize,
    /// One for each transcript that was replayed.
    pub transcripts: Vec<TranscriptResult>,
}

/// The result of one transcript.
#[derive(Debug, Serialize)]
pub struct TranscriptResult {
    /// Where it was read from.
    pub file: String,
    /// What it shows.
    pub name: String,
    /// Where its requests come from.
    pub source: String,
    /// How many steps went as expected.
    pub passed: usize,
    /// The steps that did not.
    pub failures: Vec<Failure>,
}

/// A step that did not go as expected.
#[derive(Debug, Serialize)]
pub struct Failure {
    /// The step's name.
    pub step: String,
    /// Set if it could not be played because an earlier step failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_run: Option<String>,
    /// Where the answer differs.
    pub mismatches: Vec<Mismatch>,
}

/// How one step went.
#[derive(Debug)]
pub enum Outcome {
    /// As expected.
    Passed,
    /// Otherwise, and where.
    Failed(Vec<Mismatch>),
    /// It needs what an earlier step failed to give.
    NotRun(String),
}

impl Report {
    pub(super) fn new(base_url: &str, dialect: &str) -> Self {
        Self { base_url: base_url.to_owned(), dialect: dialect.to_owned(), left_out: 0, transcripts: Vec::new() }
    }

    /// Whether every step of every transcript went as expected, and there was at least one.
    #[must_use]
    pub fn passed(&self) -> bool {
        !self.transcripts.is_empty() && self.transcripts.iter().all(|transcript| transcript.failures.is_empty())
    }

    /// The report as one JSON object: the fields above and `passed`, `steps`, `failed_steps`.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        let mut json = serde_json::to_value(self).unwrap_or_default();
        if let Some(object) = json.as_object_mut() {
            object.insert("passed".to_owned(), self.passed().into());
            object.insert("steps".to_owned(), (self.passed_steps() + self.failed_steps()).into());
            object.insert("failed_steps".to_owned(), self.failed_steps().into());
        }
        json
    }

    fn passed_steps(&self) -> usize {
        self.transcripts.iter().map(|transcript| transcript.passed).sum()
    }

    fn failed_steps(&self) -> usize {
        self.transcripts.iter().map(|transcript| transcript.failures.len()).sum()
    }
}

impl TranscriptResult {
    pub(super) fn new(transcript: &Transcript) -> Self {
        Self {
            file: transcript.file.clone(),
            name: transcript.name.clone(),
            source: transcript.source.clone(),
            passed: 0,
            failures: Vec::new(),
        }
    }

    pub(super) fn add(&mut self, step: &str, outcome: Outcome) {
        let (not_run, mismatches) = match outcome {
            Outcome::Passed => {
                self.passed += 1;
                return;
            }
            Outcome::Failed(mismatches) => (None, mismatches),
            Outcome::NotRun(reason) => (Some(reason), Vec::new()),
        };
        self.failures.push(Failure { step: step.to_owned(), not_run, mismatches });
    }
}

/// A table of transcripts, then every difference, then one line that sums up.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = Table::new();
        table.load_style(presets::UTF8_FULL_CONDENSED).set_content_arrangement(ContentArrangement::Disabled);
        table.set_header(["Transcript", "What it shows", "Steps", "Result"]);
        for transcript in &self.transcripts {
            let steps = transcript.passed + transcript.failures.len();
            let result = match transcript.failures.len() {
                0 => "ok".to_owned(),
                failed => format!("{failed} failed"),
            };
            table.add_row([&transcript.file, &transcript.name, &steps.to_string(), &result]);
        }
        writeln!(f, "{table}")?;
        for transcript in self.transcripts.iter().filter(|transcript| !transcript.failures.is_empty()) {
            writeln!(f, "\n{} ({})", transcript.file, transcript.source)?;
            transcript.failures.iter().try_for_each(|failure| write_failure(f, failure))?;
        }
        writeln!(
            f,
            "\n{} as {}: {} transcripts, {} steps, {} failed; {} transcripts left out as not for this dialect",
            self.base_url,
            self.dialect,
            self.transcripts.len(),
            self.passed_steps() + self.failed_steps(),
            self.failed_steps(),
            self.left_out,
        )
    }
}

fn write_failure(f: &mut fmt::Formatter<'_>, failure: &Failure) -> fmt::Result {
    if let Some(reason) = &failure.not_run {
        return writeln!(f, "  {}: not run, as {reason}", failure.step);
    }
    writeln!(f, "  {}", failure.step)?;
    for Mismatch { at, expected, actual } in &failure.mismatches {
        let at = if at.is_empty() { "the body" } else { at };
        writeln!(f, "    {at}\n      expected {expected}\n      but got  {actual}")?;
    }
    Ok(())
}
