//! Held permissions, decided: looked at again as things are now, in the transaction that decides. A gain takes effect
//! or does not; a loss happens, or the person keeps by hand what the IdP no longer gives.

use serde_json::json;

use super::reconcile::Reconciler;
use super::view::document_of;
use super::{Error, Provisioning};
use crate::audit::{self, Action, Record, Target};
use crate::auth::Actor;
use crate::directory::deciding::Deciding;
use crate::directory::facilities::{self, Place};
use crate::directory::people::Status;
use crate::directory::{self, grants};
use crate::ids::{ConnectionId, GrantId, MassChangeId, OrganizationId, PersonId, ResourceId};
use crate::outbox::{self, Event};
use crate::store::grants::{Grant, GrantDecision, GrantSource, GrantState, Hold};
use crate::store::{self, Tx};

/// What somebody decides about something that is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// What the IdP says happens: the gain, the loss, the link, the new address.
    Release,
    /// The same, and this permission of this person from this connection is not held again.
    AlwaysAllow,
    /// It does not: nothing is gained, what was lost is kept, the User and the person stay apart.
    Discard,
}

/// One decision of several, by the id it was asked for with: what came of it, in a sentence, or why it was refused.
pub type Decided = (String, Result<String, Error>);

impl Provisioning {
    /// Decides these one after another; each is a transaction of its own, so that one that is refused stops none.
    ///
    /// # Errors
    ///
    /// Only what stands in the way of all of them.
    pub async fn decide_held(
        &self,
        actor: &Actor,
        organization: &str,
        ids: &[String],
        decision: Decision,
    ) -> Result<Vec<Decided>, Error> {
        let organization = self.directory.find_organization(organization).await?.id;
        // Whoever may decide nothing hears that once, and not of each.
        drop(self.directory.begin(actor, organization).await?);
        let mut decided = Vec::with_capacity(ids.len());
        for id in ids {
            decided.push((id.clone(), self.decide_one(actor, organization, id, decision).await));
        }
        Ok(decided)
    }

    /// The ids of everything that is held because of one mass change.
    pub async fn held_by_mass_change(&self, organization: &str, id: &str) -> Result<Vec<String>, Error> {
        let organization = self.directory.find_organization(organization).await?.id;
        let mut reader = self.store.read().await?;
        let id = id.parse::<MassChangeId>().map_err(|_| super::mass_changes::unknown(id))?;
        if reader.mass_change(organization, id).await?.is_none() {
            return Err(super::mass_changes::unknown(&id.to_string()).into());
        }
        let held = reader.held_grants(organization).await?;
        let of_it = held.into_iter().filter(|grant| grant.hold.mass_change_id == Some(id));
        Ok(of_it.map(|grant| grant.id.to_string()).collect())
    }

    async fn decide_one(
        &self,
        actor: &Actor,
        organization: OrganizationId,
        id: &str,
        decision: Decision,
    ) -> Result<String, Error> {
        let mut tx = self.directory.begin(actor, organization).await?;
        if let Ok(id) = id.parse::<GrantId>()
            && let Some(grant) = tx.grant(organization, id).await?
        {
            return self.decide_grant(tx, grant, decision).await;
        }
        if let Ok(id) = id.parse::<ResourceId>()
            && let Some(link) = tx.link(organization, id).await?
        {
            return self.decide_link(tx, link, decision).await;
        }
        Err(who_decided(&mut tx, organization, id).await?)
    }

    async fn decide_grant(&self, mut tx: Deciding, grant: Grant, decision: Decision) -> Result<String, Error> {
        let is_loss = grant.state == GrantState::Effective;
        refuse_what_does_not_wait(&grant, decision)?;
        refuse_about_oneself(&tx, &grant)?;
        if decision == Decision::AlwaysAllow && (is_loss || grant.connection_id.is_none()) {
            let words = "only what a connection asserts beyond what it may grant can always be allowed; release it";
            return Err(directory::Error::Invalid(words.to_owned()).into());
        }
        let said = match (is_loss, decision) {
            (true, Decision::Discard) => keep_by_hand(&mut tx, grant).await?,
            (true, _) => lose(&mut tx, grant).await?,
            (false, Decision::Discard) => discard(&mut tx, grant).await?,
            (false, _) => {
                let Some(grant) = self.as_it_is_now(&mut tx, &grant).await? else {
                    // What the IdP asserts by now, or no longer does, is true whatever is decided.
                    tx.commit().await?;
                    let words = "by the rules of now it does not wait any longer; «person explain» shows what is";
                    return Err(conflict(words));
                };
                release(&mut tx, grant, decision == Decision::AlwaysAllow).await?
            }
        };
        tx.commit().await?;
        Ok(said)
    }

    /// The grant after another look at what the IdP asserts; nothing if it does not wait any longer.
    async fn as_it_is_now(&self, tx: &mut Tx, grant: &Grant) -> Result<Option<Grant>, Error> {
        let organization = tx.organization();
        if let Some(connection) = grant.connection_id {
            self.reconcile_person(tx, connection, grant.person_id, "a held change was looked at again").await?;
        }
        let found = tx.grant(organization, grant.id).await?;
        Ok(found.filter(|grant| grant.state == GrantState::Held && grant.hold.decision.is_none()))
    }

