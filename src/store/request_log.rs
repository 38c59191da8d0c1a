//! `request_log`: what was asked of the SCIM surface and what came of it. No change and no record of one: rows are
//! written in batches beside the requests, and go when they are old.

use serde::{Serialize, Serializer};
use sqlx::FromRow;

use super::statement::{run, statements};
use super::{Books, Error, Reader};
use crate::clock::Timestamp;
use crate::ids::{ConnectionId, Id, OrganizationId, RequestId, ResourceId};

/// A request as it is written.
#[derive(Debug, Serialize)]
pub struct NewRequest {
    /// The connection's organization.
    #[serde(serialize_with = "hex_or_null")]
    pub organization_id: Option<OrganizationId>,
    /// Its id.
    #[serde(serialize_with = "hex")]
    pub id: RequestId,
    /// When it came.
    #[serde(serialize_with = "millis")]
    pub at: Timestamp,
    /// The short form of its id.
    pub reference: String,
    /// The connection.
    #[serde(serialize_with = "hex_or_null")]
    pub connection_id: Option<ConnectionId>,
    /// The connection's key as it was asked for.
    pub connection: Option<String>,
    /// The public part of the token that was accepted.
    pub credential: Option<String>,
    /// How it was asked.
    pub method: &'static str,
    /// For what.
    pub path: String,
    /// What that means.
    pub meaning: String,
    /// `User` or `Group`.
    pub target_kind: Option<&'static str>,
    /// Which.
    #[serde(serialize_with = "hex_or_null")]
    pub target_id: Option<ResourceId>,
    /// Its name.
    pub target_name: Option<String>,
    /// How it was answered.
    pub status: u16,
    /// The `scimType` of a refusal.
    pub scim_type: Option<&'static str>,
    /// The words of a refusal.
    pub detail: Option<String>,
    /// How long it took.
    pub duration_us: u64,
    /// The client's network address.
    pub address: Option<String>,
    /// What the client calls itself.
    pub agent: Option<String>,
    /// The steps, as JSON.
    pub steps: String,
    /// The deviations that were taken, as JSON.
    pub quirks: String,
    /// The body's structure, as JSON.
    pub body: Option<String>,
}

/// A request as it is kept.
#[derive(Debug, Clone, FromRow)]
pub struct RequestRow {
    /// The connection's organization.
    pub organization_id: Option<OrganizationId>,
    /// Its id.
    pub id: RequestId,
    /// When it came.
    pub at: Timestamp,
    /// The short form of its id.
    pub reference: String,
    /// The connection's key as it was asked for.
    pub connection: Option<String>,
    /// The public part of the token that was accepted.
    pub credential: Option<String>,
    /// How it was asked.
    pub method: String,
    /// For what.
    pub path: String,
    /// What that means.
    pub meaning: String,
    /// `User` or `Group`.
    pub target_kind: Option<String>,
    /// Which.
    pub target_id: Option<ResourceId>,
    /// Its name.
    pub target_name: Option<String>,
    /// How it was answered.
    pub status: i64,
    /// The `scimType` of a refusal.
    pub scim_type: Option<String>,
    /// The words of a refusal.
    pub detail: Option<String>,
    /// How long it took.
    pub duration_us: i64,
    /// The client's network address.
    pub address: Option<String>,
    /// What the client calls itself.
    pub agent: Option<String>,
    /// The steps, as JSON.
    pub steps: String,
    /// The deviations that were taken, as JSON.
    pub quirks: String,
    /// The body's structure, as JSON.
    pub body: Option<String>,
}

/// Requests that came faster than they could be written.
#[derive(Debug, Clone, FromRow, Serialize)]
pub struct Gap {
    /// The first of them came after this.
    pub began_at: Timestamp,
    /// The last of them came before this.
    pub ended_at: Timestamp,
    /// How many.
    pub missing: i64,
}

