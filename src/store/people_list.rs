//! Lists of people as the console shows them: a page at a time, in one of three orders, narrowed by what stands in the
//! address. Costs the page: each order has its index.

use super::columns::IdList;
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
    /// About whom something waits.
    pub attention: bool,
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

/// A permission of one of several people, in effect or waiting.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct GrantOf {
    /// Whose.
    pub person_id: PersonId,
    /// The permission's name, without a facility.
    pub permission: String,
    /// Whether it is in effect.
    pub effective: bool,
    /// Whether somebody has to decide about it, or it waits for its facility.
    pub waits: bool,
    /// The facility's key.
    pub facility: Option<String>,
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
        AND ($11 = 0 OR EXISTS (SELECT 1 FROM grants g WHERE g.organization_id = $1 AND g.person_id = p.id \
            AND g.reason IS NOT NULL AND g.decision IS NULL) OR p.id IN (SELECT l.person_id FROM links l \
            WHERE l.organization_id = $1 AND l.reason IS NOT NULL AND l.decided_at IS NULL \
            AND l.person_id IS NOT NULL)) \
        ORDER BY p.email_key LIMIT $10";
    BY_NAME = "SELECT p.id, p.email, p.email_key, p.display_name, p.status, p.deactivated_by, p.managed_by, \
        p.created_at, p.updated_at FROM people p WHERE p.organization_id = $1 AND (p.display_name, p.id) > ($2, $12) \
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
        AND ($11 = 0 OR EXISTS (SELECT 1 FROM grants g WHERE g.organization_id = $1 AND g.person_id = p.id \
            AND g.reason IS NOT NULL AND g.decision IS NULL) OR p.id IN (SELECT l.person_id FROM links l \
            WHERE l.organization_id = $1 AND l.reason IS NOT NULL AND l.decided_at IS NULL \
            AND l.person_id IS NOT NULL)) \
        ORDER BY p.display_name, p.id LIMIT $10";
    BY_CHANGE = "SELECT p.id, p.email, p.email_key, p.display_name, p.status, p.deactivated_by, p.managed_by, \
        p.created_at, p.updated_at FROM people p WHERE p.organization_id = $1 AND (p.updated_at, p.id) < ($2, $12) \
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
        AND ($11 = 0 OR EXISTS (SELECT 1 FROM grants g WHERE g.organization_id = $1 AND g.person_id = p.id \
            AND g.reason IS NOT NULL AND g.decision IS NULL) OR p.id IN (SELECT l.person_id FROM links l \
            WHERE l.organization_id = $1 AND l.reason IS NOT NULL AND l.decided_at IS NULL \
            AND l.person_id IS NOT NULL)) \
        ORDER BY p.updated_at DESC, p.id DESC LIMIT $10";
    // Each from an index of its own, and none by looking at people.
    COUNTS = "SELECT (SELECT COUNT(*) FROM people WHERE organization_id = $1 AND status = 'active') AS active, \
        (SELECT COUNT(*) FROM people WHERE organization_id = $1 AND status = 'invited') AS invited, \
        (SELECT COUNT(*) FROM people WHERE organization_id = $1 AND status = 'deactivated') AS deactivated, \
        (SELECT COUNT(*) FROM people WHERE organization_id = $1 AND status = 'active' AND managed_by IS NULL) \
        AS unmanaged";
    GRANTS_OF_EACH = "SELECT g.person_id, g.permission, g.state = 'effective' AS effective, \
        g.reason IS NOT NULL AND g.decision IS NULL AS waits, f.key AS facility FROM json_each($2) AS wanted \
        CROSS JOIN grants g ON g.organization_id = $1 AND g.person_id = unhex(wanted.value) \
        LEFT JOIN facilities f ON f.organization_id = g.organization_id AND f.id = g.facility_id",
        postgres "SELECT g.person_id, g.permission, g.state = 'effective' AS effective, \
        g.reason IS NOT NULL AND g.decision IS NULL AS waits, f.key AS facility FROM grants g \
        LEFT JOIN facilities f ON f.organization_id = g.organization_id AND f.id = g.facility_id \
        WHERE g.organization_id = $1 AND g.person_id = ANY($2)";
    WITH_HELD_LINKS = "SELECT l.person_id FROM links l WHERE l.organization_id = $1 AND l.reason IS NOT NULL \
        AND l.decided_at IS NULL AND l.person_id IS NOT NULL";
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
                i64::from($limit),
                i64::from($narrowed.attention)
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

    /// What these people may do, and what of theirs waits.
    pub async fn grants_of_each(
        &mut self,
        organization: OrganizationId,
        people: &[PersonId],
    ) -> Result<Vec<GrantOf>, Error> {
        run!(self, query_as::<GrantOf>(GRANTS_OF_EACH, organization, IdList(people)).fetch_all)
    }

    /// About whom a User's link, or address, waits for a decision.
    pub async fn people_with_held_links(&mut self, organization: OrganizationId) -> Result<Vec<PersonId>, Error> {
        run!(self, query_scalar::<PersonId>(WITH_HELD_LINKS, organization).fetch_all)
    }

    /// How many people there are of each kind.
    pub async fn count_people(&mut self, organization: OrganizationId) -> Result<Counts, Error> {
        run!(self, query_as::<Counts>(COUNTS, organization).fetch_one)
    }
}