    /// Brings a person up to date with what the User of a connection asserts, if it stands for them.
    pub(super) async fn reconcile_person(
        &self,
        tx: &mut Tx,
        connection: ConnectionId,
        person: PersonId,
        why: &str,
    ) -> Result<(), Error> {
        let organization = tx.organization();
        let Some(link) = tx.link_of_person(organization, person).await? else { return Ok(()) };
        if link.connection_id != connection {
            return Ok(());
        }
        let Some(row) = tx.resource(organization, connection, link.resource_id).await? else { return Ok(()) };
        let document = document_of(&row)?;
        let Some(connection) = tx.connection_by_id(organization, connection).await? else { return Ok(()) };
        Reconciler::load(tx, connection, &self.guards).await?.user(tx, &row, &document, why).await
    }
}

/// Gives what was held.
async fn release(tx: &mut Tx, grant: Grant, always: bool) -> Result<String, Error> {
    let organization = tx.organization();
    let person = tx.person(organization, grant.person_id).await?;
    let Some(person) = person.filter(|person| person.status == Status::Active) else {
        return Err(conflict("the person is not active; reactivate them first, then decide what they may do"));
    };
    let before = grants::effective(tx, organization, person.id).await?;
    let place = match &grant.facility_key {
        Some(name_key) => Some(facilities::resolve(tx, organization, name_key).await?),
        None => None,
    };
    let (state, reason, facility_id) = match place {
        None => (GrantState::Effective, None, None),
        Some(Place::Known(id)) => (GrantState::Effective, None, Some(id)),
        Some(Place::Dormant(id, dormancy)) => (GrantState::Dormant, Some(dormancy.as_str().to_owned()), id),
    };
    let new = Grant { state, reason, facility_id, hold: decided(tx, &grant, GrantDecision::Released), ..grant.clone() };
    tx.set_grant_state(&new).await?;
    if always && let Some(connection) = grant.connection_id {
        tx.always_allow(connection, person.id, &grant.permission).await?;
    }
    note(tx, Action::ChangeReleased, &grant, json!({ "state": state, "always": always })).await?;
    outbox::emit(tx, &Event::ChangeReleased(person.id)).await?;
    grants::note_change(tx, person.id, &before, "a held change was released").await?;
    let what = called(&grant);
    Ok(match state {
        GrantState::Dormant => format!("{} gets {what} as soon as the facility is in use", person.email),
        _ if always => format!("{} has {what} now; it is not held again", person.email),
        _ => format!("{} has {what} now", person.email),
    })
}

/// Does not give what was held, as long as the same is asserted.
async fn discard(tx: &mut Tx, grant: Grant) -> Result<String, Error> {
    match grant.connection_id {
        Some(_) => {
            let hold = decided(tx, &grant, GrantDecision::Discarded);
            // What slept does not wake with its facility either.
            tx.set_grant_state(&Grant { state: GrantState::Held, hold, ..grant.clone() }).await?;
        }
        // Nobody asserts it again.
        None => tx.delete_grant(grant.id).await?,
    }
    note(tx, Action::ChangeDiscarded, &grant, json!({ "state": "discarded" })).await?;
    outbox::emit(tx, &Event::ChangeDiscarded(grant.person_id)).await?;
    Ok(format!("{} does not get {}", name_of(tx, grant.person_id).await?, called(&grant)))
}

/// Lets the loss happen, unless nobody would be left who can decide.
async fn lose(tx: &mut Tx, grant: Grant) -> Result<String, Error> {
    let organization = tx.organization();
    let person = grant.person_id;
    let before = grants::effective(tx, organization, person).await?;
    let others = tx.grants(organization, person).await?.into_iter().any(|other| {
        other.id != grant.id && other.permission == grant.permission && other.state == GrantState::Effective
    });
    if grant.permission == "organization_admin"
        && !others
        && tx.other_organization_admins(organization, person).await? == 0
    {
        return Err(conflict("this is still the last Organization admin's role; make somebody else one first"));
    }
    tx.delete_grant(grant.id).await?;
    note(tx, Action::ChangeReleased, &grant, json!({ "state": "lost" })).await?;
    outbox::emit(tx, &Event::ChangeReleased(person)).await?;
    grants::note_change(tx, person, &before, "a held loss was released").await?;
    Ok(format!("{} no longer has {} from the IdP", name_of(tx, person).await?, called(&grant)))
}

/// Makes what the IdP no longer gives the gift of whoever decides.
async fn keep_by_hand(tx: &mut Tx, grant: Grant) -> Result<String, Error> {
    let organization = tx.organization();
    let person = grant.person_id;
    let before = grants::effective(tx, organization, person).await?;
    by_hand(tx, &grant).await?;
    note(tx, Action::ChangeDiscarded, &grant, json!({ "state": "kept", "source": "manual" })).await?;
    outbox::emit(tx, &Event::ChangeDiscarded(person)).await?;
    grants::note_change(tx, person, &before, "a held loss was discarded").await?;
    Ok(format!("{} keeps {}, given by you", name_of(tx, person).await?, called(&grant)))
}

