//! What people change about a person: name, address, permissions given by hand, and access. Never what an IdP is the
//! one to say.

use serde::Serialize;

use super::deciding::Deciding;
use super::email::Email;
use super::explain::Explanation;
use super::facilities::{self, Place};
use super::organizations::required_text;
use super::people::{self, DeactivatedBy, Person, Status};
use super::permissions::{Permission, Right};
use super::{Directory, Error, grants};
use crate::auth::Actor;
use crate::ids::{ConnectionId, FacilityId, OrganizationId};
use crate::scim::{Dialect, fold};
use crate::store::Tx;
use crate::store::grants::{GrantSource, GrantState};

/// What to change; what is not named stays.
#[derive(Debug, Clone, Default)]
pub struct Edit {
    /// The name.
    pub name: Option<String>,
    /// The address.
    pub email: Option<String>,
    /// Everything they can edit; none is nothing.
    pub can_edit: Option<Vec<Permission>>,
    /// Everything they are admin for; none is nothing.
    pub admin_for: Option<Vec<Permission>>,
    /// Permissions to give besides.
    pub give: Vec<Permission>,
    /// Permissions to take.
    pub take: Vec<Permission>,
}

impl Edit {
    /// What makes these all that somebody was given by hand of a kind; what connections give stays as it is.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for a permission of another kind.
    pub fn by_hand(found: &Explanation, wanted: Vec<Permission>, admin: bool) -> Result<Self, Error> {
        let of_kind = |permission: &Permission| (permission.right() == Right::Edit) != admin;
        if let Some(other) = wanted.iter().find(|permission| !of_kind(permission)) {
            return Err(Error::Invalid(format!("«{other}» is not of that kind; choose from the list")));
        }
        let now: Vec<Permission> = found.by_hand().into_iter().filter(of_kind).collect();
        let take = now.iter().filter(|permission| !wanted.contains(permission)).cloned().collect();
        let give = wanted.into_iter().filter(|permission| !now.contains(permission)).collect();
        Ok(Self { give, take, ..Self::default() })
    }

    fn is_only_a_name(&self) -> bool {
        self.name.is_some()
            && self.email.is_none()
            && self.can_edit.is_none()
            && self.admin_for.is_none()
            && self.give.is_empty()
            && self.take.is_empty()
    }
}

/// Whether something is done, or only told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Really {
    /// It is done.
    Yes,
    /// What would come of it is told.
    JustTell,
}

/// What a decision about a person comes to.
#[derive(Debug, Clone, Serialize)]
pub struct Effects {
    /// Whom it is about.
    pub person: String,
    /// What they could do before.
    pub before: Vec<Permission>,
    /// What they can do afterwards.
    pub after: Vec<Permission>,
    /// What else comes of it, each in a sentence.
    pub notes: Vec<String>,
    /// Whether it is done.
    pub done: bool,
}

impl Directory {
    /// Changes name, address and what was given by hand. An Organization admin may change anybody's; everybody may
    /// change their own name, and no more: an address is what invitations and links go to.
    pub async fn edit_person(
        &self,
        actor: &Actor,
        organization: Option<&str>,
        email: &str,
        edit: &Edit,
    ) -> Result<Explanation, Error> {
        let (organization, person) = self.find_person(organization, email).await?;
        let mut tx = match actor {
            Actor::Member(member) if member.person() == person.id && edit.is_only_a_name() => {
                self.begin_as_oneself(member).await?
            }
            _ => self.begin(actor, organization.id).await?,
        };
        let person = tx.person(organization.id, person.id).await?.unwrap_or(person);
        let person = change_details(&mut tx, person, edit).await?;
        change_grants(&mut tx, &person, edit).await?;
        tx.commit().await?;
        self.explain(Some(&organization.key), &person.email).await
    }

