//! `plans` and `plan_effects`: reviewed changes and what each would do to whom; and what a plan is made from, in a few
//! queries with a fixed order.

use sqlx::FromRow;

use super::columns::named_states;
use super::links::LinkState;
use super::people::Status;
use super::statement::{run, statements};
use super::{Error, Reader, Tx};
use crate::clock::Timestamp;
use crate::ids::{ConnectionId, GrantId, OrganizationId, PersonId, PlanId, RequestId, ResourceId};

named_states! {
    /// How far a plan is.
    pub enum PlanState {
        /// It waits to be applied.
        Planned = "planned",
        /// Its change is made; people follow.
        Applying = "applying",
        /// Everybody has followed.
        Applied = "applied",
        /// Somebody decided against it.
        Discarded = "discarded",
        /// What it was made from has changed.
        Stale = "stale",
    }
}

/// A plan as it is stored.
#[derive(Debug, Clone, FromRow)]
pub struct PlanRow {
    /// Whose.
    pub organization_id: OrganizationId,
    /// Its id.
    pub id: PlanId,
    /// The change, as JSON.
    pub change: String,
    /// A hash for each part of what it was made from, as JSON.
    pub fingerprint: String,
    /// The numbers, as JSON.
    pub summary: String,
    /// How far it is.
    pub state: PlanState,
    /// Who made it.
    pub made_by: String,
    /// When.
    pub created_at: Timestamp,
    /// How long it may be applied.
    pub valid_until: Timestamp,
    /// Who applied or discarded it.
    pub decided_by: Option<String>,
    /// When.
    pub decided_at: Option<Timestamp>,
    /// When the last person had followed.
    pub finished_at: Option<Timestamp>,
    /// How many people it changes.
    pub total: i64,
    /// How many of them have followed.
    pub done: i64,
    /// Of a stale one, what has changed.
    pub differs: Option<String>,
    /// By which request it was made.
    pub request_id: RequestId,
}

/// What a plan does to one person.
#[derive(Debug, Clone, FromRow)]
pub struct EffectRow {
    /// Its place in the order of being applied, from 1.
    pub position: i64,
    /// The person, if there is one already.
    pub person_id: Option<PersonId>,
    /// The User that it comes through.
    pub resource_id: Option<ResourceId>,
    /// The address.
    pub email: String,
    /// What they may do before, as JSON.
    pub before: String,
    /// What they may do after, as JSON.
    pub after: String,
    /// What else there is to say.
    pub note: Option<String>,
    /// Of which kinds it is, a bit each.
    pub kinds: i64,
}

/// A grant, as far as a plan depends on it.
pub type ReadGrant = (GrantId, PersonId, String, Option<String>, String, Option<String>);
/// A link, as far as a plan depends on it.
pub type ReadLink = (ResourceId, Option<PersonId>, LinkState, Option<String>);
/// A person, as far as a plan depends on them.
pub type ReadPerson = (PersonId, String, Status, Option<ConnectionId>);

