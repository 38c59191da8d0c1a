//! `links`: which person a User stands for, or that nobody has decided yet.

use sqlx::FromRow;

use super::columns::{IdList, named_states};
use super::people::Status;
use super::statement::{run, statements};
use super::{Error, Reader, Tx};
use crate::clock::Timestamp;
use crate::ids::{ConnectionId, OrganizationId, PersonId, RequestId, ResourceId};

named_states! {
    /// Whether what the IdP says of the User reaches the person.
    pub enum LinkState {
        /// It does.
        Linked = "linked",
        /// It does not, until an Organization admin decides.
        Held = "held",
        /// It does not: somebody decided so.
        Apart = "apart",
    }
}

/// A link.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct Link {
    /// The User.
    pub resource_id: ResourceId,
    /// Its connection.
    pub connection_id: ConnectionId,
    /// The person, or whom it might be.
    pub person_id: Option<PersonId>,
    /// Whether it is made.
    pub state: LinkState,
    /// Why it is held; of a made link, why its new address is not taken over.
    pub reason: Option<String>,
    /// By which request.
    pub request_id: RequestId,
    /// Since when.
    pub created_at: Timestamp,
    /// The IdP's address that waits or was decided on, as it is compared.
    pub address_key: Option<String>,
    /// By when somebody should have decided.
    pub deadline_at: Option<Timestamp>,
    /// Who did.
    pub decided_by: Option<String>,
    /// When.
    pub decided_at: Option<Timestamp>,
    /// Since when `active: false` is undone, until the IdP speaks of it again.
    pub overruled_at: Option<Timestamp>,
}

/// One effective grant of the person that a User stands for; one row without a permission if there is none.
#[derive(Debug, Clone, FromRow)]
pub struct AccessRow {
    /// The User.
    pub resource_id: ResourceId,
    /// The person's.
    pub status: Status,
    /// The permission's name, without a facility.
    pub permission: Option<String>,
    /// The facility's key.
    pub facility: Option<String>,
    /// The facility's name.
    pub facility_name: Option<String>,
}

statements! {
    ACCESS_OF_EACH = "SELECT l.resource_id, p.status, g.permission, f.key AS facility, f.name AS facility_name FROM json_each($2) AS wanted \
        CROSS JOIN links l ON l.organization_id = $1 AND l.resource_id = unhex(wanted.value) AND l.state = 'linked' \
        CROSS JOIN people p ON p.organization_id = l.organization_id AND p.id = l.person_id \
        LEFT JOIN grants g ON g.organization_id = p.organization_id AND g.person_id = p.id AND g.state = 'effective' \
        LEFT JOIN facilities f ON f.organization_id = g.organization_id AND f.id = g.facility_id",
        postgres "SELECT l.resource_id, p.status, g.permission, f.key AS facility, f.name AS facility_name FROM links l \
        JOIN people p ON p.organization_id = l.organization_id AND p.id = l.person_id \
        LEFT JOIN grants g ON g.organization_id = p.organization_id AND g.person_id = p.id AND g.state = 'effective' \
        LEFT JOIN facilities f ON f.organization_id = g.organization_id AND f.id = g.facility_id \
        WHERE l.organization_id = $1 AND l.resource_id = ANY($2) AND l.state = 'linked'";
    OF_RESOURCE = "SELECT resource_id, connection_id, person_id, state, reason, request_id, created_at, \
        address_key, deadline_at, decided_by, decided_at, overruled_at FROM links \
        WHERE organization_id = $1 AND resource_id = $2";
    OF_PERSON = "SELECT resource_id, connection_id, person_id, state, reason, request_id, created_at, \
        address_key, deadline_at, decided_by, decided_at, overruled_at FROM links \
        WHERE organization_id = $1 AND person_id = $2 AND state = 'linked'";
    HELD_ABOUT = "SELECT resource_id, connection_id, person_id, state, reason, request_id, created_at, \
        address_key, deadline_at, decided_by, decided_at, overruled_at FROM links \
        WHERE organization_id = $1 AND person_id = $2 AND reason IS NOT NULL AND decided_at IS NULL \
        ORDER BY created_at, resource_id LIMIT 1";
    PUT = "INSERT INTO links \
        (organization_id, resource_id, connection_id, person_id, state, reason, request_id, created_at, address_key, \
        deadline_at, decided_by, decided_at, overruled_at) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) \
        ON CONFLICT (organization_id, resource_id) DO UPDATE SET person_id = excluded.person_id, \
        state = excluded.state, reason = excluded.reason, request_id = excluded.request_id, \
        created_at = excluded.created_at, address_key = excluded.address_key, deadline_at = excluded.deadline_at, \
        decided_by = excluded.decided_by, decided_at = excluded.decided_at, overruled_at = excluded.overruled_at";
    COUNT_LINKED = "SELECT COUNT(*) FROM links WHERE organization_id = $1 AND connection_id = $2 AND state = 'linked'";
}

impl Reader {
    /// The link of a User.
    pub async fn link(&mut self, organization: OrganizationId, resource: ResourceId) -> Result<Option<Link>, Error> {
        run!(self, query_as::<Link>(OF_RESOURCE, organization, resource).fetch_optional)
    }

    /// What the people may do that these Users stand for; nothing for those whose link is held.
    pub async fn access_of_each(
        &mut self,
        organization: OrganizationId,
        users: &[ResourceId],
    ) -> Result<Vec<AccessRow>, Error> {
        run!(self, query_as::<AccessRow>(ACCESS_OF_EACH, organization, IdList(users)).fetch_all)
    }

    /// The link that a person is managed through.
    pub async fn link_of_person(
        &mut self,
        organization: OrganizationId,
        person: PersonId,
    ) -> Result<Option<Link>, Error> {
        run!(self, query_as::<Link>(OF_PERSON, organization, person).fetch_optional)
    }

    /// How many people a connection manages.
    pub async fn count_linked(&mut self, organization: OrganizationId, connection: ConnectionId) -> Result<i64, Error> {
        run!(self, query_scalar::<i64>(COUNT_LINKED, organization, connection).fetch_one)
    }

    /// The link that waits for a decision about a person, the oldest if several do.
    pub async fn held_link_about(
        &mut self,
        organization: OrganizationId,
        person: PersonId,
    ) -> Result<Option<Link>, Error> {
        run!(self, query_as::<Link>(HELD_ABOUT, organization, person).fetch_optional)
    }
}

impl Tx {
    /// Makes or changes the link of a User.
    pub async fn put_link(&mut self, row: &Link) -> Result<(), Error> {
        let organization = self.organization();
        run!(
            self.changing(),
            execute(
                PUT,
                organization,
                row.resource_id,
                row.connection_id,
                row.person_id,
                row.state,
                &row.reason,
                row.request_id,
                row.created_at,
                &row.address_key,
                row.deadline_at,
                &row.decided_by,
                row.decided_at,
                row.overruled_at,
            )
        )
        .map(drop)
    }
}
