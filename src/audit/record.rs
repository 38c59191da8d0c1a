//! One audit record: what was done to what, what it was like before and after, and why. The transaction knows who,
//! when and on which request.

use serde_json::Value;
use uuid::Uuid;

use crate::ids::{ConnectionId, FacilityId, Id as _, OrganizationId, PersonId, ResourceId, RuleId, TokenId};
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
    /// An operator vouched for a domain.
    DomainVerified = "domain.verified",
    /// A facility was added.
    FacilityAdded = "facility.added",
    /// A facility's details were changed.
    FacilityChanged = "facility.changed",
    /// A facility was archived.
    FacilityArchived = "facility.archived",
    /// A connection was set up.
    ConnectionCreated = "connection.created",
    /// A connection takes no calls.
    ConnectionPaused = "connection.paused",
    /// A connection takes calls again.
    ConnectionResumed = "connection.resumed",
    /// A token was issued.
    TokenIssued = "token.issued",
    /// A token was revoked.
    TokenRevoked = "token.revoked",
    /// An access rule was added.
    RuleAdded = "rule.added",
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
}

impl Target {
    fn parts(self) -> (&'static str, Uuid) {
        match self {
            Self::Organization(id) => ("organization", id.uuid()),
            Self::Facility(id) => ("facility", id.uuid()),
            Self::Connection(id) => ("connection", id.uuid()),
            Self::Token(id) => ("token", id.uuid()),
            Self::Rule(id) => ("rule", id.uuid()),
            Self::Resource(id) => ("resource", id.uuid()),
            Self::Person(id) => ("person", id.uuid()),
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
