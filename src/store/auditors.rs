//! `auditors`: who may read everything of an organization, and change nothing.

use super::people::Person;
use super::statement::{run, statements};
use super::{Error, Reader, Tx};
use crate::ids::{OrganizationId, PersonId};

statements! {
    ALL = "SELECT p.id, p.email, p.email_key, p.display_name, p.status, p.deactivated_by, p.managed_by, p.created_at, \
        p.updated_at FROM auditors a JOIN people p ON p.organization_id = a.organization_id AND p.id = a.person_id \
        WHERE a.organization_id = $1";
    INSERT = "INSERT INTO auditors (organization_id, person_id, granted_by, created_at) VALUES ($1, $2, $3, $4) \
        ON CONFLICT DO NOTHING";
    DELETE = "DELETE FROM auditors WHERE organization_id = $1 AND person_id = $2";
}

impl Reader {
    /// The auditors of an organization, by address.
    pub async fn auditors(&mut self, organization: OrganizationId) -> Result<Vec<Person>, Error> {
        let mut all = run!(self, query_as::<Person>(ALL, organization).fetch_all)?;
        // Sorted here: for the order of the few the database would walk through all people.
        all.sort_by(|one: &Person, other| one.email_key.cmp(&other.email_key));
        Ok(all)
    }
}

impl Tx {
    /// Makes somebody auditor; `false` if they are.
    pub async fn insert_auditor(&mut self, person: PersonId) -> Result<bool, Error> {
        let (organization, now, by) = (self.organization(), self.now(), self.author().who.name());
        run!(self.changing(), execute(INSERT, organization, person, by, now)).map(|rows| rows == 1)
    }

    /// Ends that; `false` if they are none.
    pub async fn delete_auditor(&mut self, person: PersonId) -> Result<bool, Error> {
        let organization = self.organization();
        run!(self.changing(), execute(DELETE, organization, person)).map(|rows| rows == 1)
    }
}
