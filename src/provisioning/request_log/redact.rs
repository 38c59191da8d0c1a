//! What of a caller's text may be kept. Names that the schema table knows, keywords and ids say what was asked; every
//! other value may be personal or secret and is replaced by its type and length. Nothing here is kept because it
//! looks harmless: what is not known is left away.

use std::collections::HashSet;
use std::sync::LazyLock;

use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::clock::Timestamp;
use crate::scim::path::AttributePath;
use crate::scim::schema::{self, ACCESS, Attribute, COMMON, ENTERPRISE_USER, GROUP, USER};
use crate::scim::{ResourceType, fold};

/// Values of one body that are looked at; of what comes after them only the number is kept.
const VALUES: usize = 200;

/// Longest part of a path that is no secret for sure.
const PART_CHARACTERS: usize = 64;

/// The words of the protocol that are no attributes (RFC 7644 §3.4.3, §3.5.2, §3.7).
const ENVELOPE: [&str; 15] = [
    "schemas",
    "Operations",
    "op",
    "path",
    "value",
    "filter",
    "sortBy",
    "sortOrder",
    "startIndex",
    "count",
    "attributes",
    "excludedAttributes",
    "urn:ietf:params:scim:api:messages:2.0:PatchOp",
    "urn:ietf:params:scim:api:messages:2.0:SearchRequest",
    "urn:ietf:params:scim:api:messages:2.0:BulkRequest",
];

/// The words of a filter that are no attributes.
const KEYWORDS: [&str; 16] =
    ["eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le", "pr", "and", "or", "not", "true", "false", "null"];

/// Every name of the schema table and of the protocol, folded.
static NAMES: LazyLock<HashSet<String>> = LazyLock::new(|| {
    fn add(names: &mut HashSet<String>, attributes: &[Attribute]) {
        for attribute in attributes {
            names.insert(fold(attribute.name));
            add(names, attribute.sub_attributes);
        }
    }
    let mut names: HashSet<String> = ENVELOPE.into_iter().map(fold).collect();
    for schema in [&USER, &GROUP, &COMMON, &ENTERPRISE_USER, &ACCESS] {
        names.insert(fold(schema.urn));
        add(&mut names, schema.attributes);
    }
    names
});

/// At most so many bytes of a text, cut between characters.
pub(super) fn head(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}

/// A text with everything visible that could drive a terminal or end a line, and at most so many characters of it.
pub(super) fn visible(text: &str, characters: usize) -> String {
    let mut seen = String::with_capacity(text.len().min(characters));
    for (number, char) in text.chars().enumerate() {
        if number == characters {
            seen.push('…');
            break;
        }
        let hidden = char.is_control()
            || matches!(char, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
        if hidden { seen.extend(char.escape_unicode()) } else { seen.push(char) }
    }
    seen
}

/// Stands where a text was.
fn instead(text: &str) -> String {
    format!("«string of {}»", text.chars().count())
}

fn is_known(name: &str) -> bool {
    NAMES.contains(&fold(name))
        || AttributePath::parse(name).is_ok_and(|path| {
            let known = |kind: &ResourceType| {
                schema::resolve(*kind, &path).is_some() || schema::whole_extension(*kind, &path).is_some()
            };
            ResourceType::ALL.iter().any(known)
        })
}

/// Could be a token: our own, a JWT, or longer than anything that names a resource.
fn may_be_secret(text: &str) -> bool {
    const OURS: [&str; 3] = ["secaro_scim_", "secaro_join_", "secaro_invitation_"];
    let text = text.trim();
    let begins = |start: &str| text.get(..start.len()).is_some_and(|head| head.eq_ignore_ascii_case(start));
    text.len() > PART_CHARACTERS || text.starts_with("eyJ") || OURS.into_iter().any(begins)
}

/// What a client calls itself, in at most so many characters.
pub(super) fn agent(agent: &str, characters: usize) -> String {
    let word = |word: &str| if may_be_secret(word) { instead(word) } else { word.to_owned() };
    visible(&agent.split(' ').map(word).collect::<Vec<_>>().join(" "), characters)
}

/// The path of a request, decoded.
pub(super) fn path(path: &str) -> String {
    let part = |part: &str| {
        let text = percent_decode_str(part).decode_utf8_lossy();
        if may_be_secret(&text) { instead(&text) } else { visible(&text, PART_CHARACTERS) }
    };
    path.split('/').take(12).map(part).collect::<Vec<_>>().join("/")
}

/// The query of a request, decoded: the parameters of RFC 7644 as far as they say what was asked, and the names of all
/// others.
pub(super) fn query(query: &str) -> String {
    let parts = query.split('&').filter(|part| !part.is_empty()).take(20).map(|part| {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        let decoded = decoded(value);
        let value = match name.to_ascii_lowercase().as_str() {
            "filter" => filter(&decoded, Keep::Identities),
            "sortby" | "attributes" | "excludedattributes" => names(&decoded),
            "sortorder" if ["ascending", "descending"].contains(&decoded.as_str()) => decoded,
            "startindex" | "count" if decoded.len() <= 10 && decoded.parse::<i64>().is_ok() => decoded,
            _ if decoded.is_empty() => decoded,
            _ => instead(&decoded),
        };
        let name = if name.len() > 32 || may_be_secret(name) { instead(name) } else { visible(name, 32) };
        if value.is_empty() { name } else { format!("{name}={value}") }
    });
    parts.collect::<Vec<_>>().join("&")
}

/// A query parameter as it was meant: `+` is a space unless spaces are written otherwise.
pub(super) fn decoded(value: &str) -> String {
    let value = if value.contains("%20") { value.to_owned() } else { value.replace('+', " ") };
    percent_decode_str(&value).decode_utf8_lossy().into_owned()
}

fn names(list: &str) -> String {
    let name = |name: &str| if is_known(name.trim()) { name.trim().to_owned() } else { instead(name) };
    list.split(',').map(name).collect::<Vec<_>>().join(",")
}

/// Which values of a filter stay.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Keep {
    /// What says which person or resource, or since when: an e-mail address, an id, a time. An admin who reads that
    /// somebody was looked for and not found needs to read who.
    Identities,
    /// None.
    Nothing,
}

