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

statements! {
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
