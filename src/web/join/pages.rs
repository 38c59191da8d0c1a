//! What the pages show, one type for each. Their words and their markup stand in `templates`.

use askama::Template;

use crate::clock::Timestamp;
use crate::directory::invitations::{Accepted, Invited};
use crate::directory::join_requests::{Flaw, Offer, Standing};
use crate::web::assets::stylesheet;

/// What is wrong with a field, if anything is.
fn flaw_of<'a>(flaws: &'a [Flaw], field: &str) -> Option<&'a str> {
    flaws.iter().find(|flaw| flaw.field == field).map(|flaw| flaw.detail.as_str())
}

/// The form that everybody begins with.
#[derive(Debug, Default, Template)]
#[template(path = "register.html", config = "src/web/join/askama.toml")]
pub(super) struct Register<'a> {
    pub(super) name: &'a str,
    pub(super) email: &'a str,
    pub(super) duns: &'a str,
    pub(super) flaws: Vec<Flaw>,
}

impl Register<'_> {
    fn flaw(&self, field: &str) -> Option<&str> {
        flaw_of(&self.flaws, field)
    }
}

/// A mail is on its way, or seems to be: the same for every address.
#[derive(Debug, Template)]
#[template(path = "sent.html", config = "src/web/join/askama.toml")]
pub(super) struct Sent;

/// Asks whether the mailbox is the reader's.
#[derive(Debug, Template)]
#[template(path = "mailbox.html", config = "src/web/join/askama.toml")]
pub(super) struct Mailbox<'a> {
    pub(super) email: &'a str,
    pub(super) here: &'a str,
}

/// Whom they may ask, and how they stand.
#[derive(Debug, Template)]
#[template(path = "offers.html", config = "src/web/join/askama.toml")]
pub(super) struct Offers<'a> {
    pub(super) email: &'a str,
    pub(super) here: &'a str,
    pub(super) found: &'a [Offer],
    pub(super) again: Again<'a>,
}

/// What was filled in and could not be taken, shown again where it was.
#[derive(Debug, Default)]
pub(super) struct Again<'a> {
    pub(super) organization: &'a str,
    pub(super) note: &'a str,
    pub(super) facilities: &'a str,
    pub(super) flaws: Vec<Flaw>,
}

impl Offers<'_> {
    /// What was filled in for an organization.
    fn kept(&self, offer: &Offer) -> (&str, &str) {
        if self.is_again(offer) { (self.again.note, self.again.facilities) } else { ("", "") }
    }

    fn flaw(&self, offer: &Offer, field: &str) -> Option<&str> {
        self.is_again(offer).then(|| flaw_of(&self.again.flaws, field)).flatten()
    }

    fn is_again(&self, offer: &Offer) -> bool {
        offer.organization.to_string() == self.again.organization
    }
}

/// An invitation, to be accepted.
#[derive(Debug, Template)]
#[template(path = "invitation.html", config = "src/web/join/askama.toml")]
pub(super) struct Invitation<'a> {
    pub(super) invited: &'a Invited,
    pub(super) secret: &'a str,
    pub(super) here: &'a str,
}

/// Welcome.
#[derive(Debug, Template)]
#[template(path = "welcome.html", config = "src/web/join/askama.toml")]
pub(super) struct Welcome<'a> {
    pub(super) accepted: &'a Accepted,
}

/// Something that cannot be shown or done.
#[derive(Debug, Template)]
#[template(path = "wrong.html", config = "src/web/join/askama.toml")]
pub(super) struct Wrong {
    pub(super) heading: String,
    pub(super) text: String,
    pub(super) reference: String,
}

/// `2026-01-31, 09:05 UTC`.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "templates hand over references")]
fn moment(at: &Timestamp) -> String {
    let text = at.to_string();
    match (text.get(..10), text.get(11..16)) {
        (Some(day), Some(time)) => format!("{day}, {time} UTC"),
        _ => text,
    }
}
