//! `log`: what IdPs asked, and what came of it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use super::answer::{self, Answer, Format, or_dash, plain, table};
use super::failure::Failure;
use super::session::Session;
use crate::app;
use crate::clock::Timestamp;
use crate::config::duration;
use crate::ids::RequestId;
use crate::provisioning::request_log::{Filters, Listed, Logged, Scope, Status};

mod show;

/// How often `tail` looks for more.
const POLL: Duration = Duration::from_millis(500);

/// How long after it came a request may be written: `tail` looks so far back.
const LATE: Duration = Duration::from_secs(10);

/// What `tail` shows of what was there before it.
const BEFORE: usize = 10;

/// What to see of the request log.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Log {
    /// List requests, the newest first
    List {
        #[command(flatten)]
        which: Which,
        /// How many at most
        #[arg(long, value_name = "NUMBER", default_value_t = 50)]
        limit: usize,
        /// Only older ones than the request of this reference
        #[arg(long, value_name = "REF")]
        before: Option<String>,
        /// Only from this time on: a time such as 2026-01-31T09:00:00Z, or how long ago, such as 2h
        #[arg(long, value_name = "TIME")]
        since: Option<String>,
        /// Only before this time
        #[arg(long, value_name = "TIME")]
        until: Option<String>,
    },
    /// Show one request: its steps, what was taken otherwise than sent, what it changed, and the answer
    Show {
        /// The reference at the end of an error's detail
        reference: String,
    },
    /// Follow requests as they come, until Ctrl-C; with --output json one object a line
    Tail {
        #[command(flatten)]
        which: Which,
        /// End by itself after this time, such as 10s
        #[arg(long = "for", value_name = "TIME")]
        ends_after: Option<String>,
    },
}

/// Which requests.
#[derive(Debug, clap::Args)]
pub(super) struct Which {
    /// Only those to connections of this organization
    #[arg(long, value_name = "KEY")]
    organization: Option<String>,
    /// Only those to this connection
    #[arg(long, value_name = "KEY")]
    connection: Option<String>,
    /// Only those answered so, such as 409 or 4xx
    #[arg(long, value_name = "STATUS")]
    status: Option<String>,
    /// Only those that were refused or failed
    #[arg(long)]
    failed: bool,
    /// Only those of this method
    #[arg(long, value_name = "METHOD")]
    method: Option<String>,
    /// Only those with this in the person's or group's name, the path, or the meaning
    #[arg(long, visible_alias = "person", value_name = "TEXT")]
    search: Option<String>,
}

impl Which {
    fn filters(self, limit: usize) -> Result<Filters, Failure> {
        let status = self.status.map(|text| Status::parse(&text).ok_or(text)).transpose().map_err(|text| {
            Failure::usage(format!("«{}» is no status; write one such as 409, or a hundred such as 4xx", plain(&text)))
        })?;
        Ok(Filters {
            connection: self.connection,
            status,
            failed: self.failed,
            method: self.method,
            text: self.search,
            limit,
            ..Filters::default()
        })
    }
}

impl Log {
    pub(super) async fn run(self, session: &Session, format: Format) -> Result<Answer, Failure> {
        let log = &session.opened.request_log;
        match self {
            Self::List { which, limit, before, since, until } => {
                let scope = scope(session, which.organization.as_deref()).await?;
                let mut filters = which.filters(limit.max(1))?;
                filters.before = before;
                filters.since = since.map(|text| time(session, &text)).transpose()?;
                filters.until = until.map(|text| time(session, &text)).transpose()?;
                let listed = log.list(scope, &filters).await?;
                Ok(Answer::new(&listed, in_words(&listed)))
            }
            Self::Show { reference } => {
                let shown = log.show(scope(session, None).await?, &reference).await?;
                Ok(Answer::new(&shown, show::in_words(&shown)))
            }
            Self::Tail { which, ends_after } => {
                let scope = scope(session, which.organization.as_deref()).await?;
                let ends_after = ends_after.map(|text| length(&text)).transpose()?;
                tail(session, scope, which.filters(usize::MAX)?, ends_after, format).await?;
                Ok(Answer::new(&(), ""))
            }
        }
    }
}

async fn scope(session: &Session, organization: Option<&str>) -> Result<Scope, Failure> {
    Ok(session.opened.request_log.scope(&session.actor().await?, organization).await?)
}

