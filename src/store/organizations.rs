//! `organizations`: the tenants.

use sqlx::FromRow;

use super::statement::{run, statements};
use super::{Error, Reader, Tx};
use crate::clock::Timestamp;
use crate::ids::OrganizationId;

/// An organization.
#[derive(Debug, Clone, FromRow, serde::Serialize)]
pub struct Organization {
    /// Its id.
    pub id: OrganizationId,
    /// By which the command line knows it.
    pub key: String,
    /// By which people know it.
    pub name: String,
    /// Its DUNS number, nine digits.
    pub duns: Option<String>,
    /// When it was set up.
    pub created_at: Timestamp,
}

statements! {
    INSERT = "INSERT INTO organizations (id, key, name, duns, created_at) VALUES ($1, $2, $3, $4, $5)",
        installation_wide "makes an organization";
    BY_KEY = "SELECT id, key, name, duns, created_at FROM organizations WHERE key = $1",
        installation_wide "finds an organization";
    BY_ID = "SELECT id, key, name, duns, created_at FROM organizations WHERE id = $1",
        installation_wide "the organization itself";
    LIST = "SELECT id, key, name, duns, created_at FROM organizations ORDER BY key",
        installation_wide "for the operator";
}

impl Reader {
    /// The organization of this key.
    pub async fn organization_by_key(&mut self, key: &str) -> Result<Option<Organization>, Error> {
        run!(self, query_as::<Organization>(BY_KEY, key).fetch_optional)
    }

    /// The organization of this id.
    pub async fn organization(&mut self, id: OrganizationId) -> Result<Option<Organization>, Error> {
        run!(self, query_as::<Organization>(BY_ID, id).fetch_optional)
    }

    /// All of them, by key.
    pub async fn organizations(&mut self) -> Result<Vec<Organization>, Error> {
        run!(self, query_as::<Organization>(LIST).fetch_all)
    }
}

impl Tx {
    /// Adds one; [`Error::Duplicate`] if its key or its DUNS number is another one's.
    pub async fn insert_organization(&mut self, row: &Organization) -> Result<(), Error> {
        run!(self.changing(), execute(INSERT, row.id, &row.key, &row.name, &row.duns, row.created_at)).map(drop)
    }
}
