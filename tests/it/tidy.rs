//! What the compiler does not hold: which room may use which, that only the store speaks SQL, that every file says
//! what it is for. Each rule is a function from a file to complaints, and is itself shown to complain.

mod rooms;
mod source;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;
use sha2::{Digest as _, Sha256};

use source::{code, words};

/// The one file that may make SQL of anything but a constant.
const FILTER_SQL: &str = "src/store/filter.rs";

/// A file of the tree, by its path from the top.
struct File {
    path: String,
    text: String,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every file under a folder with one of these extensions (none given: all of them), in order.
fn files(folder: &str, extensions: &[&str]) -> Vec<File> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { walk(&path, found) } else { found.push(path) }
        }
    }
    let mut found = Vec::new();
    if root().join(folder).exists() {
        walk(&root().join(folder), &mut found);
    }
    found.sort();
    let wanted = |path: &PathBuf| {
        extensions.is_empty() || path.extension().is_some_and(|end| extensions.iter().any(|wanted| end == *wanted))
    };
    let read = |path: PathBuf| File {
        text: String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned(),
        path: path.strip_prefix(root()).unwrap().to_string_lossy().into_owned(),
    };
    found.into_iter().filter(wanted).map(read).collect()
}

fn assert_tidy(complaints: impl IntoIterator<Item = String>) {
    let complaints: Vec<String> = complaints.into_iter().collect();
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
}

/// `//!` first, so that a reader knows whether to read on.
fn unexplained(file: &File) -> Option<String> {
    let explained = file.text.starts_with("//! ");
    (!explained).then(|| format!("{}: does not open with //! and what lives here", file.path))
}

/// sqlx outside the store, and SQL that is no constant outside its one file.
fn sql_out_of_place(file: &File) -> Vec<String> {
    let code = code(&file.text);
    let words: BTreeSet<&str> = words(&code).collect();
    let mut complaints = Vec::new();
    if words.contains("sqlx") && !file.path.starts_with("src/store/") {
        complaints.push(format!("{}: names sqlx; only src/store/ does", file.path));
    }
    if words.contains("AssertSqlSafe") && file.path != FILTER_SQL {
        complaints.push(format!("{}: AssertSqlSafe; only {FILTER_SQL} does", file.path));
    }
    complaints
}

/// Work put off, and tests put aside.
fn put_off(file: &File) -> Vec<String> {
    // In pieces, so that this file does not complain of itself.
    const MARKS: [&str; 6] = [
        concat!("TO", "DO"),
        concat!("FIX", "ME"),
        concat!("XX", "X:"),
        concat!("#[ig", "nore"),
        concat!("unimple", "mented!"),
        concat!("to", "do!("),
    ];
    let complain = |(number, line): (usize, &str)| {
        let mark = MARKS.iter().find(|mark| line.contains(**mark))?;
        Some(format!("{}:{}: {mark}: do it now, or do not write it", file.path, number + 1))
    };
    file.text.lines().enumerate().filter_map(complain).collect()
}

/// Names that stand in one folder of migrations and not in the other.
fn unpaired(sqlite: &BTreeSet<String>, postgres: &BTreeSet<String>) -> Vec<String> {
    sqlite
        .symmetric_difference(postgres)
        .map(|name| format!("migrations: {name} is missing for one database"))
        .collect()
}

/// What a `vendor.lock` says of a file that was written elsewhere, and what is not so.
fn misnamed(lock: &File, bytes: impl FnOnce(&str) -> Option<Vec<u8>>) -> Vec<String> {
    let named: toml::Table = match lock.text.parse() {
        Ok(named) => named,
        Err(error) => return vec![format!("{}: {error}", lock.path)],
    };
    let text = |key: &str| named.get(key).and_then(toml::Value::as_str).unwrap_or_default();
    let missing =
        ["file", "name", "version", "source", "licence", "sha256"].into_iter().filter(|key| text(key).is_empty());
    let mut complaints: Vec<String> = missing.map(|key| format!("{}: no {key}", lock.path)).collect();
    let hash = bytes(text("file")).map(|bytes| HEXLOWER.encode(&Sha256::digest(bytes)));
    if hash.as_deref() != Some(text("sha256")) {
        complaints.push(format!("{}: {} is another file: {hash:?}", lock.path, text("file")));
    }
    complaints
}

#[test]
fn every_room_uses_only_what_it_may() {
    assert_tidy(files("src", &["rs"]).iter().flat_map(|file| rooms::trespasses(&file.path, &file.text)));
}

#[test]
fn every_file_says_what_it_is_for() {
    let all = files("src", &["rs"]).into_iter().chain(files("tests", &["rs"]));
    assert_tidy(all.filter_map(|file| unexplained(&file)));
}

