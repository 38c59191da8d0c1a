//! The request log: every call leaves one row that says what it was, and nothing secret; through the router, the
//! domain and the command line.

mod keeping;
mod meaning;
mod reading;
mod secrets;

use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use secaro_gateway::provisioning::request_log::{Filters, Logged, Shown};

use crate::support::app::{Answer, Idp, TestApp};

const ALL: Filters = Filters {
    connection: None,
    status: None,
    failed: false,
    method: None,
    text: None,
    since: None,
    until: None,
    before: None,
    limit: 1000,
};

/// What is in the log, the newest first, as the operator reads it.
async fn logged(app: &TestApp, filters: &Filters) -> Vec<Logged> {
    let log = &app.opened.request_log;
    log.write_waiting().await;
    let scope = log.scope(&app.operator(), None).await.unwrap();
    log.list(scope, filters).await.unwrap().requests
}

/// The one request that came since the last time this was asked. The clock stands still, so it is moved on.
async fn only(app: &TestApp, seen: &mut usize) -> Logged {
    let all = logged(app, &ALL).await;
    assert_eq!(all.len(), *seen + 1, "a call leaves one row");
    *seen += 1;
    app.clock.advance(Duration::from_millis(1));
    all.into_iter().next().unwrap()
}

async fn shown(app: &TestApp, reference: &str) -> Shown {
    let log = &app.opened.request_log;
    let scope = log.scope(&app.operator(), None).await.unwrap();
    log.show(scope, reference).await.unwrap()
}

/// The reference at the end of an error's detail.
fn reference(answer: &Answer) -> String {
    let detail = answer.body["detail"].as_str().expect("a detail");
    detail.rsplit_once("[ref ").expect("a reference").1.trim_end_matches(']').to_owned()
}

/// Asks with headers of one's own and no credential.
async fn ask(idp: &Idp, method: &str, uri: &str, headers: &[(&str, &str)]) -> Answer {
    let request = headers
        .iter()
        .fold(Request::builder().method(method).uri(uri), |request, (name, value)| request.header(*name, *value));
    idp.send(request.body(Body::empty()).unwrap()).await
}
