//! People: the one way somebody becomes one, is deactivated and comes back. Does not know why; whoever calls says.

use serde_json::json;

use super::Error;
use super::email::{DomainName, Email};
use super::grants;
use super::permissions::Permission;
use super::{invitations, join_requests, sign_in};
use crate::audit::{self, Action, Record, Target};
use crate::clock::Timestamp;
use crate::ids::ConnectionId;
use crate::outbox::{self, Event};
use crate::store::grants::{GrantSource, GrantState, Hold};
pub use crate::store::people::{DeactivatedBy, Person, Status};
use crate::store::{self, Tx};

/// The door somebody comes through.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Door<'a> {
    /// An IdP's connection made a User of them.
    Idp(ConnectionId),
    /// Their request to join was accepted: by this domain, or by the organization's DUNS number.
    JoinRequest(Option<&'a DomainName>),
    /// They accepted an invitation.
    Invitation,
    /// Somebody at the machine recovers access to the organization; by when what is held then should be decided.
    Recovery(Timestamp),
}

/// Makes somebody an active person of the organization, whatever door they come through: the one place where the
/// policy of now is looked at (T45), whatever it was when they were asked or asked themselves.
///
/// # Errors
///
/// [`Error::Conflict`] if they are active already, if somebody deactivated them, or if the domain that they ask by is
/// no longer verified; nothing is changed then.
pub(crate) async fn admit(tx: &mut Tx, door: Door<'_>, email: &Email, display_name: &str) -> Result<Person, Error> {
    let organization = tx.organization();
    if let Door::JoinRequest(Some(domain)) = door
        && !tx.is_verified_domain(organization, domain.as_str()).await?
    {
        let words = format!("the domain {domain} is no longer verified for the organization; prove it again first");
        return Err(Error::Conflict(words));
    }
    let managed_by = if let Door::Idp(connection) = door { Some(connection) } else { None };
    let Some(old) = tx.person_by_email(organization, email.key()).await? else {
        return Ok(add(tx, email, display_name, Status::Active, managed_by).await?);
    };
    match (old.status, old.deactivated_by, door) {
        (Status::Invited, ..) => {
            let new = Person { status: Status::Active, managed_by, updated_at: tx.now(), ..old.clone() };
            tx.update_person(&new).await?;
            let record = Record::of(Action::PersonChanged, Target::Person(new.id));
            audit::record(tx, record.before(describe(&old)).after(describe(&new))).await?;
            outbox::emit(tx, &Event::UserProvisioned(new.id)).await?;
            Ok(new)
        }
        (Status::Deactivated, _, Door::Recovery(deadline)) => Ok(reactivate(tx, &old, deadline).await?),
        (Status::Active, ..) => {
            let words = format!("{} is a person of the organization already; edit them instead", old.email);
            Err(Error::Conflict(words))
        }
        (Status::Deactivated, Some(DeactivatedBy::Admin), _) => {
            let words = format!("an Organization admin deactivated {}; reactivate them instead", old.email);
            Err(Error::Conflict(words))
        }
        (Status::Deactivated, ..) => {
            let words = format!("the IdP deactivated {}; only it can bring them back", old.email);
            Err(Error::Conflict(words))
        }
    }
}

/// Puts somebody on the list who has been invited and has no access yet.
pub(crate) async fn invite(tx: &mut Tx, email: &Email, display_name: &str) -> Result<Person, store::Error> {
    add(tx, email, display_name, Status::Invited, None).await
}

async fn add(
    tx: &mut Tx,
    email: &Email,
    display_name: &str,
    status: Status,
    managed_by: Option<ConnectionId>,
) -> Result<Person, store::Error> {
    let person = Person {
        id: tx.id(),
        email: email.as_written().to_owned(),
        email_key: email.key().to_owned(),
        display_name: display_name.to_owned(),
        status,
        deactivated_by: None,
        managed_by,
        created_at: tx.now(),
        updated_at: tx.now(),
    };
    tx.insert_person(&person).await?;
    let record = Record::of(Action::PersonAdded, Target::Person(person.id)).after(describe(&person));
    audit::record(tx, record).await?;
    if status == Status::Active {
        outbox::emit(tx, &Event::UserProvisioned(person.id)).await?;
    }
    Ok(person)
}

