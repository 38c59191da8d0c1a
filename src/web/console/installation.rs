//! What is set for the whole installation and concerns every organization, in words: shown here, changed where the
//! gateway runs.

use std::time::Duration;

use crate::config::Settings;

/// A setting of the installation.
#[derive(Debug, Clone)]
pub struct Fixed {
    /// What it says.
    pub what: &'static str,
    /// What it is set to, in words.
    pub value: String,
    /// The setting, as the configuration calls it; nothing where there is none to change.
    pub key: &'static str,
}

/// Settings under a heading.
#[derive(Debug, Clone)]
pub struct Section {
    /// The heading.
    pub heading: &'static str,
    /// The settings.
    pub settings: Vec<Fixed>,
}

/// What a reader of the console may want to know of the installation's settings.
#[must_use]
pub fn sections(settings: &Settings) -> Vec<Section> {
    vec![
        Section { heading: "How long things are kept", settings: retention(settings) },
        Section { heading: "When mails are sent", settings: mails(settings) },
        Section { heading: "Joining and being invited", settings: joining(settings) },
        Section { heading: "What is held, and for how long", settings: guards(settings) },
        Section { heading: "Signing in to the console", settings: signing_in(settings) },
    ]
}

fn fixed(what: &'static str, value: impl Into<String>, key: &'static str) -> Fixed {
    Fixed { what, value: value.into(), key }
}

fn retention(settings: &Settings) -> Vec<Fixed> {
    let bodies = if settings.request_log.capture_bodies {
        "kept, with every value left away that may be personal or secret"
    } else {
        "not kept"
    };
    vec![
        fixed("Requests in the request log", lasting(settings.request_log.retention), "request_log.retention"),
        fixed("What requests say", bodies, "request_log.capture_bodies"),
        fixed("Records of the audit log", "for ever", ""),
        fixed("Mails, once they were sent or given up", lasting(settings.mail.retention), "mail.retention"),
        fixed("Sessions of the console, once they ended", "1 day", ""),
    ]
}

fn mails(settings: &Settings) -> Vec<Fixed> {
    let told = &settings.notifications;
    let ends: Vec<String> = told.token_expiry.iter().rev().copied().map(lasting).collect();
    let ends = if ends.is_empty() { "never".to_owned() } else { format!("{} before", ends.join(", ")) };
    let waits: Vec<String> = settings.join_requests.remind_after.iter().copied().map(lasting).collect();
    let waits = if waits.is_empty() { "never".to_owned() } else { format!("after {}", waits.join(", ")) };
    vec![
        fixed(
            "Who was deactivated, in one mail",
            format!("every {}", lasting(told.digest_every)),
            "notifications.digest_every",
        ),
        fixed("A token that ends", ends, "notifications.token_expiry"),
        fixed(
            "A connection that is silent",
            format!("after {}", lasting(told.silent_after)),
            "notifications.silent_after",
        ),
        fixed(
            "A connection that fails",
            format!("from {} failed calls within an hour", told.failure_spike),
            "notifications.failure_spike",
        ),
        fixed("A join request that waits", waits, "join_requests.remind_after"),
    ]
}

fn joining(settings: &Settings) -> Vec<Fixed> {
    let (joining, invitations) = (&settings.join_requests, &settings.invitations);
    vec![
        fixed("Asking to join", if joining.enabled { "open" } else { "closed" }, "join_requests.enabled"),
        fixed(
            "A join request that nobody decides ends",
            format!("after {}", lasting(joining.expire_after)),
            "join_requests.expire_after",
        ),
        fixed(
            "Whoever was rejected may ask again",
            format!("after {}", lasting(joining.cooldown_after_reject)),
            "join_requests.cooldown_after_reject",
        ),
        fixed("An invitation ends", format!("after {}", lasting(invitations.expire_after)), "invitations.expire_after"),
    ]
}

fn guards(settings: &Settings) -> Vec<Fixed> {
    let guards = &settings.guards;
    let many = format!(
        "from {} people or {} % of a connection’s people, whichever is more, within {}",
        guards.mass_change_count,
        guards.mass_change_percent,
        lasting(guards.mass_change_window)
    );
    vec![
        fixed("Many changes at once", many, "guards.mass_change_count"),
        fixed(
            "What is held should be decided",
            format!("within {}", lasting(guards.hold_deadline)),
            "guards.hold_deadline",
        ),
        fixed("A plan may be applied", format!("within {}", lasting(guards.plan_valid_for)), "guards.plan_valid_for"),
    ]
}

fn signing_in(settings: &Settings) -> Vec<Fixed> {
    let console = &settings.console;
    vec![
        fixed(
            "Whoever does nothing is signed out",
            format!("after {}", lasting(console.idle_lifetime)),
            "console.idle_lifetime",
        ),
        fixed(
            "Everybody is signed out",
            format!("after {}", lasting(console.session_lifetime)),
            "console.session_lifetime",
        ),
        fixed(
            "What concerns tokens and admin roles needs a sign-in",
            format!("of the last {}", lasting(console.fresh_for)),
            "console.fresh_for",
        ),
    ]
}

/// `90 days`, `1 hour 30 minutes`.
fn lasting(length: Duration) -> String {
    let seconds = length.as_secs();
    let parts = [
        (seconds / 86400, "day"),
        (seconds / 3600 % 24, "hour"),
        (seconds / 60 % 60, "minute"),
        (seconds % 60, "second"),
    ];
    let parts: Vec<String> = parts
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, unit)| format!("{count} {unit}{}", if count == 1 { "" } else { "s" }))
        .collect();
    if parts.is_empty() { "no time".to_owned() } else { parts.join(" ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_of_time_is_told_in_words() {
        let lasting = |seconds| lasting(Duration::from_secs(seconds));
        assert_eq!(lasting(90 * 86400), "90 days");
        assert_eq!(lasting(86400), "1 day");
        assert_eq!(lasting(5400), "1 hour 30 minutes");
        assert_eq!([lasting(300), lasting(1), lasting(0)], ["5 minutes", "1 second", "no time"]);
    }
}
