//! What the gateway does by itself, beside answering: a worker that stops cleanly. Holds no rules; each job is one
//! call of the domain.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::auth::Authenticator;

/// How often it is written down when tokens were last used: the time that a reader of it may be behind.
const LAST_USED: Duration = Duration::from_mins(1);

/// Works until told to stop, then finishes what must not be lost.
pub async fn run(authenticator: Authenticator, stop: CancellationToken) {
    while stop.run_until_cancelled(tokio::time::sleep(LAST_USED)).await.is_some() {
        write_last_used(&authenticator).await;
    }
    write_last_used(&authenticator).await;
}

async fn write_last_used(authenticator: &Authenticator) {
    if let Err(error) = authenticator.write_last_used().await {
        // They are kept and tried again the next time round.
        tracing::warn!(error = &error as &dyn std::error::Error, "could not write down when tokens were last used");
    }
}
