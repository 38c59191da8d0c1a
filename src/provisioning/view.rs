//! A resource as it is answered: the stored document with what is kept elsewhere (members, groups, access). Loads
//! no more than the answer shows.

use serde_json::{Map, Value};

use super::Error;
use crate::directory::grants;
use crate::directory::permissions::Permission;
use crate::ids::OrganizationId;
use crate::scim::projection::{Access, Projection, Reference, Rendered};
use crate::scim::resource;
use crate::scim::{ResourceType, schema};
use crate::store::members::Related;
use crate::store::resources::{ResourceKind, ResourceRow};
use crate::store::{self, Reader};

/// A resource, ready to be rendered.
#[derive(Debug, Clone)]
pub struct View {
    /// As it is stored.
    pub(crate) row: ResourceRow,
    /// Its canonical document.
    pub(crate) document: Map<String, Value>,
    /// Of a Group, if asked for.
    pub(crate) members: Option<Vec<Reference>>,
    /// Of a User, if asked for.
    pub(crate) groups: Option<Vec<Reference>>,
    /// Of a User, if asked for.
    pub(crate) access: Option<Access>,
}

impl View {
    /// Loads what the projection shows of a row.
    pub(super) async fn load(
        reader: &mut Reader,
        organization: OrganizationId,
        row: ResourceRow,
        projection: &Projection,
    ) -> Result<Self, Error> {
        let document = document_of(&row)?;
        let mut view = Self { row, document, members: None, groups: None, access: None };
        let (connection, id) = (view.row.connection_id, view.row.id);
        match view.row.kind {
            ResourceKind::Group => {
                if projection.wants("members") {
                    view.members = Some(references(&reader.members(organization, connection, id).await?));
                }
            }
            ResourceKind::User => {
                if projection.wants("groups") {
                    view.groups = Some(references(&reader.groups_of(organization, connection, id).await?));
                }
                if projection.wants(schema::ACCESS.urn) {
                    view.access = access(reader, organization, &view.row).await?;
                }
            }
        }
        Ok(view)
    }

    /// The version, as in the ETag.
    #[must_use]
    pub const fn version(&self) -> i64 {
        self.row.version
    }

    /// The id on the wire.
    #[must_use]
    pub fn id(&self) -> String {
        self.row.id.to_string()
    }

    /// The JSON of an answer, as far as the projection shows it.
    #[must_use]
    pub fn render(&self, base_url: &str, projection: &Projection) -> Value {
        Value::Object(projection.apply(self.full(base_url)))
    }

    /// Everything that is loaded, unprojected.
    pub(crate) fn full(&self, base_url: &str) -> Map<String, Value> {
        let id = self.id();
        Rendered {
            resource_type: ResourceType::from(self.row.kind),
            id: &id,
            document: &self.document,
            version: self.row.version,
            created: self.row.created_at,
            last_modified: self.row.updated_at,
            members: self.members.as_deref(),
            groups: self.groups.as_deref(),
            access: self.access.as_ref(),
        }
        .full(base_url)
    }
}

/// The document of a row.
pub(super) fn document_of(row: &ResourceRow) -> Result<Map<String, Value>, store::Error> {
    serde_json::from_str(&row.document).map_err(|_| store::Error::Corrupt { table: "resources", column: "document" })
}

/// The `displayName` in a stored document.
pub(super) fn name_of(document: &str) -> Option<String> {
    let document: Map<String, Value> = serde_json::from_str(document).ok()?;
    resource::display_name(&document).map(ToOwned::to_owned)
}

/// What people call a User: its display name, else its formatted name, else given and family name, else `userName`.
pub(super) fn shown_name(document: &Map<String, Value>) -> String {
    let whole = resource::display_name(document).or_else(|| resource::formatted_name(document));
    let parts = [resource::given_name(document), resource::family_name(document)];
    let parts = parts.into_iter().flatten().collect::<Vec<_>>().join(" ");
    match whole {
        Some(name) => name.to_owned(),
        None if parts.is_empty() => resource::user_name(document).to_owned(),
        None => parts,
    }
}

pub(super) fn references(related: &[Related]) -> Vec<Reference> {
    related.iter().map(reference).collect()
}

pub(super) fn reference(related: &Related) -> Reference {
    let document: Map<String, Value> = serde_json::from_str(&related.document).unwrap_or_default();
    let display = match related.kind {
        ResourceKind::User => Some(shown_name(&document)),
        ResourceKind::Group => resource::display_name(&document).map(ToOwned::to_owned),
    };
    Reference { id: related.id.to_string(), resource_type: related.kind.into(), display }
}

/// What the person of a User may do, for the read-only access extension; nothing while the link is held.
async fn access(
    reader: &mut Reader,
    organization: OrganizationId,
    row: &ResourceRow,
) -> Result<Option<Access>, store::Error> {
    let link = reader.link(organization, row.id).await?;
    let linked = link.filter(|link| link.state == store::links::LinkState::Linked);
    let Some(person) = linked.and_then(|link| link.person_id) else { return Ok(None) };
    let Some(person) = reader.person(organization, person).await? else { return Ok(None) };
    let permissions = grants::effective(reader, organization, person.id).await?;
    let (mut can_edit, mut admin_for) = (Vec::new(), Vec::new());
    for permission in permissions {
        let entry = (permission.to_string(), permission.called());
        match permission {
            Permission::EditOrganization | Permission::EditFacility(_) => can_edit.push(entry),
            Permission::OrganizationAdmin | Permission::BillingAdmin => admin_for.push(entry),
        }
    }
    Ok(Some(Access { status: person.status.to_string(), can_edit, admin_for }))
}
