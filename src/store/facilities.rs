//! `facilities` and `facility_names`: the places of an organization, and what rules may call them.

use sqlx::FromRow;

use super::columns::named_states;
use super::statement::{run, statements};
use super::{Error, Reader, Tx};
use crate::clock::Timestamp;
use crate::ids::{FacilityId, OrganizationId};

/// A facility.
#[derive(Debug, Clone, FromRow, serde::Serialize)]
pub struct Facility {
    /// Its id.
    pub id: FacilityId,
    /// By which permissions name it: lower case letters, digits, `-`, `_` and `.`.
    pub key: String,
    /// By which people know it.
    pub name: String,
    /// Its DUNS number.
    pub duns: Option<String>,
    /// Its postal address.
    pub address: Option<String>,
    /// Separated by semicolons.
    pub labels: String,
    /// Since when it is archived: kept, but visible to nobody.
    pub archived_at: Option<Timestamp>,
    /// When it was added.
    pub created_at: Timestamp,
}

named_states! {
    /// What of a facility a text names.
    pub enum NameKind {
        /// Its key.
        Key = "key",
        /// Its DUNS number.
        Duns = "duns",
        /// Its name.
        Name = "name",
        /// One of its labels.
        Label = "label",
    }
}

/// A facility that a text may mean.
#[derive(Debug, Clone, FromRow)]
pub struct Named {
    /// The facility.
    pub id: FacilityId,
    /// Its key.
    pub key: String,
    /// Whether it is archived.
    pub archived_at: Option<Timestamp>,
    /// What of it the text is.
    pub kind: NameKind,
}

statements! {
    INSERT = "INSERT INTO facilities \
        (organization_id, id, key, name, duns, address, labels, archived_at, created_at) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    UPDATE = "UPDATE facilities SET name = $3, duns = $4, address = $5, labels = $6, archived_at = $7 \
        WHERE organization_id = $1 AND id = $2";
    BY_KEY = "SELECT id, key, name, duns, address, labels, archived_at, created_at FROM facilities \
        WHERE organization_id = $1 AND key = $2";
    LIST = "SELECT id, key, name, duns, address, labels, archived_at, created_at FROM facilities \
        WHERE organization_id = $1 ORDER BY key";
    NAME = "INSERT INTO facility_names (organization_id, name_key, facility_id, kind) VALUES ($1, $2, $3, $4) \
        ON CONFLICT DO NOTHING";
    UNNAME = "DELETE FROM facility_names WHERE organization_id = $1 AND facility_id = $2";
    NAMED = "SELECT f.id, f.key, f.archived_at, n.kind FROM facility_names n \
        JOIN facilities f ON f.organization_id = n.organization_id AND f.id = n.facility_id \
        WHERE n.organization_id = $1 AND n.name_key = $2 ORDER BY f.key";
}

impl Reader {
    /// The facility of this key.
    pub async fn facility_by_key(
        &mut self,
        organization: OrganizationId,
        key: &str,
    ) -> Result<Option<Facility>, Error> {
        run!(self, query_as::<Facility>(BY_KEY, organization, key).fetch_optional)
    }

    /// The organization's facilities, by key.
    pub async fn facilities(&mut self, organization: OrganizationId) -> Result<Vec<Facility>, Error> {
        run!(self, query_as::<Facility>(LIST, organization).fetch_all)
    }

    /// The facilities that a folded text may mean, archived ones too.
    pub async fn facilities_named(
        &mut self,
        organization: OrganizationId,
        name_key: &str,
    ) -> Result<Vec<Named>, Error> {
        run!(self, query_as::<Named>(NAMED, organization, name_key).fetch_all)
    }
}

impl Tx {
    /// Adds one.
    pub async fn insert_facility(&mut self, row: &Facility) -> Result<(), Error> {
        let organization = self.organization();
        run!(
            self.changing(),
            execute(
                INSERT,
                organization,
                row.id,
                &row.key,
                &row.name,
                &row.duns,
                &row.address,
                &row.labels,
                row.archived_at,
                row.created_at,
            )
        )
        .map(drop)
    }

    /// Writes everything but key and creation time.
    pub async fn update_facility(&mut self, row: &Facility) -> Result<(), Error> {
        let organization = self.organization();
        run!(
            self.changing(),
            execute(UPDATE, organization, row.id, &row.name, &row.duns, &row.address, &row.labels, row.archived_at)
        )
        .map(drop)
    }

    /// Replaces what the facility may be called, folded.
    pub async fn name_facility(&mut self, id: FacilityId, names: &[(NameKind, String)]) -> Result<(), Error> {
        let organization = self.organization();
        run!(self.changing(), execute(UNNAME, organization, id))?;
        for (kind, name_key) in names {
            run!(self.changing(), execute(NAME, organization, name_key, id, *kind))?;
        }
        Ok(())
    }
}
