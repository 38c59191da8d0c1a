//! The overview: how many people there are, what needs attention, and what changed lately. Leads everybody else to
//! their own page.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::Method;

use super::Console;
use super::access::{Needs, Session};
use super::respond::{Answer, page, see};
use super::shell::{Place, Shell};
use super::words::{ago, counted};
use crate::audit::trail::{AuditRecord, Wanted};
use crate::clock::Timestamp;
use crate::directory;
use crate::directory::join_requests::{JoinRequestState, Order, Page as Part};
use crate::directory::listing::Counts;
use crate::web::routes::Routes;

/// Records that are shown of the latest, and requests that are counted at most.
const LATEST: u32 = 10;
const COUNTED: u32 = 100;

/// Something to look at, and where.
struct Attention {
    text: String,
    path: String,
}

#[derive(Template)]
#[template(path = "overview.html", config = "src/web/console/askama.toml")]
struct Page {
    shell: Shell,
    now: Timestamp,
    counts: Counts,
    attention: Vec<Attention>,
    latest: Vec<AuditRecord>,
}

pub(super) fn routes(routes: Routes, console: &Arc<Console>) -> Routes {
    routes.console(Method::GET, "/console", Needs::Oneself, show, console)
}

async fn show(State(console): State<Arc<Console>>, session: Session) -> Answer {
    if !session.may_view() {
        return Ok(see(if session.may_view_users() { "/console/users" } else { "/console/me" }));
    }
    let counts = console.directory.count_people(session.organization()).await?;
    let latest = console.trail.list(session.organization_id(), &Wanted::default(), LATEST).await;
    let latest = latest.map_err(directory::Error::Store)?.records;
    let attention = console.attention(&session).await?;
    let shell = Shell::of(&session, "Overview", Place::Overview);
    Ok(page(200, &session, &Page { shell, now: console.now(), counts, attention, latest }))
}

impl Console {
    async fn attention(&self, session: &Session) -> Result<Vec<Attention>, super::respond::Refused> {
        let (organization, now) = (session.organization(), self.now());
        let mut found = Vec::new();
        let mut add = |text: String, path: &str| found.push(Attention { text, path: path.to_owned() });
        let part = Part { state: JoinRequestState::Pending, order: Order::Oldest, after: None, limit: COUNTED };
        let requests = self.directory.join_requests(organization, part).await?;
        if let Some(oldest) = requests.first() {
            let waits = counted(requests.len(), "join request waits", "join requests wait");
            add(format!("{waits}, the oldest {}", ago(&oldest.request.asked_at, &now)), "/console/join-requests");
        }
        let held = self.directory.held(organization).await?;
        if let Some(oldest) = held.first() {
            let waits = counted(held.len(), "change is held", "changes are held");
            add(format!("{waits}, the oldest {}", ago(&oldest.since, &now)), "/console/held");
        }
        for connection in self.provisioning.connections(Some(organization)).await? {
            let path = format!("/console/connections/{}", connection.key);
            if connection.state.as_str() == "pending" {
                add(format!("{} is set up and not yet active", connection.key), &path);
            }
            for token in self.provisioning.tokens(&connection.key).await? {
                let soon = token.expires_at < now.plus(std::time::Duration::from_hours(30 * 24));
                if token.is_live(now) && soon {
                    let ends = ago(&token.expires_at, &now);
                    add(
                        format!("The token «{}» of {} ends {ends}", token.name, connection.key),
                        &format!("{path}?tab=tokens"),
                    );
                }
            }
        }
        Ok(found)
    }
}
