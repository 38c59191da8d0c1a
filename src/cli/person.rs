//! `person`: who may do what and why, and changing it.

use super::answer::{Answer, facts, or_dash};
use super::failure::Failure;
use super::session::{OfOrganization, Session};
use crate::directory::explain::PersonOverview;
use crate::directory::people::{DeactivatedBy, Status};

mod change;
mod explain;

pub(super) use explain::in_sentences;

/// What to see of people, and to change.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Person {
    /// List an organization's people
    List {
        #[command(flatten)]
        of: OfOrganization,
    },
    /// Show a person
    Show {
        /// Their e-mail address
        email: String,
        #[command(flatten)]
        of: OfOrganization,
    },
    /// Tell each permission a person has and why, and what gives nothing yet and why
    Explain {
        /// Their e-mail address
        email: String,
        #[command(flatten)]
        of: OfOrganization,
    },
    /// Change name, address, and what was given by hand
    Edit {
        /// Their e-mail address
        who: String,
        #[command(flatten)]
        of: OfOrganization,
        #[command(flatten)]
        change: change::Change,
    },
    /// End a person's access; no IdP begins it again
    Deactivate {
        /// Their e-mail address
        email: String,
        #[command(flatten)]
        of: OfOrganization,
        #[command(flatten)]
        sure: change::Sure,
    },
    /// Give a person access again
    Reactivate {
        /// Their e-mail address
        email: String,
        #[command(flatten)]
        of: OfOrganization,
        #[command(flatten)]
        sure: change::Sure,
    },
    /// End that a connection manages a person
    Detach {
        /// Their e-mail address
        email: String,
        #[command(flatten)]
        of: OfOrganization,
        /// Keep what the connection gave, as given by you
        #[arg(long)]
        keep: bool,
        #[command(flatten)]
        sure: change::Sure,
    },
}

impl Person {
    pub(super) async fn run(self, session: &Session) -> Result<Answer, Failure> {
        let directory = &session.opened.directory;
        match self {
            Self::List { of } => {
                let people = directory.people(&of.key(session).await?).await?;
                let empty = "There is nobody yet. People come when an IdP provisions them.";
                Ok(Answer::list("people", &people, HEADER, row, empty))
            }
            Self::Show { email, of } => {
                let found = directory.explain(of.named(), &email).await?.overview;
                let [email, name, status, permissions, managed_by] = row(&found);
                let text = facts([
                    ("Person", email),
                    ("Name", name),
                    ("Organization", found.organization.clone()),
                    ("Status", status),
                    ("Managed by", managed_by),
                    ("Permissions", permissions),
                ]);
                Ok(Answer::new(&found, text))
            }
            Self::Explain { email, of } => {
                let explanation = directory.explain(of.named(), &email).await?;
                Ok(Answer::new(&explanation, in_sentences(&explanation)))
            }
            Self::Edit { who, of, change } => change.run(session, &of, &who).await,
            Self::Deactivate { email, of, sure } => {
                let actor = session.actor().await?;
                let effects = directory.deactivate_person(&actor, of.named(), &email, sure.really()).await?;
                change::told(&effects, "their access ends")
            }
            Self::Reactivate { email, of, sure } => {
                let actor = session.actor().await?;
                let provisioning = &session.opened.provisioning;
                let effects = provisioning.reactivate(&actor, of.named(), &email, sure.really()).await?;
                change::told(&effects, "they have access again")
            }
            Self::Detach { email, of, keep, sure } => {
                let actor = session.actor().await?;
                let provisioning = &session.opened.provisioning;
                let effects = provisioning.detach(&actor, of.named(), &email, keep, sure.really()).await?;
                change::told(&effects, "no connection manages them any longer")
            }
        }
    }
}

/// The columns of a list of people.
pub(super) const HEADER: [&str; 5] = ["E-mail", "Name", "Status", "Permissions", "Managed by"];

/// A person as a line of the list.
pub(super) fn row(person: &PersonOverview) -> [String; 5] {
    let permissions: Vec<String> = person.permissions.iter().map(ToString::to_string).collect();
    let permissions = match (person.person.status, permissions.is_empty()) {
        (Status::Active, true) => "View only".to_owned(),
        (_, true) => "–".to_owned(),
        (_, false) => permissions.join(", "),
    };
    [
        person.person.email.clone(),
        person.person.display_name.clone(),
        status(person),
        permissions,
        or_dash(person.managed_by.as_ref()),
    ]
}

/// Secaro's word for the status, and who ended the access.
fn status(person: &PersonOverview) -> String {
    let by = match person.person.deactivated_by {
        None => "",
        Some(DeactivatedBy::Idp) => " by the IdP",
        Some(DeactivatedBy::ResourceDeleted) => ": deleted in the IdP",
        Some(DeactivatedBy::Admin) => " by an Organization admin",
    };
    let status = match person.person.status {
        Status::Invited => "Invited",
        Status::Active => "Active",
        Status::Deactivated => "Deactivated",
    };
    format!("{status}{by}")
}
