//! The import table of the house: which top-level module of `src/` may use which others, and how to tell from a
//! file's text. Sees `crate::a::b`, `use crate::{a::b, c}` and enough `super`s to leave the room.

use super::source::{code, words};

/// Rooms and what of ours they may use, besides themselves.
const MAY_USE: &[(&str, &[&str])] = &[
    ("ids", &["clock"]),
    ("clock", &[]),
    ("config", &[]),
    ("telemetry", &[]),
    ("conformance", &[]),
    ("scim", &["ids", "clock"]),
    ("store", &["scim", "ids", "clock"]),
    // A caller has a dialect, and what it may ask for is named in the protocol's words.
    ("auth", &["store", "scim", "ids", "clock"]),
    ("audit", &["store", "ids", "clock"]),
    // The secrets in mailed links are made where they are known again.
    ("outbox", &["store", "auth", "ids", "clock"]),
    ("directory", &["store", "audit", "outbox", "auth", "scim", "ids", "clock"]),
    ("provisioning", &["directory", "scim", "store", "audit", "outbox", "auth", "ids", "clock"]),
    ("web", OUTSIDE),
    ("jobs", OUTSIDE),
    ("cli", OUTSIDE),
    // Verbs start the program, and run transcripts against any server.
    ("cli", &["app", "conformance"]),
];

/// What the rooms towards the outside may use: the domain, never the store.
const OUTSIDE: &[&str] =
    &["provisioning", "directory", "audit", "outbox", "auth", "scim", "config", "telemetry", "ids", "clock"];

/// Files of the top level that put everything together.
const EVERYTHING: &[&str] = &["app", "lib", "main", "build"];

/// What a file uses and may not, as complaints.
pub(super) fn trespasses(path: &str, text: &str) -> Vec<String> {
    let Some(inside) = path.strip_prefix("src/") else { return Vec::new() };
    let room = inside.split(['/', '.']).next().unwrap_or_default();
    if EVERYTHING.contains(&room) {
        return Vec::new();
    }
    if !is_room(room) {
        return vec![format!("{path}: the room `{room}` does not stand in the import table")];
    }
    let may_use = |other: &str| MAY_USE.iter().any(|(name, others)| *name == room && others.contains(&other));
    let mut complaints: Vec<String> = used(&code(text), depth(inside))
        .into_iter()
        .filter(|other| other != room && is_room(other) && !may_use(other))
        .map(|other| format!("{path}: `{room}` uses `{other}`, which it may not"))
        .collect();
    complaints.sort();
    complaints.dedup();
    complaints
}

fn is_room(name: &str) -> bool {
    MAY_USE.iter().any(|(room, _)| *room == name) || EVERYTHING.contains(&name)
}

/// How many `super`s lead from a file to the crate's root.
fn depth(inside: &str) -> usize {
    let folders = inside.matches('/').count();
    if inside.ends_with("/mod.rs") { folders } else { folders + 1 }
}

/// The first names after the crate's root of all paths in a code.
fn used(code: &str, depth: usize) -> Vec<String> {
    let words: Vec<&str> = words(code).collect();
    let mut found = Vec::new();
    for at in 0..words.len() {
        // `a::super` cannot be: a path that reaches the root starts there.
        if at > 0 && words[at - 1] == "::" {
            continue;
        }
        let rest = &words[at..];
        let supers = rest.chunks(2).take_while(|pair| *pair == ["super", "::"]).count();
        if rest.starts_with(&["crate", "::"]) {
            first_names(&rest[2..], &mut found);
        } else if supers >= depth {
            first_names(&rest[2 * supers..], &mut found);
        }
    }
    found
}

/// The name that follows, or each first name of the braces that follow.
fn first_names(rest: &[&str], found: &mut Vec<String>) {
    if rest.first() != Some(&"{") {
        found.extend(rest.first().map(|name| (*name).to_owned()));
        return;
    }
    let mut open = 0;
    for (at, word) in rest.iter().enumerate() {
        match *word {
            "{" => open += 1,
            "}" => open -= 1,
            name if open == 1 && matches!(rest[at - 1], "{" | ",") => found.push(name.to_owned()),
            _ => {}
        }
        if open == 0 {
            return;
        }
    }
}

#[test]
fn a_trespass_is_seen_however_it_is_written() {
    for bad in [
        "use crate::store::Store;",
        "use crate::{clock::Clock, store};",
        "use crate::{\n    clock::{Clock, Timestamp},\n    store::{Reader, Tx},\n};",
        "pub(crate) use crate::store;",
        "fn a(store: &crate::store::Store) {}",
        "use super::super::store::Store;",
        "mod tests {\n    use super::super::super::store;\n}",
        "let a = \"\\\"\"; let b = '\"'; let c = r#\"\"\"#; crate::store::open();",
    ] {
        assert_eq!(trespasses("src/web/scim.rs", bad).len(), 1, "{bad}");
    }
}

#[test]
fn what_may_be_used_is_not_complained_of() {
    for good in [
        "use crate::provisioning::Provisioning;",
        "use crate::web::store::Cache;",
        "use crate::{directory::{self, store}, scim};",
        "/// As [`crate::store::Store`] does.",
        "let a = \"crate::store::Store\";",
        "use super::store::Cache;",
        "fn a<'a>(b: &'a str, c: char) { if c == '\"' { b } } // crate::store::Store \"",
    ] {
        assert_eq!(trespasses("src/web/scim.rs", good), Vec::<String>::new(), "{good}");
    }
    assert_eq!(trespasses("src/app.rs", "use crate::store::Store;"), Vec::<String>::new());
    assert_eq!(trespasses("src/web/scim/users.rs", "use super::super::store;"), Vec::<String>::new());
}

#[test]
fn a_room_without_a_rule_is_seen() {
    assert_eq!(trespasses("src/cellar/mod.rs", "").len(), 1);
    assert_eq!(trespasses("src/cellar.rs", "").len(), 1);
}