/// Makes a connection's grant that is in effect one that the author gives by hand.
pub(super) async fn by_hand(tx: &mut Tx, grant: &Grant) -> Result<(), store::Error> {
    let organization = tx.organization();
    let given = tx.grants(organization, grant.person_id).await?.into_iter().any(|other| {
        other.source == GrantSource::Manual
            && other.state == GrantState::Effective
            && (&other.permission, other.facility_id) == (&grant.permission, grant.facility_id)
    });
    tx.delete_grant(grant.id).await?;
    if given {
        return Ok(());
    }
    let new = Grant {
        id: tx.id(),
        source: GrantSource::Manual,
        connection_id: None,
        rule_id: None,
        group_id: None,
        attribute: None,
        reason: None,
        granted_by: tx.author().who.name(),
        request_id: tx.author().request,
        created_at: tx.now(),
        hold: Hold::default(),
        ..grant.clone()
    };
    tx.insert_grant(&new).await
}

fn decided(tx: &Tx, grant: &Grant, decision: GrantDecision) -> Hold {
    Hold {
        decision: Some(decision),
        decided_by: Some(tx.author().who.name()),
        decided_at: Some(tx.now()),
        ..grant.hold.clone()
    }
}

async fn note(tx: &mut Tx, action: Action, grant: &Grant, after: serde_json::Value) -> Result<(), store::Error> {
    let before = json!({
        "person": grant.person_id,
        "permission": grant.permission,
        "facility": grant.facility_key,
        "connection": grant.connection_id,
        "state": grant.state,
        "heldAt": grant.hold.held_at,
        "massChange": grant.hold.mass_change_id,
    });
    let record = Record::of(action, Target::Grant(grant.id)).before(before).after(after);
    audit::record(tx, record.because(grant.reason.clone().unwrap_or_default())).await
}

fn refuse_what_does_not_wait(grant: &Grant, decision: Decision) -> Result<(), Error> {
    if let (Some(decision), Some(by), Some(at)) = (grant.hold.decision, &grant.hold.decided_by, grant.hold.decided_at) {
        return Err(conflict(format!("{by} {decision} it on {at}; nothing is left to decide")));
    }
    // A loss that waited before its facility went waits on with it.
    let discards_a_gain = decision == Decision::Discard && grant.hold.mass_change_id.is_none();
    if grant.state == GrantState::Dormant && !discards_a_gain {
        let words = "it waits for its facility; add or unarchive that, or discard what would be given for it";
        return Err(conflict(words));
    }
    if grant.reason.is_none() {
        return Err(conflict("nothing about this permission waits for a decision"));
    }
    Ok(())
}

/// Nobody decides about an admin role of their own (T46).
fn refuse_about_oneself(tx: &Tx, grant: &Grant) -> Result<(), Error> {
    let admin = matches!(grant.permission.as_str(), "organization_admin" | "billing_admin");
    if admin && tx.author().who.person() == Some(grant.person_id) {
        let words = "this is an admin role of your own; another Organization admin has to decide";
        return Err(directory::Error::Forbidden(words.to_owned()).into());
    }
    Ok(())
}

/// Why there is nothing of this id to decide: somebody has, or there never was.
async fn who_decided(tx: &mut Tx, organization: OrganizationId, id: &str) -> Result<Error, store::Error> {
    let unknown = || {
        Error::Directory(directory::Error::NotFound {
            kind: "held change",
            name: id.to_owned(),
            advice: "«secaro-gateway held list» shows what waits",
        })
    };
    let Ok(target) = uuid::Uuid::parse_str(id) else { return Ok(unknown()) };
    let records = tx.audit_records_of(organization, target).await?;
    let decisions = [Action::ChangeReleased.as_str(), Action::ChangeDiscarded.as_str(), Action::LinkDecided.as_str()];
    let last = records.into_iter().rev().find(|record| decisions.contains(&record.action.as_str()));
    Ok(last.map_or_else(unknown, |record| {
        conflict(format!("{} decided it on {}; nothing is left to decide", record.actor_name, record.at))
    }))
}

async fn name_of(tx: &mut Tx, person: PersonId) -> Result<String, store::Error> {
    let organization = tx.organization();
    Ok(tx.person(organization, person).await?.map(|person| person.email).unwrap_or_default())
}

fn called(grant: &Grant) -> String {
    let permission = directory::permissions::Permission::of(&grant.permission, grant.facility_key.as_deref());
    permission.map_or_else(|| grant.permission.clone(), |permission| format!("«{permission}»"))
}

/// Its state does not allow it.
pub(super) fn conflict(words: impl Into<String>) -> Error {
    directory::Error::Conflict(words.into()).into()
}
