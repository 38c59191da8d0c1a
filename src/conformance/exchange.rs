//! One request and the look at its answer: what is sent, how long is waited, what is compared. The only file of the
//! runner that speaks HTTP; never follows a redirect and never uses a proxy, so that what a server says is seen.

use std::time::Duration;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use reqwest::{Method, StatusCode};
use serde_json::Value;

use super::pattern::{Mismatch, mismatches};
use super::report::Outcome;
use super::transcript::{Query, Request, Step};
use super::variables::{Unset, Variables};
use super::{Error, Options};

/// How often an answer 429 is waited for; Okta gives up after as many.
const ATTEMPTS: usize = 10;
/// The longest `Retry-After` that is obeyed.
const LONGEST_PAUSE: u64 = 60;

/// Sends to one base URL with one token.
pub(super) struct Client {
    http: reqwest::Client,
    pub(super) base_url: String,
    token: HeaderValue,
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: bytes::Bytes,
}

/// Why there is no answer to look at.
enum NoAnswer {
    Unset(Unset),
    Failed(String),
}

impl From<Unset> for NoAnswer {
    fn from(unset: Unset) -> Self {
        Self::Unset(unset)
    }
}

impl Client {
    /// Checks base URL and token, and builds the client.
    pub(super) fn new(options: &Options) -> Result<Self, Error> {
        // Fails only if another part of the process has installed one already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder()
            .timeout(options.timeout)
            .connect_timeout(options.timeout)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .map_err(|error| Error::Client(chain(&error)))?;
        let base_url = options.base_url.trim_end_matches('/').to_owned();
        match reqwest::Url::parse(&base_url) {
            Ok(url) if matches!(url.scheme(), "http" | "https") => {}
            _ => return Err(Error::Client(format!("{base_url:?} is no http or https URL"))),
        }
        let mut token = HeaderValue::from_str(&format!("Bearer {}", options.token))
            .map_err(|_| Error::Client("the token holds characters that a header cannot".to_owned()))?;
        token.set_sensitive(true);
        Ok(Self { http, base_url, token })
    }

    /// Plays one step: sends, compares, captures.
    pub(super) async fn step(&self, step: &Step, dialect: &str, variables: &mut Variables) -> Outcome {
        let answer = match self.answer(&step.request, step.expect.status.allows(429, dialect), variables).await {
            Ok(answer) => answer,
            Err(NoAnswer::Unset(Unset(name))) => return Outcome::NotRun(format!("${{{name}}} was not captured")),
            Err(NoAnswer::Failed(reason)) => {
                return Outcome::Failed(vec![Mismatch::new("answer", "an HTTP answer", &reason)]);
            }
        };
        match compare(step, dialect, &answer, variables) {
            Ok(found) => {
                // Also of a wrong answer: what it may have created has to be removed.
                let missing = capture(step, &answer, variables);
                match if found.is_empty() { missing } else { found } {
                    none if none.is_empty() => Outcome::Passed,
                    found => Outcome::Failed(found),
                }
            }
            Err(Unset(name)) => Outcome::NotRun(format!("${{{name}}} was not captured")),
        }
    }

    /// Deletes what a transcript has made; `None` if it was never made or is gone already.
    pub(super) async fn remove(&self, path: &str, variables: &Variables) -> Option<Outcome> {
        let url = format!("{}{}", self.base_url, variables.text(path).ok()?);
        let request = self.http.delete(&url).header(AUTHORIZATION, self.token.clone());
        match send(request, false).await {
            Ok(answer) if answer.status == StatusCode::NOT_FOUND => None,
            Ok(answer) if answer.status == StatusCode::NO_CONTENT => Some(Outcome::Passed),
            Ok(answer) => Some(Outcome::Failed(vec![Mismatch::new("status", "204 or 404", answer.status.as_str())])),
            Err(reason) => Some(Outcome::Failed(vec![Mismatch::new("answer", "an HTTP answer", &reason)])),
        }
    }

