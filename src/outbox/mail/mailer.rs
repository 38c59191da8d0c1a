//! Sends queued mails, one recipient each, and shows what went out and what did not. Whatever fails is told to whoever
//! asked for it to be sent; trying again is theirs.

use std::time::{Duration, SystemTime};

use lettre::Address;
use lettre::address::Envelope;
use lettre::message::header::{Header, HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message, MultiPart};

use super::letter::Letter;
use super::smtp::{NotTaken, Server, Unusable};
use super::words::{Links, letter};
use super::{Mail, Opens};
use crate::auth::InstallationKey;
use crate::clock::Timestamp;
use crate::ids::{Id as _, MailId, OrganizationId};
pub use crate::store::mails::{MailRow, MailState};
use crate::store::{self, Store};

/// What mails are sent with.
#[derive(Debug, Clone)]
pub struct Options {
    /// The mail server; none: mails are kept.
    pub server: Option<Server>,
    /// The sender.
    pub from: Mailbox,
    /// Where answers go, if not to the sender.
    pub reply_to: Option<Mailbox>,
    /// The configured address, without a trailing slash.
    pub base_url: String,
    /// What the secrets in links are made from.
    pub key: InstallationKey,
}

/// Sends mails. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Mailer {
    store: Store,
    server: Option<Server>,
    from: Mailbox,
    reply_to: Option<Mailbox>,
    links: Links,
}

/// A mail in words.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Shown {
    /// What became of it.
    #[serde(flatten)]
    pub mail: MailRow,
    /// Its subject.
    pub subject: String,
    /// As plain text.
    pub text: String,
    /// The same as HTML.
    pub html: String,
}

/// Why a mail did not go out.
#[derive(Debug, thiserror::Error)]
pub enum NotSent {
    /// No later attempt can help.
    #[error("{0}")]
    Never(String),
    /// A later attempt may.
    #[error("{0}")]
    NotNow(String),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl From<NotTaken> for NotSent {
    fn from(error: NotTaken) -> Self {
        match error {
            NotTaken::Refused(_) => Self::Never(error.to_string()),
            NotTaken::NotNow(words) => Self::NotNow(words),
        }
    }
}

impl Mailer {
    /// Of this store's mails.
    #[must_use]
    pub fn new(store: Store, options: Options) -> Self {
        let Options { server, from, reply_to, base_url, key } = options;
        Self { store, server, from, reply_to, links: Links { base_url, key } }
    }

    /// The same, with links to another address: the one that is really listened on.
    #[must_use]
    pub fn at(&self, base_url: &str) -> Self {
        Self { links: Links { base_url: base_url.to_owned(), ..self.links.clone() }, ..self.clone() }
    }

    /// Where answers go, if somebody was named: whoever runs the gateway.
    #[must_use]
    pub fn operators(&self) -> Option<String> {
        self.reply_to.as_ref().map(|mailbox| mailbox.email.to_string())
    }

    /// Whether mails could be sent as it is set; asks nobody.
    pub fn check(&self) -> Result<(), Unusable> {
        self.server.as_ref().map_or(Ok(()), Server::check)
    }

    /// Sends a mail that was not sent yet; keeps it if there is no mail server.
    ///
    /// A process that dies between the server's answer and our note of it sends the mail again, under the same
    /// Message-ID.
    pub async fn send(&self, id: MailId) -> Result<(), NotSent> {
        let Some(row) = self.store.read().await?.mail(id).await? else { return Ok(()) };
        if matches!(row.state, MailState::Sent | MailState::Kept) {
            return Ok(());
        }
        let Some(server) = &self.server else { return Ok(self.settle(id, MailState::Kept, None).await?) };
        let (envelope, message) = self.message(&row).map_err(NotSent::Never)?;
        let mut books = self.store.books().await?;
        books.mail_tried(id).await?;
        books.commit().await?;
        match server.send(&envelope, &message).await {
            Ok(()) => Ok(self.settle(id, MailState::Sent, None).await?),
            Err(error) => {
                let error = NotSent::from(error);
                self.settle(id, MailState::Waiting, Some(&error.to_string())).await?;
                Err(error)
            }
        }
    }

    /// Notes that nobody tries to send it any longer.
    pub async fn give_up(&self, id: MailId, error: &str) -> Result<(), store::Error> {
        self.settle(id, MailState::Failed, Some(error)).await
    }

    async fn settle(&self, id: MailId, state: MailState, error: Option<&str>) -> Result<(), store::Error> {
        let sent_at = (state == MailState::Sent).then(|| self.store.clock().now());
        let mut books = self.store.books().await?;
        books.settle_mail(id, state, error, sent_at).await?;
        books.commit().await
    }

    /// The latest mails, newest first.
    pub async fn list(&self, limit: u32) -> Result<Vec<MailRow>, store::Error> {
        self.store.read().await?.mails(self.store.clock().now(), limit).await
    }

