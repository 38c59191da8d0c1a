//! What somebody fills in, checked field by field. Looks at the form alone, never at an organization: what is wrong
//! here is wrong for everybody (T47).

use crate::directory::email::Email;
use crate::directory::organizations::{duns_number, required_text};
use crate::ids::OrganizationId;

/// How long what somebody writes may be.
const TEXT_CHARACTERS: usize = 1000;

/// A field that cannot be taken as it is.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Flaw {
    /// The field's name.
    pub field: &'static str,
    /// What is wrong and what to do.
    pub detail: String,
}

/// What somebody says who registers.
#[derive(Debug, Clone)]
pub struct Registration {
    pub(super) name: String,
    pub(super) email: Email,
    pub(super) duns: Option<String>,
}

impl Registration {
    /// Reads the form; every flaw at once, in the form's order.
    pub fn read(name: &str, email: &str, duns: &str) -> Result<Self, Vec<Flaw>> {
        let flaw = |field, detail: &str| Flaw { field, detail: detail.to_owned() };
        let name = required_text("your name", name)
            .map_err(|_| flaw("name", "Enter your name: 1 to 256 characters on one line."));
        let email = Email::parse(email.trim())
            .ok_or_else(|| flaw("email", "Enter your work e-mail address, like name@example.org."));
        let duns = optional(duns)
            .map(|text| duns_number(&text))
            .transpose()
            .map_err(|_| flaw("duns", "A D-U-N-S number has nine digits. Correct it, or leave the field empty."));
        match (name, email, duns) {
            (Ok(name), Ok(email), Ok(duns)) => Ok(Self { name, email, duns }),
            (name, email, duns) => Err([name.err(), email.err(), duns.err()].into_iter().flatten().collect()),
        }
    }
}

/// What somebody asks an organization for.
#[derive(Debug, Clone)]
pub struct Wanted {
    pub(super) organization: OrganizationId,
    pub(super) note: Option<String>,
    pub(super) wishes: Option<String>,
}

impl Wanted {
    /// Reads the form; every flaw at once, in the form's order.
    pub fn read(organization: &str, note: &str, facilities: &str) -> Result<Self, Vec<Flaw>> {
        let organization = organization.parse().map_err(|_| Flaw {
            field: "organization",
            detail: "Choose the organization that you want to join.".to_owned(),
        });
        let note = free_text("note", note);
        let wishes = free_text("facilities", facilities);
        match (organization, note, wishes) {
            (Ok(organization), Ok(note), Ok(wishes)) => Ok(Self { organization, note, wishes }),
            (organization, note, wishes) => {
                Err([organization.err(), note.err(), wishes.err()].into_iter().flatten().collect())
            }
        }
    }
}

/// A text of several lines, or none.
pub(super) fn free_text(field: &'static str, text: &str) -> Result<Option<String>, Flaw> {
    let Some(text) = optional(&text.replace("\r\n", "\n")) else { return Ok(None) };
    let odd = text.chars().any(|letter| letter.is_control() && !matches!(letter, '\n' | '\t'));
    if odd || text.chars().count() > TEXT_CHARACTERS {
        let detail = format!("Write at most {TEXT_CHARACTERS} characters, without control characters.");
        return Err(Flaw { field, detail });
    }
    Ok(Some(text))
}

/// The text without the space around it, if anything is left.
fn optional(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(flaws: Vec<Flaw>) -> Vec<&'static str> {
        flaws.into_iter().map(|flaw| flaw.field).collect()
    }

    #[test]
    fn every_flaw_of_a_form_is_named_at_once() {
        let read = |name, email, duns| Registration::read(name, email, duns).map(drop).map_err(fields);
        assert_eq!(read("Ada", "ada@example.org", ""), Ok(()));
        assert_eq!(read(" Ada ", " ada@example.org ", "15-048-3782"), Ok(()));
        assert_eq!(read("", "ada", "12"), Err(vec!["name", "email", "duns"]));
        assert_eq!(read("A\0da", "ada@example.org", "12345678x"), Err(vec!["name", "duns"]));
        assert_eq!(read(&"é".repeat(257), "a@b", "1234567890"), Err(vec!["name", "email", "duns"]));
    }

    #[test]
    fn a_note_is_bounded_and_keeps_its_lines() {
        assert_eq!(free_text("note", " a\r\nb "), Ok(Some("a\nb".to_owned())));
        assert_eq!(free_text("note", " \r\n"), Ok(None));
        assert_eq!(free_text("note", &"é".repeat(1000)).map(|text| text.is_some()), Ok(true));
        for text in ["é".repeat(1001), "a\0b".to_owned(), "a\u{1b}[2Jb".to_owned()] {
            assert_eq!(free_text("note", &text).unwrap_err().field, "note");
        }
    }
}
