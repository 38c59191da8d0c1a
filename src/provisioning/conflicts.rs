//! Held links and held addresses, decided: whether a User is that person, and whether the IdP's new address becomes
//! theirs. Looked at again as things are now, in the transaction that decides.

use serde::Serialize;
use serde_json::json;

use super::detach::let_go;
use super::holds::{Decision, conflict};
use super::reconcile::Reconciler;
use super::view::{document_of, shown_name};
use super::{Error, Provisioning, links};
use crate::audit::{self, Action, Record, Target};
use crate::clock::Timestamp;
use crate::directory::deciding::Deciding;
use crate::directory::explain::reason_in_words;
use crate::directory::people::{self, Person};
use crate::directory::{self, grants};
use crate::ids::{RequestId, ResourceId};
use crate::outbox::{self, Event};
use crate::scim::resource;
use crate::store::Tx;
use crate::store::links::{Link, LinkState};

/// A User and the person it might stand for, side by side.
#[derive(Debug, Serialize)]
pub struct Conflict {
    /// By which it is decided: the User's.
    pub id: ResourceId,
    /// `held`, `linked` or `apart`.
    pub state: LinkState,
    /// Why it waits, as it is stored.
    pub reason: Option<String>,
    /// Why, in a sentence.
    pub text: Option<String>,
    /// Since when.
    pub since: Timestamp,
    /// By when somebody should have decided.
    pub deadline: Option<Timestamp>,
    /// By which request.
    pub request: RequestId,
    /// Who decided.
    pub decided_by: Option<String>,
    /// When.
    pub decided_at: Option<Timestamp>,
    /// What the IdP says.
    pub user: Side,
    /// What the directory has.
    pub person: Option<Side>,
    /// The fields in which they differ.
    pub differs: Vec<&'static str>,
}

/// One of the two.
#[derive(Debug, Serialize)]
pub struct Side {
    /// The address.
    pub email: Option<String>,
    /// The name.
    pub name: String,
    /// The status: `active` or not, or the person's.
    pub status: String,
    /// The connection that says so, or that manages the person.
    pub connection: Option<String>,
    /// What the User would be given, or what the person may do.
    pub permissions: Vec<String>,
}

impl Provisioning {
    /// Both sides of a link.
    pub async fn conflict(&self, organization: &str, id: &str) -> Result<Conflict, Error> {
        let organization = self.directory.find_organization(organization).await?.id;
        let mut reader = self.store.read().await?;
        let unknown = || directory::Error::NotFound {
            kind: "conflict",
            name: id.to_owned(),
            advice: "«secaro-gateway conflict list» shows those that wait",
        };
        let id = id.parse::<ResourceId>().map_err(|_| unknown())?;
        let link = reader.link(organization, id).await?.ok_or_else(unknown)?;
        let connections = reader.connections(organization).await?;
        let key = |id| connections.iter().find(|row| row.id == id).map(|row| row.key.clone());
        let row = reader.resource(organization, link.connection_id, id).await?.ok_or_else(unknown)?;
        let document = document_of(&row)?;
        let connection = connections.iter().find(|row| row.id == link.connection_id).cloned().ok_or_else(unknown)?;
        let reconciler = Reconciler::load(&mut reader, connection, &self.guards).await?;
        let wanted = reconciler.wanted(&mut reader, &row, &document).await?;
        let mut permissions: Vec<String> = wanted.into_iter().map(|wanted| wanted.permission.to_string()).collect();
        permissions.sort();
        permissions.dedup();
        let user = Side {
            email: links::address(&document).map(|email| email.as_written().to_owned()),
            name: shown_name(&document),
            status: if row.active { "active" } else { "inactive" }.to_owned(),
            connection: key(link.connection_id),
            permissions,
        };
        let person = match link.person_id {
            Some(person) => reader.person(organization, person).await?,
            None => None,
        };
        let person = match person {
            Some(person) => {
                let permissions = grants::effective(&mut reader, organization, person.id).await?;
                Some(Side {
                    connection: person.managed_by.and_then(key),
                    email: Some(person.email),
                    name: person.display_name,
                    status: person.status.to_string(),
                    permissions: permissions.iter().map(ToString::to_string).collect(),
                })
            }
            None => None,
        };
        Ok(Conflict {
            id,
            state: link.state,
            text: link.reason.as_deref().map(|reason| reason_in_words(reason).to_owned()),
            reason: link.reason,
            since: link.created_at,
            deadline: link.deadline_at,
            request: link.request_id,
            decided_by: link.decided_by,
            decided_at: link.decided_at,
            differs: person.as_ref().map(|person| differences(&user, person)).unwrap_or_default(),
            user,
            person,
        })
    }

