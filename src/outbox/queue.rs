//! Work that waits: the list of what the worker can do, and the one way to have it done. Does nothing itself.

use uuid::Uuid;

use crate::clock::Timestamp;
use crate::ids::{DomainId, Id as _, InvitationId, JoinRequestId, MailId, OrganizationId, PlanId};
use crate::store::{self, Books, Store, Tx};

/// A piece of work, about a subject that it stands for at most once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// Send a mail.
    SendMail(MailId),
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
}

/// Has it done at a time, if the transaction is committed; moves it there if it waits already.
pub async fn schedule(tx: &mut Tx, work: Work, at: Timestamp) -> Result<(), store::Error> {
    let (kind, subject) = work.parts();
    tx.schedule(kind, subject, at).await
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
