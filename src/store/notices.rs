//! `notices`: what admins were told of that is no event, and what there is to tell. Holds no rules: whoever asks says
//! what is soon, silent or often.

use sqlx::FromRow;
use uuid::Uuid;

use super::statement::{run, statements};
use super::{Error, Reader, Tx};
use crate::clock::Timestamp;
use crate::ids::{ConnectionId, OrganizationId, TokenId};

/// A live token that ends soon.
#[derive(Debug, Clone, FromRow)]
pub struct EndingToken {
    /// The organization.
    pub organization_id: OrganizationId,
    /// The token.
    pub id: TokenId,
    /// What it is for.
    pub name: String,
    /// The connection's key.
    pub connection: String,
    /// When it was issued.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// An active connection that has a live token and whose tokens were all last used before a time.
#[derive(Debug, Clone, FromRow)]
pub struct SilentConnection {
    /// The organization.
    pub organization_id: OrganizationId,
    /// The connection.
    pub id: ConnectionId,
    /// Its key.
    pub key: String,
    /// When any of its tokens was last used.
    pub last_call_at: Option<Timestamp>,
    /// When its first live token was issued.
    pub token_since: Timestamp,
}

/// A connection with failed calls.
#[derive(Debug, Clone, FromRow)]
pub struct FailingConnection {
    /// The organization.
    pub organization_id: OrganizationId,
    /// The connection.
    pub connection_id: ConnectionId,
    /// How many failed.
    pub failed: i64,
    /// When the newest did.
    pub newest_at: Timestamp,
}

statements! {
    ENDING_TOKENS = "SELECT t.organization_id, t.id, t.name, c.key AS connection, t.created_at, t.expires_at \
        FROM tokens t JOIN connections c ON c.organization_id = t.organization_id AND c.id = t.connection_id \
        WHERE t.revoked_at IS NULL AND t.expires_at > $1 AND t.expires_at <= $2 AND c.state <> 'deleted' \
        ORDER BY t.expires_at", installation_wide "the worker looks after all organizations";
    SILENT_CONNECTIONS = "SELECT c.organization_id, c.id, c.key, MAX(t.last_used_at) AS last_call_at, \
        MIN(t.created_at) AS token_since \
        FROM tokens t JOIN connections c ON c.organization_id = t.organization_id AND c.id = t.connection_id \
        WHERE t.revoked_at IS NULL AND t.expires_at > $1 AND c.state = 'active' \
        GROUP BY c.organization_id, c.id, c.key HAVING COALESCE(MAX(t.last_used_at), MIN(t.created_at)) <= $2",
        installation_wide "the worker looks after all organizations";
    FAILING_CONNECTIONS = "SELECT organization_id, connection_id, COUNT(*) AS failed, MAX(at) AS newest_at \
        FROM request_log WHERE at > $1 AND status >= 400 AND organization_id IS NOT NULL AND connection_id IS NOT NULL \
        GROUP BY organization_id, connection_id HAVING COUNT(*) >= $2",
        installation_wide "the worker looks after all organizations";
    NEWEST_FAILURE = "SELECT reference FROM request_log \
        WHERE organization_id = $1 AND at = $2 AND connection_id = $3 AND status >= 400 LIMIT 1",
        installation_wide "refused requests of nobody's are in the log too";
    TOLD_AT = "SELECT told_at FROM notices WHERE organization_id = $1 AND subject_id = $2 AND about = $3";
    TOLD = "INSERT INTO notices (organization_id, subject_id, about, told_at) VALUES ($1, $2, $3, $4) \
        ON CONFLICT (organization_id, subject_id, about) DO UPDATE SET told_at = excluded.told_at";
}

impl Reader {
    /// The live tokens that end after one time and by another, soonest first.
    pub async fn ending_tokens(&mut self, after: Timestamp, by: Timestamp) -> Result<Vec<EndingToken>, Error> {
        run!(self, query_as::<EndingToken>(ENDING_TOKENS, after, by).fetch_all)
    }

    /// The connections that could call and have not since a time.
    pub async fn silent_connections(
        &mut self,
        now: Timestamp,
        since: Timestamp,
    ) -> Result<Vec<SilentConnection>, Error> {
        run!(self, query_as::<SilentConnection>(SILENT_CONNECTIONS, now, since).fetch_all)
    }

    /// The connections of which so many calls failed since a time.
    pub async fn failing_connections(
        &mut self,
        since: Timestamp,
        at_least: u32,
    ) -> Result<Vec<FailingConnection>, Error> {
        run!(self, query_as::<FailingConnection>(FAILING_CONNECTIONS, since, i64::from(at_least)).fetch_all)
    }

    /// The reference of a call of a connection that failed at a time.
    pub async fn failure_at(
        &mut self,
        organization: OrganizationId,
        connection: ConnectionId,
        at: Timestamp,
    ) -> Result<Option<String>, Error> {
        run!(self, query_scalar::<String>(NEWEST_FAILURE, organization, at, connection).fetch_optional)
    }

    /// When admins were last told this about a subject.
    pub async fn told_at(
        &mut self,
        organization: OrganizationId,
        subject: Uuid,
        about: &str,
    ) -> Result<Option<Timestamp>, Error> {
        run!(self, query_scalar::<Timestamp>(TOLD_AT, organization, subject, about).fetch_optional)
    }
}

impl Tx {
    /// Notes that admins are told this about a subject.
    pub async fn note_told(&mut self, subject: Uuid, about: &str) -> Result<(), Error> {
        let (organization, now) = (self.organization(), self.now());
        run!(self.changing(), execute(TOLD, organization, subject, about, now)).map(drop)
    }
}
