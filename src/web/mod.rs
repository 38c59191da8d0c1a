//! Everything HTTP: the listener, the routes, and what an answer looks like. Handlers hold no rules: they take a
//! request apart, make one call into the domain, and write down what it says. Never names the store.

pub mod api;
mod assets;
mod body;
pub mod budget;
mod canonical;
pub mod console;
pub mod health;
pub mod join;
mod request;
pub mod routes;
pub mod scim;
pub mod server;
mod surface;
mod ways;

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
    let inside = routes.into_router().fallback(surface::nowhere).method_not_allowed_fallback(surface::wrong_method);
    // Two routers, because the path is put in order before the inner one looks at it.
    Router::new().fallback_service(inside).layer(axum::middleware::from_fn_with_state(ground, request::enter))
}

/// An error with what caused it.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests;
