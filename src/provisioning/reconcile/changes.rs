//! What a person's grants of one connection become: those that are wanted, each as far as no decision stands in its
//! way. Takes nothing away; that is decided together with what others lose.

use std::collections::BTreeSet;

use super::losses::Loss;
use super::{Reconciler, Wanted};
use crate::directory::email::Email;
use crate::directory::facilities::{self, Place};
use crate::directory::grants;
use crate::directory::people::Person;
use crate::directory::permissions::{Permission, Right};
use crate::ids::{FacilityId, ResourceId, RuleId};
use crate::outbox::{self, Event};
use crate::provisioning::Error;
use crate::scim::fold;
use crate::store::grants::{Grant, GrantDecision, GrantSource, GrantState, Hold};
use crate::store::{self, Tx};

/// What makes two grants the same grant.
#[derive(PartialEq, Eq)]
struct Identity<'a> {
    permission: &'a str,
    facility_key: Option<&'a str>,
    source: GrantSource,
    rule: Option<RuleId>,
    group: Option<ResourceId>,
    attribute: Option<&'a str>,
}

fn identity(grant: &Grant) -> Identity<'_> {
    Identity {
        permission: &grant.permission,
        facility_key: grant.facility_key.as_deref(),
        source: grant.source,
        rule: grant.rule_id,
        group: grant.group_id,
        attribute: grant.attribute.as_deref(),
    }
}

impl Reconciler {
    /// Makes the person's grants of this connection those that are wanted; answers those that are not, and are still
    /// there.
    pub(super) async fn change(
        &self,
        tx: &mut Tx,
        person: &Person,
        wanted: Vec<Wanted>,
        why: &str,
    ) -> Result<Option<Loss>, Error> {
        let organization = tx.organization();
        let all = tx.grants(organization, person.id).await?;
        let mut old: Vec<Grant> =
            all.into_iter().filter(|grant| grant.connection_id == Some(self.connection.id)).collect();
        let (mut added, mut changed) = (Vec::new(), Vec::new());
        let mut kept = BTreeSet::new();
        for wanted in wanted {
            let new = self.new_grant(tx, person, wanted).await?;
            match old.iter().find(|grant| identity(grant) == identity(&new)) {
                Some(same) => {
                    if kept.insert(same.id) {
                        changed.extend(decided(same, new));
                    }
                }
                None if added.iter().any(|grant| identity(grant) == identity(&new)) => {}
                None => added.push(new),
            }
        }
        // A loss that waits for a decision stays until there is one, or until it is asserted again.
        old.retain(|grant| !kept.contains(&grant.id) && grant.hold.mass_change_id.is_none());
        if old.is_empty() && added.is_empty() && changed.is_empty() {
            return Ok(None);
        }
        let before = grants::effective(tx, organization, person.id).await?;
        for grant in changed.iter().chain(&added).filter(|grant| grant.state == GrantState::Held) {
            let reason = grant.reason.clone().unwrap_or_default();
            outbox::emit(tx, &Event::ChangeHeld(person.id, reason)).await?;
        }
        for grant in &added {
            tx.insert_grant(grant).await?;
        }
        for grant in &changed {
            tx.set_grant_state(grant).await?;
        }
        if old.is_empty() {
            grants::note_change(tx, person.id, &before, why).await?;
            return Ok(None);
        }
        Ok(Some(Loss::of(tx, person.clone(), old, before).await?))
    }

    async fn new_grant(&self, tx: &mut Tx, person: &Person, wanted: Wanted) -> Result<Grant, Error> {
        let (facility_id, facility_key, dormant) = self.place(tx, &wanted.permission).await?;
        let held = self.why_held(tx, person, &wanted.permission).await?;
        let (state, reason) = match (held, dormant) {
            (Some(reason), _) => (GrantState::Held, Some(reason)),
            (None, Some(reason)) => (GrantState::Dormant, Some(reason)),
            (None, None) => (GrantState::Effective, None),
        };
        Ok(Grant {
            id: tx.id(),
            person_id: person.id,
            permission: wanted.permission.name().to_owned(),
            facility_id,
            facility_key,
            source: wanted.source,
            connection_id: Some(self.connection.id),
            rule_id: wanted.rule,
            group_id: wanted.group,
            attribute: wanted.attribute,
            state,
            reason: reason.map(ToOwned::to_owned),
            granted_by: format!("connection {}", self.connection.key),
            request_id: tx.author().request,
            created_at: tx.now(),
            hold: if state == GrantState::Effective { Hold::default() } else { self.hold(tx) },
        })
    }

    /// What waits from now on.
    pub(super) fn hold(&self, tx: &Tx) -> Hold {
        Hold {
            held_at: Some(tx.now()),
            held_request_id: Some(tx.author().request),
            deadline_at: Some(self.deadline(tx)),
            ..Hold::default()
        }
    }

    /// The facility, the folded text that names it, and why the grant sleeps.
    async fn place(
        &self,
        tx: &mut Tx,
        permission: &Permission,
    ) -> Result<(Option<FacilityId>, Option<String>, Option<&'static str>), store::Error> {
        let Permission::EditFacility(text) = permission else { return Ok((None, None, None)) };
        let name_key = fold(text);
        let organization = tx.organization();
        Ok(match facilities::resolve(tx, organization, &name_key).await? {
            Place::Known(id) => (Some(id), Some(name_key), None),
            Place::Dormant(id, dormancy) => (id, Some(name_key), Some(dormancy.as_str())),
        })
    }

    /// Why no machine should decide this grant alone.
    async fn why_held(
        &self,
        tx: &mut Tx,
        person: &Person,
        permission: &Permission,
    ) -> Result<Option<&'static str>, store::Error> {
        let organization = tx.organization();
        let right = permission.right();
        let reason = if !self.ceiling.allows(right) {
            "ceiling"
        } else if right == Right::Edit {
            return Ok(None);
        } else {
            let verified = match Email::parse(&person.email) {
                Some(email) => tx.is_verified_domain(organization, email.domain().as_str()).await?,
                None => false,
            };
            if verified {
                return Ok(None);
            }
            "unverified_domain"
        };
        let always = tx.is_always_allowed(organization, self.connection.id, person.id, permission.name()).await?;
        Ok((!always).then_some(reason))
    }
}

/// The grant as it is from now on, if that is not what it was: what somebody decided about it stands as long as it is
/// asserted.
fn decided(same: &Grant, new: Grant) -> Option<Grant> {
    let (mut state, mut reason, mut hold) = (new.state, new.reason, new.hold);
    match (same.hold.decision, state) {
        (Some(GrantDecision::Discarded), _) => {
            // Discarded is discarded, even where a machine would give it by now.
            (state, reason) = (same.state, same.reason.clone());
            hold = same.hold.clone();
        }
        (Some(GrantDecision::Released), GrantState::Held) => {
            (state, reason) = (GrantState::Effective, None);
            hold = same.hold.clone();
        }
        (Some(GrantDecision::Released), _) => hold = same.hold.clone(),
        // It waits already, since whenever.
        (None, GrantState::Held | GrantState::Dormant) if same.state == state && same.reason == reason => {
            hold = same.hold.clone();
        }
        (None, _) => {}
    }
    let as_it_was = (same.state, &same.reason, same.facility_id) == (state, &reason, new.facility_id);
    let changed =
        Grant { state, reason, facility_id: new.facility_id, facility_key: new.facility_key, hold, ..same.clone() };
    (!as_it_was).then_some(changed)
}
