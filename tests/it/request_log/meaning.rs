//! Each kind of call leaves exactly one row with the right meaning, whoever it comes from and however it ends.

use axum::body::Body;
use secaro_gateway::provisioning::plans::Change;
use secaro_gateway::provisioning::request_log::Logged;
use secaro_gateway::scim::Dialect;
use serde_json::{Value, json};

use super::{ask, only, reference, shown};
use crate::support::app::{Idp, TestApp};
use crate::support::database::Database;
use crate::support::process::{Gateway, json as answer, provision};
use crate::support::sql::Sql;

fn steps(request: &Logged) -> Vec<&str> {
    request.steps.as_array().unwrap().iter().map(|step| step["step"].as_str().unwrap()).collect()
}

fn summary(request: &Logged) -> (i64, &str, Option<&str>) {
    (request.status, &request.meaning, request.target_name.as_deref())
}

#[tokio::test]
async fn what_okta_sends_is_told_as_what_it_means() {
    let app = TestApp::new().await;
    let okta = app.connection("okta", Dialect::Okta).await;
    let seen = &mut 0;

    okta.get("/Users?startIndex=1&count=2").await.expect(200);
    let request = only(&app, seen).await;
    assert_eq!(summary(&request), (200, "test connection", None));
    assert_eq!(steps(&request), ["received", "authenticated", "applied", "answered"]);
    assert_eq!((request.method.as_str(), request.connection.as_deref()), ("GET", Some("okta")));
    assert_eq!(request.path, "/scim/v2/okta/Users?startIndex=1&count=2");
    assert_eq!(request.credential.as_deref(), okta.token.split('_').nth(2), "the public part");

    okta.get("/Users?filter=userName%20eq%20%22ada@example.org%22&startIndex=1&count=100").await.expect(200);
    assert_eq!(summary(&only(&app, seen).await), (200, "find User by userName", None));

    let user = okta.user("ada@example.org").await;
    let request = only(&app, seen).await;
    assert_eq!(summary(&request), (201, "create User", Some("ada@example.org")));
    assert_eq!(request.target_id.unwrap().to_string(), user);
    assert_eq!(steps(&request), ["received", "authenticated", "read", "applied", "answered"]);
    let told = shown(&app, &request.reference).await;
    assert_eq!(told.person.as_deref(), Some("ada@example.org"));
    assert!(told.changes.iter().any(|record| record.action == "resource.created"), "{:?}", told.changes);
    assert!(told.events.iter().any(|event| event.kind == "user.provisioned"));

    okta.get("/Users?filter=userName%20eq%20%22ada@example.org%22").await.expect(200);
    assert_eq!(summary(&only(&app, seen).await), (200, "find User by userName", Some("ada@example.org")));
    okta.get(&format!("/Users/{user}")).await.expect(200);
    assert_eq!(summary(&only(&app, seen).await), (200, "read User", Some("ada@example.org")));

    let group = okta.group("Editors", &[]).await;
    assert_eq!(summary(&only(&app, seen).await), (201, "create Group", Some("Editors")));
    let add = json!([{ "op": "add", "path": "members", "value": [{ "value": user, "display": "ada" }] }]);
    okta.patch(&format!("/Groups/{group}"), &add).await.expect(204);
    assert_eq!(summary(&only(&app, seen).await), (204, "change members of Group", Some("Editors")));
    let rename = json!([{ "op": "replace", "value": { "id": group, "displayName": "Writers" } }]);
    okta.patch(&format!("/Groups/{group}"), &rename).await.expect(204);
    let request = only(&app, seen).await;
    assert_eq!(summary(&request), (204, "rename Group", Some("Writers")));
    assert_eq!(request.quirks, json!(["read-only-in-value"]));

    let off = json!([{ "op": "replace", "value": { "active": false } }]);
    okta.patch(&format!("/Users/{user}"), &off).await.expect(200);
    let request = only(&app, seen).await;
    assert_eq!(summary(&request), (200, "deactivate User", Some("ada@example.org")));
    let told = shown(&app, &request.reference).await;
    let changed =
        told.changes.iter().find(|record| record.action == "person.deactivated").expect("the person's record");
    assert_eq!(changed.request_id, request.id);

    okta.delete(&format!("/Users/{user}")).await.expect(204);
    assert_eq!(summary(&only(&app, seen).await), (204, "delete User", Some("ada@example.org")));
    okta.delete(&format!("/Groups/{group}")).await.expect(204);
    assert_eq!(summary(&only(&app, seen).await), (204, "delete Group", Some("Writers")));
}

