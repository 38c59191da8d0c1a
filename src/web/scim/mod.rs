//! The SCIM surface: `/scim/v2/{connection}/…` (RFC 7644). Knows what a request and an answer look like, and leaves
//! every decision to the domain.

mod asked;
pub(super) mod caller;
mod discovery;
mod named;
pub(super) mod negotiate;
pub mod paging;
pub mod query;
mod resources;
pub mod respond;

use std::sync::Arc;

use axum::http::Method;

use super::routes::Routes;
use crate::auth::Authenticator;
use crate::config::{self, Settings};
use crate::provisioning::Provisioning;
use crate::scim::ResourceType;

/// What the SCIM endpoints answer from.
#[derive(Debug)]
pub struct Scim {
    authenticator: Authenticator,
    provisioning: Provisioning,
    limits: config::Scim,
    server: config::Server,
    /// Where IdPs reach the gateway, without a trailing slash.
    base_url: String,
    budget: caller::Budget,
}

impl Scim {
    /// The SCIM surface of an installation that is reached at `base_url`.
    #[must_use]
    pub fn new(
        authenticator: Authenticator,
        provisioning: Provisioning,
        settings: &Settings,
        base_url: &str,
    ) -> Arc<Self> {
        Arc::new(Self {
            authenticator,
            provisioning,
            budget: caller::Budget::new(&settings.scim),
            limits: settings.scim.clone(),
            server: settings.server.clone(),
            base_url: base_url.to_owned(),
        })
    }

    /// The SCIM root of a connection, which `meta.location` and `$ref` begin with.
    fn root(&self, connection: &str) -> String {
        format!("{}/scim/v2/{connection}", self.base_url)
    }
}

/// Adds the endpoints of RFC 7644 §3.2 below every connection.
#[must_use]
pub fn routes(routes: Routes, scim: &Arc<Scim>) -> Routes {
    let routes = discovery::routes(routes, scim);
    let root = "/scim/v2/{connection}";
    let routes = [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE]
        .into_iter()
        .fold(routes, |routes, method| routes.connection(method, &format!("{root}/Me"), resources::me, scim))
        .connection(Method::POST, &format!("{root}/Bulk"), resources::bulk, scim)
        .connection(Method::POST, &format!("{root}/.search"), resources::search_everything, scim);
    ResourceType::ALL.iter().fold(routes, |routes, resource_type| resources::routes(routes, *resource_type, scim))
}
