//! What each verb does, in both forms of answer.

use std::fs;

use serde_json::Value;

use super::{bare, in_directory, stdout, texts};
use crate::support::database::Database;
use crate::support::process::{json, output, provision};

#[test]
fn the_invocations_that_scripts_rely_on_work_as_they_stand() {
    let directory = tempfile::tempdir().unwrap();
    let gateway = |line: &[&str]| stdout(&in_directory(directory.path(), line));
    gateway(&["organization", "create", "--key", "example", "--name", "Example", "--domain", "example.org"]);
    gateway(&["facility", "add", "--organization", "example", "--key", "leeds", "--name", "Leeds"]);
    let may_grant = "edit,billing_admin,organization_admin";
    let connection = ["connection", "create", "--organization", "example", "--key", "okta", "--dialect", "okta"];
    let created = gateway(&[&connection[..], &["--may-grant", may_grant]].concat());
    assert!(created.contains("http://127.0.0.1:8080/scim/v2/okta"), "{created}");
    let pattern = ["--group-pattern", "secaro-{facility}-editors", "--gives", "edit_facility:{facility}"];
    gateway(&[&["rule", "add", "--connection", "okta"], &pattern[..]].concat());
    let issue = ["token", "issue", "--connection", "okta", "--name", "first", "--expires", "180d"];
    let issued: Value = serde_json::from_str(&gateway(&[&issue[..], &["--output", "json"]].concat())).unwrap();
    assert!(issued["token"].as_str().unwrap().starts_with("secaro_scim_"));
    assert!(directory.path().join("gateway.db").exists());
}

#[tokio::test]
async fn an_organization_is_created_listed_and_shown() {
    let database = Database::new().await;
    let at = database.location();
    let create = ["organization", "create", "--key", "northwind", "--name", "Northwind"];
    let created = json(at, &[&create[..], &["--domain", "northwind.example", "--domain", "nw.example"]].concat());
    assert_eq!((&created["key"], &created["name"]), (&"northwind".into(), &"Northwind".into()));
    assert!(created["id"].is_string());
    assert_eq!(texts(&created["domains"], "name"), ["northwind.example", "nw.example"]);
    assert!(created["domains"][0]["verified_at"].is_string(), "the operator vouches for it");

    assert_eq!(texts(&json(at, &["organization", "list"])["organizations"], "key"), ["northwind"]);
    for which in [&["northwind"][..], &["--organization", "northwind"], &["--key", "northwind"]] {
        let shown = json(at, &[&["organization", "show"], which].concat());
        assert_eq!(shown["id"], created["id"]);
    }
    let shown = stdout(&output(at, &["organization", "show", "northwind"]));
    assert!(shown.contains("northwind.example (verified), nw.example (verified)"), "{shown}");
    assert!(stdout(&output(at, &["organization", "list"])).contains("│ northwind ┆ Northwind ┆"));
}

#[tokio::test]
async fn facilities_are_added_listed_and_archived() {
    let database = Database::new().await;
    let at = database.location();
    json(at, &["organization", "create", "--key", "example", "--name", "Example"]);
    // Where there is one organization, it need not be named.
    let add = ["facility", "add", "--key", "lyon", "--name", "Lyon", "--duns", "123456789", "--labels", "eu; south"];
    let added = json(at, &add);
    assert_eq!((&added["duns"], &added["labels"]), (&"123456789".into(), &"eu;south".into()));
    json(at, &["facility", "add", "--organization", "example", "--key", "leeds", "--name", "Leeds"]);
    let listed = json(at, &["facility", "list", "--organization", "example"]);
    assert_eq!(texts(&listed["facilities"], "key"), ["leeds", "lyon"]);
    let archived = json(at, &["facility", "archive", "--organization", "example", "--key", "lyon"]);
    assert!(archived["archived_at"].is_string());
    let table = stdout(&output(at, &["facility", "list"]));
    assert!(table.contains("archived") && table.contains("in use"), "{table}");
}

