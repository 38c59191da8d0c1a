//! `resources` and `resource_emails`: SCIM Users and Groups, exactly as their connection asserted them.

use std::collections::HashMap;

use sqlx::FromRow;

use super::columns::{IdList, named_states};
use super::statement::{run, statements};
use super::{Error, Reader, Tx};
use crate::clock::Timestamp;
use crate::ids::{ConnectionId, OrganizationId, ResourceId};
use crate::scim::ResourceType;

named_states! {
    /// What a resource is.
    pub enum ResourceKind {
        /// A User.
        User = "User",
        /// A Group.
        Group = "Group",
    }
}

impl From<ResourceType> for ResourceKind {
    fn from(resource_type: ResourceType) -> Self {
        match resource_type {
            ResourceType::User => Self::User,
            ResourceType::Group => Self::Group,
        }
    }
}

impl From<ResourceKind> for ResourceType {
    fn from(kind: ResourceKind) -> Self {
        match kind {
            ResourceKind::User => Self::User,
            ResourceKind::Group => Self::Group,
        }
    }
}

/// A resource as it is stored.
#[derive(Debug, Clone, FromRow)]
pub struct ResourceRow {
    /// Its id.
    pub id: ResourceId,
    /// Its connection.
    pub connection_id: ConnectionId,
    /// What it is.
    pub kind: ResourceKind,
    /// `userName` or `displayName`, folded.
    pub name_key: String,
    /// The IdP's own id for it.
    pub external_id: Option<String>,
    /// Whether a User is active; `true` for a Group.
    pub active: bool,
    /// Counts its changes.
    pub version: i64,
    /// `meta.created`
    pub created_at: Timestamp,
    /// `meta.lastModified`
    pub updated_at: Timestamp,
    /// Canonical JSON, without `id`, `meta`, `groups` and `members`.
    pub document: String,
}

statements! {
    BY_ID = "SELECT id, connection_id, kind, name_key, external_id, active, version, created_at, updated_at, document \
        FROM resources WHERE organization_id = $1 AND connection_id = $2 AND id = $3";
    BY_IDS = "SELECT r.id, r.connection_id, r.kind, r.name_key, r.external_id, r.active, r.version, r.created_at, \
        r.updated_at, r.document FROM json_each($3) AS wanted CROSS JOIN resources r \
        ON r.organization_id = $1 AND r.connection_id = $2 AND r.id = unhex(wanted.value)",
        postgres "SELECT id, connection_id, kind, name_key, external_id, active, version, created_at, updated_at, \
        document FROM resources WHERE organization_id = $1 AND connection_id = $2 AND id = ANY($3)";
    ID_BY_NAME = "SELECT id FROM resources \
        WHERE organization_id = $1 AND connection_id = $2 AND kind = $3 AND name_key = $4";
    ID_BY_EXTERNAL_ID = "SELECT id FROM resources \
        WHERE organization_id = $1 AND connection_id = $2 AND kind = $3 AND external_id = $4";
    INSERT = "INSERT INTO resources (organization_id, id, connection_id, kind, name_key, external_id, active, version, \
        created_at, updated_at, document) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    UPDATE = "UPDATE resources SET name_key = $3, external_id = $4, active = $5, version = $6, updated_at = $7, \
        document = $8 WHERE organization_id = $1 AND id = $2";
    TOUCH = "UPDATE resources SET version = $3, updated_at = $4 WHERE organization_id = $1 AND id = $2";
    DELETE = "DELETE FROM resources WHERE organization_id = $1 AND id = $2";
    DELETE_ALL = "DELETE FROM resources WHERE organization_id = $1 AND connection_id = $2";
    ADD_EMAIL = "INSERT INTO resource_emails (organization_id, connection_id, value_key, resource_id) \
        VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
    CLEAR_EMAILS = "DELETE FROM resource_emails \
        WHERE organization_id = $1 AND connection_id = $2 AND resource_id = $3";
    USER_IDS_AFTER = "SELECT id FROM resources \
        WHERE organization_id = $1 AND connection_id = $2 AND kind = 'User' AND id > $3 ORDER BY id LIMIT $4";
    GROUPS = "SELECT id, connection_id, kind, name_key, external_id, active, version, created_at, updated_at, document \
        FROM resources WHERE organization_id = $1 AND connection_id = $2 AND kind = 'Group' ORDER BY id";
}

impl Reader {
    /// The resource of this id, of either kind.
    pub async fn resource(
        &mut self,
        organization: OrganizationId,
        connection: ConnectionId,
        id: ResourceId,
    ) -> Result<Option<ResourceRow>, Error> {
        run!(self, query_as::<ResourceRow>(BY_ID, organization, connection, id).fetch_optional)
    }

