//! Reading the log: lists by what is asked for, and one request with everything that came of it. An organization reads
//! the requests to its own connections; the operator of the machine reads all. Also forgetting what is old.

use std::time::Duration;

use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use super::RequestLog;
use crate::auth::Actor;
use crate::clock::Timestamp;
use crate::directory;
use crate::ids::{Id as _, OrganizationId, RequestId, ResourceId};
use crate::provisioning::Error;
use crate::scim::fold;
use crate::store::audit::AuditRecord;
use crate::store::outbox::EventRow;
use crate::store::people::Status as PersonStatus;
use crate::store::request_log::{Of, RequestRow, Span};
use crate::store::{self, Reader};

pub use crate::store::request_log::Gap;

/// Requests that are in memory at once.
const CHUNK: i64 = 500;

/// Requests that one list looks at; where it stopped, the next one goes on.
const SCAN: usize = 20_000;

/// Requests deleted in one transaction.
const PRUNED_AT_ONCE: i64 = 1000;

/// How a request was answered, as it is asked for: `404`, or `4xx`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Exactly so.
    Is(u16),
    /// In this hundred.
    Class(u16),
}

impl Status {
    /// Reads `404` or `4xx`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text.to_ascii_lowercase().strip_suffix("xx") {
            Some(class) => class.parse().ok().filter(|class| (1..=5).contains(class)).map(Self::Class),
            None => text.parse().ok().filter(|status| (100..=599).contains(status)).map(Self::Is),
        }
    }

    /// Whether it holds only what was refused or failed.
    const fn is_of_failures(self) -> bool {
        match self {
            Self::Is(status) => status >= 400,
            Self::Class(class) => class >= 4,
        }
    }

    const fn holds(self, status: u16) -> bool {
        match self {
            Self::Is(wanted) => status == wanted,
            Self::Class(class) => status / 100 == class,
        }
    }
}

/// Which requests to list; all of them by default.
#[derive(Debug, Clone, Default)]
pub struct Filters {
    /// To the connection of this key.
    pub connection: Option<String>,
    /// Answered so.
    pub status: Option<Status>,
    /// Refused or failed.
    pub failed: bool,
    /// Asked by this method.
    pub method: Option<String>,
    /// With this in the name of the person or group, the path, or what it means, whatever its case.
    pub text: Option<String>,
    /// Not before this time.
    pub since: Option<Timestamp>,
    /// Before this time.
    pub until: Option<Timestamp>,
    /// Older than the request of this reference.
    pub before: Option<String>,
    /// How many at most.
    pub limit: usize,
}

impl Filters {
    fn hold(&self, row: &RequestRow) -> bool {
        let status = u16::try_from(row.status).unwrap_or_default();
        self.connection
            .as_ref()
            .is_none_or(|key| row.connection.as_deref().is_some_and(|of| of.eq_ignore_ascii_case(key)))
            && self.status.is_none_or(|wanted| wanted.holds(status))
            && (!self.failed || status >= 400)
            && self.method.as_ref().is_none_or(|method| row.method.eq_ignore_ascii_case(method))
            && self.text.as_ref().is_none_or(|text| {
                let text = fold(text);
                let names = [row.target_name.as_deref(), Some(&row.path), Some(&row.meaning)];
                names.into_iter().flatten().any(|name| fold(name).contains(&text))
            })
    }
}

/// A request in the log.
#[derive(Debug, Clone, Serialize)]
pub struct Logged {
    /// As it stands at the end of an error's detail.
    pub reference: String,
    /// Its id.
    pub id: RequestId,
    /// When it came.
    pub at: Timestamp,
    /// The connection's key as it was asked for.
    pub connection: Option<String>,
    /// The public part of the token that was accepted; none if none was.
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
    /// How long it took, in microseconds.
    pub duration_us: i64,
    /// The client's network address.
    pub address: Option<String>,
    /// What the client calls itself.
    pub agent: Option<String>,
    /// The steps and when they were reached, in microseconds.
    pub steps: Value,
    /// The deviations that were taken, by name.
    pub quirks: Value,
    /// The structure of the body, where capture is on.
    pub body: Option<Value>,
}

impl From<RequestRow> for Logged {
    fn from(row: RequestRow) -> Self {
        let json = |text: &str| serde_json::from_str(text).unwrap_or_default();
        Self {
            reference: row.reference,
            id: row.id,
            at: row.at,
            connection: row.connection,
            credential: row.credential,
            method: row.method,
            path: row.path,
            meaning: row.meaning,
            target_kind: row.target_kind,
            target_id: row.target_id,
            target_name: row.target_name,
            status: row.status,
            scim_type: row.scim_type,
            detail: row.detail,
            duration_us: row.duration_us,
            address: row.address,
            agent: row.agent,
            steps: json(&row.steps),
            quirks: json(&row.quirks),
            body: row.body.as_deref().map(json),
        }
    }
}

