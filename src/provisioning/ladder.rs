//! What the IdP sent about a person, beside what is kept of it and what came of it. Changes nothing.

use serde_json::{Map, Value};

use super::view::{View, asserted_name, document_of};
use super::{Error, Provisioning};
use crate::clock::Timestamp;
use crate::ids::{OrganizationId, PersonId, ResourceId};
use crate::scim::resource;
use crate::store::links::LinkState;

/// A User as its connection asserts it.
#[derive(Debug, Clone)]
pub struct Asserted {
    /// The connection, by key.
    pub connection: String,
    /// Its id on the wire.
    pub id: ResourceId,
    /// The IdP's own id for it.
    pub external_id: Option<String>,
    /// `userName`
    pub user_name: String,
    /// Whether the IdP says that it is active.
    pub active: bool,
    /// How often it has changed, and one.
    pub version: i64,
    /// When it was first asserted.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// The groups that it is directly in, by name.
    pub groups: Vec<String>,
    /// The name that is asserted, if any is.
    pub name: Option<String>,
    /// The addresses that are asserted.
    pub emails: Vec<String>,
    /// The values of `roles` and `entitlements`.
    pub asks: Vec<String>,
    /// All that is kept, as JSON.
    pub document: Value,
    /// Since when it stands for the person.
    pub linked_at: Timestamp,
}

impl Asserted {
    /// Everything of it, in lines.
    #[must_use]
    pub fn pretty(&self) -> String {
        serde_json::to_string_pretty(&self.document).unwrap_or_default()
    }
}

impl Provisioning {
    /// The User that stands for a person, if one does.
    pub async fn asserted(&self, organization: OrganizationId, person: PersonId) -> Result<Option<Asserted>, Error> {
        let mut reader = self.store.read().await?;
        let link = reader.link_of_person(organization, person).await?;
        let Some(link) = link.filter(|link| link.state == LinkState::Linked) else { return Ok(None) };
        let Some(row) = reader.resource(organization, link.connection_id, link.resource_id).await? else {
            return Ok(None);
        };
        let connection = reader.connection_by_id(organization, row.connection_id).await?;
        let wants = |name: &str| name == "groups";
        let document = document_of(&row)?;
        let (name, emails) = (asserted_name(&document), resource::emails(&document).map(str::to_owned).collect());
        let asks = ["roles", "entitlements"].into_iter().flat_map(|attribute| values(&document, attribute)).collect();
        let (active, version, external_id) = (row.active, row.version, row.external_id.clone());
        let (created_at, updated_at, id) = (row.created_at, row.updated_at, row.id);
        let views = View::load_all(&mut reader, organization, link.connection_id, vec![row], &wants).await?;
        let Some(view) = views.into_iter().next() else { return Ok(None) };
        let user_name = view.name().to_owned();
        let groups = view.groups.unwrap_or_default().into_iter();
        Ok(Some(Asserted {
            connection: connection.map(|row| row.key).unwrap_or_default(),
            id,
            external_id,
            user_name,
            active,
            version,
            created_at,
            updated_at,
            groups: groups.map(|group| group.display.unwrap_or(group.id)).collect(),
            name,
            emails,
            asks,
            document: Value::Object(document),
            linked_at: link.created_at,
        }))
    }
}

/// The values of a multi-valued attribute.
fn values(document: &Map<String, Value>, attribute: &str) -> Vec<String> {
    let entries = document.get(attribute).and_then(Value::as_array).into_iter().flatten();
    entries.filter_map(|entry| entry.get("value")?.as_str().map(str::to_owned)).collect()
}
