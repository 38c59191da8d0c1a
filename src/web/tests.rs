//! What holds for every request, whatever it asks for.

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{Method, StatusCode, header};
use axum::response::Response;
use serde_json::Value;
use tower::ServiceExt as _;

use super::health::{Check, Health};
use super::*;
use crate::clock::{ManualClock, Timestamp};

fn app(ready: Result<(), &'static str>) -> Router {
    let check: Arc<Check> = Arc::new(move || Box::pin(async move { ready }));
    let ground = Ground {
        clock: Arc::new(ManualClock::at(Timestamp::from_millis(1_769_850_300_000))),
        randomness: Arc::new(Randomness::seeded(1)),
        recorder: Recorder::new(1, false),
    };
    let routes = health::routes(Routes::default(), &Health { ready: check, schema: 3 });
    router(ground, routes.public(Method::GET, "/panics", panics, &()))
}

async fn panics() {
    panic!("a bug")
}

async fn ask(request: axum::http::request::Builder) -> Response {
    app(Ok(())).oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
}

async fn json(response: Response) -> Value {
    serde_json::from_slice(&to_bytes(response.into_body(), 1 << 20).await.unwrap()).unwrap()
}

#[tokio::test]
async fn probes_tell_alive_ready_and_version() {
    let alive = ask(Request::get("/healthz")).await;
    assert_eq!(alive.status(), StatusCode::OK);
    assert_eq!(json(ask(Request::get("/readyz")).await).await["status"], "ready");
    let version = json(ask(Request::get("/version")).await).await;
    assert_eq!(version["name"], "secaro-gateway");
    assert_eq!(version["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(version["schema"], 3);
    let unready = app(Err("migrations are pending")).oneshot(Request::get("/readyz").body(Body::empty()).unwrap());
    let unready = unready.await.unwrap();
    assert_eq!(unready.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(json(unready).await["reason"], "migrations are pending");
}

#[tokio::test]
async fn every_answer_has_an_id_of_ours_and_is_neither_stored_nor_sniffed() {
    for path in ["/healthz", "/nothing", "/panics"] {
        let answer = ask(Request::get(path).header("X-Request-Id", "theirs")).await;
        let id = answer.headers()["x-request-id"].to_str().unwrap();
        assert_eq!(id.parse::<uuid::Uuid>().unwrap().get_version_num(), 7, "{path}");
        assert_eq!(answer.headers()[header::CACHE_CONTROL], "no-store", "{path}");
        assert_eq!(answer.headers()[header::X_CONTENT_TYPE_OPTIONS], "nosniff", "{path}");
    }
}

#[tokio::test]
async fn an_address_that_leads_nowhere_says_where_to_go() {
    let answer = ask(Request::get("/Users?filter=x")).await;
    assert_eq!(answer.status(), StatusCode::NOT_FOUND);
    assert_eq!(answer.headers()[header::CONTENT_TYPE], "application/scim+json");
    insta::assert_json_snapshot!(json(answer).await, @r#"
    {
      "schemas": [
        "urn:ietf:params:scim:api:messages:2.0:Error"
      ],
      "status": "404",
      "detail": "There is nothing here. The base URL to enter in the IdP is …/scim/v2/ followed by the connection's key. [ref 9KJJFM934V]"
    }
    "#);
    let answer = ask(Request::get("/scim/v2/okta/Nothing").header(header::ACCEPT, "application/json")).await;
    assert_eq!(answer.headers()[header::CONTENT_TYPE], "application/json");
    let detail = json(answer).await["detail"].as_str().unwrap().to_owned();
    assert!(detail.starts_with("There is no such endpoint. Users, Groups, "), "{detail}");
}

#[tokio::test]
async fn a_method_that_an_endpoint_does_not_know_is_answered_with_those_it_knows() {
    let answer = ask(Request::delete("/healthz")).await;
    assert_eq!(answer.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(answer.headers()[header::ALLOW], "GET,HEAD");
    assert_eq!(json(answer).await["status"], "405");
}

#[tokio::test]
async fn head_is_get_without_the_body() {
    let answer = ask(Request::head("/version/")).await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert!(answer.headers().contains_key(header::CONTENT_LENGTH));
    assert!(to_bytes(answer.into_body(), 1).await.unwrap().is_empty());
    let nowhere = ask(Request::head("/nothing")).await;
    assert_eq!(nowhere.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_panic_in_a_handler_is_a_500_with_a_reference_and_no_internals() {
    let answer = ask(Request::get("/panics")).await;
    assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
    insta::assert_json_snapshot!(json(answer).await["detail"], @r#""Something went wrong in the gateway. Try again; if it stays, tell its operator the reference. [ref 9KJJFM934V]""#);
}