    /// Ends a person's access. Nobody but an Organization admin begins it again.
    pub async fn deactivate_person(
        &self,
        actor: &Actor,
        organization: Option<&str>,
        email: &str,
        really: Really,
    ) -> Result<Effects, Error> {
        let (organization, person) = self.find_person(organization, email).await?;
        let mut tx = self.begin(actor, organization.id).await?;
        let person = tx.person(organization.id, person.id).await?.unwrap_or(person);
        if person.deactivated_by == Some(DeactivatedBy::Admin) {
            return Err(Error::Conflict(format!("an Organization admin deactivated {} already", person.email)));
        }
        let before = grants::effective(&mut tx, organization.id, person.id).await?;
        let mut notes = vec!["sign-in links, invitations and pending join requests of the address end".to_owned()];
        let given = tx.grants(organization.id, person.id).await?;
        if given.iter().any(|grant| grant.source == GrantSource::Manual) {
            notes.push("what people gave is kept for a reactivation; admin roles are confirmed anew then".to_owned());
        }
        if let Some(connection) = person.managed_by {
            notes.extend(while_managed(&mut tx, organization.id, connection).await?);
        }
        notes.push("they stay on the list of people".to_owned());
        people::deactivate(&mut tx, &person, DeactivatedBy::Admin).await?;
        let effects = Effects { person: person.email, before, after: Vec::new(), notes, done: really == Really::Yes };
        if really == Really::Yes {
            tx.commit().await?;
        }
        Ok(effects)
    }
}

/// What the IdP of somebody whom an Organization admin deactivates will do, and what comes of it.
async fn while_managed(
    tx: &mut Deciding,
    organization: OrganizationId,
    connection: ConnectionId,
) -> Result<Vec<String>, Error> {
    let Some(connection) = tx.connection_by_id(organization, connection).await? else { return Ok(Vec::new()) };
    let speaks = match connection.dialect {
        Dialect::Entra => "Entra speaks about every 40 minutes",
        Dialect::Okta => "Okta speaks when something changes there",
        Dialect::Generic => "when something changes there, or by its schedule",
    };
    let key = connection.key;
    Ok(vec![
        format!(
            "{key} is not told, and may send them as active at its next sync ({speaks}); it gets its answer, and they stay \
             deactivated: only an Organization admin reactivates them"
        ),
        format!(
            "what {key} changes until then, name and groups, is kept, and gives something again at a reactivation, by the \
             rules of then"
        ),
        "deactivate them at the identity provider too, so that both say the same".to_owned(),
    ])
}

async fn change_details(tx: &mut Deciding, person: Person, edit: &Edit) -> Result<Person, Error> {
    if edit.name.is_none() && edit.email.is_none() {
        return Ok(person);
    }
    let organization = tx.organization();
    if let Some(connection) = person.managed_by {
        let key = tx.connection_by_id(organization, connection).await?.map(|row| row.key).unwrap_or_default();
        let words = format!(
            "{0} is managed by «{key}»; change name and address there, or detach them first with \
             «secaro-gateway person detach {0}»",
            person.email
        );
        return Err(Error::Conflict(words));
    }
    let mut new = person.clone();
    if let Some(name) = &edit.name {
        new.display_name = required_text("The name", name)?;
    }
    if let Some(text) = &edit.email {
        let email = Email::parse(text)
            .ok_or_else(|| Error::Invalid(format!("«{text}» is no e-mail address; write it like ada@example.org")))?;
        if let Some(other) = tx.person_by_email(organization, email.key()).await?
            && other.id != person.id
        {
            return Err(Error::Conflict(format!("{} is another person's address", email.as_written())));
        }
        email.as_written().clone_into(&mut new.email);
        email.key().clone_into(&mut new.email_key);
    }
    Ok(people::change_details(tx, &person, new).await?)
}

