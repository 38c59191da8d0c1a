//! `audit_records`: what was changed, by whom and why. Rows are added, never changed.

use sqlx::FromRow;

use super::columns::IdList;
use super::statement::{run, statements};
use super::{Error, Reader, Tx, Who};
use crate::clock::Timestamp;
use crate::ids::{AuditId, Id as _, OrganizationId, RequestId};
use uuid::Uuid;

/// A record to be written; the transaction adds who, when and on whose request.
#[derive(Debug)]
pub struct NewRecord<'a> {
    /// What was done.
    pub action: &'static str,
    /// To what kind of thing.
    pub target_kind: &'static str,
    /// To which.
    pub target_id: Uuid,
    /// What it was like before, as JSON.
    pub before: Option<&'a str>,
    /// What it is like now, as JSON.
    pub after: Option<&'a str>,
    /// Why.
    pub reason: Option<&'a str>,
}

/// A record as it was written.
#[derive(Debug, Clone, FromRow, serde::Serialize)]
pub struct AuditRecord {
    /// Its id.
    pub id: AuditId,
    /// When.
    pub at: Timestamp,
    /// What kind of author.
    pub actor_kind: String,
    /// The author, by name.
    pub actor_name: String,
    /// What was done.
    pub action: String,
    /// To what kind of thing.
    pub target_kind: String,
    /// To which.
    #[serde(skip)]
    pub target_id: Uuid,
    /// What it was like before, as JSON.
    pub before: Option<String>,
    /// What it is like now, as JSON.
    pub after: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// On which request.
    pub request_id: RequestId,
}

/// Which records; all by default.
#[derive(Debug, Clone, Default)]
pub struct Narrowed {
    /// Of this action.
    pub action: Option<String>,
    /// By this author.
    pub actor: Option<String>,
    /// About this kind of thing.
    pub target_kind: Option<String>,
    /// About this one.
    pub target: Option<Uuid>,
    /// Not before this time.
    pub since: Option<Timestamp>,
}

