//! `join_requests`: who asks to join, and what came of it; and the organizations that a proven address may ask.

use sqlx::FromRow;

use super::columns::{TextList, named_states};
use super::links::LinkState;
use super::statement::{run, statements};
use super::{Error, Reader, Tx};
use crate::clock::Timestamp;
use crate::ids::{JoinRequestId, OrganizationId, PersonId, ProofId, RequestId};

named_states! {
    /// What came of a request.
    pub enum JoinRequestState {
        /// Nobody has decided yet.
        Pending = "pending",
        /// They are in.
        Accepted = "accepted",
        /// They are not.
        Rejected = "rejected",
        /// Nobody decided in time.
        Expired = "expired",
        /// Whoever asked took it back.
        Withdrawn = "withdrawn",
    }
}

named_states! {
    /// By what somebody may ask an organization.
    pub enum MatchedBy {
        /// Their address has its domain.
        Domain = "domain",
        /// They gave its DUNS number.
        Duns = "duns",
    }
}

/// A request as it is stored.
#[derive(Debug, Clone, FromRow)]
pub struct JoinRequestRow {
    /// Whom they ask.
    pub organization_id: OrganizationId,
    /// Its id.
    pub id: JoinRequestId,
    /// The proven address, as it was written.
    pub email: String,
    /// The proven address, as it is compared.
    pub email_key: String,
    /// Their name.
    pub display_name: String,
    /// By what they may ask.
    pub matched_by: MatchedBy,
    /// The domain or the DUNS number.
    pub matched: String,
    /// What they say.
    pub note: Option<String>,
    /// The facilities they would like, in their words.
    pub wishes: Option<String>,
    /// The registration that proved their mailbox.
    pub proof_id: ProofId,
    /// What came of it.
    pub state: JoinRequestState,
    /// When they asked.
    pub created_at: Timestamp,
    /// When it ends undecided.
    pub expires_at: Timestamp,
    /// How many of the times are past at which admins are reminded.
    pub reminders: i64,
    /// Who decided.
    pub decided_by: Option<String>,
    /// When it ended, however.
    pub decided_at: Option<Timestamp>,
    /// What the admin who rejected says.
    pub message: Option<String>,
    /// The person they became.
    pub person_id: Option<PersonId>,
    /// By which request of theirs.
    pub request_id: RequestId,
}

/// How a request ends.
#[derive(Debug, Clone, Copy)]
pub struct End<'a> {
    /// What comes of it.
    pub state: JoinRequestState,
    /// Who says so.
    pub by: &'a str,
    /// What they say.
    pub message: Option<&'a str>,
    /// Whom it makes a person.
    pub person: Option<PersonId>,
}

/// An organization that somebody may ask.
#[derive(Debug, Clone, FromRow)]
pub struct Joinable {
    /// Which.
    pub id: OrganizationId,
    /// Its name.
    pub name: String,
}

/// An IdP's User that has an address.
#[derive(Debug, Clone, FromRow)]
pub struct KnownUser {
    /// The address, as it is compared.
    pub email_key: String,
    /// The key of the IdP's connection.
    pub connection: String,
    /// Whether it is linked to a person, if it can be.
    pub link: Option<LinkState>,
}

