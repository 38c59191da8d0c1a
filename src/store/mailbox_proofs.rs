//! `mailbox_proofs`: registrations, each with the hash of the secret that went to its mailbox. No organization's:
//! nothing about any is looked at before the mailbox is proven.

use sqlx::FromRow;

use super::statement::{run, statements};
use super::{Books, Error, Reader};
use crate::clock::Timestamp;
use crate::ids::ProofId;

/// A registration.
#[derive(Debug, Clone, FromRow)]
pub struct MailboxProof {
    /// Its id.
    pub id: ProofId,
    /// The address as it was written; mail goes to this.
    pub email: String,
    /// The address as it is compared.
    pub email_key: String,
    /// Its domain, as A-labels.
    pub domain: String,
    /// The name that was given.
    pub display_name: String,
    /// The DUNS number that was given.
    pub duns: Option<String>,
    /// When.
    pub created_at: Timestamp,
    /// When the link ends.
    pub expires_at: Timestamp,
    /// When somebody who reads the mailbox followed it.
    pub proven_at: Option<Timestamp>,
}

statements! {
    // On PostgreSQL those who ask about the same take turns, as all writers do on SQLite: what is counted stays so.
    TAKE_TURNS = "SELECT LENGTH($1)",
        postgres "SELECT COUNT(pg_advisory_xact_lock(hashtextextended($1, 47)))",
        installation_wide "a registration is no organization's";
    OF_ADDRESS = "SELECT COUNT(*) FROM mailbox_proofs WHERE email_key = $1 AND created_at > $2",
        installation_wide "a registration is no organization's";
    OF_DOMAIN = "SELECT COUNT(*) FROM mailbox_proofs WHERE domain = $1 AND created_at > $2",
        installation_wide "a registration is no organization's";
    INSERT = "INSERT INTO mailbox_proofs (id, email, email_key, domain, display_name, duns, token_hash, created_at, \
        expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        installation_wide "a registration is no organization's";
    BY_HASH = "SELECT id, email, email_key, domain, display_name, duns, created_at, expires_at, proven_at \
        FROM mailbox_proofs WHERE token_hash = $1",
        installation_wide "the secret alone says whose it is";
    PROVE = "UPDATE mailbox_proofs SET proven_at = $2 WHERE id = $1 AND proven_at IS NULL",
        installation_wide "a registration is no organization's";
    PRUNE = "DELETE FROM mailbox_proofs WHERE expires_at < $1 \
        AND NOT EXISTS (SELECT 1 FROM join_requests WHERE join_requests.proof_id = mailbox_proofs.id)",
        installation_wide "a registration is no organization's";
}

impl Reader {
    /// The registration whose mailed secret has this hash, ended or not.
    pub async fn mailbox_proof(&mut self, hash: &[u8]) -> Result<Option<MailboxProof>, Error> {
        run!(self, query_as::<MailboxProof>(BY_HASH, hash).fetch_optional)
    }
}

impl Books {
    /// How many registrations there were since a time: of an address, and of its domain. Whoever asks about the same
    /// domain next waits until this is committed.
    pub async fn count_registrations(
        &mut self,
        email_key: &str,
        domain: &str,
        since: Timestamp,
    ) -> Result<(i64, i64), Error> {
        self.take_turns(domain).await?;
        let of_address = run!(self.writing(), query_scalar::<i64>(OF_ADDRESS, email_key, since).fetch_one)?;
        let of_domain = run!(self.writing(), query_scalar::<i64>(OF_DOMAIN, domain, since).fetch_one)?;
        Ok((of_address, of_domain))
    }

    /// Waits until nobody else who is no organization's yet counts or adds anything about this text.
    pub(super) async fn take_turns(&mut self, about: &str) -> Result<(), Error> {
        run!(self.writing(), query_scalar::<i64>(TAKE_TURNS, about).fetch_one).map(drop)
    }

    /// Adds one, with the hash of its secret.
    pub async fn insert_mailbox_proof(&mut self, row: &MailboxProof, hash: &[u8]) -> Result<(), Error> {
        run!(
            self.writing(),
            execute(
                INSERT,
                row.id,
                &row.email,
                &row.email_key,
                &row.domain,
                &row.display_name,
                &row.duns,
                hash,
                row.created_at,
                row.expires_at,
            )
        )
        .map(drop)
    }

    /// Deletes those whose link ended before a time and that nobody asked with; answers how many.
    pub async fn prune_mailbox_proofs(&mut self, before: Timestamp) -> Result<u64, Error> {
        run!(self.writing(), execute(PRUNE, before))
    }

    /// Somebody followed its link.
    pub async fn prove_mailbox(&mut self, id: ProofId, at: Timestamp) -> Result<(), Error> {
        run!(self.writing(), execute(PROVE, id, at)).map(drop)
    }
}
