//! Where bars and lines stand in a chart: for an SVG without a script. The numbers stand in a table beside each.

use crate::clock::Timestamp;
use crate::directory::reports::{Endings, PeopleAt};
use crate::provisioning::health::CallsOfHour;

/// How high the highest bar is.
const HEIGHT: i64 = 100;

/// How far the bars stand from each other.
const STEP: i64 = 20;

/// A bar of an hour, from the ground up.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Bar {
    pub(super) began_at: Timestamp,
    pub(super) calls: i64,
    pub(super) failed: i64,
    pub(super) left: i64,
    /// All calls.
    pub(super) top: i64,
    pub(super) height: i64,
    /// Those that were refused or failed, below.
    pub(super) failed_top: i64,
    pub(super) failed_height: i64,
}

/// The bars of a day, and what the highest stands for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Chart {
    pub(super) bars: Vec<Bar>,
    pub(super) highest: i64,
    pub(super) calls: i64,
    pub(super) failed: i64,
}

impl Chart {
    pub(super) fn of(hours: &[CallsOfHour]) -> Self {
        let highest = hours.iter().map(|hour| hour.calls).max().unwrap_or_default();
        // What there is can be seen, however little of the highest it is.
        let tall = |count: i64| if count == 0 { 0 } else { (count * HEIGHT / highest.max(1)).max(2) };
        let bars = (0..).zip(hours).map(|(at, hour): (i64, _)| Bar {
            began_at: hour.began_at(),
            calls: hour.calls,
            failed: hour.failed,
            left: at * STEP + 2,
            top: HEIGHT - tall(hour.calls),
            height: tall(hour.calls),
            failed_top: HEIGHT - tall(hour.failed),
            failed_height: tall(hour.failed),
        });
        let sum = |of: fn(&CallsOfHour) -> i64| hours.iter().map(of).sum();
        Self { bars: bars.collect(), highest, calls: sum(|hour| hour.calls), failed: sum(|hour| hour.failed) }
    }
}

impl Bar {
    /// The hour as it stands below the bar and in the table.
    pub(super) fn hour(&self) -> String {
        self.began_at.to_string().get(11..16).unwrap_or_default().to_owned()
    }
}

/// How wide a chart of weeks is, and how far its weeks stand from each other.
const WIDTH: i64 = 480;
const WEEK: i64 = WIDTH / 12;

/// A line through the numbers of people at the ends of weeks: its points, and where it ends.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) points: String,
    pub(super) end: i64,
}

/// People over time.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct People {
    pub(super) active: Line,
    pub(super) deactivated: Line,
    /// What the top stands for.
    pub(super) highest: i64,
}

impl People {
    pub(super) fn of(weeks: &[PeopleAt]) -> Self {
        let highest = weeks.iter().map(|week| week.active.max(week.deactivated)).max().unwrap_or_default();
        let down = |count: i64| HEIGHT - count.max(0) * HEIGHT / highest.max(1);
        let line = |of: fn(&PeopleAt) -> i64| {
            let points = (0..).zip(weeks).map(|(at, week): (i64, _)| format!("{},{}", at * WEEK, down(of(week))));
            Line {
                points: points.collect::<Vec<_>>().join(" "),
                end: weeks.last().map(|week| down(of(week))).unwrap_or_default(),
            }
        };
        Self { active: line(|week| week.active), deactivated: line(|week| week.deactivated), highest }
    }
}

/// How long half of the endings of a week took at most, as a bar.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Took {
    pub(super) left: i64,
    pub(super) top: i64,
    pub(super) height: i64,
}

/// A bar for each week.
pub(super) fn took(weeks: &[Endings]) -> Vec<Took> {
    let highest = weeks.iter().map(|week| week.median_us).max().unwrap_or_default().max(1);
    let bars = (0..).zip(weeks).map(|(at, week): (i64, _)| {
        let height = if week.measured == 0 { 0 } else { (week.median_us * HEIGHT / highest).max(2) };
        Took { left: at * WEEK + 4, top: HEIGHT - height, height }
    });
    bars.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_goes_through_its_numbers_from_the_ground_up() {
        let at = |active, deactivated| PeopleAt { at: Timestamp::from_millis(0), active, deactivated };
        let people = People::of(&[at(0, 0), at(10, 0), at(5, 5)]);
        assert_eq!(people.active.points, "0,100 40,0 80,50");
        assert_eq!((people.deactivated.points.as_str(), people.deactivated.end), ("0,100 40,100 80,50", 50));
        assert_eq!(People::of(&[at(0, 0)]).active.points, "0,100", "nobody is on the ground");
        let week = |measured, median_us| Endings {
            since: Timestamp::from_millis(0),
            count: measured,
            measured,
            median_us,
            slowest_us: median_us,
        };
        let bars: Vec<_> = took(&[week(0, 0), week(1, 400), week(2, 1)]).iter().map(|bar| bar.height).collect();
        assert_eq!(bars, [0, 100, 2]);
    }

    #[test]
    fn a_bar_is_as_high_as_its_share_of_the_highest() {
        let hour = |hour, calls, failed| CallsOfHour { hour, calls, failed };
        let chart = Chart::of(&[hour(0, 0, 0), hour(1, 200, 1), hour(2, 50, 50)]);
        assert_eq!((chart.highest, chart.calls, chart.failed), (200, 250, 51));
        let heights: Vec<_> = chart.bars.iter().map(|bar| (bar.height, bar.failed_height)).collect();
        assert_eq!(heights, [(0, 0), (100, 2), (25, 25)]);
        assert_eq!(chart.bars[1].hour(), "01:00");
        assert_eq!(Chart::of(&[]).highest, 0);
    }
}
