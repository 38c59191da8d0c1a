//! `held`: what waits for an Organization admin.

use super::answer::{Answer, or_dash};
use super::failure::Failure;
use super::session::{OfOrganization, Session};

/// What to see of what is held.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Held {
    /// List what the gateway would not decide alone, oldest first
    List {
        #[command(flatten)]
        of: OfOrganization,
    },
}

impl Held {
    pub(super) async fn run(self, session: &Session) -> Result<Answer, Failure> {
        let Self::List { of } = self;
        let held = session.opened.directory.held(&of.key(session).await?).await?;
        Ok(Answer::list(
            "held",
            &held,
            ["What", "Person", "Connection", "Why", "Since"],
            |item| {
                [
                    item.permission.clone().unwrap_or_else(|| item.kind.to_owned()),
                    or_dash(item.person.as_ref()),
                    or_dash(item.connection.as_ref()),
                    item.text.clone(),
                    item.since.to_string(),
                ]
            },
            "Nothing is held.",
        ))
    }
}
