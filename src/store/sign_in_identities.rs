//! `sign_in_identities`: who somebody is at an issuer, by issuer and subject and never by e-mail.

use serde::Serialize;
use sqlx::FromRow;

use super::columns::named_states;
use super::statement::{run, statements};
use super::{Error, Reader, Tx};
use crate::clock::Timestamp;
use crate::ids::{IdentityId, OrganizationId, PersonId};

named_states! {
    /// By what somebody became known as who they are at an issuer.
    pub enum BoundBy {
        /// They accepted an invitation with it.
        Invitation = "invitation",
        /// Their organization's connection has a User of this subject.
        Scim = "scim",
    }
}

/// Who somebody is at an issuer.
#[derive(Debug, Clone, FromRow, Serialize)]
pub struct IdentityRow {
    /// Its id.
    pub id: IdentityId,
    /// Who.
    pub person_id: PersonId,
    /// Who vouches.
    pub issuer: String,
    /// Who they are there.
    pub subject: String,
    /// By what this is known.
    pub bound_by: BoundBy,
    /// Since when.
    pub created_at: Timestamp,
}

statements! {
    BY_SUBJECT = "SELECT id, person_id, issuer, subject, bound_by, created_at FROM sign_in_identities \
        WHERE organization_id = $1 AND issuer = $2 AND subject = $3";
    OF_PERSON = "SELECT id, person_id, issuer, subject, bound_by, created_at FROM sign_in_identities \
        WHERE organization_id = $1 AND person_id = $2 ORDER BY created_at, id";
    INSERT = "INSERT INTO sign_in_identities (organization_id, id, person_id, issuer, subject, bound_by, created_at) \
        VALUES ($1, $2, $3, $4, $5, $6, $7)";
    DELETE = "DELETE FROM sign_in_identities WHERE organization_id = $1 AND person_id = $2 AND id = $3";
}

impl Reader {
    /// Who this is here, if anybody.
    pub async fn sign_in_identity(
        &mut self,
        organization: OrganizationId,
        issuer: &str,
        subject: &str,
    ) -> Result<Option<IdentityRow>, Error> {
        run!(self, query_as::<IdentityRow>(BY_SUBJECT, organization, issuer, subject).fetch_optional)
    }

    /// Who a person is elsewhere, oldest first.
    pub async fn sign_in_identities(
        &mut self,
        organization: OrganizationId,
        person: PersonId,
    ) -> Result<Vec<IdentityRow>, Error> {
        run!(self, query_as::<IdentityRow>(OF_PERSON, organization, person).fetch_all)
    }
}

impl Tx {
    /// Adds one; [`Error::Duplicate`] if the subject is somebody's, or the person has one of this issuer.
    pub async fn insert_sign_in_identity(&mut self, row: &IdentityRow) -> Result<(), Error> {
        let organization = self.organization();
        run!(
            self.changing(),
            execute(
                INSERT,
                organization,
                row.id,
                row.person_id,
                &row.issuer,
                &row.subject,
                row.bound_by,
                row.created_at
            )
        )
        .map(drop)
    }

    /// Removes one of a person; `false` if there is none.
    pub async fn delete_sign_in_identity(&mut self, person: PersonId, id: IdentityId) -> Result<bool, Error> {
        let organization = self.organization();
        run!(self.changing(), execute(DELETE, organization, person, id)).map(|rows| rows == 1)
    }
}
