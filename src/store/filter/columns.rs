//! How each operator is asked of a column: fixed SQL fragments that compare byte by byte, alike on both databases.

use super::condition::{Lowered, Value};
use crate::scim::filter::CompareOp;

/// The fragments of one column for each operator; `None` where the column cannot tell.
pub(super) struct Fragments {
    eq: &'static str,
    ne: Option<&'static str>,
    gt: &'static str,
    ge: &'static str,
    lt: &'static str,
    le: &'static str,
    /// From the first value on, and before the second.
    between: &'static str,
    /// `replace` and `substr` compare letter by letter on both databases, as `LIKE` does not on SQLite. The same
    /// value twice.
    ew: &'static str,
    co: &'static str,
}

macro_rules! fragments {
    ($before:literal, $column:literal, $after:literal, ne $ne:expr) => {
        Fragments {
            eq: concat!($before, $column, " = ?", $after),
            ne: $ne,
            gt: concat!($before, $column, " > ?", $after),
            ge: concat!($before, $column, " >= ?", $after),
            lt: concat!($before, $column, " < ?", $after),
            le: concat!($before, $column, " <= ?", $after),
            between: concat!($before, $column, " >= ? AND ", $column, " < ?", $after),
            ew: concat!($before, "substr(", $column, ", length(", $column, ") - length(?) + 1) = ?", $after),
            co: concat!($before, "replace(", $column, ", ?, '') <> ", $column, $after),
        }
    };
}

pub(super) const NAME: Fragments = fragments!("", "name_key", "", ne Some("name_key <> ?"));
pub(super) const EXTERNAL_ID: Fragments = fragments!(
    "external_id IS NOT NULL AND ", "external_id", "", ne Some("external_id IS NULL OR external_id <> ?")
);
pub(super) const CREATED: Fragments = fragments!("", "created_at", "", ne Some("created_at <> ?"));
pub(super) const LAST_MODIFIED: Fragments = fragments!("", "updated_at", "", ne Some("updated_at <> ?"));
pub(super) const EMAILS: Fragments = fragments!(
    "id IN (SELECT resource_id FROM resource_emails WHERE organization_id = $1 AND connection_id = $2 AND ",
    "value_key", ")", ne None
);

pub(super) fn compare_text(column: &Fragments, op: CompareOp, text: String) -> Lowered {
    // PostgreSQL takes no NUL in a text.
    if text.contains('\0') {
        return Lowered::UNKNOWN;
    }
    // Every text holds the empty one, and a column that is there is never empty.
    let once = |fragment| Lowered::test(fragment, vec![Value::Text(text.clone())]);
    let twice = |fragment| Lowered::test(fragment, vec![Value::Text(text.clone()), Value::Text(text.clone())]);
    match op {
        CompareOp::Eq => once(column.eq),
        CompareOp::Ne => column.ne.map_or(Lowered::UNKNOWN, once),
        CompareOp::Gt => once(column.gt),
        CompareOp::Ge => once(column.ge),
        CompareOp::Lt => once(column.lt),
        CompareOp::Le => once(column.le),
        CompareOp::Co | CompareOp::Sw | CompareOp::Ew if text.is_empty() => once(column.ge),
        CompareOp::Co => once(column.co),
        CompareOp::Ew => twice(column.ew),
        CompareOp::Sw => match after_all_with_prefix(&text) {
            Some(end) => Lowered::test(column.between, vec![Value::Text(text), Value::Text(end)]),
            None => once(column.ge),
        },
    }
}

/// The first text, byte by byte, after all those that start with `prefix`; `None` if there is none.
fn after_all_with_prefix(prefix: &str) -> Option<String> {
    let mut letters: Vec<char> = prefix.chars().collect();
    while let Some(last) = letters.pop() {
        // UTF-8 has the order of its code points; the range steps over the surrogates.
        if let Some(next) = (last..=char::MAX).nth(1) {
            letters.push(next);
            return Some(letters.into_iter().collect());
        }
    }
    None
}

pub(super) fn compare_time(column: &Fragments, op: CompareOp, text: &str) -> Lowered {
    let Ok(time) = text.parse() else { return Lowered::UNKNOWN };
    let once = |fragment| Lowered::test(fragment, vec![Value::Time(time)]);
    match op {
        CompareOp::Eq => once(column.eq),
        CompareOp::Ne => column.ne.map_or(Lowered::UNKNOWN, once),
        CompareOp::Gt => once(column.gt),
        CompareOp::Ge => once(column.ge),
        CompareOp::Lt => once(column.lt),
        CompareOp::Le => once(column.le),
        // How it is written, not when it was.
        CompareOp::Co | CompareOp::Sw | CompareOp::Ew => Lowered::UNKNOWN,
    }
}

pub(super) fn compare_id(op: CompareOp, text: &str) -> Lowered {
    let fragment = match op {
        CompareOp::Eq => "id = ?",
        CompareOp::Ne => "id <> ?",
        _ => return Lowered::UNKNOWN,
    };
    match text.parse() {
        Ok(id) => Lowered::test(fragment, vec![Value::Id(id)]),
        Err(_) => Lowered::constant(op == CompareOp::Ne),
    }
}

pub(super) fn related(fragment: &'static str, text: &str) -> Lowered {
    text.parse().map_or(Lowered::constant(false), |id| Lowered::test(fragment, vec![Value::Id(id)]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_prefix_is_the_next_text_that_does_not_have_it() {
        assert_eq!(after_all_with_prefix("ada").as_deref(), Some("adb"));
        assert_eq!(after_all_with_prefix("a\u{10FFFF}").as_deref(), Some("b"));
        assert_eq!(after_all_with_prefix("\u{D7FF}").as_deref(), Some("\u{E000}"));
        assert_eq!(after_all_with_prefix("\u{10FFFF}"), None);
    }
}
