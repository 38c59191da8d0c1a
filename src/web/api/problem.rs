//! What is wrong, as a problem (RFC 9457). The one place where that becomes a body of the API.

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::directory;
use crate::directory::join_requests::Flaw;
use crate::ids::RequestId;

/// An answer that tells what is wrong.
#[derive(Debug, Clone)]
pub(in crate::web) struct Problem {
    status: u16,
    detail: String,
    errors: Vec<Flaw>,
    retry_after: Option<u32>,
}

impl Problem {
    /// Of a status; the text says what is wrong and what to do.
    pub(in crate::web) fn new(status: u16, detail: impl Into<String>) -> Self {
        Self { status, detail: detail.into(), errors: Vec::new(), retry_after: None }
    }

    /// 500; `cause` goes to the log and nowhere else.
    pub(in crate::web) fn internal(cause: impl std::fmt::Display) -> Self {
        tracing::error!(%cause, "a request failed");
        Self::new(500, "Something went wrong in the gateway. Try again; if it stays, tell its operator the reference.")
    }

    /// 400: these members cannot be taken as they are.
    pub(super) fn of_flaws(errors: Vec<Flaw>) -> Self {
        Self { errors, ..Self::new(400, "Some members cannot be taken as they are; «errors» says which, and why.") }
    }
}

impl From<directory::Error> for Problem {
    fn from(error: directory::Error) -> Self {
        use directory::Error;
        match &error {
            Error::NotFound { .. } => Self::new(404, sentence(&error.to_string())),
            Error::Invalid(words) => Self::new(400, sentence(words)),
            Error::Conflict(words) => Self::new(409, sentence(words)),
            Error::Forbidden(words) => Self::new(403, sentence(words)),
            Error::Store(cause) => {
                let problem = Self::internal(crate::web::chain(cause));
                if !cause.is_temporary() {
                    return problem;
                }
                let detail = "The gateway's database is busy or away. Nothing was changed; try again in a few seconds.";
                Self { retry_after: Some(5), ..Self::new(503, detail) }
            }
        }
    }
}

/// The domain's words as a sentence.
pub(in crate::web) fn sentence(words: &str) -> String {
    let end = if words.ends_with('.') { "" } else { "." };
    if words.split(' ').next().is_some_and(|first| first.contains('@')) {
        // An address stays as it is written.
        return format!("{words}{end}");
    }
    let mut letters = words.chars();
    let first = letters.next().map(|letter| letter.to_uppercase().collect::<String>()).unwrap_or_default();
    format!("{first}{}{end}", letters.as_str())
}

impl IntoResponse for Problem {
    /// The status alone; [`finish`] adds the rest.
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// Writes a problem down, with the request's reference.
pub(in crate::web) fn finish(mut response: Response, id: RequestId) -> Response {
    let Some(problem) = response.extensions_mut().remove::<Problem>() else { return response };
    tracing::debug!(status = problem.status, detail = problem.detail, "refused");
    let mut body: Value = json!({
        "type": "about:blank",
        "title": response.status().canonical_reason().unwrap_or_default(),
        "status": problem.status,
        "detail": problem.detail,
        "reference": id.reference(),
    });
    if !problem.errors.is_empty() {
        body["errors"] = json!(problem.errors);
    }
    *response.body_mut() = Body::from(body.to_string());
    let headers = response.headers_mut();
    headers.remove(header::CONTENT_LENGTH);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    if let Some(seconds) = problem.retry_after {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}
