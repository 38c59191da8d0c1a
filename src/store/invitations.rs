//! `invitations`: who is to be invited, who has been, and what came of it. A mailed secret stands here as its hash.

use sqlx::FromRow;

use super::columns::named_states;
use super::statement::{run, statements};
use super::{Error, Reader, Tx};
use crate::clock::Timestamp;
use crate::ids::{InvitationId, OrganizationId, PersonId, RequestId};

named_states! {
    /// What has become of an invitation.
    pub enum InvitationState {
        /// On the list, not sent.
        Staged = "staged",
        /// Mailed, and waiting for an answer.
        Sent = "sent",
        /// Taken up, by the invited or by their IdP.
        Accepted = "accepted",
        /// Taken back.
        Revoked = "revoked",
        /// Not taken up in time.
        Expired = "expired",
    }
}

/// An invitation.
#[derive(Debug, Clone, FromRow)]
pub struct InvitationRow {
    /// Whose it is to give.
    pub organization_id: OrganizationId,
    /// Its id.
    pub id: InvitationId,
    /// To whom, as it was written.
    pub email: String,
    /// To whom, as it is compared.
    pub email_key: String,
    /// Their name.
    pub display_name: String,
    /// What they are to have, separated by commas.
    pub permissions: String,
    /// What has become of it.
    pub state: InvitationState,
    /// What the mailed secret is found by.
    pub token_hash: Option<Vec<u8>>,
    /// Who invites: whoever sent it last, or put it on the list.
    pub invited_by: String,
    /// The same, if it is a person.
    pub inviter_id: Option<PersonId>,
    /// The person it made, while there is one.
    pub person_id: Option<PersonId>,
    /// Since when it is on the list.
    pub created_at: Timestamp,
    /// When the link in force was mailed.
    pub sent_at: Option<Timestamp>,
    /// When that ends.
    pub expires_at: Option<Timestamp>,
    /// When it ended, however.
    pub ended_at: Option<Timestamp>,
    /// By which request it was put on the list.
    pub request_id: RequestId,
}

statements! {
    INSERT = "INSERT INTO invitations (organization_id, id, email, email_key, display_name, permissions, state, \
        invited_by, inviter_id, created_at, request_id) VALUES ($1, $2, $3, $4, $5, $6, 'staged', $7, $8, $9, $10)";
    BY_ID = "SELECT organization_id, id, email, email_key, display_name, permissions, state, token_hash, invited_by, \
        inviter_id, person_id, created_at, sent_at, expires_at, ended_at, request_id \
        FROM invitations WHERE organization_id = $1 AND id = $2";
    OPEN = "SELECT organization_id, id, email, email_key, display_name, permissions, state, token_hash, invited_by, \
        inviter_id, person_id, created_at, sent_at, expires_at, ended_at, request_id \
        FROM invitations WHERE organization_id = $1 AND email_key = $2 AND state IN ('staged', 'sent')";
    ACCEPTED_BY = "SELECT organization_id, id, email, email_key, display_name, permissions, state, token_hash, \
        invited_by, inviter_id, person_id, created_at, sent_at, expires_at, ended_at, request_id \
        FROM invitations WHERE organization_id = $1 AND person_id = $2 AND state = 'accepted' ORDER BY ended_at, id";
    IN_STATE = "SELECT organization_id, id, email, email_key, display_name, permissions, state, token_hash, \
        invited_by, inviter_id, person_id, created_at, sent_at, expires_at, ended_at, request_id \
        FROM invitations WHERE organization_id = $1 AND state = $2 ORDER BY created_at, email_key";
    PAGE = "SELECT organization_id, id, email, email_key, display_name, permissions, state, token_hash, \
        invited_by, inviter_id, person_id, created_at, sent_at, expires_at, ended_at, request_id \
        FROM invitations WHERE organization_id = $1 AND state = $2 AND id < $3 ORDER BY id DESC LIMIT $4";
    BY_HASH = "SELECT organization_id, id, email, email_key, display_name, permissions, state, token_hash, \
        invited_by, inviter_id, person_id, created_at, sent_at, expires_at, ended_at, request_id \
        FROM invitations WHERE token_hash = $1",
        installation_wide "the secret alone says whose it is";
    ORGANIZATION = "SELECT organization_id FROM invitations WHERE id = $1",
        installation_wide "the worker knows the invitation alone";
    SEND = "UPDATE invitations SET state = 'sent', token_hash = $3, person_id = $4, sent_at = $5, expires_at = $6, \
        invited_by = $7, inviter_id = $8 \
        WHERE organization_id = $1 AND id = $2 AND state IN ('staged', 'sent')";
    // The one statement by which a secret is used up: whoever comes second changes no row (T44).
    ACCEPT = "UPDATE invitations SET state = 'accepted', ended_at = $4 \
        WHERE organization_id = $1 AND id = $2 AND state = 'sent' AND token_hash = $3 AND expires_at > $4";
    END = "UPDATE invitations SET state = $3, person_id = $4, ended_at = $5 \
        WHERE organization_id = $1 AND id = $2 AND state IN ('staged', 'sent')";
    REMOVE = "DELETE FROM invitations WHERE organization_id = $1 AND id = $2 AND state = 'staged'";
}

