//! `oidc_providers`: where an organization's people sign in. A client's secret is sealed before it comes here.

use sqlx::FromRow;

use super::statement::{run, statements};
use super::{Error, Reader, Tx};
use crate::clock::Timestamp;
use crate::ids::{ConnectionId, OrganizationId, ProviderId};

/// A provider of an organization.
#[derive(Debug, Clone, FromRow)]
pub struct ProviderRow {
    /// Its id.
    pub id: ProviderId,
    /// As it stands on the button.
    pub name: String,
    /// Who vouches.
    pub issuer: String,
    /// As whom the gateway is known there.
    pub client_id: String,
    /// The client's secret, sealed.
    pub client_secret: Option<Vec<u8>>,
    /// Whose Users have this issuer's subjects as their `externalId`.
    pub connection_id: Option<ConnectionId>,
    /// That connection's key.
    pub connection_key: Option<String>,
    /// Since when.
    pub created_at: Timestamp,
}

statements! {
    ALL = "SELECT v.id, v.name, v.issuer, v.client_id, v.client_secret, v.connection_id, c.key AS connection_key, \
        v.created_at FROM oidc_providers v LEFT JOIN connections c \
        ON c.organization_id = v.organization_id AND c.id = v.connection_id \
        WHERE v.organization_id = $1 ORDER BY v.name, v.id";
    INSERT = "INSERT INTO oidc_providers (organization_id, id, name, issuer, client_id, client_secret, connection_id, \
        created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    DELETE = "DELETE FROM oidc_providers WHERE organization_id = $1 AND id = $2";
}

impl Reader {
    /// An organization's, by name: a handful.
    pub async fn oidc_providers(&mut self, organization: OrganizationId) -> Result<Vec<ProviderRow>, Error> {
        run!(self, query_as::<ProviderRow>(ALL, organization).fetch_all)
    }
}

impl Tx {
    /// Adds one.
    pub async fn insert_oidc_provider(&mut self, row: &ProviderRow) -> Result<(), Error> {
        let organization = self.organization();
        run!(
            self.changing(),
            execute(
                INSERT,
                organization,
                row.id,
                &row.name,
                &row.issuer,
                &row.client_id,
                row.client_secret.as_deref(),
                row.connection_id,
                row.created_at,
            )
        )
        .map(drop)
    }

    /// Removes one, and with it the sign-ins that are under way there.
    pub async fn delete_oidc_provider(&mut self, id: ProviderId) -> Result<(), Error> {
        let organization = self.organization();
        run!(self.changing(), execute(DELETE, organization, id)).map(drop)
    }
}
