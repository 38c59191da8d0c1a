//! The people of the example with what they may do and why.

use std::fmt::Write as _;

use super::super::answer::plain;
use super::super::failure::Failure;
use super::super::session::Session;
use super::setup::ORGANIZATION;
use crate::directory::explain::Explanation;
use crate::directory::people::Status;

/// Everybody, by e-mail.
pub(super) async fn people(session: &Session) -> Result<Vec<Explanation>, Failure> {
    let directory = &session.opened.directory;
    let mut all = Vec::new();
    for person in directory.people(ORGANIZATION).await? {
        all.push(directory.explain(Some(ORGANIZATION), &person.person.email).await?);
    }
    Ok(all)
}

/// Each person, what they may do below, and what that comes from below that.
pub(super) fn listing(people: &[Explanation]) -> String {
    people.iter().map(of_one).collect()
}

fn of_one(explanation: &Explanation) -> String {
    let person = &explanation.overview.person;
    let (status, nothing) = match person.status {
        Status::Invited => ("Invited", "no access yet"),
        Status::Active => ("Active", "View only"),
        Status::Deactivated => ("Deactivated", "no access"),
    };
    let mut text = format!("  {} ({status})\n", plain(&person.email));
    if explanation.effective.is_empty() {
        let _ = writeln!(text, "    {nothing}");
    }
    for (explained, not_yet) in explanation
        .effective
        .iter()
        .map(|one| (one, ""))
        .chain(explanation.waiting.iter().map(|one| (one, "not yet: ")))
    {
        let _ = writeln!(text, "    {not_yet}{}", plain(&explained.called));
        for cause in &explained.because {
            let _ = writeln!(text, "      because: {}", plain(&cause.text));
            if let Some(waits_for) = &cause.waits_for {
                let _ = writeln!(text, "      waits: {waits_for}");
            }
        }
    }
    text
}
