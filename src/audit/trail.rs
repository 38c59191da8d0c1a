//! Reading the trail: of one organization, the newest first, a page at a time. Whoever asks has been let in by then.

use uuid::Uuid;

use crate::clock::Timestamp;
use crate::ids::{AuditId, Id as _, OrganizationId};
use crate::store::{self, Store};

pub use crate::store::audit::AuditRecord;

/// Which records.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Of this action.
    pub action: Option<String>,
    /// By this actor.
    pub actor: Option<String>,
    /// Before this record: its time and id, as [`Page::next`] says.
    pub before: Option<(Timestamp, AuditId)>,
}

/// A page of the trail.
#[derive(Debug)]
pub struct Page {
    /// The records.
    pub records: Vec<AuditRecord>,
    /// Before which record the next page begins, if there is one.
    pub next: Option<(Timestamp, AuditId)>,
}

/// The trail. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Trail {
    store: Store,
}

impl Trail {
    /// In this store.
    #[must_use]
    pub const fn new(store: Store) -> Self {
        Self { store }
    }

    /// A page of an organization's records.
    pub async fn list(&self, organization: OrganizationId, wanted: &Wanted, limit: u32) -> Result<Page, store::Error> {
        let before = wanted.before.unwrap_or((Timestamp::from_millis(i64::MAX), AuditId::from_uuid(Uuid::max())));
        let (action, actor) = (wanted.action.as_deref(), wanted.actor.as_deref());
        let mut reader = self.store.read().await?;
        let mut records = reader.audit_records_before(organization, before, action, actor, limit + 1).await?;
        let more = records.len() > limit as usize;
        records.truncate(limit as usize);
        let next = records.last().filter(|_| more).map(|record| (record.at, record.id));
        Ok(Page { records, next })
    }

    /// Everything about one thing of an organization, the newest first.
    pub async fn of(&self, organization: OrganizationId, target: Uuid) -> Result<Vec<AuditRecord>, store::Error> {
        let mut records = self.store.read().await?.audit_records_of(organization, target).await?;
        records.reverse();
        Ok(records)
    }
}
