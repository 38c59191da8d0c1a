//! The bridge: makes what a person has in the directory follow from what their User asserts, by the rules of now.
//! Works on one User at a time, in the transaction that changed it; costs what that User's groups cost. What is lost
//! is collected first and decided together, so that the guard sees all of it.

mod changes;
mod losses;

use serde_json::{Map, Value};

use super::ceiling::Ceiling;
use super::rules::Rule;
use super::view::{asserted_name, name_of, shown_name};
use super::{Error, Guards, guard, links};
use crate::clock::Timestamp;
use crate::directory::email::Email;
use crate::directory::people::{self, DeactivatedBy, Person, Status};
use crate::directory::permissions::Permission;
use crate::ids::{ConnectionId, ResourceId, RuleId};
use crate::outbox::{self, Event};
use crate::scim::resource;
use crate::store::connections::{Connection, ConnectionState};
use crate::store::grants::GrantSource;
use crate::store::links::{Link, LinkState};
use crate::store::resources::{ResourceKind, ResourceRow};
use crate::store::{self, Reader, Tx};

/// The rules and the ceiling of a connection, read once in a transaction.
pub(super) struct Reconciler {
    connection: Connection,
    ceiling: Ceiling,
    rules: Vec<Rule>,
    guards: Guards,
    /// Whether an IdP asks; what a person decided has been looked at already.
    guarded: bool,
}

/// Something that rules, or the User itself, say a person should have.
pub(super) struct Wanted {
    pub(super) permission: Permission,
    source: GrantSource,
    rule: Option<RuleId>,
    group: Option<ResourceId>,
    attribute: Option<String>,
}

impl Reconciler {
    /// For a call of the connection of this id: what people lose by it is guarded.
    pub(super) async fn of(tx: &mut Tx, connection: ConnectionId, guards: &Guards) -> Result<Self, Error> {
        let organization = tx.organization();
        let found = tx.connection_by_id(organization, connection).await?;
        // Resources and callers refer to a connection by a foreign key.
        let connection = found.ok_or(store::Error::Corrupt { table: "resources", column: "connection_id" })?;
        Ok(Self { guarded: true, ..Self::load(tx, connection, guards).await? })
    }

    /// For what a person decided: what people lose by it has been looked at already.
    pub(super) async fn load(reader: &mut Reader, connection: Connection, guards: &Guards) -> Result<Self, Error> {
        let rows = reader.rules(connection.organization_id, connection.id).await?;
        let ceiling = Ceiling::parse(&connection.may_grant)?;
        let rules = rows.iter().filter_map(Rule::read).collect();
        Ok(Self { ceiling, rules, connection, guards: *guards, guarded: false })
    }

    /// The connection that it is of.
    pub(super) const fn connection(&self) -> ConnectionId {
        self.connection.id
    }

    /// Whether anything that the connection says reaches people: not before it is activated.
    pub(super) fn reaches_people(&self) -> bool {
        self.connection.state != ConnectionState::Pending
    }

    /// Whether any rule looks at a group; if none does, its members need no look either.
    pub(super) fn concerns(&self, group: ResourceId, name: &str) -> bool {
        self.rules.iter().any(|rule| rule.of_group(group, name).is_some())
    }

    /// Brings these Users' people up to date.
    pub(super) async fn users(
        &self,
        tx: &mut Tx,
        users: impl IntoIterator<Item = ResourceId>,
        why: &str,
    ) -> Result<(), Error> {
        let organization = tx.organization();
        let mut losses = Vec::new();
        for id in users {
            if let Some(row) = tx.resource(organization, self.connection.id, id).await?
                && row.kind == ResourceKind::User
            {
                let document = super::view::document_of(&row)?;
                losses.extend(self.gains(tx, &row, &document, why).await?);
            }
        }
        self.lose(tx, losses, why).await
    }

