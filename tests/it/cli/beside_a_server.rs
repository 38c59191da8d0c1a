//! The command line while a gateway serves the same database: what it changes holds from the next request on.

use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};

use super::{stdout, texts};
use crate::support::database::Database;
use crate::support::process::{Gateway, json as cli, output, provision};

/// An IdP of one connection.
pub(super) struct Idp {
    client: Client,
    base_url: String,
    token: String,
}

impl Idp {
    pub(super) fn new(gateway: &Gateway, connection: &str, token: &str) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder().no_proxy().build().unwrap();
        let base_url = format!("http://{}/scim/v2/{connection}", gateway.address());
        Self { client, base_url, token: token.to_owned() }
    }

    async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> (StatusCode, Value) {
        let request = self.client.request(method, format!("{}{path}", self.base_url)).bearer_auth(&self.token);
        let request = match body {
            Some(body) => request.header("Content-Type", "application/scim+json").body(body.to_string()),
            None => request,
        };
        let response = request.send().await.unwrap();
        let status = response.status();
        (status, serde_json::from_slice(&response.bytes().await.unwrap()).unwrap_or_default())
    }

    pub(super) async fn create_user(&self, address: &str, roles: Value) -> String {
        let body = json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
            "userName": address, "displayName": "Ada Lind", "roles": roles,
        });
        let (status, created) = self.ask(Method::POST, "/Users", Some(body)).await;
        assert_eq!(status, 201, "{created}");
        created["id"].as_str().unwrap().to_owned()
    }

    async fn create_group(&self, name: &str, member: &str) -> String {
        let body = json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"],
            "displayName": name, "members": [{ "value": member }],
        });
        let (status, created) = self.ask(Method::POST, "/Groups", Some(body)).await;
        assert_eq!(status, 201, "{created}");
        created["id"].as_str().unwrap().to_owned()
    }

    async fn probe(&self) -> StatusCode {
        self.ask(Method::GET, "/Users?count=1", None).await.0
    }
}

#[tokio::test]
async fn a_revoked_token_and_a_paused_connection_are_refused_at_the_next_request() {
    let database = Database::new().await;
    let at = database.location();
    let [token] = provision(at, ["okta"]);
    let gateway = Gateway::start(at, &[]);
    let idp = Idp::new(&gateway, "okta", &token);
    assert_eq!(idp.probe().await, 200);
    cli(at, &["connection", "pause", "okta"]);
    assert_eq!(idp.probe().await, 503);
    cli(at, &["connection", "resume", "okta"]);
    assert_eq!(idp.probe().await, 200);
    cli(at, &["token", "revoke", "--connection", "okta", "--name", "tests"]);
    assert_eq!(idp.probe().await, 401);
    let issued = cli(at, &["token", "issue", "--connection", "okta", "--name", "again"]);
    let again = Idp { token: issued["token"].as_str().unwrap().to_owned(), ..idp };
    assert_eq!(again.probe().await, 200);
}

#[tokio::test]
async fn a_rule_holds_at_once_and_explain_says_why() {
    let database = Database::new().await;
    let at = database.location();
    let [token] = provision(at, ["okta"]);
    let gateway = Gateway::start(at, &[]);
    let idp = Idp::new(&gateway, "okta", &token);
    let ada = idp.create_user("ada@example.org", json!([])).await;
    let group = idp.create_group("secaro-leeds-editors", &ada).await;
    let explain = || stdout(&output(at, &["person", "explain", "ada@example.org"]));
    assert!(explain().contains("View only"), "{}", explain());

    let pattern = ["--group-pattern", "secaro-{facility}-editors", "--gives", "edit_facility:{facility}"];
    let added = cli(at, &[&["rule", "add", "--yes", "--connection", "okta"], &pattern[..]].concat());
    let text = explain();
    assert!(text.contains("Can edit: Leeds (edit_facility:leeds)"), "{text}");
    assert!(text.contains("because: member of group «secaro-leeds-editors» of connection «okta»"), "{text}");
    cli(at, &["rule", "add", "--yes", "--connection", "okta", "--group", &group, "--gives", "billing_admin"]);
    let explained = cli(at, &["person", "explain", "ADA@example.org", "--organization", "example"]);
    assert_eq!(texts(&explained["effective"], "permission"), ["edit_facility:leeds", "billing_admin"]);
    assert_eq!(explained["effective"][0]["because"][0]["rule"], added["id"]);

    let urn = "urn:secaro:params:scim:schemas:extension:access:2.0:User";
    let (_, user) = idp.ask(Method::GET, &format!("/Users/{ada}?attributes={urn}"), None).await;
    let access = &user[urn];
    assert_eq!(access["canEdit"][0]["value"], "edit_facility:leeds", "{user}");

    cli(at, &["rule", "remove", "--yes", "--connection", "okta", added["id"].as_str().unwrap()]);
    let listed = cli(at, &["person", "list"]);
    assert_eq!(listed["people"][0]["permissions"], json!(["billing_admin"]));
    cli(at, &["facility", "archive", "--key", "leeds"]);
    assert!(stdout(&output(at, &["person", "list"])).contains("billing_admin"));
}

#[tokio::test]
async fn what_goes_beyond_the_ceiling_is_held_and_listed() {
    let database = Database::new().await;
    let at = database.location();
    cli(at, &["organization", "create", "--key", "example", "--name", "Example", "--domain", "example.org"]);
    cli(at, &["connection", "create", "okta", "--dialect", "okta"]);
    let issued = cli(at, &["token", "issue", "--connection", "okta", "--name", "first"]);
    let gateway = Gateway::start(at, &[]);
    let idp = Idp::new(&gateway, "okta", issued["token"].as_str().unwrap());
    idp.create_user("ada@example.org", json!([{ "value": "organization_admin" }])).await;
    idp.create_user("no address", json!([])).await;

    let held = cli(at, &["held", "list"]);
    let held = held["held"].as_array().unwrap();
    assert_eq!(held.len(), 2, "{held:?}");
    let permission = held.iter().find(|item| item["kind"] == "permission").unwrap();
    assert_eq!((&permission["person"], &permission["reason"]), (&"ada@example.org".into(), &"ceiling".into()));
    assert!(held.iter().any(|item| item["kind"] == "link" && item["reason"] == "no_address"));
    let text = stdout(&output(at, &["held", "list", "--organization", "example"]));
    assert!(text.contains("the connection may not grant this"), "{text}");

    let text = stdout(&output(at, &["person", "explain", "ada@example.org"]));
    assert!(text.contains("Gives nothing now:") && text.contains("Organization admin (organization_admin)"), "{text}");
    assert!(stdout(&output(at, &["person", "show", "ada@example.org"])).contains("View only"));
}

#[tokio::test]
async fn a_name_from_an_idp_cannot_drive_the_terminal() {
    let database = Database::new().await;
    let at = database.location();
    let [token] = provision(at, ["generic"]);
    let gateway = Gateway::start(at, &[]);
    let idp = Idp::new(&gateway, "generic", &token);
    let body = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "userName": "eve@example.org", "displayName": "Eve\u{1b}]0;owned\u{7}\u{202e}",
    });
    idp.ask(Method::POST, "/Users", Some(body)).await;
    for verb in
        [&["person", "list"][..], &["person", "show", "eve@example.org"], &["person", "explain", "eve@example.org"]]
    {
        let shown = stdout(&output(at, verb));
        assert!(!shown.contains(['\u{1b}', '\u{7}', '\u{202e}']), "t83: {shown:?}");
    }
}
