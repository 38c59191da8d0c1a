//! `connections`: each one IdP's right to provision one organization.

use sqlx::FromRow;

use super::columns::{named_columns, named_states};
use super::statement::{run, statements};
use super::{Error, Reader, Tx};
use crate::clock::Timestamp;
use crate::ids::{ConnectionId, OrganizationId};
use crate::scim::Dialect;

named_columns!(Dialect);

named_states! {
    /// Whether a connection takes calls, and whether what it says reaches anybody.
    pub enum ConnectionState {
        /// It takes calls and keeps what they say; nothing of it reaches anybody until it is activated.
        Pending = "pending",
        /// It does.
        Active = "active",
        /// Its calls are refused until it is resumed; nobody loses anything.
        Paused = "paused",
        /// It is gone for good; its row stays for the trail, and nobody else gets its key.
        Deleted = "deleted",
    }
}

/// A connection.
#[derive(Debug, Clone, FromRow, serde::Serialize)]
pub struct Connection {
    /// The organization it provisions.
    pub organization_id: OrganizationId,
    /// Its id.
    pub id: ConnectionId,
    /// Its key in the URL.
    pub key: String,
    /// The IdP it speaks with.
    #[serde(serialize_with = "dialect_name")]
    pub dialect: Dialect,
    /// Whether deviations from the RFC are refused.
    pub strict: bool,
    /// Whether it takes calls.
    pub state: ConnectionState,
    /// Its ceiling: of `edit`, `billing_admin`, `organization_admin`, separated by commas.
    pub may_grant: String,
    /// When it was set up.
    pub created_at: Timestamp,
    /// Its own mass-change guard, where it has one.
    #[sqlx(flatten)]
    #[serde(flatten)]
    pub guard: OwnGuard,
}

/// What a connection's mass-change guard has of its own; the settings say the rest.
#[derive(Debug, Clone, Copy, Default, FromRow, serde::Serialize)]
pub struct OwnGuard {
    /// From how many people it may take something within the window.
    pub guard_count: Option<i64>,
    /// The same in percent of its people.
    pub guard_percent: Option<i64>,
    /// The window, in milliseconds.
    pub guard_window: Option<i64>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands out references")]
fn dialect_name<S: serde::Serializer>(dialect: &Dialect, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(dialect.as_str())
}

statements! {
    INSERT = "INSERT INTO connections \
        (organization_id, id, key, dialect, strict, state, may_grant, created_at) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    BY_KEY = "SELECT organization_id, id, key, dialect, strict, state, may_grant, created_at, \
        guard_count, guard_percent, guard_window FROM connections \
        WHERE key = $1", installation_wide "the key stands in the URL; the caller's credential decides the rest";
    BY_ID = "SELECT organization_id, id, key, dialect, strict, state, may_grant, created_at, \
        guard_count, guard_percent, guard_window FROM connections \
        WHERE organization_id = $1 AND id = $2";
    LIST = "SELECT organization_id, id, key, dialect, strict, state, may_grant, created_at, \
        guard_count, guard_percent, guard_window FROM connections \
        WHERE organization_id = $1 ORDER BY key";
    SET_STATE = "UPDATE connections SET state = $3 WHERE organization_id = $1 AND id = $2";
    SET_GUARD = "UPDATE connections SET guard_count = $3, guard_percent = $4, guard_window = $5 \
        WHERE organization_id = $1 AND id = $2";
    SET_CEILING = "UPDATE connections SET may_grant = $3 WHERE organization_id = $1 AND id = $2";
}

impl Reader {
    /// The connection of this key.
    pub async fn connection_by_key(&mut self, key: &str) -> Result<Option<Connection>, Error> {
        run!(self, query_as::<Connection>(BY_KEY, key).fetch_optional)
    }

    /// The connection of this id.
    pub async fn connection_by_id(
        &mut self,
        organization: OrganizationId,
        id: ConnectionId,
    ) -> Result<Option<Connection>, Error> {
        run!(self, query_as::<Connection>(BY_ID, organization, id).fetch_optional)
    }

    /// The organization's connections, by key.
    pub async fn connections(&mut self, organization: OrganizationId) -> Result<Vec<Connection>, Error> {
        run!(self, query_as::<Connection>(LIST, organization).fetch_all)
    }
}

impl Tx {
    /// Adds one; [`Error::Duplicate`] if the key is taken anywhere.
    pub async fn insert_connection(&mut self, row: &Connection) -> Result<(), Error> {
        let organization = self.organization();
        run!(
            self.changing(),
            execute(
                INSERT,
                organization,
                row.id,
                &row.key,
                row.dialect,
                row.strict,
                row.state,
                &row.may_grant,
                row.created_at,
            )
        )
        .map(drop)
    }

    /// Writes whether it takes calls.
    pub async fn set_connection_state(&mut self, id: ConnectionId, state: ConnectionState) -> Result<(), Error> {
        let organization = self.organization();
        run!(self.changing(), execute(SET_STATE, organization, id, state)).map(drop)
    }

    /// Writes what it may grant.
    pub async fn set_ceiling(&mut self, id: ConnectionId, may_grant: &str) -> Result<(), Error> {
        let organization = self.organization();
        run!(self.changing(), execute(SET_CEILING, organization, id, may_grant)).map(drop)
    }

    /// Writes its own mass-change guard.
    pub async fn set_guard(&mut self, id: ConnectionId, guard: &OwnGuard) -> Result<(), Error> {
        let organization = self.organization();
        run!(
            self.changing(),
            execute(SET_GUARD, organization, id, guard.guard_count, guard.guard_percent, guard.guard_window)
        )
        .map(drop)
    }
}