    /// Brings the person of a User up to date, if its link is made: nothing that the IdP sends about a User whose
    /// link is held, or kept apart, touches anybody.
    pub(super) async fn user(
        &self,
        tx: &mut Tx,
        row: &ResourceRow,
        document: &Map<String, Value>,
        why: &str,
    ) -> Result<(), Error> {
        let losses = self.gains(tx, row, document, why).await?.into_iter().collect();
        self.lose(tx, losses, why).await
    }

    /// Status, details and gains of the person of a User; answers what they would lose.
    async fn gains(
        &self,
        tx: &mut Tx,
        row: &ResourceRow,
        document: &Map<String, Value>,
        why: &str,
    ) -> Result<Option<losses::Loss>, Error> {
        let organization = tx.organization();
        let Some(link) = tx.link(organization, row.id).await? else { return Ok(None) };
        let (LinkState::Linked, Some(person)) = (link.state, link.person_id) else { return Ok(None) };
        let Some(person) = tx.person(organization, person).await? else { return Ok(None) };
        if !row.active && link.overruled_at.is_none() {
            self.deactivate(tx, &person, DeactivatedBy::Idp).await?;
            return Ok(None);
        }
        let person = self.details(tx, link, person, document).await?;
        if person.deactivated_by == Some(DeactivatedBy::Admin) {
            // What an Organization admin ended, no IdP begins again.
            return Ok(None);
        }
        let person = people::reactivate(tx, &person, self.deadline(tx)).await?;
        let wanted = self.wanted(tx, row, document).await?;
        self.change(tx, &person, wanted, why).await
    }

    /// Ends a person's access because the IdP says so; never held back, but many of them are an alarm.
    pub(super) async fn deactivate(&self, tx: &mut Tx, person: &Person, by: DeactivatedBy) -> Result<(), Error> {
        let now = people::deactivate(tx, person, by).await?;
        if self.guarded && person.status == Status::Active && now.status == Status::Deactivated {
            guard::deactivation(tx, &self.connection, &self.guards, person.id).await?;
        }
        Ok(())
    }

    /// Ends what a User gave a person, because the IdP deleted it.
    pub(super) async fn resource_deleted(&self, tx: &mut Tx, link: Option<Link>) -> Result<(), Error> {
        let Some(Link { state: LinkState::Linked, person_id: Some(person), .. }) = link else { return Ok(()) };
        let organization = tx.organization();
        if let Some(person) = tx.person(organization, person).await? {
            self.deactivate(tx, &person, DeactivatedBy::ResourceDeleted).await?;
            outbox::emit(tx, &Event::UserDeleted(person.id)).await?;
        }
        Ok(())
    }

    /// By when somebody should have decided what is held now.
    fn deadline(&self, tx: &Tx) -> Timestamp {
        tx.now().plus(self.guards.hold_deadline)
    }

    /// Name and address as the IdP has them now.
    async fn details(
        &self,
        tx: &mut Tx,
        link: Link,
        person: Person,
        document: &Map<String, Value>,
    ) -> Result<Person, Error> {
        let mut new = person.clone();
        new.managed_by = Some(self.connection.id);
        // A User without a name says nothing about the name that the person has already, unless that stood in for one.
        if let Some(name) = asserted_name(document) {
            new.display_name = name;
        } else if person.display_name == person.email {
            new.display_name = shown_name(document);
        }
        let mut held = None;
        if let Some(email) = links::address(document) {
            let reason = self.why_the_address_stays(tx, &person, &email).await?;
            held = reason.map(|reason| (reason, email.key().to_owned()));
            if held.is_none() {
                email.as_written().clone_into(&mut new.email);
                email.key().clone_into(&mut new.email_key);
            }
        }
        self.note_held_address(tx, link, held).await?;
        Ok(people::change_details(tx, &person, new).await?)
    }

