//! What an Organization admin decides about a person whom an IdP manages: that it no longer does, and that they come
//! back. What would come of it is told before it is done.

use serde_json::json;

use super::conflicts::decided;
use super::holds::{by_hand, conflict};
use super::{Error, Provisioning};
use crate::audit::{self, Action, Record, Target};
use crate::auth::Actor;
use crate::directory::edit::{Effects, Really};
use crate::directory::grants;
use crate::directory::people::{self, DeactivatedBy, Person};
use crate::outbox::{self, Event};
use crate::store::Tx;
use crate::store::grants::GrantState;
use crate::store::links::{Link, LinkState};

impl Provisioning {
    /// Ends that a connection manages a person. What it gave goes, or with `keep` becomes what the author gives by hand;
    /// nothing that the IdP says reaches the person any longer.
    pub async fn detach(
        &self,
        actor: &Actor,
        organization: Option<&str>,
        email: &str,
        keep: bool,
        really: Really,
    ) -> Result<Effects, Error> {
        let (organization, person) = self.directory.find_person(organization, email).await?;
        let mut tx = self.directory.begin(actor, organization.id).await?;
        let person = tx.person(organization.id, person.id).await?.unwrap_or(person);
        let link = tx.link_of_person(organization.id, person.id).await?;
        let Some(connection) = link.as_ref().map(|link| link.connection_id).or(person.managed_by) else {
            return Err(conflict(format!("{} is managed by no connection", person.email)));
        };
        let key = tx.connection_by_id(organization.id, connection).await?.map(|row| row.key).unwrap_or_default();
        let before = grants::effective(&mut tx, organization.id, person.id).await?;
        let_go(&mut tx, &person, link, keep, "detached").await?;
        let after = grants::effective(&mut tx, organization.id, person.id).await?;
        let mut notes = vec![
            format!("«{key}» no longer manages {}: nothing it sends reaches them, deactivation neither", person.email),
            "name and address can be edited here".to_owned(),
        ];
        notes.extend(keep.then(|| "what the connection gave stays, given by you".to_owned()));
        let effects = Effects { person: person.email, before, after, notes, done: really == Really::Yes };
        if really == Really::Yes {
            tx.commit().await?;
        }
        Ok(effects)
    }

    /// Gives a person access again whom an Organization admin deactivated, or whose resource the IdP deleted.
    pub async fn reactivate(
        &self,
        actor: &Actor,
        organization: Option<&str>,
        email: &str,
        really: Really,
    ) -> Result<Effects, Error> {
        let (organization, person) = self.directory.find_person(organization, email).await?;
        let mut tx = self.directory.begin(actor, organization.id).await?;
        let person = tx.person(organization.id, person.id).await?.unwrap_or(person);
        let link = tx.link_of_person(organization.id, person.id).await?;
        let inactive = match &link {
            Some(link) => {
                let row = tx.resource(organization.id, link.connection_id, link.resource_id).await?;
                link.overruled_at.is_none() && row.is_some_and(|row| !row.active)
            }
            None => false,
        };
        if person.deactivated_by.is_none() {
            return Err(conflict(format!("{} is not deactivated", person.email)));
        }
        if inactive {
            let words = format!(
                "the IdP says that {} is not active; activate them there, or detach them first with \
                 «secaro-gateway person detach {0}»",
                person.email
            );
            return Err(conflict(words));
        }
        let deadline = tx.now().plus(self.guards.hold_deadline);
        let mut notes = Vec::new();
        let mut now = person.clone();
        if link.is_none() && person.managed_by.is_some() {
            // The resource is gone: nobody manages them any longer.
            now = people::change_details(&mut tx, &person, Person { managed_by: None, ..person.clone() }).await?;
            notes.push("no connection manages them any longer".to_owned());
        }
        people::reactivate(&mut tx, &now, deadline).await?;
        if let Some(link) = &link {
            self.reconcile_person(&mut tx, link.connection_id, person.id, "reactivated").await?;
            notes.push("what the connection gives is computed by the rules of now".to_owned());
        }
        let held = tx.grants(organization.id, person.id).await?.into_iter();
        let held = held.filter(|grant| grant.state == GrantState::Held && grant.hold.decision.is_none()).count();
        if held > 0 {
            notes.push(format!(
                "{held} held: «secaro-gateway held list» shows what an Organization admin has to confirm"
            ));
        }
        let after = grants::effective(&mut tx, organization.id, person.id).await?;
        let effects = Effects { person: person.email, before: Vec::new(), after, notes, done: really == Really::Yes };
        if really == Really::Yes {
            tx.commit().await?;
        }
        Ok(effects)
    }
}

/// Ends that a connection manages a person: the grants go or are kept by hand, the User is kept apart.
pub(super) async fn let_go(
    tx: &mut Tx,
    person: &Person,
    link: Option<Link>,
    keep: bool,
    why: &str,
) -> Result<(), Error> {
    let organization = tx.organization();
    let Some(connection) = link.as_ref().map(|link| link.connection_id).or(person.managed_by) else { return Ok(()) };
    let before = grants::effective(tx, organization, person.id).await?;
    for grant in tx.grants(organization, person.id).await? {
        if grant.connection_id != Some(connection) {
            continue;
        }
        if keep && grant.state == GrantState::Effective {
            by_hand(tx, &grant).await?;
        } else {
            tx.delete_grant(grant.id).await?;
        }
    }
    tx.delete_allowances(connection, person.id).await?;
    let resource = link.as_ref().map(|link| link.resource_id);
    if let Some(link) = link {
        let apart = Link { state: LinkState::Apart, reason: None, overruled_at: None, ..decided(tx, link) };
        tx.put_link(&apart).await?;
    }
    people::change_details(tx, person, Person { managed_by: None, ..person.clone() }).await?;
    let record = Record::of(Action::PersonDetached, Target::Person(person.id));
    let before_it = json!({ "connection": connection, "resource": resource });
    audit::record(tx, record.before(before_it).after(json!({ "kept": keep }))).await?;
    outbox::emit(tx, &Event::UserDetached(person.id)).await?;
    Ok(grants::note_change(tx, person.id, &before, why).await?)
}

/// Whether an IdP ended a person's access.
pub(super) const fn ended_by_idp(person: &Person) -> bool {
    matches!(person.deactivated_by, Some(DeactivatedBy::Idp | DeactivatedBy::ResourceDeleted))
}