/// A time, or how long ago.
fn time(session: &Session, text: &str) -> Result<Timestamp, Failure> {
    if let Ok(time) = text.parse() {
        return Ok(time);
    }
    let ago = length(text).map_err(|_| {
        let text = plain(text);
        Failure::usage(format!(
            "«{text}» is no time; write one such as 2026-01-31T09:00:00Z, or how long ago, such as 2h"
        ))
    })?;
    Ok(back(session.clock.now(), ago))
}

fn length(text: &str) -> Result<Duration, Failure> {
    duration::parse(text).map_err(|error| Failure::usage(format!("«{}»: {error}", plain(text))))
}

fn back(from: Timestamp, by: Duration) -> Timestamp {
    Timestamp::from_millis(from.millis().saturating_sub(i64::try_from(by.as_millis()).unwrap_or(i64::MAX)))
}

const HEADER: [&str; 8] = ["Time", "Reference", "Connection", "Asked", "About", "Status", "ms", "Detail"];

fn row(request: &Logged) -> [String; 8] {
    let status = match &request.scim_type {
        Some(scim_type) => format!("{} {scim_type}", request.status),
        None => request.status.to_string(),
    };
    [
        request.at.to_string(),
        request.reference.clone(),
        or_dash(request.connection.as_ref()),
        request.meaning.clone(),
        about(request),
        status,
        milliseconds(request.duration_us),
        or_dash(request.detail.as_ref()),
    ]
}

fn about(request: &Logged) -> String {
    or_dash(request.target_name.clone().or_else(|| request.target_id.map(|id| id.to_string())))
}

fn milliseconds(micros: i64) -> String {
    format!("{}.{}", micros / 1000, micros % 1000 / 100)
}

fn in_words(listed: &Listed) -> String {
    let mut text = if listed.requests.is_empty() {
        "No such requests.\n".to_owned()
    } else {
        table(HEADER, listed.requests.iter().map(row)) + "\n"
    };
    for gap in &listed.gaps {
        let (missing, from, to) = (gap.missing, gap.began_at, gap.ended_at);
        let _ =
            writeln!(text, "{missing} requests between {from} and {to} are missing: they came too fast to be kept.");
    }
    let _ = match (&listed.next, listed.stopped) {
        (None, _) => Ok(()),
        (Some(next), false) => writeln!(text, "There may be more: --before {next}"),
        (Some(next), true) => {
            writeln!(
                text,
                "Looked at many and stopped. To look on: --before {next}, or a time with --since and --until."
            )
        }
    };
    text
}

/// Prints requests as they come.
async fn tail(
    session: &Session,
    scope: Scope,
    mut filters: Filters,
    ends_after: Option<Duration>,
    format: Format,
) -> Result<(), Failure> {
    let stop = app::stop_signal()?;
    let mut printed: BTreeMap<RequestId, Timestamp> = BTreeMap::new();
    let mut first = true;
    let follow = async {
        loop {
            let since = back(session.clock.now(), LATE);
            filters.since = Some(since);
            let listed = session.opened.request_log.list(scope, &filters).await?;
            let fresh: Vec<Logged> =
                listed.requests.into_iter().filter(|request| !printed.contains_key(&request.id)).collect();
            let shown = if first { BEFORE } else { usize::MAX };
            for request in fresh.iter().take(shown).rev() {
                say(request, format);
            }
            first = false;
            printed.retain(|_, at| *at >= since);
            printed.extend(fresh.iter().map(|request| (request.id, request.at)));
            tokio::time::sleep(POLL).await;
        }
    };
    tokio::select! {
        failed = follow => failed,
        () = stop.cancelled() => Ok(()),
        () = tokio::time::sleep(ends_after.unwrap_or(Duration::MAX)) => Ok(()),
    }
}

/// One request in one line.
fn say(request: &Logged, format: Format) {
    match format {
        Format::Json => answer::print(&serde_json::to_value(request).unwrap_or_default().to_string()),
        Format::Table => {
            let [time, reference, connection, meaning, about, status, took, detail] =
                row(request).map(|cell| plain(&cell));
            let line = format!("{time}  {reference}  {connection:<12}  {status:<4}  {took:>7} ms  {meaning}: {about}");
            answer::print(&if request.detail.is_some() { format!("{line}  ({detail})") } else { line });
        }
    }
}
