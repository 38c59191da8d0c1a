//! `request`: who asks to join, and deciding that.

use super::access::Access;
use super::answer::{Answer, facts, or_dash, table};
use super::failure::{Failure, Kind};
use super::session::{OfOrganization, Session};
use crate::directory::join_requests::{Decision, JoinRequestState, Listed, Order, Outcome, Page};
use crate::ids::JoinRequestId;

/// What to do with requests to join.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Request {
    /// List the requests in one state, newest first
    List {
        #[command(flatten)]
        of: OfOrganization,
        /// pending, accepted, rejected, expired or withdrawn
        #[arg(long, value_parser = state, default_value = "pending")]
        state: JoinRequestState,
        /// The oldest first
        #[arg(long)]
        oldest: bool,
        /// How many at most
        #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1000))]
        limit: u32,
        /// Go on after this request
        #[arg(long, value_name = "ID")]
        after: Option<JoinRequestId>,
    },
    /// Show one
    Show {
        #[command(flatten)]
        of: OfOrganization,
        /// The request's id
        id: JoinRequestId,
    },
    /// Let them in
    Accept {
        #[command(flatten)]
        of: OfOrganization,
        /// The requests' ids
        #[arg(required = true)]
        id: Vec<JoinRequestId>,
        #[command(flatten)]
        access: Access,
    },
    /// Turn them down; they may ask again after a while
    Reject {
        #[command(flatten)]
        of: OfOrganization,
        /// The requests' ids
        #[arg(required = true)]
        id: Vec<JoinRequestId>,
        /// What they are told
        #[arg(long, value_name = "TEXT")]
        message: Option<String>,
    },
}

fn state(text: &str) -> Result<JoinRequestState, String> {
    let choose = || "choose of pending, accepted, rejected, expired and withdrawn".to_owned();
    JoinRequestState::from_name(text).ok_or_else(choose)
}

impl Request {
    pub(super) async fn run(self, session: &Session) -> Result<Answer, Failure> {
        let directory = &session.opened.directory;
        match self {
            Self::List { of, state, oldest, limit, after } => {
                let order = if oldest { Order::Oldest } else { Order::Newest };
                let page = Page { state, order, after, limit };
                let all = directory.join_requests(&of.key(session).await?, page).await?;
                let empty = format!("No request is {state}.");
                Ok(Answer::list("requests", &all, HEADER, row, &empty))
            }
            Self::Show { of, id } => {
                let found = directory.join_request(&of.key(session).await?, id).await?;
                Ok(Answer::new(&found, show(&found)))
            }
            Self::Accept { of, id, access } => decide(session, of, &id, &Decision::Accept(access.permissions()?)).await,
            Self::Reject { of, id, message } => decide(session, of, &id, &Decision::Reject(message)).await,
        }
    }
}

const HEADER: [&str; 7] = ["Id", "Name", "E-mail", "Domain", "Asked", "Days", "IdPs"];

fn row(listed: &Listed) -> [String; 7] {
    let request = &listed.request;
    [
        request.id.to_string(),
        request.name.clone(),
        request.email.clone(),
        listed.check(),
        request.asked_at.to_string(),
        listed.age_days.to_string(),
        or_dash(known(listed)),
    ]
}

fn known(listed: &Listed) -> Option<String> {
    let each = listed.known_to_idps.iter().map(|known| {
        let link = known.link.map_or("not linked", |link| link.as_str());
        format!("{} ({link})", known.connection)
    });
    let each: Vec<String> = each.collect();
    (!each.is_empty()).then(|| each.join(", "))
}

fn show(listed: &Listed) -> String {
    let request = &listed.request;
    let wishes = listed.wished_facilities.iter().map(|wish| match &wish.facility {
        Some(key) => format!("{} ({key})", wish.text),
        None => format!("{} (no facility is called so)", wish.text),
    });
    let wishes: Vec<String> = wishes.collect();
    let state = request.state.words().unwrap_or_else(|| format!("pending, asked {} ago", days(listed.age_days)));
    facts([
        ("Request", request.id.to_string()),
        ("Name", request.name.clone()),
        ("E-mail", request.email.clone()),
        ("Domain", listed.check()),
        ("State", state),
        ("Ends undecided", request.expires_at.to_string()),
        ("Note", or_dash(request.note.as_ref())),
        ("Would like", or_dash((!wishes.is_empty()).then(|| wishes.join(", ")))),
        ("Known to IdPs", or_dash(known(listed))),
    ])
}

/// `1 day`, `3 days`.
fn days(number: u64) -> String {
    if number == 1 { "1 day".to_owned() } else { format!("{number} days") }
}

async fn decide(
    session: &Session,
    of: OfOrganization,
    ids: &[JoinRequestId],
    decision: &Decision,
) -> Result<Answer, Failure> {
    let (organization, actor) = (of.key(session).await?, session.actor().await?);
    let directory = &session.opened.directory;
    if let [id] = ids {
        let decided = directory.decide_join_request(&actor, &organization, *id, decision).await?;
        let words = decided.state.words().unwrap_or_default();
        return Ok(Answer::new(&decided, format!("{}: {words}.", decided.email)));
    }
    let outcomes = directory.decide_join_requests(&actor, &organization, ids, decision).await;
    let answer = report(&outcomes);
    let all = outcomes.len();
    let refusals: Vec<_> = outcomes.into_iter().filter_map(|outcome| outcome.decided.err()).collect();
    match refusals.len() {
        0 => Ok(answer),
        some if some < all => {
            let words = format!("{some} of {all} could not be decided; the others were");
            Err(Failure::new(Kind::Partial, words).beside(answer))
        }
        _ => {
            let first = refusals.into_iter().next().map(Failure::from);
            Err(first.unwrap_or_else(|| Failure::failed("nothing was decided")).beside(answer))
        }
    }
}

/// A line for each of many decisions.
fn report(outcomes: &[Outcome]) -> Answer {
    let words = |outcome: &Outcome| match &outcome.decided {
        Ok(request) => request.state.words().unwrap_or_default(),
        Err(why) => why.to_string(),
    };
    let rows = outcomes.iter().map(|outcome| {
        let done = if outcome.decided.is_ok() { "decided" } else { "refused" };
        [outcome.id.to_string(), done.to_owned(), words(outcome)]
    });
    let json: Vec<serde_json::Value> = outcomes
        .iter()
        .map(|outcome| match &outcome.decided {
            Ok(request) => serde_json::json!({ "id": outcome.id, "decided": request }),
            Err(why) => serde_json::json!({ "id": outcome.id, "refused": why.to_string() }),
        })
        .collect();
    Answer::new(&serde_json::json!({ "requests": json }), table(["Id", "", "What came of it"], rows))
}
