//! People as a list that is read a page at a time: narrowed, ordered, and each with what they may do. Costs the page and
//! not the organization.

use std::collections::{HashMap, HashSet};

use serde::Serialize;

use super::explain::{PersonOverview, connection_keys};
use super::organizations::Organization;
use super::people::Person;
use super::permissions::Permission;
use super::{Directory, Error};
use crate::clock::Timestamp;
use crate::ids::{ConnectionId, Id as _, PersonId};
use crate::scim::fold;
use crate::store::people_list::{From, GrantOf, Narrowed};
use crate::store::{self, Reader};

pub use crate::store::people::Status;
pub use crate::store::people_list::Counts;

/// How many people are read at once where all are wanted.
const PORTION: u32 = 500;

/// In which order people are listed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Order {
    /// By name.
    #[default]
    Name,
    /// By address.
    Email,
    /// The last changed first.
    Changed,
}

/// Which people to list.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// With this in name or address.
    pub text: String,
    /// With this status.
    pub status: Option<Status>,
    /// Managed by the connection of this key.
    pub managed_by: Option<String>,
    /// Managed by none.
    pub unmanaged: bool,
    /// With this permission in force, by its form's name.
    pub permission: Option<String>,
    /// Who can edit the facility of this key.
    pub facility: Option<String>,
    /// Without any permission.
    pub view_only: bool,
    /// About whom something waits.
    pub attention: bool,
    /// In this order.
    pub order: Order,
    /// After this person of that order.
    pub after: Option<PersonId>,
}

/// Somebody on a list.
#[derive(Debug, Clone, Serialize)]
pub struct ListedPerson {
    /// The person with the effective permissions.
    #[serde(flatten)]
    pub overview: PersonOverview,
    /// Whether something about them waits for a decision, or for a facility.
    pub attention: bool,
}

/// A page of people.
#[derive(Debug, Serialize)]
pub struct Listed {
    /// The people.
    pub people: Vec<ListedPerson>,
    /// After whom the next page begins, if there is one.
    pub next: Option<PersonId>,
}

impl Listed {
    /// The people alone.
    #[must_use]
    pub fn overviews(self) -> Vec<PersonOverview> {
        self.people.into_iter().map(|one| one.overview).collect()
    }
}

impl Directory {
    /// A page of an organization's people.
    pub async fn list_people(&self, organization: &str, wanted: &Wanted, limit: u32) -> Result<Listed, Error> {
        let organization = self.find_organization(organization).await?;
        let mut reader = self.store.read().await?;
        let connections = connection_keys(&mut reader, organization.id).await?;
        let managed_by = wanted.managed_by.as_deref().map(|key| {
            // A key that is nobody's finds nobody.
            let found = connections.iter().find(|(_, of)| of.as_str() == key).map(|(id, _)| *id);
            found.unwrap_or_else(|| ConnectionId::from_uuid(uuid::Uuid::nil()))
        });
        let facility = match wanted.facility.as_deref() {
            Some(key) => {
                let found = reader.facility_by_key(organization.id, key).await?.map(|facility| facility.id);
                Some(found.unwrap_or_else(|| crate::ids::FacilityId::from_uuid(uuid::Uuid::nil())))
            }
            None => None,
        };
        let narrowed = Narrowed {
            status: wanted.status,
            managed_by,
            unmanaged: wanted.unmanaged,
            like: like(&wanted.text),
            permission: wanted.permission.clone(),
            facility,
            view_only: wanted.view_only,
            attention: wanted.attention,
        };
        let last = match wanted.after {
            Some(id) => reader.person(organization.id, id).await?,
            None => None,
        };
        let from = from(wanted.order, last.as_ref());
        let mut rows = reader.people_page(organization.id, &narrowed, &from, limit + 1).await?;
        let more = rows.len() > limit as usize;
        rows.truncate(limit as usize);
        let next = rows.last().filter(|_| more).map(|person| person.id);
        let people = listed(&mut reader, &organization, &connections, rows).await?;
        Ok(Listed { people, next })
    }

