//! Laying one source of settings over another: keys, origins, near misses. Knows no setting by name; the
//! built-in default says which keys exist and of which kind each is.

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use toml::{Table, Value};

use super::{DEFAULT_FILE, Error, Settings, read};

const PREFIX: &str = "SECARO_";

/// Names the settings file; the one `SECARO_` variable that is not a setting.
pub(super) const FILE_VARIABLE: &str = "SECARO_CONFIG";

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// `config/gateway.toml`, as built in.
    Default,
    /// This file.
    File(PathBuf),
    /// The environment variable that belongs to the key.
    Environment,
    /// A flag of the command line.
    Flag,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("by default"),
            Self::File(path) => write!(f, "in {}", path.display()),
            Self::Environment => f.write_str("in the environment"),
            Self::Flag => f.write_str("on the command line"),
        }
    }
}

/// One setting in force.
#[derive(Debug, Clone)]
pub struct Entry {
    /// `section.name`.
    pub key: String,
    /// Its environment variable.
    pub variable: String,
    /// The value as TOML; a password in it is replaced by `***`.
    pub value: String,
    /// Where it came from.
    pub origin: Origin,
}

/// The value of every key, with its origin, in order of names.
#[derive(Debug)]
pub(super) struct Layers {
    leaves: Vec<(String, Value, Origin)>,
}

impl Layers {
    #[expect(clippy::expect_used, reason = "the built-in text; a test parses it")]
    pub(super) fn defaults() -> Self {
        let table: Table = DEFAULT_FILE.parse().expect("config/gateway.toml is TOML");
        let mut leaves = Vec::new();
        flatten("", table, &mut |key, value| leaves.push((key, value, Origin::Default)));
        Self { leaves }
    }

    pub(super) fn file(&mut self, path: &Path) -> Result<(), Error> {
        let text = read(path)?;
        let table: Table = text.parse().map_err(|error: toml::de::Error| Error::NotToml {
            path: path.to_owned(),
            line: error.span().map_or(1, |span| 1 + text[..span.start.min(text.len())].matches('\n').count()),
            message: error.message().to_owned(),
        })?;
        let mut found = Vec::new();
        flatten("", table, &mut |key, value| found.push((key, value)));
        for (key, value) in found {
            let origin = Origin::File(path.to_owned());
            self.set(&key, origin.clone(), |default| if value.same_type(default) { Some(value) } else { None })
                .ok_or_else(|| self.unknown(format!("\"{key}\""), &key, origin, |known| format!("\"{known}\"")))??;
        }
        Ok(())
    }

    pub(super) fn environment(&mut self, variables: &[(OsString, OsString)]) -> Result<(), Error> {
        for (variable, text) in variables {
            let variable = variable.to_string_lossy();
            let Some(name) = variable.strip_prefix(PREFIX).filter(|_| variable != FILE_VARIABLE) else { continue };
            let key = name.replace("__", ".").to_lowercase();
            self.set(&key, Origin::Environment, |default| like(default, text.to_str()?)).ok_or_else(|| {
                self.unknown(variable.clone().into_owned(), &key, Origin::Environment, self::variable)
            })??;
        }
        Ok(())
    }

    pub(super) fn flag(&mut self, key: &str, text: &str) -> Result<(), Error> {
        self.set(key, Origin::Flag, |default| like(default, text))
            .ok_or_else(|| self.unknown(format!("\"{key}\""), key, Origin::Flag, |known| format!("\"{known}\"")))?
    }

    /// Sets a key to what `value` makes of its present value; `None` if there is no such key.
    fn set(
        &mut self,
        key: &str,
        origin: Origin,
        value: impl FnOnce(&Value) -> Option<Value>,
    ) -> Option<Result<(), Error>> {
        let leaf = self.leaves.iter_mut().find(|leaf| leaf.0 == key)?;
        let Some(value) = value(&leaf.1) else {
            let expected = format!("expected {}", kind(&leaf.1));
            return Some(Err(Error::Invalid { key: key.to_owned(), origin, expected }));
        };
        (leaf.1, leaf.2) = (value, origin);
        Some(Ok(()))
    }