statements! {
    INSERT = "INSERT INTO plans (organization_id, id, change, fingerprint, summary, state, made_by, created_at, \
        valid_until, decided_by, decided_at, finished_at, total, done, differs, request_id) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)";
    UPDATE = "UPDATE plans SET fingerprint = $3, state = $4, decided_by = $5, decided_at = $6, finished_at = $7, \
        done = $8, differs = $9 WHERE organization_id = $1 AND id = $2";
    BY_ID = "SELECT organization_id, id, change, fingerprint, summary, state, made_by, created_at, valid_until, \
        decided_by, decided_at, finished_at, total, done, differs, request_id FROM plans \
        WHERE organization_id = $1 AND id = $2";
    ANYWHERE = "SELECT organization_id, id, change, fingerprint, summary, state, made_by, created_at, valid_until, \
        decided_by, decided_at, finished_at, total, done, differs, request_id FROM plans \
        WHERE id = $1", installation_wide "the id says whose it is; whoever decides is checked in that organization";
    NEWEST = "SELECT organization_id, id, change, fingerprint, summary, state, made_by, created_at, valid_until, \
        decided_by, decided_at, finished_at, total, done, differs, request_id FROM plans \
        WHERE organization_id = $1 ORDER BY id DESC LIMIT $2";
    ADD_EFFECT = "INSERT INTO plan_effects \
        (organization_id, plan_id, position, person_id, resource_id, email, before, after, note, kinds) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    EFFECTS_AFTER = "SELECT position, person_id, resource_id, email, before, after, note, kinds FROM plan_effects \
        WHERE organization_id = $1 AND plan_id = $2 AND position > $3 ORDER BY position LIMIT $4";
    // By the index that holds the kinds: only where one is found, a row is read.
    EFFECTS_OF_KIND = "SELECT position, person_id, resource_id, email, before, after, note, kinds \
        FROM plan_effects INDEXED BY plan_effects_kinds_idx \
        WHERE organization_id = $1 AND plan_id = $2 AND position > $3 AND (kinds & $5) <> 0 ORDER BY position LIMIT $4",
        postgres "SELECT position, person_id, resource_id, email, before, after, note, kinds FROM plan_effects \
        WHERE organization_id = $1 AND plan_id = $2 AND position > $3 AND (kinds & $5) <> 0 ORDER BY position LIMIT $4";
    NOTE = "UPDATE plan_effects SET note = $4 WHERE organization_id = $1 AND plan_id = $2 AND position = $3";
    READ_RESOURCES = "SELECT id, version FROM resources \
        WHERE organization_id = $1 AND connection_id = $2 ORDER BY id";
    READ_LINKS = "SELECT resource_id, person_id, state, reason FROM links WHERE organization_id = $1 ORDER BY resource_id";
    READ_PEOPLE = "SELECT id, email_key, status, managed_by FROM people WHERE organization_id = $1 ORDER BY id";
    READ_GRANTS = "SELECT id, person_id, permission, facility_key, state, reason FROM grants \
        WHERE organization_id = $1 ORDER BY id";
    USERS_WITH_GRANTS = "SELECT DISTINCT l.resource_id FROM grants g \
        JOIN links l ON l.organization_id = g.organization_id AND l.person_id = g.person_id AND l.state = 'linked' \
        WHERE g.organization_id = $1 AND g.connection_id = $2 AND l.connection_id = $2";
    USERS_LINKED = "SELECT resource_id FROM links \
        WHERE organization_id = $1 AND connection_id = $2 AND state = 'linked'";
}

impl Reader {
    /// The plan of this id.
    pub async fn plan(&mut self, organization: OrganizationId, id: PlanId) -> Result<Option<PlanRow>, Error> {
        run!(self, query_as::<PlanRow>(BY_ID, organization, id).fetch_optional)
    }

    /// The plan of this id, whosever it is.
    pub async fn plan_anywhere(&mut self, id: PlanId) -> Result<Option<PlanRow>, Error> {
        run!(self, query_as::<PlanRow>(ANYWHERE, id).fetch_optional)
    }

    /// The newest plans.
    pub async fn newest_plans(&mut self, organization: OrganizationId, limit: u32) -> Result<Vec<PlanRow>, Error> {
        run!(self, query_as::<PlanRow>(NEWEST, organization, i64::from(limit)).fetch_all)
    }

    /// The next effects after a place in the order.
    pub async fn plan_effects_after(
        &mut self,
        organization: OrganizationId,
        plan: PlanId,
        position: i64,
        limit: i64,
    ) -> Result<Vec<EffectRow>, Error> {
        run!(self, query_as::<EffectRow>(EFFECTS_AFTER, organization, plan, position, limit).fetch_all)
    }

