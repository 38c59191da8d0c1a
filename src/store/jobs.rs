//! `jobs`: work that waits. Whichever process claims a row does it. No organization's: the worker serves them all.

use sqlx::FromRow;
use uuid::Uuid;

use super::columns::named_states;
use super::statement::{run, statements};
use super::{Books, Error, Reader, Tx};
use crate::clock::Timestamp;
use crate::ids::{JobId, OrganizationId, ProcessId};

named_states! {
    /// What becomes of work.
    pub enum JobState {
        /// It will be done, or done again.
        Waiting = "waiting",
        /// It was given up.
        Failed = "failed",
    }
}

/// Work that a process has claimed.
#[derive(Debug, Clone, FromRow)]
pub struct Claimed {
    /// Its id.
    pub id: JobId,
    /// Its kind's name.
    pub kind: String,
    /// What it is about.
    pub subject_id: Uuid,
    /// How often it was begun, this time included.
    pub attempts: i64,
}

/// Work that waits, or was given up.
#[derive(Debug, Clone, FromRow, serde::Serialize)]
pub struct Job {
    /// Its id.
    pub id: JobId,
    /// The organization's key, if it is one's.
    pub organization: Option<String>,
    /// Its kind's name.
    pub kind: String,
    /// What it is about.
    #[serde(serialize_with = "as_text")]
    pub subject_id: Uuid,
    /// When it is to be done.
    pub run_at: Timestamp,
    /// How often it was begun.
    pub attempts: i64,
    /// Until when a process has it.
    pub claimed_until: Option<Timestamp>,
    /// What becomes of it.
    pub state: JobState,
    /// What went wrong the last time.
    pub last_error: Option<String>,
    /// Since when.
    pub created_at: Timestamp,
}

fn as_text<S: serde::Serializer>(id: &Uuid, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(id)
}

statements! {
    // Whoever is at it finishes the work of before; the row is the new work, and nobody's yet.
    SCHEDULE = "INSERT INTO jobs (id, organization_id, kind, subject_id, run_at, attempts, state, created_at) \
        VALUES ($1, $2, $3, $4, $5, 0, 'waiting', $6) \
        ON CONFLICT (kind, subject_id) DO UPDATE SET run_at = excluded.run_at, attempts = 0, state = 'waiting', \
        claimed_by = NULL, claimed_until = NULL",
        installation_wide "the worker serves all organizations";
    SCHEDULE_UNLESS_WAITING = "INSERT INTO jobs \
        (id, organization_id, kind, subject_id, run_at, attempts, state, created_at) \
        VALUES ($1, $2, $3, $4, $5, 0, 'waiting', $6) \
        ON CONFLICT (kind, subject_id) DO UPDATE SET run_at = excluded.run_at, attempts = 0, state = 'waiting', \
        claimed_by = NULL, claimed_until = NULL WHERE jobs.claimed_by IS NOT NULL OR jobs.state = 'failed'",
        installation_wide "the worker serves all organizations";
    UNSCHEDULE = "DELETE FROM jobs WHERE kind = $1 AND subject_id = $2",
        installation_wide "the subject's id is unique in the installation";
    ARE_DUE = "SELECT COUNT(*) FROM (SELECT 1 FROM jobs WHERE state = 'waiting' AND run_at <= $1 \
        AND (claimed_until IS NULL OR claimed_until <= $1) LIMIT 1) AS page",
        installation_wide "the worker serves all organizations";
    CLAIM = "UPDATE jobs SET claimed_by = $1, claimed_until = $2, attempts = attempts + 1 WHERE id IN ( \
        SELECT id FROM jobs WHERE state = 'waiting' AND run_at <= $3 \
        AND (claimed_until IS NULL OR claimed_until <= $3) ORDER BY run_at LIMIT $4) \
        RETURNING id, kind, subject_id, attempts",
        postgres "UPDATE jobs SET claimed_by = $1, claimed_until = $2, attempts = attempts + 1 WHERE id = ANY(ARRAY( \
        SELECT id FROM jobs WHERE state = 'waiting' AND run_at <= $3 \
        AND (claimed_until IS NULL OR claimed_until <= $3) ORDER BY run_at LIMIT $4 FOR UPDATE SKIP LOCKED)) \
        RETURNING id, kind, subject_id, attempts",
        installation_wide "the worker serves all organizations";
    FINISH = "DELETE FROM jobs WHERE id = $1 AND claimed_by = $2",
        installation_wide "the worker serves all organizations";
    FAIL = "UPDATE jobs SET claimed_by = NULL, claimed_until = NULL, state = $3, run_at = $4, last_error = $5 \
        WHERE id = $1 AND claimed_by = $2", installation_wide "the worker serves all organizations";
    RETRY = "UPDATE jobs SET state = 'waiting', attempts = 0, run_at = $2, claimed_by = NULL, claimed_until = NULL \
        WHERE id = $1", installation_wide "an operator's list of all work";
    LIST = "SELECT j.id, o.key AS organization, j.kind, j.subject_id, j.run_at, j.attempts, j.claimed_until, j.state, \
        j.last_error, j.created_at FROM jobs j LEFT JOIN organizations o ON o.id = j.organization_id \
        WHERE j.state = $1 ORDER BY j.run_at, j.id LIMIT $2", installation_wide "an operator's list of all work";
    PRUNE = "DELETE FROM jobs WHERE state = 'failed' AND run_at < $1",
        installation_wide "what was given up long ago, whoever's it was";
}

