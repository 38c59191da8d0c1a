//! The demo: a whole story through its own endpoint, and its data again at the next start.

use serde_json::Value;

use super::{bare, texts};
use crate::support::database::Database;
use crate::support::process::{json, output};

const ONCE: [&str; 4] = ["demo", "--once", "--listen", "127.0.0.1:0"];

fn told(database: &str, verb: &[&str]) -> Value {
    let output = output(database, &[verb, &["--output", "json"]].concat());
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {said}"))
}

fn person<'a>(people: &'a Value, email: &str) -> &'a Value {
    people.as_array().unwrap().iter().find(|person| person["email"] == email).expect(email)
}

#[tokio::test]
async fn joiners_movers_renames_role_grants_and_a_leaver_come_out_as_told() {
    let database = Database::new().await;
    let story = told(database.location(), &ONCE);
    let (before, after) = (&story["before"], &story["after"]);
    let permissions = |people, email| person(people, email)["permissions"].clone();
    let list = |texts: &[&str]| serde_json::json!(texts);
    for email in ["ada.lind@example.org", "ben.okafor@example.org", "carla.ruiz@example.org"] {
        assert_eq!(permissions(before, email), list(&["edit_facility:leeds"]), "{email}");
    }
    assert_eq!(permissions(before, "devika.patel@example.org"), list(&["edit_organization"]));
    assert_eq!(permissions(before, "emil.sato@example.org"), list(&[]));

    assert_eq!(permissions(after, "ada.lind@example.org"), list(&["edit_facility:leeds", "billing_admin"]));
    assert_eq!(permissions(after, "ben.okafor@example.org"), list(&["edit_facility:osaka"]));
    assert_eq!(permissions(after, "carla.ruiz@example.org"), list(&[]));
    assert_eq!(person(after, "carla.ruiz@example.org")["status"], "deactivated");
    assert_eq!(permissions(after, "devika.rao@example.org"), list(&["edit_organization"]));
    let devika = |people, email| person(people, email)["id"].clone();
    let old = devika(before, "devika.patel@example.org");
    assert_eq!(devika(after, "devika.rao@example.org"), old, "the same person under a new name");
    let emil = person(after, "emil.sato@example.org");
    assert_eq!(texts(&emil["waiting"], "permission"), ["organization_admin"]);
    assert_eq!(emil["permissions"], list(&[]), "held, not given");
}

#[tokio::test]
async fn another_start_finds_the_data_and_at_most_two_tokens_live() {
    let database = Database::new().await;
    let at = database.location();
    let first = told(at, &ONCE);
    let text = output(at, &ONCE);
    let text = String::from_utf8_lossy(&text.stdout);
    for words in ["of an earlier start", "SCIM base URL", "secaro_scim_", "curl", "because:"] {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert_eq!(text.matches("curl ").count(), 3);
    let third = told(at, &ONCE);
    assert_eq!((&first["told"], &third["told"]), (&true.into(), &false.into()));
    assert_eq!(third["after"], first["after"]);
    assert_ne!(third["token"], first["token"]);
    let tokens = json(at, &["token", "list", "--connection", "okta"]);
    let live = tokens["tokens"].as_array().unwrap().iter().filter(|token| token["revoked_at"].is_null()).count();
    assert_eq!(live, 2);
}

#[test]
fn the_demo_never_plays_in_an_installation_of_its_own_accord() {
    let folder = tempfile::tempdir().unwrap();
    let url = folder.path().join("real.db");
    let settings = [
        ("SECARO_DATABASE__URL", url.to_str().unwrap()),
        ("SECARO_DATABASE__DATA_DIR", folder.path().to_str().unwrap()),
        ("SECARO_SERVER__PUBLIC_URL", "https://scim.example.com"),
    ];
    let told = bare(&[&ONCE[..], &["--output", "json"]].concat(), &settings);
    let told: Value = serde_json::from_slice(&told.stdout).unwrap();
    assert!(told["base_url"].as_str().unwrap().starts_with("http://127.0.0.1:"));
    assert!(folder.path().join("demo/gateway.db").exists());
    assert!(!url.exists() && !folder.path().join("gateway.db").exists());
}
