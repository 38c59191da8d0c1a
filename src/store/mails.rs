//! `mails`: what goes out by mail, one recipient each. A mailed secret does not stand here: it is made when the mail is.

use super::columns::named_states;
use super::statement::{run, statements};
use super::{Books, Error, Tx};
use crate::clock::Timestamp;
use crate::ids::{MailId, OrganizationId, RequestId};

named_states! {
    /// What became of a mail.
    pub enum MailState {
        /// It will be sent.
        Waiting = "waiting",
        /// The mail server took it.
        Sent = "sent",
        /// No mail server is set; it is shown instead.
        Kept = "kept",
        /// It was given up.
        Failed = "failed",
    }
}

/// A mail to be sent.
#[derive(Debug, Clone)]
pub struct NewMail<'a> {
    /// Its id.
    pub id: MailId,
    /// On whose behalf, if anybody's yet.
    pub organization: Option<OrganizationId>,
    /// Its kind's name.
    pub kind: &'static str,
    /// To whom, as stored; never as typed by somebody else.
    pub recipient: &'a str,
    /// What it says, as JSON.
    pub data: &'a str,
    /// By which request.
    pub request: RequestId,
    /// Since when.
    pub at: Timestamp,
}

statements! {
    INSERT = "INSERT INTO mails (id, organization_id, kind, recipient, data, state, attempts, request_id, created_at) \
        VALUES ($1, $2, $3, $4, $5, 'waiting', 0, $6, $7)",
        installation_wide "a registration's mail is no organization's yet";
}

impl Tx {
    /// Adds one to the change that it tells of.
    pub async fn insert_mail(&mut self, mail: &NewMail<'_>) -> Result<(), Error> {
        let NewMail { id, organization, kind, recipient, data, request, at } = *mail;
        run!(self.changing(), execute(INSERT, id, organization, kind, recipient, data, request, at)).map(drop)
    }
}

impl Books {
    /// Adds one that tells of no organization's change.
    pub async fn insert_mail(&mut self, mail: &NewMail<'_>) -> Result<(), Error> {
        let NewMail { id, organization, kind, recipient, data, request, at } = *mail;
        run!(self.writing(), execute(INSERT, id, organization, kind, recipient, data, request, at)).map(drop)
    }
}
