//! `sign_in_links`: one-time links into the console, each known by the hash of the secret in it.

use sqlx::FromRow;

use super::people::Status;
use super::sessions::Method;
use super::statement::{run, statements};
use super::{Books, Error, Reader, Tx};
use crate::clock::Timestamp;
use crate::ids::{OrganizationId, PersonId, SignInLinkId};

/// A link with whose it is.
#[derive(Debug, Clone, FromRow)]
pub struct SignInLink {
    /// Of which organization.
    pub organization_id: OrganizationId,
    /// The organization's name.
    pub organization_name: String,
    /// Its id.
    pub id: SignInLinkId,
    /// Whose.
    pub person_id: PersonId,
    /// Their address.
    pub email: String,
    /// Whether they have access.
    pub status: Status,
    /// Whether it was mailed or made at the machine.
    pub method: Method,
    /// Where it leads.
    pub return_to: String,
    /// When it ends.
    pub expires_at: Timestamp,
    /// When it was used.
    pub used_at: Option<Timestamp>,
}

/// Somebody with access of an address, in one organization.
#[derive(Debug, Clone, FromRow)]
pub struct Addressee {
    /// Of which organization.
    pub organization_id: OrganizationId,
    /// The organization's name.
    pub organization_name: String,
    /// Who.
    pub person_id: PersonId,
    /// Their address.
    pub email: String,
    /// Their name.
    pub display_name: String,
}

statements! {
    ADDRESSEES = "SELECT p.organization_id, o.name AS organization_name, p.id AS person_id, p.email, p.display_name \
        FROM people p JOIN organizations o ON o.id = p.organization_id \
        WHERE p.email_key = $1 AND p.status = 'active' ORDER BY o.key",
        installation_wide "who asks for a link names an address and no organization";
    BY_HASH = "SELECT l.organization_id, o.name AS organization_name, l.id, l.person_id, p.email, p.status, l.method, \
        l.return_to, l.expires_at, l.used_at FROM sign_in_links l JOIN organizations o ON o.id = l.organization_id \
        JOIN people p ON p.organization_id = l.organization_id AND p.id = l.person_id WHERE l.token_hash = $1",
        installation_wide "the secret alone says whose it is";
    INSERT = "INSERT INTO sign_in_links (organization_id, id, person_id, token_hash, method, return_to, created_at, \
        expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    USE = "UPDATE sign_in_links SET used_at = $3 WHERE organization_id = $1 AND id = $2 AND used_at IS NULL";
    VOID = "UPDATE sign_in_links SET used_at = $3 WHERE organization_id = $1 AND person_id = $2 AND used_at IS NULL";
    PRUNE = "DELETE FROM sign_in_links WHERE expires_at < $1",
        installation_wide "what has ended is no organization's need";
}

impl Reader {
    /// Everybody with access who has this address, in whichever organization.
    pub async fn addressees(&mut self, email_key: &str) -> Result<Vec<Addressee>, Error> {
        run!(self, query_as::<Addressee>(ADDRESSEES, email_key).fetch_all)
    }

    /// The link whose secret has this hash, used or not.
    pub async fn sign_in_link(&mut self, hash: &[u8]) -> Result<Option<SignInLink>, Error> {
        run!(self, query_as::<SignInLink>(BY_HASH, hash).fetch_optional)
    }
}

impl Tx {
    /// Adds one, with the hash of its secret.
    pub async fn insert_sign_in_link(
        &mut self,
        id: SignInLinkId,
        person: PersonId,
        hash: &[u8],
        method: Method,
        return_to: &str,
        expires_at: Timestamp,
    ) -> Result<(), Error> {
        let (organization, now) = (self.organization(), self.now());
        run!(self.changing(), execute(INSERT, organization, id, person, hash, method, return_to, now, expires_at))
            .map(drop)
    }

    /// Uses one up; `false` if somebody was quicker.
    pub async fn use_sign_in_link(&mut self, id: SignInLinkId) -> Result<bool, Error> {
        let (organization, now) = (self.organization(), self.now());
        run!(self.changing(), execute(USE, organization, id, now)).map(|rows| rows == 1)
    }

    /// Voids every link of a person; answers how many there were.
    pub async fn void_sign_in_links(&mut self, person: PersonId) -> Result<u64, Error> {
        let (organization, now) = (self.organization(), self.now());
        run!(self.changing(), execute(VOID, organization, person, now))
    }
}

impl Books {
    /// Deletes those that ended before a time; answers how many.
    pub async fn prune_sign_in_links(&mut self, before: Timestamp) -> Result<u64, Error> {
        run!(self.writing(), execute(PRUNE, before))
    }
}