    /// Decides a held link or a held address.
    pub(super) async fn decide_link(&self, mut tx: Deciding, link: Link, decision: Decision) -> Result<String, Error> {
        if let (Some(by), Some(at)) = (&link.decided_by, link.decided_at) {
            return Err(conflict(format!("{by} decided it on {at}; nothing is left to decide")));
        }
        if link.reason.is_none() {
            return Err(conflict("nothing about this User waits for a decision"));
        }
        if tx.author().who.person().is_some() && tx.author().who.person() == link.person_id {
            let words = "this is about yourself; another Organization admin has to decide";
            return Err(directory::Error::Forbidden(words.to_owned()).into());
        }
        let said = match (link.state, decision) {
            (_, Decision::AlwaysAllow) => {
                let words = "a link or an address is decided once; link it or keep it apart";
                return Err(directory::Error::Invalid(words.to_owned()).into());
            }
            (LinkState::Linked, Decision::Release) => self.move_address(&mut tx, link).await?,
            (LinkState::Linked, Decision::Discard) => stay(&mut tx, link).await?,
            (_, Decision::Release) => match self.link(&mut tx, link).await? {
                Ok(said) => said,
                Err(words) => {
                    tx.commit().await?;
                    return Err(conflict(words));
                }
            },
            (_, Decision::Discard) => keep_apart(&mut tx, link).await?,
        };
        tx.commit().await?;
        Ok(said)
    }

    /// Makes the User stand for the person, who follows it from now on; or says why it cannot any longer, with what was
    /// decided anew.
    async fn link(&self, tx: &mut Tx, link: Link) -> Result<Result<String, String>, Error> {
        let organization = tx.organization();
        let Some(person) = link.person_id else {
            return Err(conflict("the IdP sends no usable address, so it stands for nobody; send one from the IdP"));
        };
        let person = tx.person(organization, person).await?.ok_or_else(|| conflict("the person is gone"))?;
        let row = tx.resource(organization, link.connection_id, link.resource_id).await?;
        let row = row.ok_or_else(|| conflict("the IdP deleted the User"))?;
        let document = document_of(&row)?;
        if links::address(&document).is_none_or(|email| email.key() != person.email_key) {
            links::decide(tx, &self.guards, &row, &document, None).await?;
            self.reconcile_row(tx, &row, &document).await?;
            return Ok(Err(format!("the User's address is no longer that of {}; it was looked at anew", person.email)));
        }
        if let Some(other) = tx.link_of_person(organization, person.id).await? {
            let_go(tx, &person, Some(other), false, "detached").await?;
        }
        tx.put_link(&Link { state: LinkState::Linked, reason: None, ..decided(tx, link) }).await?;
        let person = tx.person(organization, person.id).await?.unwrap_or(person);
        let managed = Person { managed_by: Some(row.connection_id), ..person.clone() };
        people::change_details(tx, &person, managed).await?;
        note(tx, row.id, &person, "linked").await?;
        outbox::emit(tx, &Event::UserLinked(person.id)).await?;
        links::close_other_doors(tx, &self.guards, &row, &person).await?;
        self.reconcile_row(tx, &row, &document).await?;
        Ok(Ok(format!("{} follows the User of the IdP from now on", person.email)))
    }