statements! {
    INSERT = "INSERT INTO audit_records (organization_id, id, at, actor_kind, actor_id, actor_name, action, \
        target_kind, target_id, before, after, reason, request_id) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";
    OF_TARGET = "SELECT id, at, actor_kind, actor_name, action, target_kind, target_id, before, after, reason, \
        request_id FROM audit_records WHERE organization_id = $1 AND target_id = $2 ORDER BY at, id";
    OF_REQUEST = "SELECT id, at, actor_kind, actor_name, action, target_kind, target_id, before, after, reason, \
        request_id FROM audit_records WHERE organization_id = $1 AND request_id = $2 ORDER BY at, id LIMIT 1000";
    // By what is rarest of what is asked for, each from an index of its own; the rest is looked at on the way. SQLite,
    // which knows nothing of what is rare, would take the index of times for all.
    LIST = "SELECT id, at, actor_kind, actor_name, action, target_kind, target_id, before, after, reason, request_id \
        FROM audit_records WHERE organization_id = $1 AND (at, id) < ($2, $3) AND at >= $4 \
        AND (CAST($6 AS TEXT) IS NULL OR target_kind = $6) ORDER BY at DESC, id DESC LIMIT $5";
    LIST_OF_ACTION = "SELECT id, at, actor_kind, actor_name, action, target_kind, target_id, before, after, reason, request_id \
        FROM audit_records INDEXED BY audit_records_action_idx \
        WHERE organization_id = $1 AND (at, id) < ($2, $3) AND at >= $4 \
        AND (CAST($6 AS TEXT) IS NULL OR target_kind = $6) AND action = $7 ORDER BY at DESC, id DESC LIMIT $5",
        postgres "SELECT id, at, actor_kind, actor_name, action, target_kind, target_id, before, after, reason, request_id \
        FROM audit_records WHERE organization_id = $1 AND (at, id) < ($2, $3) AND at >= $4 \
        AND (CAST($6 AS TEXT) IS NULL OR target_kind = $6) AND action = $7 ORDER BY at DESC, id DESC LIMIT $5";
    LIST_OF_ACTOR = "SELECT id, at, actor_kind, actor_name, action, target_kind, target_id, before, after, reason, request_id \
        FROM audit_records INDEXED BY audit_records_actor_idx \
        WHERE organization_id = $1 AND (at, id) < ($2, $3) AND at >= $4 \
        AND (CAST($6 AS TEXT) IS NULL OR target_kind = $6) AND (CAST($7 AS TEXT) IS NULL OR action = $7) \
        AND actor_name = $8 ORDER BY at DESC, id DESC LIMIT $5",
        postgres "SELECT id, at, actor_kind, actor_name, action, target_kind, target_id, before, after, reason, request_id \
        FROM audit_records WHERE organization_id = $1 AND (at, id) < ($2, $3) AND at >= $4 \
        AND (CAST($6 AS TEXT) IS NULL OR target_kind = $6) AND (CAST($7 AS TEXT) IS NULL OR action = $7) \
        AND actor_name = $8 ORDER BY at DESC, id DESC LIMIT $5";
    LIST_OF_TARGET = "SELECT id, at, actor_kind, actor_name, action, target_kind, target_id, before, after, reason, request_id \
        FROM audit_records INDEXED BY audit_records_target_idx \
        WHERE organization_id = $1 AND (at, id) < ($2, $3) AND at >= $4 \
        AND (CAST($6 AS TEXT) IS NULL OR target_kind = $6) AND (CAST($7 AS TEXT) IS NULL OR action = $7) \
        AND (CAST($8 AS TEXT) IS NULL OR actor_name = $8) AND target_id = $9 ORDER BY at DESC, id DESC LIMIT $5",
        postgres "SELECT id, at, actor_kind, actor_name, action, target_kind, target_id, before, after, reason, request_id \
        FROM audit_records WHERE organization_id = $1 AND (at, id) < ($2, $3) AND at >= $4 \
        AND (CAST($6 AS TEXT) IS NULL OR target_kind = $6) AND (CAST($7 AS TEXT) IS NULL OR action = $7) \
        AND (CAST($8 AS TEXT) IS NULL OR actor_name = $8) AND target_id = $9 ORDER BY at DESC, id DESC LIMIT $5";
    NAMES = "SELECT p.id, p.email AS name FROM json_each($2) AS wanted \
        CROSS JOIN people p ON p.organization_id = $1 AND p.id = unhex(wanted.value) \
        UNION ALL SELECT c.id, c.key AS name FROM json_each($2) AS wanted \
        CROSS JOIN connections c ON c.organization_id = $1 AND c.id = unhex(wanted.value) \
        UNION ALL SELECT f.id, f.key AS name FROM json_each($2) AS wanted \
        CROSS JOIN facilities f ON f.organization_id = $1 AND f.id = unhex(wanted.value) \
        UNION ALL SELECT d.id, d.name AS name FROM json_each($2) AS wanted \
        CROSS JOIN domains d ON d.organization_id = $1 AND d.id = unhex(wanted.value) \
        UNION ALL SELECT t.id, t.name AS name FROM json_each($2) AS wanted \
        CROSS JOIN tokens t ON t.organization_id = $1 AND t.id = unhex(wanted.value) \
        UNION ALL SELECT j.id, j.email AS name FROM json_each($2) AS wanted \
        CROSS JOIN join_requests j ON j.organization_id = $1 AND j.id = unhex(wanted.value) \
        UNION ALL SELECT i.id, i.email AS name FROM json_each($2) AS wanted \
        CROSS JOIN invitations i ON i.organization_id = $1 AND i.id = unhex(wanted.value)",
        postgres "SELECT p.id, p.email AS name FROM people p WHERE p.organization_id = $1 AND p.id = ANY($2) \
        UNION ALL SELECT c.id, c.key AS name FROM connections c WHERE c.organization_id = $1 AND c.id = ANY($2) \
        UNION ALL SELECT f.id, f.key AS name FROM facilities f WHERE f.organization_id = $1 AND f.id = ANY($2) \
        UNION ALL SELECT d.id, d.name AS name FROM domains d WHERE d.organization_id = $1 AND d.id = ANY($2) \
        UNION ALL SELECT t.id, t.name AS name FROM tokens t WHERE t.organization_id = $1 AND t.id = ANY($2) \
        UNION ALL SELECT j.id, j.email AS name FROM join_requests j WHERE j.organization_id = $1 AND j.id = ANY($2) \
        UNION ALL SELECT i.id, i.email AS name FROM invitations i WHERE i.organization_id = $1 AND i.id = ANY($2)";
}

