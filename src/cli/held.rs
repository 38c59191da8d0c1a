//! `held`: what waits for an Organization admin, and deciding it.

use super::answer::{Answer, facts, or_dash, table};
use super::failure::{Failure, Kind};
use super::session::{OfOrganization, Session};
use crate::directory::held::{Held as Item, What};
use crate::provisioning::holds::{Decided, Decision};

/// What to do with what is held.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Held {
    /// List what the gateway would not decide alone, oldest first
    List {
        #[command(flatten)]
        of: OfOrganization,
    },
    /// Show one
    Show {
        #[command(flatten)]
        of: OfOrganization,
        /// Its id
        id: String,
    },
    /// Let it happen: the permission takes effect or is lost, the User is linked, the address moves
    Release {
        #[command(flatten)]
        of: OfOrganization,
        #[command(flatten)]
        which: Which,
        /// Do not hold this permission of this person from this connection again
        #[arg(long)]
        always: bool,
    },
    /// Do not let it happen: nothing is gained, what was lost is kept, the User and the person stay apart
    Discard {
        #[command(flatten)]
        of: OfOrganization,
        #[command(flatten)]
        which: Which,
    },
}

/// Which of what is held.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
pub(super) struct Which {
    /// The ids, as `held list` shows them
    #[arg(value_name = "ID")]
    ids: Vec<String>,
    /// Everything that is held because of one mass change
    #[arg(long, value_name = "ID")]
    mass: Option<String>,
}

impl Held {
    pub(super) async fn run(self, session: &Session) -> Result<Answer, Failure> {
        match self {
            Self::List { of } => {
                let held = session.opened.directory.held(&of.key(session).await?).await?;
                Ok(Answer::list("held", &held, HEADER, row, "Nothing is held."))
            }
            Self::Show { of, id } => {
                let held = session.opened.directory.held(&of.key(session).await?).await?;
                let found = held.into_iter().find(|item| item.id == id).ok_or_else(|| unknown(&id))?;
                Ok(Answer::new(&found, show(&found)))
            }
            Self::Release { of, which, always } => {
                let decision = if always { Decision::AlwaysAllow } else { Decision::Release };
                decide(session, of, which, decision).await
            }
            Self::Discard { of, which } => decide(session, of, which, Decision::Discard).await,
        }
    }
}

fn unknown(id: &str) -> Failure {
    let words = format!("nothing of the id «{id}» is held; «secaro-gateway held list» shows what is");
    Failure::new(Kind::NotFound, words)
}

/// The columns of a list of what is held.
pub(super) const HEADER: [&str; 7] = ["Id", "What", "Person", "Connection", "Why", "Since", "Decide by"];

/// Something held as a line of the list.
pub(super) fn row(item: &Item) -> [String; 7] {
    [
        item.id.clone(),
        what(item),
        or_dash(item.person.as_ref()),
        or_dash(item.connection.as_ref()),
        item.text.clone(),
        item.since.to_string(),
        or_dash(item.deadline),
    ]
}

fn what(item: &Item) -> String {
    let permission = item.permission.clone().unwrap_or_default();
    match item.kind {
        What::Loss => format!("loss of {permission}"),
        What::Dormant => format!("{permission} (asleep)"),
        What::Permission => permission,
        kind => kind.as_str().to_owned(),
    }
}

fn show(item: &Item) -> String {
    facts([
        ("Id", item.id.clone()),
        ("What", what(item)),
        ("Person", or_dash(item.person.as_ref())),
        ("Connection", or_dash(item.connection.as_ref())),
        ("Why", item.text.clone()),
        ("Since", item.since.to_string()),
        ("Decide by", or_dash(item.deadline)),
        ("Request", item.request.to_string()),
        ("Mass change", or_dash(item.mass_change)),
    ])
}

async fn decide(session: &Session, of: OfOrganization, which: Which, decision: Decision) -> Result<Answer, Failure> {
    let organization = of.key(session).await?;
    let ids = match &which.mass {
        Some(id) => session.opened.provisioning.held_by_mass_change(&organization, id).await?,
        None => which.ids,
    };
    decide_ids(session, &organization, &ids, decision).await
}

/// Decides these, and says what came of each.
pub(super) async fn decide_ids(
    session: &Session,
    organization: &str,
    ids: &[String],
    decision: Decision,
) -> Result<Answer, Failure> {
    let actor = session.actor().await?;
    let decided = session.opened.provisioning.decide_held(&actor, organization, ids, decision).await?;
    let answer = report(&decided);
    let all = decided.len();
    let mut refused: Vec<_> = decided.into_iter().filter_map(|(_, outcome)| outcome.err()).collect();
    match (all, refused.len()) {
        (_, 0) => Ok(answer),
        (1, _) => Err(refused.remove(0).into()),
        (_, some) if some < all => {
            let words = format!("{some} of {all} could not be decided; the others were");
            Err(Failure::new(Kind::Partial, words).beside(answer))
        }
        _ => Err(Failure::from(refused.remove(0)).beside(answer)),
    }
}

/// A line for each of many decisions.
fn report(decided: &[Decided]) -> Answer {
    let json: Vec<serde_json::Value> = decided
        .iter()
        .map(|(id, outcome)| match outcome {
            Ok(said) => serde_json::json!({ "id": id, "decided": said }),
            Err(why) => serde_json::json!({ "id": id, "refused": why.to_string() }),
        })
        .collect();
    let text = match decided {
        [] => "Nothing is held.".to_owned(),
        [(_, Ok(said))] => format!("{said}."),
        many => {
            let rows = many.iter().map(|(id, outcome)| match outcome {
                Ok(said) => [id.clone(), "decided".to_owned(), said.clone()],
                Err(why) => [id.clone(), "refused".to_owned(), why.to_string()],
            });
            table(["Id", "", "What came of it"], rows)
        }
    };
    Answer::new(&serde_json::json!({ "held": json }), text)
}
