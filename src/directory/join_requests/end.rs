//! How a request ends that nobody decides: admins are reminded, it expires, or an IdP brings the person first. What
//! the worker calls may be called again at any time, and then does nothing.

use std::time::Duration;

use super::ask::nothing_waits;
use super::decide::{end, tell_other_admins, welcome};
use super::{JoinRequest, State};
use crate::audit::{self, Action, Record, Target};
use crate::auth::actor::of_job;
use crate::directory::{Directory, Error};
use crate::ids::{JoinRequestId, RequestId};
use crate::outbox::mail::{Mail, queue, queue_for_admins};
use crate::outbox::queue::{Work, schedule};
use crate::outbox::{self, Event};
use crate::store::join_requests::{End, JoinRequestState};
use crate::store::people::Person;
use crate::store::{self, Reader, Tx};

const DAY: Duration = Duration::from_hours(24);

impl Directory {
    /// Reminds the admins of a request that still waits, and has itself called at the next time.
    pub async fn remind_of_join_request(&self, id: JoinRequestId, request: RequestId) -> Result<(), Error> {
        let Some((mut tx, waiting)) = self.waiting("join_request.remind", id, request).await? else { return Ok(()) };
        let times = &self.policy.remind_after;
        let now = tx.now();
        // Times that were slept through make one mail, not several.
        let past = times.iter().filter(|after| waiting.asked_at.plus(**after) <= now).count();
        let past = i64::try_from(past).unwrap_or(i64::MAX);
        if past <= waiting.reminders || !tx.count_reminders(id, waiting.reminders, past).await? {
            return Ok(());
        }
        let days = now.since(waiting.asked_at).as_secs() / DAY.as_secs();
        let record = Record::of(Action::JoinRequestReminded, Target::JoinRequest(id));
        audit::record(&mut tx, record.because(format!("pending, reminder {past}"))).await?;
        let organization = name_of(&mut tx).await?;
        let mail = Mail::JoinRequestReminder { organization, request: waiting.requester(), days };
        queue_for_admins(&mut tx, None, &mail).await?;
        let next = times.iter().map(|after| waiting.asked_at.plus(*after)).find(|at| *at > now);
        if let Some(next) = next {
            schedule(&mut tx, Work::RemindOfJoinRequest(id), next).await?;
        }
        Ok(tx.commit().await?)
    }

    /// Ends a request that nobody decided in time.
    pub async fn expire_join_request(&self, id: JoinRequestId, request: RequestId) -> Result<(), Error> {
        let Some((mut tx, waiting)) = self.waiting("join_request.expire", id, request).await? else { return Ok(()) };
        if waiting.expires_at > tx.now() {
            return Ok(());
        }
        end(&mut tx, &waiting, JoinRequestState::Expired, None, None).await?;
        outbox::emit(&mut tx, &Event::JoinRequestExpired(id)).await?;
        let organization = name_of(&mut tx).await?;
        let to_admins = Mail::JoinRequestExpired { organization: organization.clone(), request: waiting.requester() };
        queue_for_admins(&mut tx, None, &to_admins).await?;
        let to_requester = Mail::YourJoinRequestExpired { organization, name: waiting.name.clone() };
        queue(&mut tx, &waiting.email, &to_requester).await?;
        Ok(tx.commit().await?)
    }

    /// A pending request, in a transaction of a job's.
    async fn waiting(
        &self,
        job: &'static str,
        id: JoinRequestId,
        request: RequestId,
    ) -> Result<Option<(Tx, JoinRequest)>, Error> {
        let organization = self.store.read().await?.organization_of_join_request(id).await?;
        let Some(organization) = organization else { return Ok(None) };
        let mut tx = self.store.begin(of_job(job, organization, request)).await?;
        let Some(row) = tx.join_request(organization, id).await? else { return Ok(None) };
        let found = JoinRequest::of(row)?;
        Ok((found.state == State::Pending).then_some((tx, found)))
    }
}

/// Closes the pending request of an address that became a person by another door: an IdP's User, or an invitation.
/// Nothing if there is none.
pub(crate) async fn close_for(tx: &mut Tx, person: &Person) -> Result<(), store::Error> {
    let organization = tx.organization();
    let Some(row) = tx.pending_join_request(organization, &person.email_key).await? else { return Ok(()) };
    let request = JoinRequest::of(row)?;
    let by = tx.author().who.name();
    let done = End { state: JoinRequestState::Accepted, by: &by, message: None, person: Some(person.id) };
    if !tx.end_join_request(request.id, done).await? {
        return Ok(());
    }
    let record = Record::of(Action::JoinRequestAccepted, Target::JoinRequest(request.id)).before(request.describe());
    let after = serde_json::json!({ "state": JoinRequestState::Accepted, "person": person.id });
    audit::record(tx, record.after(after).because("they became a person by another door")).await?;
    outbox::emit(tx, &Event::JoinRequestAccepted(request.id)).await?;
    nothing_waits(tx, request.id).await?;
    let organization_name = name_of(tx).await?;
    welcome(tx, &organization_name, &request, person.id).await?;
    tell_other_admins(tx, &organization_name, &request, "accepted", None).await
}

/// Ends the pending request of an address, as compared, whose person was deactivated: what was asked before must not be
/// granted after (T30). Nothing if there is none.
pub(crate) async fn withdraw_for(tx: &mut Tx, email_key: &str, why: &str) -> Result<(), store::Error> {
    let organization = tx.organization();
    let Some(row) = tx.pending_join_request(organization, email_key).await? else { return Ok(()) };
    let request = JoinRequest::of(row)?;
    let by = tx.author().who.name();
    let done = End { state: JoinRequestState::Withdrawn, by: &by, message: None, person: None };
    if !tx.end_join_request(request.id, done).await? {
        return Ok(());
    }
    let record = Record::of(Action::JoinRequestWithdrawn, Target::JoinRequest(request.id)).before(request.describe());
    let after = serde_json::json!({ "state": JoinRequestState::Withdrawn });
    audit::record(tx, record.after(after).because(why)).await?;
    outbox::emit(tx, &Event::JoinRequestWithdrawn(request.id)).await?;
    nothing_waits(tx, request.id).await
}

async fn name_of(tx: &mut Tx) -> Result<String, store::Error> {
    let id = tx.organization();
    let found = Reader::organization(tx, id).await?;
    Ok(found.map(|organization| organization.name).unwrap_or_default())
}
