//! `allowances`: what a connection asserts for a person and is not held again, because somebody said «always».

use super::statement::{run, statements};
use super::{Error, Reader, Tx};
use crate::ids::{ConnectionId, OrganizationId, PersonId};

statements! {
    COUNT = "SELECT COUNT(*) FROM allowances \
        WHERE organization_id = $1 AND connection_id = $2 AND person_id = $3 AND permission = $4";
    INSERT = "INSERT INTO allowances (organization_id, connection_id, person_id, permission, allowed_by, created_at) \
        VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING";
    DELETE = "DELETE FROM allowances WHERE organization_id = $1 AND connection_id = $2 AND person_id = $3";
}

impl Reader {
    /// Whether somebody said «always» to this permission, by its form's name.
    pub async fn is_always_allowed(
        &mut self,
        organization: OrganizationId,
        connection: ConnectionId,
        person: PersonId,
        permission: &str,
    ) -> Result<bool, Error> {
        let count = run!(self, query_scalar::<i64>(COUNT, organization, connection, person, permission).fetch_one)?;
        Ok(count > 0)
    }
}

impl Tx {
    /// Says «always», on the author's authority.
    pub async fn always_allow(
        &mut self,
        connection: ConnectionId,
        person: PersonId,
        permission: &str,
    ) -> Result<(), Error> {
        let (organization, by, now) = (self.organization(), self.author().who.name(), self.now());
        run!(self.changing(), execute(INSERT, organization, connection, person, permission, by, now)).map(drop)
    }

    /// Takes back every «always» about a person and a connection.
    pub async fn delete_allowances(&mut self, connection: ConnectionId, person: PersonId) -> Result<(), Error> {
        let organization = self.organization();
        run!(self.changing(), execute(DELETE, organization, connection, person)).map(drop)
    }
}