/// Changes name, address or the managing connection; nothing if all are the same.
pub(crate) async fn change_details(tx: &mut Tx, old: &Person, mut new: Person) -> Result<Person, store::Error> {
    if *old == new {
        return Ok(new);
    }
    new.updated_at = tx.now();
    tx.update_person(&new).await?;
    let record = Record::of(Action::PersonChanged, Target::Person(new.id));
    audit::record(tx, record.before(describe(old)).after(describe(&new))).await?;
    outbox::emit(tx, &Event::UserUpdated(new.id)).await?;
    Ok(new)
}

/// Ends a person's access at once. Never held back: not even for the last Organization admin, who is missed loudly.
///
/// What connections granted goes; it is computed anew if the person comes back.
pub(crate) async fn deactivate(tx: &mut Tx, old: &Person, by: DeactivatedBy) -> Result<Person, store::Error> {
    let organization = tx.organization();
    // Once an Organization admin has spoken, what the IdP says changes nothing.
    if old.deactivated_by == Some(by) || old.deactivated_by == Some(DeactivatedBy::Admin) {
        return Ok(old.clone());
    }
    let before = grants::effective(tx, organization, old.id).await?;
    let person = Person { status: Status::Deactivated, deactivated_by: Some(by), updated_at: tx.now(), ..old.clone() };
    tx.update_person(&person).await?;
    for grant in tx.grants(organization, old.id).await? {
        if grant.source != GrantSource::Manual {
            tx.delete_grant(grant.id).await?;
        }
    }
    if old.status == Status::Deactivated {
        // Without access already: only the reason changes.
        let record = Record::of(Action::PersonChanged, Target::Person(person.id));
        audit::record(tx, record.before(describe(old)).after(describe(&person))).await?;
        return Ok(person);
    }
    let record = Record::of(Action::PersonDeactivated, Target::Person(person.id));
    audit::record(tx, record.before(describe(old)).after(describe(&person)).because(by.as_str())).await?;
    outbox::emit(tx, &Event::UserDeactivated(person.id)).await?;
    sign_in::end_for(tx, person.id, "the person was deactivated").await?;
    invitations::revoke_for(tx, &person.email_key, "the person was deactivated").await?;
    join_requests::withdraw_for(tx, &person.email_key, "the person was deactivated").await?;
    grants::note_change(tx, person.id, &before, "deactivated").await?;
    if before.contains(&Permission::OrganizationAdmin)
        && tx.other_organization_admins(organization, person.id).await? == 0
    {
        tracing::warn!(organization.id = %organization, person.id = %person.id,
            "the last Organization admin was deactivated; nobody can decide about this organization now");
        outbox::emit(tx, &Event::LastAdminDeactivated(organization)).await?;
    }
    Ok(person)
}

/// Gives a person access again: edit permissions that people gave come back, admin roles that people gave are held
/// until an Organization admin looks at them, which should be by the deadline.
pub(crate) async fn reactivate(tx: &mut Tx, old: &Person, deadline: Timestamp) -> Result<Person, store::Error> {
    if old.status == Status::Active {
        return Ok(old.clone());
    }
    let organization = tx.organization();
    let person = Person { status: Status::Active, deactivated_by: None, updated_at: tx.now(), ..old.clone() };
    for mut grant in tx.grants(organization, old.id).await? {
        let admin = matches!(grant.permission.as_str(), "organization_admin" | "billing_admin");
        if grant.source == GrantSource::Manual && admin && grant.state == GrantState::Effective {
            grant.state = GrantState::Held;
            grant.reason = Some("reactivated".to_owned());
            grant.hold = Hold {
                held_at: Some(tx.now()),
                held_request_id: Some(tx.author().request),
                deadline_at: Some(deadline),
                ..Hold::default()
            };
            tx.set_grant_state(&grant).await?;
            outbox::emit(tx, &Event::ChangeHeld(person.id, "reactivated".to_owned())).await?;
        }
    }
    tx.update_person(&person).await?;
    let record = Record::of(Action::PersonReactivated, Target::Person(person.id));
    audit::record(tx, record.before(describe(old)).after(describe(&person))).await?;
    outbox::emit(tx, &Event::UserReactivated(person.id)).await?;
    grants::note_change(tx, person.id, &[], "reactivated").await?;
    Ok(person)
}

fn describe(person: &Person) -> serde_json::Value {
    json!({
        "email": person.email,
        "displayName": person.display_name,
        "status": person.status,
        "managedBy": person.managed_by,
    })
}