    async fn reconcile_row(
        &self,
        tx: &mut Tx,
        row: &crate::store::resources::ResourceRow,
        document: &resource::Document,
    ) -> Result<(), Error> {
        let organization = tx.organization();
        let Some(connection) = tx.connection_by_id(organization, row.connection_id).await? else { return Ok(()) };
        let reconciler = Reconciler::load(tx, connection, &self.guards).await?;
        reconciler.user(tx, row, document, "the link was decided").await
    }

    /// Makes the IdP's address the person's, unless it is somebody else's by now.
    async fn move_address(&self, tx: &mut Tx, link: Link) -> Result<String, Error> {
        let organization = tx.organization();
        let person = match link.person_id {
            Some(person) => tx.person(organization, person).await?,
            None => None,
        };
        let person = person.ok_or_else(|| conflict("the person is gone"))?;
        let row = tx.resource(organization, link.connection_id, link.resource_id).await?;
        let row = row.ok_or_else(|| conflict("the IdP deleted the User"))?;
        let document = document_of(&row)?;
        let email = links::address(&document).ok_or_else(|| conflict("the IdP sends no usable address any longer"))?;
        if let Some(other) = tx.person_by_email(organization, email.key()).await?
            && other.id != person.id
        {
            let words = format!("{} is the address of another person; change one of them first", email.as_written());
            return Err(conflict(words));
        }
        tx.put_link(&Link { reason: None, ..decided(tx, link) }).await?;
        let mut new = person.clone();
        email.as_written().clone_into(&mut new.email);
        email.key().clone_into(&mut new.email_key);
        people::change_details(tx, &person, new).await?;
        note(tx, row.id, &person, "the address moves").await?;
        self.reconcile_row(tx, &row, &document).await?;
        Ok(format!("the address of {} is {} now", person.email, email.as_written()))
    }
}

/// The person keeps the old address, as long as the IdP sends this one.
async fn stay(tx: &mut Tx, link: Link) -> Result<String, Error> {
    let organization = tx.organization();
    let id = link.resource_id;
    let person = match link.person_id {
        Some(person) => tx.person(organization, person).await?,
        None => None,
    };
    let person = person.ok_or_else(|| conflict("the person is gone"))?;
    tx.put_link(&decided(tx, link)).await?;
    note(tx, id, &person, "the address stays").await?;
    Ok(format!("the address of {} stays", person.email))
}

/// The User is not that person; nothing that the IdP says of it touches them.
async fn keep_apart(tx: &mut Tx, link: Link) -> Result<String, Error> {
    let organization = tx.organization();
    let id = link.resource_id;
    let person = match link.person_id {
        Some(person) => tx.person(organization, person).await?,
        None => None,
    };
    let Some(person) = person else {
        tx.put_link(&decided(tx, link)).await?;
        let record = Record::of(Action::LinkDecided, Target::Resource(id)).after(json!({ "decision": "apart" }));
        audit::record(tx, record).await?;
        outbox::emit(tx, &Event::LinkDecided(id)).await?;
        return Ok("the User stands for nobody".to_owned());
    };
    tx.put_link(&Link { state: LinkState::Apart, ..decided(tx, link) }).await?;
    note(tx, id, &person, "apart").await?;
    Ok(format!("the User and {} are kept apart", person.email))
}

/// The link with who decided it, and when.
pub(super) fn decided(tx: &Tx, link: Link) -> Link {
    Link { decided_by: Some(tx.author().who.name()), decided_at: Some(tx.now()), ..link }
}

async fn note(tx: &mut Tx, id: ResourceId, person: &Person, decision: &str) -> Result<(), Error> {
    let after = json!({ "person": person.id, "decision": decision });
    audit::record(tx, Record::of(Action::LinkDecided, Target::Resource(id)).after(after)).await?;
    Ok(outbox::emit(tx, &Event::LinkDecided(id)).await?)
}

fn differences(user: &Side, person: &Side) -> Vec<&'static str> {
    let same = [
        ("email", user.email == person.email),
        ("name", user.name == person.name),
        ("status", user.status == person.status),
        ("connection", user.connection == person.connection),
        ("permissions", user.permissions == person.permissions),
    ];
    same.into_iter().filter(|(_, same)| !same).map(|(field, _)| field).collect()
}
