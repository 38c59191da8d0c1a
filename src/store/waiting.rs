//! How much of an organization waits for somebody, and since when: numbers by indexes, never the things themselves.

use sqlx::FromRow;

use super::statement::{run, statements};
use super::{Error, Reader};
use crate::clock::Timestamp;
use crate::ids::OrganizationId;

/// How many of a kind wait.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, FromRow)]
pub struct Waiting {
    /// How many.
    pub count: i64,
    /// Since when the oldest does.
    pub oldest_at: Option<Timestamp>,
}

/// A token that ends before long.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct EndingSoon {
    /// Its name.
    pub name: String,
    /// The key of its connection.
    pub connection: String,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// How many of each kind wait, as far as [`AT_MOST`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, FromRow)]
pub struct Counted {
    /// Join requests that nobody has decided.
    pub join_requests: i64,
    /// Permissions whose gain or loss somebody has to decide.
    pub held: i64,
    /// Links and addresses that somebody has to decide.
    pub conflicts: i64,
}

/// Where [`Counted`] stops counting.
pub const AT_MOST: i64 = 100;

statements! {
    // On every page: no index is read further than to what it shows.
    COUNTED = "SELECT \
        (SELECT COUNT(*) FROM (SELECT 1 FROM join_requests WHERE organization_id = $1 AND state = 'pending' LIMIT $2) AS j) \
        AS join_requests, \
        (SELECT COUNT(*) FROM (SELECT 1 FROM grants WHERE organization_id = $1 AND reason IS NOT NULL \
        AND decision IS NULL AND state <> 'dormant' LIMIT $2) AS g) AS held, \
        (SELECT COUNT(*) FROM (SELECT 1 FROM links WHERE organization_id = $1 AND reason IS NOT NULL \
        AND decided_at IS NULL LIMIT $2) AS l) AS conflicts";
    JOIN_REQUESTS = "SELECT COUNT(*) AS count, MIN(created_at) AS oldest_at FROM join_requests \
        WHERE organization_id = $1 AND state = 'pending'";
    HELD = "SELECT COUNT(*) AS count, MIN(COALESCE(held_at, created_at)) AS oldest_at FROM grants \
        WHERE organization_id = $1 AND reason IS NOT NULL AND decision IS NULL AND state <> 'dormant'";
    DORMANT = "SELECT COUNT(*) AS count, MIN(created_at) AS oldest_at FROM grants \
        WHERE organization_id = $1 AND reason IS NOT NULL AND decision IS NULL AND state = 'dormant'";
    CONFLICTS = "SELECT COUNT(*) AS count, MIN(created_at) AS oldest_at FROM links \
        WHERE organization_id = $1 AND reason IS NOT NULL AND decided_at IS NULL";
    TOKENS = "SELECT t.name, c.key AS connection, t.expires_at FROM tokens t \
        JOIN connections c ON c.organization_id = t.organization_id AND c.id = t.connection_id \
        WHERE t.organization_id = $1 AND t.revoked_at IS NULL AND t.expires_at > $2 AND t.expires_at <= $3 \
        AND c.state <> 'deleted' ORDER BY t.expires_at, t.id";
}

impl Reader {
    /// How many of each kind wait, as far as [`AT_MOST`].
    pub async fn count_waiting(&mut self, organization: OrganizationId) -> Result<Counted, Error> {
        run!(self, query_as::<Counted>(COUNTED, organization, AT_MOST).fetch_one)
    }

    /// Join requests that nobody has decided.
    pub async fn waiting_join_requests(&mut self, organization: OrganizationId) -> Result<Waiting, Error> {
        run!(self, query_as::<Waiting>(JOIN_REQUESTS, organization).fetch_one)
    }

    /// Permissions whose gain or loss somebody has to decide.
    pub async fn waiting_permissions(&mut self, organization: OrganizationId) -> Result<Waiting, Error> {
        run!(self, query_as::<Waiting>(HELD, organization).fetch_one)
    }

    /// Permissions that wait for a facility that is unknown or archived.
    pub async fn dormant_permissions(&mut self, organization: OrganizationId) -> Result<Waiting, Error> {
        run!(self, query_as::<Waiting>(DORMANT, organization).fetch_one)
    }

    /// Links and addresses that somebody has to decide.
    pub async fn waiting_conflicts(&mut self, organization: OrganizationId) -> Result<Waiting, Error> {
        run!(self, query_as::<Waiting>(CONFLICTS, organization).fetch_one)
    }

    /// Live tokens that end by a time, the first to end first.
    pub async fn tokens_ending(
        &mut self,
        organization: OrganizationId,
        now: Timestamp,
        by: Timestamp,
    ) -> Result<Vec<EndingSoon>, Error> {
        run!(self, query_as::<EndingSoon>(TOKENS, organization, now, by).fetch_all)
    }
}
