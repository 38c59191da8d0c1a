//! The transcript format of `conformance/README.md`, as types, and where transcripts come from. Misspelt keys,
//! unknown operators and undefined variables are refused here, so that no expectation is silently never checked.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;

use super::{DIALECTS, Error, pattern, variables};

/// The transcripts of `conformance/`, put into the binary by the build script: path below that folder, text.
static BUILT_IN: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/transcripts.rs"));

/// One file: a conversation that creates what it needs and removes it again.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Transcript {
    /// Where it was read from; not part of the file.
    #[serde(skip)]
    pub file: String,
    /// What it shows, as a sentence.
    pub name: String,
    /// Public URL or RFC section, and the evidence grade of an IdP's body.
    pub source: String,
    /// The dialects it applies to; empty means all.
    #[serde(default)]
    pub dialects: Vec<String>,
    /// The exchanges, in order.
    pub steps: Vec<Step>,
    /// Paths to DELETE at the end, last first, even when a step failed; those with an unset variable are left out.
    #[serde(default)]
    pub finally: Vec<String>,
}

/// One request and what its answer has to be.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// What it shows.
    pub name: String,
    /// The dialects it applies to; empty means all of the transcript's.
    #[serde(default)]
    pub dialects: Vec<String>,
    /// What is sent.
    pub request: Request,
    /// What has to come back.
    pub expect: Expect,
    /// Variable ← JSON pointer into the answer's body (`""` is all of it), or `header NAME`.
    #[serde(default)]
    pub capture: BTreeMap<String, String>,
}

/// What is sent, byte for byte once the variables are put in.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// GET, POST, PUT, PATCH, DELETE …
    pub method: String,
    /// Below the base URL, e.g. `/Users/${id}`.
    pub path: String,
    /// A text is appended after `?` as it is; of an object the values are percent-encoded.
    #[serde(default)]
    pub query: Option<Query>,
    /// Besides or instead of the default headers; `null` leaves a default one out.
    #[serde(default)]
    pub headers: BTreeMap<String, Option<String>>,
    /// A JSON body.
    #[serde(default)]
    pub body: Option<Value>,
    /// A body that is not JSON, or not JSON as `body` could say it.
    #[serde(default)]
    pub raw: Option<String>,
}

/// The part after `?`.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum Query {
    /// As it goes over the wire.
    Raw(String),
    /// Names and values, to be encoded.
    Parameters(serde_json::Map<String, Value>),
}

/// What has to come back.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expect {
    /// The status.
    pub status: Status,
    /// Header name → pattern; `null` means it must not be there.
    #[serde(default)]
    pub headers: BTreeMap<String, Value>,
    /// Pattern of the body; not looked at when the answer is 204 or 304, which have none.
    #[serde(default)]
    pub body: Option<Value>,
    /// JSON pointers that must lead nowhere.
    #[serde(default)]
    pub absent: Vec<String>,
}

/// Which statuses are right.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum Status {
    /// This one.
    One(u16),
    /// Any of these.
    Any(Vec<u16>),
    /// Depending on the dialect.
    ByDialect(BTreeMap<String, u16>),
}

impl Status {
    /// Whether `status` is right in this dialect.
    #[must_use]
    pub fn allows(&self, status: u16, dialect: &str) -> bool {
        match self {
            Self::One(one) => *one == status,
            Self::Any(any) => any.contains(&status),
            Self::ByDialect(by) => by.get(dialect) == Some(&status),
        }
    }

    /// For the report.
    #[must_use]
    pub fn describe(&self, dialect: &str) -> String {
        match self {
            Self::One(one) => one.to_string(),
            Self::Any(any) => any.iter().map(u16::to_string).collect::<Vec<_>>().join(" or "),
            Self::ByDialect(by) => by.get(dialect).map_or_else(|| "nothing".to_owned(), u16::to_string),
        }
    }
}

impl Transcript {
    /// Reads and checks one transcript; `file` is only its name.
    ///
    /// # Errors
    /// [`Error::Malformed`] says where.
    pub fn parse(file: &str, text: &str) -> Result<Self, Error> {
        let malformed = |reason: String| Error::Malformed { file: file.to_owned(), reason };
        let mut transcript: Self = serde_json::from_str(text).map_err(|error| malformed(error.to_string()))?;
        file.clone_into(&mut transcript.file);
        transcript.check().map_err(malformed)?;
        Ok(transcript)
    }

    /// Whether it is meant for a connection of this dialect.
    #[must_use]
    pub fn applies_to(&self, dialect: &str) -> bool {
        applies(&self.dialects, dialect)
    }

