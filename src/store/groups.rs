//! Groups as the console lists them: by name, a page at a time, with how many members each has.

use sqlx::FromRow;

use super::statement::{run, statements};
use super::{Error, Reader};
use crate::ids::{ConnectionId, OrganizationId, ResourceId};

/// A group in a list.
#[derive(Debug, Clone, FromRow)]
pub struct GroupRow {
    /// Its id.
    pub id: ResourceId,
    /// Its name as it is compared, by which the list goes on.
    pub name_key: String,
    /// The SCIM resource.
    pub document: String,
    /// How many members it has.
    pub members: i64,
}

statements! {
    PAGE = "SELECT r.id, r.name_key, r.document, (SELECT COUNT(*) FROM members m WHERE m.organization_id = $1 \
        AND m.connection_id = $2 AND m.group_id = r.id) AS members FROM resources r \
        WHERE r.organization_id = $1 AND r.connection_id = $2 AND r.kind = 'Group' AND r.name_key > $3 \
        ORDER BY r.name_key LIMIT $4";
}

impl Reader {
    /// The next groups of a connection, by name.
    pub async fn groups_after(
        &mut self,
        organization: OrganizationId,
        connection: ConnectionId,
        name_key: &str,
        limit: u32,
    ) -> Result<Vec<GroupRow>, Error> {
        run!(self, query_as::<GroupRow>(PAGE, organization, connection, name_key, i64::from(limit)).fetch_all)
    }
}
