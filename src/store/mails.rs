//! `mails`: what goes out by mail, one recipient each. A mailed secret does not stand here: it is made when the mail is.

use sqlx::FromRow;

use super::columns::named_states;
use super::statement::{run, statements};
use super::{Books, Error, Reader, Tx};
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

/// A mail, and what became of it.
#[derive(Debug, Clone, FromRow, serde::Serialize)]
pub struct MailRow {
    /// Its id; stands in its Message-ID too.
    pub id: MailId,
    /// The organization's key, if it is one's.
    pub organization: Option<String>,
    /// Its kind's name.
    pub kind: String,
    /// To whom.
    pub recipient: String,
    /// What it says, as JSON.
    #[serde(skip)]
    pub data: String,
    /// What became of it.
    pub state: MailState,
    /// How often it was tried to be sent.
    pub attempts: i64,
    /// What went wrong the last time.
    pub last_error: Option<String>,
    /// By which request.
    pub request_id: RequestId,
    /// Since when.
    pub created_at: Timestamp,
    /// When the mail server took it.
    pub sent_at: Option<Timestamp>,
}

statements! {
    INSERT = "INSERT INTO mails (id, organization_id, kind, recipient, data, state, attempts, request_id, created_at) \
        VALUES ($1, $2, $3, $4, $5, 'waiting', 0, $6, $7)",
        installation_wide "a registration's mail is no organization's yet";
    BY_ID = "SELECT m.id, o.key AS organization, m.kind, m.recipient, m.data, m.state, m.attempts, m.last_error, \
        m.request_id, m.created_at, m.sent_at FROM mails m LEFT JOIN organizations o ON o.id = m.organization_id \
        WHERE m.id = $1", installation_wide "the worker sends everybody's mail";
    LATEST = "SELECT m.id, o.key AS organization, m.kind, m.recipient, m.data, m.state, m.attempts, m.last_error, \
        m.request_id, m.created_at, m.sent_at FROM mails m LEFT JOIN organizations o ON o.id = m.organization_id \
        WHERE m.created_at <= $1 ORDER BY m.created_at DESC, m.id DESC LIMIT $2",
        installation_wide "an operator's list of all mail";
    OF_ORGANIZATION = "SELECT m.id, o.key AS organization, m.kind, m.recipient, m.data, m.state, m.attempts, \
        m.last_error, m.request_id, m.created_at, m.sent_at FROM mails m \
        JOIN organizations o ON o.id = m.organization_id \
        WHERE m.organization_id = $1 AND m.created_at <= $2 AND (m.created_at, m.id) < ($2, $3) \
        ORDER BY m.created_at DESC, m.id DESC LIMIT $4",
        installation_wide "some mails are no organization's; these are one's";
    ONE_OF_ORGANIZATION = "SELECT m.id, o.key AS organization, m.kind, m.recipient, m.data, m.state, m.attempts, \
        m.last_error, m.request_id, m.created_at, m.sent_at FROM mails m \
        JOIN organizations o ON o.id = m.organization_id WHERE m.organization_id = $1 AND m.id = $2",
        installation_wide "some mails are no organization's; this is one's";
    SETTLE = "UPDATE mails SET state = $2, last_error = $3, sent_at = $4 WHERE id = $1 AND state <> 'sent'",
        installation_wide "the worker sends everybody's mail";
    TRIED = "UPDATE mails SET attempts = attempts + 1 WHERE id = $1",
        installation_wide "the worker sends everybody's mail";
    PRUNE = "DELETE FROM mails WHERE created_at < $1 AND state <> 'waiting'",
        installation_wide "what is done with, whoever's it was";
}

impl Reader {
    /// The mail of this id.
    pub async fn mail(&mut self, id: MailId) -> Result<Option<MailRow>, Error> {
        run!(self, query_as::<MailRow>(BY_ID, id).fetch_optional)
    }

    /// The mail of this id, if it is this organization's.
    pub async fn mail_of(&mut self, organization: OrganizationId, id: MailId) -> Result<Option<MailRow>, Error> {
        run!(self, query_as::<MailRow>(ONE_OF_ORGANIZATION, organization, id).fetch_optional)
    }

    /// The organization's mails before a place in the order, newest first.
    pub async fn mails_of(
        &mut self,
        organization: OrganizationId,
        before: (Timestamp, MailId),
        limit: u32,
    ) -> Result<Vec<MailRow>, Error> {
        let (at, id) = before;
        run!(self, query_as::<MailRow>(OF_ORGANIZATION, organization, at, id, i64::from(limit)).fetch_all)
    }

    /// The latest mails up to a time, newest first.
    pub async fn mails(&mut self, until: Timestamp, limit: u32) -> Result<Vec<MailRow>, Error> {
        run!(self, query_as::<MailRow>(LATEST, until, i64::from(limit)).fetch_all)
    }
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
    /// Notes that a mail is about to be handed to the mail server.
    pub async fn mail_tried(&mut self, id: MailId) -> Result<(), Error> {
        run!(self.writing(), execute(TRIED, id)).map(drop)
    }

    /// Notes what became of a mail; what was sent stays sent.
    pub async fn settle_mail(
        &mut self,
        id: MailId,
        state: MailState,
        error: Option<&str>,
        sent_at: Option<Timestamp>,
    ) -> Result<(), Error> {
        run!(self.writing(), execute(SETTLE, id, state, error, sent_at)).map(drop)
    }

    /// Deletes what was sent, kept or given up and is from before a time.
    pub async fn prune_mails(&mut self, before: Timestamp) -> Result<u64, Error> {
        run!(self.writing(), execute(PRUNE, before))
    }
}
