//! One audit record: what was done to what, what it was like before and after, and why. The transaction knows who,
//! when and on which request.

use serde_json::Value;
use uuid::Uuid;

use crate::ids::{
    ConnectionId, DomainId, FacilityId, GrantId, Id as _, InvitationId, JoinRequestId, MassChangeId, OrganizationId,
    PersonId, PlanId, ProviderId, ResourceId, RuleId, SessionId, SignInLinkId, TokenId,
};
use crate::store::audit::NewRecord;
use crate::store::{self, Tx};

macro_rules! actions {
    ($($(#[$doc:meta])* $variant:ident = $name:literal),* $(,)?) => {
        /// Everything that can be done, by the name it has in the trail.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Action { $($(#[$doc])* $variant),* }

        impl Action {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// As it stands in the trail.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name),* }
            }
        }
    };
}

actions! {
    /// An organization was set up.
    OrganizationCreated = "organization.created",
    /// A domain was claimed; nothing is proven yet.
    DomainClaimed = "domain.claimed",
    /// A domain was proven, or an operator vouched for it.
    DomainVerified = "domain.verified",
    /// The proof of a domain is gone: joining and linking by it are suspended.
    DomainSuspended = "domain.suspended",
    /// The proof of a domain is back.
    DomainRestored = "domain.restored",
    /// A domain was removed.
    DomainRemoved = "domain.removed",
    /// A facility was added.
    FacilityAdded = "facility.added",
    /// A facility's details were changed.
    FacilityChanged = "facility.changed",
    /// A facility was archived.
    FacilityArchived = "facility.archived",
    /// An archived facility is in use again.
    FacilityUnarchived = "facility.unarchived",
    /// A connection was set up.
    ConnectionCreated = "connection.created",
    /// A connection takes no calls.
    ConnectionPaused = "connection.paused",
    /// A connection takes calls again.
    ConnectionResumed = "connection.resumed",
    /// A pending connection's rules and ceiling take effect.
    ConnectionActivated = "connection.activated",
    /// What a connection may do was changed.
    ConnectionChanged = "connection.changed",
    /// A connection was deleted.
    ConnectionDeleted = "connection.deleted",
    /// A token was issued.
    TokenIssued = "token.issued",
    /// A token was revoked.
    TokenRevoked = "token.revoked",
    /// An access rule was added.
    RuleAdded = "rule.added",
    /// An access rule was switched on or off, or its note changed.
    RuleChanged = "rule.changed",
    /// An access rule was removed.
    RuleRemoved = "rule.removed",
    /// A User or Group was created.
    ResourceCreated = "resource.created",
    /// A User or Group was changed.
    ResourceChanged = "resource.changed",
    /// A Group's members changed.
    MembersChanged = "resource.members_changed",
    /// A User or Group was deleted.
    ResourceDeleted = "resource.deleted",
    /// A User was linked to a person.
    LinkMade = "link.made",
    /// A link waits for a decision.
    LinkHeld = "link.held",
    /// A held link, or a held address, was decided.
    LinkDecided = "link.decided",
    /// A person was added.
    PersonAdded = "person.added",
    /// A person's details changed.
    PersonChanged = "person.changed",
    /// A person's access ended.
    PersonDeactivated = "person.deactivated",
    /// A person has access again.
    PersonReactivated = "person.reactivated",
    /// What a person may do changed.
    AccessChanged = "person.access_changed",
    /// A person is no longer managed by a connection.
    PersonDetached = "person.detached",
    /// Somebody invited is none any longer.
    PersonRemoved = "person.removed",
    /// A held change was released.
    ChangeReleased = "change.released",
    /// A held change was discarded.
    ChangeDiscarded = "change.discarded",
    /// A connection took something from more people than it may at once.
    MassChangeAlarmed = "mass_change.alarmed",
    /// A mass deactivation was undone.
    MassChangeUndone = "mass_change.undone",
    /// Access to the organization was recovered at the machine.
    AdminRecovered = "admin.recovered",
    /// Somebody asked to join.
    JoinRequestCreated = "join_request.created",
    /// Admins were reminded of a request.
    JoinRequestReminded = "join_request.reminded",
    /// A request was accepted.
    JoinRequestAccepted = "join_request.accepted",
    /// A request was rejected.
    JoinRequestRejected = "join_request.rejected",
    /// A request ended undecided.
    JoinRequestExpired = "join_request.expired",
    /// A request was withdrawn by whoever made it.
    JoinRequestWithdrawn = "join_request.withdrawn",
    /// An invitation was put on the list.
    InvitationStaged = "invitation.staged",
    /// An invitation was taken off the list.
    InvitationRemoved = "invitation.removed",
    /// An invitation was sent.
    InvitationSent = "invitation.sent",
    /// An invitation was sent again; the old link is void.
    InvitationResent = "invitation.resent",
    /// An invitation was accepted.
    InvitationAccepted = "invitation.accepted",
    /// An invitation was revoked.
    InvitationRevoked = "invitation.revoked",
    /// An invitation ended unaccepted.
    InvitationExpired = "invitation.expired",
    /// A plan was made.
    PlanCreated = "plan.created",
    /// A plan's change took effect; people follow.
    PlanApplied = "plan.applied",
    /// A plan was discarded.
    PlanDiscarded = "plan.discarded",
    /// A plan was refused: what it read has changed.
    PlanStale = "plan.stale",
    /// Organization admins were told of what happened.
    AdminsTold = "admins.told",
    /// A one-time link into the console was made.
    SignInLinkMade = "sign_in_link.made",
    /// Somebody signed in to the console.
    SignedIn = "session.began",
    /// A session ended.
    SessionEnded = "session.ended",
    /// Somebody may read everything of the organization.
    AuditorAdded = "auditor.added",
    /// Somebody may no longer read everything.
    AuditorRemoved = "auditor.removed",
    /// An OpenID provider was set up.
    ProviderAdded = "provider.added",
    /// An OpenID provider was removed.
    ProviderRemoved = "provider.removed",
    /// An issuer's subject was bound to a person.
    IdentityBound = "identity.bound",
    /// It is bound to them no longer.
    IdentityRemoved = "identity.removed",
    /// A step of a connection's set-up was ticked, or its tick taken back.
    StepTicked = "connection.step_ticked",
    /// A request of an IdP was replayed; nothing came of it but knowledge.
    RequestReplayed = "request.replayed",
    /// An Organization admin chose what they are mailed about.
    MailsChosen = "mails.chosen",
    /// Something was downloaded from the console.
    ExportMade = "export.created",
}

/// What something was done to.
#[derive(Debug, Clone, Copy)]
pub enum Target {
    /// The organization itself.
    Organization(OrganizationId),
    /// A facility.
    Facility(FacilityId),
    /// A connection.
    Connection(ConnectionId),
    /// A token.
    Token(TokenId),
    /// An access rule.
    Rule(RuleId),
    /// A User or Group.
    Resource(ResourceId),
    /// A person.
    Person(PersonId),
    /// A domain.
    Domain(DomainId),
    /// A request to join.
    JoinRequest(JoinRequestId),
    /// An invitation.
    Invitation(InvitationId),
    /// A plan.
    Plan(PlanId),
    /// What one connection took from many people at once.
    MassChange(MassChangeId),
    /// One permission of one person from one source.
    Grant(GrantId),
    /// A browser in which somebody is signed in.
    Session(SessionId),
    /// A one-time link into the console.
    SignInLink(SignInLinkId),
    /// An OpenID provider.
    Provider(ProviderId),
}

impl Target {
    /// Every kind of thing, by the name it has in the trail.
    pub const KINDS: &'static [&'static str] = &[
        "connection",
        "domain",
        "facility",
        "grant",
        "invitation",
        "join_request",
        "mass_change",
        "organization",
        "person",
        "plan",
        "provider",
        "resource",
        "rule",
        "session",
        "sign_in_link",
        "token",
    ];

    fn parts(self) -> (&'static str, Uuid) {
        match self {
            Self::Organization(id) => ("organization", id.uuid()),
            Self::Facility(id) => ("facility", id.uuid()),
            Self::Connection(id) => ("connection", id.uuid()),
            Self::Token(id) => ("token", id.uuid()),
            Self::Rule(id) => ("rule", id.uuid()),
            Self::Resource(id) => ("resource", id.uuid()),
            Self::Person(id) => ("person", id.uuid()),
            Self::Domain(id) => ("domain", id.uuid()),
            Self::JoinRequest(id) => ("join_request", id.uuid()),
            Self::Invitation(id) => ("invitation", id.uuid()),
            Self::Plan(id) => ("plan", id.uuid()),
            Self::MassChange(id) => ("mass_change", id.uuid()),
            Self::Grant(id) => ("grant", id.uuid()),
            Self::Session(id) => ("session", id.uuid()),
            Self::SignInLink(id) => ("sign_in_link", id.uuid()),
            Self::Provider(id) => ("provider", id.uuid()),
        }
    }
}

