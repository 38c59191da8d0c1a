//! What the holder of a mailed secret may do: see what it is for, which changes nothing (mail scanners open every
//! link), and accept it, once (T44).

use serde::Serialize;
use serde_json::json;

use super::super::people::{self, Door, Person};
use super::super::permissions::{Permission, Right};
use super::super::sign_in::Provider;
use super::super::{Directory, Error, grants, join_requests};
use super::sending::address;
use super::{Standing, closing, in_force, in_words, inviter_in_public, permissions};
use crate::audit::{self, Action, Record, Target};
use crate::auth::actor;
use crate::auth::mailed::{Purpose, presented};
use crate::clock::Timestamp;
use crate::ids::RequestId;
use crate::outbox::queue::{Work, unschedule};
use crate::outbox::{self, Event};
use crate::store::invitations::InvitationRow;
use crate::store::{Reader, Tx};

/// What an invitation is for, as its holder is shown.
#[derive(Debug, Clone, Serialize)]
pub struct Invited {
    /// The organization's name.
    pub organization: String,
    /// Where its people sign in, besides by mail.
    pub providers: Vec<Provider>,
    /// The organization's key.
    pub key: String,
    /// The address it was sent to; only that address becomes a person.
    pub email: String,
    /// Their name.
    pub name: String,
    /// Who invites.
    pub invited_by: String,
    /// When the link ends.
    pub expires_at: Timestamp,
    /// What they will have, in Secaro's words; none is View only.
    pub permissions: Vec<String>,
}

/// What came of accepting.
#[derive(Debug, Clone, Serialize)]
pub struct Accepted {
    /// The organization's name.
    pub organization: String,
    /// The address that is a person there now.
    pub email: String,
    /// What they have, in Secaro's words; none is View only.
    pub permissions: Vec<String>,
    /// What they were to have and have not, because the facility is no longer in use.
    pub left_out: Vec<String>,
    /// What an Organization admin has to confirm first.
    pub held: Vec<String>,
}

/// An invitation that is accepted once this is committed.
pub(crate) struct Accepting {
    pub(crate) tx: Tx,
    pub(crate) accepted: Accepted,
    pub(crate) person: Person,
}

impl Directory {
    /// What an invitation is for. Changes nothing, however often it is asked.
    ///
    /// # Errors
    ///
    /// [`Error::Conflict`], in words for the holder, if the secret opens nothing: unknown, accepted, revoked, expired.
    pub async fn look_at_invitation(&self, secret: &str) -> Result<Invited, Error> {
        let row = self.invitation_by(&hash_of(secret)?).await?;
        let now = self.store.clock().now();
        let Standing::Sent { expires_at, .. } = Standing::of(&row, now) else { return Err(unusable(&row, now)) };
        let mut reader = self.store.read().await?;
        let found = reader.organization(row.organization_id).await?;
        let (organization, key) = found.map(|one| (one.name, one.key)).unwrap_or_default();
        let providers = reader.oidc_providers(row.organization_id).await?.into_iter().map(Provider::from).collect();
        let permissions = in_words(&mut reader, row.organization_id, &permissions(&row)).await?;
        let invited_by = inviter_in_public(&row.invited_by).to_owned();
        Ok(Invited {
            organization,
            key,
            providers,
            email: row.email,
            name: row.display_name,
            invited_by,
            expires_at,
            permissions,
        })
    }

    /// Accepts an invitation: the address it was sent to becomes a person with what it gives, by the policy of now.
    ///
    /// # Errors
    ///
    /// As [`look_at_invitation`](Self::look_at_invitation); nothing is changed then.
    pub async fn accept_invitation(&self, secret: &str, request: RequestId) -> Result<Accepted, Error> {
        let Accepting { tx, accepted, .. } = self.begin_accepting(&hash_of(secret)?, request).await?;
        tx.commit().await?;
        Ok(accepted)
    }