#[tokio::test]
async fn what_entra_sends_is_told_as_what_it_means() {
    let app = TestApp::new().await;
    let entra = app.connection("entra", Dialect::Entra).await;
    let seen = &mut 0;
    let nobody = "2819c223-7f76-453a-919d-413861904646";
    entra.get(&format!("/Users?filter=userName+eq+%22{nobody}%22&aadOptscim062020")).await.expect(200);
    let request = only(&app, seen).await;
    assert_eq!(summary(&request), (200, "test connection", None));
    assert_eq!(request.path, format!("/scim/v2/entra/Users?filter=userName eq \"{nobody}\"&aadOptscim062020"));

    // Microsoft's own collection writes the endpoint so, and adds a schema of its own.
    let user = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User", "urn:example:unknown"],
        "userName": "ada@example.org", "active": "True", "emails": [{ "type": "work", "value": "ada@example.org" }],
    });
    let user = entra.post("/users", &user).await.created();
    let request = only(&app, seen).await;
    assert_eq!(summary(&request), (201, "create User", Some("ada@example.org")));
    assert_eq!(request.path, "/scim/v2/entra/Users");
    assert_eq!(request.quirks, json!(["string-boolean", "unknown-schema"]));

    let off = json!([{ "op": "Replace", "path": "active", "value": "False" }]);
    entra.patch(&format!("/Users/{user}"), &off).await.expect(204);
    let request = only(&app, seen).await;
    assert_eq!(summary(&request), (204, "deactivate User", Some("ada@example.org")));
    assert_eq!(request.quirks, json!(["capital-operation", "string-boolean"]));
    let group = entra.group("Editors", &[&user]).await;
    only(&app, seen).await;
    entra.get(&format!("/Groups/{group}?excludedAttributes=members")).await.expect(200);
    let request = only(&app, seen).await;
    assert_eq!(summary(&request), (200, "read Group", Some("Editors")));
    assert!(request.path.ends_with("?excludedAttributes=members"), "{}", request.path);
    let remove = json!([{ "op": "Remove", "path": "members", "value": [{ "value": user }] }]);
    entra.patch(&format!("/Groups/{group}"), &remove).await.expect(204);
    assert_eq!(summary(&only(&app, seen).await), (204, "change members of Group", Some("Editors")));
}

#[tokio::test]
async fn a_refused_call_leaves_a_row_that_its_reference_finds() {
    let app =
        TestApp::with(&[("server.max_body_bytes", "1000"), ("scim.rate_burst", "12"), ("scim.rate_limit", "1")]).await;
    let okta = app.connection("okta", Dialect::Okta).await;
    let other = app.connection("other", Dialect::Okta).await;
    let seen = &mut 0;
    let user = okta.user("ada@example.org").await;
    only(&app, seen).await;
    let elsewhere = Idp { token: other.token.clone(), ..okta.clone() };
    let large = json!({ "userName": "x".repeat(2000) });
    let twice = json!({ "userName": "ada@example.org" });
    let unknown = "/Users/019a0000-0000-7000-8000-000000000000";

    let mut answers = Vec::new();
    answers.push((ask(&okta, "GET", "/scim/v2/okta/Users", &[]).await, 401, "list Users", None));
    let mistyped = [("authorization", "Bearer secaro_scim_abc")];
    answers.push((ask(&okta, "GET", "/scim/v2/okta/Groups", &mistyped).await, 401, "list Groups", None));
    answers.push((elsewhere.get("/Users").await, 404, "list Users", None));
    answers.push((okta.get(unknown).await, 404, "read User", None));
    answers.push((okta.get("/Nothing").await, 404, "unknown endpoint", None));
    answers.push((okta.request_json("PUT", "/Users").await, 405, "unknown method", None));
    answers.push((okta.post("/Users", &twice).await, 409, "create User", Some("uniqueness")));
    answers.push((okta.post("/Users", &large).await, 413, "create User", None));
    answers.push((okta.post("/Users", &json!([])).await, 400, "create User", Some("invalidSyntax")));
    answers.push((okta.get("/Users?filter=userName%20xx%20%22a%22").await, 400, "search Users", Some("invalidFilter")));
    answers.push((okta.get("/Me").await, 501, "ask for Me", None));
    let stale = okta.request("DELETE", &format!("/Users/{user}")).header("if-match", "W/\"99\"");
    answers.push((okta.send(stale.body(Body::empty()).unwrap()).await, 412, "delete User", None));
    while answers.last().unwrap().0.status != 429 {
        assert!(answers.len() < 40, "the budget ends");
        answers.push((okta.get("/Users").await, 429, "list Users", None));
    }
    answers.retain(|(answer, status, ..)| answer.status == *status);
    app.change(Change::Pause { connection: "okta".to_owned() }).await;
    answers.push((okta.get("/Users").await, 503, "list Users", None));

    let all = super::logged(&app, &super::ALL).await;
    assert!(all.len() > answers.len(), "{} rows for {} calls", all.len(), answers.len() + 1);
    for (answer, status, meaning, scim_type) in &answers {
        assert_eq!(answer.status.as_u16(), *status);
        let reference = reference(answer);
        assert_eq!(all.iter().filter(|request| request.reference == reference).count(), 1, "{status} {meaning}");
        let told = shown(&app, &reference).await;
        let request = &told.request;
        assert_eq!((request.status, request.meaning.as_str()), (i64::from(*status), *meaning));
        assert_eq!(request.scim_type.as_deref(), *scim_type, "{status} {meaning}");
        let detail = answer.body["detail"].as_str().unwrap();
        assert!(detail.chars().count() <= 300, "{detail}");
        assert!(detail.starts_with(request.detail.as_ref().unwrap().as_str()), "{detail}");
        assert_eq!(told.organization.as_deref(), Some("example"), "{status} {meaning}: the admins of it may know");
        // 405 and unknown endpoints are answered before anybody looks at the credential.
        let accepted = !matches!(status, 401 | 405 | 503)
            && request.meaning != "unknown endpoint"
            && reference != self::reference(&answers[2].0);
        assert_eq!(request.credential.is_some(), accepted, "{status} {meaning}");
        assert!(told.changes.is_empty() && told.events.is_empty(), "nothing came of it");
    }
    let conflict = shown(&app, &reference(&answers[6].0)).await.request;
    assert_eq!(conflict.target_name.as_deref(), Some("ada@example.org"), "whom it was about");
}