async fn change_grants(tx: &mut Tx, person: &Person, edit: &Edit) -> Result<(), Error> {
    let asks = edit.can_edit.is_some() || edit.admin_for.is_some() || !edit.give.is_empty() || !edit.take.is_empty();
    if !asks {
        return Ok(());
    }
    if person.status != Status::Active {
        let words = format!("{} is not active; permissions are given to active people", person.email);
        return Err(Error::Conflict(words));
    }
    let organization = tx.organization();
    let (mut give, mut take) = (edit.give.clone(), Vec::new());
    for permission in &edit.take {
        take.push((permission.name(), facility_of(tx, permission).await?));
    }
    let now = tx.grants(organization, person.id).await?;
    let in_force = |state: GrantState| state != GrantState::Held;
    for (wanted, is_edit) in [(&edit.can_edit, true), (&edit.admin_for, false)] {
        let Some(wanted) = wanted else { continue };
        let mut meant = Vec::new();
        for permission in wanted {
            if (permission.right() == Right::Edit) != is_edit {
                let words = "is not of that kind; Can edit and Admin for each take their own permissions";
                return Err(Error::Invalid(format!("«{permission}» {words}")));
            }
            let facility = facility_of(tx, permission).await?;
            meant.push((permission.name(), facility));
            let has = now.iter().any(|grant| {
                grant.state == GrantState::Effective
                    && (grant.permission.as_str(), grant.facility_id) == (permission.name(), facility)
            });
            if !has {
                give.push(permission.clone());
            }
        }
        for grant in now.iter().filter(|grant| in_force(grant.state)) {
            let Some(permission) = Permission::of(&grant.permission, Some("")) else { continue };
            let key = (permission.name(), grant.facility_id);
            if (permission.right() == Right::Edit) == is_edit && !meant.contains(&key) && !take.contains(&key) {
                take.push(key);
            }
        }
    }
    let before = grants::effective(tx, organization, person.id).await?;
    let mut taken = false;
    for (permission, facility) in take {
        taken |= take_one(tx, person, permission, facility).await?;
    }
    if taken {
        grants::note_by_hand(tx, person.id, &before, "taken by hand").await?;
    }
    if give.is_empty() { Ok(()) } else { grants::give(tx, person.id, &give, "given by hand").await }
}

/// Takes what was given by hand; what a connection gives is not taken here.
async fn take_one(
    tx: &mut Tx,
    person: &Person,
    permission: &'static str,
    facility: Option<FacilityId>,
) -> Result<bool, Error> {
    let organization = tx.organization();
    let same = tx.grants(organization, person.id).await?.into_iter();
    let same: Vec<_> =
        same.filter(|grant| (grant.permission.as_str(), grant.facility_id) == (permission, facility)).collect();
    let called = same
        .first()
        .and_then(|grant| Permission::of(permission, grant.facility_key.as_deref()))
        .map_or_else(|| permission.to_owned(), |permission| permission.to_string());
    if let Some(connection) =
        same.iter().filter(|grant| grant.state != GrantState::Held).find_map(|grant| grant.connection_id)
    {
        let key = tx.connection_by_id(organization, connection).await?.map(|row| row.key).unwrap_or_default();
        let words = format!(
            "«{called}» of {0} comes from connection «{key}» («secaro-gateway person explain {0}» says how); change it \
             there, or detach them first with «secaro-gateway person detach {0}»",
            person.email
        );
        return Err(Error::Conflict(words));
    }
    let by_hand: Vec<_> = same.into_iter().filter(|grant| grant.source == GrantSource::Manual).collect();
    if by_hand.is_empty() {
        return Err(Error::Conflict(format!("{} has no «{called}» that could be taken", person.email)));
    }
    for grant in by_hand {
        tx.delete_grant(grant.id).await?;
    }
    Ok(true)
}

/// The facility that a permission is about.
async fn facility_of(tx: &mut Tx, permission: &Permission) -> Result<Option<FacilityId>, Error> {
    let Permission::EditFacility(text) = permission else { return Ok(None) };
    let organization = tx.organization();
    match facilities::resolve(tx, organization, &fold(text)).await? {
        Place::Known(id) | Place::Dormant(Some(id), _) => Ok(Some(id)),
        Place::Dormant(None, _) => {
            let words = format!("no facility is called «{text}»; «secaro-gateway facility list» shows them");
            Err(Error::Invalid(words))
        }
    }
}