    /// One mail in words; `None` if there is none of this id.
    pub async fn show(&self, id: MailId) -> Result<Option<Shown>, store::Error> {
        let Some(mail) = self.store.read().await?.mail(id).await? else { return Ok(None) };
        let corrupt = store::Error::Corrupt { table: "mails", column: "data" };
        let Ok(letter) = self.letter(&mail) else { return Err(corrupt) };
        shown(mail, letter).map(Some)
    }

    /// An organization's mails before a place in the order, newest first; without a place, the newest.
    pub async fn list_of(
        &self,
        organization: OrganizationId,
        before: Option<(Timestamp, MailId)>,
        limit: u32,
    ) -> Result<Vec<MailRow>, store::Error> {
        let newest = || (Timestamp::from_millis(i64::MAX), MailId::from_uuid(uuid::Uuid::max()));
        self.store.read().await?.mails_of(organization, before.unwrap_or_else(newest), limit).await
    }

    /// One of an organization's mails in words, without what would open a door: a link to sign in is left out whoever
    /// asks, a link of an invitation unless `invitations` says that they may see it and no mail server carries it: where
    /// one does, only whoever reads that mailbox is the invited person.
    pub async fn show_of(
        &self,
        organization: OrganizationId,
        id: MailId,
        invitations: bool,
    ) -> Result<Option<Shown>, store::Error> {
        let Some(mail) = self.store.read().await?.mail_of(organization, id).await? else { return Ok(None) };
        let corrupt = store::Error::Corrupt { table: "mails", column: "data" };
        let Ok(said) = serde_json::from_str::<Mail>(&mail.data) else { return Err(corrupt) };
        let whole = letter(&said, &self.links);
        let letter = match said.opens() {
            Opens::WhatIsTheirs => whole.without_links(),
            Opens::Membership if !invitations || mail.state != MailState::Kept => whole.without_links(),
            Opens::Membership | Opens::Nothing => whole,
        };
        shown(mail, letter).map(Some)
    }

    /// Deletes what was done with longer ago than this.
    pub async fn prune(&self, older_than: Duration) -> Result<u64, store::Error> {
        let before = self.store.clock().now().minus(older_than);
        let mut books = self.store.books().await?;
        let deleted = books.prune_mails(before).await?;
        books.commit().await?;
        Ok(deleted)
    }

    fn letter(&self, row: &MailRow) -> Result<Letter, String> {
        let mail: Mail = serde_json::from_str(&row.data).map_err(|error| error.to_string())?;
        Ok(letter(&mail, &self.links))
    }

    /// The envelope and the message. Header fields are ours; the recipient is the stored address and nobody else.
    fn message(&self, row: &MailRow) -> Result<(Envelope, Vec<u8>), String> {
        let letter = self.letter(row)?;
        let recipient = address(&row.recipient)?;
        let mut builder = Message::builder()
            .date(date(row.created_at))
            .from(self.from.clone())
            .to(Mailbox::new(None, recipient.clone()))
            .subject(&letter.subject)
            .message_id(Some(format!("<{}@{}>", row.id, self.from.email.domain())))
            .header(AutoSubmitted);
        if let Some(reply_to) = &self.reply_to {
            builder = builder.reply_to(reply_to.clone());
        }
        let text = letter.text().map_err(|error| error.to_string())?;
        let html = letter.html().map_err(|error| error.to_string())?;
        let message =
            builder.multipart(MultiPart::alternative_plain_html(text, html)).map_err(|error| error.to_string())?;
        let envelope = Envelope::new(Some(self.from.email.clone()), vec![recipient]);
        Ok((envelope.map_err(|error| error.to_string())?, message.formatted()))
    }
}

fn shown(mail: MailRow, letter: Letter) -> Result<Shown, store::Error> {
    let corrupt = store::Error::Corrupt { table: "mails", column: "data" };
    let (Ok(text), Ok(html)) = (letter.text(), letter.html()) else { return Err(corrupt) };
    Ok(Shown { mail, subject: letter.subject, text, html })
}

/// The stored address, letter by letter; only a domain in letters of another script goes as A-labels, which every
/// server takes.
fn address(stored: &str) -> Result<Address, String> {
    let invalid = |error: &dyn std::fmt::Display| format!("«{stored}» is no address that mail can be sent to: {error}");
    let (local, domain) = stored.rsplit_once('@').ok_or_else(|| invalid(&"no @"))?;
    let domain = if domain.is_ascii() { Ok(domain.to_owned()) } else { idna::domain_to_ascii(domain) };
    Address::new(local, domain.map_err(|error| invalid(&error))?).map_err(|error| invalid(&error))
}

fn date(at: Timestamp) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(u64::try_from(at.millis()).unwrap_or_default())
}

/// RFC 3834 §5: no machine answers a mail that no person wrote.
#[derive(Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}