    fn check(&self) -> Result<(), String> {
        known_dialects(&self.dialects)?;
        let mut captured = BTreeSet::new();
        for step in &self.steps {
            step.check(&captured).map_err(|reason| format!("step {:?}: {reason}", step.name))?;
            captured.extend(step.capture.keys().map(String::as_str));
        }
        self.finally.iter().try_for_each(|path| defined(path, &captured))
    }
}

impl Step {
    /// Whether it is meant for a connection of this dialect.
    #[must_use]
    pub fn applies_to(&self, dialect: &str) -> bool {
        applies(&self.dialects, dialect)
    }

    fn check(&self, captured: &BTreeSet<&str>) -> Result<(), String> {
        known_dialects(&self.dialects)?;
        if let Status::ByDialect(by) = &self.expect.status {
            known_dialects(&by.keys().cloned().collect::<Vec<_>>())?;
        }
        if !self.request.path.starts_with('/') {
            return Err("the path has to begin with /".to_owned());
        }
        if self.request.body.is_some() && self.request.raw.is_some() {
            return Err("either body or raw".to_owned());
        }
        let patterns = self.expect.body.iter().chain(self.expect.headers.values());
        for text in self.request.texts() {
            defined(text, captured)?;
        }
        for pattern in patterns {
            pattern::check(pattern)?;
            pattern::texts(pattern).try_for_each(|text| defined(text, captured))?;
        }
        Ok(())
    }
}

impl Request {
    /// Every text that may hold a variable.
    fn texts(&self) -> Vec<&str> {
        let mut texts = vec![self.path.as_str()];
        match &self.query {
            Some(Query::Raw(text)) => texts.push(text),
            Some(Query::Parameters(parameters)) => texts.extend(parameters.values().filter_map(Value::as_str)),
            None => {}
        }
        texts.extend(self.headers.values().flatten().map(String::as_str));
        texts.extend(self.raw.as_deref());
        texts.extend(self.body.iter().flat_map(pattern::texts));
        texts
    }
}

fn applies(dialects: &[String], dialect: &str) -> bool {
    dialects.is_empty() || dialects.iter().any(|one| one == dialect)
}

fn known_dialects(dialects: &[String]) -> Result<(), String> {
    match dialects.iter().find(|dialect| !DIALECTS.contains(&dialect.as_str())) {
        Some(unknown) => Err(format!("unknown dialect {unknown:?}")),
        None => Ok(()),
    }
}

fn defined(text: &str, captured: &BTreeSet<&str>) -> Result<(), String> {
    match variables::names(text).find(|name| !variables::is_built_in(name) && !captured.contains(name)) {
        Some(unknown) => Err(format!("${{{unknown}}} is not captured by an earlier step")),
        None => Ok(()),
    }
}

/// The transcripts inside this binary.
///
/// # Errors
/// [`Error::Malformed`]; a test keeps that from happening.
pub fn built_in() -> Result<Vec<Transcript>, Error> {
    BUILT_IN.iter().map(|(file, text)| Transcript::parse(file, text)).collect()
}

/// The transcripts in these files and folders, in the order of their names within each.
///
/// # Errors
/// A path that cannot be read, a file that is no transcript, or none at all.
pub fn read(paths: &[PathBuf]) -> Result<Vec<Transcript>, Error> {
    let mut files = Vec::new();
    for path in paths {
        collect(path, true, &mut files)?;
    }
    if files.is_empty() {
        return Err(Error::Nothing);
    }
    files
        .iter()
        .map(|path| {
            let text =
                std::fs::read_to_string(path).map_err(|source| Error::Unreadable { path: path.clone(), source })?;
            Transcript::parse(&path.display().to_string(), &text)
        })
        .collect()
}

fn collect(path: &Path, named: bool, files: &mut Vec<PathBuf>) -> Result<(), Error> {
    let unreadable = |source| Error::Unreadable { path: path.to_owned(), source };
    if !std::fs::metadata(path).map_err(unreadable)?.is_dir() {
        if named || path.extension().is_some_and(|extension| extension == "json") {
            files.push(path.to_owned());
        }
        return Ok(());
    }
    let entries: Result<Vec<_>, _> =
        std::fs::read_dir(path).map_err(unreadable)?.map(|entry| entry.map(|entry| entry.path())).collect();
    let mut entries = entries.map_err(unreadable)?;
    entries.sort();
    entries.iter().try_for_each(|entry| collect(entry, false, files))
}
