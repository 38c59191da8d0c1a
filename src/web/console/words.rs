//! How values stand on pages: times, states and permissions in a reader's words. Decides nothing.

#![expect(clippy::trivially_copy_pass_by_ref, reason = "templates hand everything over by reference")]

use crate::clock::Timestamp;
use crate::directory::permissions::Permission;
use crate::scim::Dialect;

/// `2026-01-31 09:05 UTC`.
pub(super) fn absolute(at: &Timestamp) -> String {
    let text = at.to_string();
    match (text.get(..10), text.get(11..16)) {
        (Some(day), Some(time)) => format!("{day} {time} UTC"),
        _ => text,
    }
}

/// `3 hours ago`, `in 2 days`.
pub(super) fn ago(at: &Timestamp, now: &Timestamp) -> String {
    let seconds = (now.millis() - at.millis()) / 1000;
    let length = seconds.unsigned_abs();
    let (count, unit) = match length {
        0..60 => return if seconds < 0 { "in a moment".to_owned() } else { "just now".to_owned() },
        60..3600 => (length / 60, "minute"),
        3600..86400 => (length / 3600, "hour"),
        _ => (length / 86400, "day"),
    };
    let plural = if count == 1 { "" } else { "s" };
    if seconds < 0 { format!("in {count} {unit}{plural}") } else { format!("{count} {unit}{plural} ago") }
}

/// The class of a state's badge; its word says the same.
pub(super) fn tone(state: impl std::fmt::Display) -> &'static str {
    match state.to_string().as_str() {
        "active" | "accepted" | "applied" | "verified" | "sent" | "linked" => "badge-good",
        "invited" | "pending" | "planned" | "staged" | "held" | "applying" | "paused" => "badge-warn",
        "deactivated" | "rejected" | "failed" | "revoked" | "stale" | "suspended" => "badge-bad",
        _ => "badge-muted",
    }
}

/// With a capital, as a state stands alone.
pub(super) fn capital(text: impl std::fmt::Display) -> String {
    let text = text.to_string().replace('_', " ");
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().collect::<String>() + letters.as_str()).unwrap_or_default()
}

/// The identity provider that a connection speaks with.
pub(super) const fn dialect(dialect: &Dialect) -> &'static str {
    match dialect {
        Dialect::Okta => "Okta",
        Dialect::Entra => "Microsoft Entra ID",
        Dialect::Generic => "Another identity provider",
    }
}

/// What a connection may grant, in Secaro's words.
pub(super) fn ceiling(may_grant: &str) -> String {
    let called = |right: &str| match right.trim() {
        "edit" => "Can edit",
        "billing_admin" => "Billing admin",
        "organization_admin" => "Organization admin",
        _ => "",
    };
    may_grant.split(',').map(called).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(", ")
}

/// A permission in Secaro's words; a facility by its key.
pub(super) fn permission(text: &str) -> String {
    text.parse::<Permission>().map_or_else(|_| text.to_owned(), |permission| permission.called(None))
}

/// `1 person`, `3 people`.
pub(super) fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// `nobody`, `1 person`, `3 people`.
pub(super) fn people(count: impl std::borrow::Borrow<i64>) -> String {
    match usize::try_from(*count.borrow()) {
        Ok(count @ 1..) => counted(count, "person", "people"),
        _ => "nobody".to_owned(),
    }
}

/// What became of each value that is another one now: `name: «Leeds» → «Leeds North»`.
pub(super) fn difference(before: &str, after: &str) -> String {
    let object = |text| serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(text).unwrap_or_default();
    let (before, after) = (object(before), object(after));
    let quoted = |value: Option<&serde_json::Value>| match value {
        None | Some(serde_json::Value::Null) => "nothing".to_owned(),
        Some(serde_json::Value::String(text)) => format!("«{text}»"),
        Some(other) => other.to_string(),
    };
    let names: std::collections::BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let changed = names.into_iter().filter(|name| before.get(*name) != after.get(*name));
    let changed: Vec<String> =
        changed.map(|name| format!("{name}: {} → {}", quoted(before.get(name)), quoted(after.get(name)))).collect();
    changed.join(", ")
}

/// The time that a filter's field says: `2026-01-31`, `2026-01-31T09:00` or with seconds and zone; UTC if it says none.
pub(super) fn time_of(text: &str) -> Result<Option<Timestamp>, String> {
    let text = text.trim();
    let whole = match text.len() {
        0 => return Ok(None),
        10 => format!("{text}T00:00:00Z"),
        16 => format!("{text}:00Z"),
        19 => format!("{text}Z"),
        _ => text.to_owned(),
    };
    whole.parse().map(Some).map_err(|_| "A time is written like 2026-01-31 or 2026-01-31T09:00".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_told_from_now() {
        let at = |seconds: i64| Timestamp::from_millis(1_700_000_000_000 + seconds * 1000);
        let ago = |seconds: i64| ago(&at(-seconds), &at(0));
        assert_eq!(
            [ago(5), ago(60), ago(7300), ago(200_000)],
            ["just now", "1 minute ago", "2 hours ago", "2 days ago"]
        );
        assert_eq!([ago(-5), ago(-3600)], ["in a moment", "in 1 hour"]);
        assert_eq!(absolute(&at(0)), "2023-11-14 22:13 UTC");
    }
}
