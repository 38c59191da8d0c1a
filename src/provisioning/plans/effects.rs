//! What a change does to one person: what they may do before and after, in words that a person reads and a machine
//! compares. Looks; never changes anything.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::which::kinds;
use crate::directory::permissions::Permission;
use crate::ids::{ConnectionId, PersonId, ResourceId};
use crate::provisioning::{Error, links, view};
use crate::scim::resource;
use crate::store::grants::{ExplainedGrant, GrantState};
use crate::store::links::LinkState;
use crate::store::people::{Person, Status};
use crate::store::plans::EffectRow;
use crate::store::{self, Tx};

/// Whom a change may concern: somebody through a connection's User, or a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Subject {
    User(ResourceId),
    Person(PersonId),
}

/// Where somebody stands.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Access {
    /// `invited`, `active`, `deactivated`; nothing if they are no person of the organization.
    pub status: Option<String>,
    /// The key of the connection that manages them.
    pub managed_by: Option<String>,
    /// What they may do.
    pub permissions: Vec<String>,
    /// What waits for a decision, and why: permissions, and the link itself.
    pub held: Vec<String>,
    /// What gives nothing now, and why.
    pub dormant: Vec<String>,
}

/// What a change does to one person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Effect {
    /// The person, if there is one already.
    pub person: Option<PersonId>,
    /// The User that it comes through.
    pub resource: Option<ResourceId>,
    /// The address.
    pub email: String,
    /// Where they stand before.
    pub before: Access,
    /// Where they stand after.
    pub after: Access,
    /// What else there is to say.
    pub note: Option<String>,
}

/// What is there besides what they may do.
const OTHER_REASON: &str = "keeps everything, for another reason";

impl Effect {
    /// Whether it changes what anybody may do, or what waits for a decision; not only why they may.
    #[must_use]
    pub fn moves(&self) -> bool {
        self.before != self.after
    }

    /// The permissions that come.
    #[must_use]
    pub fn gained(&self) -> Vec<&str> {
        missing(&self.after.permissions, &self.before.permissions)
    }

    /// The permissions that go.
    #[must_use]
    pub fn lost(&self) -> Vec<&str> {
        missing(&self.before.permissions, &self.after.permissions)
    }

    /// Whether an active person keeps no permission at all.
    #[must_use]
    pub fn becomes_view_only(&self) -> bool {
        !self.before.permissions.is_empty() && self.after.permissions.is_empty() && self.after.is_active()
    }

    /// Whether access ends.
    #[must_use]
    pub fn is_deactivated(&self) -> bool {
        self.before.is_active() && self.after.status.is_some() && !self.after.is_active()
    }

    /// Whether an admin role comes or goes.
    #[must_use]
    pub fn changes_admins(&self) -> bool {
        self.gained().into_iter().chain(self.lost()).any(|permission| permission.ends_with("_admin"))
    }

    /// The facilities that nobody knows and that something was to be given for.
    #[must_use]
    pub fn unknown_facilities(&self) -> Vec<&str> {
        let new = missing(&self.after.dormant, &self.before.dormant).into_iter();
        new.filter_map(|text| text.strip_prefix("edit_facility:")?.strip_suffix(" (unknown_facility)")).collect()
    }

    /// Where somebody whom a User stands for is before and after, changed or not.
    pub(super) fn of_user(user: ResourceId, before: &Looked, after: &Looked) -> Self {
        Self {
            person: before.person.or(after.person),
            resource: Some(user),
            email: after.email.clone(),
            before: before.access.clone(),
            after: after.since(&before.access),
            note: None,
        }
    }

    pub(super) fn subject(&self) -> Option<Subject> {
        self.resource.map(Subject::User).or(self.person.map(Subject::Person))
    }

    /// Whether the role that no organization can be without is in play.
    pub(super) fn concerns_organization_admin(&self) -> bool {
        let is_admin = |access: &Access| access.permissions.iter().any(|text| text == "organization_admin");
        is_admin(&self.before) || is_admin(&self.after)
    }

