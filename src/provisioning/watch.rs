//! Looks after connections while nobody asks: tokens that end soon, connections that are silent, calls that fail. Tells
//! Organization admins, each thing once; changes nothing.

use std::time::Duration;

use super::{Error, Provisioning};
use crate::audit::{self, Action, Record, Target};
use crate::auth::actor::of_job;
use crate::clock::Timestamp;
use crate::ids::{Id as _, OrganizationId, RequestId};
use crate::outbox::mail::{self, Mail};
use crate::store;

/// What failing calls are counted over.
const FAILURES_WITHIN: Duration = Duration::from_hours(1);

/// How often one connection's failures are reported at most.
const FAILURES_EVERY: Duration = Duration::from_hours(24);

/// What is worth a mail.
#[derive(Debug, Clone)]
pub struct Thresholds {
    /// How long before its end a token is reported; each once.
    pub token_ends: Vec<Duration>,
    /// When a connection that could call counts as silent.
    pub silent_after: Duration,
    /// So many failed calls of one connection within an hour.
    pub failures_per_hour: u32,
}

/// One thing to tell: whom, about what, and since when being told of it counts.
struct Notice {
    organization: OrganizationId,
    target: Target,
    subject: uuid::Uuid,
    about: String,
    /// Told after this, they know.
    since: Timestamp,
}

impl Provisioning {
    /// Tells admins of what they should know about their tokens and connections.
    pub async fn watch(&self, thresholds: &Thresholds, request: RequestId) -> Result<(), Error> {
        self.watch_tokens(&thresholds.token_ends, request).await?;
        self.watch_silence(thresholds.silent_after, request).await?;
        self.watch_failures(thresholds.failures_per_hour, request).await
    }

    async fn watch_tokens(&self, thresholds: &[Duration], request: RequestId) -> Result<(), Error> {
        let now = self.store.clock().now();
        let Some(longest) = thresholds.iter().max() else { return Ok(()) };
        let ending = self.store.read().await?.ending_tokens(now, now.plus(*longest)).await?;
        for token in ending {
            // The last one that was passed. One that was passed when the token was issued is no news.
            let passed = |threshold: &&Duration| {
                let at = token.expires_at.minus(**threshold);
                at <= now && at > token.created_at
            };
            let Some(threshold) = thresholds.iter().filter(passed).min() else { continue };
            let notice = Notice {
                organization: token.organization_id,
                target: Target::Token(token.id),
                subject: token.id.uuid(),
                about: format!("token_ends_in_{}_hours", threshold.as_secs() / 3600),
                since: token.created_at,
            };
            let say = |organization| Mail::TokenExpiring {
                organization,
                connection: token.connection.clone(),
                token: token.name.clone(),
                expires_at: token.expires_at,
            };
            self.tell(&notice, say, request).await?;
        }
        Ok(())
    }

    async fn watch_silence(&self, after: Duration, request: RequestId) -> Result<(), Error> {
        let now = self.store.clock().now();
        let silent = self.store.read().await?.silent_connections(now, now.minus(after)).await?;
        for connection in silent {
            let notice = Notice {
                organization: connection.organization_id,
                target: Target::Connection(connection.id),
                subject: connection.id.uuid(),
                about: "connection_silent".to_owned(),
                since: connection.last_call_at.unwrap_or(connection.token_since),
            };
            let say = |organization| Mail::ConnectionSilent {
                organization,
                connection: connection.key.clone(),
                last_call_at: connection.last_call_at,
            };
            self.tell(&notice, say, request).await?;
        }
        Ok(())
    }

    async fn watch_failures(&self, at_least: u32, request: RequestId) -> Result<(), Error> {
        let now = self.store.clock().now();
        let failing = self.store.read().await?.failing_connections(now.minus(FAILURES_WITHIN), at_least).await?;
        for failures in failing {
            let mut reader = self.store.read().await?;
            let organization = failures.organization_id;
            let Some(connection) = reader.connection_by_id(organization, failures.connection_id).await? else {
                continue;
            };
            let reference = reader.failure_at(organization, connection.id, failures.newest_at).await?;
            drop(reader);
            let notice = Notice {
                organization,
                target: Target::Connection(connection.id),
                subject: connection.id.uuid(),
                about: "failure_spike".to_owned(),
                since: now.minus(FAILURES_EVERY),
            };
            let say = |organization| Mail::FailureSpike {
                organization,
                connection: connection.key.clone(),
                failed: u64::try_from(failures.failed).unwrap_or_default(),
                reference: reference.clone().unwrap_or_default(),
            };
            self.tell(&notice, say, request).await?;
        }
        Ok(())
    }

    /// Queues the mail, unless admins know. Looked at in the transaction that notes it, so that two processes tell it
    /// once.
    async fn tell(
        &self,
        notice: &Notice,
        say: impl FnOnce(String) -> Mail,
        request: RequestId,
    ) -> Result<(), store::Error> {
        let Notice { organization, target, subject, about, .. } = notice;
        if knows(&mut self.store.read().await?, notice).await? {
            return Ok(());
        }
        let mut tx = self.store.begin(of_job("watch", *organization, request)).await?;
        if knows(&mut tx, notice).await? {
            return Ok(());
        }
        let found = store::Reader::organization(&mut tx, *organization).await?;
        let name = found.map(|row| row.name).ok_or(store::Error::Corrupt { table: "connections", column: "id" })?;
        mail::queue_for_admins(&mut tx, None, &say(name)).await?;
        tx.note_told(*subject, about).await?;
        audit::record(&mut tx, Record::of(Action::AdminsTold, *target).because(about.clone())).await?;
        tx.commit().await
    }
}

async fn knows(reader: &mut store::Reader, notice: &Notice) -> Result<bool, store::Error> {
    let told = reader.told_at(notice.organization, notice.subject, &notice.about).await?;
    Ok(told.is_some_and(|told| told > notice.since))
}
