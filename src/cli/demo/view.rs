//! The people of the example with what they may do and why, one permission a line.

use super::super::answer;
use super::super::failure::Failure;
use super::super::session::Session;
use super::setup::ORGANIZATION;
use crate::directory::explain::{Explained, Explanation};
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

pub(super) fn table(people: &[Explanation]) -> String {
    answer::table(["Person", "Status", "May", "Because"], people.iter().flat_map(rows))
}

fn rows(explanation: &Explanation) -> Vec<[String; 4]> {
    let person = &explanation.overview.person;
    let status = match person.status {
        Status::Invited => "Invited",
        Status::Active => "Active",
        Status::Deactivated => "Deactivated",
    };
    let mut lines: Vec<[String; 2]> = explanation.effective.iter().map(|one| [one.called.clone(), why(one)]).collect();
    if lines.is_empty() {
        let nothing = if person.status == Status::Active { "View only" } else { "nothing" };
        lines.push([nothing.to_owned(), String::new()]);
    }
    lines.extend(explanation.waiting.iter().map(|one| [format!("(not yet) {}", one.called), why(one)]));
    let mut who = [person.email.clone(), status.to_owned()];
    lines
        .into_iter()
        .map(|[may, because]| {
            let [email, status] = std::mem::take(&mut who);
            [email, status, may, because]
        })
        .collect()
}

fn why(explained: &Explained) -> String {
    let causes: Vec<String> = explained
        .because
        .iter()
        .map(|cause| match &cause.waits_for {
            Some(waits_for) => format!("{}; {waits_for}", cause.text),
            None => cause.text.clone(),
        })
        .collect();
    causes.join(" and ")
}