#[tokio::test]
async fn facilities_are_imported_all_or_none() {
    let database = Database::new().await;
    let at = database.location();
    json(at, &["organization", "create", "--key", "example", "--name", "Example"]);
    let file = database.folder().join("facilities.csv");
    let path = file.to_str().unwrap();
    let import = ["facility", "import", "--organization", "example", path];

    fs::write(&file, "\u{feff}key,name,duns\nleeds,Leeds,\nlyon,\"Lyon, South\",123\n").unwrap();
    let first = json(at, &import);
    assert_eq!((&first["added"], &first["changed"], &first["unchanged"]), (&2.into(), &0.into(), &0.into()));
    fs::write(&file, "Internal facility ID,Facility name\nleeds,Leeds Works\n").unwrap();
    let second = json(at, &import);
    assert_eq!((&second["added"], &second["changed"]), (&0.into(), &1.into()));

    fs::write(&file, "key,name\nosaka,Osaka\nNot A Key,Nowhere\n").unwrap();
    let refused = output(at, &import);
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("row 3: «Not A Key» cannot be the key of a facility"));
    let listed = json(at, &["facility", "list"]);
    assert_eq!(texts(&listed["facilities"], "key"), ["leeds", "lyon"], "nothing half done");
    assert_eq!(texts(&listed["facilities"], "name"), ["Leeds Works", "Lyon, South"]);
}

#[tokio::test]
async fn a_connection_is_created_shown_paused_and_resumed() {
    let database = Database::new().await;
    let at = database.location();
    json(at, &["organization", "create", "--key", "example", "--name", "Example"]);
    let created = json(at, &["connection", "create", "entra", "--dialect", "entra", "--strict"]);
    let expected: Value =
        serde_json::json!({"key": "entra", "dialect": "entra", "strict": true, "state": "active", "may_grant": "edit"});
    for (member, value) in expected.as_object().unwrap() {
        assert_eq!(created[member], *value, "{member}");
    }
    assert_eq!(created["scim_base_url"], "http://127.0.0.1:8080/scim/v2/entra");
    json(at, &["connection", "create", "--organization", "example", "--connection", "other"]);
    assert_eq!(texts(&json(at, &["connection", "list"])["connections"], "key"), ["entra", "other"]);
    assert_eq!(json(at, &["connection", "pause", "--key", "entra"])["state"], "paused");
    assert_eq!(json(at, &["connection", "show", "--connection", "entra"])["state"], "paused");
    assert_eq!(json(at, &["connection", "resume", "entra"])["state"], "active");
    assert!(stdout(&output(at, &["connection", "show", "entra"])).contains("refused (strict)"));
}

#[tokio::test]
async fn a_token_is_shown_once_and_at_most_two_live() {
    let database = Database::new().await;
    let at = database.location();
    let [first] = provision(at, ["okta"]);
    let issue = |name| output(at, &["token", "issue", "--connection", "okta", "--name", name]);
    let second = stdout(&issue("second"));
    assert!(second.contains("shown this once") && second.contains("secaro_scim_"), "{second}");
    assert_eq!(issue("third").status.code(), Some(5));
    let listed = json(at, &["token", "list", "--connection", "okta"]);
    assert_eq!(texts(&listed["tokens"], "name"), ["tests", "second"]);
    let kept = listed.to_string();
    let secret = first.rsplit('_').nth(1).unwrap();
    assert!(!kept.contains(secret), "t62: a list shows a secret");
    let revoked = json(at, &["token", "revoke", "--connection", "okta", "--name", "tests"]);
    assert!(revoked["revoked_at"].is_string());
    assert!(issue("third").status.success());
    let table = stdout(&output(at, &["token", "list", "--connection", "okta"]));
    assert!(table.contains("revoked") && table.contains("live"), "{table}");
}

