//! What an answer looks like. The one place where something that went wrong becomes a body (RFC 7644 §3.12):
//! handlers return a [`Failure`], and the outermost layer writes it down with the request's reference.

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use serde_json::Value;

use super::negotiate::MediaType;
use crate::ids::RequestId;
use crate::scim::Error;
use crate::scim::messages::error_body;

/// A `detail` is shown as it is in IdPs' consoles, which cut longer ones off.
const DETAIL_CHARACTERS: usize = 300;

/// An answer that tells of success.
#[derive(Debug)]
pub struct Answer {
    status: StatusCode,
    headers: Vec<(HeaderName, HeaderValue)>,
    body: Option<Value>,
}

impl Answer {
    /// 200 with a body.
    #[must_use]
    pub fn ok(body: Value) -> Self {
        Self { status: StatusCode::OK, headers: Vec::new(), body: Some(body) }
    }

    /// An answer of this status without a body.
    #[must_use]
    pub fn empty(status: StatusCode) -> Self {
        Self { status, headers: Vec::new(), body: None }
    }

    /// The same with another status.
    #[must_use]
    pub fn status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    /// The same with one more header, left away if `value` cannot stand in one.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: &str) -> Self {
        self.headers.extend(HeaderValue::from_str(value).ok().map(|value| (name, value)));
        self
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let mut response = match self.body {
            Some(body) => json_response(self.status, &body),
            None => self.status.into_response(),
        };
        response.headers_mut().extend(self.headers);
        response
    }
}

/// An answer that tells what is wrong.
#[derive(Debug, Clone)]
pub struct Failure {
    error: Error,
    retry_after: Option<u32>,
}

impl Failure {
    /// 500; `cause` goes to the log and nowhere else.
    #[must_use]
    pub fn internal(cause: impl std::fmt::Display) -> Self {
        tracing::error!(%cause, "a request failed");
        let detail = "Something went wrong in the gateway. Try again; if it stays, tell its operator the reference.";
        Error::new(500, detail).into()
    }

    /// 503: trying again after `seconds` may help.
    #[must_use]
    pub fn unavailable(detail: &str, seconds: u32) -> Self {
        Self { error: Error::new(503, detail), retry_after: Some(seconds) }
    }

    /// What is wrong.
    pub(in crate::web) const fn error(&self) -> &Error {
        &self.error
    }

    /// 429. Okta honours whole seconds and nothing else in `Retry-After`.
    #[must_use]
    pub fn too_many_requests(seconds: u32) -> Self {
        let detail = "This connection sends more requests per second than it may. Slow down, or raise scim.rate_limit.";
        Self { error: Error::new(429, detail), retry_after: Some(seconds) }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self { error, retry_after: None }
    }
}

impl IntoResponse for Failure {
    /// The status alone; [`finish`] adds the rest.
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.error.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// No such endpoint.
pub(in crate::web) fn nowhere(uri: &Uri) -> Failure {
    let detail = if uri.path().starts_with("/scim/v2/") {
        "There is no such endpoint. Users, Groups, Schemas, ResourceTypes and ServiceProviderConfig are here."
    } else {
        "There is nothing here. The base URL to enter in the IdP is …/scim/v2/ followed by the connection's key."
    };
    Error::new(404, detail).into()
}

/// The endpoint is there; `Allow` is added by the router.
pub(in crate::web) fn wrong_method() -> Failure {
    Error::new(405, "The endpoint does not know this method. The Allow header lists those that it knows.").into()
}

/// Writes a failure down, and puts the preferred name of its media type on every SCIM answer.
pub(in crate::web) fn finish(mut response: Response, media_type: MediaType, id: RequestId) -> Response {
    if let Some(failure) = response.extensions_mut().remove::<Failure>() {
        tracing::debug!(error = %failure.error, "refused");
        let written = json_response(response.status(), &body(&failure.error, id));
        *response.body_mut() = written.into_body();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, MediaType::Scim.header());
        headers.remove(header::CONTENT_LENGTH);
        if let Some(seconds) = failure.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if failure.error.status == 401 {
            let challenge = HeaderValue::from_static("Bearer realm=\"secaro-gateway\"");
            headers.insert(header::WWW_AUTHENTICATE, challenge);
        }
    }
    if response.headers().get(header::CONTENT_TYPE) == Some(&MediaType::Scim.header()) {
        response.headers_mut().insert(header::CONTENT_TYPE, media_type.header());
    }
    response
}

fn body(error: &Error, id: RequestId) -> Value {
    let reference = format!(" [ref {}]", id.reference());
    let room = DETAIL_CHARACTERS - reference.chars().count();
    let mut detail: String = error.detail.chars().take(room).collect();
    if detail.len() < error.detail.len() {
        detail.pop();
        detail.push('…');
    }
    detail.push_str(&reference);
    error_body(&Error { detail, ..error.clone() })
}

fn json_response(status: StatusCode, body: &Value) -> Response {
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, MediaType::Scim.header());
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;
    use crate::ids::Randomness;
    use crate::scim::ScimType;

    #[test]
    fn an_error_body_ends_with_the_reference_and_stays_short() {
        let id: RequestId = Randomness::seeded(1).id(Timestamp::from_millis(0));
        let written = body(&Error::bad(ScimType::InvalidValue, "Short. Do this."), id);
        insta::assert_json_snapshot!(written, @r#"
        {
          "schemas": [
            "urn:ietf:params:scim:api:messages:2.0:Error"
          ],
          "status": "400",
          "scimType": "invalidValue",
          "detail": "Short. Do this. [ref 9KJJFM934V]"
        }
        "#);
        let long = body(&Error::new(400, "é".repeat(1000)), id);
        let detail = long["detail"].as_str().unwrap();
        assert_eq!(detail.chars().count(), 300);
        assert!(detail.ends_with("é… [ref 9KJJFM934V]"), "{detail}");
    }
}
