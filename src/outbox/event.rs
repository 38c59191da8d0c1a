//! The events, in the past tense, each about a subject whose events go out in order.

use std::time::Duration;

use serde_json::{Value, json};
use uuid::Uuid;

use super::queue::{Work, schedule_unless_waiting};
use crate::ids::{
    ConnectionId, DomainId, Id as _, InvitationId, JoinRequestId, MassChangeId, OrganizationId, PersonId, PlanId,
    ResourceId,
};
use crate::store::{self, Tx};

/// How long admins wait to be told, so that what happens together makes one mail.
const TELL_AFTER: Duration = Duration::from_secs(5);

/// Something that happened and that others may want to know.
#[derive(Debug, Clone)]
pub enum Event {
    /// A person came by an IdP.
    UserProvisioned(PersonId),
    /// A person's details changed.
    UserUpdated(PersonId),
    /// A person's access ended.
    UserDeactivated(PersonId),
    /// A person has access again.
    UserReactivated(PersonId),
    /// The IdP deleted the resource of a person.
    UserDeleted(PersonId),
    /// A User was linked to a person who was there already.
    UserLinked(PersonId),
    /// A link waits for a decision.
    LinkHeld(ResourceId),
    /// What a person may do changed; with the permissions before and now, and why.
    UserAccessChanged {
        /// Whose.
        person: PersonId,
        /// The permissions that were in force.
        before: Vec<String>,
        /// Those that are now.
        after: Vec<String>,
        /// Why.
        why: String,
    },
    /// A change beyond what the connection may do waits for a decision.
    ChangeHeld(PersonId, String),
    /// A Group was created.
    GroupCreated(ResourceId),
    /// A Group was renamed.
    GroupRenamed(ResourceId),
    /// A Group was deleted.
    GroupDeleted(ResourceId),
    /// The organization has no active Organization admin left.
    LastAdminDeactivated(OrganizationId),
    /// A connection no longer manages a person.
    UserDetached(PersonId),
    /// A held link was decided.
    LinkDecided(ResourceId),
    /// A held change was released.
    ChangeReleased(PersonId),
    /// A held change was discarded.
    ChangeDiscarded(PersonId),
    /// A connection took access from more people than it may at once; how many so far.
    MassDeactivation(MassChangeId, ConnectionId, u64),
    /// A connection wanted to take permissions from more people than it may at once; how many are held.
    MassRoleLoss(MassChangeId, ConnectionId, u64),
    /// Access to the organization was recovered at the machine: this person is Organization admin now.
    AdminRecovered(PersonId),
    /// Somebody asked to join.
    JoinRequestCreated(JoinRequestId),
    /// A request was accepted.
    JoinRequestAccepted(JoinRequestId),
    /// A request was rejected.
    JoinRequestRejected(JoinRequestId),
    /// A request ended undecided.
    JoinRequestExpired(JoinRequestId),
    /// A request was withdrawn.
    JoinRequestWithdrawn(JoinRequestId),
    /// An invitation was sent.
    InvitationSent(InvitationId),
    /// An invitation was accepted.
    InvitationAccepted(InvitationId),
    /// An invitation was revoked.
    InvitationRevoked(InvitationId),
    /// An invitation ended unaccepted.
    InvitationExpired(InvitationId),
    /// A domain was proven.
    DomainVerified(DomainId),
    /// The proof of a domain is gone.
    DomainLost(DomainId),
    /// A plan was applied.
    PlanApplied(PlanId),
}

