//! The bridge: makes what a person has in the directory follow from what their User asserts, by the rules of now.
//! Works on one User at a time, in the transaction that changed it; costs what that User's groups cost.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::ceiling::Ceiling;
use super::rules::Rule;
use super::view::{name_of, shown_name};
use super::{Error, links};
use crate::directory::email::Email;
use crate::directory::facilities::{self, Place};
use crate::directory::people::{self, DeactivatedBy, Person, Status};
use crate::directory::permissions::Permission;
use crate::directory::{self, grants};
use crate::ids::{ConnectionId, FacilityId, ResourceId, RuleId};
use crate::outbox::{self, Event};
use crate::scim::{fold, resource};
use crate::store::connections::Connection;
use crate::store::grants::{Grant, GrantSource, GrantState};
use crate::store::links::{Link, LinkState};
use crate::store::resources::{ResourceKind, ResourceRow};
use crate::store::{self, Tx};

/// The rules and the ceiling of a connection, read once in a transaction.
pub(super) struct Reconciler {
    connection: Connection,
    ceiling: Ceiling,
    rules: Vec<Rule>,
}

/// Something that rules, or the User itself, say a person should have.
struct Wanted {
    permission: Permission,
    source: GrantSource,
    rule: Option<RuleId>,
    group: Option<ResourceId>,
    attribute: Option<String>,
}

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
    /// Of the connection of this id.
    pub(super) async fn of(tx: &mut Tx, connection: ConnectionId) -> Result<Self, Error> {
        let organization = tx.organization();
        let found = tx.connection_by_id(organization, connection).await?;
        // Resources and callers refer to a connection by a foreign key.
        let connection = found.ok_or(store::Error::Corrupt { table: "resources", column: "connection_id" })?;
        Self::load(tx, connection).await
    }

    pub(super) async fn load(tx: &mut Tx, connection: Connection) -> Result<Self, Error> {
        let rows = tx.rules(connection.organization_id, connection.id).await?;
        let ceiling = Ceiling::parse(&connection.may_grant)?;
        Ok(Self { ceiling, rules: rows.iter().filter_map(Rule::read).collect(), connection })
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
        for id in users {
            if let Some(row) = tx.resource(organization, self.connection.id, id).await?
                && row.kind == ResourceKind::User
            {
                let document = super::view::document_of(&row)?;
                self.user(tx, &row, &document, why).await?;
            }
        }
        Ok(())
    }

    /// Brings the person of a User up to date, if its link is made: nothing that the IdP sends about a User whose
    /// link is held touches anybody.
    pub(super) async fn user(
        &self,
        tx: &mut Tx,
        row: &ResourceRow,
        document: &Map<String, Value>,
        why: &str,
    ) -> Result<(), Error> {
        let organization = tx.organization();
        let Some(link) = tx.link(organization, row.id).await? else { return Ok(()) };
        let (LinkState::Linked, Some(person)) = (link.state, link.person_id) else { return Ok(()) };
        let Some(person) = tx.person(organization, person).await? else { return Ok(()) };
        if !row.active {
            people::deactivate(tx, &person, DeactivatedBy::Idp).await?;
            return Ok(());
        }
        let person = self.details(tx, link, person, document).await?;
        if person.deactivated_by == Some(DeactivatedBy::Admin) {
            // What an Organization admin ended, no IdP begins again.
            return Ok(());
        }
        let person = people::reactivate(tx, &person).await?;
        let wanted = self.wanted(tx, row, document).await?;
        self.grant(tx, &person, wanted, why).await
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
        new.display_name = shown_name(document);
        let mut held = None;
        if let Some(email) = links::address(document) {
            held = self.why_the_address_stays(tx, &person, &email).await?;
            if held.is_none() {
                email.as_written().clone_into(&mut new.email);
                email.key().clone_into(&mut new.email_key);
            }
        }
        if link.reason.as_deref() != held {
            let resource = link.resource_id;
            let request_id = tx.author().request;
            tx.put_link(&Link { reason: held.map(ToOwned::to_owned), request_id, ..link }).await?;
            if held.is_some() {
                outbox::emit(tx, &Event::LinkHeld(resource)).await?;
            }
        }
        Ok(people::change_details(tx, &person, new).await?)
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
    async fn wanted(
        &self,
        tx: &mut Tx,
        row: &ResourceRow,
        document: &Map<String, Value>,
    ) -> Result<Vec<Wanted>, Error> {
        let mut wanted = Vec::new();
        if !self.rules.is_empty() {
            let organization = tx.organization();
            for group in tx.groups_of(organization, self.connection.id, row.id).await? {
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

    /// Makes the person's grants of this connection those that are wanted.
    async fn grant(&self, tx: &mut Tx, person: &Person, wanted: Vec<Wanted>, why: &str) -> Result<(), Error> {
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
                    let as_it_was =
                        (same.state, &same.reason, same.facility_id) == (new.state, &new.reason, new.facility_id);
                    if kept.insert(same.id) && !as_it_was {
                        changed.push(Grant { id: same.id, ..new });
                    }
                }
                None if added.iter().any(|grant| identity(grant) == identity(&new)) => {}
                None => added.push(new),
            }
        }
        old.retain(|grant| !kept.contains(&grant.id));
        if old.is_empty() && added.is_empty() && changed.is_empty() {
            return Ok(());
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
        self.take_away(tx, person, old).await?;
        grants::note_change(tx, person.id, &before, why).await?;
        Ok(())
    }

    /// Deletes grants that nothing asserts any longer, but not the last Organization admin's role: that is held, and
    /// looked at again whenever the person is.
    async fn take_away(&self, tx: &mut Tx, person: &Person, grants: Vec<Grant>) -> Result<(), Error> {
        let organization = tx.organization();
        for grant in grants {
            let effective_admin = grant.permission == "organization_admin" && grant.state == GrantState::Effective;
            let last = effective_admin
                && !self.has_other_admin_grant(tx, person, &grant).await?
                && tx.other_organization_admins(organization, person.id).await? == 0;
            if !last {
                tx.delete_grant(grant.id).await?;
            } else if grant.reason.is_none() {
                let reason = "last_organization_admin".to_owned();
                tx.set_grant_state(&Grant { reason: Some(reason.clone()), ..grant }).await?;
                outbox::emit(tx, &Event::ChangeHeld(person.id, reason)).await?;
            }
        }
        Ok(())
    }

    async fn has_other_admin_grant(&self, tx: &mut Tx, person: &Person, lost: &Grant) -> Result<bool, store::Error> {
        let organization = tx.organization();
        Ok(tx.grants(organization, person.id).await?.iter().any(|grant| {
            grant.id != lost.id && grant.permission == lost.permission && grant.state == GrantState::Effective
        }))
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
        })
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
    ) -> Result<Option<&'static str>, directory::Error> {
        let right = permission.right();
        if !self.ceiling.allows(right) {
            return Ok(Some("ceiling"));
        }
        if right == directory::permissions::Right::Edit {
            return Ok(None);
        }
        let organization = tx.organization();
        let verified = match Email::parse(&person.email) {
            Some(email) => tx.is_verified_domain(organization, email.domain().as_str()).await?,
            None => false,
        };
        Ok((!verified).then_some("unverified_domain"))
    }
}

/// Ends what a User gave a person, because the IdP deleted it.
pub(super) async fn resource_deleted(tx: &mut Tx, link: Option<Link>) -> Result<(), Error> {
    let Some(Link { state: LinkState::Linked, person_id: Some(person), .. }) = link else { return Ok(()) };
    let organization = tx.organization();
    if let Some(person) = tx.person(organization, person).await? {
        people::deactivate(tx, &person, DeactivatedBy::ResourceDeleted).await?;
        outbox::emit(tx, &Event::UserDeleted(person.id)).await?;
    }
    Ok(())
}

/// Whether somebody is there who has no access.
pub(super) const fn is_gone(person: &Person) -> bool {
    matches!(person.status, Status::Deactivated)
}
