//! The pages for whoever is no person of an organization yet: `/join` and `/invitations/{secret}`. Plain forms, no
//! script at all. What a form says is read here; what comes of it is the directory's to decide.

pub(super) mod form;
mod invitations;
mod pages;
mod requests;
pub(super) mod respond;

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{FromRequestParts, Path, Request};
use axum::http::Method;
use axum::http::request::Parts;

use respond::Refused;

use super::assets;
use super::budget::Budget;
use super::request;
use super::routes::Routes;
use crate::config::Settings;
use crate::directory::Directory;
use crate::ids::{Id as _, RequestId};

/// How large a form may be: far above the longest that is filled in by hand.
const FORM_BYTES: usize = 32 * 1024;

/// What the public pages and the same part of the API answer from.
#[derive(Debug)]
pub struct Entrance {
    pub(super) directory: Directory,
    budget: Budget,
    patience: Duration,
    body_bytes: usize,
    /// Where the gateway is reached: scheme, host and port. From the settings alone (T48).
    origin: String,
}

impl Entrance {
    /// The entrance of an installation that is reached at `base_url`.
    #[must_use]
    pub fn new(directory: Directory, settings: &Settings, base_url: &str) -> Arc<Self> {
        Arc::new(Self {
            directory,
            budget: Budget::new(settings.join_requests.per_client_limit),
            patience: settings.server.body_timeout,
            body_bytes: settings.server.max_body_bytes.get().min(FORM_BYTES),
            origin: origin(base_url),
        })
    }

    /// Whether whoever asks may register somebody, as far as their network address goes; takes one from its budget.
    pub(super) fn may_register(&self, request: &Request) -> bool {
        self.budget.take(request::client_address(request))
    }

    pub(super) const fn patience(&self) -> Duration {
        self.patience
    }

    pub(super) const fn body_bytes(&self) -> usize {
        self.body_bytes
    }
}

/// Scheme, host and port of an address.
pub(super) fn origin(base_url: &str) -> String {
    let path = base_url.find("://").and_then(|at| base_url[at + 3..].find('/').map(|slash| at + 3 + slash));
    base_url[..path.unwrap_or(base_url.len())].to_ascii_lowercase()
}

/// The request's id; the outermost layer has left it there.
pub(super) fn request_id(request: &Request) -> RequestId {
    request.extensions().get::<RequestId>().copied().unwrap_or_else(|| RequestId::from_uuid(uuid::Uuid::nil()))
}

/// What stands in the path. What is no text (`%ff`) names nothing.
struct Named(String);

impl<S: Send + Sync> FromRequestParts<S> for Named {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refused> {
        let found = Path::<String>::from_request_parts(parts, state).await;
        found.map(|Path(name)| Self(name)).map_err(|_| Refused::nowhere())
    }
}

/// Adds the pages and what they are drawn with.
#[must_use]
pub fn routes(routes: Routes, entrance: &Arc<Entrance>) -> Routes {
    let (get, post) = (Method::GET, Method::POST);
    routes
        .public(get.clone(), "/assets/{file}", assets::file, entrance)
        .public(get.clone(), "/join", requests::form, entrance)
        .public(post.clone(), "/join", requests::register, entrance)
        .public(get.clone(), "/join/{secret}", requests::look, entrance)
        .public(post.clone(), "/join/{secret}", requests::prove, entrance)
        .public(post.clone(), "/join/{secret}/request", requests::ask, entrance)
        .public(post.clone(), "/join/{secret}/withdraw", requests::withdraw, entrance)
        .public(get, "/invitations/{secret}", invitations::look, entrance)
        .public(post, "/invitations/{secret}", invitations::accept, entrance)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_an_address_without_its_path() {
        assert_eq!(origin("https://scim.example.com"), "https://scim.example.com");
        assert_eq!(origin("https://Scim.example.com:8443/gateway"), "https://scim.example.com:8443");
    }
}
