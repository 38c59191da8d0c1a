//! An IdP as the demo plays it: HTTP requests to a connection's SCIM endpoint, told as they go.

use std::time::Duration;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};

use super::super::failure::Failure;
use super::Narrator;
use crate::app::chain;

/// One of the two IdPs.
#[derive(Debug)]
pub(super) struct Idp {
    client: Client,
    base_url: String,
    token: String,
    user_agent: &'static str,
    narrator: Narrator,
}

impl Idp {
    pub(super) fn new(
        base_url: String,
        token: &str,
        user_agent: &'static str,
        narrator: Narrator,
    ) -> Result<Self, Failure> {
        // Another part of the process may have chosen already; either choice is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder()
            .no_proxy()
            .timeout(Duration::from_secs(30))
            .build()
            .map_err(|error| Failure::failed(format!("cannot make an HTTP client: {}", chain(&error))))?;
        Ok(Self { client, base_url, token: token.to_owned(), user_agent, narrator })
    }

    /// Looks a resource up as IdPs do before they create one: by a filter, sure to find at most one.
    pub(super) async fn look_up(&self, endpoint: &str, attribute: &str, value: &str) -> Result<(), Failure> {
        let filter = format!("{attribute} eq \"{value}\"");
        let query = utf8_percent_encode(&filter, NON_ALPHANUMERIC);
        let path = format!("/{endpoint}?filter={query}&startIndex=1&count=100");
        let told = format!("/{endpoint}?filter={filter}");
        self.send(Method::GET, &path, &told, None).await?;
        Ok(())
    }

    /// Creates a resource and returns its id.
    pub(super) async fn create(&self, endpoint: &str, body: Value) -> Result<String, Failure> {
        let path = format!("/{endpoint}");
        let created = self.send(Method::POST, &path, &path, Some(body)).await?;
        let id = created.get("id").and_then(Value::as_str);
        id.map(ToOwned::to_owned).ok_or_else(|| Failure::failed("the gateway created something without an id"))
    }

    /// Reads a resource whole, to change it and write it back.
    pub(super) async fn get(&self, endpoint: &str, id: &str) -> Result<Value, Failure> {
        let path = format!("/{endpoint}/{id}");
        self.send(Method::GET, &path, &path, None).await
    }

    pub(super) async fn replace(&self, endpoint: &str, id: &str, body: Value) -> Result<(), Failure> {
        let path = format!("/{endpoint}/{id}");
        self.send(Method::PUT, &path, &path, Some(body)).await.map(|_| ())
    }

    pub(super) async fn patch(&self, endpoint: &str, id: &str, operations: Value) -> Result<(), Failure> {
        let path = format!("/{endpoint}/{id}");
        let body = json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": operations });
        self.send(Method::PATCH, &path, &path, Some(body)).await.map(|_| ())
    }

    /// Sends what the gateway has to refuse.
    pub(super) async fn send_to_be_refused(&self, endpoint: &str, body: Value) -> Result<(), Failure> {
        let path = format!("/{endpoint}");
        match self.send(Method::POST, &path, &path, Some(body)).await {
            Err(_) => Ok(()),
            Ok(_) => Err(Failure::failed("the gateway took what it has to refuse")),
        }
    }

    /// Sends one request and tells it; what is not answered 2xx ends the story.
    async fn send(&self, method: Method, path: &str, told: &str, body: Option<Value>) -> Result<Value, Failure> {
        let mut request = self
            .client
            .request(method.clone(), format!("{}{path}", self.base_url))
            .bearer_auth(&self.token)
            .header("User-Agent", self.user_agent)
            .header("Accept", "application/scim+json");
        if let Some(body) = &body {
            request = request.header("Content-Type", "application/scim+json; charset=utf-8").body(body.to_string());
        }
        let failed = |error: &dyn std::error::Error| {
            Failure::failed(format!("{method} {told} got no answer: {}; start the demo again", chain(error)))
        };
        let response = request.send().await.map_err(|error| failed(&error))?;
        let status = response.status();
        let answer = response.bytes().await.map_err(|error| failed(&error))?;
        self.narrator.say(&format!("    {:<6} {told}  → {}", method.as_str(), status.as_u16()));
        let answer: Value = serde_json::from_slice(&answer).unwrap_or_default();
        if status.is_success() {
            return Ok(answer);
        }
        let detail = answer.get("detail").and_then(Value::as_str).unwrap_or("no detail");
        Err(refused(&method, told, status, detail))
    }
}

fn refused(method: &Method, told: &str, status: StatusCode, detail: &str) -> Failure {
    let status = status.as_u16();
    Failure::failed(format!("{method} {told} was answered {status}: {detail}; start the demo with another --data-dir"))
}
