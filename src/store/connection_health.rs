//! How connections fare: what the request log, the tokens and the resources say of each, and what an admin ticked of its
//! set-up. Only reads the first three; writes ticks.

use sqlx::FromRow;

use super::columns::IdList;
use super::resources::ResourceKind;
use super::statement::{run, statements};
use super::{Error, Reader, Tx};
use crate::clock::Timestamp;
use crate::ids::{ConnectionId, OrganizationId, ResourceId, RuleId};

/// The live tokens of a connection, together.
#[derive(Debug, Clone, FromRow)]
pub struct TokensTogether {
    /// The connection.
    pub connection_id: ConnectionId,
    /// How many.
    pub live: i64,
    /// When the last of them ends.
    pub expires_at: Timestamp,
    /// When the first of them was issued.
    pub first_at: Timestamp,
    /// When any of them was last used, to about a minute.
    pub last_used_at: Option<Timestamp>,
}

/// What a connection has asserted, by connection.
#[derive(Debug, Clone, FromRow)]
pub struct ResourcesTogether {
    /// `User` or `Group`.
    pub kind: String,
    /// How many.
    pub count: i64,
}

/// The calls of a connection since a time, together.
#[derive(Debug, Clone, FromRow)]
pub struct CallsTogether {
    /// The connection.
    pub connection_id: ConnectionId,
    /// How many.
    pub calls: i64,
    /// How many of them were refused or failed.
    pub failed: i64,
    /// When the first of those came.
    pub first_failed_at: Option<Timestamp>,
    /// When the newest came.
    pub last_at: Timestamp,
}

/// The calls of an hour.
#[derive(Debug, Clone, Copy, FromRow)]
pub struct CallsOfHour {
    /// Hours since 1970.
    pub hour: i64,
    /// How many.
    pub calls: i64,
    /// How many of them were refused or failed.
    pub failed: i64,
}

/// A kind of call among a connection's first ones.
#[derive(Debug, Clone, FromRow)]
pub struct EarlyCall {
    /// What it means.
    pub meaning: String,
    /// When the first that succeeded came, with a token or without.
    pub first_at: Timestamp,
    /// When the first that succeeded with a token came.
    pub known_at: Option<Timestamp>,
}

/// One of a connection's newest calls.
#[derive(Debug, Clone, FromRow)]
pub struct RecentCall {
    /// When it came.
    pub at: Timestamp,
    /// The short form of its id.
    pub reference: String,
    /// What it means.
    pub meaning: String,
    /// How it was answered.
    pub status: i64,
    /// The words of a refusal.
    pub detail: Option<String>,
}

