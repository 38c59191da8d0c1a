//! The linking table: which person a User stands for, decided in one function, in the transaction that reads the
//! domain's and the person's state. Never takes somebody over silently, never loops on a 409.

use serde_json::{Map, Value};

use super::reconcile::is_gone;
use super::view::shown_name;
use super::{Error, Guards};
use crate::audit::{self, Action, Record, Target};
use crate::directory::email::Email;
use crate::directory::invitations::{self, ClosedBy};
use crate::directory::join_requests;
use crate::directory::people::{self, DeactivatedBy, Door, Person, Status};
use crate::ids::{ConnectionId, PersonId};
use crate::outbox::{self, Event};
use crate::scim::resource;
use crate::store::grants::GrantState;
use crate::store::links::{Link, LinkState};
use crate::store::people::Person as Row;
use crate::store::resources::ResourceRow;
use crate::store::{self, Tx};

/// What is decided about a User.
enum Decision {
    /// Nobody has the address: a new person.
    New(Email),
    /// That person.
    Existing(Person),
    /// An Organization admin decides.
    Held(Option<PersonId>, &'static str),
}

impl Decision {
    /// Who it is, or might be.
    const fn person(&self) -> Option<PersonId> {
        match self {
            Self::New(_) => None,
            Self::Existing(person) => Some(person.id),
            Self::Held(person, _) => *person,
        }
    }
}

/// The usable address of a User: its primary or work e-mail, else a `userName` that is one.
pub(super) fn address(document: &Map<String, Value>) -> Option<Email> {
    let asserted = resource::primary_email(document).and_then(Email::parse);
    asserted.or_else(|| Email::parse(resource::user_name(document)))
}

/// Decides the link of a new User, or of one whose link is held or kept apart and whose address changed.
pub(super) async fn decide(
    tx: &mut Tx,
    guards: &Guards,
    row: &ResourceRow,
    document: &Map<String, Value>,
    old: Option<Link>,
) -> Result<(), Error> {
    let (connection, id) = (row.connection_id, row.id);
    let address = address(document);
    let address_key = address.as_ref().map(|email| email.key().to_owned());
    let decision = decision(tx, connection, address).await?;
    if let Some(old) = old.filter(|old| old.state == LinkState::Apart)
        && decision.person() == old.person_id
    {
        // Somebody decided that this User is not that person, whatever address led back to them.
        return Ok(());
    }
    let mut link = Link {
        resource_id: id,
        connection_id: connection,
        person_id: None,
        state: LinkState::Linked,
        reason: None,
        request_id: tx.author().request,
        created_at: tx.now(),
        address_key: None,
        deadline_at: None,
        decided_by: None,
        decided_at: None,
        overruled_at: None,
    };
    match decision {
        Decision::New(email) => {
            let name = shown_name(document);
            let person = people::admit(tx, Door::Idp(connection), &email, &name).await?;
            link.person_id = Some(person.id);
            tx.put_link(&link).await?;
            close_other_doors(tx, guards, row, &person).await?;
        }
        Decision::Existing(person) => {
            link.person_id = Some(person.id);
            tx.put_link(&link).await?;
            let managed = Row { managed_by: Some(connection), ..person.clone() };
            people::change_details(tx, &person, managed).await?;
            let record = Record::of(Action::LinkMade, Target::Person(person.id));
            audit::record(tx, record.after(serde_json::json!({ "resource": id }))).await?;
            outbox::emit(tx, &Event::UserLinked(person.id)).await?;
            close_other_doors(tx, guards, row, &person).await?;
        }
        Decision::Held(person, reason) => {
            link.person_id = person;
            link.state = LinkState::Held;
            link.reason = Some(reason.to_owned());
            link.address_key = address_key;
            link.deadline_at = Some(tx.now().plus(guards.hold_deadline));
            tx.put_link(&link).await?;
            let record = Record::of(Action::LinkHeld, Target::Resource(id)).because(reason);
            audit::record(tx, record.after(serde_json::json!({ "person": person }))).await?;
            outbox::emit(tx, &Event::LinkHeld(id)).await?;
        }
    }
    Ok(())
}

/// Whoever asked or was asked to join by another door came by this one; where the IdP says that they are not active,
/// the other doors are shut with this one.
pub(super) async fn close_other_doors(
    tx: &mut Tx,
    guards: &Guards,
    row: &ResourceRow,
    person: &Person,
) -> Result<(), Error> {
    if !row.active {
        return Ok(());
    }
    join_requests::close_for(tx, person).await?;
    let deadline = tx.now().plus(guards.hold_deadline);
    Ok(invitations::close_for(tx, person, ClosedBy::Provisioning(deadline)).await?)
}

/// The IdP speaks of `active` again: that it was overruled is over. Whether it was.
pub(super) async fn speaks_again(tx: &mut Tx, row: &ResourceRow) -> Result<bool, store::Error> {
    let organization = tx.organization();
    let Some(link) = tx.link(organization, row.id).await? else { return Ok(false) };
    if link.overruled_at.is_none() {
        return Ok(false);
    }
    tx.put_link(&Link { overruled_at: None, ..link }).await?;
    let record = Record::of(Action::ResourceChanged, Target::Resource(row.id));
    audit::record(tx, record.because("the IdP speaks of «active» again, so it is no longer overruled")).await?;
    Ok(true)
}

async fn decision(tx: &mut Tx, connection: ConnectionId, email: Option<Email>) -> Result<Decision, store::Error> {
    let organization = tx.organization();
    let Some(email) = email else { return Ok(Decision::Held(None, "no_address")) };
    let Some(person) = tx.person_by_email(organization, email.key()).await? else { return Ok(Decision::New(email)) };
    let held = |reason| Ok(Decision::Held(Some(person.id), reason));
    if let Some(link) = tx.link_of_person(organization, person.id).await? {
        return held(if link.connection_id == connection { "already_linked" } else { "other_connection" });
    }
    if person.status == Status::Invited {
        return Ok(Decision::Existing(person));
    }
    if person.deactivated_by == Some(DeactivatedBy::Admin) {
        return held("deactivated_by_admin");
    }
    let returns = is_gone(&person) && person.managed_by == Some(connection);
    if returns {
        // The same connection deleted the resource and makes it anew; admin roles given by hand are held when the
        // person is reactivated.
        return Ok(Decision::Existing(person));
    }
    if is_admin(tx, &person).await? {
        return held("existing_admin");
    }
    if !tx.is_verified_domain(organization, email.domain().as_str()).await? {
        return held("existing_person");
    }
    Ok(Decision::Existing(person))
}

/// Whether a person holds an admin role, or would if they came back.
async fn is_admin(tx: &mut Tx, person: &Person) -> Result<bool, store::Error> {
    let organization = tx.organization();
    Ok(tx.grants(organization, person.id).await?.iter().any(|grant| {
        grant.state != GrantState::Dormant
            && matches!(grant.permission.as_str(), "organization_admin" | "billing_admin")
    }))
}