    pub(super) fn row(&self, position: i64) -> EffectRow {
        EffectRow {
            position,
            person_id: self.person,
            resource_id: self.resource,
            email: self.email.clone(),
            before: serde_json::json!(self.before).to_string(),
            after: serde_json::json!(self.after).to_string(),
            note: self.note.clone(),
            kinds: kinds(self),
        }
    }
}

impl TryFrom<EffectRow> for Effect {
    type Error = store::Error;
    fn try_from(row: EffectRow) -> Result<Self, store::Error> {
        let access = |text: &str, column| {
            serde_json::from_str(text).map_err(|_| store::Error::Corrupt { table: "plan_effects", column })
        };
        Ok(Self {
            person: row.person_id,
            resource: row.resource_id,
            before: access(&row.before, "before")?,
            after: access(&row.after, "after")?,
            email: row.email,
            note: row.note,
        })
    }
}

impl Access {
    /// In a few words.
    #[must_use]
    pub fn described(&self) -> String {
        match self.status.as_deref() {
            None => "no person".to_owned(),
            Some("active") if self.permissions.is_empty() => "View only".to_owned(),
            Some("active") => self.permissions.join(" + "),
            Some(other) => other.to_owned(),
        }
    }

    /// Whether they have access now.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.status.as_deref() == Some(Status::Active.as_str())
    }
}

fn missing<'a>(these: &'a [String], from: &[String]) -> Vec<&'a str> {
    these.iter().filter(|text| !from.contains(text)).map(String::as_str).collect()
}

/// Where somebody stands, and by what.
#[derive(Debug, Clone)]
pub(super) struct Looked {
    pub(super) person: Option<PersonId>,
    email: String,
    access: Access,
    /// Whether what is said of the subject reaches that person; else they only might be meant.
    reached: bool,
    sources: Vec<String>,
}

impl Looked {
    /// What came of a subject that stood so before. Whatever else happens to somebody whom a held link does not reach
    /// comes through another User, and counts there.
    pub(super) fn since(&self, before: &Access) -> Access {
        if self.reached {
            return self.access.clone();
        }
        let is_link = |text: &&String| text.starts_with("link (");
        let mut held: Vec<String> = before.held.iter().filter(|text| !is_link(text)).cloned().collect();
        held.extend(self.access.held.iter().filter(is_link).cloned());
        Access { held, ..before.clone() }
    }
}

/// What the change between two looks does; nothing if they are alike.
pub(super) fn between(subject: Subject, before: Looked, after: Looked) -> Option<Effect> {
    let came = after.since(&before.access);
    if before.access == came && (before.sources == after.sources || !after.reached) {
        return None;
    }
    let note = (before.access == came).then(|| OTHER_REASON.to_owned());
    let resource = if let Subject::User(id) = subject { Some(id) } else { None };
    Some(Effect { person: before.person, resource, email: after.email, before: before.access, after: came, note })
}

/// Looks at people; knows the connections' keys.
pub(super) struct Looking {
    connections: HashMap<ConnectionId, String>,
    /// The one whose Users are looked at.
    connection: Option<ConnectionId>,
}

impl Looking {
    /// At those whom a change of this connection may concern, if it is one's.
    pub(super) async fn of(tx: &mut Tx, connection: Option<&str>) -> Result<Self, Error> {
        let organization = tx.organization();
        let all = tx.connections(organization).await?;
        let connection = all.iter().find(|one| Some(one.key.as_str()) == connection).map(|one| one.id);
        Ok(Self { connections: all.into_iter().map(|one| (one.id, one.key)).collect(), connection })
    }