statements! {
    INSERT = "INSERT INTO join_requests (organization_id, id, email, email_key, display_name, matched_by, matched, \
        note, wishes, proof_id, state, created_at, expires_at, reminders, request_id) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'pending', $11, $12, 0, $13)";
    BY_ID = "SELECT organization_id, id, email, email_key, display_name, matched_by, matched, note, wishes, proof_id, \
        state, created_at, expires_at, reminders, decided_by, decided_at, message, person_id, request_id \
        FROM join_requests WHERE organization_id = $1 AND id = $2";
    LATEST = "SELECT organization_id, id, email, email_key, display_name, matched_by, matched, note, wishes, proof_id, \
        state, created_at, expires_at, reminders, decided_by, decided_at, message, person_id, request_id \
        FROM join_requests WHERE organization_id = $1 AND email_key = $2 ORDER BY created_at DESC LIMIT 1";
    PENDING = "SELECT organization_id, id, email, email_key, display_name, matched_by, matched, note, wishes, proof_id, \
        state, created_at, expires_at, reminders, decided_by, decided_at, message, person_id, request_id \
        FROM join_requests WHERE organization_id = $1 AND email_key = $2 AND state = 'pending'";
    NEWEST = "SELECT organization_id, id, email, email_key, display_name, matched_by, matched, note, wishes, proof_id, \
        state, created_at, expires_at, reminders, decided_by, decided_at, message, person_id, request_id \
        FROM join_requests WHERE organization_id = $1 AND state = $2 AND (created_at, id) < ($3, $4) \
        ORDER BY created_at DESC, id DESC LIMIT $5";
    OLDEST = "SELECT organization_id, id, email, email_key, display_name, matched_by, matched, note, wishes, proof_id, \
        state, created_at, expires_at, reminders, decided_by, decided_at, message, person_id, request_id \
        FROM join_requests WHERE organization_id = $1 AND state = $2 AND (created_at, id) > ($3, $4) \
        ORDER BY created_at, id LIMIT $5";
    // The one statement by which a request ends: whoever comes second changes no row (T46).
    END = "UPDATE join_requests SET state = $3, decided_by = $4, decided_at = $5, message = $6, person_id = $7 \
        WHERE organization_id = $1 AND id = $2 AND state = 'pending'";
    REMIND = "UPDATE join_requests SET reminders = $4 \
        WHERE organization_id = $1 AND id = $2 AND reminders = $3 AND state = 'pending'";
    ORGANIZATION = "SELECT organization_id FROM join_requests WHERE id = $1",
        installation_wide "the worker knows the request alone";
    ASKED = "SELECT o.id, o.name FROM join_requests j JOIN organizations o ON o.id = j.organization_id \
        WHERE j.email_key = $1 AND j.state = 'pending' ORDER BY o.name, o.id",
        installation_wide "whoever asks is no organization's yet, and sees what they asked";
    BY_DOMAIN = "SELECT o.id, o.name FROM domains d JOIN organizations o ON o.id = d.organization_id \
        WHERE d.name = $1 AND d.verified_at IS NOT NULL AND d.suspended_at IS NULL",
        installation_wide "whoever asks is no organization's yet; only a proven address comes here";
    BY_DUNS = "SELECT id, name FROM organizations WHERE duns = $1",
        installation_wide "whoever asks is no organization's yet; only a proven address comes here";
    KNOWN_TO_IDPS = "SELECT e.value_key AS email_key, c.key AS connection, l.state AS link FROM json_each($2) AS wanted \
        CROSS JOIN connections c ON c.organization_id = $1 \
        CROSS JOIN resource_emails e ON e.organization_id = c.organization_id AND e.connection_id = c.id \
        AND e.value_key = wanted.value \
        LEFT JOIN links l ON l.organization_id = e.organization_id AND l.resource_id = e.resource_id ORDER BY c.key",
        postgres "SELECT e.value_key AS email_key, c.key AS connection, l.state AS link FROM connections c \
        JOIN resource_emails e ON e.organization_id = c.organization_id AND e.connection_id = c.id \
        AND e.value_key = ANY($2) \
        LEFT JOIN links l ON l.organization_id = e.organization_id AND l.resource_id = e.resource_id \
        WHERE c.organization_id = $1 ORDER BY c.key";
}

impl Reader {
    /// The request of this id.
    pub async fn join_request(
        &mut self,
        organization: OrganizationId,
        id: JoinRequestId,
    ) -> Result<Option<JoinRequestRow>, Error> {
        run!(self, query_as::<JoinRequestRow>(BY_ID, organization, id).fetch_optional)
    }

    /// The newest request of an address, as compared, whatever came of it.
    pub async fn latest_join_request(
        &mut self,
        organization: OrganizationId,
        email_key: &str,
    ) -> Result<Option<JoinRequestRow>, Error> {
        run!(self, query_as::<JoinRequestRow>(LATEST, organization, email_key).fetch_optional)
    }

