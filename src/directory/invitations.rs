//! Invitations: staged on a list, sent, and accepted by whoever reads the mailbox. What one is and how it stands; each
//! thing that happens to one has a file below. Never holds a mailed secret.

mod accepting;
mod closing;
mod ending;
mod rows;
mod sending;
mod staging;

use serde::Serialize;

pub use accepting::{Accepted, Invited};
pub(crate) use accepting::{Accepting, hash_of};
pub(crate) use closing::{ClosedBy, close_for, revoke_for};
pub use rows::rows;
pub use staging::{ImportRow, NewInvitation, Staged};

use super::permissions::Permission;
use super::{Directory, Error};
use crate::clock::Timestamp;
use crate::ids::{Id as _, InvitationId, OrganizationId, PersonId};
use crate::store::invitations::InvitationRow;
pub use crate::store::invitations::InvitationState;
use crate::store::{self, Reader};

/// An invitation, as it is shown.
#[derive(Debug, Clone, Serialize)]
pub struct Invitation {
    /// Its id.
    pub id: InvitationId,
    /// To whom.
    pub email: String,
    /// Their name.
    pub name: String,
    /// What they are to have; none is View only.
    pub permissions: Vec<Permission>,
    /// Who invites.
    pub invited_by: String,
    /// Since when it is on the list.
    pub created_at: Timestamp,
    /// The person it made, while there is one.
    pub person: Option<PersonId>,
    /// What has become of it.
    #[serde(flatten)]
    pub standing: Standing,
}

/// What has become of an invitation, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Standing {
    /// On the list, not sent.
    Staged,
    /// Mailed.
    Sent {
        /// When the link in force was.
        sent_at: Timestamp,
        /// When that ends.
        expires_at: Timestamp,
    },
    /// Taken up.
    Accepted {
        /// When.
        ended_at: Timestamp,
    },
    /// Taken back.
    Revoked {
        /// When.
        ended_at: Timestamp,
    },
    /// Not taken up in time.
    Expired {
        /// When.
        ended_at: Timestamp,
    },
}

impl Standing {
    /// How a row stands at a time: a link that is past its end is expired, whether or not a job has said so yet.
    fn of(row: &InvitationRow, now: Timestamp) -> Self {
        let sent_at = row.sent_at.unwrap_or(row.created_at);
        let expires_at = row.expires_at.unwrap_or(sent_at);
        let ended_at = row.ended_at.unwrap_or(expires_at);
        match row.state {
            InvitationState::Staged => Self::Staged,
            InvitationState::Sent if expires_at <= now => Self::Expired { ended_at: expires_at },
            InvitationState::Sent => Self::Sent { sent_at, expires_at },
            InvitationState::Accepted => Self::Accepted { ended_at },
            InvitationState::Revoked => Self::Revoked { ended_at },
            InvitationState::Expired => Self::Expired { ended_at },
        }
    }
}

/// What came of one row of many.
#[derive(Debug, Clone, Serialize)]
pub struct RowReport {
    /// The line of the file, for an import.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// Whom it is about.
    pub email: String,
    /// `staged`, `sent` or `refused`.
    pub outcome: &'static str,
    /// Why not, if not; what to do.
    pub why: Option<String>,
    /// What somebody should look at once more.
    pub warnings: Vec<String>,
}

impl RowReport {
    /// Whether nothing was done about it.
    #[must_use]
    pub fn refused(&self) -> bool {
        self.why.is_some()
    }
}

impl Directory {
    /// The invitations of an organization: the open ones or all, those on the list first.
    pub async fn invitations(&self, organization: &str, all: bool) -> Result<Vec<Invitation>, Error> {
        let organization = self.find_organization(organization).await?;
        let mut reader = self.store.read().await?;
        let states = if all { InvitationState::ALL } else { &InvitationState::ALL[..2] };
        let mut invitations = Vec::new();
        for state in states {
            let rows = reader.invitations_in(organization.id, *state).await?;
            invitations.extend(rows.iter().map(|row| shown(row, self.store.clock().now())));
        }
        Ok(invitations)
    }
}

