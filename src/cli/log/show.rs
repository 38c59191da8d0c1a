//! One request in plain sentences.

use std::fmt::Write as _;

use serde_json::{Map, Value};

use super::super::answer::{facts, or_dash, plain};
use super::{about, milliseconds};
use crate::provisioning::request_log::{Logged, Shown};

/// Longest value of a change that is written out, in characters.
const VALUE: usize = 200;

/// What was asked, the way it went, what it changed, and the answer.
pub(super) fn in_words(shown: &Shown) -> String {
    let request = &shown.request;
    let mut text = facts([
        ("Request", format!("{} ({})", request.reference, request.id)),
        ("At", request.at.to_string()),
        ("Asked", format!("{} {}", request.method, request.path)),
        ("Meaning", request.meaning.clone()),
        ("About", subject(shown)),
        ("Connection", connection(shown)),
        ("Client", format!("{}, {}", or_dash(request.address.as_ref()), or_dash(request.agent.as_ref()))),
        ("Answer", answered(request)),
    ]);
    text.push_str("Steps:\n");
    steps(&mut text, shown);
    if let Some(body) = &request.body {
        let _ = writeln!(text, "Body, without its values:\n  {}", plain(&body.to_string()));
    }
    text
}

fn subject(shown: &Shown) -> String {
    let Some(kind) = &shown.request.target_kind else { return "–".to_owned() };
    let id = shown.request.target_id.map_or_else(String::new, |id| format!(" ({id})"));
    let person = shown.person.as_ref().map_or_else(String::new, |email| format!(", person {email}"));
    format!("{kind} «{}»{id}{person}", about(&shown.request))
}

fn connection(shown: &Shown) -> String {
    let key = or_dash(shown.request.connection.as_ref());
    let whose = match &shown.organization {
        Some(organization) => format!("of organization «{organization}»"),
        None => "which is not known".to_owned(),
    };
    let credential = match &shown.request.credential {
        Some(credential) => format!("credential {credential}"),
        None => "no credential accepted".to_owned(),
    };
    format!("{key} {whose}, {credential}")
}

fn answered(request: &Logged) -> String {
    let scim_type = request.scim_type.as_ref().map_or_else(String::new, |scim_type| format!(" {scim_type}"));
    let detail = request.detail.as_ref().map_or_else(String::new, |detail| format!(": {detail}"));
    format!("{}{scim_type}{detail}", request.status)
}

/// The steps that the request went, and among them what the domain did.
fn steps(text: &mut String, shown: &Shown) {
    let steps = shown.request.steps.as_array().map(Vec::as_slice).unwrap_or_default();
    let name_of = |step: &Value| step["step"].as_str().unwrap_or_default().to_owned();
    let domain_before = if steps.iter().any(|step| name_of(step) == "applied") { "applied" } else { "answered" };
    for step in steps {
        let name = name_of(step);
        if name == domain_before {
            domain(text, shown);
        }
        let _ = writeln!(text, "  {:>9} ms  {name}", milliseconds(step["after_us"].as_i64().unwrap_or_default()));
    }
}

fn domain(text: &mut String, shown: &Shown) {
    let quirks = shown.request.quirks.as_array().map(Vec::as_slice).unwrap_or_default();
    if !quirks.is_empty() {
        let names: Vec<&str> = quirks.iter().filter_map(Value::as_str).collect();
        let _ = writeln!(text, "                normalised: {}", names.join(", "));
    }
    for record in &shown.changes {
        let why = record.reason.as_ref().map_or_else(String::new, |reason| format!(" ({reason})"));
        let _ = writeln!(text, "                {}{}", record.action, plain(&why));
        for (name, old, new) in differences(record.before.as_deref(), record.after.as_deref()) {
            let _ = writeln!(text, "                  {}: {} → {}", plain(&name), plain(&old), plain(&new));
        }
    }
    for event in &shown.events {
        let _ = writeln!(text, "                event {} {}", event.kind, plain(&event.payload));
    }
}

/// What is different, by name: old and new.
fn differences(before: Option<&str>, after: Option<&str>) -> Vec<(String, String, String)> {
    let object = |text: Option<&str>| -> Map<String, Value> {
        text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
    };
    let (before, after) = (object(before), object(after));
    let mut names: Vec<&String> = before.keys().chain(after.keys()).collect();
    names.sort();
    names.dedup();
    let value = |value: Option<&Value>| match value {
        None | Some(Value::Null) => "–".to_owned(),
        Some(Value::String(text)) => text.chars().take(VALUE).collect(),
        Some(other) => other.to_string().chars().take(VALUE).collect(),
    };
    let differs = |name: &&String| before.get(*name) != after.get(*name);
    let change = |name: &String| (name.clone(), value(before.get(name)), value(after.get(name)));
    names.into_iter().filter(differs).map(change).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_tells_old_and_new_of_what_is_different() {
        let found = differences(Some(r#"{"active":true,"title":"x","a":1}"#), Some(r#"{"active":false,"title":"x"}"#));
        let texts = |name: &str, old: &str, new: &str| (name.to_owned(), old.to_owned(), new.to_owned());
        assert_eq!(found, [texts("a", "1", "–"), texts("active", "true", "false")]);
        assert_eq!(differences(None, Some(r#"{"userName":"ada"}"#)), [texts("userName", "–", "ada")]);
    }
}