impl Reader {
    /// Whether there is anything to do by this time that nobody has claimed.
    pub async fn jobs_are_due(&mut self, now: Timestamp) -> Result<bool, Error> {
        run!(self, query_scalar::<i64>(ARE_DUE, now).fetch_one).map(|found| found > 0)
    }

    /// Work in a state, by its time.
    pub async fn jobs(&mut self, state: JobState, limit: u32) -> Result<Vec<Job>, Error> {
        run!(self, query_as::<Job>(LIST, state, i64::from(limit)).fetch_all)
    }
}

impl Tx {
    /// Has something done at a time, if the change that it follows from is committed; moves it if it waits already.
    pub async fn schedule(&mut self, kind: &'static str, subject: Uuid, run_at: Timestamp) -> Result<(), Error> {
        let (id, organization, now): (JobId, _, _) = (self.id(), self.organization(), self.now());
        run!(self.changing(), execute(SCHEDULE, id, organization, kind, subject, run_at, now)).map(drop)
    }

    /// The same, but leaves it where it is if it waits already and nobody has begun.
    pub async fn schedule_unless_waiting(
        &mut self,
        kind: &'static str,
        subject: Uuid,
        run_at: Timestamp,
    ) -> Result<(), Error> {
        let (id, organization, now): (JobId, _, _) = (self.id(), self.organization(), self.now());
        run!(self.changing(), execute(SCHEDULE_UNLESS_WAITING, id, organization, kind, subject, run_at, now)).map(drop)
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

    /// The same for what is no organization's, but leaves it where it is if it waits already and nobody has begun.
    pub async fn schedule_unless_waiting(
        &mut self,
        id: JobId,
        kind: &'static str,
        subject: Uuid,
        run_at: Timestamp,
        now: Timestamp,
    ) -> Result<(), Error> {
        let nobody: Option<OrganizationId> = None;
        run!(self.writing(), execute(SCHEDULE_UNLESS_WAITING, id, nobody, kind, subject, run_at, now)).map(drop)
    }

    /// Takes what is due by `now` for a process, up to a number, until `until`; no other process gets the same.
    pub async fn claim_jobs(
        &mut self,
        process: ProcessId,
        now: Timestamp,
        until: Timestamp,
        limit: u32,
    ) -> Result<Vec<Claimed>, Error> {
        run!(self.writing(), query_as::<Claimed>(CLAIM, process, until, now, i64::from(limit)).fetch_all)
    }

    /// Takes away what this process has done; nothing if it is to be done again, or another process took it over.
    pub async fn finish_job(&mut self, id: JobId, process: ProcessId) -> Result<(), Error> {
        run!(self.writing(), execute(FINISH, id, process)).map(drop)
    }

    /// Puts back, or gives up, what this process could not do; nothing if it is somebody else's by now.
    pub async fn fail_job(
        &mut self,
        id: JobId,
        process: ProcessId,
        state: JobState,
        run_at: Timestamp,
        error: &str,
    ) -> Result<(), Error> {
        run!(self.writing(), execute(FAIL, id, process, state, run_at, error)).map(drop)
    }

    /// Has it tried at a time as if it had never failed; `false` if there is no such work.
    pub async fn retry_job(&mut self, id: JobId, at: Timestamp) -> Result<bool, Error> {
        run!(self.writing(), execute(RETRY, id, at)).map(|rows| rows > 0)
    }

    /// Deletes what was given up before a time.
    pub async fn prune_jobs(&mut self, before: Timestamp) -> Result<u64, Error> {
        run!(self.writing(), execute(PRUNE, before))
    }
}
