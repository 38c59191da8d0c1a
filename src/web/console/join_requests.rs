//! Manage join requests: the tabs, one request with what helps to decide, Accept with what the person may do, Reject
//! with a message, and several at once.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::Method;

use super::Console;
use super::access::{Needs, Session};
use super::asked::Asked;
use super::form::Fields;
use super::person::permissions;
use super::respond::{Answer, Refused, page, see_with, taken};
use super::several::{NotDecided, all_decided};
use super::shell::{Place, Shell};
use crate::clock::Timestamp;
use crate::directory;
use crate::directory::facilities::Facility;
use crate::directory::join_requests::{Decision, JoinRequestState, Listed, Order, Page as Part};
use crate::ids::JoinRequestId;
use crate::web::routes::Routes;

/// Requests on a page.
const PAGE: u32 = 50;

#[derive(Template)]
#[template(path = "join_requests.html", config = "src/web/console/askama.toml")]
struct Page {
    shell: Shell,
    now: Timestamp,
    asked: Asked,
    state: JoinRequestState,
    requests: Vec<Listed>,
    next: Option<String>,
    refused: Vec<NotDecided>,
}

#[derive(Template)]
#[template(path = "join_request.html", config = "src/web/console/askama.toml")]
struct Shown {
    shell: Shell,
    now: Timestamp,
    one: Listed,
    facilities: Vec<Facility>,
    message: String,
    wrong: Option<String>,
}

impl Shown {
    /// Whether they would like this facility: ticked for the admin, who decides.
    fn is_wished(&self, key: &str) -> bool {
        self.one.wished_facilities.iter().any(|wish| wish.facility.as_deref() == Some(key))
    }
}

pub(super) fn routes(routes: Routes, console: &Arc<Console>) -> Routes {
    routes
        .console(Method::GET, "/console/join-requests", Needs::View, list, console)
        .console(Method::POST, "/console/join-requests", Needs::AdminFor, decide_several, console)
        .console(Method::GET, "/console/join-requests/{id}", Needs::View, show, console)
        .console(Method::POST, "/console/join-requests/{id}", Needs::AdminFor, decide, console)
}

async fn list(State(console): State<Arc<Console>>, session: Session, asked: Asked) -> Answer {
    console.join_requests_page(&session, 200, asked, Vec::new()).await
}

async fn show(State(console): State<Arc<Console>>, session: Session, Path(id): Path<String>) -> Answer {
    console.join_request_page(&session, 200, id_of(&id)?, String::new(), None).await
}

impl Console {
    async fn join_requests_page(
        &self,
        session: &Session,
        status: u16,
        asked: Asked,
        refused: Vec<NotDecided>,
    ) -> Answer {
        let state = JoinRequestState::from_name(asked.query("state")).unwrap_or(JoinRequestState::Pending);
        let order = if state == JoinRequestState::Pending { Order::Oldest } else { Order::Newest };
        let part = Part { state, order, after: asked.query("after").parse().ok(), limit: PAGE + 1 };
        let mut requests = self.directory.join_requests(session.organization(), part).await?;
        let more = requests.len() > PAGE as usize;
        requests.truncate(PAGE as usize);
        let next = requests.last().filter(|_| more).map(|one| one.request.id.to_string());
        let shell = Shell::of(session, "Join requests", Place::JoinRequests);
        let template = Page { shell, now: self.now(), asked, state, requests, next, refused };
        Ok(page(status, session, &template))
    }

    async fn join_request_page(
        &self,
        session: &Session,
        status: u16,
        id: JoinRequestId,
        message: String,
        wrong: Option<String>,
    ) -> Answer {
        let one = match self.directory.join_request(session.organization(), id).await {
            Err(directory::Error::NotFound { .. }) => return Err(Refused::nowhere()),
            found => found?,
        };
        let facilities = self.directory.facilities(session.organization()).await?;
        let shell = Shell::of(session, format!("Join request of {}", one.request.email), Place::JoinRequests);
        Ok(page(status, session, &Shown { shell, now: self.now(), one, facilities, message, wrong }))
    }
}

/// Of somebody else's decision the second admin sees who decided, and when.
async fn decide(
    State(console): State<Arc<Console>>,
    session: Session,
    Path(id): Path<String>,
    fields: Fields,
) -> Answer {
    let id = id_of(&id)?;
    let message = fields.text("message").to_owned();
    let decision = decision(&fields)?;
    let done = console.directory.decide_join_request(&session.actor(), session.organization(), id, &decision).await;
    if matches!(done, Err(directory::Error::NotFound { .. })) {
        return Err(Refused::nowhere());
    }
    match taken(done)? {
        Ok(decided) => {
            let outcome = if matches!(decision, Decision::Accept(_)) { "accepted" } else { "rejected" };
            Ok(see_with("/console/join-requests", &format!("The request of {} was {outcome}.", decided.email)))
        }
        Err(wrong) => console.join_request_page(&session, wrong.status, id, message, Some(wrong.words)).await,
    }
}

async fn decide_several(State(console): State<Arc<Console>>, session: Session, fields: Fields) -> Answer {
    let ids = fields.all("id").into_iter().map(id_of).collect::<Result<Vec<_>, _>>()?;
    if ids.is_empty() {
        return Ok(see_with("/console/join-requests", "Nothing was chosen. Choose requests in the list first."));
    }
    let (organization, decision) = (session.organization(), decision(&fields)?);
    let outcomes = console.directory.decide_join_requests(&session.actor(), organization, &ids, &decision).await;
    let (mut done, mut refused) = (0, Vec::new());
    for outcome in outcomes {
        let id = outcome.id.to_string();
        match outcome.decided {
            Ok(_) => done += 1,
            // Another organization's is as unknown as one that does not exist (T01).
            Err(error @ directory::Error::NotFound { .. }) => {
                refused.push(NotDecided::of(id, "One of them".to_owned(), None, error)?);
            }
            Err(error) => {
                let about = console.directory.join_request(organization, outcome.id).await?.request.email;
                let path = Some(format!("/console/join-requests/{id}"));
                refused.push(NotDecided::of(id, about, path, error)?);
            }
        }
    }
    if refused.is_empty() {
        return Ok(all_decided("/console/join-requests", done, "request was", "requests were"));
    }
    console.join_requests_page(&session, 409, Asked::of("/console/join-requests", &[]), refused).await
}

fn decision(fields: &Fields) -> Result<Decision, Refused> {
    match fields.text("decision") {
        "accept" => {
            let mut all = permissions(fields, "can_edit")?;
            all.extend(permissions(fields, "admin_for")?);
            Ok(Decision::Accept(all))
        }
        "reject" => Ok(Decision::Reject(Some(fields.text("message").to_owned()).filter(|text| !text.is_empty()))),
        _ => Err(Refused::new(422, "Accept or reject?", "Go back and use one of the two buttons.")),
    }
}

fn id_of(text: &str) -> Result<JoinRequestId, Refused> {
    text.parse().map_err(|_| Refused::nowhere())
}
