//! The whole life of invitations at the command line.

use std::fs;

use serde_json::Value;

use crate::support::database::Database;
use crate::support::process::{json, output, provision};

/// Exit code and what was said on standard output.
fn ends(database: &str, arguments: &[&str]) -> (i32, Value) {
    let output = output(database, &[arguments, &["--output", "json"]].concat());
    (output.status.code().expect("an exit code"), serde_json::from_slice(&output.stdout).unwrap_or_default())
}

#[tokio::test]
async fn people_are_listed_sent_and_taken_back_at_the_command_line() {
    let database = Database::new().await;
    let at = database.location();
    provision(at, ["okta"]);
    let add = ["invite", "add", "--name", "Ada Byron", "--email", "ada@example.org"];
    let more = ["--can-edit", "Organization", "--can-edit", "Leeds", "--admin-for", "Billing admin"];
    let staged = json(at, &[&add[..], &more].concat());
    assert_eq!((&staged["state"], &staged["warnings"]), (&"staged".into(), &Value::Array(Vec::new())));
    assert_eq!(staged["permissions"], serde_json::json!(["edit_organization", "edit_facility:leeds", "billing_admin"]));
    assert_eq!(ends(at, &add).0, 5, "twice");
    json(at, &["invite", "add", "--name", "Bob", "--email", "bob@elsewhere.example"]);
    json(at, &["invite", "remove", "bob@elsewhere.example"]);
    assert_eq!(ends(at, &["invite", "remove", "bob@elsewhere.example"]).0, 4);
    assert_eq!(ends(at, &["invite", "resend", "ada@example.org"]).0, 5, "it was not sent");
    assert_eq!(ends(at, &["invite", "revoke", "ada@example.org"]).0, 5, "nor can it be revoked");

    let sent = json(at, &["invite", "send"]);
    assert_eq!((&sent["done"], &sent["refused"], &sent["rows"][0]["outcome"]), (&1.into(), &0.into(), &"sent".into()));
    assert_eq!(json(at, &["invite", "send"])["done"], 0, "nothing is left to send");
    assert_eq!(json(at, &["person", "list"])["people"][0]["status"], "invited");
    assert_eq!(ends(at, &["invite", "resend", "ada@example.org"]).0, 5, "too soon");
    let listed = json(at, &["invite", "list"]);
    assert!(listed["invitations"][0]["expires_at"].is_string());
    let text = String::from_utf8(output(at, &["invite", "list"]).stdout).unwrap();
    assert!(text.contains("ada@example.org") && text.contains("sent; ends 20"), "{text}");
    assert!(!text.contains("secaro_invitation_"), "the link goes by mail alone");

    let id = listed["invitations"][0]["id"].as_str().unwrap();
    assert_eq!(json(at, &["invite", "revoke", id])["state"], "revoked");
    assert_eq!(json(at, &["invite", "list"])["invitations"], Value::Array(Vec::new()));
    assert_eq!(json(at, &["invite", "list", "--all"])["invitations"][0]["state"], "revoked");
    assert_eq!(json(at, &["person", "list"])["people"], Value::Array(Vec::new()));
}

#[tokio::test]
async fn a_file_is_imported_row_by_row_with_a_report() {
    let database = Database::new().await;
    let at = database.location();
    provision(at, []);
    let file = database.folder().join("people.csv");
    let csv = "Name,E-mail,Can edit,Admin for\n\
               Ada,ada@example.org,Organization; leeds,Organization admin\n\
               Bob,bob,,\n\
               =1+1,eve@example.org,,\n\
               Cyd,cyd@elsewhere.example,,Billing admin\n\
               Ada again,ADA@example.org,,\n\
               Dan,dan@example.org,paris,\n";
    fs::write(&file, csv).unwrap();
    let import = ["invite", "import", file.to_str().unwrap()];
    let (code, report) = ends(at, &import);
    assert_eq!((code, &report["done"], &report["refused"]), (8, &3.into(), &3.into()), "{report:#}");
    let rows: Vec<String> =
        report["rows"].as_array().unwrap().iter().map(|row| format!("{} {}", row["line"], row["outcome"])).collect();
    let expected = ["2 \"staged\"", "3 \"refused\"", "4 \"staged\"", "5 \"staged\"", "6 \"refused\"", "7 \"refused\""];
    assert_eq!(rows, expected);
    assert_eq!(report["rows"][3]["warnings"].as_array().unwrap().len(), 1, "a foreign domain is remarked");
    let listed = json(at, &["invite", "list"]);
    let names: Vec<&str> =
        listed["invitations"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["Ada", "Cyd", "=1+1"], "a cell is text");
    // The same file again: what is there is refused, and nothing is there twice.
    let (code, report) = ends(at, &import);
    assert_eq!((code, &report["done"]), (8, &0.into()));
    assert_eq!(json(at, &["invite", "list"])["invitations"].as_array().unwrap().len(), 3);

    fs::write(&file, "first,second\na,b\n").unwrap();
    assert_eq!(ends(at, &import).0, 2);
    assert_eq!(ends(at, &["invite", "import", "/nowhere.csv"]).0, 1);
}
