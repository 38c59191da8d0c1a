//! What waits, as a list: held links, held addresses, permissions that are held, kept or asleep. Each by the id that
//! it is decided by; deciding is for those who know what the IdP asserts.

use serde::Serialize;
use uuid::Uuid;

use super::explain::{connection_keys, reason_in_words};
use super::permissions::Permission;
use super::{Directory, Error};
use crate::clock::Timestamp;
use crate::ids::{GrantId, Id as _, MassChangeId, OrganizationId, RequestId, ResourceId};
use crate::store::grants::{Grant, GrantState};
use crate::store::held::{HeldGrant, HeldLink};
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

/// A page of what waits.
#[derive(Debug, Clone)]
pub struct HeldPage {
    /// What waits, oldest first.
    pub held: Vec<Held>,
    /// The place after which the next page begins, if there is one.
    pub next: Option<Place>,
}

/// A place in the order of what waits: since when, and by which id.
pub type Place = (Timestamp, Uuid);

/// Before everything.
const BEGINNING: Place = (Timestamp::from_millis(i64::MIN), Uuid::nil());

impl Directory {
    /// Everything of an organization that waits, oldest first.
    pub async fn held(&self, organization: &str) -> Result<Vec<Held>, Error> {
        let organization = self.find_organization(organization).await?.id;
        Ok(everything(&mut self.store.read().await?, organization).await?)
    }

    /// A page of what waits; of it only doubtful links and addresses, if `conflicts`.
    pub async fn held_page(
        &self,
        organization: OrganizationId,
        conflicts: bool,
        after: Option<Place>,
        limit: u32,
    ) -> Result<HeldPage, Error> {
        let mut reader = self.store.read().await?;
        let after = after.unwrap_or(BEGINNING);
        let mut rows = waiting(&mut reader, organization, conflicts, after, limit.saturating_add(1)).await?;
        let more = rows.len() > limit as usize;
        rows.truncate(limit as usize);
        let next = rows.last().filter(|_| more).map(|(place, _)| *place);
        Ok(HeldPage { held: rows.into_iter().map(|(_, held)| held).collect(), next })
    }

    /// Whom something is about that waits or waited, by the id that it is decided by.
    pub async fn held_about(&self, organization: OrganizationId, id: &str) -> Result<Option<String>, Error> {
        let mut reader = self.store.read().await?;
        let of_grant = match id.parse::<GrantId>() {
            Ok(id) => reader.grant(organization, id).await?.map(|grant| grant.person_id),
            Err(_) => None,
        };
        let of_link = match id.parse::<ResourceId>() {
            Ok(id) if of_grant.is_none() => reader.link(organization, id).await?.and_then(|link| link.person_id),
            _ => None,
        };
        let Some(person) = of_grant.or(of_link) else { return Ok(None) };
        Ok(reader.person(organization, person).await?.map(|person| person.email))
    }
}

/// Everything of an organization that waits, oldest first.
pub(super) async fn everything(reader: &mut Reader, organization: OrganizationId) -> Result<Vec<Held>, store::Error> {
    let rows = waiting(reader, organization, false, BEGINNING, u32::MAX).await?;
    Ok(rows.into_iter().map(|(_, held)| held).collect())
}

/// What waits after a place, each with its own.
async fn waiting(
    reader: &mut Reader,
    organization: OrganizationId,
    conflicts: bool,
    after: Place,
    limit: u32,
) -> Result<Vec<(Place, Held)>, store::Error> {
    let connections = connection_keys(reader, organization).await?;
    let mut rows = Vec::new();
    for HeldLink { link, person } in reader.held_links_after(organization, after, limit).await? {
        let connection = connections.get(&link.connection_id).cloned();
        rows.push(((link.created_at, link.resource_id.uuid()), of_link(link, person, connection)));
    }
    let grants = if conflicts { Vec::new() } else { reader.held_grants_after(organization, after, limit).await? };
    for HeldGrant { grant, person, since } in grants {
        let connection = grant.connection_id.and_then(|id| connections.get(&id).cloned());
        rows.push(((since, grant.id.uuid()), of_grant(grant, person, since, connection)));
    }
    rows.sort_unstable_by_key(|(place, _)| *place);
    rows.truncate(limit as usize);
    Ok(rows)
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

fn of_grant(grant: Grant, person: String, since: Timestamp, connection: Option<String>) -> Held {
    let reason = grant.reason.unwrap_or_default();
    let permission = Permission::of(&grant.permission, grant.facility_key.as_deref());
    Held {
        id: grant.id.to_string(),
        kind: match grant.state {
            GrantState::Effective => What::Loss,
            GrantState::Held => What::Permission,
            GrantState::Dormant => What::Dormant,
        },
        person: Some(person),
        resource: None,
        connection,
        permission: permission.map(|permission| permission.to_string()),
        text: reason_in_words(&reason).to_owned(),
        reason,
        request: grant.hold.held_request_id.unwrap_or(grant.request_id),
        since,
        deadline: grant.hold.deadline_at,
        mass_change: grant.hold.mass_change_id,
    }
}
