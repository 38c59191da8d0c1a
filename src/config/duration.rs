//! Lengths of time as people write them in settings and flags: `10s`, `180d`, `1h30m`.

use std::time::Duration;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

/// A text that is no length of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a length of time such as \"500ms\", \"10s\", \"5m\", \"12h\" or \"180d\"")]
pub struct NotADuration;

/// Reads whole numbers, each with its unit (`ms`, `s`, `m`, `h`, `d`), and adds them up.
///
/// # Errors
/// Anything else, a number without a unit included: nobody should have to guess it.
pub fn parse(text: &str) -> Result<Duration, NotADuration> {
    let mut rest = text.trim();
    let mut total = Duration::ZERO;
    if rest.is_empty() {
        return Err(NotADuration);
    }
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let number: u64 = rest[..digits].parse().map_err(|_| NotADuration)?;
        rest = &rest[digits..];
        let letters = rest.bytes().take_while(u8::is_ascii_lowercase).count();
        let millis = match &rest[..letters] {
            "ms" => 1,
            "s" => 1000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return Err(NotADuration),
        };
        rest = rest[letters..].trim_start();
        let part = number.checked_mul(millis).map(Duration::from_millis);
        total = part.and_then(|part| total.checked_add(part)).ok_or(NotADuration)?;
    }
    Ok(total)
}

/// For settings where nought means "at once".
pub(super) fn any<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    parse(&String::deserialize(deserializer)?).map_err(D::Error::custom)
}

/// For settings where nought would switch the thing off by accident.
pub(super) fn positive<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let duration = any(deserializer)?;
    if duration.is_zero() { Err(D::Error::custom("expected a length of time above zero")) } else { Ok(duration) }
}

/// Several, separated by commas, in ascending order; none is an empty text.
pub(super) fn list<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Duration>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let parts = text.split(',').filter(|part| !part.trim().is_empty());
    let mut all = parts.map(parse).collect::<Result<Vec<_>, _>>().map_err(D::Error::custom)?;
    all.sort();
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_of_time_is_numbers_with_units() {
        let cases = [("500ms", 500), ("10s", 10_000), ("1h30m", 5_400_000), (" 2m 1s ", 121_000), ("0s", 0)];
        for (text, millis) in cases {
            assert_eq!(parse(text), Ok(Duration::from_millis(millis)), "{text}");
        }
        assert_eq!(parse("180d"), Ok(Duration::from_hours(180 * 24)));
    }

    #[test]
    fn a_length_of_time_without_a_unit_or_out_of_range_is_refused() {
        for text in [
            "",
            " ",
            "10",
            "s",
            "-1s",
            "1.5h",
            "10 s s",
            "1w",
            "1S",
            "99999999999999999999s",
            "9999999999999999d",
            "1٣s",
        ] {
            assert_eq!(parse(text), Err(NotADuration), "{text}");
        }
    }
}
