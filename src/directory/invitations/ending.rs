//! How an invitation ends unaccepted: revoked by somebody, or past its time. Whoever was invited and nothing more
//! leaves the list of people again.

use super::super::people::Status;
use super::super::{Directory, Error};
use super::staging::describe;
use super::{Invitation, open, shown};
use crate::audit::{self, Action, Record, Target};
use crate::auth::{Actor, actor};
use crate::ids::{InvitationId, RequestId};
use crate::outbox::queue::{Work, unschedule};
use crate::outbox::{self, Event};
use crate::store::invitations::{InvitationRow, InvitationState};
use crate::store::{self, Tx};

impl Directory {
    /// Takes a sent one back: its link opens nothing from now on.
    pub async fn revoke_invitation(&self, actor: &Actor, organization: &str, which: &str) -> Result<Invitation, Error> {
        let organization = self.find_organization(organization).await?;
        let mut tx = self.begin(actor, organization.id).await?;
        let row = open(&mut tx, organization.id, which).await?;
        if row.state == InvitationState::Staged {
            let words = format!("the invitation to {} has not been sent; remove it instead", row.email);
            return Err(Error::Conflict(words));
        }
        revoke(&mut tx, &row, None).await?;
        let now = tx.now();
        let row = InvitationRow { state: InvitationState::Revoked, person_id: None, ended_at: Some(now), ..row };
        tx.commit().await?;
        Ok(shown(&row, now))
    }

    /// Ends one that nobody accepted in time; a job calls it. Nothing if it has ended, or was sent again since.
    pub async fn expire_invitation(&self, id: InvitationId, request: RequestId) -> Result<(), Error> {
        let Some(organization) = self.store.read().await?.organization_of_invitation(id).await? else {
            return Ok(());
        };
        let mut tx = self.store.begin(actor::of_job("invitation.expire", organization, request)).await?;
        let Some(row) = tx.invitation(organization, id).await? else { return Ok(()) };
        let due = row.state == InvitationState::Sent && row.expires_at.is_some_and(|end| end <= tx.now());
        if due {
            expire(&mut tx, &row).await?;
            tx.commit().await?;
        }
        Ok(())
    }
}

/// Ends a sent one that is past its time.
pub(super) async fn expire(tx: &mut Tx, row: &InvitationRow) -> Result<(), store::Error> {
    end(tx, row, InvitationState::Expired).await?;
    let record = Record::of(Action::InvitationExpired, Target::Invitation(row.id));
    audit::record(tx, record.before(describe(row))).await?;
    outbox::emit(tx, &Event::InvitationExpired(row.id)).await
}

/// Takes one back that is open.
pub(super) async fn revoke(tx: &mut Tx, row: &InvitationRow, why: Option<&str>) -> Result<(), store::Error> {
    end(tx, row, InvitationState::Revoked).await?;
    let record = Record::of(Action::InvitationRevoked, Target::Invitation(row.id)).before(describe(row));
    audit::record(tx, if let Some(why) = why { record.because(why) } else { record }).await?;
    outbox::emit(tx, &Event::InvitationRevoked(row.id)).await
}

async fn end(tx: &mut Tx, row: &InvitationRow, state: InvitationState) -> Result<(), store::Error> {
    // The invitation lets go of the person before they are deleted.
    tx.end_invitation(row.id, state, None).await?;
    unschedule(tx, Work::ExpireInvitation(row.id)).await?;
    let Some(id) = row.person_id else { return Ok(()) };
    let organization = tx.organization();
    let invited = tx.person(organization, id).await?.filter(|person| person.status == Status::Invited);
    if let Some(person) = invited
        && tx.delete_person(id).await?
    {
        let record = Record::of(Action::PersonRemoved, Target::Person(id));
        let before = serde_json::json!({ "email": person.email, "displayName": person.display_name });
        audit::record(tx, record.before(before).because("the invitation ended unaccepted")).await?;
    }
    Ok(())
}
