//! Who asks: the connection's credential, and its budget of requests.

use std::fmt;
use std::sync::Arc;

use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use serde::Deserialize;

use super::Scim;
use super::named::Named;
use super::respond::Failure;
use crate::auth::{Caller, Refusal};
use crate::config;
use crate::ids::{ConnectionId, RequestId};
use crate::provisioning::request_log::Recording;
use crate::scim::Error;
use crate::web::chain;

/// How long an IdP should leave a paused connection alone, in seconds. Okta doubles its own wait from five minutes.
const PAUSED_RETRY: u32 = 300;

/// How long to wait when the database is busy or away, in seconds.
const BUSY_RETRY: u32 = 5;

/// How many requests each connection may make.
pub(super) struct Budget {
    limiter: DefaultKeyedRateLimiter<ConnectionId>,
    clock: DefaultClock,
}

impl Budget {
    pub(super) fn new(limits: &config::Scim) -> Self {
        let quota = Quota::per_second(limits.rate_limit).allow_burst(limits.rate_burst);
        Self { limiter: RateLimiter::keyed(quota), clock: DefaultClock::default() }
    }

    /// Takes one request from the budget; if there is none, in how many whole seconds there will be.
    fn take(&self, connection: ConnectionId) -> Result<(), u32> {
        self.limiter.check_key(&connection).map_err(|not_until| {
            let wait = not_until.wait_time_from(self.clock.now());
            u32::try_from(wait.as_millis().div_ceil(1000)).unwrap_or(u32::MAX).max(1)
        })
    }
}

impl fmt::Debug for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Budget")
    }
}

#[derive(Deserialize)]
pub(in crate::web) struct InPath {
    connection: String,
}

/// Lets a caller of the connection in the path in, or answers in its place. Handlers take the [`Caller`] that it
/// leaves behind with [`Known`]; without this layer they could not be called.
pub(in crate::web) async fn admit(
    State(scim): State<Arc<Scim>>,
    Named(InPath { connection }): Named<InPath>,
    mut request: Request,
    next: Next,
) -> Response {
    let Some(id) = request.extensions().get::<RequestId>().copied() else {
        return Failure::internal("no request id").into_response();
    };
    let recording = request.extensions().get::<Recording>();
    match authenticate(&scim, &connection, request.headers(), id, recording).await {
        Ok(caller) => {
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        Err(failure) => failure.into_response(),
    }
}

async fn authenticate(
    scim: &Scim,
    connection: &str,
    headers: &HeaderMap,
    id: RequestId,
    recording: Option<&Recording>,
) -> Result<Caller, Failure> {
    let mut sent = headers.get_all(header::AUTHORIZATION).iter();
    // A header that is no text is no token either.
    let authorization = sent.next().map(|value| value.to_str().unwrap_or("?"));
    if sent.next().is_some() {
        // Which one counts would be a guess, and a proxy in front may guess otherwise.
        return Err(Error::new(401, "Two credentials were sent. Send one Authorization header.").into());
    }
    let caller = scim.authenticator.bearer(connection, authorization, id).await.map_err(refused)?;
    let span = tracing::Span::current();
    span.record("organization.id", tracing::field::display(caller.organization()));
    span.record("connection.id", tracing::field::display(caller.connection()));
    if let Some(recording) = recording {
        recording.authenticated(&caller);
    }
    scim.budget.take(caller.connection()).map_err(Failure::too_many_requests)?;
    Ok(caller)
}

fn refused(refusal: Refusal) -> Failure {
    match refusal {
        Refusal::Unauthenticated(detail) => Error::new(401, detail).into(),
        Refusal::ElsewhereOnly => Error::not_found().into(),
        Refusal::Paused => {
            let detail = "This connection is paused. Resume it in Secaro, then let the IdP try again.";
            Failure::unavailable(detail, PAUSED_RETRY)
        }
        Refusal::Store(error) => database(&error, error.is_temporary()),
    }
}

/// The database failed a request.
pub(super) fn database(error: &dyn std::error::Error, temporary: bool) -> Failure {
    let failure = Failure::internal(chain(error));
    if temporary {
        let detail = "The gateway's database is busy or away. Nothing was changed; try again in a few seconds.";
        return Failure::unavailable(detail, BUSY_RETRY);
    }
    failure
}

/// The caller, in a handler behind [`admit`].
pub(super) struct Known(pub(super) Caller);

impl<S: Sync> FromRequestParts<S> for Known {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        let caller = parts.extensions.get::<Caller>().cloned();
        caller.map(Self).ok_or_else(|| Failure::internal("a handler was reached without a caller"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;
    use crate::ids::Randomness;

    #[test]
    fn a_connection_that_used_its_budget_up_is_told_whole_seconds_and_no_other_one_is() {
        let mut limits = config::load(&config::Sources::default()).unwrap().settings.scim;
        limits.rate_limit = 1.try_into().unwrap();
        limits.rate_burst = 3.try_into().unwrap();
        let budget = Budget::new(&limits);
        let randomness = Randomness::seeded(1);
        let (busy, quiet) = (randomness.id(Timestamp::from_millis(1)), randomness.id(Timestamp::from_millis(1)));
        let answers: Vec<_> = (0..4).map(|_| budget.take(busy)).collect();
        assert_eq!(answers, [Ok(()), Ok(()), Ok(()), Err(1)]);
        assert_eq!(budget.take(quiet), Ok(()));
    }
}
