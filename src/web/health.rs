//! What operators and load balancers ask: alive, ready, which version. Says nothing about who uses the gateway.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

use super::routes::Routes;

/// How long `/readyz` waits for the database. Load balancers give up after a few seconds themselves.
const PATIENCE: Duration = Duration::from_secs(2);

/// Asks whether the gateway could do its work now; the error says in a few words what is missing.
pub type Check = dyn Fn() -> Pin<Box<dyn Future<Output = Result<(), &'static str>> + Send>> + Send + Sync;

/// What the probes answer from.
#[derive(Clone)]
pub struct Health {
    /// Whether the database is reachable and its tables are those of this version.
    pub ready: Arc<Check>,
    /// The number of the newest migration.
    pub schema: i64,
}

impl fmt::Debug for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Health").field("schema", &self.schema).finish_non_exhaustive()
    }
}

/// Adds `/healthz`, `/readyz` and `/version`.
#[must_use]
pub fn routes(routes: Routes, health: &Health) -> Routes {
    routes.public(Method::GET, "/healthz", healthz, health).public(Method::GET, "/readyz", readyz, health).public(
        Method::GET,
        "/version",
        version,
        health,
    )
}

async fn healthz() -> Json<Value> {
    Json(json!({"status": "ok"}))
}

async fn readyz(State(health): State<Health>) -> Response {
    let checked = tokio::time::timeout(PATIENCE, (health.ready)()).await;
    match checked.unwrap_or(Err("the database does not answer in time")) {
        Ok(()) => Json(json!({"status": "ready"})).into_response(),
        Err(reason) => {
            tracing::warn!(reason, "not ready");
            (StatusCode::SERVICE_UNAVAILABLE, Json(json!({"status": "unavailable", "reason": reason}))).into_response()
        }
    }
}

async fn version(State(health): State<Health>) -> Json<Value> {
    Json(json!({"name": env!("CARGO_PKG_NAME"), "version": env!("CARGO_PKG_VERSION"), "schema": health.schema}))
}