/// A list, the newest first.
#[derive(Debug, Serialize)]
pub struct Listed {
    /// The requests.
    pub requests: Vec<Logged>,
    /// Where to go on: the reference to list before. None if there is nothing more.
    pub next: Option<String>,
    /// Whether it stopped because it had looked at many, and not because it had found enough.
    pub stopped: bool,
    /// Where requests are missing because they came too fast; only for the operator.
    pub gaps: Vec<Gap>,
}

/// A request with everything that came of it.
#[derive(Debug, Serialize)]
pub struct Shown {
    /// The request.
    pub request: Logged,
    /// The organization's key.
    pub organization: Option<String>,
    /// The address of the person whom the User stands for now.
    pub person: Option<String>,
    /// What it changed, old and new.
    pub changes: Vec<AuditRecord>,
    /// What it made known, what is held included.
    pub events: Vec<EventRow>,
}

/// Whose requests somebody may see; made by [`RequestLog::scope`] alone.
#[derive(Debug, Clone, Copy)]
pub struct Scope {
    /// None: all of them, those to unknown connections included.
    organization: Option<OrganizationId>,
}

impl Scope {
    fn sees(self, row: &RequestRow) -> bool {
        self.organization.is_none() || row.organization_id == self.organization
    }
}

impl RequestLog {
    /// What this actor may see: an Organization admin the requests to the connections of their organization, an
    /// operator those of an organization, or all.
    ///
    /// # Errors
    ///
    /// Forbidden for anybody else, and for another organization.
    pub async fn scope(&self, actor: &Actor, organization: Option<&str>) -> Result<Scope, Error> {
        let mut reader = self.store.read().await?;
        let named = match organization {
            Some(key) => {
                let found = reader.organization_by_key(key).await?.map(|found| found.id);
                Some(found.ok_or_else(|| unknown_organization(key))?)
            }
            None => None,
        };
        let Actor::Member(member) = actor else { return Ok(Scope { organization: named }) };
        let own = member.organization();
        if named.is_some_and(|named| named != own) {
            return Err(directory::Error::Forbidden("this is another organization's".to_owned()).into());
        }
        let roles = reader.console_roles(own, member.person()).await?;
        let active =
            reader.person(own, member.person()).await?.is_some_and(|person| person.status == PersonStatus::Active);
        if !active || !roles.iter().any(|role| role == "organization_admin" || role == "auditor") {
            let words = "only an active Organization admin or an auditor may see this; ask one of them";
            return Err(directory::Error::Forbidden(words.to_owned()).into());
        }
        Ok(Scope { organization: Some(own) })
    }

    /// Requests, the newest first.
    pub async fn list(&self, scope: Scope, filters: &Filters) -> Result<Listed, Error> {
        let mut listed = self.requests(scope.organization, filters).await?;
        if scope.organization.is_none() {
            let since = filters.since.unwrap_or(Timestamp::from_millis(0));
            // Of a full page, only the gaps beside what is on it.
            let since = listed.next.as_ref().and_then(|_| listed.requests.last()).map_or(since, |oldest| oldest.at);
            let until = filters.until.unwrap_or(Timestamp::from_millis(i64::MAX));
            listed.gaps = self.store.read().await?.request_gaps(since, until).await?;
        }
        Ok(listed)
    }

    /// One request, with everything that came of it.
    pub async fn show(&self, scope: Scope, reference: &str) -> Result<Shown, Error> {
        let reference = spelled(reference);
        let mut reader = self.store.read().await?;
        let found = reader.request_by_reference(&reference).await?.filter(|row| scope.sees(row));
        let Some(row) = found else { return Err(unknown(reference).into()) };
        let (organization, request, resource) = (row.organization_id, row.id, row.target_id);
        let mut shown =
            Shown { request: row.into(), organization: None, person: None, changes: Vec::new(), events: Vec::new() };
        if let Some(organization) = organization {
            shown.organization = reader.organization(organization).await?.map(|found| found.key);
            shown.changes = reader.audit_records_of_request(organization, request).await?;
            shown.events = reader.events_of_request(organization, request).await?;
            if let Some(resource) = resource {
                shown.person = person(&mut reader, organization, resource).await?;
            }
        }
        Ok(shown)
    }