/// What to record.
#[derive(Debug)]
pub struct Record {
    /// What was done.
    pub action: Action,
    /// To what.
    pub target: Target,
    /// What it was like before.
    pub before: Option<Value>,
    /// What it is like now.
    pub after: Option<Value>,
    /// Why.
    pub reason: Option<String>,
}

impl Record {
    /// An action on a target.
    #[must_use]
    pub const fn of(action: Action, target: Target) -> Self {
        Self { action, target, before: None, after: None, reason: None }
    }

    /// What it was like before.
    #[must_use]
    pub fn before(mut self, before: Value) -> Self {
        self.before = Some(before);
        self
    }

    /// What it is like now.
    #[must_use]
    pub fn after(mut self, after: Value) -> Self {
        self.after = Some(after);
        self
    }

    /// Why.
    #[must_use]
    pub fn because(mut self, reason: impl Into<String>) -> Self {
        self.reason = Some(reason.into());
        self
    }
}

/// Adds the record to the change's own transaction.
///
/// # Errors
///
/// What the database says; the change cannot be committed then.
pub async fn record(tx: &mut Tx, record: Record) -> Result<(), store::Error> {
    let (target_kind, target_id) = record.target.parts();
    let before = record.before.map(|value| value.to_string());
    let after = record.after.map(|value| value.to_string());
    tx.insert_audit_record(&NewRecord {
        action: record.action.as_str(),
        target_kind,
        target_id,
        before: before.as_deref(),
        after: after.as_deref(),
        reason: record.reason.as_deref(),
    })
    .await
}
