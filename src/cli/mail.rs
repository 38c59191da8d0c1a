//! `mail`: what went out by mail, what did not, and what each says.

use super::answer::{Answer, facts, or_dash};
use super::failure::Failure;
use super::session::Session;
use crate::directory::Error;
use crate::ids::MailId;

/// What to see of mails.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Mail {
    /// List the latest mails, newest first
    List {
        /// How many at most
        #[arg(long, default_value_t = 100)]
        limit: u32,
    },
    /// Show one in full; its links work, so show it to nobody else
    Show {
        /// Its id, as listed
        id: MailId,
        /// As HTML instead of plain text
        #[arg(long)]
        html: bool,
    },
}

impl Mail {
    pub(super) async fn run(self, session: &Session) -> Result<Answer, Failure> {
        let mailer = &session.opened.worker.mailer;
        match self {
            Self::List { limit } => {
                let mails = mailer.list(limit).await.map_err(Error::from)?;
                Ok(Answer::list(
                    "mails",
                    &mails,
                    ["Mail", "To", "What", "State", "Since", "Last error"],
                    |mail| {
                        [
                            mail.id.to_string(),
                            mail.recipient.clone(),
                            mail.kind.clone(),
                            mail.state.to_string(),
                            mail.created_at.to_string(),
                            or_dash(mail.last_error.as_ref()),
                        ]
                    },
                    "There is no mail.",
                ))
            }
            Self::Show { id, html } => {
                let shown = mailer.show(id).await.map_err(Error::from)?.ok_or_else(|| {
                    Failure::not_found("mail", &id, "«secaro-gateway mail list» shows those there are")
                })?;
                if html {
                    let words = shown.html.clone();
                    return Ok(Answer::new(&shown, words));
                }
                let head = facts([
                    ("To", shown.mail.recipient.clone()),
                    ("Subject", shown.subject.clone()),
                    ("State", shown.mail.state.to_string()),
                    ("Last error", or_dash(shown.mail.last_error.as_ref())),
                ]);
                let words = format!("{head}\n{}", shown.text);
                Ok(Answer::new(&shown, words))
            }
        }
    }
}
