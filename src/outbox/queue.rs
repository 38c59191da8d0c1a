//! Work that waits: the list of what the worker can do, the one way to have it done, and the queue that several
//! processes take it from, each piece once. Does nothing itself.

use std::time::Duration;

use uuid::Uuid;

use crate::clock::Timestamp;
use crate::ids::{
    DomainId, Id as _, InvitationId, JobId, JoinRequestId, MailId, OrganizationId, PlanId, ProcessId, RequestId,
    SignInAskId,
};
pub use crate::store::jobs::{Job, JobState};
use crate::store::{self, Books, Store, Tx};

/// How long after the first failure work is tried again; doubled after each further one.
const FIRST_PAUSE: Duration = Duration::from_secs(10);

/// How long it is left at most.
const LONGEST_PAUSE: Duration = Duration::from_hours(1);

/// A piece of work, about a subject that it stands for at most once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// Send a mail.
    SendMail(MailId),
    /// Mail links into the console to whoever has access with an address that asked.
    MailSignInLinks(SignInAskId),
    /// Remind admins of a join request.
    RemindOfJoinRequest(JoinRequestId),
    /// End a join request that nobody decided.
    ExpireJoinRequest(JoinRequestId),
    /// End an invitation that nobody accepted.
    ExpireInvitation(InvitationId),
    /// Look at the proof of a domain again.
    RecheckDomain(DomainId),
    /// Go on with a plan that is being applied.
    ApplyPlan(PlanId),
    /// Tell the admins of an organization what happened.
    TellAdmins(OrganizationId),
    /// Tell the admins of an organization who was deactivated.
    Digest(OrganizationId),
    /// Look for tokens that end soon, silent connections and failing ones.
    Watch,
    /// Delete what need not be kept any longer.
    Prune,
}

impl Work {
    /// Its kind's name, and the subject.
    #[must_use]
    pub fn parts(self) -> (&'static str, Uuid) {
        match self {
            Self::SendMail(id) => ("mail.send", id.uuid()),
            Self::MailSignInLinks(id) => ("sign_in.mail", id.uuid()),
            Self::RemindOfJoinRequest(id) => ("join_request.remind", id.uuid()),
            Self::ExpireJoinRequest(id) => ("join_request.expire", id.uuid()),
            Self::ExpireInvitation(id) => ("invitation.expire", id.uuid()),
            Self::RecheckDomain(id) => ("domain.recheck", id.uuid()),
            Self::ApplyPlan(id) => ("plan.apply", id.uuid()),
            Self::TellAdmins(id) => ("admins.tell", id.uuid()),
            Self::Digest(id) => ("admins.digest", id.uuid()),
            Self::Watch => ("watch", Uuid::nil()),
            Self::Prune => ("prune", Uuid::nil()),
        }
    }

    /// The work of this kind about this subject.
    #[must_use]
    pub fn of(kind: &str, subject: Uuid) -> Option<Self> {
        Some(match kind {
            "mail.send" => Self::SendMail(MailId::from_uuid(subject)),
            "sign_in.mail" => Self::MailSignInLinks(SignInAskId::from_uuid(subject)),
            "join_request.remind" => Self::RemindOfJoinRequest(JoinRequestId::from_uuid(subject)),
            "join_request.expire" => Self::ExpireJoinRequest(JoinRequestId::from_uuid(subject)),
            "invitation.expire" => Self::ExpireInvitation(InvitationId::from_uuid(subject)),
            "domain.recheck" => Self::RecheckDomain(DomainId::from_uuid(subject)),
            "plan.apply" => Self::ApplyPlan(PlanId::from_uuid(subject)),
            "admins.tell" => Self::TellAdmins(OrganizationId::from_uuid(subject)),
            "admins.digest" => Self::Digest(OrganizationId::from_uuid(subject)),
            "watch" => Self::Watch,
            "prune" => Self::Prune,
            _ => return None,
        })
    }

    /// Whether it is done again and again, and so is never given up.
    #[must_use]
    pub const fn recurs(self) -> bool {
        matches!(self, Self::Watch | Self::Prune)
    }
}