    /// Everybody whom all pages of a list show, in its order.
    pub async fn list_all_people(&self, organization: &str, wanted: &Wanted) -> Result<Vec<ListedPerson>, Error> {
        let (mut all, mut wanted) = (Vec::new(), Wanted { after: None, ..wanted.clone() });
        loop {
            let page = self.list_people(organization, &wanted, PORTION).await?;
            all.extend(page.people);
            match page.next {
                Some(last) => wanted.after = Some(last),
                None => return Ok(all),
            }
        }
    }

    /// How many people an organization has of each kind.
    pub async fn count_people(&self, organization: &str) -> Result<Counts, Error> {
        let organization = self.find_organization(organization).await?.id;
        Ok(self.store.read().await?.count_people(organization).await?)
    }

    /// The address of the person of this id, by which the rest is asked for.
    pub async fn address_of(&self, organization: &str, id: PersonId) -> Result<String, Error> {
        let organization = self.find_organization(organization).await?.id;
        let found = self.store.read().await?.person(organization, id).await?;
        found.map(|person| person.email).ok_or_else(|| Error::NotFound {
            kind: "person",
            name: id.to_string(),
            advice: "the list of users shows those there are",
        })
    }
}

/// Adds what the people may do, with one query for all of them.
async fn listed(
    reader: &mut Reader,
    organization: &Organization,
    connections: &HashMap<ConnectionId, String>,
    people: Vec<Person>,
) -> Result<Vec<ListedPerson>, store::Error> {
    let ids: Vec<PersonId> = people.iter().map(|person| person.id).collect();
    let mut grants: HashMap<PersonId, Vec<GrantOf>> = HashMap::new();
    for grant in reader.grants_of_each(organization.id, &ids).await? {
        grants.entry(grant.person_id).or_default().push(grant);
    }
    let held = reader.people_with_held_links(organization.id, &ids).await?;
    let held: HashSet<PersonId> = held.into_iter().collect();
    let mut all = Vec::with_capacity(people.len());
    for person in people {
        let grants = grants.remove(&person.id).unwrap_or_default();
        let attention = held.contains(&person.id) || grants.iter().any(|grant| grant.waits);
        let active = person.status == Status::Active;
        let effective = grants.iter().filter(|grant| active && grant.effective);
        let mut permissions: Vec<Permission> =
            effective.filter_map(|grant| Permission::of(&grant.permission, grant.facility.as_deref())).collect();
        permissions.sort();
        permissions.dedup();
        let managed_by = person.managed_by.and_then(|id| connections.get(&id).cloned());
        let overview = PersonOverview { organization: organization.key.clone(), managed_by, permissions, person };
        all.push(ListedPerson { overview, attention });
    }
    Ok(all)
}

/// What finds a text anywhere in a name or an address; nothing finds everybody.
fn like(text: &str) -> Option<String> {
    let text = fold(text.trim());
    let escaped: String = text.chars().flat_map(|c| if "%_!".contains(c) { vec!['!', c] } else { vec![c] }).collect();
    (!escaped.is_empty()).then(|| format!("%{escaped}%"))
}

fn from(order: Order, last: Option<&Person>) -> From {
    let text = |of: fn(&Person) -> &String| last.map(of).cloned().unwrap_or_default();
    let id = last.map(|person| person.id);
    match order {
        Order::Email => From::Email(text(|person| &person.email_key)),
        Order::Name => {
            From::Name(text(|person| &person.display_name), id.unwrap_or(PersonId::from_uuid(uuid::Uuid::nil())))
        }
        Order::Changed => From::Changed(
            last.map_or(Timestamp::from_millis(i64::MAX), |person| person.updated_at),
            id.unwrap_or(PersonId::from_uuid(uuid::Uuid::max())),
        ),
    }
}
