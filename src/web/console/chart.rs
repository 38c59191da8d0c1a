//! A day's calls of a connection as bars, hour by hour: where each bar stands, for an SVG without a script. The numbers
//! stand in a table beside it.

use crate::clock::Timestamp;
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

#[cfg(test)]
mod tests {
    use super::*;

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
