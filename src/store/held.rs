//! What waits for a decision, of `links` and of `grants`, in the order of time, a page of each.

use sqlx::FromRow;
use uuid::Uuid;

use super::grants::Grant;
use super::links::Link;
use super::statement::{run, statements};
use super::{Error, Reader};
use crate::clock::Timestamp;
use crate::ids::OrganizationId;

/// A permission that waits, or whose loss does.
#[derive(Debug, Clone, FromRow)]
pub struct HeldGrant {
    /// The grant.
    #[sqlx(flatten)]
    pub grant: Grant,
    /// Whose: the address.
    pub person: String,
    /// Since when.
    pub since: Timestamp,
}

/// A link that waits, or of it an address.
#[derive(Debug, Clone, FromRow)]
pub struct HeldLink {
    /// The link.
    #[sqlx(flatten)]
    pub link: Link,
    /// Whom it might be: the address.
    pub person: Option<String>,
}

statements! {
    GRANTS = "SELECT g.id, g.person_id, g.permission, g.facility_id, g.facility_key, g.source, g.connection_id, \
        g.rule_id, g.group_id, g.attribute, g.state, g.reason, g.granted_by, g.request_id, g.created_at, g.held_at, \
        g.held_request_id, g.deadline_at, g.mass_change_id, g.decision, g.decided_by, g.decided_at, \
        p.email AS person, COALESCE(g.held_at, g.created_at) AS since FROM grants g \
        JOIN people p ON p.organization_id = g.organization_id AND p.id = g.person_id \
        WHERE g.organization_id = $1 AND g.reason IS NOT NULL AND g.decision IS NULL \
        AND COALESCE(g.held_at, g.created_at) >= $2 AND (COALESCE(g.held_at, g.created_at), g.id) > ($2, $3) \
        ORDER BY COALESCE(g.held_at, g.created_at), g.id LIMIT $4";
    LINKS = "SELECT l.resource_id, l.connection_id, l.person_id, l.state, l.reason, l.request_id, l.created_at, \
        l.address_key, l.deadline_at, l.decided_by, l.decided_at, l.overruled_at, p.email AS person FROM links l \
        LEFT JOIN people p ON p.organization_id = l.organization_id AND p.id = l.person_id \
        WHERE l.organization_id = $1 AND l.reason IS NOT NULL AND l.decided_at IS NULL \
        AND (l.created_at, l.resource_id) > ($2, $3) ORDER BY l.created_at, l.resource_id LIMIT $4";
}

impl Reader {
    /// The permissions that wait after a place in the order of time.
    pub async fn held_grants_after(
        &mut self,
        organization: OrganizationId,
        after: (Timestamp, Uuid),
        limit: u32,
    ) -> Result<Vec<HeldGrant>, Error> {
        run!(self, query_as::<HeldGrant>(GRANTS, organization, after.0, after.1, i64::from(limit)).fetch_all)
    }

    /// The links and addresses that wait after a place in the order of time.
    pub async fn held_links_after(
        &mut self,
        organization: OrganizationId,
        after: (Timestamp, Uuid),
        limit: u32,
    ) -> Result<Vec<HeldLink>, Error> {
        run!(self, query_as::<HeldLink>(LINKS, organization, after.0, after.1, i64::from(limit)).fetch_all)
    }
}
