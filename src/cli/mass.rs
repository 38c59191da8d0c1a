//! `mass`: what a connection took from many people at once.

use super::answer::{Answer, facts, or_dash, table};
use super::failure::{Failure, Kind};
use super::session::{OfOrganization, Session};
use crate::provisioning::mass_changes::Overview;

/// What to do with mass changes.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Mass {
    /// List those that went past the threshold, newest first
    List {
        #[command(flatten)]
        of: OfOrganization,
    },
    /// Show one, with everybody who lost something
    Show {
        #[command(flatten)]
        of: OfOrganization,
        /// Its id
        id: String,
    },
    /// Give everybody of a batch access again whom the IdP deactivated
    Undo {
        #[command(flatten)]
        of: OfOrganization,
        /// Its id
        id: String,
    },
}

impl Mass {
    pub(super) async fn run(self, session: &Session) -> Result<Answer, Failure> {
        let provisioning = &session.opened.provisioning;
        match self {
            Self::List { of } => {
                let all = provisioning.mass_changes(&of.key(session).await?).await?;
                Ok(Answer::list("mass_changes", &all, HEADER, row, "No connection went past its threshold."))
            }
            Self::Show { of, id } => {
                let found = provisioning.mass_change(&of.key(session).await?, &id).await?;
                let [id, kind, connection, begun, people, held, undone] = row(&found);
                let text = facts([
                    ("Id", id),
                    ("What", kind),
                    ("Connection", connection),
                    ("Begun", begun),
                    ("People", people),
                    ("Held", held),
                    ("Undone", undone),
                    ("Who", or_dash((!found.lost.is_empty()).then(|| found.lost.join(", ")))),
                ]);
                Ok(Answer::new(&found, text))
            }
            Self::Undo { of, id } => {
                let organization = of.key(session).await?;
                let undone = provisioning.undo_mass_change(&session.actor().await?, &organization, &id).await?;
                let rows = undone.iter().map(|row| [row.person.clone(), row.text.clone()]);
                let answer = Answer::new(&serde_json::json!({ "people": undone }), table(["Person", ""], rows));
                let left = undone.iter().filter(|row| !row.reactivated).count();
                if left == 0 {
                    return Ok(answer);
                }
                let words = format!("{left} of {} stay as they are; the others have access again", undone.len());
                Err(Failure::new(Kind::Partial, words).beside(answer))
            }
        }
    }
}

const HEADER: [&str; 7] = ["Id", "What", "Connection", "Begun", "People", "Held", "Undone"];

fn row(overview: &Overview) -> [String; 7] {
    let change = &overview.change;
    [
        change.id.to_string(),
        change.kind.to_string(),
        overview.connection.clone(),
        change.begun_at.to_string(),
        change.people.to_string(),
        change.held.to_string(),
        or_dash(change.undone_at),
    ]
}
