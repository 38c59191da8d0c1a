//! What waits, as a list: held links, held addresses, permissions that are held, kept or asleep. Each by the id that
//! it is decided by; deciding is for those who know what the IdP asserts.

use serde::Serialize;

use super::explain::{connection_keys, reason_in_words};
use super::permissions::Permission;
use super::{Directory, Error};
use crate::clock::Timestamp;
use crate::ids::{MassChangeId, OrganizationId, PersonId, RequestId, ResourceId};
use crate::store::grants::{Grant, GrantState};
use crate::store::links::{Link, LinkState};
use crate::store::{self, Reader};

/// What of something waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// Whether a User stands for a person.
    Link,
    /// Whether the IdP's new address becomes the person's.
    Address,
    /// Whether a permission takes effect.
    Permission,
    /// Whether a permission in effect is lost.
    Loss,
    /// A permission waits for its facility; nobody has to decide.
    Dormant,
}

impl What {
    /// The name, as in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Link => "link",
            Self::Address => "address",
            Self::Permission => "permission",
            Self::Loss => "loss",
            Self::Dormant => "dormant",
        }
    }
}

/// Something that waits.
#[derive(Debug, Clone, Serialize)]
pub struct Held {
    /// By which it is decided.
    pub id: String,
    /// What of it waits.
    pub kind: What,
    /// Whom it is about, if anybody yet.
    pub person: Option<String>,
    /// The SCIM User, of a link.
    pub resource: Option<ResourceId>,
    /// The connection, by key.
    pub connection: Option<String>,
    /// The permission, of one.
    pub permission: Option<String>,
    /// Why, as it is stored.
    pub reason: String,
    /// Why, in a sentence.
    pub text: String,
    /// By which request.
    pub request: RequestId,
    /// Since when.
    pub since: Timestamp,
    /// By when somebody should have decided.
    pub deadline: Option<Timestamp>,
    /// With which others it would have been lost.
    pub mass_change: Option<MassChangeId>,
}

impl Directory {
    /// Everything of an organization that waits, oldest first.
    pub async fn held(&self, organization: &str) -> Result<Vec<Held>, Error> {
        let organization = self.find_organization(organization).await?.id;
        Ok(everything(&mut self.store.read().await?, organization).await?)
    }
}

/// Everything of an organization that waits, oldest first.
pub(super) async fn everything(reader: &mut Reader, organization: OrganizationId) -> Result<Vec<Held>, store::Error> {
    let connections = connection_keys(reader, organization).await?;
    let mut held = Vec::new();
    for link in reader.held_links(organization).await? {
        let connection = connections.get(&link.connection_id).cloned();
        let person = email_of(reader, organization, link.person_id).await?;
        held.push(of_link(link, person, connection));
    }
    for grant in reader.held_grants(organization).await? {
        let connection = grant.connection_id.and_then(|id| connections.get(&id).cloned());
        let person = email_of(reader, organization, Some(grant.person_id)).await?;
        held.push(of_grant(grant, person, connection));
    }
    held.sort_by_key(|item| item.since);
    Ok(held)
}

fn of_link(link: Link, person: Option<String>, connection: Option<String>) -> Held {
    let reason = link.reason.unwrap_or_default();
    Held {
        id: link.resource_id.to_string(),
        kind: if link.state == LinkState::Held { What::Link } else { What::Address },
        person,
        resource: Some(link.resource_id),
        connection,
        permission: None,
        text: reason_in_words(&reason).to_owned(),
        reason,
        request: link.request_id,
        since: link.created_at,
        deadline: link.deadline_at,
        mass_change: None,
    }
}

fn of_grant(grant: Grant, person: Option<String>, connection: Option<String>) -> Held {
    let reason = grant.reason.unwrap_or_default();
    let permission = Permission::of(&grant.permission, grant.facility_key.as_deref());
    Held {
        id: grant.id.to_string(),
        kind: match grant.state {
            GrantState::Effective => What::Loss,
            GrantState::Held => What::Permission,
            GrantState::Dormant => What::Dormant,
        },
        person,
        resource: None,
        connection,
        permission: permission.map(|permission| permission.to_string()),
        text: reason_in_words(&reason).to_owned(),
        reason,
        request: grant.hold.held_request_id.unwrap_or(grant.request_id),
        since: grant.hold.held_at.unwrap_or(grant.created_at),
        deadline: grant.hold.deadline_at,
        mass_change: grant.hold.mass_change_id,
    }
}

async fn email_of(
    reader: &mut Reader,
    organization: OrganizationId,
    person: Option<PersonId>,
) -> Result<Option<String>, store::Error> {
    let Some(person) = person else { return Ok(None) };
    Ok(reader.person(organization, person).await?.map(|person| person.email))
}
