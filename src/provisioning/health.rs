//! How an organization's connections fare, for whoever looks after them: calls and failures, tokens that end, what was
//! pushed. Reads only.

use std::time::Duration;

use super::connections::{Connection, ConnectionState};
use super::{Error, Provisioning};
use crate::clock::Timestamp;
use crate::ids::OrganizationId;
use crate::store::Reader;

pub use crate::store::connection_health::{CallsOfHour, RecentCall};

/// What a connection's calls are looked at over.
const WITHIN: Duration = Duration::from_hours(24);

/// How many of the newest calls are shown.
const RECENT: i64 = 50;

/// An hour in milliseconds.
const HOUR: i64 = 3_600_000;

/// A connection and how it fares.
#[derive(Debug, Clone)]
pub struct Fares {
    /// The connection.
    pub connection: Connection,
    /// When a call with one of its live tokens last came, to about a minute.
    pub last_call_at: Option<Timestamp>,
    /// How many Users it has pushed that are there.
    pub users: i64,
    /// How many Groups.
    pub groups: i64,
    /// Its calls within 24 hours.
    pub calls: i64,
    /// How many of them were refused or failed.
    pub failed: i64,
    /// How many tokens let it in.
    pub live_tokens: i64,
    /// When the last of them ends.
    pub token_ends_at: Option<Timestamp>,
}

impl Fares {
    /// Days until it has no live token; nothing if it has none now.
    #[must_use]
    pub fn token_days_left(&self, now: Timestamp) -> Option<u64> {
        self.token_ends_at.map(|ends| ends.since(now).as_secs() / 86_400)
    }

    /// Whether a call could come, and none ever has.
    #[must_use]
    pub const fn has_never_called(&self) -> bool {
        self.live_tokens > 0 && self.last_call_at.is_none() && self.calls == 0
    }
}

/// How one connection fares, hour by hour.
#[derive(Debug, Clone)]
pub struct Health {
    /// Altogether.
    pub fares: Fares,
    /// Each of the last 24 hours, oldest first.
    pub hours: Vec<CallsOfHour>,
    /// The newest calls, newest first.
    pub recent: Vec<RecentCall>,
}

impl Health {
    /// Calls that were refused for their token, among the newest.
    #[must_use]
    pub fn refused_tokens(&self) -> usize {
        self.recent.iter().filter(|call| call.status == 401).count()
    }
}

impl Provisioning {
    /// What the gateway's clock says.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.store.clock().now()
    }

    /// An organization's connections that are not deleted, by key, and how each fares.
    pub async fn fares(&self, organization: OrganizationId) -> Result<Vec<Fares>, Error> {
        let mut reader = self.store.read().await?;
        let mut all = reader.connections(organization).await?;
        all.retain(|connection| connection.state != ConnectionState::Deleted);
        self.fares_of(&mut reader, organization, all).await
    }

    /// How one connection fares, altogether.
    pub async fn fares_one(&self, organization: OrganizationId, key: &str) -> Result<Fares, Error> {
        let connection = self.connection_of(organization, key).await?;
        let mut reader = self.store.read().await?;
        let fares = self.fares_of(&mut reader, organization, vec![connection]).await?;
        Ok(fares.into_iter().next().ok_or_else(|| super::connections::unknown(key))?)
    }

    /// How one connection fares, hour by hour.
    pub async fn health(&self, organization: OrganizationId, key: &str) -> Result<Health, Error> {
        let connection = self.connection_of(organization, key).await?;
        let id = connection.id;
        let mut reader = self.store.read().await?;
        let now = self.now();
        let this_hour = now.millis().div_euclid(HOUR);
        let since = Timestamp::from_millis((this_hour - 23) * HOUR);
        let counted = reader.calls_by_hour(organization, id, since).await?;
        let recent = reader.recent_calls(organization, id, RECENT).await?;
        let hours = (this_hour - 23..=this_hour).map(|hour| {
            let found = counted.iter().find(|counted| counted.hour == hour).copied();
            found.unwrap_or(CallsOfHour { hour, calls: 0, failed: 0 })
        });
        let hours = hours.collect();
        let fares = self.fares_of(&mut reader, organization, vec![connection]).await?;
        let fares = fares.into_iter().next().ok_or_else(|| super::connections::unknown(key))?;
        Ok(Health { fares, hours, recent })
    }

    async fn fares_of(
        &self,
        reader: &mut Reader,
        organization: OrganizationId,
        connections: Vec<Connection>,
    ) -> Result<Vec<Fares>, Error> {
        let now = self.now();
        let tokens = reader.live_tokens(organization, now).await?;
        let calls = reader.calls_since(organization, now.minus(WITHIN)).await?;
        let mut all = Vec::with_capacity(connections.len());
        for connection in connections {
            let id = connection.id;
            let counts = reader.resources_by_kind(organization, id).await?;
            let count = |kind| counts.iter().filter(|row| row.kind == kind).map(|row| row.count).sum();
            let tokens = tokens.iter().find(|row| row.connection_id == id);
            let calls = calls.iter().find(|row| row.connection_id == id);
            all.push(Fares {
                last_call_at: tokens.and_then(|row| row.last_used_at),
                users: count("User"),
                groups: count("Group"),
                calls: calls.map_or(0, |row| row.calls),
                failed: calls.map_or(0, |row| row.failed),
                live_tokens: tokens.map_or(0, |row| row.live),
                token_ends_at: tokens.map(|row| row.expires_at),
                connection,
            });
        }
        Ok(all)
    }
}

impl CallsOfHour {
    /// When the hour began.
    #[must_use]
    pub const fn began_at(&self) -> Timestamp {
        Timestamp::from_millis(self.hour * HOUR)
    }
}
