//! `grants`: one permission of one person from one source.

use sqlx::FromRow;

use super::columns::named_states;
use super::statement::{run, statements};
use super::{Error, Reader, Tx};
use crate::clock::Timestamp;
use crate::ids::{
    ConnectionId, FacilityId, GrantId, MassChangeId, OrganizationId, PersonId, RequestId, ResourceId, RuleId,
};

named_states! {
    /// Where a grant comes from.
    pub enum GrantSource {
        /// A person gave it.
        Manual = "manual",
        /// An access rule about a group.
        RuleGroup = "rule_group",
        /// An access rule about an attribute.
        RuleAttribute = "rule_attribute",
        /// `roles` or `entitlements` of the User itself.
        Attribute = "attribute",
    }
}

named_states! {
    /// Whether a grant gives anything now.
    pub enum GrantState {
        /// It does, while the person is active.
        Effective = "effective",
        /// An Organization admin has to decide first.
        Held = "held",
        /// Its facility is unknown or archived.
        Dormant = "dormant",
    }
}

named_states! {
    /// What somebody decided about a held gain.
    pub enum GrantDecision {
        /// It takes effect, though a machine would not have decided it.
        Released = "released",
        /// It does not, as long as it is asserted.
        Discarded = "discarded",
    }
}

/// What waits about a grant, and what was decided of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, FromRow)]
pub struct Hold {
    /// Since when the gain, or the loss, waits.
    pub held_at: Option<Timestamp>,
    /// By which request.
    pub held_request_id: Option<RequestId>,
    /// By when somebody should have decided.
    pub deadline_at: Option<Timestamp>,
    /// With which others it would have been lost.
    pub mass_change_id: Option<MassChangeId>,
    /// What was decided.
    pub decision: Option<GrantDecision>,
    /// By whom.
    pub decided_by: Option<String>,
    /// When.
    pub decided_at: Option<Timestamp>,
}

/// A grant.
#[derive(Debug, Clone, FromRow)]
pub struct Grant {
    /// Its id.
    pub id: GrantId,
    /// Whose.
    pub person_id: PersonId,
    /// The permission's name, without a facility.
    pub permission: String,
    /// Which facility, if it is known.
    pub facility_id: Option<FacilityId>,
    /// The folded text that names the facility, now or some day.
    pub facility_key: Option<String>,
    /// From where.
    pub source: GrantSource,
    /// From which connection.
    pub connection_id: Option<ConnectionId>,
    /// By which rule.
    pub rule_id: Option<RuleId>,
    /// Through which group.
    pub group_id: Option<ResourceId>,
    /// Through which attribute.
    pub attribute: Option<String>,
    /// Whether it gives anything.
    pub state: GrantState,
    /// Why not, if not; of an effective one, why it is not taken away.
    pub reason: Option<String>,
    /// On whose authority.
    pub granted_by: String,
    /// By which request.
    pub request_id: RequestId,
    /// Since when.
    pub created_at: Timestamp,
    /// What waits about it, and what was decided.
    #[sqlx(flatten)]
    pub hold: Hold,
}

/// A grant with the names a person reads.
#[derive(Debug, Clone, FromRow)]
pub struct ExplainedGrant {
    /// The grant.
    #[sqlx(flatten)]
    pub grant: Grant,
    /// The facility's key.
    pub facility: Option<String>,
    /// The facility's name.
    pub facility_name: Option<String>,
    /// The connection's key.
    pub connection: Option<String>,
    /// The rule's subject: group id, pattern or attribute.
    pub rule: Option<String>,
    /// The group's document, which has its name.
    pub group_document: Option<String>,
}