/// Has it done at a time, if the transaction is committed; moves it there if it waits already.
pub async fn schedule(tx: &mut Tx, work: Work, at: Timestamp) -> Result<(), store::Error> {
    let (kind, subject) = work.parts();
    tx.schedule(kind, subject, at).await
}

/// The same, but leaves it where it is if it waits already and nobody has begun.
pub async fn schedule_unless_waiting(tx: &mut Tx, work: Work, at: Timestamp) -> Result<(), store::Error> {
    let (kind, subject) = work.parts();
    tx.schedule_unless_waiting(kind, subject, at).await
}

/// It need not be done any longer.
pub async fn unschedule(tx: &mut Tx, work: Work) -> Result<(), store::Error> {
    let (kind, subject) = work.parts();
    tx.unschedule(kind, subject).await
}

/// Has it done at a time; for what no organization's change asks for.
pub async fn schedule_beside(store: &Store, books: &mut Books, work: Work, at: Timestamp) -> Result<(), store::Error> {
    let (kind, subject) = work.parts();
    books.schedule(store.id(), None, kind, subject, at, store.clock().now()).await
}

/// The queue, as one process takes work from it. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Queue {
    store: Store,
    process: ProcessId,
    lease: Duration,
    max_attempts: u32,
}

/// A piece of work that this process has until its lease ends.
#[derive(Debug, Clone, Copy)]
pub struct Piece {
    /// What is to be done.
    pub work: Work,
    /// The request that its changes are recorded under.
    pub request: RequestId,
    job: JobId,
    attempts: i64,
}

/// What becomes of a piece that could not be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It is tried again at this time.
    Again(Timestamp),
    /// It was given up, and stands on the list of what was.
    GivenUp,
}

impl Queue {
    /// For one run of the program; what it claims is another's again after `lease`, and is given up after so many
    /// attempts.
    #[must_use]
    pub fn new(store: Store, lease: Duration, max_attempts: u32) -> Self {
        Self { process: store.id(), store, lease, max_attempts }
    }

    /// How long a piece may take.
    #[must_use]
    pub const fn lease(&self) -> Duration {
        self.lease
    }

    /// The same queue as another process takes from it.
    #[must_use]
    pub fn of_another_process(&self) -> Self {
        Self { process: self.store.id(), ..self.clone() }
    }

    /// Takes what is due, up to a number of pieces. Nobody else gets them while the lease lasts.
    pub async fn claim(&self, limit: u32) -> Result<Vec<Piece>, store::Error> {
        let now = self.store.clock().now();
        // The answer is mostly no, and costs no write.
        if !self.store.read().await?.jobs_are_due(now).await? {
            return Ok(Vec::new());
        }
        let mut books = self.store.books().await?;
        let claimed = books.claim_jobs(self.process, now, now.plus(self.lease), limit).await?;
        let mut pieces = Vec::with_capacity(claimed.len());
        for job in claimed {
            if let Some(work) = Work::of(&job.kind, job.subject_id) {
                pieces.push(Piece { work, request: self.store.id(), job: job.id, attempts: job.attempts });
                continue;
            }
            let error = "this version of the gateway does not know this kind of work";
            books.fail_job(job.id, self.process, JobState::Failed, now, error).await?;
        }
        books.commit().await?;
        Ok(pieces)
    }

    /// It is done. If it was scheduled anew meanwhile, it stays in the queue.
    pub async fn finish(&self, piece: Piece) -> Result<(), store::Error> {
        let mut books = self.store.books().await?;
        books.finish_job(piece.job, self.process).await?;
        books.commit().await
    }

    /// Whether it was begun too often already, and never came to an end that anybody noted.
    #[must_use]
    pub fn is_spent(&self, piece: Piece) -> bool {
        piece.attempts > i64::from(self.max_attempts) && !piece.work.recurs()
    }

    /// What becomes of a piece that could not be done; `hopeless` if trying again cannot help.
    #[must_use]
    pub fn fate(&self, piece: Piece, hopeless: bool) -> Fate {
        let spent = piece.attempts >= i64::from(self.max_attempts);
        if (hopeless || spent) && !piece.work.recurs() {
            return Fate::GivenUp;
        }
        Fate::Again(self.store.clock().now().plus(pause(piece.attempts, self.store.random())))
    }

