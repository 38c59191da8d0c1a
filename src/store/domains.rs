//! `domains`: the e-mail domains of an organization, as A-labels.

use sqlx::FromRow;

use super::statement::{run, statements};
use super::{Error, Reader, Tx};
use crate::clock::Timestamp;
use crate::ids::{DomainId, OrganizationId};

/// An e-mail domain.
#[derive(Debug, Clone, FromRow, serde::Serialize)]
pub struct Domain {
    /// Its id.
    #[serde(skip)]
    pub id: DomainId,
    /// The A-label, lower case.
    pub name: String,
    /// Since when it is proven to be the organization's.
    pub verified_at: Option<Timestamp>,
    /// When it was added.
    pub created_at: Timestamp,
}

statements! {
    INSERT = "INSERT INTO domains (organization_id, id, name, verified_at, created_at) VALUES ($1, $2, $3, $4, $5)";
    LIST = "SELECT id, name, verified_at, created_at FROM domains WHERE organization_id = $1 ORDER BY name";
    IS_VERIFIED = "SELECT COUNT(*) FROM domains \
        WHERE organization_id = $1 AND name = $2 AND verified_at IS NOT NULL AND suspended_at IS NULL";
}

impl Reader {
    /// The organization's domains, by name.
    pub async fn domains(&mut self, organization: OrganizationId) -> Result<Vec<Domain>, Error> {
        run!(self, query_as::<Domain>(LIST, organization).fetch_all)
    }

    /// Whether exactly this domain is verified for the organization, and still is as far as we know.
    pub async fn is_verified_domain(&mut self, organization: OrganizationId, name: &str) -> Result<bool, Error> {
        run!(self, query_scalar::<i64>(IS_VERIFIED, organization, name).fetch_one).map(|found| found > 0)
    }
}

impl Tx {
    /// Adds one; [`Error::Duplicate`] if the organization has it or another one has verified it.
    pub async fn insert_domain(&mut self, row: &Domain) -> Result<(), Error> {
        let organization = self.organization();
        run!(self.changing(), execute(INSERT, organization, row.id, &row.name, row.verified_at, row.created_at))
            .map(drop)
    }
}