impl Reader {
    /// The records about one thing, oldest first.
    pub async fn audit_records_of(
        &mut self,
        organization: OrganizationId,
        target: Uuid,
    ) -> Result<Vec<AuditRecord>, Error> {
        run!(self, query_as::<AuditRecord>(OF_TARGET, organization, target).fetch_all)
    }

    /// The next records before one, the newest first.
    pub async fn audit_records_before(
        &mut self,
        organization: OrganizationId,
        (at, id): (Timestamp, AuditId),
        narrowed: &Narrowed,
        limit: u32,
    ) -> Result<Vec<AuditRecord>, Error> {
        let limit = i64::from(limit);
        let since = narrowed.since.unwrap_or(Timestamp::from_millis(i64::MIN));
        let (action, actor) = (narrowed.action.as_deref(), narrowed.actor.as_deref());
        let kind = narrowed.target_kind.as_deref();
        match (action, actor, narrowed.target) {
            (_, _, Some(target)) => run!(
                self,
                query_as::<AuditRecord>(
                    LIST_OF_TARGET,
                    organization,
                    at,
                    id,
                    since,
                    limit,
                    kind,
                    action,
                    actor,
                    target
                )
                .fetch_all
            ),
            (_, Some(actor), None) => run!(
                self,
                query_as::<AuditRecord>(LIST_OF_ACTOR, organization, at, id, since, limit, kind, action, actor)
                    .fetch_all
            ),
            (Some(action), None, None) => run!(
                self,
                query_as::<AuditRecord>(LIST_OF_ACTION, organization, at, id, since, limit, kind, action).fetch_all
            ),
            (None, None, None) => {
                run!(self, query_as::<AuditRecord>(LIST, organization, at, id, since, limit, kind).fetch_all)
            }
        }
    }

    /// What the things of these ids are called, as far as they are called anything and are still there.
    pub async fn names_of_targets(
        &mut self,
        organization: OrganizationId,
        targets: &[Uuid],
    ) -> Result<Vec<(Uuid, String)>, Error> {
        run!(self, query_as::<(Uuid, String)>(NAMES, organization, IdList(targets)).fetch_all)
    }

    /// The records of one request, in their order; at most a thousand.
    pub async fn audit_records_of_request(
        &mut self,
        organization: OrganizationId,
        request: RequestId,
    ) -> Result<Vec<AuditRecord>, Error> {
        run!(self, query_as::<AuditRecord>(OF_REQUEST, organization, request).fetch_all)
    }
}

impl Tx {
    /// Adds one.
    pub async fn insert_audit_record(&mut self, record: &NewRecord<'_>) -> Result<(), Error> {
        let id: AuditId = self.id();
        let author = self.author().clone();
        let (actor_kind, actor_id, actor_name) = match &author.who {
            Who::Connection { token, key, .. } => ("connection", Some(token.uuid()), key.as_str()),
            Who::Person { person, name } => ("person", Some(person.uuid()), name.as_str()),
            Who::Operator { name } => ("operator", None, name.as_str()),
            Who::System { job } => ("system", None, *job),
        };
        let now = self.now();
        run!(
            self.recording(),
            execute(
                INSERT,
                author.organization,
                id,
                now,
                actor_kind,
                actor_id,
                actor_name,
                record.action,
                record.target_kind,
                record.target_id,
                record.before,
                record.after,
                record.reason,
                author.request,
            )
        )
        .map(drop)
    }
}
