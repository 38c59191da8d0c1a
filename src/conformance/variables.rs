//! `${…}` in transcripts: what earlier answers gave, and a few names that are always there. Puts texts together;
//! knows nothing of requests or answers.

use std::collections::BTreeMap;

use serde_json::Value;
use sha2::{Digest, Sha256};

/// What `${…}` stands for while one transcript is replayed.
#[derive(Debug)]
pub(super) struct Variables {
    seed: [u8; 16],
    file: String,
    base_url: String,
    captured: BTreeMap<String, Value>,
}

/// A variable that no answer has given, because an earlier step failed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unset(pub(super) String);

impl Variables {
    /// Of one replay of one file.
    pub(super) fn new(seed: [u8; 16], file: &str, base_url: &str) -> Self {
        Self { seed, file: file.to_owned(), base_url: base_url.to_owned(), captured: BTreeMap::new() }
    }

    /// Sets a variable, or sets it again.
    pub(super) fn capture(&mut self, name: &str, value: Value) {
        self.captured.insert(name.to_owned(), value);
    }

    /// A text with its variables put in; a captured value that is no text is written as JSON.
    pub(super) fn text(&self, text: &str) -> Result<String, Unset> {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, name, after)) = next(rest) {
            out.push_str(before);
            match self.value(name)? {
                Value::String(value) => out.push_str(&value),
                other => out.push_str(&other.to_string()),
            }
            rest = after;
        }
        out.push_str(rest);
        Ok(out)
    }

    /// A JSON value with its variables put in; a text that is nothing but one variable becomes that variable's
    /// value with its type, so that a whole resource can be sent back.
    pub(super) fn json(&self, value: &Value) -> Result<Value, Unset> {
        match value {
            Value::String(text) => match next(text) {
                Some(("", name, "")) => self.value(name),
                _ => self.text(text).map(Value::String),
            },
            Value::Array(items) => items.iter().map(|item| self.json(item)).collect(),
            Value::Object(members) => members
                .iter()
                .map(|(key, value)| Ok((self.text(key)?, self.json(value)?)))
                .collect::<Result<_, _>>()
                .map(Value::Object),
            other => Ok(other.clone()),
        }
    }

    fn value(&self, name: &str) -> Result<Value, Unset> {
        if let Some(value) = self.captured.get(name) {
            return Ok(value.clone());
        }
        let (kind, argument) = name.split_once(':').unwrap_or((name, ""));
        match kind {
            "base" => Ok(self.base_url.clone().into()),
            "unique" => Ok(format!("c{:011x}", self.number("unique") >> 84).into()),
            "uuid" => {
                let bytes = self.number(name).to_be_bytes();
                Ok(uuid::Builder::from_random_bytes(bytes).into_uuid().to_string().into())
            }
            "fill" => {
                let (times, text) = argument.split_once(':').unwrap_or((argument, "x"));
                Ok(text.repeat(times.parse().unwrap_or(0)).into())
            }
            _ => Err(Unset(name.to_owned())),
        }
    }

    /// The same for the same run, file and name; different for any other.
    fn number(&self, name: &str) -> u128 {
        let mut hash = Sha256::new();
        hash.update(self.seed);
        hash.update(self.file.as_bytes());
        hash.update([0]);
        hash.update(name.as_bytes());
        let digest: [u8; 32] = hash.finalize().into();
        digest.iter().take(16).fold(0, |number, byte| (number << 8) | u128::from(*byte))
    }
}

/// Whether a name needs no capture: `base`, `unique`, `uuid`, `uuid:ANY`, `fill:TIMES`, `fill:TIMES:TEXT`.
pub(super) fn is_built_in(name: &str) -> bool {
    match name.split_once(':') {
        None => matches!(name, "base" | "unique" | "uuid"),
        Some(("uuid", _)) => true,
        Some(("fill", argument)) => {
            argument.split_once(':').map_or(argument, |(times, _)| times).parse::<u16>().is_ok()
        }
        Some(_) => false,
    }
}

/// The names of the variables in a text.
pub(super) fn names(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let (_, name, after) = next(rest)?;
        rest = after;
        Some(name)
    })
}

/// The first `${name}`: what is before it, its name, what is after it.
fn next(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once("${")?;
    let (name, after) = rest.split_once('}')?;
    Some((before, name, after))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn variables() -> Variables {
        let mut variables = Variables::new([7; 16], "a.json", "http://host/scim");
        variables.capture("id", json!("2819"));
        variables.capture("whole", json!({"userName": "ada", "active": true}));
        variables
    }

    #[test]
    fn variables_are_put_into_texts_values_and_keys() {
        let variables = variables();
        assert_eq!(variables.text("/Users/${id}?a=${id}").unwrap(), "/Users/2819?a=2819");
        assert_eq!(variables.text("${base}/Users").unwrap(), "http://host/scim/Users");
        assert_eq!(variables.text("no ${ variable } here $ {id} ${").unwrap_err(), Unset(" variable ".to_owned()));
        assert_eq!(
            variables.json(&json!([{"${id}": "x${id}y", "n": 1}])).unwrap(),
            json!([{"2819": "x2819y", "n": 1}])
        );
    }

    #[test]
    fn a_text_that_is_one_variable_keeps_its_type() {
        let variables = variables();
        assert_eq!(variables.json(&json!("${whole}")).unwrap(), json!({"userName": "ada", "active": true}));
        assert_eq!(variables.text("is ${whole}").unwrap(), r#"is {"userName":"ada","active":true}"#);
    }

    #[test]
    fn unique_and_uuid_differ_between_runs_and_files_and_stay_within_one() {
        let one = variables();
        let other_run = Variables::new([8; 16], "a.json", "");
        let other_file = Variables::new([7; 16], "b.json", "");
        for name in ["${unique}", "${uuid}"] {
            assert_eq!(one.text(name), one.text(name));
            assert_ne!(one.text(name), other_run.text(name));
            assert_ne!(one.text(name), other_file.text(name));
        }
        assert_ne!(one.text("${uuid}"), one.text("${uuid:manager}"));
        assert_eq!(one.text("${unique}").unwrap().len(), 12);
        assert_eq!(one.text("${fill:5}").unwrap(), "xxxxx");
        assert_eq!(one.text("${fill:3:(}a${fill:2:, b}").unwrap(), "(((a, b, b");
    }

    #[test]
    fn an_unset_variable_is_named() {
        assert_eq!(variables().text("/Users/${other}").unwrap_err(), Unset("other".to_owned()));
        assert_eq!(names("${a}/${b}").collect::<Vec<_>>(), ["a", "b"]);
    }
}
