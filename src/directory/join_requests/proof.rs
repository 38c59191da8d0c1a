//! The proof of a mailbox: whoever registers is mailed a link, and whoever follows it reads that mailbox. Registering
//! looks at no organization, so that every address is answered alike (T47); an unproven link shows nothing of any (T43).

use std::time::Duration;

use super::form::Registration;
use super::standing::{self, Offer};
use crate::auth::mailed::{Purpose, presented};
use crate::directory::{Directory, Error};
use crate::ids::{Id as _, RequestId};
use crate::outbox::mail::{Mail, queue_beside};
use crate::store::mailbox_proofs::MailboxProof;

/// The time that registrations are counted in.
const HOUR: Duration = Duration::from_hours(1);

/// What a link shows.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Mailbox {
    /// The address that it proves.
    pub email: String,
    /// The name that was given.
    pub name: String,
    /// Whom they may ask, once they have proven that they read the mailbox.
    pub offers: Option<Vec<Offer>>,
}

impl Directory {
    /// Registers somebody and mails them a link. Does the same for every address; beyond the limits it says so to
    /// nobody, and mails nothing.
    ///
    /// # Errors
    ///
    /// [`Error::Forbidden`] where joining is switched off.
    pub async fn register(&self, request: RequestId, new: &Registration) -> Result<(), Error> {
        self.joining_is_on()?;
        let Registration { name, email, duns } = new;
        let now = self.store.clock().now();
        let row = MailboxProof {
            id: self.store.id(),
            email: email.as_written().to_owned(),
            email_key: email.key().to_owned(),
            domain: email.domain().as_str().to_owned(),
            display_name: name.clone(),
            duns: duns.clone(),
            created_at: now,
            expires_at: now.plus(self.policy.proof_lifetime),
            proven_at: None,
        };
        let hash = self.policy.key.secret(Purpose::Join, row.id.uuid(), now).hash;
        let mail = Mail::ConfirmMailbox {
            name: name.clone(),
            proof: row.id,
            issued_at: row.created_at,
            expires_at: row.expires_at,
        };
        let mut books = self.store.books().await?;
        let (of_address, of_domain) = books.count_registrations(&row.email_key, &row.domain, now.minus(HOUR)).await?;
        if of_address >= i64::from(self.policy.per_address) || of_domain >= i64::from(self.policy.per_domain) {
            tracing::info!(of_address, of_domain, "a registration beyond the limits came to nothing");
            return Ok(());
        }
        books.insert_mailbox_proof(&row, &hash).await?;
        queue_beside(&self.store, &mut books, &row.email, &mail, request).await?;
        Ok(books.commit().await?)
    }

    /// What a link shows, without any effect: mail scanners follow links. `None` if it is unknown or has ended.
    pub async fn look_at_mailbox(&self, secret: &str) -> Result<Option<Mailbox>, Error> {
        let Some(proof) = self.find_proof(secret).await? else { return Ok(None) };
        let mut offers = None;
        if proof.proven_at.is_some() {
            let mut reader = self.store.read().await?;
            offers = Some(standing::offers(&mut reader, &self.policy, &proof, self.store.clock().now()).await?);
        }
        Ok(Some(Mailbox { email: proof.email, name: proof.display_name, offers }))
    }

    /// Somebody says that the mailbox is theirs, by a link that only its reader has. `None` if that is unknown or has
    /// ended.
    pub async fn prove_mailbox(&self, secret: &str) -> Result<Option<Mailbox>, Error> {
        let Some(proof) = self.find_proof(secret).await? else { return Ok(None) };
        if proof.proven_at.is_none() {
            let mut books = self.store.books().await?;
            books.prove_mailbox(proof.id, self.store.clock().now()).await?;
            books.commit().await?;
        }
        self.look_at_mailbox(secret).await
    }

    /// The registration that a secret is of, while its link works.
    pub(super) async fn find_proof(&self, secret: &str) -> Result<Option<MailboxProof>, Error> {
        self.joining_is_on()?;
        let Some(hash) = presented(Purpose::Join, secret) else { return Ok(None) };
        let found = self.store.read().await?.mailbox_proof(&hash).await?;
        let now = self.store.clock().now();
        Ok(found.filter(|proof| proof.expires_at > now))
    }

    /// The registration that a secret is of, if its mailbox is proven.
    pub(super) async fn find_proven(&self, secret: &str) -> Result<Option<MailboxProof>, Error> {
        Ok(self.find_proof(secret).await?.filter(|proof| proof.proven_at.is_some()))
    }

    /// Deletes the registrations whose link has ended and that came to nothing, once they count for no limit any more;
    /// answers how many.
    pub async fn prune_registrations(&self) -> Result<u64, Error> {
        let mut books = self.store.books().await?;
        let deleted = books.prune_mailbox_proofs(self.store.clock().now().minus(HOUR)).await?;
        books.commit().await?;
        Ok(deleted)
    }

    fn joining_is_on(&self) -> Result<(), Error> {
        if self.policy.joining {
            return Ok(());
        }
        Err(Error::Forbidden(
            "joining is switched off here; ask somebody in your organization to invite you".to_owned(),
        ))
    }
}
