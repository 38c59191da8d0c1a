//! What is done again and again: looking after connections and tokens, and deleting what need not be kept.

use std::time::Duration;

use super::Worker;
use crate::ids::RequestId;
use crate::outbox::queue::Work;

/// How often connections and tokens are looked at.
const WATCH: Duration = Duration::from_mins(15);

/// How often what is old is looked for.
const PRUNE: Duration = Duration::from_hours(1);

impl Worker {
    /// Has recurring work done from now on, unless it waits already.
    pub async fn begin_recurring(&self) {
        for work in [Work::Watch, Work::Prune] {
            if let Err(error) = self.queue.begin_recurring(work).await {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    job.kind = work.parts().0,
                    "recurring work could not be begun; the next start does"
                );
            }
        }
    }

    /// Tells admins of what they should know about tokens, connections and decisions.
    pub(super) async fn watch(&self, request: RequestId) -> anyhow::Result<()> {
        self.provisioning.watch(&self.thresholds, request).await?;
        self.directory.tell_overdue(request).await?;
        Ok(self.queue.recur(Work::Watch, WATCH).await?)
    }

    /// Deletes what need not be kept any longer.
    pub(super) async fn prune(&self) -> anyhow::Result<()> {
        let mails = self.mailer.prune(self.rhythm.mail_retention).await?;
        let jobs = self.queue.prune(self.rhythm.mail_retention).await?;
        let requests = self.request_log.prune().await?;
        let registrations = self.directory.prune_registrations().await?;
        let sign_ins = self.directory.prune_sign_ins().await?;
        if mails + jobs + requests + registrations + sign_ins > 0 {
            tracing::info!(mails, jobs, requests, registrations, sign_ins, "deleted what was kept long enough");
        }
        Ok(self.queue.recur(Work::Prune, PRUNE).await?)
    }
}
