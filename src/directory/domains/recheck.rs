//! Looking at the proof of a domain again: two failures in a row suspend it, a later success brings it back (T42).
//! Whoever came by the domain stays; only joining by it and safe linking stop.

use std::time::Duration;

use serde_json::json;

use super::super::{Directory, Error};
use super::{ProofRecord, proves};
use crate::audit::{self, Action, Record, Target};
use crate::auth::actor;
use crate::clock::Timestamp;
use crate::ids::{DomainId, OrganizationId, RequestId};
use crate::outbox::mail::{self, Mail};
use crate::outbox::queue::{Work, schedule, schedule_beside};
use crate::outbox::{self, Event};
use crate::store::Reader;
use crate::store::domains::Domain;

/// So many failures in a row suspend a domain: one may be a slip while somebody edits the zone.
const SUSPENDING: i64 = 2;
/// How soon after a first failure it is looked again.
const AFTER_FAILURE: Duration = Duration::from_hours(1);
/// How soon it is looked again if the DNS did not answer.
const AFTER_TROUBLE: Duration = Duration::from_mins(15);

impl Directory {
    /// Looks at the proof of a verified domain again, and has it done again later; a job calls it.
    ///
    /// That the record is gone counts as a failure. That the DNS does not answer does not: it says nothing about the
    /// domain, and trouble with our own resolver must not suspend every customer at once.
    pub async fn recheck_domain(&self, id: DomainId, request: RequestId) -> Result<(), Error> {
        let Some(organization) = self.store.read().await?.organization_of_domain(id).await? else { return Ok(()) };
        let Some(row) = self.store.read().await?.domain_by_id(organization, id).await? else { return Ok(()) };
        // Not verified, or vouched for by an operator: nothing to look for.
        let (Some(_), Some(wanted)) = (row.verified_at, ProofRecord::of(&row)) else { return Ok(()) };
        let now = self.store.clock().now();
        let every = self.policy.recheck_every;
        match self.policy.dns.texts(&wanted.name).await {
            Err(error) => {
                tracing::debug!(domain.id = %id, error = %error, "the proof of a domain could not be looked up");
                self.note(organization, &row, row.failures, now.plus(AFTER_TROUBLE.min(every))).await
            }
            Ok(texts) if proves(&texts, &wanted) => {
                if row.suspended_at.is_none() {
                    return self.note(organization, &row, 0, now.plus(every)).await;
                }
                let mut tx = self.store.begin(actor::of_job("domain.recheck", organization, request)).await?;
                let still = tx.domain_by_id(organization, id).await?.filter(|row| row.suspended_at.is_some());
                if let Some(row) = still {
                    self.proven(&mut tx, row).await?;
                    tx.commit().await?;
                }
                Ok(())
            }
            Ok(_) if row.suspended_at.is_some() => {
                self.note(organization, &row, row.failures + 1, now.plus(every)).await
            }
            Ok(_) if row.failures + 1 < SUSPENDING => {
                self.note(organization, &row, row.failures + 1, now.plus(AFTER_FAILURE.min(every))).await
            }
            Ok(_) => self.suspend(organization, id, request).await,
        }
    }

    /// Writes down when it was looked at and what follows; changes nothing that anybody has to account for.
    async fn note(
        &self,
        organization: OrganizationId,
        row: &Domain,
        failures: i64,
        again_at: Timestamp,
    ) -> Result<(), Error> {
        let mut books = self.store.books().await?;
        books.domain_checked(organization, row.id, self.store.clock().now(), failures).await?;
        schedule_beside(&self.store, &mut books, Work::RecheckDomain(row.id), again_at).await?;
        Ok(books.commit().await?)
    }

    async fn suspend(&self, organization: OrganizationId, id: DomainId, request: RequestId) -> Result<(), Error> {
        let mut tx = self.store.begin(actor::of_job("domain.recheck", organization, request)).await?;
        let Some(old) = tx.domain_by_id(organization, id).await?.filter(|row| row.suspended_at.is_none()) else {
            return Ok(());
        };
        let now = tx.now();
        let row = Domain { checked_at: Some(now), failures: old.failures + 1, suspended_at: Some(now), ..old };
        tx.update_domain(&row).await?;
        let record = Record::of(Action::DomainSuspended, Target::Domain(id)).after(json!({ "domain": row.name }));
        audit::record(&mut tx, record.because("the TXT record that proves it is gone")).await?;
        outbox::emit(&mut tx, &Event::DomainLost(id)).await?;
        let name = Reader::organization(&mut tx, organization).await?.map(|one| one.name);
        let mail = Mail::DomainSuspended { organization: name.unwrap_or_default(), domain: row.name };
        mail::queue_for_admins(&mut tx, None, &mail).await?;
        schedule(&mut tx, Work::RecheckDomain(id), now.plus(self.policy.recheck_every)).await?;
        Ok(tx.commit().await?)
    }
}
