//! `members`: which resource is in which Group, a row each, so that one more costs the same in any group.

use sqlx::FromRow;

use super::columns::IdList;
use super::resources::ResourceKind;
use super::statement::{run, statements};
use super::{Error, Reader, Tx};
use crate::ids::{ConnectionId, OrganizationId, ResourceId};

/// The other end of a membership, with what names it.
#[derive(Debug, Clone, FromRow)]
pub struct Related {
    /// Its id.
    pub id: ResourceId,
    /// What it is.
    pub kind: ResourceKind,
    /// Its document.
    pub document: String,
}

/// The other end of a membership, of one of several resources.
#[derive(Debug, Clone, FromRow)]
pub struct RelatedOf {
    /// Of which.
    pub of_id: ResourceId,
    /// The other end.
    #[sqlx(flatten)]
    pub related: Related,
}

statements! {
    ADD = "INSERT INTO members (organization_id, connection_id, group_id, member_id) VALUES ($1, $2, $3, $4) \
        ON CONFLICT DO NOTHING";
    REMOVE = "DELETE FROM members \
        WHERE organization_id = $1 AND connection_id = $2 AND group_id = $3 AND member_id = $4";
    OF_GROUP = "SELECT r.id, r.kind, r.document FROM members m JOIN resources r \
        ON r.organization_id = m.organization_id AND r.connection_id = m.connection_id AND r.id = m.member_id \
        WHERE m.organization_id = $1 AND m.connection_id = $2 AND m.group_id = $3 ORDER BY m.member_id";
    IDS_OF_GROUP = "SELECT member_id FROM members \
        WHERE organization_id = $1 AND connection_id = $2 AND group_id = $3 ORDER BY member_id";
    GROUPS_OF = "SELECT r.id, r.kind, r.document FROM members m JOIN resources r \
        ON r.organization_id = m.organization_id AND r.connection_id = m.connection_id AND r.id = m.group_id \
        WHERE m.organization_id = $1 AND m.connection_id = $2 AND m.member_id = $3 ORDER BY m.group_id";
    OF_EACH_GROUP = "SELECT m.group_id AS of_id, r.id, r.kind, r.document FROM json_each($3) AS wanted \
        CROSS JOIN members m ON m.organization_id = $1 AND m.connection_id = $2 AND m.group_id = unhex(wanted.value) \
        CROSS JOIN resources r \
        ON r.organization_id = m.organization_id AND r.connection_id = m.connection_id AND r.id = m.member_id \
        ORDER BY m.group_id, m.member_id",
        postgres "SELECT m.group_id AS of_id, r.id, r.kind, r.document FROM members m JOIN resources r \
        ON r.organization_id = m.organization_id AND r.connection_id = m.connection_id AND r.id = m.member_id \
        WHERE m.organization_id = $1 AND m.connection_id = $2 AND m.group_id = ANY($3) \
        ORDER BY m.group_id, m.member_id";
    GROUPS_OF_EACH = "SELECT m.member_id AS of_id, r.id, r.kind, r.document FROM json_each($3) AS wanted \
        CROSS JOIN members m ON m.organization_id = $1 AND m.connection_id = $2 AND m.member_id = unhex(wanted.value) \
        CROSS JOIN resources r \
        ON r.organization_id = m.organization_id AND r.connection_id = m.connection_id AND r.id = m.group_id \
        ORDER BY m.member_id, m.group_id",
        postgres "SELECT m.member_id AS of_id, r.id, r.kind, r.document FROM members m JOIN resources r \
        ON r.organization_id = m.organization_id AND r.connection_id = m.connection_id AND r.id = m.group_id \
        WHERE m.organization_id = $1 AND m.connection_id = $2 AND m.member_id = ANY($3) \
        ORDER BY m.member_id, m.group_id";
}

impl Reader {
    /// The members of a Group, by id.
    pub async fn members(
        &mut self,
        organization: OrganizationId,
        connection: ConnectionId,
        group: ResourceId,
    ) -> Result<Vec<Related>, Error> {
        run!(self, query_as::<Related>(OF_GROUP, organization, connection, group).fetch_all)
    }

    /// The ids of the members of a Group.
    pub async fn member_ids(
        &mut self,
        organization: OrganizationId,
        connection: ConnectionId,
        group: ResourceId,
    ) -> Result<Vec<ResourceId>, Error> {
        run!(self, query_scalar::<ResourceId>(IDS_OF_GROUP, organization, connection, group).fetch_all)
    }

    /// The Groups that a resource is directly in, by id.
    pub async fn groups_of(
        &mut self,
        organization: OrganizationId,
        connection: ConnectionId,
        member: ResourceId,
    ) -> Result<Vec<Related>, Error> {
        run!(self, query_as::<Related>(GROUPS_OF, organization, connection, member).fetch_all)
    }

    /// The members of several Groups, by Group and member.
    pub async fn members_of_each(
        &mut self,
        organization: OrganizationId,
        connection: ConnectionId,
        groups: &[ResourceId],
    ) -> Result<Vec<RelatedOf>, Error> {
        run!(self, query_as::<RelatedOf>(OF_EACH_GROUP, organization, connection, IdList(groups)).fetch_all)
    }

    /// The Groups that several resources are directly in, by resource and Group.
    pub async fn groups_of_each(
        &mut self,
        organization: OrganizationId,
        connection: ConnectionId,
        members: &[ResourceId],
    ) -> Result<Vec<RelatedOf>, Error> {
        run!(self, query_as::<RelatedOf>(GROUPS_OF_EACH, organization, connection, IdList(members)).fetch_all)
    }
}

impl Tx {
    /// Adds a member; `false` if it was one already.
    pub async fn add_member(
        &mut self,
        connection: ConnectionId,
        group: ResourceId,
        member: ResourceId,
    ) -> Result<bool, Error> {
        let organization = self.organization();
        run!(self.changing(), execute(ADD, organization, connection, group, member)).map(|rows| rows > 0)
    }

    /// Removes a member; `false` if it was none.
    pub async fn remove_member(
        &mut self,
        connection: ConnectionId,
        group: ResourceId,
        member: ResourceId,
    ) -> Result<bool, Error> {
        let organization = self.organization();
        run!(self.changing(), execute(REMOVE, organization, connection, group, member)).map(|rows| rows > 0)
    }
}
