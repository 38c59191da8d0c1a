//! What the audit trail and the request log tell about a stretch of time: who came and went, and how fast access ended.

use sqlx::FromRow;

use super::statement::{run, statements};
use super::{Error, Reader};
use crate::clock::Timestamp;
use crate::ids::{OrganizationId, PersonId, RequestId};

/// By how much the numbers of people changed within one of several periods.
#[derive(Debug, Clone, Copy, FromRow)]
pub struct PeopleChanged {
    /// Which period, from the beginning on.
    pub period: i64,
    /// How many more were active at its end than at its beginning.
    pub active: i64,
    /// How many more were deactivated.
    pub deactivated: i64,
}

/// A person whose access an IdP ended.
#[derive(Debug, Clone, FromRow)]
pub struct Leaver {
    /// When.
    pub at: Timestamp,
    /// Whose.
    pub person_id: PersonId,
    /// Their address, as it is now.
    pub email: String,
    /// By which connection, by key.
    pub connection: String,
    /// On which request.
    pub request_id: RequestId,
    /// How long the request took, from its first byte until it was answered; nothing once it has left the log.
    pub duration_us: Option<i64>,
}

statements! {
    // What a record says of a person's status, as it stands in its JSON: a text with quotes in it has them escaped, and
    // cannot look like it. Other changes of a person than that somebody invited has come change no number.
    // SQLite, which knows nothing of what is rare, would take the index of times.
    PEOPLE_CHANGED = "SELECT (at - $2) / $3 AS period, SUM(CASE WHEN INSTR(after, '\"status\":\"active\"') > 0 THEN 1 ELSE 0 END \
        - CASE WHEN INSTR(before, '\"status\":\"active\"') > 0 THEN 1 ELSE 0 END) AS active, \
        SUM(CASE WHEN INSTR(after, '\"status\":\"deactivated\"') > 0 THEN 1 ELSE 0 END \
        - CASE WHEN INSTR(before, '\"status\":\"deactivated\"') > 0 THEN 1 ELSE 0 END) AS deactivated \
        FROM audit_records INDEXED BY audit_records_action_idx WHERE organization_id = $1 AND at >= $2 \
        AND action IN ('person.added', 'person.changed', 'person.deactivated', 'person.reactivated') \
        AND (action <> 'person.changed' OR INSTR(before, '\"status\":\"invited\"') > 0) \
        GROUP BY (at - $2) / $3",
        postgres "SELECT (at - $2) / $3 AS period, SUM(CASE WHEN STRPOS(after, '\"status\":\"active\"') > 0 THEN 1 ELSE 0 END \
        - CASE WHEN STRPOS(before, '\"status\":\"active\"') > 0 THEN 1 ELSE 0 END) AS active, \
        SUM(CASE WHEN STRPOS(after, '\"status\":\"deactivated\"') > 0 THEN 1 ELSE 0 END \
        - CASE WHEN STRPOS(before, '\"status\":\"deactivated\"') > 0 THEN 1 ELSE 0 END) AS deactivated \
        FROM audit_records WHERE organization_id = $1 AND at >= $2 \
        AND action IN ('person.added', 'person.changed', 'person.deactivated', 'person.reactivated') \
        AND (action <> 'person.changed' OR STRPOS(before, '\"status\":\"invited\"') > 0) \
        GROUP BY (at - $2) / $3";
    LEAVERS = "SELECT a.at, a.target_id AS person_id, p.email, a.actor_name AS connection, a.request_id, l.duration_us \
        FROM audit_records a INDEXED BY audit_records_action_idx JOIN people p ON p.organization_id = a.organization_id AND p.id = a.target_id \
        LEFT JOIN request_log l ON l.organization_id = a.organization_id AND l.id = a.request_id \
        WHERE a.organization_id = $1 AND a.action = 'person.deactivated' AND a.at >= $2 \
        AND a.actor_kind = 'connection' ORDER BY a.at DESC, a.id DESC LIMIT $3",
        postgres "SELECT a.at, a.target_id AS person_id, p.email, a.actor_name AS connection, a.request_id, l.duration_us \
        FROM audit_records a JOIN people p ON p.organization_id = a.organization_id AND p.id = a.target_id \
        LEFT JOIN request_log l ON l.organization_id = a.organization_id AND l.id = a.request_id \
        WHERE a.organization_id = $1 AND a.action = 'person.deactivated' AND a.at >= $2 \
        AND a.actor_kind = 'connection' ORDER BY a.at DESC, a.id DESC LIMIT $3";
}

impl Reader {
    /// By how much the numbers of people changed in each period of a length since a time; none for periods without a
    /// change.
    pub async fn people_changed(
        &mut self,
        organization: OrganizationId,
        since: Timestamp,
        length_ms: i64,
    ) -> Result<Vec<PeopleChanged>, Error> {
        run!(self, query_as::<PeopleChanged>(PEOPLE_CHANGED, organization, since, length_ms).fetch_all)
    }

    /// Whose access IdPs ended since a time, the last first.
    pub async fn leavers(
        &mut self,
        organization: OrganizationId,
        since: Timestamp,
        limit: u32,
    ) -> Result<Vec<Leaver>, Error> {
        run!(self, query_as::<Leaver>(LEAVERS, organization, since, i64::from(limit)).fetch_all)
    }
}
