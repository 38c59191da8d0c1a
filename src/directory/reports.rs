//! Twelve weeks of an organization, from what was written down at the time: how many people had access, and how long it
//! took from an IdP's call until access had ended.

use super::{Directory, Error};
use crate::clock::Timestamp;
use crate::ids::OrganizationId;
pub use crate::store::reports::Leaver;

/// How many weeks are told of.
pub const WEEKS: usize = 12;

const WEEK_MS: i64 = 7 * 24 * 60 * 60 * 1000;

/// Leavers that are looked at, and those that are told of one by one.
const LEAVERS: u32 = 20_000;
const LATEST: usize = 50;

/// How many people there were at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PeopleAt {
    /// When.
    pub at: Timestamp,
    /// With access.
    pub active: i64,
    /// Without access any longer.
    pub deactivated: i64,
}

/// How fast access ended within a week.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Endings {
    /// From when; until a week later.
    pub since: Timestamp,
    /// How many people lost their access by an IdP's call.
    pub count: usize,
    /// Of how many the call is in the log still.
    pub measured: usize,
    /// How long it took half of those at most, in microseconds.
    pub median_us: i64,
    /// How long the slowest took.
    pub slowest_us: i64,
}

/// The last twelve weeks.
#[derive(Debug, Clone)]
pub struct Report {
    /// At the beginning, and at the end of each week.
    pub people: Vec<PeopleAt>,
    /// Week by week.
    pub endings: Vec<Endings>,
    /// Whose access ended last.
    pub latest: Vec<Leaver>,
}

impl Directory {
    /// The last twelve weeks of an organization.
    pub async fn report(&self, organization: OrganizationId) -> Result<Report, Error> {
        let now = self.store.clock().now();
        let weeks = i64::try_from(WEEKS).unwrap_or_default();
        let since = Timestamp::from_millis(now.millis() - weeks * WEEK_MS);
        let begin = |week: i64| Timestamp::from_millis(since.millis() + week * WEEK_MS);
        let mut reader = self.store.read().await?;
        let counts = reader.count_people(organization).await?;
        let changed = reader.people_changed(organization, since, WEEK_MS).await?;
        // Back from what is known for certain: how many there are now.
        let mut at = PeopleAt { at: now, active: counts.active, deactivated: counts.deactivated };
        let mut people = vec![at];
        for week in (0..weeks).rev() {
            // A change of this very moment is in a week of its own, which ends now too.
            let is_of_week = |period: i64| period == week || (week == weeks - 1 && period > week);
            for change in changed.iter().filter(|change| is_of_week(change.period)) {
                at.active -= change.active;
                at.deactivated -= change.deactivated;
            }
            at.at = begin(week);
            people.push(at);
        }
        people.reverse();
        let mut latest = reader.leavers(organization, since, LEAVERS).await?;
        let endings = (0..weeks).map(|week| {
            let is_last = week == weeks - 1;
            let within = |leaver: &&Leaver| leaver.at >= begin(week) && (is_last || leaver.at < begin(week + 1));
            endings(begin(week), latest.iter().filter(within))
        });
        let endings = endings.collect();
        latest.truncate(LATEST);
        Ok(Report { people, endings, latest })
    }
}

fn endings<'a>(since: Timestamp, leavers: impl Iterator<Item = &'a Leaver>) -> Endings {
    let (mut count, mut times) = (0, Vec::new());
    for leaver in leavers {
        count += 1;
        times.extend(leaver.duration_us);
    }
    times.sort_unstable();
    let median_us = times.get(times.len().saturating_sub(1) / 2).copied().unwrap_or_default();
    Endings { since, count, measured: times.len(), median_us, slowest_us: times.last().copied().unwrap_or_default() }
}