#[tokio::test]
async fn a_call_to_nobodys_connection_is_nobodys_and_is_kept() {
    let app = TestApp::new().await;
    let okta = app.connection("okta", Dialect::Okta).await;
    let seen = &mut 0;
    for (uri, status, connection) in [
        ("/scim/v2/nobodys/Users", 401, Some("nobodys")),
        ("/scim/v2/nobodys/Schemas", 200, Some("nobodys")),
        ("/scim/v2/Not%20A%20Key/Users", 401, None),
        ("/scim/v1/okta/Users", 404, None),
        ("/scim", 404, None),
    ] {
        let headers = [("user-agent", "curl/8"), ("x-forwarded-for", "203.0.113.9, 198.51.100.7")];
        assert_eq!(ask(&okta, "GET", uri, &headers).await.status, status, "{uri}");
        let request = only(&app, seen).await;
        assert_eq!((request.status, request.connection.as_deref()), (i64::from(status), connection), "{uri}");
        assert_eq!(request.agent.as_deref(), Some("curl/8"));
        assert_eq!(request.address.as_deref(), Some("198.51.100.7"), "whom the proxy saw");
        assert_eq!(shown(&app, &request.reference).await.organization, None);
    }
    ask(&okta, "GET", "/healthz", &[]).await;
    ask(&okta, "GET", "/scimitar", &[]).await;
    assert_eq!(super::logged(&app, &super::ALL).await.len(), *seen, "only the SCIM surface");
}

#[tokio::test]
async fn a_client_that_goes_away_leaves_a_row_too() {
    let app = TestApp::new().await;
    let okta = app.connection("okta", Dialect::Okta).await;
    let never = futures_util::stream::pending::<Result<&'static [u8], std::io::Error>>();
    let asking = okta.send(okta.request("POST", "/Users").body(Body::from_stream(never)).unwrap());
    assert!(tokio::time::timeout(std::time::Duration::from_millis(50), asking).await.is_err());
    let request = only(&app, &mut 0).await;
    assert_eq!(summary(&request), (499, "create User", None));
    assert!(request.detail.unwrap().contains("went away"));
}

impl Idp {
    async fn request_json(&self, method: &str, path: &str) -> crate::support::app::Answer {
        self.send_json(method, path, &Value::Null).await
    }
}

#[tokio::test]
async fn every_exchange_of_the_transcripts_leaves_one_row_with_a_meaning() {
    for dialect in ["okta", "entra"] {
        let database = Database::new().await;
        let [token] = provision(database.location(), [dialect]);
        let unhurried = [("SECARO_SCIM__RATE_LIMIT", "10000"), ("SECARO_SCIM__RATE_BURST", "10000")];
        let gateway = Gateway::start(database.location(), &unhurried);
        let base_url = format!("http://{}/scim/v2/{dialect}", gateway.address());
        let transcripts = format!("conformance/{dialect}");
        let arguments = ["conformance", "--base-url", &base_url, "--token", &token, "--dialect", dialect, &transcripts];
        let report = answer(database.location(), &arguments);
        let (status, lines) = gateway.stop();
        assert!(status.success());
        let answered = lines.iter().filter(|line| line.contains("\"answered\"")).count();
        assert!(i64::try_from(answered).unwrap() >= report["steps"].as_i64().unwrap(), "{dialect}: {answered}");
        let mut sql = Sql::of(&database).await;
        let rows = sql.number("SELECT COUNT(*) FROM request_log").await;
        assert_eq!(usize::try_from(rows).unwrap(), answered, "{dialect}");
        // Microsoft's collection asks for one endpoint that RFC 7644 does not know.
        let unknown = "SELECT method || ' ' || path FROM request_log WHERE meaning LIKE 'unknown%' \
                       AND path NOT LIKE '%/serviceConfiguration'";
        let unknown = sql.texts(unknown).await;
        assert_eq!(unknown, Vec::<String>::new());
        let long = sql.number("SELECT COUNT(*) FROM request_log WHERE status >= 400 AND detail NOT LIKE '%. %.'").await;
        assert_eq!(long, 0, "each refusal says what is wrong and what to do");
    }
}
