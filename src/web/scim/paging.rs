//! `startIndex` and `count` (RFC 7644 §3.4.2.4): any text in, a page within the limits out (T53).

use crate::scim::{Error, ScimType};

/// Which part of a list is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// From 1.
    pub start_index: u64,
    /// At most the configured page size; 0 asks for the total alone.
    pub count: usize,
}

impl Page {
    /// From the texts of the query. Absent and empty mean the default; below the least value means that value;
    /// above the greatest means that.
    ///
    /// # Errors
    /// 400 `invalidValue` for what is no whole number in ASCII digits.
    pub fn parse(start_index: Option<&str>, count: Option<&str>, default: usize, max: usize) -> Result<Self, Error> {
        let start_index = start_index.map(|text| number(text, "startIndex")).transpose()?.flatten();
        let count = count.map(|text| number(text, "count")).transpose()?.flatten();
        Ok(Self {
            // RFC 7644 §3.4.2.4: "A value less than 1 SHALL be interpreted as 1"; a negative count as 0.
            start_index: start_index.unwrap_or(1).max(1),
            count: count.map_or(default, |count| usize::try_from(count).unwrap_or(max)).min(max),
        })
    }
}

/// A whole number, negatives as 0 and the unthinkably large as the largest; `None` for an empty text.
fn number(text: &str, name: &str) -> Result<Option<u64>, Error> {
    let text = text.trim();
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if text.is_empty() {
        return Ok(None);
    }
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        let detail = format!("{name} is not a whole number. Send digits only.");
        return Err(Error::bad(ScimType::InvalidValue, detail));
    }
    Ok(Some(if negative { 0 } else { digits.parse().unwrap_or(u64::MAX) }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(start_index: Option<&str>, count: Option<&str>) -> Result<(u64, usize), u16> {
        let page = Page::parse(start_index, count, 100, 200).map_err(|error| error.status)?;
        Ok((page.start_index, page.count))
    }

    #[test]
    fn t53_whatever_is_asked_the_page_is_within_the_limits() {
        let counts = [
            (None, Ok(100)),
            (Some(""), Ok(100)),
            (Some("abc"), Err(400)),
            (Some("-9223372036854775808"), Ok(0)),
            (Some("-1"), Ok(0)),
            (Some("0"), Ok(0)),
            (Some("1"), Ok(1)),
            (Some("200"), Ok(200)),
            (Some("201"), Ok(200)),
            (Some("2147483648"), Ok(200)),
            (Some("9223372036854775807"), Ok(200)),
            (Some("18446744073709551616"), Ok(200)),
            (Some("1e20"), Err(400)),
            (Some(" 1"), Ok(1)),
            (Some("١"), Err(400)),
            (Some("1.0"), Err(400)),
            (Some("-"), Err(400)),
        ];
        for (count, expected) in counts {
            assert_eq!(page(None, count).map(|page| page.1), expected, "count={count:?}");
        }
        let starts = [
            (None, Ok(1)),
            (Some("-9223372036854775808"), Ok(1)),
            (Some("0"), Ok(1)),
            (Some("7"), Ok(7)),
            (Some("18446744073709551616"), Ok(u64::MAX)),
            (Some("x"), Err(400)),
        ];
        for (start, expected) in starts {
            assert_eq!(page(start, None).map(|page| page.0), expected, "startIndex={start:?}");
        }
    }
}
