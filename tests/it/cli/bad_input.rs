//! What is wrong is said in one sentence with what to do, and nothing is half done.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::{bare, complaint, in_directory};
use crate::support::database::Database;
use crate::support::process::{json, output};

#[test]
fn a_misspelt_setting_is_named_with_the_nearest_one() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("gateway.toml");
    fs::write(&file, "[scim]\nmax_pagesize = 5\n").unwrap();
    let (code, text) = complaint(&bare(&["config", "check", "--config", file.to_str().unwrap()], &[]));
    assert_eq!(code, 3);
    assert!(text.contains("did you mean \"scim.max_page_size\"?"), "{text}");
    let (code, text) = complaint(&bare(&["serve"], &[("SECARO_SERVER__LISTN", "127.0.0.1:0")]));
    assert_eq!(code, 3);
    assert!(text.contains("did you mean SECARO_SERVER__LISTEN?"), "{text}");
}

#[test]
fn a_settings_file_that_cannot_be_read_is_named() {
    let (code, text) = complaint(&bare(&["--config", "/nowhere/gateway.toml", "organization", "list"], &[]));
    assert_eq!(code, 3);
    assert!(text.contains("cannot read the settings file /nowhere/gateway.toml"), "{text}");
    let (code, text) = complaint(&bare(&["organization", "list"], &[("SECARO_CONFIG", "/nowhere/gateway.toml")]));
    assert_eq!((code, text.contains("/nowhere/gateway.toml")), (3, true));
}

#[test]
fn a_wrong_listen_address_is_named_without_being_tried() {
    let (code, text) = complaint(&bare(&["serve", "--listen", "8080"], &[]));
    assert_eq!(code, 3);
    assert!(text.contains("server.listen on the command line"), "{text}");
}

#[test]
fn a_data_directory_that_cannot_be_written_is_said() {
    // Nobody, root included, can make a file in /proc.
    let (code, text) = complaint(&in_directory(Path::new("/proc"), &["organization", "list"]));
    assert_eq!(code, 1);
    assert!(text.contains("cannot open the database /proc/gateway.db"), "{text}");
    assert!(text.contains("check that its directory exists and that this account may write there"), "{text}");
    let (code, text) = complaint(&in_directory(Path::new("/proc/secaro"), &["serve", "--listen", "127.0.0.1:0"]));
    assert_eq!(code, 1);
    assert!(text.contains("cannot make the data directory /proc/secaro"), "{text}");
}

#[test]
fn a_file_that_is_no_database_is_said() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("gateway.db");
    fs::write(&file, "this is no database, but long enough to be looked at as one\n".repeat(20)).unwrap();
    let (code, text) = complaint(&in_directory(directory.path(), &["organization", "list"]));
    assert_eq!(code, 1);
    assert!(text.contains("not a database"), "{text}");
}

#[test]
fn a_database_server_that_is_away_is_said_without_the_password() {
    let url = "postgres://gateway:hunter2@127.0.0.1:1/secaro";
    let quick = [("SECARO_DATABASE__BUSY_TIMEOUT", "500ms")];
    let (code, text) = complaint(&bare(&["organization", "list", "--database", url], &quick));
    assert_eq!(code, 1);
    assert!(text.contains("postgres://127.0.0.1:1/secaro") && text.contains("check that the server runs"), "{text}");
    assert!(!text.contains("hunter2"), "t62: {text}");
}

#[tokio::test]
async fn what_is_not_there_is_4_and_what_is_there_already_is_5() {
    let database = Database::new().await;
    let at = database.location();
    let create = ["organization", "create", "--key", "example", "--name", "Example", "--domain", "example.org"];
    json(at, &create);
    json(at, &["facility", "add", "--key", "leeds", "--name", "Leeds"]);
    json(at, &["connection", "create", "okta"]);
    let cases: [(&[&str], i32); 13] = [
        (&create, 5),
        (&["organization", "create", "--key", "other", "--name", "Other", "--domain", "example.org"], 5),
        (&["facility", "add", "--key", "leeds", "--name", "Leeds again"], 5),
        (&["connection", "create", "okta"], 5),
        (&["organization", "show", "nobody"], 4),
        (&["facility", "list", "--organization", "nobody"], 4),
        (&["facility", "archive", "--key", "nowhere"], 4),
        (&["connection", "pause", "nothing"], 4),
        (&["token", "issue", "--connection", "nothing", "--name", "first"], 4),
        (&["token", "revoke", "--connection", "okta", "--name", "first"], 4),
        (&["rule", "remove", "--connection", "okta", "1"], 4),
        (&["person", "show", "ada@example.org"], 4),
        (&["person", "explain", "ada@example.org"], 4),
    ];
    for (line, expected) in cases {
        let (code, text) = complaint(&output(at, line));
        assert_eq!(code, expected, "{line:?}: {text}");
        assert!(text.starts_with("secaro-gateway: ") && text.contains("; ") && text.lines().count() == 1, "{text}");
    }
    assert_eq!(json(at, &["organization", "list"])["organizations"].as_array().unwrap().len(), 1, "nothing half done");
}

