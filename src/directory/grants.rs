//! Grants as a whole: what a person may do now, and what happens to grants when a facility does. Decides nothing
//! about who should have one.

use super::Error;
use super::facilities::{self, Place};
use super::permissions::Permission;
use super::sign_in;
use crate::audit::{self, Action, Record, Target};
use crate::ids::{OrganizationId, PersonId};
use crate::outbox::{self, Event};
use crate::scim::fold;
use crate::store::grants::{ExplainedGrant, Grant, GrantSource, GrantState, Hold};
use crate::store::people::Status;
use crate::store::{self, Reader, Tx};

/// What a person may do now, each permission once; nothing unless they are active.
pub(crate) async fn effective(
    reader: &mut Reader,
    organization: OrganizationId,
    person: PersonId,
) -> Result<Vec<Permission>, store::Error> {
    let active = reader.person(organization, person).await?.is_some_and(|person| person.status == Status::Active);
    if !active {
        return Ok(Vec::new());
    }
    let grants = reader.explained_grants(organization, person).await?;
    Ok(effective_of(&grants))
}

/// What these grants give, each permission once.
pub(super) fn effective_of(grants: &[ExplainedGrant]) -> Vec<Permission> {
    let mut permissions: Vec<Permission> = grants
        .iter()
        .filter(|explained| explained.grant.state == GrantState::Effective)
        .filter_map(|explained| Permission::of(&explained.grant.permission, explained.facility.as_deref()))
        .collect();
    permissions.sort();
    permissions.dedup();
    permissions
}

/// Gives a person permissions by hand; those that they have by hand already stay as they are.
///
/// # Errors
///
/// [`Error::Invalid`] for a facility that is unknown, ambiguous or archived: a person chooses from those there are.
pub(crate) async fn give(tx: &mut Tx, person: PersonId, permissions: &[Permission], why: &str) -> Result<(), Error> {
    let organization = tx.organization();
    let before = effective(tx, organization, person).await?;
    let old = tx.grants(organization, person).await?;
    let mut given = false;
    for permission in permissions {
        let (facility_id, facility_key) = match permission {
            Permission::EditFacility(text) => {
                let name_key = fold(text);
                let Place::Known(id) = facilities::resolve(tx, organization, &name_key).await? else {
                    let words =
                        format!("no facility in use is called «{text}»; «secaro-gateway facility list» shows them");
                    return Err(Error::Invalid(words));
                };
                (Some(id), Some(name_key))
            }
            _ => (None, None),
        };
        let same = |grant: &&Grant| {
            grant.source == GrantSource::Manual
                && grant.permission == permission.name()
                && grant.facility_id == facility_id
                && grant.state == GrantState::Effective
        };
        if old.iter().any(|grant| same(&grant)) {
            continue;
        }
        tx.insert_grant(&Grant {
            id: tx.id(),
            person_id: person,
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
            granted_by: tx.author().who.name(),
            request_id: tx.author().request,
            created_at: tx.now(),
            hold: Hold::default(),
        })
        .await?;
        given = true;
    }
    if given { Ok(note_by_hand(tx, person, &before, why).await?) } else { Ok(()) }
}

/// Records what people gave or took, even if a connection gives the same, so that nothing is different for now.
pub(super) async fn note_by_hand(
    tx: &mut Tx,
    person: PersonId,
    before: &[Permission],
    why: &str,
) -> Result<(), store::Error> {
    let organization = tx.organization();
    if effective(tx, organization, person).await? != before {
        return note_change(tx, person, before, why).await;
    }
    let record =
        Record::of(Action::AccessChanged, Target::Person(person)).because(format!("{why}, as a connection does"));
    audit::record(tx, record).await
}

/// Records and announces that what a person may do is no longer what it was; nothing if it is.
pub(crate) async fn note_change(
    tx: &mut Tx,
    person: PersonId,
    before: &[Permission],
    why: &str,
) -> Result<(), store::Error> {
    let organization = tx.organization();
    let after = effective(tx, organization, person).await?;
    if after == before {
        return Ok(());
    }
    let texts = |permissions: &[Permission]| permissions.iter().map(ToString::to_string).collect::<Vec<_>>();
    let record = Record::of(Action::AccessChanged, Target::Person(person))
        .before(texts(before).into())
        .after(texts(&after).into())
        .because(why);
    audit::record(tx, record).await?;
    let lost = |role: Permission| before.contains(&role) && !after.contains(&role);
    if lost(Permission::OrganizationAdmin) || lost(Permission::BillingAdmin) {
        sign_in::end_for(tx, person, "an admin role ended").await?;
    }
    let event = Event::UserAccessChanged { person, before: texts(before), after: texts(&after), why: why.to_owned() };
    outbox::emit(tx, &event).await
}

/// Looks again which facilities a person's grants mean.
pub(crate) async fn settle_facilities(tx: &mut Tx, person: PersonId, why: &str) -> Result<(), store::Error> {
    let organization = tx.organization();
    let before = effective(tx, organization, person).await?;
    for grant in tx.grants(organization, person).await? {
        let Some(name_key) = &grant.facility_key else { continue };
        let place = facilities::resolve(tx, organization, name_key).await?;
        let settled = settled(grant.clone(), &place);
        if (settled.state, settled.facility_id, &settled.reason) != (grant.state, grant.facility_id, &grant.reason) {
            tx.set_grant_state(&settled).await?;
        }
    }
    note_change(tx, person, &before, why).await
}

/// The grant as it stands for what its facility's name means now; a held one stays held.
fn settled(mut grant: Grant, place: &Place) -> Grant {
    match place {
        Place::Known(id) => {
            grant.facility_id = Some(*id);
            if grant.state == GrantState::Dormant {
                grant.state = GrantState::Effective;
                // A loss that waited before its facility went waits on.
                grant.reason = grant.hold.mass_change_id.map(|_| "mass_change".to_owned());
            }
        }
        Place::Dormant(id, dormancy) => {
            grant.facility_id = *id;
            if grant.state != GrantState::Held {
                grant.state = GrantState::Dormant;
                grant.reason = Some(dormancy.as_str().to_owned());
            }
        }
    }
    grant
}
