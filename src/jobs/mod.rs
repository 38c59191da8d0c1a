//! What the gateway does by itself, beside answering: a worker that takes pieces of work from the queue, shares it with
//! the workers of other processes, and stops cleanly. Holds no rules; each piece is one call of the domain.

mod recurring;
mod work;

use std::time::Duration;

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::auth::Authenticator;
use crate::directory::Directory;
use crate::outbox::mail::{Mailer, NotSent};
use crate::outbox::queue::{Fate, Piece, Queue, Work};
use crate::provisioning::Provisioning;
use crate::provisioning::request_log::RequestLog;
use crate::provisioning::watch::Thresholds;

/// How often it is written down when tokens were last used: the time that a reader of it may be behind.
const LAST_USED: Duration = Duration::from_mins(1);

/// Pieces done at the same time. A slow mail server holds up this many and no more.
const AT_ONCE: u32 = 4;

/// How often things are done, and how long what is done with stays.
#[derive(Debug, Clone)]
pub struct Rhythm {
    /// How often work is looked for.
    pub poll_every: Duration,
    /// How long mails, and work that was given up, are kept.
    pub mail_retention: Duration,
    /// How often admins get the list of people who were deactivated.
    pub digest_every: Duration,
}

/// Does what waits. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Worker {
    /// Where the work is.
    pub queue: Queue,
    /// Sends mails.
    pub mailer: Mailer,
    /// Secaro's side.
    pub directory: Directory,
    /// The IdP's side.
    pub provisioning: Provisioning,
    /// Knows when tokens were last used.
    pub authenticator: Authenticator,
    /// What was asked, and what came of it.
    pub request_log: RequestLog,
    /// What of connections and tokens is worth a mail.
    pub thresholds: Thresholds,
    /// How often.
    pub rhythm: Rhythm,
}

impl Worker {
    /// The same, with links in mails to another address.
    #[must_use]
    pub fn at(&self, base_url: &str) -> Self {
        Self { mailer: self.mailer.at(base_url), ..self.clone() }
    }

    /// The same as another process has it.
    #[must_use]
    pub fn of_another_process(&self) -> Self {
        Self { queue: self.queue.of_another_process(), ..self.clone() }
    }

    /// Works until told to stop; then finishes what it has in hand and what must not be lost.
    pub async fn run(&self, stop: CancellationToken) {
        tokio::join!(self.work(&stop), self.note_last_used(&stop));
        self.write_last_used().await;
    }

    /// Does everything that is due by now, and what comes due by that; answers how many pieces it was.
    pub async fn run_due(&self) -> usize {
        let mut done = 0;
        while let Ok(pieces @ 1..) = self.take().await {
            done += pieces;
        }
        done
    }

    async fn work(&self, stop: &CancellationToken) {
        self.begin_recurring().await;
        while !stop.is_cancelled() {
            match self.take().await {
                Ok(1..) => {}
                Ok(0) => {
                    stop.run_until_cancelled(tokio::time::sleep(self.rhythm.poll_every)).await;
                }
                Err(error) => {
                    tracing::warn!(error = &*error, "the queue of work cannot be read; trying again");
                    stop.run_until_cancelled(tokio::time::sleep(5 * self.rhythm.poll_every)).await;
                }
            }
        }
    }

    /// Takes a few pieces and does them; answers how many.
    async fn take(&self) -> anyhow::Result<usize> {
        let pieces = self.queue.claim(AT_ONCE).await?;
        let taken = pieces.len();
        let mut at_once = JoinSet::new();
        for piece in pieces {
            let worker = self.clone();
            at_once.spawn(async move { worker.piece(piece).await });
        }
        while let Some(done) = at_once.join_next().await {
            if let Err(error) = done {
                // Its lease ends, and it is tried again until it was tried too often.
                tracing::error!(error = &error as &dyn std::error::Error, "a piece of work broke off");
            }
        }
        Ok(taken)
    }

    async fn piece(&self, piece: Piece) {
        let (kind, subject) = piece.work.parts();
        let done = if self.queue.is_spent(piece) {
            Err(anyhow::anyhow!("every process that began it broke off"))
        } else {
            // Longer, and another process would do it at the same time.
            let limit = tokio::time::timeout(self.queue.lease(), self.perform(piece)).await;
            limit.unwrap_or_else(|_| Err(anyhow::anyhow!("it took longer than jobs.lease")))
        };
        let noted = match done {
            Ok(()) => self.queue.finish(piece).await.map_err(anyhow::Error::from),
            Err(error) => self.failed(piece, &error).await,
        };
        if let Err(error) = noted {
            // Its lease ends, and it is done again: every piece may be.
            tracing::warn!(error = &*error, job.kind = kind, job.subject = %subject, "cannot note what became of work");
        }
    }

    async fn failed(&self, piece: Piece, error: &anyhow::Error) -> anyhow::Result<()> {
        let (kind, subject) = piece.work.parts();
        let hopeless = matches!(error.downcast_ref::<NotSent>(), Some(NotSent::Never(_)));
        let fate = self.queue.fate(piece, hopeless);
        let words = format!("{error:#}");
        match fate {
            Fate::Again(at) => {
                tracing::warn!(job.kind = kind, job.subject = %subject, error = words, again.at = %at,
                    "work failed; it is tried again");
            }
            Fate::GivenUp => {
                tracing::error!(job.kind = kind, job.subject = %subject, error = words,
                    "work was given up; «secaro-gateway job list» shows it");
                if let Work::SendMail(mail) = piece.work {
                    self.mailer.give_up(mail, &words).await?;
                }
            }
        }
        Ok(self.queue.fail(piece, fate, &words).await?)
    }

    async fn note_last_used(&self, stop: &CancellationToken) {
        while stop.run_until_cancelled(tokio::time::sleep(LAST_USED)).await.is_some() {
            self.write_last_used().await;
        }
    }

    async fn write_last_used(&self) {
        if let Err(error) = self.authenticator.write_last_used().await {
            // They are kept and tried again the next time round.
            tracing::warn!(error = &error as &dyn std::error::Error, "could not write down when tokens were last used");
        }
    }
}
