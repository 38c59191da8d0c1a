//! `job`: the work that waits, and what was given up.

use super::answer::{Answer, or_dash};
use super::failure::Failure;
use super::session::Session;
use crate::directory::Error;
use crate::ids::JobId;
use crate::outbox::queue::JobState;

/// What to do with work.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Job {
    /// List what was given up, then what waits, by its time
    List {
        /// How many of each at most
        #[arg(long, default_value_t = 200)]
        limit: u32,
    },
    /// Try it now, as if it had never failed
    Retry {
        /// Its id, as listed
        id: JobId,
    },
}

impl Job {
    pub(super) async fn run(self, session: &Session) -> Result<Answer, Failure> {
        let queue = &session.opened.worker.queue;
        match self {
            Self::List { limit } => {
                let jobs = queue.list(limit).await.map_err(Error::from)?;
                Ok(Answer::list(
                    "jobs",
                    &jobs,
                    ["Job", "Work", "Organization", "State", "At", "Attempts", "Last error"],
                    |job| {
                        let at_it = job.claimed_until.is_some_and(|until| until > session.clock.now());
                        let state = match job.state {
                            JobState::Waiting if at_it => "being done",
                            JobState::Waiting => "waiting",
                            JobState::Failed => "given up",
                        };
                        [
                            job.id.to_string(),
                            job.kind.clone(),
                            or_dash(job.organization.as_ref()),
                            state.to_owned(),
                            job.run_at.to_string(),
                            job.attempts.to_string(),
                            or_dash(job.last_error.as_ref()),
                        ]
                    },
                    "No work waits, and none was given up.",
                ))
            }
            Self::Retry { id } => {
                if !queue.retry(id).await.map_err(Error::from)? {
                    return Err(Failure::not_found("job", &id, "«secaro-gateway job list» shows those there are"));
                }
                let words = "It is tried again as soon as a running gateway («secaro-gateway serve») gets to it.";
                Ok(Answer::new(&serde_json::json!({ "id": id, "state": "waiting" }), words))
            }
        }
    }
}
