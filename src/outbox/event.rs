//! The events, in the past tense, each about a subject whose events go out in order.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::ids::{Id as _, OrganizationId, PersonId, ResourceId};
use crate::store::{self, Tx};

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
    /// What a person may do changed; with the permissions now in force.
    UserAccessChanged(PersonId, Vec<String>),
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
            Self::UserAccessChanged(id, permissions) => {
                ("user.access_changed", id.uuid(), json!({ "person": id, "permissions": permissions }))
            }
            Self::ChangeHeld(id, reason) => ("change.held", id.uuid(), json!({ "person": id, "reason": reason })),
            Self::GroupCreated(id) => ("group.created", id.uuid(), json!({ "group": id })),
            Self::GroupRenamed(id) => ("group.renamed", id.uuid(), json!({ "group": id })),
            Self::GroupDeleted(id) => ("group.deleted", id.uuid(), json!({ "group": id })),
            Self::LastAdminDeactivated(id) => {
                ("organization.last_admin_deactivated", id.uuid(), json!({ "organization": id }))
            }
        }
    }
}

/// Puts the event into the change's own transaction.
///
/// # Errors
///
/// What the database says; the change cannot be committed then.
pub async fn emit(tx: &mut Tx, event: &Event) -> Result<(), store::Error> {
    let (kind, subject, payload) = event.parts();
    tx.insert_event(kind, subject, &payload.to_string()).await
}
