//! Lists of people as the console shows them: a page at a time, in one of three orders, narrowed by what stands in the
//! address. Costs the page: each order has its index, and so has each filter that may leave few. Only a text that is
//! looked for in names and addresses is looked for in all of them.

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
    /// With this in name or address, folded, as `LIKE … ESCAPE '!'` takes it.
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

/// A page of people: taken from where, after whom, in which order. What narrows a list stands here, once.
macro_rules! people {
    (from $taken:literal, $after:literal, by $order:literal) => {
        concat!(
            "SELECT p.id, p.email, p.email_key, p.display_name, p.status, p.deactivated_by, p.managed_by, \
            p.created_at, p.updated_at FROM ",
            $taken,
            " WHERE p.organization_id = $1 AND ",
            $after,
            " AND (CAST($3 AS TEXT) IS NULL OR p.status = $3) \
            AND (CAST($4 AS UUID) IS NULL OR p.managed_by = $4) AND ($5 = 0 OR p.managed_by IS NULL) \
            AND (CAST($6 AS TEXT) IS NULL OR p.email_key LIKE $6 ESCAPE '!' OR p.name_key LIKE $6 ESCAPE '!') \
            AND (CAST($7 AS TEXT) IS NULL OR EXISTS (SELECT 1 FROM grants g WHERE g.organization_id = $1 \
                AND g.person_id = p.id AND g.state = 'effective' AND g.permission = $7)) \
            AND (CAST($8 AS UUID) IS NULL OR EXISTS (SELECT 1 FROM grants g WHERE g.organization_id = $1 \
                AND g.person_id = p.id AND g.state = 'effective' AND g.facility_id = $8)) \
            AND ($9 = 0 OR NOT EXISTS (SELECT 1 FROM grants g WHERE g.organization_id = $1 AND g.person_id = p.id \
                AND g.state = 'effective')) \
            AND ($11 = 0 OR EXISTS (SELECT 1 FROM grants g WHERE g.organization_id = $1 AND g.person_id = p.id \
                AND g.reason IS NOT NULL AND g.decision IS NULL) \
                OR EXISTS (SELECT 1 FROM links l WHERE l.organization_id = $1 AND l.person_id = p.id \
                AND l.reason IS NOT NULL AND l.decided_at IS NULL)) \
            ORDER BY ",
            $order,
            " LIMIT $10"
        )
    };
}

statements! {
    BY_EMAIL = people!(from "people p", "p.email_key > $2", by "p.email_key");
    BY_NAME = people!(from "people p", "(p.display_name, p.id) > ($2, $12)", by "p.display_name, p.id");
    BY_CHANGE = people!(from "people p", "(p.updated_at, p.id) < ($2, $12)", by "p.updated_at DESC, p.id DESC");
    FEW_BY_EMAIL = people!(from "json_each($12) AS few CROSS JOIN people p ON p.id = unhex(few.value)",
            "p.email_key > $2", by "p.email_key"),
        postgres people!(from "people p", "p.id = ANY($12) AND p.email_key > $2", by "p.email_key");
    FEW_BY_NAME = people!(from "json_each($13) AS few CROSS JOIN people p ON p.id = unhex(few.value)",
            "(p.display_name, p.id) > ($2, $12)", by "p.display_name, p.id"),
        postgres people!(from "people p", "p.id = ANY($13) AND (p.display_name, p.id) > ($2, $12)",
            by "p.display_name, p.id");
    FEW_BY_CHANGE = people!(from "json_each($13) AS few CROSS JOIN people p ON p.id = unhex(few.value)",
            "(p.updated_at, p.id) < ($2, $12)", by "p.updated_at DESC, p.id DESC"),
        postgres people!(from "people p", "p.id = ANY($13) AND (p.updated_at, p.id) < ($2, $12)",
            by "p.updated_at DESC, p.id DESC");
    // Whom a filter leaves, from an index of its own, up to a number.
    WAITING = "SELECT g.person_id FROM grants g WHERE g.organization_id = $1 AND g.reason IS NOT NULL \
        AND g.decision IS NULL UNION SELECT l.person_id FROM links l WHERE l.organization_id = $1 \
        AND l.reason IS NOT NULL AND l.decided_at IS NULL AND l.person_id IS NOT NULL LIMIT $2";
    HOLDERS = "SELECT DISTINCT g.person_id FROM grants g WHERE g.organization_id = $1 AND g.permission = $2 \
        AND g.state = 'effective' AND g.facility_id IS NULL LIMIT $3";
    EDITORS = "SELECT DISTINCT g.person_id FROM grants g WHERE g.organization_id = $1 AND g.facility_id = $2 \
        AND g.state = 'effective' LIMIT $3";
    MANAGED = "SELECT p.id FROM people p WHERE p.organization_id = $1 AND p.managed_by = $2 LIMIT $3";
    UNMANAGED = "SELECT p.id FROM people p WHERE p.organization_id = $1 AND p.managed_by IS NULL LIMIT $2";
    OF_STATUS = "SELECT p.id FROM people p WHERE p.organization_id = $1 AND p.status = $2 LIMIT $3";
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
    WITH_HELD_LINKS = "SELECT l.person_id FROM json_each($2) AS wanted CROSS JOIN links l \
        ON l.organization_id = $1 AND l.person_id = unhex(wanted.value) AND l.reason IS NOT NULL \
        AND l.decided_at IS NULL",
        postgres "SELECT l.person_id FROM links l WHERE l.organization_id = $1 AND l.person_id = ANY($2) \
        AND l.reason IS NOT NULL AND l.decided_at IS NULL";
}