/// A group as the console lists it.
#[derive(Debug, Clone, FromRow)]
pub struct ListedGroup {
    /// Its SCIM id.
    pub id: ResourceId,
    /// Its connection.
    pub connection_id: ConnectionId,
    /// The connection's key.
    pub connection: String,
    /// Its folded name.
    pub name_key: String,
    /// The IdP's own id for it.
    pub external_id: Option<String>,
    /// Its document.
    pub document: String,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// How many people have something by a rule.
#[derive(Debug, Clone, Copy, FromRow)]
pub struct PeopleOfRule {
    /// The rule.
    pub rule_id: RuleId,
    /// How many.
    pub people: i64,
}

/// A step of a set-up that an admin ticked.
#[derive(Debug, Clone, FromRow)]
pub struct Tick {
    /// Which.
    pub step: String,
    /// By whom.
    pub ticked_by: String,
    /// When.
    pub ticked_at: Timestamp,
}

statements! {
    TOKENS = "SELECT connection_id, COUNT(*) AS live, MAX(expires_at) AS expires_at, MIN(created_at) AS first_at, \
        MAX(last_used_at) AS last_used_at FROM tokens \
        WHERE organization_id = $1 AND revoked_at IS NULL AND expires_at > $2 GROUP BY connection_id";
    RESOURCES = "SELECT kind, COUNT(*) AS count FROM resources \
        WHERE organization_id = $1 AND connection_id = $2 GROUP BY kind";
    // Their ids stand in the order in which they were made.
    FIRST_RESOURCE = "SELECT created_at FROM resources \
        WHERE organization_id = $1 AND connection_id = $2 AND kind = $3 ORDER BY id LIMIT 1";
    CALLS_SINCE = "SELECT connection_id, COUNT(*) AS calls, COUNT(CASE WHEN status >= 400 THEN 1 END) AS failed, \
        MIN(CASE WHEN status >= 400 THEN at END) AS first_failed_at, MAX(at) AS last_at FROM request_log \
        WHERE organization_id = $1 AND at >= $2 AND connection_id IS NOT NULL GROUP BY connection_id";
    CALLS_BY_HOUR = "SELECT at / 3600000 AS hour, COUNT(*) AS calls, \
        COUNT(CASE WHEN status >= 400 THEN 1 END) AS failed FROM request_log \
        WHERE organization_id = $1 AND connection_id = $2 AND at >= $3 GROUP BY at / 3600000 ORDER BY 1";
    // Among so many only: the rest of a long life says nothing of a set-up.
    EARLY_CALLS = "SELECT meaning, MIN(at) AS first_at, MIN(CASE WHEN credential IS NOT NULL THEN at END) AS known_at \
        FROM (SELECT meaning, at, status, credential FROM request_log \
        WHERE organization_id = $1 AND connection_id = $2 ORDER BY at, id LIMIT 2000) AS early \
        WHERE status < 400 GROUP BY meaning";
    RECENT_CALLS = "SELECT at, reference, meaning, status, detail FROM request_log \
        WHERE organization_id = $1 AND connection_id = $2 ORDER BY at DESC, id DESC LIMIT $3";
    GROUPS_PAGE = "SELECT r.id, r.connection_id, c.key AS connection, r.name_key, r.external_id, r.document, \
        r.updated_at FROM resources r JOIN connections c ON c.organization_id = r.organization_id AND c.id = r.connection_id \
        WHERE r.organization_id = $1 AND r.kind = 'Group' AND (r.name_key, r.id) > ($2, $3) \
        ORDER BY r.name_key, r.id LIMIT $4";
    COUNT_MEMBERS_OF_EACH = "SELECT r.id, COUNT(*) FROM json_each($2) AS wanted \
        CROSS JOIN resources r ON r.organization_id = $1 AND r.id = unhex(wanted.value) \
        CROSS JOIN members m ON m.organization_id = r.organization_id AND m.connection_id = r.connection_id \
        AND m.group_id = r.id GROUP BY r.id",
        postgres "SELECT r.id, COUNT(*) FROM resources r \
        JOIN members m ON m.organization_id = r.organization_id AND m.connection_id = r.connection_id \
        AND m.group_id = r.id WHERE r.organization_id = $1 AND r.id = ANY($2) GROUP BY r.id";
    PEOPLE_OF_RULES = "SELECT r.id AS rule_id, (SELECT COUNT(DISTINCT g.person_id) FROM grants g \
        WHERE g.organization_id = r.organization_id AND g.rule_id = r.id AND g.state = 'effective') AS people \
        FROM rules r WHERE r.organization_id = $1 AND r.connection_id = $2";
    TICKS = "SELECT step, ticked_by, ticked_at FROM connection_steps \
        WHERE organization_id = $1 AND connection_id = $2 ORDER BY step";
    TICK = "INSERT INTO connection_steps (organization_id, connection_id, step, ticked_by, ticked_at) \
        VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING";
    UNTICK = "DELETE FROM connection_steps WHERE organization_id = $1 AND connection_id = $2 AND step = $3";
}

impl Reader {
    /// The live tokens of each connection that has any.
    pub async fn live_tokens(
        &mut self,
        organization: OrganizationId,
        now: Timestamp,
    ) -> Result<Vec<TokensTogether>, Error> {
        run!(self, query_as::<TokensTogether>(TOKENS, organization, now).fetch_all)
    }

