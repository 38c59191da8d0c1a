//! An IdP, asking the real router with its token.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use serde_json::Value;
use tower::ServiceExt as _;

/// An IdP: a connection's base path and its token.
#[derive(Clone)]
pub(crate) struct Idp {
    pub(crate) app: Router,
    pub(crate) base: String,
    pub(crate) token: String,
}

impl Idp {
    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(self.request("GET", path).body(Body::empty()).unwrap()).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.send(self.request("DELETE", path).body(Body::empty()).unwrap()).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send_json("POST", path, body).await
    }

    pub(crate) async fn put(&self, path: &str, body: &Value) -> Answer {
        self.send_json("PUT", path, body).await
    }

    /// A PATCH of these operations.
    pub(crate) async fn patch(&self, path: &str, operations: &Value) -> Answer {
        let schema = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
        self.send_json("PATCH", path, &serde_json::json!({ "schemas": [schema], "Operations": operations })).await
    }

    pub(crate) async fn send_json(&self, method: &str, path: &str, body: &Value) -> Answer {
        self.send(self.request(method, path).body(Body::from(body.to_string())).unwrap()).await
    }

    /// A request below the connection's base with its token, to be given headers and a body.
    pub(crate) fn request(&self, method: &str, path: &str) -> axum::http::request::Builder {
        Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base))
            .header("authorization", format!("Bearer {}", self.token))
            .header("content-type", "application/scim+json")
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        ask(&self.app, request).await
    }

    /// Makes a User whose `userName` is its only e-mail address; answers its id.
    pub(crate) async fn user(&self, email: &str) -> String {
        let schema = "urn:ietf:params:scim:schemas:core:2.0:User";
        let emails = serde_json::json!([{ "value": email, "type": "work", "primary": true }]);
        let user = serde_json::json!({ "schemas": [schema], "userName": email, "emails": emails, "active": true });
        self.post("/Users", &user).await.created()
    }

    /// Makes a Group of these Users; answers its id.
    pub(crate) async fn group(&self, name: &str, members: &[&str]) -> String {
        let schema = "urn:ietf:params:scim:schemas:core:2.0:Group";
        let members: Vec<Value> = members.iter().map(|id| serde_json::json!({ "value": id })).collect();
        let group = serde_json::json!({ "schemas": [schema], "displayName": name, "members": members });
        self.post("/Groups", &group).await.created()
    }
}

/// What was answered; the body is null if there is none.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Answer {
    /// The same, if it has this status.
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{:#}", self.body);
        self
    }

    /// Everything but what differs from request to request: the request's id, and its reference in the detail.
    pub(crate) fn without_reference(mut self) -> (StatusCode, Vec<(String, String)>, String) {
        self.headers.remove("x-request-id");
        let mut headers: Vec<_> = self
            .headers
            .iter()
            .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
            .collect();
        headers.sort();
        let mut body = self.body;
        if let Some(detail) = body.get_mut("detail") {
            let text = detail.as_str().unwrap();
            *detail = text.rsplit_once(" [ref ").expect("a reference").0.into();
        }
        (self.status, headers, body.to_string())
    }

    /// The id of what was created.
    pub(crate) fn created(self) -> String {
        self.expect(201).body["id"].as_str().expect("an id").to_owned()
    }
}

pub(super) async fn ask(router: &Router, request: Request<Body>) -> Answer {
    let response = router.clone().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let bytes = to_bytes(body, 1 << 26).await.unwrap();
    let body = match bytes.len() {
        0 => Value::Null,
        _ => serde_json::from_slice(&bytes).unwrap_or_else(|_| panic!("not JSON: {bytes:?}")),
    };
    Answer { status: parts.status, headers: parts.headers, body }
}
