//! Everything HTTP: the listener, the routes, and what an answer looks like. Handlers hold no rules: they take a
//! request apart, make one call into the domain, and write down what it says. Never names the store.

mod body;
mod canonical;
pub mod health;
mod request;
pub mod routes;
pub mod scim;
pub mod server;

use std::sync::Arc;

use axum::Router;

use crate::clock::Clock;
use crate::ids::Randomness;
use crate::provisioning::request_log::Recorder;
use routes::Routes;

/// What every request needs, whatever it asks for.
#[derive(Debug, Clone)]
pub struct Ground {
    /// Dates request ids.
    pub clock: Arc<dyn Clock>,
    /// Makes request ids.
    pub randomness: Arc<Randomness>,
    /// Takes every call of the SCIM surface.
    pub recorder: Recorder,
}

/// Everything that can be asked for, ready to be served.
pub fn router(ground: Ground, routes: Routes) -> Router {
    let inside =
        routes.into_router().fallback(scim::respond::nowhere).method_not_allowed_fallback(scim::respond::wrong_method);
    // Two routers, because the path is put in order before the inner one looks at it.
    Router::new().fallback_service(inside).layer(axum::middleware::from_fn_with_state(ground, request::enter))
}

#[cfg(test)]
mod tests;