/// Whose requests, from an index of their own.
#[derive(Debug, Clone, Copy)]
pub enum Of {
    /// Everybody's, and nobody's.
    Everybody,
    /// An organization's.
    Organization(OrganizationId),
    /// Of an organization's those that were refused or failed.
    Failed(OrganizationId),
    /// Of an organization's those to a connection.
    Connection(OrganizationId, ConnectionId),
}

/// The time to begin with, and the place before which to go on.
#[derive(Debug, Clone, Copy)]
pub struct Span {
    /// Nothing older.
    pub since: Timestamp,
    /// Only what is older than this request: its time and id.
    pub before: (Timestamp, RequestId),
}

fn hex<T: Id, S: Serializer>(id: &T, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&id.uuid().simple())
}

#[expect(clippy::ref_option, reason = "serde hands out references")]
fn hex_or_null<T: Id, S: Serializer>(id: &Option<T>, serializer: S) -> Result<S::Ok, S::Error> {
    match id {
        Some(id) => hex(id, serializer),
        None => serializer.serialize_none(),
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands out references")]
fn millis<S: Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_i64(at.millis())
}

statements! {
    // One statement for a whole batch: what it costs is taken from the requests' own processor.
    INSERT = "INSERT INTO request_log (organization_id, id, at, reference, connection_id, connection, credential, \
        method, path, meaning, target_kind, target_id, target_name, status, scim_type, detail, duration_us, address, \
        agent, steps, quirks, body) \
        SELECT unhex(value->>'organization_id'), unhex(value->>'id'), value->>'at', value->>'reference', \
        unhex(value->>'connection_id'), value->>'connection', value->>'credential', value->>'method', value->>'path', \
        value->>'meaning', value->>'target_kind', unhex(value->>'target_id'), value->>'target_name', \
        value->>'status', value->>'scim_type', value->>'detail', value->>'duration_us', value->>'address', \
        value->>'agent', value->>'steps', value->>'quirks', value->>'body' FROM json_each($1)",
        postgres "INSERT INTO request_log (organization_id, id, at, reference, connection_id, connection, credential, \
        method, path, meaning, target_kind, target_id, target_name, status, scim_type, detail, duration_us, address, \
        agent, steps, quirks, body) \
        SELECT organization_id, id, at, reference, connection_id, connection, credential, method, path, meaning, \
        target_kind, target_id, target_name, status, scim_type, detail, duration_us, address, agent, steps, quirks, \
        body FROM json_to_recordset($1::json) AS r(organization_id uuid, id uuid, at bigint, reference text, \
        connection_id uuid, connection text, credential text, method text, path text, meaning text, \
        target_kind text, target_id uuid, target_name text, status bigint, scim_type text, detail text, \
        duration_us bigint, address text, agent text, steps text, quirks text, body text)",
        installation_wide "a batch holds the requests of all organizations, and of nobody's connection";
    INSERT_GAP = "INSERT INTO request_log_gaps (id, began_at, ended_at, missing) VALUES ($1, $2, $3, $4)",
        installation_wide "what was not written has no organization";
    PAGE_OF = "SELECT organization_id, id, at, reference, connection, credential, method, path, meaning, \
        target_kind, target_id, target_name, status, scim_type, detail, duration_us, address, agent, steps, quirks, \
        body FROM request_log \
        WHERE organization_id = $1 AND at >= $2 AND (at, id) < ($3, $4) ORDER BY at DESC, id DESC LIMIT $5";
    FAILED_OF = "SELECT organization_id, id, at, reference, connection, credential, method, path, meaning, \
        target_kind, target_id, target_name, status, scim_type, detail, duration_us, address, agent, steps, quirks, \
        body FROM request_log WHERE organization_id = $1 AND status >= 400 AND at >= $2 AND (at, id) < ($3, $4) \
        ORDER BY at DESC, id DESC LIMIT $5";
    OF_CONNECTION = "SELECT organization_id, id, at, reference, connection, credential, method, path, meaning, \
        target_kind, target_id, target_name, status, scim_type, detail, duration_us, address, agent, steps, quirks, \
        body FROM request_log WHERE organization_id = $1 AND connection_id = $6 AND at >= $2 AND (at, id) < ($3, $4) \
        ORDER BY at DESC, id DESC LIMIT $5";
    PAGE = "SELECT organization_id, id, at, reference, connection, credential, method, path, meaning, \
        target_kind, target_id, target_name, status, scim_type, detail, duration_us, address, agent, steps, quirks, \
        body FROM request_log WHERE at >= $1 AND (at, id) < ($2, $3) ORDER BY at DESC, id DESC LIMIT $4",
        installation_wide "the operator sees requests to unknown connections too";
    BY_REFERENCE = "SELECT organization_id, id, at, reference, connection, credential, method, path, meaning, \
        target_kind, target_id, target_name, status, scim_type, detail, duration_us, address, agent, steps, quirks, \
        body FROM request_log WHERE reference = $1 ORDER BY at DESC LIMIT 1",
        installation_wide "the reference names one request of the installation; who may see it is asked afterwards";
    GAPS = "SELECT began_at, ended_at, missing FROM request_log_gaps WHERE ended_at >= $1 AND began_at <= $2 \
        ORDER BY ended_at DESC LIMIT 100", installation_wide "what was not written has no organization";
    PRUNE = "DELETE FROM request_log WHERE id IN (SELECT id FROM request_log WHERE at < $1 ORDER BY at LIMIT $2)",
        installation_wide "what is old goes, whoever's it was";
    PRUNE_GAPS = "DELETE FROM request_log_gaps WHERE ended_at < $1", installation_wide "the same";
}

impl Books {
    /// Adds a batch.
    pub async fn insert_requests(&mut self, requests: &[NewRequest]) -> Result<(), Error> {
        let batch = serde_json::to_string(requests).unwrap_or_default();
        run!(self.writing(), execute(INSERT, batch)).map(drop)
    }

    /// Notes that requests are missing.
    pub async fn insert_gap(&mut self, id: RequestId, gap: &Gap) -> Result<(), Error> {
        run!(self.writing(), execute(INSERT_GAP, id, gap.began_at, gap.ended_at, gap.missing)).map(drop)
    }

    /// Deletes at most `limit` requests that came before a time, the oldest first; how many there were.
    pub async fn prune_requests(&mut self, before: Timestamp, limit: i64) -> Result<u64, Error> {
        run!(self.writing(), execute(PRUNE, before, limit))
    }

    /// Forgets gaps that ended before a time.
    pub async fn prune_gaps(&mut self, before: Timestamp) -> Result<(), Error> {
        run!(self.writing(), execute(PRUNE_GAPS, before)).map(drop)
    }
}

impl Reader {
    /// Requests, the newest first.
    pub async fn requests(&mut self, of: Of, span: Span, limit: i64) -> Result<Vec<RequestRow>, Error> {
        let Span { since, before: (at, id) } = span;
        match of {
            Of::Everybody => run!(self, query_as::<RequestRow>(PAGE, since, at, id, limit).fetch_all),
            Of::Organization(own) => run!(self, query_as::<RequestRow>(PAGE_OF, own, since, at, id, limit).fetch_all),
            Of::Failed(own) => run!(self, query_as::<RequestRow>(FAILED_OF, own, since, at, id, limit).fetch_all),
            Of::Connection(own, connection) => {
                run!(self, query_as::<RequestRow>(OF_CONNECTION, own, since, at, id, limit, connection).fetch_all)
            }
        }
    }

    /// The request of this reference.
    pub async fn request_by_reference(&mut self, reference: &str) -> Result<Option<RequestRow>, Error> {
        run!(self, query_as::<RequestRow>(BY_REFERENCE, reference).fetch_optional)
    }

    /// Where requests are missing between two times, the latest first.
    pub async fn request_gaps(&mut self, since: Timestamp, until: Timestamp) -> Result<Vec<Gap>, Error> {
        run!(self, query_as::<Gap>(GAPS, since, until).fetch_all)
    }
}
