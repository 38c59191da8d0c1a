//! Deciding: an Organization admin accepts or rejects, once, whatever races; the policy of now counts, not that of
//! when the request was made (T45, T46).

use super::ask::nothing_waits;
use super::form::free_text;
use super::{JoinRequest, MatchedBy};
use crate::audit::{self, Action, Record, Target};
use crate::auth::Actor;
use crate::directory::deciding::Deciding;
use crate::directory::email::{DomainName, Email};
use crate::directory::invitations::{self, ClosedBy};
use crate::directory::people::{self, Door};
use crate::directory::permissions::Permission;
use crate::directory::{Directory, Error, grants};
use crate::ids::{JoinRequestId, OrganizationId, PersonId};
use crate::outbox::mail::{Mail, queue, queue_for_admins};
use crate::outbox::{self, Event};
use crate::store::join_requests::{End, JoinRequestState};
use crate::store::{self, Reader, Tx};

/// What an Organization admin decides.
#[derive(Debug, Clone)]
pub enum Decision {
    /// They are in, with these permissions; with none they may view only.
    Accept(Vec<Permission>),
    /// They are not; with what they are told.
    Reject(Option<String>),
}

/// What became of one of many decisions.
#[derive(Debug)]
pub struct Outcome {
    /// The request.
    pub id: JoinRequestId,
    /// The request as it was decided, or why it was not.
    pub decided: Result<JoinRequest, Error>,
}

impl Directory {
    /// Decides a request.
    ///
    /// # Errors
    ///
    /// [`Error::Conflict`] if it is no longer pending (the text says who decided, and when), or if what holds now
    /// forbids it; [`Error::Forbidden`] to whoever may not decide, or asks about themselves.
    pub async fn decide_join_request(
        &self,
        actor: &Actor,
        organization: &str,
        id: JoinRequestId,
        decision: &Decision,
    ) -> Result<JoinRequest, Error> {
        let organization = self.find_organization(organization).await?;
        let mut tx = self.begin(actor, organization.id).await?;
        let request = load(&mut tx, organization.id, id).await?;
        if let Some(words) = request.state.words() {
            return Err(Error::Conflict(format!("{words}; there is nothing left to decide")));
        }
        let by = tx.author().who.person();
        match decision {
            Decision::Accept(permissions) => accept(&mut tx, &organization.name, &request, permissions).await?,
            Decision::Reject(message) => {
                let message = match free_text("message", message.as_deref().unwrap_or_default()) {
                    Ok(message) => message,
                    Err(flaw) => return Err(Error::Invalid(flaw.detail)),
                };
                let again_at = tx.now().plus(self.policy.cooldown);
                let mail = Mail::JoinRequestRejected {
                    organization: organization.name.clone(),
                    name: request.name.clone(),
                    message: message.clone(),
                    again_at,
                };
                end(&mut tx, &request, JoinRequestState::Rejected, message.as_deref(), None).await?;
                outbox::emit(&mut tx, &Event::JoinRequestRejected(id)).await?;
                queue(&mut tx, &request.email, &mail).await?;
            }
        }
        tell_other_admins(&mut tx, &organization.name, &request, decision.outcome(), by).await?;
        let decided = load(&mut tx, organization.id, id).await?;
        tx.commit().await?;
        Ok(decided)
    }

    /// Decides many alike, each by itself: one that cannot be decided holds no other one up.
    pub async fn decide_join_requests(
        &self,
        actor: &Actor,
        organization: &str,
        ids: &[JoinRequestId],
        decision: &Decision,
    ) -> Vec<Outcome> {
        let mut outcomes = Vec::with_capacity(ids.len());
        for id in ids {
            let decided = self.decide_join_request(actor, organization, *id, decision).await;
            outcomes.push(Outcome { id: *id, decided });
        }
        outcomes
    }
}

impl Decision {
    const fn outcome(&self) -> &'static str {
        match self {
            Self::Accept(_) => "accepted",
            Self::Reject(_) => "rejected",
        }
    }
}

