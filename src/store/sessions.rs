//! `sessions`: the browsers in which somebody is signed in, each known by the hash of what its cookie holds.

use sqlx::FromRow;

use super::columns::named_states;
use super::people::Status;
use super::statement::{run, statements};
use super::{Books, Error, Reader, Tx};
use crate::clock::Timestamp;
use crate::ids::{OrganizationId, PersonId, SessionId};

named_states! {
    /// How somebody proved who they are.
    pub enum Method {
        /// By a link that went to their mailbox.
        Mail = "mail",
        /// By a link that was made at the machine.
        Recovery = "recovery",
        /// At an OpenID provider.
        Oidc = "oidc",
    }
}

/// A session with whose it is.
#[derive(Debug, Clone, FromRow)]
pub struct SessionRow {
    /// Of which organization.
    pub organization_id: OrganizationId,
    /// The organization's key.
    pub organization_key: String,
    /// The organization's name.
    pub organization_name: String,
    /// Its id.
    pub id: SessionId,
    /// Whose.
    pub person_id: PersonId,
    /// Their address.
    pub email: String,
    /// Their name.
    pub display_name: String,
    /// Whether they have access.
    pub status: Status,
    /// How they signed in.
    pub method: Method,
    /// When they signed in.
    pub signed_in_at: Timestamp,
    /// When they last proved who they are; `None` if nobody says.
    pub proved_at: Option<Timestamp>,
    /// When they were last heard of, to the minute.
    pub last_seen_at: Timestamp,
    /// When it ends at the latest.
    pub expires_at: Timestamp,
    /// When it was ended.
    pub ended_at: Option<Timestamp>,
}

/// A session as its owner, or an Organization admin, is shown it.
#[derive(Debug, Clone, FromRow, serde::Serialize)]
pub struct OpenSession {
    /// Its id.
    pub id: SessionId,
    /// How they signed in.
    pub method: Method,
    /// What the browser calls itself.
    pub agent: Option<String>,
    /// From where.
    pub address: Option<String>,
    /// When they signed in.
    pub signed_in_at: Timestamp,
    /// When they were last heard of, to the minute.
    pub last_seen_at: Timestamp,
    /// When it ends at the latest.
    pub expires_at: Timestamp,
}

/// A session that begins.
#[derive(Debug)]
pub struct NewSession<'a> {
    /// Its id.
    pub id: SessionId,
    /// Whose.
    pub person: PersonId,
    /// The hash of its secret.
    pub hash: &'a [u8],
    /// How they signed in.
    pub method: Method,
    /// When they proved who they are; `None` if nobody says.
    pub proved_at: Option<Timestamp>,
    /// What the browser calls itself.
    pub agent: Option<&'a str>,
    /// From where.
    pub address: Option<&'a str>,
    /// When it ends at the latest.
    pub expires_at: Timestamp,
}

statements! {
    BY_HASH = "SELECT s.organization_id, o.key AS organization_key, o.name AS organization_name, s.id, s.person_id, \
        p.email, p.display_name, p.status, s.method, s.signed_in_at, s.proved_at, s.last_seen_at, s.expires_at, \
        s.ended_at \
        FROM sessions s JOIN organizations o ON o.id = s.organization_id \
        JOIN people p ON p.organization_id = s.organization_id AND p.id = s.person_id WHERE s.token_hash = $1",
        installation_wide "the secret alone says whose it is";
    ROLES = "SELECT DISTINCT permission FROM grants WHERE organization_id = $1 AND person_id = $2 \
        AND state = 'effective' AND permission IN ('organization_admin', 'billing_admin') \
        UNION SELECT 'auditor' FROM auditors WHERE organization_id = $1 AND person_id = $2";
    OPEN = "SELECT id, method, agent, address, signed_in_at, last_seen_at, expires_at FROM sessions \
        WHERE organization_id = $1 AND person_id = $2 AND ended_at IS NULL AND expires_at > $3 ORDER BY signed_in_at";
    INSERT = "INSERT INTO sessions (organization_id, id, person_id, token_hash, method, agent, address, signed_in_at, \
        last_seen_at, expires_at, proved_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9, $10)";
    END = "UPDATE sessions SET ended_at = $3, ended_why = $4 \
        WHERE organization_id = $1 AND id = $2 AND ended_at IS NULL";
    END_OF_PERSON = "UPDATE sessions SET ended_at = $3, ended_why = $4 \
        WHERE organization_id = $1 AND person_id = $2 AND ended_at IS NULL";
    SEEN = "UPDATE sessions SET last_seen_at = $3 WHERE organization_id = $1 AND id = $2 AND last_seen_at < $3";
    PRUNE = "DELETE FROM sessions WHERE expires_at < $1", installation_wide "what has ended is no organization's need";
}

impl Reader {
    /// The session whose secret has this hash, ended or not.
    pub async fn session(&mut self, hash: &[u8]) -> Result<Option<SessionRow>, Error> {
        run!(self, query_as::<SessionRow>(BY_HASH, hash).fetch_optional)
    }

    /// The names of the roles that somebody has in the console: permissions, and `auditor`.
    pub async fn console_roles(
        &mut self,
        organization: OrganizationId,
        person: PersonId,
    ) -> Result<Vec<String>, Error> {
        run!(self, query_scalar::<String>(ROLES, organization, person).fetch_all)
    }

    /// The sessions of a person that have not ended, oldest first.
    pub async fn open_sessions(
        &mut self,
        organization: OrganizationId,
        person: PersonId,
        now: Timestamp,
    ) -> Result<Vec<OpenSession>, Error> {
        run!(self, query_as::<OpenSession>(OPEN, organization, person, now).fetch_all)
    }
}

impl Tx {
    /// Adds one, which begins now.
    pub async fn insert_session(&mut self, new: &NewSession<'_>) -> Result<(), Error> {
        let (organization, now) = (self.organization(), self.now());
        run!(
            self.changing(),
            execute(
                INSERT,
                organization,
                new.id,
                new.person,
                new.hash,
                new.method,
                new.agent,
                new.address,
                now,
                new.expires_at,
                new.proved_at,
            )
        )
        .map(drop)
    }

    /// Ends one; `false` if it had ended.
    pub async fn end_session(&mut self, id: SessionId, why: &str) -> Result<bool, Error> {
        let (organization, now) = (self.organization(), self.now());
        run!(self.changing(), execute(END, organization, id, now, why)).map(|rows| rows == 1)
    }

    /// Ends every session of a person; answers how many there were.
    pub async fn end_sessions(&mut self, person: PersonId, why: &str) -> Result<u64, Error> {
        let (organization, now) = (self.organization(), self.now());
        run!(self.changing(), execute(END_OF_PERSON, organization, person, now, why))
    }
}

impl Books {
    /// Whoever has it was heard of.
    pub async fn session_seen(
        &mut self,
        organization: OrganizationId,
        id: SessionId,
        at: Timestamp,
    ) -> Result<(), Error> {
        run!(self.writing(), execute(SEEN, organization, id, at)).map(drop)
    }

    /// Deletes those that ended before a time; answers how many.
    pub async fn prune_sessions(&mut self, before: Timestamp) -> Result<u64, Error> {
        run!(self.writing(), execute(PRUNE, before))
    }
}