#[tokio::test]
async fn rules_are_added_listed_and_removed() {
    let database = Database::new().await;
    let at = database.location();
    provision(at, ["okta"]);
    let add = |line: &[&str]| output(at, &[&["rule", "add", "--connection", "okta"], line].concat());
    let pattern = ["--group-pattern", "secaro-{facility}-editors", "--gives", "edit_facility:{facility}"];
    assert!(stdout(&add(&pattern)).starts_with("Added rule "));
    let attribute = ["--attribute", "userType", "--value", "Employee", "--gives", "edit_organization"];
    assert!(add(&[&attribute[..], &["--note", "everybody of the firm"]].concat()).status.success());
    let listed = json(at, &["rule", "list", "--connection", "okta"]);
    assert_eq!(texts(&listed["rules"], "kind"), ["pattern", "attribute"]);
    assert_eq!(listed["rules"][1]["note"], "everybody of the firm");
    let id = listed["rules"][0]["id"].as_str().unwrap();
    assert_eq!(json(at, &["rule", "remove", "--connection", "okta", id])["id"], id);
    assert!(!stdout(&output(at, &["rule", "list", "--connection", "okta"])).contains("secaro-"));
    // Whoever can name a group must not be able to make an admin.
    let admin = add(&["--group-pattern", "secaro-admins", "--gives", "organization_admin"]);
    assert_eq!(admin.status.code(), Some(2), "t20");
    let unknown = "01a20a7d-cdbe-738d-813e-2d57a73d4b2a";
    assert_eq!(add(&["--group", unknown, "--gives", "billing_admin"]).status.code(), Some(4));
}

#[tokio::test]
async fn lists_without_anything_say_the_next_step() {
    let database = Database::new().await;
    let at = database.location();
    assert!(stdout(&output(at, &["organization", "list"])).contains("«secaro-gateway organization create»"));
    json(at, &["organization", "create", "--key", "example", "--name", "Example"]);
    assert!(stdout(&output(at, &["facility", "list"])).contains("«secaro-gateway facility add»"));
    assert!(stdout(&output(at, &["person", "list"])).contains("nobody yet"));
    assert_eq!(stdout(&output(at, &["held", "list"])), "Nothing is held.\n");
    assert_eq!(json(at, &["held", "list"]), serde_json::json!({"held": []}));
    assert_eq!(json(at, &["person", "list", "--organization", "example"]), serde_json::json!({"people": []}));
}

#[tokio::test]
async fn migrate_says_where_and_how_far() {
    let database = Database::new().await;
    let migrated = json(database.location(), &["migrate"]);
    assert!(migrated["schema"].as_i64().unwrap() >= 1);
    assert!(stdout(&output(database.location(), &["migrate"])).contains("up to date"));
}

#[test]
fn settings_are_checked_and_printed_without_a_database() {
    let environment = [("SECARO_DATABASE__URL", "postgres://gateway:hunter2@nowhere.invalid/db")];
    assert_eq!(stdout(&bare(&["config", "check"], &environment)), "The settings are fine.\n");
    let printed = stdout(&bare(&["config", "print", "--output", "json"], &environment));
    let printed: Value = serde_json::from_str(&printed).unwrap();
    let url = printed["settings"].as_array().unwrap().iter().find(|entry| entry["key"] == "database.url").unwrap();
    assert_eq!(url["origin"], "in the environment");
    assert!(!printed.to_string().contains("hunter2"), "t62: a password is printed");
    let table = stdout(&bare(&["config", "print"], &[("SECARO_SCIM__RATE_LIMIT", "7")]));
    assert!(table.contains("SECARO_SCIM__RATE_LIMIT"), "{table}");
}

#[test]
fn completions_come_for_every_shell() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        assert!(stdout(&bare(&["completions", shell], &[])).contains("secaro-gateway"), "{shell}");
    }
}

#[test]
fn help_and_version_are_answers() {
    assert!(stdout(&bare(&["--help"], &[])).contains("Exit codes:"));
    assert!(stdout(&bare(&["person", "explain", "--help"], &[])).contains("--organization"));
    assert!(stdout(&bare(&["--version"], &[])).starts_with("secaro-gateway "));
}
