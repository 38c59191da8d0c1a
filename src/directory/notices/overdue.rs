//! What nobody has decided by its deadline: it stays held, and Organization admins are told so once.

use uuid::Uuid;

use super::super::held::{self, Held, What};
use super::super::{Directory, Error};
use super::{LINES, line, name_of};
use crate::audit::{self, Action, Record, Target};
use crate::auth::actor::of_job;
use crate::clock::Timestamp;
use crate::ids::{OrganizationId, RequestId};
use crate::outbox::mail::{self, Mail};
use crate::store::{self, Reader};

const ABOUT: &str = "held_overdue";

impl Directory {
    /// Tells the admins of every organization what they should have decided by now, and have not been told of.
    pub async fn tell_overdue(&self, request: RequestId) -> Result<(), Error> {
        for organization in self.organizations().await? {
            let now = self.store.clock().now();
            if overdue(&mut self.store.read().await?, organization.id, now).await?.is_empty() {
                continue;
            }
            let mut tx = self.store.begin(of_job("watch", organization.id, request)).await?;
            let items = overdue(&mut tx, organization.id, now).await?;
            if items.is_empty() {
                continue;
            }
            for (subject, _) in &items {
                tx.note_told(*subject, ABOUT).await?;
            }
            let lines = items.iter().take(LINES).map(|(_, item)| line(item)).collect();
            let name = name_of(&mut tx, organization.id).await?;
            let mail = Mail::HeldOverdue { organization: name, lines, count: items.len() as u64 };
            mail::queue_for_admins(&mut tx, None, &mail).await?;
            let record = Record::of(Action::AdminsTold, Target::Organization(organization.id));
            audit::record(&mut tx, record.because(format!("{} decisions are overdue", items.len()))).await?;
            tx.commit().await?;
        }
        Ok(())
    }
}

/// What is past its deadline and nobody was told so since, each with its id.
async fn overdue(
    reader: &mut Reader,
    organization: OrganizationId,
    now: Timestamp,
) -> Result<Vec<(Uuid, Held)>, store::Error> {
    let mut overdue = Vec::new();
    for item in held::everything(reader, organization).await? {
        let Some(deadline) = item.deadline.filter(|deadline| *deadline <= now && item.kind != What::Dormant) else {
            continue;
        };
        let Ok(subject) = Uuid::try_parse(&item.id) else { continue };
        let told = reader.told_at(organization, subject, ABOUT).await?;
        if told.is_none_or(|told| told < deadline) {
            overdue.push((subject, item));
        }
    }
    Ok(overdue)
}