    /// Keeps with the link that an address waits, and which; what was decided about one address says nothing about
    /// another.
    async fn note_held_address(
        &self,
        tx: &mut Tx,
        link: Link,
        held: Option<(&'static str, String)>,
    ) -> Result<(), store::Error> {
        let as_it_was = match &held {
            None => link.reason.is_none(),
            Some((reason, key)) => link.reason.as_deref() == Some(*reason) && link.address_key.as_ref() == Some(key),
        };
        if as_it_was {
            return Ok(());
        }
        let resource = link.resource_id;
        let is_held = held.is_some();
        let (reason, address_key) = held.unzip();
        tx.put_link(&Link {
            reason: reason.map(ToOwned::to_owned),
            address_key,
            request_id: tx.author().request,
            created_at: tx.now(),
            deadline_at: is_held.then(|| self.deadline(tx)),
            decided_by: None,
            decided_at: None,
            ..link
        })
        .await?;
        if is_held {
            outbox::emit(tx, &Event::LinkHeld(resource)).await?;
        }
        Ok(())
    }

    /// Why the IdP's address does not become the person's: nobody's address moves to one that is somebody else's, or
    /// that the organization has not proven to be its own (T11).
    async fn why_the_address_stays(
        &self,
        tx: &mut Tx,
        person: &Person,
        email: &Email,
    ) -> Result<Option<&'static str>, store::Error> {
        if email.key() == person.email_key {
            return Ok(None);
        }
        let organization = tx.organization();
        if tx.person_by_email(organization, email.key()).await?.is_some() {
            return Ok(Some("address_taken"));
        }
        if tx.is_verified_domain(organization, email.domain().as_str()).await? {
            return Ok(None);
        }
        // Somebody whom only this connection vouched for, at an address that was never proven, and to whom nobody
        // gave anything by hand, loses nothing when the IdP mends a typing error.
        let old = Email::parse(&person.email);
        let unproven = match &old {
            Some(old) => !tx.is_verified_domain(organization, old.domain().as_str()).await?,
            None => true,
        };
        let by_hand = tx.grants(organization, person.id).await?.iter().any(|grant| grant.source == GrantSource::Manual);
        Ok((!unproven || by_hand).then_some("address_unverified"))
    }

    /// Everything that rules and the User itself say the person should have.
    pub(super) async fn wanted(
        &self,
        reader: &mut Reader,
        row: &ResourceRow,
        document: &Map<String, Value>,
    ) -> Result<Vec<Wanted>, Error> {
        let mut wanted = Vec::new();
        if !self.rules.is_empty() {
            let organization = self.connection.organization_id;
            for group in reader.groups_of(organization, self.connection.id, row.id).await? {
                let name = name_of(&group.document).unwrap_or_default();
                for rule in &self.rules {
                    let gives = rule.of_group(group.id, &name).unwrap_or_default();
                    wanted.extend(gives.into_iter().map(|permission| Wanted {
                        permission,
                        source: GrantSource::RuleGroup,
                        rule: Some(rule.id),
                        group: Some(group.id),
                        attribute: None,
                    }));
                }
            }
        }
        for rule in &self.rules {
            if let Some((path, gives)) = rule.of_user(document) {
                wanted.extend(gives.iter().map(|permission| Wanted {
                    permission: permission.clone(),
                    source: GrantSource::RuleAttribute,
                    rule: Some(rule.id),
                    group: None,
                    attribute: Some(path.to_owned()),
                }));
            }
        }
        let roles = resource::roles(document).map(|value| ("roles", value));
        let entitlements = resource::entitlements(document).map(|value| ("entitlements", value));
        for (attribute, value) in roles.chain(entitlements) {
            // A value that is no permission is the IdP's own word; a rule may look at it.
            let Ok(permission) = value.parse() else { continue };
            wanted.push(Wanted {
                permission,
                source: GrantSource::Attribute,
                rule: None,
                group: None,
                attribute: Some(attribute.to_owned()),
            });
        }
        Ok(wanted)
    }
}

/// Whether somebody is there who has no access.
pub(super) const fn is_gone(person: &Person) -> bool {
    matches!(person.status, Status::Deactivated)
}