    /// Puts it back, or gives it up.
    pub async fn fail(&self, piece: Piece, fate: Fate, error: &str) -> Result<(), store::Error> {
        let (state, at) = match fate {
            Fate::Again(at) => (JobState::Waiting, at),
            Fate::GivenUp => (JobState::Failed, self.store.clock().now()),
        };
        let error: String = error.chars().take(1000).collect();
        let mut books = self.store.books().await?;
        books.fail_job(piece.job, self.process, state, at, &error).await?;
        books.commit().await
    }

    /// Has recurring work done from now on, unless it waits already.
    pub async fn begin_recurring(&self, work: Work) -> Result<(), store::Error> {
        let (kind, subject) = work.parts();
        let now = self.store.clock().now();
        let mut books = self.store.books().await?;
        books.schedule_unless_waiting(self.store.id(), kind, subject, now, now).await?;
        books.commit().await
    }

    /// Has recurring work done again after a while.
    pub async fn recur(&self, work: Work, after: Duration) -> Result<(), store::Error> {
        let mut books = self.store.books().await?;
        schedule_beside(&self.store, &mut books, work, self.store.clock().now().plus(after)).await?;
        books.commit().await
    }

    /// What was given up, then what waits, by time.
    pub async fn list(&self, limit: u32) -> Result<Vec<Job>, store::Error> {
        let mut reader = self.store.read().await?;
        let mut jobs = reader.jobs(JobState::Failed, limit).await?;
        jobs.extend(reader.jobs(JobState::Waiting, limit).await?);
        Ok(jobs)
    }

    /// Has it tried now, as if it had never failed; `false` if there is no such work.
    pub async fn retry(&self, job: JobId) -> Result<bool, store::Error> {
        let mut books = self.store.books().await?;
        let found = books.retry_job(job, self.store.clock().now()).await?;
        books.commit().await?;
        Ok(found)
    }

    /// Deletes what was given up longer ago than this.
    pub async fn prune(&self, older_than: Duration) -> Result<u64, store::Error> {
        let before = self.store.clock().now().minus(older_than);
        let mut books = self.store.books().await?;
        let deleted = books.prune_jobs(before).await?;
        books.commit().await?;
        Ok(deleted)
    }
}

/// Twice as long after each failure, up to an hour; somewhere in its second half, so that what failed together is not
/// tried again together.
fn pause(attempts: i64, random: [u8; 4]) -> Duration {
    let doublings = u32::try_from(attempts.clamp(1, 16)).unwrap_or(1) - 1;
    let whole = FIRST_PAUSE.saturating_mul(1 << doublings).min(LONGEST_PAUSE);
    whole / 2 + (whole / 2).mul_f64(f64::from(u32::from_be_bytes(random)) / f64::from(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_work_is_read_as_it_is_written() {
        let id = Uuid::from_u128(7);
        for work in [
            Work::SendMail(MailId::from_uuid(id)),
            Work::MailSignInLinks(SignInAskId::from_uuid(id)),
            Work::RemindOfJoinRequest(JoinRequestId::from_uuid(id)),
            Work::ExpireJoinRequest(JoinRequestId::from_uuid(id)),
            Work::ExpireInvitation(InvitationId::from_uuid(id)),
            Work::RecheckDomain(DomainId::from_uuid(id)),
            Work::ApplyPlan(PlanId::from_uuid(id)),
            Work::TellAdmins(OrganizationId::from_uuid(id)),
            Work::Digest(OrganizationId::from_uuid(id)),
            Work::Watch,
            Work::Prune,
        ] {
            let (kind, subject) = work.parts();
            assert_eq!(Work::of(kind, subject), Some(work));
        }
        assert_eq!(Work::of("unheard_of", id), None);
    }

    #[test]
    fn pauses_grow_differ_and_end_at_an_hour() {
        assert_eq!(pause(1, [0; 4]), Duration::from_secs(5));
        assert_eq!(pause(1, [255; 4]), Duration::from_secs(10));
        assert_eq!(pause(4, [0; 4]), Duration::from_secs(40));
        for attempts in [10, 16, 1000, i64::MAX] {
            assert!(pause(attempts, [255; 4]) <= LONGEST_PAUSE && pause(attempts, [0; 4]) >= LONGEST_PAUSE / 2);
        }
    }
}
