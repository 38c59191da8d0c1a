//! A resource as it is answered: the stored document with what is kept elsewhere (members, groups, access). Loads
//! no more than the answer shows.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Map, Value};

use super::Error;
use crate::directory::permissions::Permission;
use crate::ids::{ConnectionId, OrganizationId, ResourceId};
use crate::scim::projection::{Access, Projection, Reference, Rendered};
use crate::scim::resource;
use crate::scim::{ResourceType, schema};
use crate::store::links::AccessRow;
use crate::store::members::{Related, RelatedOf};
use crate::store::people::Status;
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
        let (connection, wants) = (row.connection_id, |name: &str| projection.wants(name));
        let mut views = Self::load_all(reader, organization, connection, vec![row], &wants).await?;
        Ok(views.swap_remove(0))
    }

    /// Loads what is wanted of several rows of a connection, in their order, with one query for each kind of thing.
    pub(super) async fn load_all(
        reader: &mut Reader,
        organization: OrganizationId,
        connection: ConnectionId,
        rows: Vec<ResourceRow>,
        wants: &(dyn Fn(&str) -> bool + Sync),
    ) -> Result<Vec<Self>, Error> {
        let of_kind = |kind, name| {
            let wanted = rows.iter().filter(|row| row.kind == kind && wants(name));
            wanted.map(|row| row.id).collect::<Vec<_>>()
        };
        let (groups, members) = (of_kind(ResourceKind::Group, "members"), of_kind(ResourceKind::User, "groups"));
        let users = of_kind(ResourceKind::User, schema::ACCESS.urn);
        let mut related = HashMap::new();
        if !groups.is_empty() {
            add_related(&mut related, &groups, reader.members_of_each(organization, connection, &groups).await?);
        }
        if !members.is_empty() {
            add_related(&mut related, &members, reader.groups_of_each(organization, connection, &members).await?);
        }
        let mut access = HashMap::new();
        if !users.is_empty() {
            access = access_of(reader.access_of_each(organization, &users).await?);
        }
        let view = |row: ResourceRow| {
            let document = document_of(&row)?;
            let (related, access) = (related.remove(&row.id), access.remove(&row.id));
            let (members, groups) = match row.kind {
                ResourceKind::Group => (related, None),
                ResourceKind::User => (None, related),
            };
            Ok(Self { row, document, members, groups, access })
        };
        rows.into_iter().map(view).collect()
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

    /// The name that people know it by.
    #[must_use]
    pub fn name(&self) -> &str {
        match self.row.kind {
            ResourceKind::User => resource::user_name(&self.document),
            ResourceKind::Group => resource::display_name(&self.document).unwrap_or_default(),
        }
    }

    /// Its URI below the connection's SCIM root.
    #[must_use]
    pub fn location(&self, base_url: &str) -> String {
        format!("{base_url}/{}/{}", ResourceType::from(self.row.kind).endpoint(), self.row.id)
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

/// What people call a User: the name that is asserted, else `userName`.
pub(super) fn shown_name(document: &Map<String, Value>) -> String {
    asserted_name(document).unwrap_or_else(|| resource::user_name(document).to_owned())
}

/// The name that the IdP asserts: display name, else formatted name, else given and family name.
pub(super) fn asserted_name(document: &Map<String, Value>) -> Option<String> {
    let whole = resource::display_name(document).or_else(|| resource::formatted_name(document));
    let parts = [resource::given_name(document), resource::family_name(document)];
    let parts = parts.into_iter().flatten().collect::<Vec<_>>().join(" ");
    whole.map(ToOwned::to_owned).or_else(|| (!parts.is_empty()).then_some(parts))
}

pub(super) fn reference(related: &Related) -> Reference {
    let document: Map<String, Value> = serde_json::from_str(&related.document).unwrap_or_default();
    let display = match related.kind {
        ResourceKind::User => Some(shown_name(&document)),
        ResourceKind::Group => resource::display_name(&document).map(ToOwned::to_owned),
    };
    Reference { id: related.id.to_string(), resource_type: related.kind.into(), display }
}

/// Sorts what was found to whom it belongs; nothing found is an empty list.
fn add_related(
    related: &mut HashMap<ResourceId, Vec<Reference>>,
    asked: &[ResourceId],
    found: impl IntoIterator<Item = RelatedOf>,
) {
    related.extend(asked.iter().map(|id| (*id, Vec::new())));
    for RelatedOf { of_id, related: one } in found {
        related.entry(of_id).or_default().push(reference(&one));
    }
}

/// What the people of Users may do, for the read-only access extension; nothing where the link is held.
fn access_of(rows: Vec<AccessRow>) -> HashMap<ResourceId, Access> {
    let mut people: HashMap<ResourceId, (Status, BTreeMap<Permission, String>)> = HashMap::new();
    for row in rows {
        let (_, permissions) = people.entry(row.resource_id).or_insert((row.status, BTreeMap::new()));
        let permission = row.permission.and_then(|name| Permission::of(&name, row.facility.as_deref()));
        if let Some(permission) = permission.filter(|_| row.status == Status::Active) {
            let words = permission.called(row.facility_name.as_deref());
            permissions.insert(permission, words);
        }
    }
    people.into_iter().map(|(id, (status, permissions))| (id, access(status, permissions))).collect()
}

fn access(status: Status, permissions: BTreeMap<Permission, String>) -> Access {
    let (mut can_edit, mut admin_for) = (Vec::new(), Vec::new());
    for (permission, words) in permissions {
        let entry = (permission.to_string(), words);
        match permission {
            Permission::EditOrganization | Permission::EditFacility(_) => can_edit.push(entry),
            Permission::OrganizationAdmin | Permission::BillingAdmin => admin_for.push(entry),
        }
    }
    Access { status: status.to_string(), can_edit, admin_for }
}
