//! `oidc_flows`: sign-ins that are under way at a provider, each known by the hashes of its state and of the cookie of
//! the browser that began it.

use sqlx::FromRow;

use super::statement::{run, statements};
use super::{Books, Error};
use crate::clock::Timestamp;
use crate::ids::{FlowId, OrganizationId, ProviderId};

/// A sign-in that is under way.
#[derive(Debug, Clone, FromRow)]
pub struct FlowRow {
    /// Of which organization.
    pub organization_id: OrganizationId,
    /// Its id.
    pub id: FlowId,
    /// Where.
    pub provider_id: ProviderId,
    /// Comes back in the token.
    pub nonce: String,
    /// What PKCE asks for.
    pub verifier: String,
    /// The hash of the invitation that led here.
    pub invitation_hash: Option<Vec<u8>>,
    /// Where it leads.
    pub return_to: String,
    /// Whether it has to be a sign-in of now.
    pub anew: bool,
    /// Since when.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
}

statements! {
    INSERT = "INSERT INTO oidc_flows (organization_id, id, provider_id, state_hash, browser_hash, nonce, verifier, \
        invitation_hash, return_to, anew, created_at, expires_at) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
    TAKE = "DELETE FROM oidc_flows WHERE state_hash = $1 AND browser_hash = $2 RETURNING organization_id, id, \
        provider_id, nonce, verifier, invitation_hash, return_to, anew, created_at, expires_at",
        installation_wide "the state and the cookie alone say whose it is";
    PRUNE = "DELETE FROM oidc_flows WHERE expires_at < $1",
        installation_wide "what has ended is no organization's need";
}

impl Books {
    /// Notes one that begins.
    pub async fn insert_oidc_flow(
        &mut self,
        state_hash: &[u8],
        browser_hash: &[u8],
        row: &FlowRow,
    ) -> Result<(), Error> {
        run!(
            self.writing(),
            execute(
                INSERT,
                row.organization_id,
                row.id,
                row.provider_id,
                state_hash,
                browser_hash,
                &row.nonce,
                &row.verifier,
                row.invitation_hash.as_deref(),
                &row.return_to,
                row.anew,
                row.created_at,
                row.expires_at,
            )
        )
        .map(drop)
    }

    /// Takes one away, ended or not: whatever comes of it, the same answer opens nothing a second time.
    pub async fn take_oidc_flow(&mut self, state_hash: &[u8], browser_hash: &[u8]) -> Result<Option<FlowRow>, Error> {
        run!(self.writing(), query_as::<FlowRow>(TAKE, state_hash, browser_hash).fetch_optional)
    }

    /// Deletes those that ended before a time; answers how many.
    pub async fn prune_oidc_flows(&mut self, before: Timestamp) -> Result<u64, Error> {
        run!(self.writing(), execute(PRUNE, before))
    }
}
