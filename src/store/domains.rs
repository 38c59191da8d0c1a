//! `domains`: the e-mail domains of an organization, as A-labels.

use sqlx::FromRow;

use super::statement::{run, statements};
use super::{Books, Error, Reader, Tx};
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
    /// What the TXT record has to say; nothing where an operator vouched.
    #[serde(skip)]
    pub proof: Option<String>,
    /// When the proof was last looked for.
    #[serde(skip)]
    pub checked_at: Option<Timestamp>,
    /// How often in a row it was not found.
    #[serde(skip)]
    pub failures: i64,
    /// Since when it is good for nothing, because the proof is gone.
    pub suspended_at: Option<Timestamp>,
}

statements! {
    INSERT = "INSERT INTO domains (organization_id, id, name, verified_at, created_at, proof) \
        VALUES ($1, $2, $3, $4, $5, $6)";
    LIST = "SELECT id, name, verified_at, created_at, proof, checked_at, failures, suspended_at \
        FROM domains WHERE organization_id = $1 ORDER BY name";
    BY_NAME = "SELECT id, name, verified_at, created_at, proof, checked_at, failures, suspended_at \
        FROM domains WHERE organization_id = $1 AND name = $2";
    BY_ID = "SELECT id, name, verified_at, created_at, proof, checked_at, failures, suspended_at \
        FROM domains WHERE organization_id = $1 AND id = $2";
    ORGANIZATION = "SELECT organization_id FROM domains WHERE id = $1",
        installation_wide "the worker knows the domain alone";
    IS_VERIFIED = "SELECT COUNT(*) FROM domains \
        WHERE organization_id = $1 AND name = $2 AND verified_at IS NOT NULL AND suspended_at IS NULL";
    UPDATE = "UPDATE domains SET verified_at = $3, checked_at = $4, failures = $5, suspended_at = $6 \
        WHERE organization_id = $1 AND id = $2";
    CHECKED = "UPDATE domains SET checked_at = $3, failures = $4 WHERE organization_id = $1 AND id = $2";
    DELETE = "DELETE FROM domains WHERE organization_id = $1 AND id = $2";
}

impl Reader {
    /// The organization's domains, by name.
    pub async fn domains(&mut self, organization: OrganizationId) -> Result<Vec<Domain>, Error> {
        run!(self, query_as::<Domain>(LIST, organization).fetch_all)
    }

    /// The one of this name.
    pub async fn domain(&mut self, organization: OrganizationId, name: &str) -> Result<Option<Domain>, Error> {
        run!(self, query_as::<Domain>(BY_NAME, organization, name).fetch_optional)
    }

    /// The one of this id.
    pub async fn domain_by_id(&mut self, organization: OrganizationId, id: DomainId) -> Result<Option<Domain>, Error> {
        run!(self, query_as::<Domain>(BY_ID, organization, id).fetch_optional)
    }

    /// Whose a domain is.
    pub async fn organization_of_domain(&mut self, id: DomainId) -> Result<Option<OrganizationId>, Error> {
        run!(self, query_scalar::<OrganizationId>(ORGANIZATION, id).fetch_optional)
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
        run!(
            self.changing(),
            execute(INSERT, organization, row.id, &row.name, row.verified_at, row.created_at, &row.proof)
        )
        .map(drop)
    }

    /// Writes what it is good for; [`Error::Duplicate`] if another organization has verified it.
    pub async fn update_domain(&mut self, row: &Domain) -> Result<(), Error> {
        let organization = self.organization();
        run!(
            self.changing(),
            execute(UPDATE, organization, row.id, row.verified_at, row.checked_at, row.failures, row.suspended_at)
        )
        .map(drop)
    }

    /// Takes one away.
    pub async fn delete_domain(&mut self, id: DomainId) -> Result<(), Error> {
        let organization = self.organization();
        run!(self.changing(), execute(DELETE, organization, id)).map(drop)
    }
}

impl Books {
    /// Notes when the proof was looked for, and how often in a row it was not found.
    pub async fn domain_checked(
        &mut self,
        organization: OrganizationId,
        id: DomainId,
        at: Timestamp,
        failures: i64,
    ) -> Result<(), Error> {
        run!(self.writing(), execute(CHECKED, organization, id, at, failures)).map(drop)
    }
}
