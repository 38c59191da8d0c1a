//! An explanation in plain sentences.

use std::fmt::Write as _;

use super::super::answer::plain;
use super::status;
use crate::directory::explain::{Cause, Explained, Explanation};
use crate::directory::people::Status;

/// Who somebody is, what they may do and why, and what gives nothing yet and why.
pub(in crate::cli) fn in_sentences(explanation: &Explanation) -> String {
    let overview = &explanation.overview;
    let person = &overview.person;
    let managed = match &overview.managed_by {
        Some(connection) => format!("managed by connection «{connection}»"),
        None => "managed by no connection".to_owned(),
    };
    let mut text = String::new();
    let _ = writeln!(
        text,
        "{} <{}>, organization «{}»: {}, {managed}.",
        plain(&person.display_name),
        plain(&person.email),
        overview.organization,
        status(overview),
    );
    match (person.status, explanation.effective.is_empty()) {
        (Status::Active, true) => text.push_str("View only: no permission is in effect.\n"),
        (Status::Active, false) => text.push_str("In effect:\n"),
        (Status::Invited, _) => text.push_str("No access yet: the invitation has not been accepted.\n"),
        (Status::Deactivated, _) => text.push_str("No access: the person is deactivated.\n"),
    }
    for explained in &explanation.effective {
        describe(&mut text, explained);
    }
    if !explanation.waiting.is_empty() {
        text.push_str("Gives nothing now:\n");
    }
    for explained in &explanation.waiting {
        describe(&mut text, explained);
    }
    for door in &explanation.doors {
        let _ = writeln!(text, "{}", plain(door));
    }
    if let Some(about) = &explanation.link {
        let _ = writeln!(text, "{}", plain(about));
    }
    text
}

fn describe(text: &mut String, explained: &Explained) {
    let _ = writeln!(text, "  {} ({})", plain(&explained.called), plain(&explained.permission.to_string()));
    for Cause { text: because, since, waits_for, deadline, decision, id, .. } in &explained.because {
        let _ = writeln!(text, "    because: {}, since {since}", plain(because));
        if let Some(waits_for) = waits_for {
            let _ = writeln!(text, "    note: {waits_for}");
        }
        if let Some(deadline) = deadline {
            let _ = writeln!(text, "    to be decided by {deadline}: «secaro-gateway held show {id}»");
        }
        if let Some(decision) = decision {
            let _ = writeln!(text, "    {}", plain(decision));
        }
    }
}