#[test]
fn only_the_store_speaks_sql() {
    assert_tidy(files("src", &["rs"]).iter().flat_map(sql_out_of_place));
}

#[test]
fn nothing_is_put_off() {
    let folders = ["src", "tests", "config", "conformance", "migrations", ".ci", ".config", ".cargo"];
    let all = folders.iter().flat_map(|folder| files(folder, &[]));
    assert_tidy(all.flat_map(|file| put_off(&file)));
}

#[test]
fn both_databases_have_the_same_migrations() {
    let names = |folder: &str| {
        let sql = files(folder, &["sql"]);
        sql.iter().map(|file| file.path.rsplit('/').next().unwrap().to_owned()).collect::<BTreeSet<_>>()
    };
    assert_tidy(unpaired(&names("migrations/sqlite"), &names("migrations/postgres")));
}

#[test]
fn what_was_written_elsewhere_is_the_file_that_is_named() {
    let all: Vec<File> = ["src", "tests"].iter().flat_map(|folder| files(folder, &["lock", "js"])).collect();
    let folder = |path: &str| path.rsplit_once('/').unwrap().0.to_owned();
    let locks: Vec<&File> = all.iter().filter(|file| file.path.ends_with("/vendor.lock")).collect();
    let scripts = all.iter().filter(|file| file.path.ends_with(".min.js"));
    let unnamed = scripts.filter(|script| {
        let name = script.path.rsplit('/').next().unwrap();
        !locks.iter().any(|lock| folder(&lock.path) == folder(&script.path) && lock.text.contains(name))
    });
    assert_tidy(unnamed.map(|script| format!("{}: no vendor.lock beside it names it", script.path)));
    assert!(locks.len() >= 2);
    assert_tidy(
        locks.iter().flat_map(|lock| misnamed(lock, |file| fs::read(root().join(folder(&lock.path)).join(file)).ok())),
    );
}

// The rules themselves, each on something it must complain of and something it must not.

fn file(path: &str, text: &str) -> File {
    File { path: path.to_owned(), text: text.to_owned() }
}

#[test]
fn a_file_without_an_opening_is_seen() {
    assert!(unexplained(&file("src/a.rs", "use std::fmt;\n//! Late.\n")).is_some());
    assert!(unexplained(&file("src/a.rs", "//! What lives here.\n")).is_none());
}

#[test]
fn sql_outside_the_store_is_seen_in_code_only() {
    assert_eq!(sql_out_of_place(&file("src/web/x.rs", "use sqlx::Row;")).len(), 1);
    assert_eq!(sql_out_of_place(&file("src/web/x.rs", "// as sqlx does\nlet a = \"sqlx\";")).len(), 0);
    assert_eq!(sql_out_of_place(&file("src/store/x.rs", "use sqlx::AssertSqlSafe;")).len(), 1);
    assert_eq!(sql_out_of_place(&file(FILTER_SQL, "use sqlx::AssertSqlSafe;")).len(), 0);
}

#[test]
fn work_put_off_is_seen() {
    assert_eq!(put_off(&file("src/a.rs", concat!("fn a() {}\n// TO", "DO: b\n"))).len(), 1);
    assert_eq!(put_off(&file("src/a.rs", concat!("#[ig", "nore]\nfn a() {}\n"))).len(), 1);
    assert_eq!(put_off(&file("src/a.rs", "fn a() {}\n")).len(), 0);
}

#[test]
fn a_lonely_migration_is_seen() {
    let one = BTreeSet::from(["0001_a.sql".to_owned()]);
    let two = BTreeSet::from(["0001_a.sql".to_owned(), "0002_b.sql".to_owned()]);
    assert_eq!(unpaired(&two, &one).len(), 1);
    assert_eq!(unpaired(&two, &two).len(), 0);
}

#[test]
fn a_file_that_is_not_the_one_that_is_named_is_seen() {
    let hash = HEXLOWER.encode(&Sha256::digest("a"));
    let rest = "name = \"a\"\nversion = \"1\"\nsource = \"x\"\nlicence = \"MIT\"";
    let lock = file("src/vendor.lock", &format!("file = \"a.js\"\n{rest}\nsha256 = \"{hash}\"\n"));
    assert_eq!(misnamed(&lock, |_| Some(b"a".to_vec())), Vec::<String>::new());
    assert_eq!(misnamed(&lock, |_| Some(b"b".to_vec())).len(), 1);
    assert_eq!(misnamed(&lock, |_| None).len(), 1);
    assert_eq!(misnamed(&file("src/vendor.lock", rest), |_| None).len(), 3);
}