    async fn answer(&self, request: &Request, wants_429: bool, variables: &Variables) -> Result<Answer, NoAnswer> {
        let url = self.url(request, variables)?;
        let failed = |what: &str| NoAnswer::Failed(format!("not sent: {what}"));
        let method = Method::from_bytes(request.method.as_bytes()).map_err(|_| failed("the method is no token"))?;
        let body = match (&request.body, &request.raw) {
            (Some(body), _) => Some(variables.json(body)?.to_string()),
            (None, Some(raw)) => Some(variables.text(raw)?),
            (None, None) => None,
        };
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static("application/scim+json"));
        headers.insert(AUTHORIZATION, self.token.clone());
        if body.is_some() {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/scim+json"));
        }
        for (name, value) in &request.headers {
            let name = HeaderName::try_from(name).map_err(|_| failed("a header's name is no token"))?;
            match value {
                Some(value) => {
                    let value = HeaderValue::try_from(variables.text(value)?);
                    headers.insert(name, value.map_err(|_| failed("a header's value cannot be sent"))?);
                }
                None => drop(headers.remove(name)),
            }
        }
        let mut builder = self.http.request(method, url).headers(headers);
        if let Some(body) = body {
            builder = builder.body(body);
        }
        send(builder, wants_429).await.map_err(NoAnswer::Failed)
    }

    fn url(&self, request: &Request, variables: &Variables) -> Result<String, Unset> {
        let mut url = format!("{}{}", self.base_url, variables.text(&request.path)?);
        match &request.query {
            Some(Query::Raw(text)) => {
                url.push('?');
                url.push_str(&variables.text(text)?);
            }
            Some(Query::Parameters(parameters)) => {
                let mut separator = '?';
                for (name, value) in parameters {
                    let value = match variables.json(value)? {
                        Value::String(text) => text,
                        other => other.to_string(),
                    };
                    url.push(separator);
                    url.extend(utf8_percent_encode(name, NON_ALPHANUMERIC));
                    url.push('=');
                    url.extend(utf8_percent_encode(&value, NON_ALPHANUMERIC));
                    separator = '&';
                }
            }
            None => {}
        }
        Ok(url)
    }
}

/// Sends, and sends again after the pause that a 429 asks for: a conversation is fast, an IdP is patient.
async fn send(request: reqwest::RequestBuilder, wants_429: bool) -> Result<Answer, String> {
    for _ in 1..ATTEMPTS {
        let answer = send_once(request.try_clone().ok_or("the request cannot be repeated")?).await?;
        let pause = answer.headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
        match pause {
            Some(seconds) if answer.status == StatusCode::TOO_MANY_REQUESTS && !wants_429 => {
                tokio::time::sleep(Duration::from_secs(seconds.clamp(1, LONGEST_PAUSE))).await;
            }
            _ => return Ok(answer),
        }
    }
    send_once(request).await
}

async fn send_once(request: reqwest::RequestBuilder) -> Result<Answer, String> {
    let response = request.send().await.map_err(|error| chain(&error.without_url()))?;
    let (status, headers) = (response.status(), response.headers().clone());
    let body = response.bytes().await.map_err(|error| chain(&error.without_url()))?;
    Ok(Answer { status, headers, body })
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

impl Answer {
    fn header(&self, name: &str) -> Option<Value> {
        self.headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned().into())
    }

    fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }

    fn has_body(&self) -> bool {
        !matches!(self.status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED)
    }
}

fn compare(step: &Step, dialect: &str, answer: &Answer, variables: &Variables) -> Result<Vec<Mismatch>, Unset> {
    let expect = &step.expect;
    if !expect.status.allows(answer.status.as_u16(), dialect) {
        let actual = format!("{} {}", answer.status.as_u16(), String::from_utf8_lossy(&answer.body));
        return Ok(vec![Mismatch::new("status", &expect.status.describe(dialect), actual.trim_end())]);
    }
    let mut found = Vec::new();
    for (name, pattern) in &expect.headers {
        let at = format!("header {name}");
        match (answer.header(name), pattern) {
            (None, Value::Null) => {}
            (Some(value), Value::Null) => found.push(Mismatch::new(at, "nothing", &value.to_string())),
            (None, pattern) => found.push(Mismatch::new(at, &pattern.to_string(), "nothing")),
            (Some(value), pattern) => found.extend(mismatches(&variables.json(pattern)?, &value, &at)),
        }
    }
    if !answer.has_body() {
        if !answer.body.is_empty() {
            found.push(Mismatch::new("", "no body", &String::from_utf8_lossy(&answer.body)));
        }
        return Ok(found);
    }
    if expect.body.is_none() && expect.absent.is_empty() {
        return Ok(found);
    }
    let Some(body) = answer.json() else {
        found.push(Mismatch::new("", "a JSON body", &String::from_utf8_lossy(&answer.body)));
        return Ok(found);
    };
    if let Some(pattern) = &expect.body {
        found.extend(mismatches(&variables.json(pattern)?, &body, ""));
    }
    for pointer in &expect.absent {
        if let Some(value) = body.pointer(pointer) {
            found.push(Mismatch::new(pointer, "nothing", &value.to_string()));
        }
    }
    Ok(found)
}

fn capture(step: &Step, answer: &Answer, variables: &mut Variables) -> Vec<Mismatch> {
    let body = answer.json();
    let mut found = Vec::new();
    for (name, from) in &step.capture {
        let value = match from.strip_prefix("header ") {
            Some(header) => answer.header(header),
            None => body.as_ref().and_then(|body| body.pointer(from)).cloned(),
        };
        match value {
            Some(value) => variables.capture(name, value),
            None => found.push(Mismatch::new(from, &format!("a value for ${{{name}}}"), "nothing")),
        }
    }
    found
}