async fn accept(
    tx: &mut Deciding,
    organization_name: &str,
    request: &JoinRequest,
    permissions: &[Permission],
) -> Result<(), Error> {
    let organization = tx.organization();
    if let Some(decider) = tx.author().who.person()
        && let Some(decider) = tx.person(organization, decider).await?
        && decider.email_key == request.email_key
    {
        return Err(Error::Forbidden("nobody accepts their own request; ask another Organization admin".to_owned()));
    }
    let corrupt = |column| store::Error::Corrupt { table: "join_requests", column };
    let email = Email::parse(&request.email).ok_or(corrupt("email"))?;
    let domain = match request.matched_by {
        MatchedBy::Domain => Some(DomainName::parse(&request.matched).ok_or(corrupt("matched"))?),
        MatchedBy::Duns => None,
    };
    let person = people::admit(tx, Door::JoinRequest(domain.as_ref()), &email, &request.name).await?;
    invitations::close_for(tx, &person, ClosedBy::JoinRequest).await?;
    grants::give(tx, person.id, permissions, "a request to join was accepted").await?;
    end(tx, request, JoinRequestState::Accepted, None, Some(person.id)).await?;
    outbox::emit(tx, &Event::JoinRequestAccepted(request.id)).await?;
    welcome(tx, organization_name, request, person.id).await?;
    Ok(())
}

/// Tells whoever asked that they are in, and what they may do.
pub(super) async fn welcome(
    tx: &mut Tx,
    organization_name: &str,
    request: &JoinRequest,
    person: PersonId,
) -> Result<(), store::Error> {
    let organization = tx.organization();
    let effective = grants::effective(tx, organization, person).await?;
    let mail = Mail::JoinRequestAccepted {
        organization: organization_name.to_owned(),
        name: request.name.clone(),
        permissions: invitations::in_words(tx, organization, &effective).await?,
    };
    queue(tx, &request.email, &mail).await
}

/// Tells the admins who did not decide who did.
pub(super) async fn tell_other_admins(
    tx: &mut Tx,
    organization_name: &str,
    request: &JoinRequest,
    outcome: &str,
    decider: Option<PersonId>,
) -> Result<(), store::Error> {
    let mail = Mail::JoinRequestDecided {
        organization: organization_name.to_owned(),
        request: request.requester(),
        outcome: outcome.to_owned(),
        by: tx.author().who.name(),
    };
    queue_for_admins(tx, decider, &mail).await
}

/// Ends a pending request, on the author's word.
pub(super) async fn end(
    tx: &mut Tx,
    request: &JoinRequest,
    state: JoinRequestState,
    message: Option<&str>,
    person: Option<PersonId>,
) -> Result<(), Error> {
    let by = tx.author().who.name();
    if !tx.end_join_request(request.id, End { state, by: &by, message, person }).await? {
        return Err(Error::Conflict("somebody decided this request just now; look at it again".to_owned()));
    }
    let action = match state {
        JoinRequestState::Accepted => Action::JoinRequestAccepted,
        JoinRequestState::Expired => Action::JoinRequestExpired,
        _ => Action::JoinRequestRejected,
    };
    let record = Record::of(action, Target::JoinRequest(request.id)).before(request.describe());
    let after = serde_json::json!({ "state": state, "person": person });
    audit::record(tx, message.into_iter().fold(record.after(after), Record::because)).await?;
    Ok(nothing_waits(tx, request.id).await?)
}

pub(super) async fn load(
    reader: &mut Reader,
    organization: OrganizationId,
    id: JoinRequestId,
) -> Result<JoinRequest, Error> {
    let row = reader.join_request(organization, id).await?.ok_or_else(|| unknown(id))?;
    Ok(JoinRequest::of(row)?)
}

pub(super) fn unknown(id: JoinRequestId) -> Error {
    let advice = "«secaro-gateway request list» shows those there are";
    Error::NotFound { kind: "join request", name: id.to_string(), advice }
}
