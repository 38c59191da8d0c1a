//! The runner against a tiny server of its own: right answers pass, and every kind of wrong answer is reported.

use std::future::IntoFuture as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::*;

const TRANSCRIPT: &str = r#"{
  "name": "A user is created and read",
  "source": "a test",
  "steps": [
    {
      "name": "create",
      "request": {"method": "POST", "path": "/Users", "body": {"userName": "${unique}"}},
      "expect": {
        "status": {"okta": 201, "entra": 201, "generic": 200},
        "headers": {"location": "${base}/Users/7", "x-not": null, "content-type": {"$prefix": "application/scim+json"}},
        "body": {"id": {"$type": "text"}, "active": true},
        "absent": ["/password"]
      },
      "capture": {"id": "/id", "where": "header location"}
    },
    {
      "name": "read",
      "request": {"method": "GET", "path": "/Users/${id}", "query": {"filter": "a eq \"b\""}},
      "expect": {"status": [200, 203], "body": {"id": "${id}"}}
    }
  ],
  "finally": ["/Users/${id}"]
}"#;

/// Answers POST, GET and DELETE of user 7; `wrong` names what it does wrongly.
async fn answer(request: Request, wrong: &'static str, calls: Arc<AtomicUsize>) -> Response {
    let call = calls.fetch_add(1, Ordering::SeqCst);
    let host = request.headers()["host"].to_str().unwrap().to_owned();
    let authorized = request.headers().get("authorization").is_some_and(|value| value == "Bearer secret");
    let method = request.method().as_str().to_owned();
    let right_query = request.uri().query() == Some("filter=a%20eq%20%22b%22");
    let body = axum::body::to_bytes(request.into_body(), 1000).await.unwrap();
    let location =
        [("location", format!("http://{host}/scim/Users/7")), ("content-type", "application/scim+json".into())];
    match (method.as_str(), wrong) {
        ("POST", "busy") if call == 0 => (StatusCode::TOO_MANY_REQUESTS, [("retry-after", "1")]).into_response(),
        ("POST", "status") => StatusCode::CONFLICT.into_response(),
        ("POST", "body") => {
            (StatusCode::CREATED, location, json!({"id": "7", "active": "true"}).to_string()).into_response()
        }
        ("POST", "present") => {
            (StatusCode::CREATED, location, json!({"id": "7", "active": true, "password": "x"}).to_string())
                .into_response()
        }
        ("POST", "header") => (StatusCode::CREATED, json!({"id": "7", "active": true}).to_string()).into_response(),
        ("POST", "redirect") => (StatusCode::FOUND, [("location", "/scim/Users")]).into_response(),
        ("POST", "no json") => (StatusCode::CREATED, location, "<html>").into_response(),
        ("POST", _) if authorized && body.starts_with(br#"{"userName":"c"#) => {
            (StatusCode::CREATED, location, json!({"id": "7", "active": true}).to_string()).into_response()
        }
        ("GET", _) if right_query => json!({"id": "7"}).to_string().into_response(),
        ("DELETE", "delete") => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        ("DELETE", _) => StatusCode::NO_CONTENT.into_response(),
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

fn options(base_url: String, paths: Vec<PathBuf>) -> Options {
    Options {
        base_url,
        token: "secret".to_owned(),
        dialect: "okta".to_owned(),
        paths,
        seed: [3; 16],
        timeout: Duration::from_secs(5),
    }
}

async fn replayed(wrong: &'static str, transcript: &str) -> Report {
    let calls = Arc::new(AtomicUsize::new(0));
    let app = Router::new().fallback(move |request| answer(request, wrong, Arc::clone(&calls)));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base_url = format!("http://{}/scim/", listener.local_addr().unwrap());
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.json"), transcript).unwrap();
    let options = options(base_url, vec![folder.path().to_owned()]);
    tokio::select! {
        report = run(&options) => report.unwrap(),
        stopped = axum::serve(listener, app).into_future() => panic!("{stopped:?}"),
    }
}

/// `step at` of each difference.
fn differences(report: &Report) -> Vec<String> {
    let failures = report.transcripts.iter().flat_map(|transcript| &transcript.failures);
    failures
        .flat_map(|failure| {
            let not_run = failure.not_run.iter().map(|reason| format!("{}: {reason}", failure.step));
            not_run.chain(failure.mismatches.iter().map(|one| format!("{}: {}", failure.step, one.at)))
        })
        .collect()
}

#[tokio::test]
async fn a_right_server_passes_and_is_cleaned_up() {
    let report = replayed("nothing", TRANSCRIPT).await;
    assert_eq!(differences(&report), Vec::<String>::new());
    assert!(report.passed());
    assert_eq!(report.to_json()["steps"], 3);
    let table = report.to_string();
    assert!(
        table.contains("A user is created and read") && table.contains("1 transcripts, 3 steps, 0 failed"),
        "{table}"
    );
}

#[tokio::test]
async fn every_kind_of_wrong_answer_is_reported() {
    let not_run = "read: ${id} was not captured";
    for (wrong, expected) in [
        ("status", vec!["create: status", not_run]),
        ("redirect", vec!["create: status", not_run]),
        ("body", vec!["create: /active"]),
        ("present", vec!["create: /password"]),
        ("header", vec!["create: header content-type", "create: header location"]),
        ("no json", vec!["create: ", not_run]),
        ("delete", vec!["finally: DELETE /Users/${id}: status"]),
    ] {
        let report = replayed(wrong, TRANSCRIPT).await;
        assert_eq!(differences(&report), expected, "{wrong}");
        assert!(!report.passed());
        assert_eq!(report.to_json()["passed"], false);
    }
}

#[tokio::test]
async fn a_status_can_depend_on_the_dialect_and_a_step_can_be_for_one_only() {
    let status = Transcript::parse("a", TRANSCRIPT).unwrap();
    let status = &status.steps[0].expect.status;
    assert!(status.allows(201, "okta") && status.allows(200, "generic"));
    assert!(!status.allows(200, "okta"));
    let only_entra = TRANSCRIPT.replace(r#""source""#, r#""dialects": ["entra"], "source""#);
    let report = replayed("nothing", &only_entra).await;
    assert_eq!((report.left_out, report.transcripts.len()), (1, 0));
    assert!(!report.passed(), "nothing replayed is not a pass");
}

#[tokio::test]
async fn a_busy_server_is_waited_for() {
    assert!(replayed("busy", TRANSCRIPT).await.passed());
}

#[tokio::test]
async fn a_server_that_does_not_answer_is_a_failure_and_no_error() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.json");
    std::fs::write(&file, TRANSCRIPT).unwrap();
    // Port 9 of loopback: nothing listens there.
    let report = run(&options("http://127.0.0.1:9".to_owned(), vec![file])).await.unwrap();
    assert_eq!(differences(&report)[0], "create: answer");
}

#[tokio::test]
async fn what_cannot_be_replayed_is_an_error() {
    let ask = |change: fn(&mut Options)| async move {
        let mut options = options("http://127.0.0.1:9".to_owned(), Vec::new());
        change(&mut options);
        run(&options).await.unwrap_err().to_string()
    };
    assert!(ask(|o| o.dialect = "oktta".to_owned()).await.contains("unknown dialect"));
    assert!(ask(|o| o.base_url = "localhost/scim".to_owned()).await.contains("no http or https URL"));
    assert!(ask(|o| o.token = "a\nb".to_owned()).await.contains("token"));
    assert!(ask(|o| o.paths = vec![PathBuf::from("nowhere")]).await.contains("cannot read nowhere"));
}

#[test]
fn a_transcript_with_a_mistake_in_it_is_refused() {
    for (from, to) in [
        (r#""status": [200, 203]"#, r#""statsu": 200"#),
        (r#""body": {"id": "${id}"}"#, r#""body": {"id": "${di}"}"#),
        (r#""path": "/Users/${id}""#, r#""path": "/Users/${user}""#),
        (r#"{"$type": "text"}"#, r#"{"$tpye": "text"}"#),
        (r#""generic": 200"#, r#""genric": 200"#),
        (r#""path": "/Users","#, r#""path": "Users","#),
        (r#""finally": ["/Users/${id}"]"#, r#""finally": ["/Users/${other}"]"#),
        (r#""source": "a test","#, ""),
    ] {
        assert!(TRANSCRIPT.contains(from), "{from}");
        let error = Transcript::parse("a.json", &TRANSCRIPT.replace(from, to)).unwrap_err().to_string();
        assert!(error.starts_with("a.json is not a transcript"), "{error}");
    }
}

#[test]
fn every_file_of_the_folder_is_built_in_and_parses() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("conformance");
    let on_disk = transcript::read(std::slice::from_ref(&root)).unwrap();
    let built_in = transcript::built_in().unwrap();
    let names = |all: &[Transcript]| -> Vec<String> {
        let mut names: Vec<_> = all
            .iter()
            .map(|one| one.file.trim_start_matches(&root.display().to_string()).trim_start_matches('/').to_owned())
            .collect();
        names.sort();
        names
    };
    assert_eq!(names(&built_in), names(&on_disk));
    assert!(built_in.iter().all(|one| !one.name.is_empty() && !one.source.is_empty() && !one.steps.is_empty()));
}
