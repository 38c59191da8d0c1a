//! What a page's answer looks like: its headers, and the one place where something that went wrong becomes a page.

use askama::Template;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::pages::Wrong;
use crate::ids::RequestId;
use crate::web::api::problem::sentence;
use crate::web::ways::on_pages;
use crate::{directory, provisioning};

/// On every page: nothing but our own stylesheet and forms, in nobody's frame; the address, which may hold a secret,
/// goes to nobody.
const HEADERS: [(HeaderName, &str); 5] = [
    (header::CONTENT_TYPE, "text/html; charset=utf-8"),
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    ),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::CACHE_CONTROL, "no-store"),
    (HeaderName::from_static("x-robots-tag"), "noindex"),
];

fn dress(headers: &mut HeaderMap) {
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

/// A page of this status.
pub(super) fn page(status: u16, template: &impl Template) -> Response {
    match template.render() {
        Ok(text) => dressed(status, text),
        Err(error) => Refused::internal(error).into_response(),
    }
}

fn dressed(status: u16, text: String) -> Response {
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    dress(response.headers_mut());
    response
}

/// 303: what was asked for is done, and this page shows it.
pub(super) fn see(path: &str) -> Response {
    let mut response = dressed(303, String::new());
    if let Ok(path) = HeaderValue::try_from(path) {
        response.headers_mut().insert(header::LOCATION, path);
    }
    response
}

/// What cannot be shown or done, as a page of its own.
#[derive(Debug, Clone)]
pub(in crate::web) struct Refused {
    status: u16,
    heading: String,
    text: String,
}

impl Refused {
    pub(in crate::web) fn new(status: u16, heading: impl Into<String>, text: impl Into<String>) -> Self {
        Self { status, heading: heading.into(), text: text.into() }
    }

    /// Of the domain's words, which name commands: pages name pages.
    fn impossible(status: u16, words: &str) -> Self {
        Self::new(status, "That is not possible", sentence(&on_pages(words)))
    }

    /// Whether it is about what was filled in, and not about who asks or for what.
    pub(in crate::web) const fn is_of_a_form(&self) -> bool {
        matches!(self.status, 400 | 409 | 422)
    }

    /// The status.
    pub(in crate::web) const fn status(&self) -> u16 {
        self.status
    }

    /// What is wrong and what to do.
    pub(in crate::web) fn text(&self) -> &str {
        &self.text
    }

    /// 500; `cause` goes to the log and nowhere else.
    pub(in crate::web) fn internal(cause: impl std::fmt::Display) -> Self {
        tracing::error!(%cause, "a request failed");
        let text = "Try again. If it stays like this, tell the gateway's operator the reference below.";
        Self::new(500, "Something went wrong", text)
    }

    /// No such page.
    pub(in crate::web) fn nowhere() -> Self {
        Self::new(404, "There is no such page", "Check the address, or open the newest link that you were mailed.")
    }

    /// The page is there, but not for this method.
    pub(in crate::web) fn wrong_method() -> Self {
        Self::new(405, "That does not work here", "Open the page in your browser and use its buttons.")
    }
}

impl From<provisioning::Error> for Refused {
    fn from(error: provisioning::Error) -> Self {
        use provisioning::Error;
        match error {
            Error::Scim(refusal) => Self::impossible(400, &refusal.to_string()),
            Error::Directory(refusal) => refusal.into(),
            Error::Store(cause) => directory::Error::Store(cause).into(),
        }
    }
}

impl From<directory::Error> for Refused {
    fn from(error: directory::Error) -> Self {
        use directory::Error;
        match &error {
            Error::NotFound { .. } => Self::impossible(404, &error.to_string()),
            Error::Invalid(words) => Self::impossible(400, words),
            Error::Conflict(words) => Self::impossible(409, words),
            Error::Forbidden(words) => Self::impossible(403, words),
            Error::Store(cause) => {
                let refused = Self::internal(crate::web::chain(cause));
                if !cause.is_temporary() {
                    return refused;
                }
                let text = "The gateway is busy. Nothing was changed; try again in a few seconds.";
                Self::new(503, "Try again in a moment", text)
            }
        }
    }
}

impl IntoResponse for Refused {
    /// The status alone; [`finish`] adds the rest.
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// Writes a refusal down, with the request's reference.
pub(in crate::web) fn finish(mut response: Response, id: RequestId) -> Response {
    let Some(refused) = response.extensions_mut().remove::<Refused>() else { return response };
    tracing::debug!(status = refused.status, heading = refused.heading, "refused");
    let Refused { heading, text, .. } = refused;
    let written = Wrong { heading, text, reference: id.reference() }.render().unwrap_or_default();
    *response.body_mut() = Body::from(written);
    let headers = response.headers_mut();
    headers.remove(header::CONTENT_LENGTH);
    dress(headers);
    response
}