/// As many as are few: to sort them costs less than to walk through an order and look for them.
const FEW: usize = 500;

macro_rules! page {
    ($reader:expr, $statement:expr, $organization:expr, $from:expr, $narrowed:expr, $limit:expr $(, $more:expr)*) => {
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
                $(, $more)*
            )
            .fetch_all
        )
    };
}

/// Whom a filter leaves; nothing if it does not narrow.
macro_rules! left {
    ($reader:expr, $narrows:expr, $statement:expr $(, $bind:expr)*) => {
        if $narrows { Some(run!($reader, query_scalar::<PersonId>($statement $(, $bind)*).fetch_all)?) } else { None }
    };
}

impl Reader {
    /// The next people of a list. Costs the page: where a filter leaves few, they are found by it and sorted; else the
    /// order is walked, in which they are not far apart.
    pub async fn people_page(
        &mut self,
        organization: OrganizationId,
        narrowed: &Narrowed,
        from: &From,
        limit: u32,
    ) -> Result<Vec<Person>, Error> {
        let few = self.few(organization, narrowed).await?;
        let few = few.as_deref().map(IdList);
        match (from, few) {
            (From::Email(key), None) => page!(self, BY_EMAIL, organization, key, narrowed, limit),
            (From::Name(name, id), None) => page!(self, BY_NAME, organization, name, narrowed, limit, *id),
            (From::Changed(at, id), None) => page!(self, BY_CHANGE, organization, *at, narrowed, limit, *id),
            (From::Email(key), Some(few)) => page!(self, FEW_BY_EMAIL, organization, key, narrowed, limit, few),
            (From::Name(name, id), Some(few)) => {
                page!(self, FEW_BY_NAME, organization, name, narrowed, limit, *id, few)
            }
            (From::Changed(at, id), Some(few)) => {
                page!(self, FEW_BY_CHANGE, organization, *at, narrowed, limit, *id, few)
            }
        }
    }

    /// Whom one of the filters leaves, if they are few.
    async fn few(&mut self, organization: OrganizationId, narrowed: &Narrowed) -> Result<Option<Vec<PersonId>>, Error> {
        let most = i64::try_from(FEW + 1).unwrap_or(i64::MAX);
        let few = |left: &Option<Vec<PersonId>>| left.as_ref().is_some_and(|left| left.len() <= FEW);
        let Narrowed { status, managed_by, unmanaged, permission, facility, attention, .. } = narrowed;
        let mut left = left!(self, *attention, WAITING, organization, most);
        if !few(&left) {
            // Of facilities there are many, and each has its own.
            let is_of_all = permission.as_deref().is_some_and(|form| form != "edit_facility");
            left = left!(self, is_of_all, HOLDERS, organization, permission, most);
        }
        if !few(&left) {
            left = left!(self, facility.is_some(), EDITORS, organization, *facility, most);
        }
        if !few(&left) {
            left = left!(self, managed_by.is_some(), MANAGED, organization, *managed_by, most);
        }
        if !few(&left) {
            left = left!(self, *unmanaged, UNMANAGED, organization, most);
        }
        if !few(&left) {
            left = left!(self, status.is_some(), OF_STATUS, organization, *status, most);
        }
        Ok(left.filter(|left| left.len() <= FEW))
    }

    /// What these people may do, and what of theirs waits.
    pub async fn grants_of_each(
        &mut self,
        organization: OrganizationId,
        people: &[PersonId],
    ) -> Result<Vec<GrantOf>, Error> {
        run!(self, query_as::<GrantOf>(GRANTS_OF_EACH, organization, IdList(people)).fetch_all)
    }

    /// About whom of these a User's link, or address, waits for a decision.
    pub async fn people_with_held_links(
        &mut self,
        organization: OrganizationId,
        people: &[PersonId],
    ) -> Result<Vec<PersonId>, Error> {
        run!(self, query_scalar::<PersonId>(WITH_HELD_LINKS, organization, IdList(people)).fetch_all)
    }

    /// How many people there are of each kind.
    pub async fn count_people(&mut self, organization: OrganizationId) -> Result<Counts, Error> {
        run!(self, query_as::<Counts>(COUNTS, organization).fetch_one)
    }
}