    /// The next effects of a kind after a place in the order.
    pub async fn plan_effects_of_kind(
        &mut self,
        organization: OrganizationId,
        plan: PlanId,
        kind: i64,
        position: i64,
        limit: i64,
    ) -> Result<Vec<EffectRow>, Error> {
        run!(self, query_as::<EffectRow>(EFFECTS_OF_KIND, organization, plan, position, limit, kind).fetch_all)
    }

    /// Every resource of a connection with its version.
    pub async fn read_resources(
        &mut self,
        organization: OrganizationId,
        connection: ConnectionId,
    ) -> Result<Vec<(ResourceId, i64)>, Error> {
        run!(self, query_as::<(ResourceId, i64)>(READ_RESOURCES, organization, connection).fetch_all)
    }

    /// Every link.
    pub async fn read_links(&mut self, organization: OrganizationId) -> Result<Vec<ReadLink>, Error> {
        run!(self, query_as::<ReadLink>(READ_LINKS, organization).fetch_all)
    }

    /// Every person.
    pub async fn read_people(&mut self, organization: OrganizationId) -> Result<Vec<ReadPerson>, Error> {
        run!(self, query_as::<ReadPerson>(READ_PEOPLE, organization).fetch_all)
    }

    /// Every grant.
    pub async fn read_grants(&mut self, organization: OrganizationId) -> Result<Vec<ReadGrant>, Error> {
        run!(self, query_as::<ReadGrant>(READ_GRANTS, organization).fetch_all)
    }

    /// The Users through whom a connection gives anything to anybody.
    pub async fn users_with_grants(
        &mut self,
        organization: OrganizationId,
        connection: ConnectionId,
    ) -> Result<Vec<ResourceId>, Error> {
        run!(self, query_scalar::<ResourceId>(USERS_WITH_GRANTS, organization, connection).fetch_all)
    }

    /// The Users of a connection that stand for somebody.
    pub async fn users_linked(
        &mut self,
        organization: OrganizationId,
        connection: ConnectionId,
    ) -> Result<Vec<ResourceId>, Error> {
        run!(self, query_scalar::<ResourceId>(USERS_LINKED, organization, connection).fetch_all)
    }
}

impl Tx {
    /// Adds one.
    pub async fn insert_plan(&mut self, row: &PlanRow) -> Result<(), Error> {
        let organization = self.organization();
        run!(
            self.changing(),
            execute(
                INSERT,
                organization,
                row.id,
                &row.change,
                &row.fingerprint,
                &row.summary,
                row.state,
                &row.made_by,
                row.created_at,
                row.valid_until,
                &row.decided_by,
                row.decided_at,
                row.finished_at,
                row.total,
                row.done,
                &row.differs,
                row.request_id,
            )
        )
        .map(drop)
    }

    /// Writes what can change: how far it is, and by whom.
    pub async fn update_plan(&mut self, row: &PlanRow) -> Result<(), Error> {
        let organization = self.organization();
        run!(
            self.changing(),
            execute(
                UPDATE,
                organization,
                row.id,
                &row.fingerprint,
                row.state,
                &row.decided_by,
                row.decided_at,
                row.finished_at,
                row.done,
                &row.differs,
            )
        )
        .map(drop)
    }

    /// Adds what a plan does to one person.
    pub async fn insert_plan_effect(&mut self, plan: PlanId, row: &EffectRow) -> Result<(), Error> {
        let organization = self.organization();
        run!(
            self.changing(),
            execute(
                ADD_EFFECT,
                organization,
                plan,
                row.position,
                row.person_id,
                row.resource_id,
                &row.email,
                &row.before,
                &row.after,
                &row.note,
                row.kinds,
            )
        )
        .map(drop)
    }

    /// Says of one effect how it came otherwise.
    pub async fn note_plan_effect(&mut self, plan: PlanId, position: i64, note: &str) -> Result<(), Error> {
        let organization = self.organization();
        run!(self.changing(), execute(NOTE, organization, plan, position, note)).map(drop)
    }
}
