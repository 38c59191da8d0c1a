//! `invite`: the list of people to invite, sending it, and what becomes of each invitation.

mod rows;

use std::fmt::Write as _;
use std::path::PathBuf;

use serde_json::json;

use super::access::Access;
use super::answer::{Answer, facts, or_dash, table};
use super::failure::{Failure, Kind};
use super::session::{OfOrganization, Session};
use crate::directory::invitations::{Invitation, NewInvitation, RowReport, Standing};

/// What to do with invitations.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Invite {
    /// Put somebody on the list; nothing is sent yet
    Add {
        #[command(flatten)]
        of: OfOrganization,
        /// Their name
        #[arg(long)]
        name: String,
        /// Their e-mail address
        #[arg(long)]
        email: String,
        #[command(flatten)]
        access: Access,
    },
    /// Take somebody off the list again
    Remove(Which),
    /// Send invitations to everybody on the list
    Send {
        #[command(flatten)]
        of: OfOrganization,
    },
    /// List the invitations that are open
    List {
        #[command(flatten)]
        of: OfOrganization,
        /// Those that have ended, too
        #[arg(long)]
        all: bool,
    },
    /// Send one again: its old link opens nothing any longer
    Resend(Which),
    /// Take one back that was sent
    Revoke(Which),
    /// Put many on the list from a CSV file with the columns name, email, can edit, admin for; several values in a cell
    /// are separated by semicolons
    Import {
        #[command(flatten)]
        of: OfOrganization,
        /// The file
        file: PathBuf,
    },
}

/// An invitation of an organization.
#[derive(Debug, clap::Args)]
pub(super) struct Which {
    /// The e-mail address, or the invitation's id
    #[arg(value_name = "E-MAIL|ID")]
    which: String,
    #[command(flatten)]
    of: OfOrganization,
}

impl Invite {
    pub(super) async fn run(self, session: &Session) -> Result<Answer, Failure> {
        let directory = &session.opened.directory;
        let actor = session.actor().await?;
        match self {
            Self::Add { of, name, email, access: Access { can_edit, admin_for } } => {
                let new = NewInvitation { name, email, can_edit, admin_for };
                let staged = directory.stage_invitation(&actor, &of.key(session).await?, &new).await?;
                let mut text = show(&staged.invitation);
                for warning in &staged.warnings {
                    let _ = writeln!(text, "Note: {warning}.");
                }
                text.push_str("On the list. Next: «secaro-gateway invite send».");
                Ok(Answer::new(&staged, text))
            }
            Self::Remove(Which { which, of }) => {
                let removed = directory.remove_invitation(&actor, &of.key(session).await?, &which).await?;
                let text = format!("{} is off the list.", removed.email);
                Ok(Answer::new(&removed, text))
            }
            Self::Send { of } => {
                let reports = directory.send_invitations(&actor, &of.key(session).await?).await?;
                let empty = "Nobody is on the list. Put somebody on it with «secaro-gateway invite add».";
                report(&reports, empty)
            }
            Self::List { of, all } => {
                let invitations = directory.invitations(&of.key(session).await?, all).await?;
                let empty = "There is no open invitation. Put somebody on the list with «secaro-gateway invite add».";
                let header = ["E-mail", "Name", "Permissions", "State", "Invited by", "Id"];
                Ok(Answer::list("invitations", &invitations, header, row, empty))
            }
            Self::Resend(Which { which, of }) => {
                let resent = directory.resend_invitation(&actor, &of.key(session).await?, &which).await?;
                let text = format!("{}Sent again. The old link opens nothing any longer.", show(&resent));
                Ok(Answer::new(&resent, text))
            }
            Self::Revoke(Which { which, of }) => {
                let revoked = directory.revoke_invitation(&actor, &of.key(session).await?, &which).await?;
                let text = format!("{}Taken back. Its link opens nothing any longer.", show(&revoked));
                Ok(Answer::new(&revoked, text))
            }
            Self::Import { of, file } => {
                let rows = rows::read(&file)?;
                let reports = directory.import_invitations(&actor, &of.key(session).await?, &rows).await?;
                report(&reports, "The file has no rows.")
            }
        }
    }
}

/// The result of each row; not all is well if one was refused.
fn report(reports: &[RowReport], empty: &str) -> Result<Answer, Failure> {
    let refused = reports.iter().filter(|report| report.refused()).count();
    let done = reports.len() - refused;
    let rows = reports.iter().map(|report| {
        let notes = report.why.iter().chain(&report.warnings).cloned().collect::<Vec<_>>();
        let notes = if notes.is_empty() { "–".to_owned() } else { notes.join("; ") };
        [or_dash(report.line), report.email.clone(), report.outcome.to_owned(), notes]
    });
    let text = if reports.is_empty() {
        empty.to_owned()
    } else {
        format!("{}\n{done} done, {refused} refused.", table(["Line", "E-mail", "Outcome", "Notes"], rows))
    };
    let answer = Answer::new(&json!({ "rows": reports, "done": done, "refused": refused }), text);
    if refused == 0 {
        return Ok(answer);
    }
    let words = format!("{refused} of {} rows were refused; correct and repeat those", reports.len());
    Err(Failure::new(Kind::Partial, words).beside(answer))
}

fn permissions(invitation: &Invitation) -> String {
    let permissions: Vec<String> = invitation.permissions.iter().map(ToString::to_string).collect();
    if permissions.is_empty() { "View only".to_owned() } else { permissions.join(", ") }
}

fn state(standing: Standing) -> String {
    match standing {
        Standing::Staged => "on the list, not sent".to_owned(),
        Standing::Sent { expires_at, .. } => format!("sent; ends {expires_at}"),
        Standing::Accepted { ended_at } => format!("accepted {ended_at}"),
        Standing::Revoked { ended_at } => format!("revoked {ended_at}"),
        Standing::Expired { ended_at } => format!("expired {ended_at}"),
    }
}

fn row(invitation: &Invitation) -> [String; 6] {
    [
        invitation.email.clone(),
        invitation.name.clone(),
        permissions(invitation),
        state(invitation.standing),
        invitation.invited_by.clone(),
        invitation.id.to_string(),
    ]
}

fn show(invitation: &Invitation) -> String {
    let [email, name, permissions, state, invited_by, id] = row(invitation);
    facts([
        ("E-mail", email),
        ("Name", name),
        ("Permissions", permissions),
        ("State", state),
        ("Invited by", invited_by),
        ("Id", id),
    ])
}
