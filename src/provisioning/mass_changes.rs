//! Mass changes as people see them: which went past the threshold, and the one command that undoes a batch of
//! deactivations.

use serde::Serialize;
use serde_json::json;

use super::detach::ended_by_idp;
use super::holds::conflict;
use super::{Error, Provisioning};
use crate::audit::{self, Action, Record, Target};
use crate::auth::Actor;
use crate::directory;
use crate::directory::people::{self, Person, Status};
use crate::ids::{MassChangeId, OrganizationId, PersonId};
use crate::store::links::Link;
pub use crate::store::mass_changes::MassChange;
use crate::store::mass_changes::MassChangeKind;
use crate::store::{Reader, Tx};

/// A mass change with the names a person reads.
#[derive(Debug, Clone, Serialize)]
pub struct Overview {
    /// The change.
    #[serde(flatten)]
    pub change: MassChange,
    /// The connection, by key.
    pub connection: String,
    /// Who lost something, by e-mail; only where one is shown.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lost: Vec<String>,
}

/// One person of a batch: by e-mail, whether they have access again, and in a sentence.
#[derive(Debug, Clone, Serialize)]
pub struct Undone {
    /// The e-mail.
    pub person: String,
    /// Whether this gave them access again.
    pub reactivated: bool,
    /// What came of it.
    pub text: String,
}

/// There is no mass change of this id.
pub(super) fn unknown(id: &str) -> directory::Error {
    directory::Error::NotFound {
        kind: "mass change",
        name: id.to_owned(),
        advice: "«secaro-gateway mass list» shows those that went past the threshold",
    }
}

impl Provisioning {
    /// The last hundred that went past the threshold, newest first.
    pub async fn mass_changes(&self, organization: &str) -> Result<Vec<Overview>, Error> {
        let organization = self.directory.find_organization(organization).await?.id;
        let mut reader = self.store.read().await?;
        let connections = reader.connections(organization).await?;
        let overview = |change: MassChange| Overview {
            connection: connections
                .iter()
                .find(|row| row.id == change.connection_id)
                .map(|row| row.key.clone())
                .unwrap_or_default(),
            change,
            lost: Vec::new(),
        };
        Ok(reader.alarmed_mass_changes(organization).await?.into_iter().map(overview).collect())
    }

    /// One, with everybody who lost something.
    pub async fn mass_change(&self, organization: &str, id: &str) -> Result<Overview, Error> {
        let organization = self.directory.find_organization(organization).await?.id;
        let mut reader = self.store.read().await?;
        let change = find(&mut reader, organization, id).await?;
        let connection = reader.connection_by_id(organization, change.connection_id).await?;
        let mut lost = Vec::new();
        for person in reader.people_of_mass_change(organization, change.id).await? {
            lost.extend(reader.person(organization, person).await?.map(|person| person.email));
        }
        lost.sort();
        Ok(Overview { connection: connection.map(|row| row.key).unwrap_or_default(), change, lost })
    }

    /// Gives everybody of a batch access again whom the IdP deactivated, by the rules of now. What the IdP has stored
    /// of each stays as it is, and is not applied again until it speaks of them again.
    pub async fn undo_mass_change(&self, actor: &Actor, organization: &str, id: &str) -> Result<Vec<Undone>, Error> {
        let organization = self.directory.find_organization(organization).await?.id;
        let mut tx = self.directory.begin(actor, organization).await?;
        let change = find(&mut tx, organization, id).await?;
        if let Some(at) = change.undone_at {
            return Err(conflict(format!("it was undone on {at}; nothing is left to undo")));
        }
        if change.kind != MassChangeKind::Deactivation {
            let words = format!(
                "these people lost permissions, not access; decide what is held with «secaro-gateway held discard --mass {id}»"
            );
            return Err(conflict(words));
        }
        let mut undone = Vec::new();
        for person in tx.people_of_mass_change(organization, change.id).await? {
            undone.extend(self.bring_back(&mut tx, person).await?);
        }
        let undone_at = Some(tx.now());
        tx.put_mass_change(&MassChange { undone_at, ..change.clone() }).await?;
        let count = undone.iter().filter(|row| row.reactivated).count();
        let record = Record::of(Action::MassChangeUndone, Target::MassChange(change.id));
        audit::record(&mut tx, record.before(json!(change)).after(json!({ "reactivated": count }))).await?;
        tx.commit().await?;
        Ok(undone)
    }

    async fn bring_back(&self, tx: &mut Tx, id: PersonId) -> Result<Option<Undone>, Error> {
        let organization = tx.organization();
        let Some(person) = tx.person(organization, id).await? else { return Ok(None) };
        let email = person.email.clone();
        let as_it_is = |text: &str| Some(Undone { person: email.clone(), reactivated: false, text: text.to_owned() });
        if person.status != Status::Deactivated {
            return Ok(as_it_is("has access already"));
        }
        if !ended_by_idp(&person) {
            return Ok(as_it_is("an Organization admin deactivated them since; «person reactivate» is the way back"));
        }
        let deadline = tx.now().plus(self.guards.hold_deadline);
        let link = tx.link_of_person(organization, id).await?;
        let text = if let Some(link) = link {
            let connection = link.connection_id;
            let overruled_at = Some(tx.now());
            tx.put_link(&Link { overruled_at, ..link }).await?;
            people::reactivate(tx, &person, deadline).await?;
            self.reconcile_person(tx, connection, id, "a mass deactivation was undone").await?;
            "has access again, until the IdP deactivates them again"
        } else {
            let alone = Person { managed_by: None, ..person.clone() };
            let person = people::change_details(tx, &person, alone).await?;
            people::reactivate(tx, &person, deadline).await?;
            "has access again; the IdP deleted the User, so no connection manages them"
        };
        Ok(Some(Undone { person: email, reactivated: true, text: text.to_owned() }))
    }
}

async fn find(reader: &mut Reader, organization: OrganizationId, id: &str) -> Result<MassChange, Error> {
    let found = match id.parse::<MassChangeId>() {
        Ok(id) => reader.mass_change(organization, id).await?,
        Err(_) => None,
    };
    Ok(found.ok_or_else(|| unknown(id))?)
}
