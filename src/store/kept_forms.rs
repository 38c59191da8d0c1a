//! `kept_forms`: what was filled in when its session had ended, or was not fresh enough.

use sqlx::FromRow;

use super::statement::{run, statements};
use super::{Books, Error, Reader};
use crate::clock::Timestamp;
use crate::ids::{FormId, OrganizationId, PersonId};

/// A kept form.
#[derive(Debug, Clone, FromRow)]
pub struct KeptForm {
    /// Its id.
    pub id: FormId,
    /// Where it was sent.
    pub path: String,
    /// What was filled in, as a form sends it.
    pub fields: String,
    /// When.
    pub created_at: Timestamp,
}

statements! {
    NEWEST = "SELECT id, path, fields, created_at FROM kept_forms WHERE organization_id = $1 AND person_id = $2 \
        ORDER BY created_at DESC, id DESC LIMIT 1";
    INSERT = "INSERT INTO kept_forms (organization_id, id, person_id, path, fields, created_at) \
        VALUES ($1, $2, $3, $4, $5, $6)";
    DELETE_OTHERS = "DELETE FROM kept_forms WHERE organization_id = $1 AND person_id = $2 AND id <> $3";
    DELETE = "DELETE FROM kept_forms WHERE organization_id = $1 AND person_id = $2 AND id = $3";
    PRUNE = "DELETE FROM kept_forms WHERE created_at < $1", installation_wide "nobody came back for it";
}

impl Reader {
    /// The newest of a person.
    pub async fn kept_form(
        &mut self,
        organization: OrganizationId,
        person: PersonId,
    ) -> Result<Option<KeptForm>, Error> {
        run!(self, query_as::<KeptForm>(NEWEST, organization, person).fetch_optional)
    }
}

impl Books {
    /// Keeps one in place of any other of that person.
    pub async fn keep_form(
        &mut self,
        organization: OrganizationId,
        person: PersonId,
        form: &KeptForm,
    ) -> Result<(), Error> {
        run!(
            self.writing(),
            execute(INSERT, organization, form.id, person, &form.path, &form.fields, form.created_at)
        )?;
        run!(self.writing(), execute(DELETE_OTHERS, organization, person, form.id)).map(drop)
    }

    /// Deletes one of that person.
    pub async fn delete_kept_form(
        &mut self,
        organization: OrganizationId,
        person: PersonId,
        id: FormId,
    ) -> Result<(), Error> {
        run!(self.writing(), execute(DELETE, organization, person, id)).map(drop)
    }

    /// Deletes those from before a time; answers how many.
    pub async fn prune_kept_forms(&mut self, before: Timestamp) -> Result<u64, Error> {
        run!(self.writing(), execute(PRUNE, before))
    }
}
