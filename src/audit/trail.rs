//! Reading the trail: of one organization, the newest first, a page at a time. Whoever asks has been let in by then.

use std::collections::BTreeMap;

use uuid::Uuid;

use crate::clock::Timestamp;
use crate::ids::{AuditId, Id as _, OrganizationId};
use crate::store::audit::Narrowed;
use crate::store::{self, Store};

pub use crate::store::audit::AuditRecord;

/// Which records.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Of this action.
    pub action: Option<String>,
    /// By this actor.
    pub actor: Option<String>,
    /// About this kind of thing.
    pub target_kind: Option<String>,
    /// About this one.
    pub target: Option<Uuid>,
    /// Not before this time.
    pub since: Option<Timestamp>,
    /// Before this time.
    pub until: Option<Timestamp>,
    /// Before this record: its time and id, as [`Page::next`] says.
    pub before: Option<(Timestamp, AuditId)>,
}

/// A page of the trail.
#[derive(Debug, Default)]
pub struct Page {
    /// The records.
    pub records: Vec<AuditRecord>,
    /// Before which record the next page begins, if there is one.
    pub next: Option<(Timestamp, AuditId)>,
    /// What the targets are called that are called anything.
    pub names: BTreeMap<Uuid, String>,
}

/// The trail. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Trail {
    store: Store,
}

impl Page {
    /// Where the next page begins, as text; [`begins`] reads it.
    #[must_use]
    pub fn next_text(&self) -> Option<String> {
        self.next.map(|(at, id)| format!("{}.{id}", at.millis()))
    }
}

/// Where a page begins, from its text; nothing if it is none.
#[must_use]
pub fn begins(text: &str) -> Option<(Timestamp, AuditId)> {
    let (at, id) = text.split_once('.')?;
    Some((Timestamp::from_millis(at.parse().ok()?), id.parse().ok()?))
}

impl Wanted {
    fn narrowed(&self) -> Narrowed {
        Narrowed {
            action: self.action.clone(),
            actor: self.actor.clone(),
            target_kind: self.target_kind.clone(),
            target: self.target,
            since: self.since,
        }
    }

    /// The first record that is no longer wanted, looking back.
    fn end(&self) -> (Timestamp, AuditId) {
        let latest = self.before.unwrap_or((Timestamp::from_millis(i64::MAX), AuditId::from_uuid(Uuid::max())));
        let until = self.until.map(|until| (until, AuditId::from_uuid(Uuid::nil())));
        until.map_or(latest, |until| until.min(latest))
    }
}

impl Trail {
    /// In this store.
    #[must_use]
    pub const fn new(store: Store) -> Self {
        Self { store }
    }

    /// A page of an organization's records.
    pub async fn list(&self, organization: OrganizationId, wanted: &Wanted, limit: u32) -> Result<Page, store::Error> {
        let mut reader = self.store.read().await?;
        let narrowed = wanted.narrowed();
        let mut records = reader.audit_records_before(organization, wanted.end(), &narrowed, limit + 1).await?;
        let more = records.len() > limit as usize;
        records.truncate(limit as usize);
        let next = records.last().filter(|_| more).map(|record| (record.at, record.id));
        let mut targets: Vec<Uuid> = records.iter().map(|record| record.target_id).collect();
        targets.sort_unstable();
        targets.dedup();
        let names = reader.names_of_targets(organization, &targets).await?.into_iter().collect();
        Ok(Page { records, next, names })
    }
}