    /// How many requests of this process found no place in the queue since its start.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.recorder.dropped()
    }

    /// Deletes what is older than it has to be kept; how many requests that were.
    pub async fn prune(&self) -> Result<u64, Error> {
        let before = earlier(self.store.clock().now(), self.retention);
        let mut pruned = 0;
        loop {
            let mut books = self.store.books().await?;
            let deleted = books.prune_requests(before, PRUNED_AT_ONCE).await?;
            books.prune_gaps(before).await?;
            books.commit().await?;
            pruned += deleted;
            if deleted < PRUNED_AT_ONCE.unsigned_abs() {
                return Ok(pruned);
            }
        }
    }

    async fn requests(&self, organization: Option<OrganizationId>, filters: &Filters) -> Result<Listed, Error> {
        let mut reader = self.store.read().await?;
        let mut span = Span {
            since: filters.since.unwrap_or(Timestamp::from_millis(i64::MIN)),
            before: place(&mut reader, organization, filters).await?,
        };
        let mut listed = Listed { requests: Vec::new(), next: None, stopped: false, gaps: Vec::new() };
        let (of, all_fit) = of(&mut reader, organization, filters).await?;
        let chunk = if all_fit { i64::try_from(filters.limit.max(1)).unwrap_or(CHUNK).min(CHUNK) } else { CHUNK };
        let mut looked_at = 0;
        loop {
            let rows = reader.requests(of, span, chunk).await?;
            let whole = rows.len() < usize::try_from(chunk).unwrap_or_default();
            for row in rows {
                looked_at += 1;
                span.before = (row.at, row.id);
                let held = filters.hold(&row);
                listed.next = Some(row.reference.clone());
                if held {
                    listed.requests.push(row.into());
                }
                listed.stopped = looked_at >= SCAN;
                if listed.stopped || listed.requests.len() >= filters.limit {
                    return Ok(listed);
                }
            }
            if whole {
                listed.next = None;
                return Ok(listed);
            }
        }
    }
}

/// Whom a User stands for.
async fn person(
    reader: &mut Reader,
    organization: OrganizationId,
    resource: ResourceId,
) -> Result<Option<String>, store::Error> {
    let link = reader.link(organization, resource).await?;
    let Some(person) = link.and_then(|link| link.person_id) else { return Ok(None) };
    Ok(reader.person(organization, person).await?.map(|person| person.email))
}

/// Whose requests to look at for these filters, and whether all of those fit them.
async fn of(
    reader: &mut Reader,
    organization: Option<OrganizationId>,
    filters: &Filters,
) -> Result<(Of, bool), store::Error> {
    let Filters { connection, status, failed, method, text, until: _, since: _, before: _, limit: _ } = filters;
    let no_more = method.is_none() && text.is_none();
    let Some(own) = organization else {
        return Ok((Of::Everybody, no_more && connection.is_none() && status.is_none() && !failed));
    };
    if *failed || status.is_some_and(Status::is_of_failures) {
        return Ok((Of::Failed(own), no_more && connection.is_none() && status.is_none()));
    }
    if let Some(key) = connection {
        let found = reader.connection_by_key(&key.to_ascii_lowercase()).await?;
        if let Some(found) = found.filter(|found| found.organization_id == own) {
            return Ok((Of::Connection(own, found.id), no_more && status.is_none()));
        }
    }
    Ok((Of::Organization(own), no_more && connection.is_none() && status.is_none()))
}

/// The place before which a list begins.
async fn place(
    reader: &mut Reader,
    organization: Option<OrganizationId>,
    filters: &Filters,
) -> Result<(Timestamp, RequestId), Error> {
    if let Some(reference) = &filters.before {
        let reference = spelled(reference);
        let found = reader.request_by_reference(&reference).await?;
        let found = found.filter(|row| Scope { organization }.sees(row));
        return found.map(|row| (row.at, row.id)).ok_or_else(|| unknown(reference).into());
    }
    let until = filters.until.unwrap_or(Timestamp::from_millis(i64::MAX));
    // Before all requests of that time, or after all there are.
    let id = if filters.until.is_some() { Uuid::nil() } else { Uuid::max() };
    Ok((until, RequestId::from_uuid(id)))
}

/// A reference as it is kept, from how somebody copied it: `[ref 9KJJFM934V]` included.
fn spelled(reference: &str) -> String {
    let reference = reference.trim().trim_start_matches('[').trim_end_matches(']').trim();
    let reference = reference.strip_prefix("ref ").unwrap_or(reference);
    reference.chars().filter(|char| !char.is_whitespace()).take(64).collect::<String>().to_ascii_uppercase()
}

fn unknown(reference: String) -> directory::Error {
    let advice = "look at the reference again; old requests leave the log (request_log.retention)";
    directory::Error::NotFound { kind: "request", name: reference, advice }
}

fn unknown_organization(key: &str) -> directory::Error {
    let advice = "«secaro-gateway organization list» shows those there are";
    directory::Error::NotFound { kind: "organization", name: key.to_owned(), advice }
}

fn earlier(now: Timestamp, by: Duration) -> Timestamp {
    Timestamp::from_millis(now.millis().saturating_sub(i64::try_from(by.as_millis()).unwrap_or(i64::MAX)))
}