impl Reader {
    /// The one of this id.
    pub async fn invitation(
        &mut self,
        organization: OrganizationId,
        id: InvitationId,
    ) -> Result<Option<InvitationRow>, Error> {
        run!(self, query_as::<InvitationRow>(BY_ID, organization, id).fetch_optional)
    }

    /// The one to an address, as compared, that is staged or sent.
    pub async fn open_invitation(
        &mut self,
        organization: OrganizationId,
        email_key: &str,
    ) -> Result<Option<InvitationRow>, Error> {
        run!(self, query_as::<InvitationRow>(OPEN, organization, email_key).fetch_optional)
    }

    /// Those that brought a person in, oldest first.
    pub async fn invitations_accepted_by(
        &mut self,
        organization: OrganizationId,
        person: PersonId,
    ) -> Result<Vec<InvitationRow>, Error> {
        run!(self, query_as::<InvitationRow>(ACCEPTED_BY, organization, person).fetch_all)
    }

    /// Those in a state, oldest first.
    pub async fn invitations_in(
        &mut self,
        organization: OrganizationId,
        state: InvitationState,
    ) -> Result<Vec<InvitationRow>, Error> {
        run!(self, query_as::<InvitationRow>(IN_STATE, organization, state).fetch_all)
    }

    /// Those in a state that were put on the list before one, the newest first.
    pub async fn invitations_before(
        &mut self,
        organization: OrganizationId,
        state: InvitationState,
        before: InvitationId,
        limit: u32,
    ) -> Result<Vec<InvitationRow>, Error> {
        run!(self, query_as::<InvitationRow>(PAGE, organization, state, before, i64::from(limit)).fetch_all)
    }

    /// The one whose mailed secret has this hash, whatever has become of it.
    pub async fn invitation_by_hash(&mut self, hash: &[u8]) -> Result<Option<InvitationRow>, Error> {
        run!(self, query_as::<InvitationRow>(BY_HASH, hash).fetch_optional)
    }

    /// Whose an invitation is.
    pub async fn organization_of_invitation(&mut self, id: InvitationId) -> Result<Option<OrganizationId>, Error> {
        run!(self, query_scalar::<OrganizationId>(ORGANIZATION, id).fetch_optional)
    }
}

impl Tx {
    /// Puts one on the list; [`Error::Duplicate`] if one to the same address is open.
    pub async fn insert_invitation(&mut self, row: &InvitationRow) -> Result<(), Error> {
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
                &row.permissions,
                &row.invited_by,
                row.inviter_id,
                row.created_at,
                row.request_id,
            )
        )
        .map(drop)
    }

    /// It is sent, or sent again: another secret, another end.
    pub async fn send_invitation(&mut self, row: &InvitationRow) -> Result<(), Error> {
        let organization = self.organization();
        run!(
            self.changing(),
            execute(
                SEND,
                organization,
                row.id,
                &row.token_hash,
                row.person_id,
                row.sent_at,
                row.expires_at,
                &row.invited_by,
                row.inviter_id,
            )
        )
        .map(drop)
    }

    /// Uses its secret up; `false` if that is not in force by now.
    pub async fn accept_invitation(&mut self, id: InvitationId, hash: &[u8]) -> Result<bool, Error> {
        let (organization, now) = (self.organization(), self.now());
        run!(self.changing(), execute(ACCEPT, organization, id, hash, now)).map(|rows| rows == 1)
    }

    /// Ends an open one without its secret.
    pub async fn end_invitation(
        &mut self,
        id: InvitationId,
        state: InvitationState,
        person: Option<PersonId>,
    ) -> Result<(), Error> {
        let (organization, now) = (self.organization(), self.now());
        run!(self.changing(), execute(END, organization, id, state, person, now)).map(drop)
    }

    /// Takes a staged one off the list.
    pub async fn remove_invitation(&mut self, id: InvitationId) -> Result<(), Error> {
        let organization = self.organization();
        run!(self.changing(), execute(REMOVE, organization, id)).map(drop)
    }
}
