//! `admin`: who can decide, and the way back when nobody can.

use super::answer::Answer;
use super::failure::{Failure, Kind};
use super::person::{HEADER, row};
use super::session::{OfOrganization, Session};
use crate::auth::Actor;
use crate::directory::admins::Recovery;

/// What to do about Organization admins.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Admin {
    /// List the active Organization admins
    List {
        #[command(flatten)]
        of: OfOrganization,
    },
    /// Make somebody Organization admin on the authority of this machine alone
    Recover {
        #[command(flatten)]
        of: OfOrganization,
        /// Their e-mail address
        #[arg(long, value_name = "E-MAIL")]
        email: String,
        /// Their name, if they are new
        #[arg(long)]
        name: Option<String>,
    },
}

/// What recovering access came to, with the way in.
#[derive(serde::Serialize)]
struct Recovered {
    #[serde(flatten)]
    recovery: Recovery,
    link: String,
}

impl Admin {
    pub(super) async fn run(self, session: &Session) -> Result<Answer, Failure> {
        let directory = &session.opened.directory;
        match self {
            Self::List { of } => {
                let admins = directory.organization_admins(&of.key(session).await?).await?;
                let empty = "There is no active Organization admin. «secaro-gateway admin recover» makes somebody one.";
                Ok(Answer::list("admins", &admins, HEADER, row, empty))
            }
            Self::Recover { of, email, name } => {
                let Actor::Operator(operator) = session.actor().await? else {
                    let words = "access is recovered on the authority of the machine alone; leave --as out";
                    return Err(Failure::new(Kind::Forbidden, words));
                };
                let organization = of.key(session).await?;
                let recovery = directory.recover_admin(&operator, &organization, &email, name.as_deref()).await?;
                let path = directory.recovery_link(&operator, &organization, &email).await?;
                let server = &session.loaded.settings.server;
                let link = format!("{}{path}", server.base_url(server.listen));
                let lines: Vec<String> = recovery.done.iter().map(|done| format!("  {done}.")).collect();
                let text = format!(
                    "Recovered access to «{}» for {}:\n{}\n\nSign in with this link; it works once and ends soon:\n  {link}",
                    recovery.organization,
                    recovery.person,
                    lines.join("\n")
                );
                Ok(Answer::new(&Recovered { recovery, link }, text))
            }
        }
    }
}
