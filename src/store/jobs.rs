//! `jobs`: work that waits. Whichever process claims a row does it. No organization's: the worker serves them all.

use uuid::Uuid;

use super::statement::{run, statements};
use super::{Books, Error, Tx};
use crate::clock::Timestamp;
use crate::ids::{JobId, OrganizationId};

statements! {
    SCHEDULE = "INSERT INTO jobs (id, organization_id, kind, subject_id, run_at, attempts, state, created_at) \
        VALUES ($1, $2, $3, $4, $5, 0, 'waiting', $6) \
        ON CONFLICT (kind, subject_id) DO UPDATE SET run_at = excluded.run_at, attempts = 0, state = 'waiting'",
        installation_wide "the worker serves all organizations";
    UNSCHEDULE = "DELETE FROM jobs WHERE kind = $1 AND subject_id = $2",
        installation_wide "the subject's id is unique in the installation";
}

impl Tx {
    /// Has something done at a time, if the change that it follows from is committed; moves it if it waits already.
    pub async fn schedule(&mut self, kind: &'static str, subject: Uuid, run_at: Timestamp) -> Result<(), Error> {
        let (id, organization, now): (JobId, _, _) = (self.id(), self.organization(), self.now());
        run!(self.changing(), execute(SCHEDULE, id, organization, kind, subject, run_at, now)).map(drop)
    }

    /// What was to be done need not be done any longer.
    pub async fn unschedule(&mut self, kind: &'static str, subject: Uuid) -> Result<(), Error> {
        run!(self.changing(), execute(UNSCHEDULE, kind, subject)).map(drop)
    }
}

impl Books {
    /// Has something done at a time that no organization's change asks for.
    pub async fn schedule(
        &mut self,
        id: JobId,
        organization: Option<OrganizationId>,
        kind: &'static str,
        subject: Uuid,
        run_at: Timestamp,
        now: Timestamp,
    ) -> Result<(), Error> {
        run!(self.writing(), execute(SCHEDULE, id, organization, kind, subject, run_at, now)).map(drop)
    }
}
