//! `conflict`: which person a User stands for, where no machine should decide it.

use super::answer::{Answer, or_dash, table};
use super::failure::Failure;
use super::held::{HEADER, decide_ids, row};
use super::session::{OfOrganization, Session};
use crate::directory::held::What;
use crate::provisioning::conflicts::{Conflict as Found, Side};
use crate::provisioning::holds::Decision;

/// What to do with conflicts.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Conflict {
    /// List held links and addresses, oldest first
    List {
        #[command(flatten)]
        of: OfOrganization,
    },
    /// Show both sides
    Show {
        #[command(flatten)]
        of: OfOrganization,
        /// The User's id
        id: String,
    },
    /// Decide it
    Resolve {
        #[command(flatten)]
        of: OfOrganization,
        /// The Users' ids
        #[arg(required = true)]
        id: Vec<String>,
        #[command(flatten)]
        how: How,
    },
}

/// How a conflict ends.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
pub(super) struct How {
    /// The User stands for the person, who follows it from now on; another connection lets go of them
    #[arg(long)]
    link: bool,
    /// It does not: nothing that the IdP says of it touches them
    #[arg(long)]
    apart: bool,
}

impl Conflict {
    pub(super) async fn run(self, session: &Session) -> Result<Answer, Failure> {
        match self {
            Self::List { of } => {
                let held = session.opened.directory.held(&of.key(session).await?).await?;
                let conflicts: Vec<_> =
                    held.into_iter().filter(|item| matches!(item.kind, What::Link | What::Address)).collect();
                Ok(Answer::list("conflicts", &conflicts, HEADER, row, "There are no conflicts."))
            }
            Self::Show { of, id } => {
                let found = session.opened.provisioning.conflict(&of.key(session).await?, &id).await?;
                Ok(Answer::new(&found, show(&found)))
            }
            Self::Resolve { of, id, how } => {
                let decision = if how.link { Decision::Release } else { Decision::Discard };
                decide_ids(session, &of.key(session).await?, &id, decision).await
            }
        }
    }
}

fn show(found: &Found) -> String {
    let of_person = |read: fn(&Side) -> String| or_dash(found.person.as_ref().map(read));
    let line = |name: &str, field: &str, read: fn(&Side) -> String| {
        let mark = if found.differs.contains(&field) { "differs" } else { "" };
        [name.to_owned(), read(&found.user), of_person(read), mark.to_owned()]
    };
    let rows = [
        line("E-mail", "email", |side| or_dash(side.email.as_ref())),
        line("Name", "name", |side| side.name.clone()),
        line("Status", "status", |side| side.status.clone()),
        line("Connection", "connection", |side| or_dash(side.connection.as_ref())),
        line("Permissions", "permissions", |side| match side.permissions.as_slice() {
            [] => "View only".to_owned(),
            some => some.join(", "),
        }),
    ];
    let both = table(["", "The IdP's User", "The person", ""], rows.into_iter());
    let state = match (&found.decided_by, found.decided_at, &found.text) {
        (Some(by), Some(at), _) => format!("Decided by {by} on {at}: {}.", found.state),
        (_, _, Some(text)) => {
            format!("Waits since {}: {text}. To be decided by {}.", found.since, or_dash(found.deadline))
        }
        _ => format!("The link is {}.", found.state),
    };
    format!("{both}\n{}", super::answer::plain(&state))
}
