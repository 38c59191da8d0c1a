//! Asking, and taking it back: what somebody may do who has proven a mailbox and is no person of the organization.

use super::form::Wanted;
use super::{JoinRequest, standing};
use crate::audit::{self, Action, Record, Target};
use crate::auth::actor::of_job;
use crate::directory::{Directory, Error};
use crate::ids::{OrganizationId, RequestId};
use crate::outbox::mail::{Mail, queue_for_admins};
use crate::outbox::queue::{Work, schedule, unschedule};
use crate::outbox::{self, Event};
use crate::store::Tx;
use crate::store::join_requests::{End, JoinRequestRow, JoinRequestState};

/// As what a requester's own doing stands in the trail: they are nobody's person yet.
const REQUESTER: &str = "join page";

impl Directory {
    /// Asks an organization on behalf of whoever proved a mailbox. `None` if the secret is unknown, has ended, or
    /// proves nothing yet.
    ///
    /// # Errors
    ///
    /// [`Error::Conflict`] if they may not ask it now; the text says why. An organization that their address does not
    /// match is answered like one that there is not.
    pub async fn ask_to_join(
        &self,
        request: RequestId,
        secret: &str,
        wanted: &Wanted,
    ) -> Result<Option<JoinRequest>, Error> {
        let Some(proof) = self.find_proven(secret).await? else { return Ok(None) };
        let mut tx = self.store.begin(of_job(REQUESTER, wanted.organization, request)).await?;
        let now = tx.now();
        let offers = standing::offers(&mut tx, &self.policy, &proof, now).await?;
        let offer = offers.into_iter().find(|offer| offer.organization == wanted.organization);
        let Some(offer) = offer else {
            let words = "your address does not match this organization; choose one of those that are shown";
            return Err(Error::Conflict(words.to_owned()));
        };
        if let Some(why) = offer.standing.refusal() {
            return Err(Error::Conflict(why));
        }
        let Some((matched_by, matched)) = offer.matched else {
            return Err(Error::Conflict("your address does not match this organization any longer".to_owned()));
        };
        let row = JoinRequestRow {
            organization_id: wanted.organization,
            id: tx.id(),
            email: proof.email,
            email_key: proof.email_key,
            display_name: proof.display_name,
            matched_by,
            matched,
            note: wanted.note.clone(),
            wishes: wanted.wishes.clone(),
            proof_id: proof.id,
            state: JoinRequestState::Pending,
            created_at: now,
            expires_at: now.plus(self.policy.request_lifetime),
            reminders: 0,
            decided_by: None,
            decided_at: None,
            message: None,
            person_id: None,
            request_id: request,
        };
        tx.insert_join_request(&row).await?;
        let asked = JoinRequest::of(row)?;
        let record = Record::of(Action::JoinRequestCreated, Target::JoinRequest(asked.id));
        audit::record(&mut tx, record.after(asked.describe())).await?;
        outbox::emit(&mut tx, &Event::JoinRequestCreated(asked.id)).await?;
        let mail = Mail::JoinRequestReceived { organization: offer.name, request: asked.requester() };
        queue_for_admins(&mut tx, None, &mail).await?;
        if let Some(first) = self.policy.remind_after.first() {
            schedule(&mut tx, Work::RemindOfJoinRequest(asked.id), now.plus(*first)).await?;
        }
        schedule(&mut tx, Work::ExpireJoinRequest(asked.id), asked.expires_at).await?;
        tx.commit().await?;
        Ok(Some(asked))
    }

    /// Takes back what the address of a secret asked: one organization, or all. `None` as when asking; else how many
    /// requests it was.
    pub async fn withdraw_join_requests(
        &self,
        request: RequestId,
        secret: &str,
        organization: Option<OrganizationId>,
    ) -> Result<Option<usize>, Error> {
        let Some(proof) = self.find_proven(secret).await? else { return Ok(None) };
        let asked = self.store.read().await?.asked_by(&proof.email_key).await?;
        let mut withdrawn = 0;
        for one in asked.into_iter().filter(|one| organization.is_none_or(|wanted| wanted == one.id)) {
            let mut tx = self.store.begin(of_job(REQUESTER, one.id, request)).await?;
            let Some(row) = tx.pending_join_request(one.id, &proof.email_key).await? else { continue };
            let end = End { state: JoinRequestState::Withdrawn, by: &row.email, message: None, person: None };
            if tx.end_join_request(row.id, end).await? {
                let record = Record::of(Action::JoinRequestWithdrawn, Target::JoinRequest(row.id));
                audit::record(&mut tx, record).await?;
                outbox::emit(&mut tx, &Event::JoinRequestWithdrawn(row.id)).await?;
                nothing_waits(&mut tx, row.id).await?;
                tx.commit().await?;
                withdrawn += 1;
            }
        }
        Ok(Some(withdrawn))
    }
}

/// Nobody need be reminded of the request, and it cannot expire any more.
pub(super) async fn nothing_waits(tx: &mut Tx, id: crate::ids::JoinRequestId) -> Result<(), crate::store::Error> {
    unschedule(tx, Work::RemindOfJoinRequest(id)).await?;
    unschedule(tx, Work::ExpireJoinRequest(id)).await
}