impl Event {
    fn parts(&self) -> (&'static str, Uuid, Value) {
        match self {
            Self::UserProvisioned(id) => ("user.provisioned", id.uuid(), json!({ "person": id })),
            Self::UserUpdated(id) => ("user.updated", id.uuid(), json!({ "person": id })),
            Self::UserDeactivated(id) => ("user.deactivated", id.uuid(), json!({ "person": id })),
            Self::UserReactivated(id) => ("user.reactivated", id.uuid(), json!({ "person": id })),
            Self::UserDeleted(id) => ("user.deleted", id.uuid(), json!({ "person": id })),
            Self::UserLinked(id) => ("user.linked", id.uuid(), json!({ "person": id })),
            Self::LinkHeld(id) => ("conflict.opened", id.uuid(), json!({ "resource": id })),
            Self::UserAccessChanged { person, before, after, why } => {
                let payload = json!({ "person": person, "before": before, "permissions": after, "why": why });
                ("user.access_changed", person.uuid(), payload)
            }
            Self::ChangeHeld(id, reason) => ("change.held", id.uuid(), json!({ "person": id, "reason": reason })),
            Self::GroupCreated(id) => ("group.created", id.uuid(), json!({ "group": id })),
            Self::GroupRenamed(id) => ("group.renamed", id.uuid(), json!({ "group": id })),
            Self::GroupDeleted(id) => ("group.deleted", id.uuid(), json!({ "group": id })),
            Self::LastAdminDeactivated(id) => {
                ("organization.last_admin_deactivated", id.uuid(), json!({ "organization": id }))
            }
            Self::UserDetached(id) => ("user.detached", id.uuid(), json!({ "person": id })),
            Self::LinkDecided(id) => ("conflict.resolved", id.uuid(), json!({ "resource": id })),
            Self::ChangeReleased(id) => ("change.released", id.uuid(), json!({ "person": id })),
            Self::ChangeDiscarded(id) => ("change.discarded", id.uuid(), json!({ "person": id })),
            Self::MassDeactivation(id, connection, people) => {
                let payload = json!({ "massChange": id, "connection": connection, "people": people });
                ("mass_change.deactivations", id.uuid(), payload)
            }
            Self::MassRoleLoss(id, connection, people) => {
                let payload = json!({ "massChange": id, "connection": connection, "people": people });
                ("mass_change.held", id.uuid(), payload)
            }
            Self::AdminRecovered(id) => ("admin.break_glass_used", id.uuid(), json!({ "person": id })),
            Self::JoinRequestCreated(id) => ("join_request.created", id.uuid(), json!({ "joinRequest": id })),
            Self::JoinRequestAccepted(id) => ("join_request.accepted", id.uuid(), json!({ "joinRequest": id })),
            Self::JoinRequestRejected(id) => ("join_request.rejected", id.uuid(), json!({ "joinRequest": id })),
            Self::JoinRequestExpired(id) => ("join_request.expired", id.uuid(), json!({ "joinRequest": id })),
            Self::JoinRequestWithdrawn(id) => ("join_request.withdrawn", id.uuid(), json!({ "joinRequest": id })),
            Self::InvitationSent(id) => ("invitation.sent", id.uuid(), json!({ "invitation": id })),
            Self::InvitationAccepted(id) => ("invitation.accepted", id.uuid(), json!({ "invitation": id })),
            Self::InvitationRevoked(id) => ("invitation.revoked", id.uuid(), json!({ "invitation": id })),
            Self::InvitationExpired(id) => ("invitation.expired", id.uuid(), json!({ "invitation": id })),
            Self::DomainVerified(id) => ("domain.verified", id.uuid(), json!({ "domain": id })),
            Self::DomainLost(id) => ("domain.lost", id.uuid(), json!({ "domain": id })),
            Self::PlanApplied(id) => ("plan.applied", id.uuid(), json!({ "plan": id })),
        }
    }
}

/// Who has to be told of an event by mail, and how soon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Telling {
    /// Nobody, or whoever changes something does it themselves.
    None,
    /// Organization admins, soon.
    Soon,
    /// Organization admins, with others of its kind.
    Digest,
}

impl Event {
    fn telling(&self) -> Telling {
        match self {
            Self::ChangeHeld(..)
            | Self::LinkHeld(_)
            | Self::LastAdminDeactivated(_)
            | Self::MassDeactivation(..)
            | Self::MassRoleLoss(..) => Telling::Soon,
            Self::UserAccessChanged { before, after, .. } => {
                let changed = |role: &str| before.iter().any(|one| one == role) != after.iter().any(|one| one == role);
                if changed("organization_admin") || changed("billing_admin") { Telling::Soon } else { Telling::None }
            }
            Self::UserDeactivated(_) => Telling::Digest,
            _ => Telling::None,
        }
    }
}

/// Puts the event into the change's own transaction, and has admins told of it if it is one of theirs.
///
/// # Errors
///
/// What the database says; the change cannot be committed then.
pub async fn emit(tx: &mut Tx, event: &Event) -> Result<(), store::Error> {
    let (kind, subject, payload) = event.parts();
    let telling = event.telling();
    tx.insert_event(kind, subject, &payload.to_string(), telling != Telling::None).await?;
    let work = match telling {
        Telling::None => return Ok(()),
        Telling::Soon => Work::TellAdmins(tx.organization()),
        Telling::Digest => Work::Digest(tx.organization()),
    };
    schedule_unless_waiting(tx, work, tx.now().plus(TELL_AFTER)).await
}
