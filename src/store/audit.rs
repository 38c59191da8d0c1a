//! `audit_records`: what was changed, by whom and why. Rows are added, never changed.

use sqlx::FromRow;

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

statements! {
    INSERT = "INSERT INTO audit_records (organization_id, id, at, actor_kind, actor_id, actor_name, action, \
        target_kind, target_id, before, after, reason, request_id) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";
    OF_TARGET = "SELECT id, at, actor_kind, actor_name, action, target_kind, target_id, before, after, reason, \
        request_id FROM audit_records WHERE organization_id = $1 AND target_id = $2 ORDER BY at, id";
    OF_REQUEST = "SELECT id, at, actor_kind, actor_name, action, target_kind, target_id, before, after, reason, \
        request_id FROM audit_records WHERE organization_id = $1 AND request_id = $2 ORDER BY at, id LIMIT 1000";
    LIST = "SELECT id, at, actor_kind, actor_name, action, target_kind, target_id, before, after, reason, request_id \
        FROM audit_records WHERE organization_id = $1 AND (at, id) < ($2, $3) \
        AND (CAST($4 AS TEXT) IS NULL OR action = $4) AND (CAST($5 AS TEXT) IS NULL OR actor_name = $5) \
        ORDER BY at DESC, id DESC LIMIT $6";
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

    /// The next records before one, the newest first: of an action, of an actor, or all.
    pub async fn audit_records_before(
        &mut self,
        organization: OrganizationId,
        (at, id): (Timestamp, AuditId),
        action: Option<&str>,
        actor: Option<&str>,
        limit: u32,
    ) -> Result<Vec<AuditRecord>, Error> {
        let limit = i64::from(limit);
        run!(self, query_as::<AuditRecord>(LIST, organization, at, id, action, actor, limit).fetch_all)
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
