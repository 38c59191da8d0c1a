//! Lists of people as the console shows them: a page at a time, in one of three orders, narrowed by what stands in the
//! address. Costs the page: each order has its index.

use super::people::{Person, Status};
use super::statement::{run, statements};
use super::{Error, Reader};
use crate::clock::Timestamp;
use crate::ids::{ConnectionId, FacilityId, OrganizationId, PersonId};

/// What narrows a list; nothing by default.
#[derive(Debug, Clone, Default)]
pub struct Narrowed {
    /// With this status.
    pub status: Option<Status>,
    /// Managed by this connection.
    pub managed_by: Option<ConnectionId>,
    /// Managed by none.
    pub unmanaged: bool,
    /// With this in name or address, in lower case, as `LIKE … ESCAPE '!'` takes it.
    pub like: Option<String>,
    /// With this permission in force, by its form's name.
    pub permission: Option<String>,
    /// Who can edit this facility.
    pub facility: Option<FacilityId>,
    /// Without any permission.
    pub view_only: bool,
}

/// In which order, and after whom.
#[derive(Debug, Clone)]
pub enum From {
    /// By address.
    Email(String),
    /// By name.
    Name(String, PersonId),
    /// The last changed first.
    Changed(Timestamp, PersonId),
}

/// How many people there are of each kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::FromRow, serde::Serialize)]
pub struct Counts {
    /// With access.
    pub active: i64,
    /// Asked to join.
    pub invited: i64,
    /// Without access any longer.
    pub deactivated: i64,
    /// With access, and managed by no connection.
    pub unmanaged: i64,
}