    /// The error for a key that does not exist, with the nearest one that does.
    fn unknown(&self, name: String, key: &str, origin: Origin, write: impl Fn(&str) -> String) -> Error {
        let section = format!("{key}.");
        let last = |key: &str| key.rsplit(['.', '_']).next().unwrap_or_default().to_owned();
        let hint = if self.leaves.iter().any(|leaf| leaf.0.starts_with(&section)) {
            format!(": {key} is a section, write [{key}] and its settings below")
        } else {
            let nearest = self.leaves.iter().map(|leaf| {
                // Somebody who forgot the section still means that name.
                let bare = leaf.0.split_once('.').is_some_and(|(_, name)| name == key);
                let near = strsim::jaro_winkler(&leaf.0, key) + if last(&leaf.0) == last(key) { 0.02 } else { 0.0 };
                (if bare { 2.0 } else { near }, &leaf.0)
            });
            let nearest = nearest.max_by(|a, b| a.0.total_cmp(&b.0)).filter(|(near, _)| *near > 0.85);
            match nearest {
                Some((_, known)) => format!("; did you mean {}?", write(known)),
                None => "; `secaro-gateway config print` lists all settings".to_owned(),
            }
        };
        Error::Unknown { name, origin, hint }
    }

    /// The settings as types.
    pub(super) fn settings(&self) -> Result<Settings, Error> {
        Settings::deserialize(self.table(|_| true)).map_err(|error| self.culprit(&error))
    }

    /// Which value the types refuse: the one that spoils the defaults when it alone is laid over them.
    fn culprit(&self, error: &toml::de::Error) -> Error {
        let refused = self.leaves.iter().find_map(|(key, _, origin)| {
            let error = Settings::deserialize(self.table(|other| other == key)).err()?;
            Some((key.clone(), origin.clone(), error.message().to_owned()))
        });
        let (key, origin, expected) =
            refused.unwrap_or_else(|| ("settings".to_owned(), Origin::Default, error.message().to_owned()));
        Error::Invalid { key, origin, expected }
    }

    /// The keys as a table: this layer's value where `mine`, the default elsewhere.
    fn table(&self, mine: impl Fn(&str) -> bool) -> Table {
        let mut table = Table::new();
        for ((key, value, _), (_, default, _)) in self.leaves.iter().zip(Self::defaults().leaves) {
            let value = if mine(key) { value.clone() } else { default };
            if let Some((section, name)) = key.split_once('.')
                && let Value::Table(section) = table.entry(section).or_insert_with(|| Value::Table(Table::new()))
            {
                section.insert(name.to_owned(), value);
            }
        }
        table
    }

    /// An error about `key` unless `holds`.
    pub(super) fn require(&self, key: &str, holds: bool, expected: &str) -> Result<(), Error> {
        if holds {
            return Ok(());
        }
        let origin = self.leaves.iter().find(|leaf| leaf.0 == key).map_or(Origin::Default, |leaf| leaf.2.clone());
        Err(Error::Invalid { key: key.to_owned(), origin, expected: expected.to_owned() })
    }

    pub(super) fn entries(&self) -> Vec<Entry> {
        let entry = |(key, value, origin): &(String, Value, Origin)| Entry {
            key: key.clone(),
            variable: variable(key),
            value: redacted(value).to_string(),
            origin: origin.clone(),
        };
        self.leaves.iter().map(entry).collect()
    }
}

/// Hands every leaf to `found` as `section.name`; an empty table counts as a leaf, so that an unknown empty section
/// is noticed.
fn flatten(prefix: &str, table: Table, found: &mut impl FnMut(String, Value)) {
    for (name, value) in table {
        let key = if prefix.is_empty() { name } else { format!("{prefix}.{name}") };
        match value {
            Value::Table(inner) if !inner.is_empty() => flatten(&key, inner, found),
            value => found(key, value),
        }
    }
}

/// Reads a text as the kind of value that `default` is.
fn like(default: &Value, text: &str) -> Option<Value> {
    match default {
        Value::String(_) => Some(Value::String(text.to_owned())),
        Value::Integer(_) => text.trim().parse().ok().map(Value::Integer),
        Value::Boolean(_) => text.trim().parse().ok().map(Value::Boolean),
        _ => None,
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::String(_) => "a text in quotes",
        Value::Integer(_) => "a whole number",
        Value::Boolean(_) => "true or false",
        _ => "another kind of value",
    }
}

fn variable(key: &str) -> String {
    format!("{PREFIX}{}", key.replace('.', "__").to_uppercase())
}

/// A URL's password, whatever the key.
fn redacted(value: &Value) -> Value {
    if let Value::String(text) = value
        && let Some((scheme, rest)) = text.split_once("://")
        && let Some((user_info, host)) = rest.rsplit_once('@')
    {
        let user = user_info.split(':').next().unwrap_or_default();
        return Value::String(format!("{scheme}://{user}:***@{host}"));
    }
    value.clone()
}
