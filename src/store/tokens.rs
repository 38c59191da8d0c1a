//! `tokens`: the bearer tokens of connections. A secret stands here only as its hash.

use sqlx::FromRow;

use super::connections::ConnectionState;
use super::statement::{run, statements};
use super::{Books, Error, Reader, Tx};
use crate::clock::Timestamp;
use crate::ids::{ConnectionId, OrganizationId, TokenId};
use crate::scim::Dialect;

/// A token, without its secret.
#[derive(Debug, Clone, FromRow, serde::Serialize)]
pub struct Token {
    /// Its id.
    pub id: TokenId,
    /// What it is for.
    pub name: String,
    /// The public part, by which it is recognised in a configuration or a leak.
    pub key_id: String,
    /// When it was issued.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
    /// When it last let somebody in, to about a minute.
    pub last_used_at: Option<Timestamp>,
}

/// A token as it is checked, with the connection it is for.
#[derive(Debug, Clone, FromRow)]
pub struct Credential {
    /// The organization.
    pub organization_id: OrganizationId,
    /// The token.
    pub id: TokenId,
    /// Its public part.
    pub key_id: String,
    /// SHA-256 of its secret.
    pub secret_hash: Vec<u8>,
    /// When it ends.
    pub expires_at: Timestamp,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
    /// The connection.
    pub connection_id: ConnectionId,
    /// Its key.
    pub key: String,
    /// Its dialect.
    pub dialect: Dialect,
    /// Whether deviations are refused.
    pub strict: bool,
    /// Whether it takes calls.
    pub state: ConnectionState,
}

statements! {
    INSERT = "INSERT INTO tokens \
        (organization_id, id, connection_id, name, key_id, secret_hash, created_at, expires_at) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    LIST = "SELECT id, name, key_id, created_at, expires_at, revoked_at, last_used_at FROM tokens \
        WHERE organization_id = $1 AND connection_id = $2 ORDER BY created_at, id";
    CREDENTIAL = "SELECT t.organization_id, t.id, t.key_id, t.secret_hash, t.expires_at, t.revoked_at, \
        t.connection_id, c.key, c.dialect, c.strict, c.state \
        FROM tokens t JOIN connections c ON c.organization_id = t.organization_id AND c.id = t.connection_id \
        WHERE t.key_id = $1", installation_wide "the credential decides the organization";
    REVOKE = "UPDATE tokens SET revoked_at = $3 WHERE organization_id = $1 AND id = $2 AND revoked_at IS NULL";
    REVOKE_ALL = "UPDATE tokens SET revoked_at = $3 \
        WHERE organization_id = $1 AND connection_id = $2 AND revoked_at IS NULL";
    TOUCH = "UPDATE tokens SET last_used_at = $3 \
        WHERE organization_id = $1 AND id = $2 AND (last_used_at IS NULL OR last_used_at < $3)";
}

impl Reader {
    /// The tokens of a connection, oldest first.
    pub async fn tokens(
        &mut self,
        organization: OrganizationId,
        connection: ConnectionId,
    ) -> Result<Vec<Token>, Error> {
        run!(self, query_as::<Token>(LIST, organization, connection).fetch_all)
    }

    /// The credential of this public part.
    pub async fn credential(&mut self, key_id: &str) -> Result<Option<Credential>, Error> {
        run!(self, query_as::<Credential>(CREDENTIAL, key_id).fetch_optional)
    }
}

impl Tx {
    /// Adds one.
    pub async fn insert_token(
        &mut self,
        connection: ConnectionId,
        row: &Token,
        secret_hash: &[u8],
    ) -> Result<(), Error> {
        let organization = self.organization();
        run!(
            self.changing(),
            execute(
                INSERT,
                organization,
                row.id,
                connection,
                &row.name,
                &row.key_id,
                secret_hash,
                row.created_at,
                row.expires_at,
            )
        )
        .map(drop)
    }

    /// Revokes one; `false` if it was already, or does not exist.
    pub async fn revoke_token(&mut self, id: TokenId) -> Result<bool, Error> {
        let (organization, now) = (self.organization(), self.now());
        run!(self.changing(), execute(REVOKE, organization, id, now)).map(|rows| rows > 0)
    }

    /// Revokes all of a connection.
    pub async fn revoke_tokens(&mut self, connection: ConnectionId) -> Result<(), Error> {
        let (organization, now) = (self.organization(), self.now());
        run!(self.changing(), execute(REVOKE_ALL, organization, connection, now)).map(drop)
    }
}

impl Books {
    /// Notes when a token was last used.
    pub async fn token_used(&mut self, organization: OrganizationId, id: TokenId, at: Timestamp) -> Result<(), Error> {
        run!(self.writing(), execute(TOUCH, organization, id, at)).map(drop)
    }
}