statements! {
    BY_EMAIL = "SELECT p.id, p.email, p.email_key, p.display_name, p.status, p.deactivated_by, p.managed_by, \
        p.created_at, p.updated_at FROM people p WHERE p.organization_id = $1 AND p.email_key > $2 \
        AND (CAST($3 AS TEXT) IS NULL OR p.status = $3) AND (CAST($4 AS UUID) IS NULL OR p.managed_by = $4) \
        AND ($5 = 0 OR p.managed_by IS NULL) \
        AND (CAST($6 AS TEXT) IS NULL OR p.email_key LIKE $6 ESCAPE '!' \
            OR LOWER(p.display_name) LIKE $6 ESCAPE '!') \
        AND (CAST($7 AS TEXT) IS NULL OR EXISTS (SELECT 1 FROM grants g WHERE g.organization_id = $1 AND g.person_id = p.id \
            AND g.state = 'effective' AND g.permission = $7)) \
        AND (CAST($8 AS UUID) IS NULL OR EXISTS (SELECT 1 FROM grants g WHERE g.organization_id = $1 AND g.person_id = p.id \
            AND g.state = 'effective' AND g.facility_id = $8)) \
        AND ($9 = 0 OR NOT EXISTS (SELECT 1 FROM grants g WHERE g.organization_id = $1 AND g.person_id = p.id \
            AND g.state = 'effective')) \
        ORDER BY p.email_key LIMIT $10";
    BY_NAME = "SELECT p.id, p.email, p.email_key, p.display_name, p.status, p.deactivated_by, p.managed_by, \
        p.created_at, p.updated_at FROM people p WHERE p.organization_id = $1 AND (p.display_name, p.id) > ($2, $11) \
        AND (CAST($3 AS TEXT) IS NULL OR p.status = $3) AND (CAST($4 AS UUID) IS NULL OR p.managed_by = $4) \
        AND ($5 = 0 OR p.managed_by IS NULL) \
        AND (CAST($6 AS TEXT) IS NULL OR p.email_key LIKE $6 ESCAPE '!' \
            OR LOWER(p.display_name) LIKE $6 ESCAPE '!') \
        AND (CAST($7 AS TEXT) IS NULL OR EXISTS (SELECT 1 FROM grants g WHERE g.organization_id = $1 AND g.person_id = p.id \
            AND g.state = 'effective' AND g.permission = $7)) \
        AND (CAST($8 AS UUID) IS NULL OR EXISTS (SELECT 1 FROM grants g WHERE g.organization_id = $1 AND g.person_id = p.id \
            AND g.state = 'effective' AND g.facility_id = $8)) \
        AND ($9 = 0 OR NOT EXISTS (SELECT 1 FROM grants g WHERE g.organization_id = $1 AND g.person_id = p.id \
            AND g.state = 'effective')) \
        ORDER BY p.display_name, p.id LIMIT $10";
    BY_CHANGE = "SELECT p.id, p.email, p.email_key, p.display_name, p.status, p.deactivated_by, p.managed_by, \
        p.created_at, p.updated_at FROM people p WHERE p.organization_id = $1 AND (p.updated_at, p.id) < ($2, $11) \
        AND (CAST($3 AS TEXT) IS NULL OR p.status = $3) AND (CAST($4 AS UUID) IS NULL OR p.managed_by = $4) \
        AND ($5 = 0 OR p.managed_by IS NULL) \
        AND (CAST($6 AS TEXT) IS NULL OR p.email_key LIKE $6 ESCAPE '!' \
            OR LOWER(p.display_name) LIKE $6 ESCAPE '!') \
        AND (CAST($7 AS TEXT) IS NULL OR EXISTS (SELECT 1 FROM grants g WHERE g.organization_id = $1 AND g.person_id = p.id \
            AND g.state = 'effective' AND g.permission = $7)) \
        AND (CAST($8 AS UUID) IS NULL OR EXISTS (SELECT 1 FROM grants g WHERE g.organization_id = $1 AND g.person_id = p.id \
            AND g.state = 'effective' AND g.facility_id = $8)) \
        AND ($9 = 0 OR NOT EXISTS (SELECT 1 FROM grants g WHERE g.organization_id = $1 AND g.person_id = p.id \
            AND g.state = 'effective')) \
        ORDER BY p.updated_at DESC, p.id DESC LIMIT $10";
    // Each from an index of its own, and none by looking at people.
    COUNTS = "SELECT (SELECT COUNT(*) FROM people WHERE organization_id = $1 AND status = 'active') AS active, \
        (SELECT COUNT(*) FROM people WHERE organization_id = $1 AND status = 'invited') AS invited, \
        (SELECT COUNT(*) FROM people WHERE organization_id = $1 AND status = 'deactivated') AS deactivated, \
        (SELECT COUNT(*) FROM people WHERE organization_id = $1 AND status = 'active' AND managed_by IS NULL) \
        AS unmanaged";
}

macro_rules! page {
    ($reader:expr, $statement:expr, $organization:expr, $from:expr, $narrowed:expr, $limit:expr $(, $last:expr)?) => {
        run!(
            $reader,
            query_as::<Person>(
                $statement,
                $organization,
                $from,
                $narrowed.status,
                $narrowed.managed_by,
                i64::from($narrowed.unmanaged),
                &$narrowed.like,
                &$narrowed.permission,
                $narrowed.facility,
                i64::from($narrowed.view_only),
                i64::from($limit)
                $(, $last)?
            )
            .fetch_all
        )
    };
}

impl Reader {
    /// The next people of a list.
    pub async fn people_page(
        &mut self,
        organization: OrganizationId,
        narrowed: &Narrowed,
        from: &From,
        limit: u32,
    ) -> Result<Vec<Person>, Error> {
        match from {
            From::Email(key) => page!(self, BY_EMAIL, organization, key, narrowed, limit),
            From::Name(name, id) => page!(self, BY_NAME, organization, name, narrowed, limit, *id),
            From::Changed(at, id) => page!(self, BY_CHANGE, organization, *at, narrowed, limit, *id),
        }
    }

    /// How many people there are of each kind.
    pub async fn count_people(&mut self, organization: OrganizationId) -> Result<Counts, Error> {
        run!(self, query_as::<Counts>(COUNTS, organization).fetch_one)
    }
}