    /// What a connection has asserted, by kind.
    pub async fn resources_by_kind(
        &mut self,
        organization: OrganizationId,
        connection: ConnectionId,
    ) -> Result<Vec<ResourcesTogether>, Error> {
        run!(self, query_as::<ResourcesTogether>(RESOURCES, organization, connection).fetch_all)
    }

    /// When the oldest of a kind that a connection asserts was made.
    pub async fn first_resource(
        &mut self,
        organization: OrganizationId,
        connection: ConnectionId,
        kind: ResourceKind,
    ) -> Result<Option<Timestamp>, Error> {
        run!(self, query_scalar::<Timestamp>(FIRST_RESOURCE, organization, connection, kind).fetch_optional)
    }

    /// The calls of each connection since a time.
    pub async fn calls_since(
        &mut self,
        organization: OrganizationId,
        since: Timestamp,
    ) -> Result<Vec<CallsTogether>, Error> {
        run!(self, query_as::<CallsTogether>(CALLS_SINCE, organization, since).fetch_all)
    }

    /// A connection's calls since a time, by hour; hours without any are left out.
    pub async fn calls_by_hour(
        &mut self,
        organization: OrganizationId,
        connection: ConnectionId,
        since: Timestamp,
    ) -> Result<Vec<CallsOfHour>, Error> {
        run!(self, query_as::<CallsOfHour>(CALLS_BY_HOUR, organization, connection, since).fetch_all)
    }

    /// What a connection's first calls were that succeeded.
    pub async fn early_calls(
        &mut self,
        organization: OrganizationId,
        connection: ConnectionId,
    ) -> Result<Vec<EarlyCall>, Error> {
        run!(self, query_as::<EarlyCall>(EARLY_CALLS, organization, connection).fetch_all)
    }

    /// A connection's newest calls, newest first.
    pub async fn recent_calls(
        &mut self,
        organization: OrganizationId,
        connection: ConnectionId,
        limit: i64,
    ) -> Result<Vec<RecentCall>, Error> {
        run!(self, query_as::<RecentCall>(RECENT_CALLS, organization, connection, limit).fetch_all)
    }

    /// The next groups of all connections after a folded name and an id.
    pub async fn groups_after(
        &mut self,
        organization: OrganizationId,
        after: (&str, ResourceId),
        limit: i64,
    ) -> Result<Vec<ListedGroup>, Error> {
        let (name_key, id) = after;
        run!(self, query_as::<ListedGroup>(GROUPS_PAGE, organization, name_key, id, limit).fetch_all)
    }

    /// How many members each of these groups has; none is left out.
    pub async fn count_members_of_each(
        &mut self,
        organization: OrganizationId,
        groups: &[ResourceId],
    ) -> Result<Vec<(ResourceId, i64)>, Error> {
        run!(self, query_as::<(ResourceId, i64)>(COUNT_MEMBERS_OF_EACH, organization, IdList(groups)).fetch_all)
    }

    /// How many people have something by each rule of a connection.
    pub async fn people_of_rules(
        &mut self,
        organization: OrganizationId,
        connection: ConnectionId,
    ) -> Result<Vec<PeopleOfRule>, Error> {
        run!(self, query_as::<PeopleOfRule>(PEOPLE_OF_RULES, organization, connection).fetch_all)
    }

    /// What was ticked of a connection's set-up.
    pub async fn ticks(&mut self, organization: OrganizationId, connection: ConnectionId) -> Result<Vec<Tick>, Error> {
        run!(self, query_as::<Tick>(TICKS, organization, connection).fetch_all)
    }
}

impl Tx {
    /// Ticks a step of a set-up; who ticked it first stays.
    pub async fn tick(&mut self, connection: ConnectionId, step: &str, by: &str) -> Result<(), Error> {
        let (organization, now) = (self.organization(), self.now());
        run!(self.changing(), execute(TICK, organization, connection, step, by, now)).map(drop)
    }

    /// Takes a tick away.
    pub async fn untick(&mut self, connection: ConnectionId, step: &str) -> Result<(), Error> {
        let organization = self.organization();
        run!(self.changing(), execute(UNTICK, organization, connection, step)).map(drop)
    }
}
