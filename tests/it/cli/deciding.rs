//! Deciding at the command line: what is told before it is done, a result for each of many, and the exit codes.

use serde_json::Value;

use super::beside_a_server::Idp;
use crate::support::database::Database;
use crate::support::process::{Gateway, json, output, provision};

fn code(at: &str, arguments: &[&str]) -> i32 {
    output(at, arguments).status.code().unwrap()
}

fn said(at: &str, arguments: &[&str]) -> String {
    let output = output(at, arguments);
    String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap()
}

#[tokio::test]
async fn what_waits_is_listed_shown_and_decided() {
    let database = Database::new().await;
    let at = database.location();
    let [token] = provision(at, ["okta"]);
    json(at, &["admin", "recover", "--email", "root@example.org", "--name", "Root"]);
    assert!(said(at, &["admin", "list"]).contains("root@example.org"));
    assert_eq!(code(at, &["admin", "recover", "--email", "x@example.org", "--as", "root@example.org"]), 7);

    let gateway = Gateway::start(at, &[]);
    let okta = Idp::new(&gateway, "okta", &token);
    let roles = serde_json::json!([{ "value": "organization_admin" }]);
    for name in ["ada", "bob"] {
        let email = format!("{name}@elsewhere.example");
        okta.create_user(&email, roles.clone()).await;
    }
    let held = json(at, &["held", "list"]);
    let ids: Vec<&str> = held["held"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), 2);
    assert_eq!(held["held"][0]["reason"], "unverified_domain");
    assert!(said(at, &["held", "show", ids[0]]).contains("organization_admin"));
    assert_eq!(code(at, &["held", "show", "nothing"]), 4);
    assert_eq!(code(at, &["held", "release", ids[0], "--as", "ada@elsewhere.example"]), 7);
    let both = ["held", "release", ids[0], "019b0000-0000-7000-8000-000000000000", "--as", "root@example.org"];
    let partly = output(at, &[&both[..], &["--output", "json"]].concat());
    assert_eq!(partly.status.code(), Some(8));
    let rows: Value = serde_json::from_slice(&partly.stdout).unwrap();
    assert!(rows["held"][0]["decided"].is_string() && rows["held"][1]["refused"].is_string(), "{rows}");
    assert_eq!(code(at, &["held", "release", ids[0]]), 5, "decided is decided");
    let explained = said(at, &["person", "explain", "ada@elsewhere.example"]);
    assert!(explained.contains("released by root@example.org (through operator "), "{explained}");
    let waiting = said(at, &["person", "explain", "bob@elsewhere.example"]);
    assert!(waiting.contains(&format!("«secaro-gateway held show {}»", ids[1])), "{waiting}");
    assert_eq!(code(at, &["held", "discard", ids[1]]), 0);
    assert!(said(at, &["conflict", "list"]).contains("There are no conflicts."));
    assert!(said(at, &["mass", "list"]).contains("No connection"));
}

#[tokio::test]
async fn a_person_is_changed_and_the_effect_is_named_first() {
    let database = Database::new().await;
    let at = database.location();
    provision(at, ["okta"]);
    json(at, &["admin", "recover", "--email", "root@example.org"]);
    json(at, &["admin", "recover", "--email", "ada@example.org"]);
    let edit = ["person", "edit", "ada@example.org", "--name", "Ada King", "--can-edit", "Organization,leeds"];
    let edited = said(at, &[&edit[..], &["--admin-for", "Billing admin", "--as", "root@example.org"]].concat());
    for part in ["Ada King", "Can edit: Organization", "Can edit: leeds", "Billing admin"] {
        assert!(edited.to_lowercase().contains(&part.to_lowercase()), "{part}: {edited}");
    }
    assert!(!edited.contains("organization_admin"), "{edited}");
    assert_eq!(code(at, &["person", "edit", "root@example.org", "--admin-for", ""]), 5, "the last one");
    assert_eq!(code(at, &["person", "edit", "root@example.org", "--take", "billing_admin"]), 5);

    let told = said(at, &["person", "deactivate", "ada@example.org"]);
    assert!(told.contains("repeat it with --yes") && told.contains("edit_organization"), "{told}");
    assert_eq!(code(at, &["person", "deactivate", "ada@example.org"]), 6);
    assert!(json(at, &["person", "show", "ada@example.org"])["status"] == "active");
    assert_eq!(code(at, &["person", "deactivate", "ada@example.org", "--yes"]), 0);
    assert_eq!(code(at, &["person", "deactivate", "ada@example.org", "--yes"]), 5);
    assert_eq!(code(at, &["person", "reactivate", "ada@example.org", "--yes"]), 0);
    let held = json(at, &["held", "list"]);
    assert_eq!(held["held"][0]["reason"], "reactivated", "an admin role is confirmed anew");
    assert_eq!(code(at, &["person", "detach", "ada@example.org", "--yes"]), 5, "managed by nobody");
}