    /// The request of an address, as compared, that nobody has decided.
    pub async fn pending_join_request(
        &mut self,
        organization: OrganizationId,
        email_key: &str,
    ) -> Result<Option<JoinRequestRow>, Error> {
        run!(self, query_as::<JoinRequestRow>(PENDING, organization, email_key).fetch_optional)
    }

    /// Those in a state before a time and an id, newest first.
    pub async fn newest_join_requests(
        &mut self,
        organization: OrganizationId,
        state: JoinRequestState,
        before: (Timestamp, JoinRequestId),
        limit: u32,
    ) -> Result<Vec<JoinRequestRow>, Error> {
        let limit = i64::from(limit);
        run!(self, query_as::<JoinRequestRow>(NEWEST, organization, state, before.0, before.1, limit).fetch_all)
    }

    /// Those in a state after a time and an id, oldest first.
    pub async fn oldest_join_requests(
        &mut self,
        organization: OrganizationId,
        state: JoinRequestState,
        after: (Timestamp, JoinRequestId),
        limit: u32,
    ) -> Result<Vec<JoinRequestRow>, Error> {
        let limit = i64::from(limit);
        run!(self, query_as::<JoinRequestRow>(OLDEST, organization, state, after.0, after.1, limit).fetch_all)
    }

    /// Whom a request asks.
    pub async fn organization_of_join_request(&mut self, id: JoinRequestId) -> Result<Option<OrganizationId>, Error> {
        run!(self, query_scalar::<OrganizationId>(ORGANIZATION, id).fetch_optional)
    }

    /// The organizations that an address, as compared, has asked and that have not decided.
    pub async fn asked_by(&mut self, email_key: &str) -> Result<Vec<Joinable>, Error> {
        run!(self, query_as::<Joinable>(ASKED, email_key).fetch_all)
    }

    /// The organization that exactly this domain is verified for, if joining by it is not suspended.
    pub async fn joinable_by_domain(&mut self, domain: &str) -> Result<Option<Joinable>, Error> {
        run!(self, query_as::<Joinable>(BY_DOMAIN, domain).fetch_optional)
    }

    /// The organization of this DUNS number.
    pub async fn joinable_by_duns(&mut self, duns: &str) -> Result<Option<Joinable>, Error> {
        run!(self, query_as::<Joinable>(BY_DUNS, duns).fetch_optional)
    }

    /// The Users that IdPs sent with these addresses, as folded.
    pub async fn known_to_idps(
        &mut self,
        organization: OrganizationId,
        value_keys: &[String],
    ) -> Result<Vec<KnownUser>, Error> {
        run!(self, query_as::<KnownUser>(KNOWN_TO_IDPS, organization, TextList(value_keys)).fetch_all)
    }
}

impl Tx {
    /// Adds a pending one; [`Error::Duplicate`] if the address has one.
    pub async fn insert_join_request(&mut self, row: &JoinRequestRow) -> Result<(), Error> {
        let organization = self.organization();
        run!(
            self.changing(),
            execute(
                INSERT,
                organization,
                row.id,
                &row.email,
                &row.email_key,
                &row.display_name,
                row.matched_by,
                &row.matched,
                &row.note,
                &row.wishes,
                row.proof_id,
                row.created_at,
                row.expires_at,
                row.request_id,
            )
        )
        .map(drop)
    }

    /// Ends one if it is pending; whether it was.
    pub async fn end_join_request(&mut self, id: JoinRequestId, end: End<'_>) -> Result<bool, Error> {
        let (organization, now) = (self.organization(), self.now());
        let End { state, by, message, person } = end;
        let ended = run!(self.changing(), execute(END, organization, id, state, by, now, message, person))?;
        Ok(ended > 0)
    }

    /// Counts reminders on if they stand where they did; whether they do.
    pub async fn count_reminders(&mut self, id: JoinRequestId, from: i64, to: i64) -> Result<bool, Error> {
        let organization = self.organization();
        Ok(run!(self.changing(), execute(REMIND, organization, id, from, to))? > 0)
    }
}