impl Directory {
    /// A page of those in a state, the newest first, before one of them.
    pub async fn invitations_page(
        &self,
        organization: OrganizationId,
        state: InvitationState,
        before: Option<InvitationId>,
        limit: u32,
    ) -> Result<Vec<Invitation>, Error> {
        let before = before.unwrap_or(InvitationId::from_uuid(uuid::Uuid::max()));
        let rows = self.store.read().await?.invitations_before(organization, state, before, limit).await?;
        Ok(rows.iter().map(|row| shown(row, self.store.clock().now())).collect())
    }

    /// The list that is not sent yet, in its order.
    pub async fn staged_invitations(&self, organization: OrganizationId) -> Result<Vec<Invitation>, Error> {
        let rows = self.store.read().await?.invitations_in(organization, InvitationState::Staged).await?;
        Ok(rows.iter().map(|row| shown(row, self.store.clock().now())).collect())
    }
}

fn shown(row: &InvitationRow, now: Timestamp) -> Invitation {
    Invitation {
        id: row.id,
        email: row.email.clone(),
        name: row.display_name.clone(),
        permissions: permissions(row),
        invited_by: row.invited_by.clone(),
        created_at: row.created_at,
        person: row.person_id,
        standing: Standing::of(row, now),
    }
}

/// What the row is to give. Only permissions are ever written there.
fn permissions(row: &InvitationRow) -> Vec<Permission> {
    row.permissions.split(',').filter_map(|text| text.parse().ok()).collect()
}

/// The open invitation that an address or an id names.
async fn open(reader: &mut Reader, organization: OrganizationId, which: &str) -> Result<InvitationRow, Error> {
    let by_id = match which.parse::<InvitationId>() {
        Ok(id) => reader.invitation(organization, id).await?,
        Err(_) => match super::email::Email::parse(which) {
            Some(email) => reader.open_invitation(organization, email.key()).await?,
            None => None,
        },
    };
    let is_open = |row: &InvitationRow| matches!(row.state, InvitationState::Staged | InvitationState::Sent);
    by_id.filter(is_open).ok_or_else(|| Error::NotFound {
        kind: "open invitation",
        name: which.to_owned(),
        advice: "«secaro-gateway invite list --all» shows what has become of them",
    })
}

/// Permissions in Secaro's words, facilities by their names.
pub(super) async fn in_words(
    reader: &mut Reader,
    organization: OrganizationId,
    permissions: &[Permission],
) -> Result<Vec<String>, store::Error> {
    let facilities = reader.facilities(organization).await?;
    let name = |permission: &Permission| match permission {
        Permission::EditFacility(key) => facilities.iter().find(|one| one.key == *key).map(|one| one.name.clone()),
        _ => None,
    };
    Ok(permissions.iter().map(|permission| permission.called(name(permission).as_deref())).collect())
}

/// What a permission's facility is called by its key now; `None` if there is no such facility in use.
async fn in_force(
    reader: &mut Reader,
    organization: OrganizationId,
    permission: &Permission,
) -> Result<Option<Permission>, Error> {
    use super::facilities::{Place, resolve};
    let Permission::EditFacility(text) = permission else { return Ok(Some(permission.clone())) };
    let Place::Known(id) = resolve(reader, organization, &crate::scim::fold(text)).await? else { return Ok(None) };
    let facilities = reader.facilities(organization).await?;
    Ok(facilities.into_iter().find(|one| one.id == id).map(|one| Permission::EditFacility(one.key)))
}

/// Whoever invites, as the invited are told: nobody outside needs the account name of an operator.
fn inviter_in_public(invited_by: &str) -> &str {
    if invited_by.starts_with("operator ") {
        return "an operator of Secaro";
    }
    invited_by.split_once(" (through operator ").map_or(invited_by, |(person, _)| person)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_invited_are_not_told_an_operators_account() {
        assert_eq!(inviter_in_public("operator root"), "an operator of Secaro");
        assert_eq!(inviter_in_public("ada@example.org (through operator root)"), "ada@example.org");
        assert_eq!(inviter_in_public("ada@example.org"), "ada@example.org");
    }
}