statements! {
    BY_ID = "SELECT id, person_id, permission, facility_id, facility_key, source, connection_id, rule_id, \
        group_id, attribute, state, reason, granted_by, request_id, created_at, held_at, held_request_id, \
        deadline_at, mass_change_id, decision, decided_by, decided_at \
        FROM grants WHERE organization_id = $1 AND id = $2";
    OF_PERSON = "SELECT id, person_id, permission, facility_id, facility_key, source, connection_id, rule_id, \
        group_id, attribute, state, reason, granted_by, request_id, created_at, held_at, held_request_id, \
        deadline_at, mass_change_id, decision, decided_by, decided_at \
        FROM grants WHERE organization_id = $1 AND person_id = $2 ORDER BY id";
    EXPLAINED = "SELECT g.id, g.person_id, g.permission, g.facility_id, g.facility_key, g.source, g.connection_id, \
        g.rule_id, g.group_id, g.attribute, g.state, g.reason, g.granted_by, g.request_id, g.created_at, \
        g.held_at, g.held_request_id, g.deadline_at, g.mass_change_id, g.decision, g.decided_by, g.decided_at, \
        f.key AS facility, f.name AS facility_name, c.key AS connection, r.subject AS rule, \
        s.document AS group_document \
        FROM grants g \
        LEFT JOIN facilities f ON f.organization_id = g.organization_id AND f.id = g.facility_id \
        LEFT JOIN connections c ON c.organization_id = g.organization_id AND c.id = g.connection_id \
        LEFT JOIN rules r ON r.organization_id = g.organization_id AND r.id = g.rule_id \
        LEFT JOIN resources s ON s.organization_id = g.organization_id AND s.id = g.group_id \
        WHERE g.organization_id = $1 AND g.person_id = $2 ORDER BY g.permission, f.key, g.id";
    HELD = "SELECT id, person_id, permission, facility_id, facility_key, source, connection_id, rule_id, \
        group_id, attribute, state, reason, granted_by, request_id, created_at, held_at, held_request_id, \
        deadline_at, mass_change_id, decision, decided_by, decided_at \
        FROM grants WHERE organization_id = $1 AND reason IS NOT NULL AND decision IS NULL \
        ORDER BY COALESCE(held_at, created_at), id";
    INSERT = "INSERT INTO grants (organization_id, id, person_id, permission, facility_id, facility_key, source, \
        connection_id, rule_id, group_id, attribute, state, reason, granted_by, request_id, created_at, \
        held_at, held_request_id, deadline_at) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)";
    SET_STATE = "UPDATE grants SET state = $3, reason = $4, facility_id = $5, facility_key = $6, held_at = $7, \
        held_request_id = $8, deadline_at = $9, mass_change_id = $10, decision = $11, decided_by = $12, \
        decided_at = $13 WHERE organization_id = $1 AND id = $2";
    DELETE = "DELETE FROM grants WHERE organization_id = $1 AND id = $2";
    NAMING = "SELECT id, person_id, permission, facility_id, facility_key, source, connection_id, rule_id, \
        group_id, attribute, state, reason, granted_by, request_id, created_at, held_at, held_request_id, \
        deadline_at, mass_change_id, decision, decided_by, decided_at \
        FROM grants WHERE organization_id = $1 AND facility_key = $2 ORDER BY person_id, id";
    EDITORS = "SELECT g.facility_id, COUNT(DISTINCT g.person_id) AS people FROM grants g \
        JOIN people p ON p.organization_id = g.organization_id AND p.id = g.person_id \
        WHERE g.organization_id = $1 AND g.state = 'effective' AND g.facility_id IS NOT NULL AND p.status = 'active' \
        GROUP BY g.facility_id";
    // SQLite would walk through the grants of all rules, for their order.
    EDITORS_BY_RULES = "SELECT g.rule_id, COUNT(DISTINCT g.person_id) AS people FROM grants g INDEXED BY grants_facility_idx \
        JOIN people p ON p.organization_id = g.organization_id AND p.id = g.person_id \
        WHERE g.organization_id = $1 AND g.facility_id = $2 AND g.state = 'effective' AND p.status = 'active' \
        GROUP BY g.rule_id",
        postgres "SELECT g.rule_id, COUNT(DISTINCT g.person_id) AS people FROM grants g \
        JOIN people p ON p.organization_id = g.organization_id AND p.id = g.person_id \
        WHERE g.organization_id = $1 AND g.facility_id = $2 AND g.state = 'effective' AND p.status = 'active' \
        GROUP BY g.rule_id";
    USERS_OF_RULE = "SELECT DISTINCT l.resource_id FROM grants g \
        JOIN links l ON l.organization_id = g.organization_id AND l.person_id = g.person_id AND l.state = 'linked' \
        WHERE g.organization_id = $1 AND g.rule_id = $2";
    OTHER_ADMINS = "SELECT COUNT(*) FROM grants g \
        JOIN people p ON p.organization_id = g.organization_id AND p.id = g.person_id \
        WHERE g.organization_id = $1 AND g.permission = 'organization_admin' AND g.state = 'effective' \
        AND g.person_id <> $2 AND p.status = 'active'";
}