    /// Where a subject stands. `known` is who it was before, for a User that stands for nobody any longer.
    pub(super) async fn at(&self, tx: &mut Tx, subject: Subject, known: Option<PersonId>) -> Result<Looked, Error> {
        let organization = tx.organization();
        let user = match subject {
            Subject::Person(person) => return Ok(self.person(tx, person).await?.unwrap_or_else(Looked::nobody)),
            Subject::User(user) => user,
        };
        let link = tx.link(organization, user).await?;
        let linked = link.as_ref().filter(|link| link.state == LinkState::Linked).and_then(|link| link.person_id);
        let reached = linked.is_some() || (link.is_none() && known.is_some());
        let mut looked = match linked.or(known) {
            Some(person) => self.person(tx, person).await?.unwrap_or_else(Looked::nobody),
            None => self.whose_address_it_is(tx, user).await?,
        };
        if let Some(reason) = link.and_then(|link| link.reason) {
            looked.access.held.push(format!("link ({reason})"));
        }
        Ok(Looked { reached, ..looked })
    }

    /// Somebody whom a User might come to stand for.
    async fn whose_address_it_is(&self, tx: &mut Tx, user: ResourceId) -> Result<Looked, Error> {
        let organization = tx.organization();
        let row = match self.connection {
            Some(connection) => tx.resource(organization, connection, user).await?,
            None => None,
        };
        let Some(row) = row else { return Ok(Looked::nobody()) };
        let document = view::document_of(&row)?;
        let Some(email) = links::address(&document) else {
            return Ok(Looked { email: resource::user_name(&document).to_owned(), ..Looked::nobody() });
        };
        match tx.person_by_email(organization, email.key()).await? {
            Some(person) => self.of_person(tx, person).await,
            None => Ok(Looked { email: email.as_written().to_owned(), ..Looked::nobody() }),
        }
    }

    async fn person(&self, tx: &mut Tx, id: PersonId) -> Result<Option<Looked>, Error> {
        let organization = tx.organization();
        match tx.person(organization, id).await? {
            Some(person) => Ok(Some(self.of_person(tx, person).await?)),
            None => Ok(None),
        }
    }

    async fn of_person(&self, tx: &mut Tx, person: Person) -> Result<Looked, Error> {
        let organization = tx.organization();
        let grants = tx.explained_grants(organization, person.id).await?;
        let mut access = Access {
            status: Some(person.status.to_string()),
            managed_by: person.managed_by.and_then(|id| self.connections.get(&id).cloned()),
            ..Access::default()
        };
        for grant in &grants {
            let words = words_of(grant);
            let reason = grant.grant.reason.as_deref();
            let with_reason = || format!("{words} ({})", reason.unwrap_or_default());
            match grant.grant.state {
                GrantState::Effective => {
                    if reason.is_some() {
                        access.held.push(with_reason());
                    }
                    if person.status == Status::Active {
                        access.permissions.push(words);
                    }
                }
                GrantState::Held => access.held.push(with_reason()),
                GrantState::Dormant => access.dormant.push(with_reason()),
            }
        }
        for list in [&mut access.permissions, &mut access.held, &mut access.dormant] {
            list.sort();
            list.dedup();
        }
        let mut sources: Vec<String> = grants.iter().map(source_of).collect();
        sources.sort();
        Ok(Looked { person: Some(person.id), email: person.email, access, reached: true, sources })
    }
}

impl Looked {
    fn nobody() -> Self {
        Self { person: None, email: String::new(), access: Access::default(), reached: true, sources: Vec::new() }
    }
}

/// The permission; a facility by its key if it is known, else by what names it.
fn words_of(explained: &ExplainedGrant) -> String {
    let facility = explained.facility.as_deref().or(explained.grant.facility_key.as_deref());
    let permission = Permission::of(&explained.grant.permission, facility);
    permission.map_or_else(|| explained.grant.permission.clone(), |permission| permission.to_string())
}

/// Everything of a grant that a change can make otherwise.
fn source_of(explained: &ExplainedGrant) -> String {
    let grant = &explained.grant;
    format!(
        "{} {:?} {} {:?} {:?} {:?} {} {:?}",
        grant.permission,
        grant.facility_key,
        grant.source,
        grant.rule_id,
        grant.group_id,
        grant.attribute,
        grant.state,
        grant.reason
    )
}
