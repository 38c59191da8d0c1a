//! What needs an Organization admin at first sight: how much waits and since when, which connections fail, are silent,
//! cannot call or are not active yet, which tokens end. Counts and reads no list of what waits; changes nothing.

use std::time::Duration;

use super::connections::{Connection, ConnectionState};
use super::watch::Thresholds;
use super::{Error, Provisioning};
use crate::clock::Timestamp;
use crate::ids::OrganizationId;
use crate::store::connection_health::{CallsTogether, TokensTogether};
use crate::store::domains::Domain;

pub use crate::store::waiting::{AT_MOST, Counted, EndingSoon, Waiting};

/// What calls are counted over.
const WITHIN: Duration = Duration::from_hours(24);

/// All of it.
#[derive(Debug, Clone)]
pub struct Attention {
    /// Join requests.
    pub join_requests: Waiting,
    /// Permissions whose gain or loss is held.
    pub held: Waiting,
    /// Links and addresses that are held.
    pub conflicts: Waiting,
    /// Permissions without their facility.
    pub dormant: Waiting,
    /// Domains that are not, or no longer, proven.
    pub domains: Waiting,
    /// Whether there is any domain.
    pub has_domains: bool,
    /// What is amiss with connections.
    pub connections: Vec<Amiss>,
    /// Tokens that end before long.
    pub tokens: Vec<EndingSoon>,
    /// How many connections there are.
    pub connected: usize,
    /// What identity providers asked within 24 hours.
    pub calls: i64,
    /// How many of these were refused or failed.
    pub failed: i64,
}

/// A connection with which something is amiss.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Amiss {
    /// Its key.
    pub connection: String,
    /// What.
    pub what: What,
}

/// What is amiss with a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// It is set up and reaches nobody before it is activated.
    Pending {
        /// Since when.
        since: Timestamp,
    },
    /// Calls were refused or failed within 24 hours.
    Failing {
        /// So many.
        failed: i64,
        /// Of so many.
        calls: i64,
        /// The first of them.
        first_at: Timestamp,
    },
    /// It could call and has not for long.
    Silent {
        /// When it last did, if ever.
        last_call_at: Option<Timestamp>,
    },
    /// It is active, and no token lets it in.
    Tokenless,
}

impl Provisioning {
    /// How many of each kind wait for a decision, as far as [`AT_MOST`].
    pub async fn count_waiting(&self, organization: OrganizationId) -> Result<Counted, Error> {
        Ok(self.store.read().await?.count_waiting(organization).await?)
    }

    /// What needs attention in an organization.
    pub async fn attention(&self, organization: OrganizationId, thresholds: &Thresholds) -> Result<Attention, Error> {
        let now = self.now();
        let longest = thresholds.token_ends.iter().max().copied().unwrap_or_default();
        let mut reader = self.store.read().await?;
        let mut connections = reader.connections(organization).await?;
        connections.retain(|connection| connection.state != ConnectionState::Deleted);
        let live = reader.live_tokens(organization, now).await?;
        let calls = reader.calls_since(organization, now.minus(WITHIN)).await?;
        let domains = reader.domains(organization).await?;
        let quiet_since = now.minus(thresholds.silent_after);
        let amiss = |connection: &Connection| {
            let tokens = live.iter().find(|row| row.connection_id == connection.id);
            let calls = calls.iter().find(|row| row.connection_id == connection.id);
            let found = [failing(calls), standing(connection, tokens, quiet_since)];
            let named = |what| Amiss { connection: connection.key.clone(), what };
            found.into_iter().flatten().map(named).collect::<Vec<_>>()
        };
        Ok(Attention {
            join_requests: reader.waiting_join_requests(organization).await?,
            held: reader.waiting_permissions(organization).await?,
            conflicts: reader.waiting_conflicts(organization).await?,
            dormant: reader.dormant_permissions(organization).await?,
            domains: unproven(&domains),
            has_domains: !domains.is_empty(),
            tokens: reader.tokens_ending(organization, now, now.plus(longest)).await?,
            connected: connections.len(),
            calls: calls.iter().map(|row| row.calls).sum(),
            failed: calls.iter().map(|row| row.failed).sum(),
            connections: connections.iter().flat_map(amiss).collect(),
        })
    }
}

fn unproven(domains: &[Domain]) -> Waiting {
    let unproven = domains.iter().filter(|domain| domain.verified_at.is_none() || domain.suspended_at.is_some());
    let since: Vec<Timestamp> = unproven.map(|domain| domain.suspended_at.unwrap_or(domain.created_at)).collect();
    Waiting { count: i64::try_from(since.len()).unwrap_or(i64::MAX), oldest_at: since.into_iter().min() }
}

fn failing(calls: Option<&CallsTogether>) -> Option<What> {
    let calls = calls?;
    calls.first_failed_at.map(|first_at| What::Failing { failed: calls.failed, calls: calls.calls, first_at })
}

fn standing(connection: &Connection, tokens: Option<&TokensTogether>, quiet_since: Timestamp) -> Option<What> {
    match (connection.state, tokens) {
        (ConnectionState::Pending, _) => Some(What::Pending { since: connection.created_at }),
        (ConnectionState::Active, None) => Some(What::Tokenless),
        (ConnectionState::Active, Some(tokens)) => {
            let heard = tokens.last_used_at.unwrap_or(tokens.first_at);
            (heard <= quiet_since).then_some(What::Silent { last_call_at: tokens.last_used_at })
        }
        (ConnectionState::Paused | ConnectionState::Deleted, _) => None,
    }
}