    /// The resources of these ids that there are, in the order of the ids.
    pub async fn resources(
        &mut self,
        organization: OrganizationId,
        connection: ConnectionId,
        ids: &[ResourceId],
    ) -> Result<Vec<ResourceRow>, Error> {
        let rows = run!(self, query_as::<ResourceRow>(BY_IDS, organization, connection, IdList(ids)).fetch_all)?;
        let mut by_id: HashMap<ResourceId, ResourceRow> = rows.into_iter().map(|row| (row.id, row)).collect();
        Ok(ids.iter().filter_map(|id| by_id.remove(id)).collect())
    }

    /// Which resource of the connection has this folded name.
    pub async fn resource_by_name(
        &mut self,
        organization: OrganizationId,
        connection: ConnectionId,
        kind: ResourceKind,
        name_key: &str,
    ) -> Result<Option<ResourceId>, Error> {
        run!(self, query_scalar::<ResourceId>(ID_BY_NAME, organization, connection, kind, name_key).fetch_optional)
    }

    /// Which resource of the connection has this `externalId`.
    pub async fn resource_by_external_id(
        &mut self,
        organization: OrganizationId,
        connection: ConnectionId,
        kind: ResourceKind,
        external_id: &str,
    ) -> Result<Option<ResourceId>, Error> {
        run!(
            self,
            query_scalar::<ResourceId>(ID_BY_EXTERNAL_ID, organization, connection, kind, external_id).fetch_optional
        )
    }

    /// The next Users of a connection after an id.
    pub async fn user_ids_after(
        &mut self,
        organization: OrganizationId,
        connection: ConnectionId,
        after: ResourceId,
        limit: u32,
    ) -> Result<Vec<ResourceId>, Error> {
        run!(
            self,
            query_scalar::<ResourceId>(USER_IDS_AFTER, organization, connection, after, i64::from(limit)).fetch_all
        )
    }

    /// The Groups of a connection.
    pub async fn groups(
        &mut self,
        organization: OrganizationId,
        connection: ConnectionId,
    ) -> Result<Vec<ResourceRow>, Error> {
        run!(self, query_as::<ResourceRow>(GROUPS, organization, connection).fetch_all)
    }
}

impl Tx {
    /// Adds one; the caller has made sure that its name and `externalId` are free.
    pub async fn insert_resource(&mut self, row: &ResourceRow) -> Result<(), Error> {
        let organization = self.organization();
        run!(
            self.changing(),
            execute(
                INSERT,
                organization,
                row.id,
                row.connection_id,
                row.kind,
                &row.name_key,
                &row.external_id,
                row.active,
                row.version,
                row.created_at,
                row.updated_at,
                &row.document,
            )
        )
        .map(drop)
    }

    /// Writes everything that can change.
    pub async fn update_resource(&mut self, row: &ResourceRow) -> Result<(), Error> {
        let organization = self.organization();
        run!(
            self.changing(),
            execute(
                UPDATE,
                organization,
                row.id,
                &row.name_key,
                &row.external_id,
                row.active,
                row.version,
                row.updated_at,
                &row.document,
            )
        )
        .map(drop)
    }

    /// Writes version and time alone: its members changed.
    pub async fn touch_resource(&mut self, row: &ResourceRow) -> Result<(), Error> {
        let organization = self.organization();
        run!(self.changing(), execute(TOUCH, organization, row.id, row.version, row.updated_at)).map(drop)
    }

    /// Deletes one, with its memberships and its link.
    pub async fn delete_resource(&mut self, id: ResourceId) -> Result<(), Error> {
        let organization = self.organization();
        run!(self.changing(), execute(DELETE, organization, id)).map(drop)
    }

    /// Deletes all that a connection still has, with their memberships and links.
    pub async fn delete_resources(&mut self, connection: ConnectionId) -> Result<(), Error> {
        let organization = self.organization();
        run!(self.changing(), execute(DELETE_ALL, organization, connection)).map(drop)
    }

    /// Replaces the folded e-mails by which the User is found.
    pub async fn index_emails(
        &mut self,
        connection: ConnectionId,
        id: ResourceId,
        value_keys: &[String],
    ) -> Result<(), Error> {
        let organization = self.organization();
        run!(self.changing(), execute(CLEAR_EMAILS, organization, connection, id))?;
        for value_key in value_keys {
            run!(self.changing(), execute(ADD_EMAIL, organization, connection, value_key, id))?;
        }
        Ok(())
    }
}