fn stays(value: &str, keep: Keep) -> bool {
    keep == Keep::Identities
        && !may_be_secret(value)
        && (is_id(value) || is_address(value) || value.parse::<Timestamp>().is_ok())
}

/// A UUID in its usual form.
pub(super) fn is_id(text: &str) -> bool {
    text.len() == 36 && Uuid::try_parse(text).is_ok()
}

fn is_address(text: &str) -> bool {
    let of_address = |char: char| char.is_ascii_alphanumeric() || "._%+-'".contains(char);
    text.split_once('@').is_some_and(|(local, domain)| {
        !local.is_empty() && local.chars().all(of_address) && domain.contains('.') && domain.chars().all(of_address)
    })
}

/// A filter or PATCH path: its structure, and the names in it that the schema table knows.
pub(super) fn filter(text: &str, keep: Keep) -> String {
    let (mut kept, mut rest) = (String::new(), text);
    while let Some(char) = rest.chars().next() {
        if char == '"' {
            let end = end_of_literal(rest);
            let value = rest[1..end].trim_end_matches('"');
            kept.push('"');
            kept.push_str(&if stays(value, keep) { value.to_owned() } else { instead(value) });
            kept.push('"');
            rest = &rest[end..];
        } else if matches!(char, '(' | ')' | '[' | ']') || char.is_whitespace() {
            kept.push(if char.is_whitespace() { ' ' } else { char });
            rest = &rest[char.len_utf8()..];
        } else {
            let end = rest.find(|c: char| "()[]\"".contains(c) || c.is_whitespace()).unwrap_or(rest.len());
            kept.push_str(&word(&rest[..end], keep));
            rest = &rest[end..];
        }
        if kept.len() > 1000 {
            kept.push('…');
            break;
        }
    }
    kept
}

/// Where a literal that begins a text ends, its closing quote included.
fn end_of_literal(text: &str) -> usize {
    let mut escaped = false;
    for (at, char) in text.char_indices().skip(1) {
        match char {
            '"' if !escaped => return at + 1,
            '\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    text.len()
}

fn word(word: &str, keep: Keep) -> String {
    let lower = word.to_ascii_lowercase();
    let name = word.strip_prefix('.').unwrap_or(word);
    if KEYWORDS.contains(&lower.as_str()) || is_known(name) || stays(word, keep) {
        word.to_owned()
    } else {
        instead(word)
    }
}

/// The structure of a body, as JSON.
pub(super) fn body(body: &Value) -> String {
    structure("", body, &mut VALUES.clone()).to_string()
}

/// What is left of the value under a key.
fn structure(key: &str, value: &Value, left: &mut usize) -> Value {
    *left = left.saturating_sub(1);
    match value {
        Value::Null | Value::Bool(_) => value.clone(),
        Value::Number(_) => "«number»".into(),
        Value::String(text) => string(key, text).into(),
        Value::Array(items) => {
            let mut kept = Vec::new();
            for (at, item) in items.iter().enumerate() {
                if *left == 0 {
                    kept.push(format!("«{} more»", items.len() - at).into());
                    break;
                }
                kept.push(structure(key, item, left));
            }
            Value::Array(kept)
        }
        Value::Object(members) => {
            let mut kept = Map::new();
            for (at, (name, member)) in members.iter().enumerate() {
                if *left == 0 {
                    kept.insert(format!("«{} more»", members.len() - at), Value::Null);
                    break;
                }
                // The number keeps names of one length apart.
                let shown = if is_known(name) {
                    name.clone()
                } else {
                    format!("«name {} of {}»", at + 1, name.chars().count())
                };
                kept.insert(shown, structure(name, member, left));
            }
            Value::Object(kept)
        }
    }
}

/// A text stays where the protocol says what may stand there, and only if it is one of those.
fn string(key: &str, text: &str) -> String {
    let one_of = |words: &[&str]| words.iter().any(|word| word.eq_ignore_ascii_case(text));
    match key.to_ascii_lowercase().as_str() {
        "path" | "filter" | "sortby" => filter(text, Keep::Nothing),
        "schemas" | "attributes" | "excludedattributes" if is_known(text) => text.to_owned(),
        "op" if one_of(&["add", "replace", "remove"]) => text.to_owned(),
        "sortorder" if one_of(&["ascending", "descending"]) => text.to_owned(),
        // Entra writes booleans as texts, and an admin has to see that.
        _ if one_of(&["true", "false"]) => text.to_owned(),
        _ => instead(text),
    }
}

#[cfg(test)]
mod tests;