impl Reader {
    /// How many active people can edit each facility; none for those that nobody can.
    pub async fn editors(&mut self, organization: OrganizationId) -> Result<Vec<(FacilityId, i64)>, Error> {
        run!(self, query_as::<(FacilityId, i64)>(EDITORS, organization).fetch_all)
    }

    /// How many active people can edit a facility by each rule, and by none; none for rules by which nobody can.
    pub async fn editors_by_rules(
        &mut self,
        organization: OrganizationId,
        facility: FacilityId,
    ) -> Result<Vec<(Option<RuleId>, i64)>, Error> {
        run!(self, query_as::<(Option<RuleId>, i64)>(EDITORS_BY_RULES, organization, facility).fetch_all)
    }

    /// The grants of a person.
    pub async fn grants(&mut self, organization: OrganizationId, person: PersonId) -> Result<Vec<Grant>, Error> {
        run!(self, query_as::<Grant>(OF_PERSON, organization, person).fetch_all)
    }

    /// The grants of a person with what they come from.
    pub async fn explained_grants(
        &mut self,
        organization: OrganizationId,
        person: PersonId,
    ) -> Result<Vec<ExplainedGrant>, Error> {
        run!(self, query_as::<ExplainedGrant>(EXPLAINED, organization, person).fetch_all)
    }

    /// The grant of this id.
    pub async fn grant(&mut self, organization: OrganizationId, id: GrantId) -> Result<Option<Grant>, Error> {
        run!(self, query_as::<Grant>(BY_ID, organization, id).fetch_optional)
    }

    /// The grants that wait for a decision or for their facility, oldest first.
    pub async fn held_grants(&mut self, organization: OrganizationId) -> Result<Vec<Grant>, Error> {
        run!(self, query_as::<Grant>(HELD, organization).fetch_all)
    }

    /// The grants whose facility is called so, folded; by person.
    pub async fn grants_naming(&mut self, organization: OrganizationId, name_key: &str) -> Result<Vec<Grant>, Error> {
        run!(self, query_as::<Grant>(NAMING, organization, name_key).fetch_all)
    }

    /// The Users of those who have a grant by this rule.
    pub async fn users_of_rule(
        &mut self,
        organization: OrganizationId,
        rule: RuleId,
    ) -> Result<Vec<ResourceId>, Error> {
        run!(self, query_scalar::<ResourceId>(USERS_OF_RULE, organization, rule).fetch_all)
    }

    /// How many effective Organization admin grants active people other than this one hold.
    pub async fn other_organization_admins(
        &mut self,
        organization: OrganizationId,
        person: PersonId,
    ) -> Result<i64, Error> {
        run!(self, query_scalar::<i64>(OTHER_ADMINS, organization, person).fetch_one)
    }
}

impl Tx {
    /// Adds one.
    pub async fn insert_grant(&mut self, row: &Grant) -> Result<(), Error> {
        let organization = self.organization();
        run!(
            self.changing(),
            execute(
                INSERT,
                organization,
                row.id,
                row.person_id,
                &row.permission,
                row.facility_id,
                &row.facility_key,
                row.source,
                row.connection_id,
                row.rule_id,
                row.group_id,
                &row.attribute,
                row.state,
                &row.reason,
                &row.granted_by,
                row.request_id,
                row.created_at,
                row.hold.held_at,
                row.hold.held_request_id,
                row.hold.deadline_at,
            )
        )
        .map(drop)
    }

    /// Writes its state, reason, facility, and what waits or was decided about it.
    pub async fn set_grant_state(&mut self, row: &Grant) -> Result<(), Error> {
        let organization = self.organization();
        run!(
            self.changing(),
            execute(
                SET_STATE,
                organization,
                row.id,
                row.state,
                &row.reason,
                row.facility_id,
                &row.facility_key,
                row.hold.held_at,
                row.hold.held_request_id,
                row.hold.deadline_at,
                row.hold.mass_change_id,
                row.hold.decision,
                &row.hold.decided_by,
                row.hold.decided_at,
            )
        )
        .map(drop)
    }

    /// Takes one away.
    pub async fn delete_grant(&mut self, id: GrantId) -> Result<(), Error> {
        let organization = self.organization();
        run!(self.changing(), execute(DELETE, organization, id)).map(drop)
    }
}
