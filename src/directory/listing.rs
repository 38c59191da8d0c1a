//! People as a list that is read a page at a time: narrowed, ordered, and each with what they may do. Costs the page and
//! not the organization.

use serde::Serialize;

use super::explain::{PersonOverview, connection_keys, overview};
use super::people::Person;
use super::{Directory, Error};
use crate::clock::Timestamp;
use crate::ids::{Id as _, PersonId};
use crate::store::people_list::{From, Narrowed};

pub use crate::store::people::Status;
pub use crate::store::people_list::Counts;

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
    /// In this order.
    pub order: Order,
    /// After this person of that order.
    pub after: Option<PersonId>,
}

/// A page of people.
#[derive(Debug, Serialize)]
pub struct Listed {
    /// The people.
    pub people: Vec<PersonOverview>,
    /// After whom the next page begins, if there is one.
    pub next: Option<PersonId>,
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
            found.unwrap_or_else(|| crate::ids::ConnectionId::from_uuid(uuid::Uuid::nil()))
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
        let mut people = Vec::with_capacity(rows.len());
        for person in rows {
            let grants = reader.explained_grants(organization.id, person.id).await?;
            people.push(overview(&organization, person, &grants, &connections));
        }
        Ok(Listed { people, next })
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

/// What finds a text anywhere in a name or an address; nothing finds everybody.
fn like(text: &str) -> Option<String> {
    let text = text.trim().to_lowercase();
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
