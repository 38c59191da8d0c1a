//! What happens to every request, whatever it asks for: an id of ours, its path in order, one span and one log
//! line, and an answer even if a handler panics. Looks at no body and no credential.

use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::Response;
use futures_util::FutureExt as _;
use tracing::field::Empty;
use tracing::{Instrument as _, Span};

use super::Ground;
use super::canonical::canonical;
use super::scim::negotiate::MediaType;
use super::scim::respond::Failure;
use super::server::Peer;
use super::surface::{self, Surface};
use crate::ids::RequestId;
use crate::provisioning::request_log::{Arrived, Open};

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The outermost layer. An id that the client sends is not taken over: it would let callers choose what stands in
/// our log and in other callers' references (T83).
pub(super) async fn enter(State(ground): State<Ground>, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let id: RequestId = ground.randomness.id(ground.clock.now());
    request.extensions_mut().insert(id);
    if let Some(uri) = canonical(request.uri()) {
        *request.uri_mut() = uri;
    }
    let open = recorded(&ground, &mut request, id);
    let media_type = MediaType::accepted(request.headers());
    let surface = Surface::of(&request);
    let span = tracing::info_span!(
        "http.request",
        "request.id" = %id,
        // As it stands at the end of an error's detail: whoever has that finds the line.
        reference = id.reference(),
        method = method(request.method()),
        route = Empty,
        "organization.id" = Empty,
        "connection.id" = Empty,
    );
    async move {
        // A panic is a bug of ours; it ends this request, not the connection that others share.
        let answered = AssertUnwindSafe(next.run(request)).catch_unwind().await;
        let response = answered.unwrap_or_else(|_| surface.broken("a handler panicked"));
        if let (Some(open), Some(failure)) = (&open, response.extensions().get::<Failure>()) {
            open.recording().refused(failure.error());
        }
        let mut response = surface::finish(response, media_type, id);
        common_headers(&mut response, id);
        note_answer(&response, started);
        if let Some(open) = open {
            open.answered(response.status().as_u16());
        }
        response
    }
    .instrument(span)
    .await
}

/// Opens the record of a call of the SCIM surface; whoever answers it finds it beside the request.
fn recorded(ground: &Ground, request: &mut Request, id: RequestId) -> Option<Open> {
    let path = request.uri().path();
    if path != "/scim" && !path.starts_with("/scim/") {
        return None;
    }
    let open = ground.recorder.open(&Arrived {
        id,
        at: ground.clock.now(),
        method: method(request.method()),
        path,
        query: request.uri().query(),
        address: client_address(request),
        agent: request.headers().get(header::USER_AGENT).map(HeaderValue::as_bytes),
    });
    request.extensions_mut().insert(open.recording().clone());
    Some(open)
}

/// Where a request comes from. The listener stands behind a proxy, which adds who asked it as the last one.
pub(super) fn client_address(request: &Request) -> Option<IpAddr> {
    let peer = request.extensions().get::<Peer>().map(|Peer(address)| *address);
    let forwarded = request.headers().get_all("x-forwarded-for").iter().next_back();
    let last = forwarded.and_then(|list| list.to_str().ok()).and_then(|list| list.rsplit(',').next());
    // From anywhere else the header is the caller's own text.
    let behind_a_proxy = peer.is_none_or(|peer| match peer {
        IpAddr::V4(peer) => peer.is_loopback() || peer.is_private(),
        IpAddr::V6(peer) => peer.is_loopback() || peer.is_unique_local(),
    });
    last.filter(|_| behind_a_proxy).and_then(|last| last.trim().parse().ok()).or(peer)
}

/// Writes the matched route into the span: the pattern, never the path, whose ids and words are the caller's.
pub(super) async fn note_route(request: Request, next: Next) -> Response {
    if let Some(matched) = request.extensions().get::<MatchedPath>() {
        Span::current().record("route", matched.as_str());
    }
    let quiet = matches!(request.uri().path(), "/healthz" | "/readyz");
    let mut response = next.run(request).await;
    if quiet {
        response.extensions_mut().insert(Quiet);
    }
    response
}

/// Marks the answer to a probe that comes every few seconds.
#[derive(Clone)]
struct Quiet;

fn note_answer(response: &Response, started: Instant) {
    let status = response.status().as_u16();
    let duration_ms = (started.elapsed().as_secs_f64() * 1e6).round() / 1000.0;
    if response.extensions().get::<Quiet>().is_some() && status < 500 {
        tracing::debug!(status, duration_ms, "answered");
    } else {
        tracing::info!(status, duration_ms, "answered");
    }
}

fn common_headers(response: &mut Response, id: RequestId) {
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::try_from(id.to_string()) {
        headers.insert(X_REQUEST_ID, id);
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
}

/// One of a fixed set of words: any other method is the caller's text.
fn method(method: &Method) -> &'static str {
    const KNOWN: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
    KNOWN.into_iter().find(|known| *known == method.as_str()).unwrap_or("other")
}
