//! How an invitation ends because the invited came by another door: by their IdP, by a join request, or not at all.
//! Called in the transaction of whoever opens or shuts that door.

use serde_json::json;

use super::super::facilities::{Place, resolve};
use super::super::people::Person;
use super::super::permissions::{Permission, Right};
use super::super::{Error, grants};
use super::staging::describe;
use super::{Standing, ending, permissions};
use crate::audit::{self, Action, Record, Target};
use crate::clock::Timestamp;
use crate::ids::FacilityId;
use crate::outbox::queue::{Work, unschedule};
use crate::outbox::{self, Event};
use crate::scim::fold;
use crate::store::grants::{Grant, GrantSource, GrantState, Hold};
use crate::store::invitations::{InvitationRow, InvitationState};
use crate::store::{self, Tx};

/// By which door the invited came instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ClosedBy {
    /// An IdP's connection provisions them: what an Organization admin meant them to edit they get, admin roles wait
    /// until an Organization admin decides, which should be by this time.
    Provisioning(Timestamp),
    /// Their request to join was accepted, with the permissions that were chosen there.
    JoinRequest,
}

impl ClosedBy {
    const fn why(self) -> &'static str {
        match self {
            Self::Provisioning(_) => "the IdP provisions the invited person",
            Self::JoinRequest => "a join request of the invited person was accepted",
        }
    }
}

/// Closes the invitation that was sent to a person, if there is one. The person has to stay, whatever comes after.
pub(crate) async fn close_for(tx: &mut Tx, person: &Person, by: ClosedBy) -> Result<(), Error> {
    let organization = tx.organization();
    let Some(row) = tx.open_invitation(organization, &person.email_key).await? else { return Ok(()) };
    let target = Target::Invitation(row.id);
    match Standing::of(&row, tx.now()) {
        Standing::Sent { .. } => {
            tx.end_invitation(row.id, InvitationState::Accepted, Some(person.id)).await?;
            if let ClosedBy::Provisioning(deadline) = by {
                give(tx, person, &row, deadline).await?;
            }
            let record = Record::of(Action::InvitationAccepted, target).after(describe(&row));
            audit::record(tx, record.because(by.why())).await?;
            outbox::emit(tx, &Event::InvitationAccepted(row.id)).await?;
        }
        Standing::Expired { .. } => {
            tx.end_invitation(row.id, InvitationState::Expired, Some(person.id)).await?;
            audit::record(tx, Record::of(Action::InvitationExpired, target).before(describe(&row))).await?;
            outbox::emit(tx, &Event::InvitationExpired(row.id)).await?;
        }
        // A staged one has promised nothing yet; when it is sent, it is refused in words.
        _ => return Ok(()),
    }
    Ok(unschedule(tx, Work::ExpireInvitation(row.id)).await?)
}

/// Revokes the invitation that was sent to an address, as compared, if there is one: the person of it was deactivated,
/// or has another address by now. Whoever was invited and nothing more leaves the list of people.
pub(crate) async fn revoke_for(tx: &mut Tx, email_key: &str, why: &str) -> Result<(), store::Error> {
    let organization = tx.organization();
    match tx.open_invitation(organization, email_key).await? {
        Some(row) if row.state == InvitationState::Sent => ending::revoke(tx, &row, Some(why)).await,
        _ => Ok(()),
    }
}

/// Gives what the invitation promised, on the authority of whoever invited: edit permissions at once, admin roles held.
async fn give(tx: &mut Tx, person: &Person, row: &InvitationRow, deadline: Timestamp) -> Result<(), store::Error> {
    let organization = tx.organization();
    let before = grants::effective(tx, organization, person.id).await?;
    for permission in permissions(row) {
        if permission.right() != Right::Edit {
            hold(tx, person, row, &permission, deadline).await?;
            continue;
        }
        let facility = match &permission {
            Permission::EditFacility(text) => {
                let key = fold(text);
                // A facility that is gone by now is left out, as it is when the invited accept by themselves.
                let Place::Known(id) = resolve(tx, organization, &key).await? else { continue };
                Some((id, key))
            }
            _ => None,
        };
        tx.insert_grant(&grant(tx, person, row, &permission, facility)).await?;
    }
    grants::note_change(tx, person.id, &before, &format!("invited by {}", row.invited_by)).await
}

/// Holds an admin role that an invitation promised until an Organization admin decides.
pub(super) async fn hold(
    tx: &mut Tx,
    person: &Person,
    row: &InvitationRow,
    permission: &Permission,
    deadline: Timestamp,
) -> Result<(), store::Error> {
    let hold = Hold {
        held_at: Some(tx.now()),
        held_request_id: Some(tx.author().request),
        deadline_at: Some(deadline),
        ..Hold::default()
    };
    let reason = Some("invited".to_owned());
    let grant = Grant { state: GrantState::Held, reason, hold, ..grant(tx, person, row, permission, None) };
    tx.insert_grant(&grant).await?;
    outbox::emit(tx, &Event::ChangeHeld(person.id, "invited".to_owned())).await?;
    let after = json!({ "permission": permission, "state": "held" });
    let record = Record::of(Action::AccessChanged, Target::Person(person.id)).after(after);
    audit::record(tx, record.because(format!("invited by {}", row.invited_by))).await
}

fn grant(
    tx: &Tx,
    person: &Person,
    row: &InvitationRow,
    permission: &Permission,
    facility: Option<(FacilityId, String)>,
) -> Grant {
    let (facility_id, facility_key) = facility.unzip();
    Grant {
        id: tx.id(),
        person_id: person.id,
        permission: permission.name().to_owned(),
        facility_id,
        facility_key,
        source: GrantSource::Manual,
        connection_id: None,
        rule_id: None,
        group_id: None,
        attribute: None,
        state: GrantState::Effective,
        reason: None,
        granted_by: row.invited_by.clone(),
        request_id: tx.author().request,
        created_at: tx.now(),
        hold: Hold::default(),
    }
}
