//! The API: JSON, and problems as RFC 9457 has them. Makes the same calls as the pages; nothing is only on one of them.

mod join;
pub(super) mod problem;

use std::sync::Arc;

use axum::http::Method;

use super::join::Entrance;
use super::routes::Routes;

/// Adds what Secaro's own registration page needs: the same as `/join`.
#[must_use]
pub fn routes(routes: Routes, entrance: &Arc<Entrance>) -> Routes {
    routes
        .public(Method::POST, "/api/v1/join", join::register, entrance)
        .public(Method::POST, "/api/v1/join/proofs", join::prove, entrance)
        .public(Method::POST, "/api/v1/join/requests", join::ask, entrance)
        .public(Method::POST, "/api/v1/join/withdrawals", join::withdraw, entrance)
}