#[tokio::test]
async fn what_cannot_be_meant_is_2() {
    let database = Database::new().await;
    let at = database.location();
    let create = |key, name| ["organization", "create", "--key", key, "--name", name];
    json(at, &create("one", "One"));
    json(at, &["connection", "create", "okta", "--organization", "one"]);
    json(at, &create("two", "Two"));
    let token = ["token", "issue", "--connection", "okta", "--name", "first", "--expires"];
    let rule = ["rule", "add", "--connection", "okta", "--gives"];
    let cases: [&[&str]; 14] = [
        &create("Not A Key", "Name"),
        &create("three", " "),
        &[&create("three", "Three")[..], &["--domain", "no domain"]].concat(),
        &["facility", "list"],
        &["connection", "create", "x", "--dialect", "ping", "--organization", "one"],
        &["connection", "create", "x", "--may-grant", "everything", "--organization", "one"],
        &["connection", "create", "--organization", "one"],
        &[&token[..], &["180"]].concat(),
        &[&token[..], &["9999d"]].concat(),
        &[&token[..], &["0s"]].concat(),
        &[&rule[..], &["edit_everything", "--group-pattern", "x-{facility}"]].concat(),
        &[&rule[..], &["edit_organization", "--attribute", "userType"]].concat(),
        &["person", "show", "nobody"],
        &["person", "frobnicate"],
    ];
    for line in cases {
        let (code, text) = complaint(&output(at, line));
        assert_eq!(code, 2, "{line:?}: {text}");
    }
    assert_eq!(complaint(&bare(&["--data-dir", "a", "--database", "b", "migrate"], &[])).0, 2);
}

#[test]
fn a_failure_is_json_on_standard_error_when_json_was_asked_for() {
    let directory = tempfile::tempdir().unwrap();
    let cases: [(&[&str], &str, i64); 3] = [
        (&["organization", "show", "nobody", "--output", "json"], "not_found", 4),
        (&["--output=json", "token", "list"], "usage", 2),
        (&["organization", "list", "--output", "json", "--config", "/nowhere"], "config", 3),
    ];
    for (line, name, exit_code) in cases {
        let output = in_directory(directory.path(), line);
        let (code, text) = complaint(&output);
        let error: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
        assert_eq!(i64::from(code), exit_code);
        assert_eq!((&error["error"]["code"], &error["error"]["exit_code"]), (&name.into(), &exit_code.into()));
        assert!(error["error"]["message"].as_str().unwrap().len() > 10);
    }
}

#[test]
fn an_import_that_cannot_be_read_is_said() {
    let directory = tempfile::tempdir().unwrap();
    let organization = ["organization", "create", "--key", "example", "--name", "Example"];
    assert!(in_directory(directory.path(), &organization).status.success());
    let (code, text) = complaint(&in_directory(directory.path(), &["facility", "import", "/nowhere.csv"]));
    assert_eq!((code, text.contains("cannot read /nowhere.csv")), (1, true));
    let file = directory.path().join("bad.csv");
    for content in ["key,name,colour\nleeds,Leeds,red\n", "key,name\nleeds\n", "name\nLeeds\n"] {
        fs::write(&file, content).unwrap();
        let (code, text) = complaint(&in_directory(directory.path(), &["facility", "import", file.to_str().unwrap()]));
        assert_eq!(code, 2, "{content:?}: {text}");
        assert!(text.contains("correct it and import again"), "{text}");
    }
}
