//! Which surface a request is for, and so in which form it is told what is wrong: SCIM errors below `/scim`, problems
//! (RFC 9457) below `/api`, pages for people. What a surface's answers look like stands with the surface.

use axum::extract::Request;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse as _, Response};

use super::api::problem::{self, Problem};
use super::join::respond::{self as pages, Refused};
use super::scim::negotiate::MediaType;
use super::scim::respond as scim;
use crate::ids::RequestId;

/// Who is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Surface {
    /// An IdP, or whoever looks for one of its addresses.
    Scim,
    /// A program.
    Api,
    /// A person with a browser.
    Page,
}

impl Surface {
    /// The one that a request is for. Where nothing is, a browser is shown a page.
    pub(super) fn of(request: &Request) -> Self {
        match request.uri().path().split('/').nth(1).unwrap_or_default() {
            "scim" => Self::Scim,
            "api" => Self::Api,
            "console" | "join" | "invitations" | "assets" => Self::Page,
            _ if asks_for_a_page(request.headers()) => Self::Page,
            _ => Self::Scim,
        }
    }

    /// A handler broke off; `cause` goes to the log and nowhere else.
    pub(super) fn broken(self, cause: &str) -> Response {
        match self {
            Self::Scim => scim::Failure::internal(cause).into_response(),
            Self::Api => Problem::internal(cause).into_response(),
            Self::Page => Refused::internal(cause).into_response(),
        }
    }
}

fn asks_for_a_page(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    accept.is_some_and(|accept| accept.contains("text/html"))
}

/// Nothing is at this address.
pub(super) async fn nowhere(request: Request) -> Response {
    match Surface::of(&request) {
        Surface::Scim => scim::nowhere(request.uri()).into_response(),
        Surface::Api => Problem::new(404, "There is nothing at this address.").into_response(),
        Surface::Page => Refused::nowhere().into_response(),
    }
}

/// Something is, but not for this method; `Allow` is added by the router.
pub(super) async fn wrong_method(request: Request) -> Response {
    let detail = "The address does not know this method. The Allow header lists those that it knows.";
    match Surface::of(&request) {
        Surface::Scim => scim::wrong_method().into_response(),
        Surface::Api => Problem::new(405, detail).into_response(),
        Surface::Page => Refused::wrong_method().into_response(),
    }
}

/// Writes a failure down, whichever surface it is of.
pub(super) fn finish(response: Response, media_type: MediaType, id: RequestId) -> Response {
    pages::finish(problem::finish(scim::finish(response, media_type, id), id), id)
}
