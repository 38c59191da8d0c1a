//! The overview: what needs attention, what identity providers asked lately, how many people there are, and what changed.
//! Leads everybody else to their own page.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::Method;

use super::Console;
use super::access::{Needs, Session};
use super::respond::{Answer, page, see};
use super::shell::{Place, Shell};
use super::words::counted;
use crate::audit::trail::{AuditRecord, Wanted};
use crate::clock::Timestamp;
use crate::directory;
use crate::directory::listing::Counts;
use crate::provisioning::attention::{Amiss, Attention, EndingSoon, Waiting, What};
use crate::web::routes::Routes;

/// Records that are shown of the latest.
const LATEST: u32 = 10;

/// Something to look at: how much of what, where, and since when.
struct Line {
    text: String,
    path: String,
    /// What happened at the time, and the time.
    when: Option<(&'static str, Timestamp)>,
}

/// What an organization does that has only begun.
struct Step {
    text: &'static str,
    path: &'static str,
}

#[derive(Template)]
#[template(path = "overview.html", config = "src/web/console/askama.toml")]
struct Page {
    shell: Shell,
    now: Timestamp,
    counts: Counts,
    lines: Vec<Line>,
    steps: Vec<Step>,
    calls: i64,
    failed: i64,
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
    let attention = console.provisioning.attention(session.organization_id(), &console.thresholds).await?;
    let template = Page {
        shell: Shell::of(&session, "Overview", Place::Overview),
        now: console.now(),
        steps: steps(&attention, &counts),
        lines: lines(&attention),
        calls: attention.calls,
        failed: attention.failed,
        counts,
        latest,
    };
    Ok(page(200, &session, &template))
}

fn lines(attention: &Attention) -> Vec<Line> {
    let kinds = [
        (attention.join_requests, "join request waits", "join requests wait", "/console/join-requests"),
        (attention.held, "change is held", "changes are held", "/console/held"),
        (attention.conflicts, "conflict waits", "conflicts wait", "/console/conflicts"),
        (attention.domains, "domain is not verified", "domains are not verified", "/console/domains"),
        (
            attention.dormant,
            "permission waits for a facility that is unknown or archived",
            "permissions wait for a facility that is unknown or archived",
            "/console/held",
        ),
    ];
    let waiting = kinds.into_iter().filter_map(|(waiting, one, many, path)| of_kind(waiting, one, many, path));
    let connections = attention.connections.iter().map(of_connection);
    waiting.chain(connections).chain(attention.tokens.iter().map(of_token)).collect()
}

fn of_kind(waiting: Waiting, one: &str, many: &str, path: &str) -> Option<Line> {
    let count = usize::try_from(waiting.count).ok().filter(|count| *count > 0)?;
    let when = waiting.oldest_at.map(|at| ("the oldest", at));
    Some(Line { text: counted(count, one, many), path: path.to_owned(), when })
}

fn of_connection(amiss: &Amiss) -> Line {
    let key = &amiss.connection;
    let path = format!("/console/connections/{key}");
    match amiss.what {
        What::Pending { since } => Line {
            text: format!("{key} is set up and not yet active"),
            path: format!("{path}/set-up"),
            when: Some(("set up", since)),
        },
        What::Failing { failed, calls, first_at } => Line {
            text: format!("{failed} of {calls} calls of {key} failed within 24 hours"),
            path: format!("/console/requests?connection={key}&status=failed"),
            when: Some(("the first", first_at)),
        },
        What::Silent { last_call_at: Some(at) } => {
            Line { text: format!("{key} is silent"), path, when: Some(("last heard", at)) }
        }
        What::Silent { last_call_at: None } => {
            Line { text: format!("{key} has a token and has never called"), path: format!("{path}/set-up"), when: None }
        }
        What::Tokenless => {
            Line { text: format!("No token lets {key} in"), path: format!("{path}?tab=tokens"), when: None }
        }
    }
}

fn of_token(token: &EndingSoon) -> Line {
    Line {
        text: format!("The token «{}» of {} ends soon", token.name, token.connection),
        path: format!("/console/connections/{}?tab=tokens", token.connection),
        when: Some(("ends", token.expires_at)),
    }
}

/// What comes next where there is little yet.
fn steps(attention: &Attention, counts: &Counts) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut add = |wanted: bool, text, path| {
        if wanted {
            steps.push(Step { text, path });
        }
    };
    add(!attention.has_domains, "Add your e-mail domain, so that colleagues may ask to join", "/console/domains");
    add(attention.connected == 0, "Connect an identity provider", "/console/connections/new");
    add(counts.active + counts.invited < 2, "Invite users", "/console/invite");
    steps
}