    /// As [`accept_invitation`](Self::accept_invitation), for whoever has more to write in the same transaction.
    pub(crate) async fn begin_accepting(&self, hash: &[u8], request: RequestId) -> Result<Accepting, Error> {
        let row = self.invitation_by(hash).await?;
        let organization = row.organization_id;
        let now = self.store.clock().now();
        let (Standing::Sent { .. }, Some(person)) = (Standing::of(&row, now), row.person_id) else {
            return Err(unusable(&row, now));
        };
        let author = actor::of_invited(organization, person, &row.email, &row.invited_by, request);
        let mut tx = self.store.begin(author).await?;
        if !tx.accept_invitation(row.id, hash).await? {
            // Somebody was quicker since it was looked at.
            let row = tx.invitation(organization, row.id).await?.unwrap_or(row);
            return Err(unusable(&row, tx.now()));
        }
        // It was sent to this address and makes nobody of another one, whatever the person is called by now (T43).
        let email = address(&row)?;
        let same = tx.person(organization, person).await?.is_some_and(|person| person.email_key == email.key());
        if !same {
            return Err(no_longer());
        }
        let admitted = people::admit(&mut tx, Door::Invitation, &email, &row.display_name).await;
        let person = admitted.map_err(|error| if let Error::Conflict(_) = error { no_longer() } else { error })?;

        let decides = self.still_decides(&mut tx, &row).await?;
        let (mut given, mut left_out, mut held) = (Vec::new(), Vec::new(), Vec::new());
        for permission in permissions(&row) {
            if permission.right() != Right::Edit && !decides {
                let deadline = tx.now().plus(self.policy.hold_deadline);
                closing::hold(&mut tx, &person, &row, &permission, deadline).await?;
                held.push(permission);
                continue;
            }
            match in_force(&mut tx, organization, &permission).await? {
                Some(permission) => given.push(permission),
                None => left_out.push(permission),
            }
        }
        let why = format!("invited by {}", row.invited_by);
        grants::give(&mut tx, person.id, &given, &why).await?;
        join_requests::close_for(&mut tx, &person).await?;
        let texts = |permissions: &[Permission]| permissions.iter().map(ToString::to_string).collect::<Vec<_>>();
        let after = json!({ "email": row.email, "permissions": texts(&given), "leftOut": texts(&left_out),
            "held": texts(&held) });
        let record = Record::of(Action::InvitationAccepted, Target::Invitation(row.id));
        audit::record(&mut tx, record.after(after).because(why)).await?;
        outbox::emit(&mut tx, &Event::InvitationAccepted(row.id)).await?;
        unschedule(&mut tx, Work::ExpireInvitation(row.id)).await?;

        let name = Reader::organization(&mut tx, organization).await?.map(|one| one.name).unwrap_or_default();
        let permissions = in_words(&mut tx, organization, &given).await?;
        let left_out = in_words(&mut tx, organization, &left_out).await?;
        let held = in_words(&mut tx, organization, &held).await?;
        let accepted = Accepted { organization: name, email: row.email, permissions, left_out, held };
        Ok(Accepting { tx, accepted, person })
    }

    /// Whether whoever invited may decide about admin roles still: an operator, or an Organization admin of now (T45).
    async fn still_decides(&self, tx: &mut Tx, row: &InvitationRow) -> Result<bool, Error> {
        let Some(inviter) = row.inviter_id else { return Ok(true) };
        Ok(tx.organization_admins(row.organization_id).await?.iter().any(|admin| admin.id == inviter))
    }

    /// The invitation of this hash, whatever has become of it.
    pub(crate) async fn invitation_by(&self, hash: &[u8]) -> Result<InvitationRow, Error> {
        self.store.read().await?.invitation_by_hash(hash).await?.ok_or_else(unknown)
    }
}

/// What a secret is known by.
pub(crate) fn hash_of(secret: &str) -> Result<[u8; 32], Error> {
    presented(Purpose::Invitation, secret).ok_or_else(unknown)
}

fn unknown() -> Error {
    let words = "this link opens no invitation: it is incomplete, or a newer one was sent; open the newest mail, or \
                 ask whoever invited you";
    Error::Conflict(words.to_owned())
}

/// Why a real secret opens nothing, for whoever holds it.
fn unusable(row: &InvitationRow, now: Timestamp) -> Error {
    Error::Conflict(match Standing::of(row, now) {
        Standing::Accepted { ended_at } => {
            format!("this invitation was accepted already, at {ended_at}; sign in to Secaro instead")
        }
        Standing::Revoked { ended_at } => {
            format!("this invitation was taken back at {ended_at}; ask whoever invited you")
        }
        Standing::Expired { ended_at } => {
            format!("this invitation ended at {ended_at}; ask whoever invited you to send it again")
        }
        Standing::Staged | Standing::Sent { .. } => return no_longer(),
    })
}

fn no_longer() -> Error {
    let words = "this invitation cannot be accepted any longer; ask whoever invited you";
    Error::Conflict(words.to_owned())
}
