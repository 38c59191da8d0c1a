//! Reports: how many people had access in the last weeks, and how fast access ended once an identity provider said so.

#![expect(clippy::trivially_copy_pass_by_ref, reason = "templates hand everything over by reference")]

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::Method;

use super::Console;
use super::access::{Needs, Session};
use super::chart::{People, Took, took};
use super::respond::{Answer, page};
use super::shell::{Place, Shell};
use crate::clock::Timestamp;
use crate::directory::reports::Report;
use crate::web::routes::Routes;

#[derive(Template)]
#[template(path = "reports.html", config = "src/web/console/askama.toml")]
struct Page {
    shell: Shell,
    now: Timestamp,
    report: Report,
    people: People,
    took: Vec<Took>,
    /// What the highest of these bars stands for.
    slowest: i64,
    ended: usize,
    measured: usize,
}

pub(super) fn routes(routes: Routes, console: &Arc<Console>) -> Routes {
    routes.console(Method::GET, "/console/reports", Needs::View, show, console)
}

async fn show(State(console): State<Arc<Console>>, session: Session) -> Answer {
    let report = console.directory.report(session.organization_id()).await?;
    let template = Page {
        shell: Shell::of(&session, "Reports", Place::Reports),
        now: console.now(),
        people: People::of(&report.people),
        took: took(&report.endings),
        slowest: report.endings.iter().map(|week| week.median_us).max().unwrap_or_default(),
        ended: report.endings.iter().map(|week| week.count).sum(),
        measured: report.endings.iter().map(|week| week.measured).sum(),
        report,
    };
    Ok(page(200, &session, &template))
}

/// `2026-01-31`.
pub(super) fn day(at: &Timestamp) -> String {
    at.to_string().get(..10).unwrap_or_default().to_owned()
}

/// `0.012 s`.
pub(super) fn seconds(microseconds: &i64) -> String {
    let milliseconds = microseconds.div_euclid(1000) + i64::from(microseconds.rem_euclid(1000) > 0);
    format!("{}.{:03} s", milliseconds / 1000, milliseconds % 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_never_told_shorter_than_it_was() {
        assert_eq!(
            [seconds(&0), seconds(&1), seconds(&12_000), seconds(&2_500_001)],
            ["0.000 s", "0.001 s", "0.012 s", "2.501 s"]
        );
        assert_eq!(day(&Timestamp::from_millis(0)), "1970-01-01");
    }
}
