//! People: the one way somebody becomes one, is deactivated and comes back. Does not know why; whoever calls says.

use serde_json::json;

use super::email::Email;
use super::grants;
use super::permissions::Permission;
use crate::audit::{self, Action, Record, Target};
use crate::ids::ConnectionId;
use crate::outbox::{self, Event};
use crate::store::grants::{GrantSource, GrantState};
pub use crate::store::people::{DeactivatedBy, Person, Status};
use crate::store::{self, Tx};

/// Makes somebody a person of the organization, whatever door they came through.
pub(crate) async fn admit(
    tx: &mut Tx,
    email: &Email,
    display_name: &str,
    managed_by: ConnectionId,
) -> Result<Person, store::Error> {
    let person = Person {
        id: tx.id(),
        email: email.as_written().to_owned(),
        email_key: email.key().to_owned(),
        display_name: display_name.to_owned(),
        status: Status::Active,
        deactivated_by: None,
        managed_by: Some(managed_by),
        created_at: tx.now(),
        updated_at: tx.now(),
    };
    tx.insert_person(&person).await?;
    let record = Record::of(Action::PersonAdded, Target::Person(person.id)).after(describe(&person));
    audit::record(tx, record).await?;
    outbox::emit(tx, &Event::UserProvisioned(person.id)).await?;
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
/// until an Organization admin looks at them.
pub(crate) async fn reactivate(tx: &mut Tx, old: &Person) -> Result<Person, store::Error> {
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
