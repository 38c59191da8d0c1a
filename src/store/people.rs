//! `people`: the users of Secaro, each one e-mail in one organization.

use sqlx::FromRow;

use super::columns::named_states;
use super::statement::{run, statements};
use super::{Error, Reader, Tx};
use crate::clock::Timestamp;
use crate::ids::{ConnectionId, OrganizationId, PersonId};
use crate::scim::fold;

named_states! {
    /// Whether a person has access.
    pub enum Status {
        /// Asked to join; no access yet.
        Invited = "invited",
        /// Has the access that the grants give.
        Active = "active",
        /// Has none, and stays on the list.
        Deactivated = "deactivated",
    }
}

named_states! {
    /// Who ended a person's access.
    pub enum DeactivatedBy {
        /// The IdP said `active: false`.
        Idp = "idp",
        /// The IdP deleted the resource.
        ResourceDeleted = "resource_deleted",
        /// An Organization admin; no machine undoes that.
        Admin = "admin",
    }
}

/// A person.
#[derive(Debug, Clone, PartialEq, Eq, FromRow, serde::Serialize)]
pub struct Person {
    /// Their id.
    pub id: PersonId,
    /// As it is written, and as mail is addressed.
    pub email: String,
    /// As it is compared.
    #[serde(skip)]
    pub email_key: String,
    /// Their name.
    pub display_name: String,
    /// Whether they have access.
    pub status: Status,
    /// Who ended it.
    pub deactivated_by: Option<DeactivatedBy>,
    /// The connection whose resource is, or last was, linked to them.
    #[serde(skip)]
    pub managed_by: Option<ConnectionId>,
    /// When they were added.
    pub created_at: Timestamp,
    /// When they last changed.
    pub updated_at: Timestamp,
}

statements! {
    INSERT = "INSERT INTO people (organization_id, id, email, email_key, display_name, status, deactivated_by, \
        managed_by, created_at, updated_at, name_key) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    UPDATE = "UPDATE people SET email = $3, email_key = $4, display_name = $5, status = $6, deactivated_by = $7, \
        managed_by = $8, updated_at = $9, name_key = $10 WHERE organization_id = $1 AND id = $2";
    BY_ID = "SELECT id, email, email_key, display_name, status, deactivated_by, managed_by, created_at, updated_at \
        FROM people WHERE organization_id = $1 AND id = $2";
    BY_EMAIL = "SELECT id, email, email_key, display_name, status, deactivated_by, managed_by, created_at, updated_at \
        FROM people WHERE organization_id = $1 AND email_key = $2";
    PAGE = "SELECT id, email, email_key, display_name, status, deactivated_by, managed_by, created_at, updated_at \
        FROM people WHERE organization_id = $1 AND email_key > $2 ORDER BY email_key LIMIT $3";
    ADMINS = "SELECT DISTINCT p.id, p.email, p.email_key, p.display_name, p.status, p.deactivated_by, p.managed_by, \
        p.created_at, p.updated_at FROM grants g \
        JOIN people p ON p.organization_id = g.organization_id AND p.id = g.person_id \
        WHERE g.organization_id = $1 AND g.permission = 'organization_admin' AND g.state = 'effective' \
        AND p.status = 'active' ORDER BY p.email_key";
    // Whoever has a grant or a connection has come further than an invitation, whatever the status says.
    DELETE = "DELETE FROM people WHERE organization_id = $1 AND id = $2 AND status = 'invited' AND managed_by IS NULL \
        AND NOT EXISTS (SELECT 1 FROM grants g WHERE g.organization_id = $1 AND g.person_id = $2)";
    BILLING_ADMINS = "SELECT DISTINCT p.id, p.email, p.email_key, p.display_name, p.status, p.deactivated_by, \
        p.managed_by, p.created_at, p.updated_at FROM grants g \
        JOIN people p ON p.organization_id = g.organization_id AND p.id = g.person_id \
        WHERE g.organization_id = $1 AND g.permission = 'billing_admin' AND g.state = 'effective' \
        AND p.status = 'active' ORDER BY p.email_key";
}

impl Reader {
    /// The person of this id.
    pub async fn person(&mut self, organization: OrganizationId, id: PersonId) -> Result<Option<Person>, Error> {
        run!(self, query_as::<Person>(BY_ID, organization, id).fetch_optional)
    }

    /// The person of this e-mail, as compared.
    pub async fn person_by_email(
        &mut self,
        organization: OrganizationId,
        email_key: &str,
    ) -> Result<Option<Person>, Error> {
        run!(self, query_as::<Person>(BY_EMAIL, organization, email_key).fetch_optional)
    }

    /// The active Organization admins, by e-mail.
    pub async fn organization_admins(&mut self, organization: OrganizationId) -> Result<Vec<Person>, Error> {
        run!(self, query_as::<Person>(ADMINS, organization).fetch_all)
    }

    /// The active Billing admins, by e-mail.
    pub async fn billing_admins(&mut self, organization: OrganizationId) -> Result<Vec<Person>, Error> {
        run!(self, query_as::<Person>(BILLING_ADMINS, organization).fetch_all)
    }

    /// The next people after an e-mail, in its order.
    pub async fn people_after(
        &mut self,
        organization: OrganizationId,
        email_key: &str,
        limit: u32,
    ) -> Result<Vec<Person>, Error> {
        run!(self, query_as::<Person>(PAGE, organization, email_key, i64::from(limit)).fetch_all)
    }
}

impl Tx {
    /// Adds one; the caller has made sure that the e-mail is free.
    pub async fn insert_person(&mut self, row: &Person) -> Result<(), Error> {
        let organization = self.organization();
        run!(
            self.changing(),
            execute(
                INSERT,
                organization,
                row.id,
                &row.email,
                &row.email_key,
                &row.display_name,
                row.status,
                row.deactivated_by,
                row.managed_by,
                row.created_at,
                row.updated_at,
                fold(&row.display_name),
            )
        )
        .map(drop)
    }

    /// Writes everything but id and creation time.
    pub async fn update_person(&mut self, row: &Person) -> Result<(), Error> {
        let organization = self.organization();
        run!(
            self.changing(),
            execute(
                UPDATE,
                organization,
                row.id,
                &row.email,
                &row.email_key,
                &row.display_name,
                row.status,
                row.deactivated_by,
                row.managed_by,
                row.updated_at,
                fold(&row.display_name),
            )
        )
        .map(drop)
    }

    /// Takes somebody off the list who was invited and nothing more; `false` if there is more to them.
    pub async fn delete_person(&mut self, id: PersonId) -> Result<bool, Error> {
        let organization = self.organization();
        run!(self.changing(), execute(DELETE, organization, id)).map(|rows| rows == 1)
    }
}
