//! Auditors: people who read everything of the organization in the console and change nothing. Secaro has no such role;
//! it is this gateway's own, and no identity provider gives it.

use serde_json::json;

use super::people::{Person, Status};
use super::{Directory, Error, sign_in};
use crate::audit::{self, Action, Record, Target};
use crate::auth::Actor;

impl Directory {
    /// The auditors of an organization, by address.
    pub async fn auditors(&self, organization: &str) -> Result<Vec<Person>, Error> {
        let organization = self.find_organization(organization).await?.id;
        Ok(self.store.read().await?.auditors(organization).await?)
    }

    /// Lets an active person read everything.
    pub async fn add_auditor(&self, actor: &Actor, organization: &str, email: &str) -> Result<Person, Error> {
        let (organization, person) = self.find_person(Some(organization), email).await?;
        let mut tx = self.begin(actor, organization.id).await?;
        let person = tx.person(organization.id, person.id).await?.unwrap_or(person);
        if person.status != Status::Active {
            return Err(Error::Conflict(format!(
                "{} has no access; only an active person can be auditor",
                person.email
            )));
        }
        if !tx.insert_auditor(person.id).await? {
            return Err(Error::Conflict(format!("{} is auditor already", person.email)));
        }
        let record = Record::of(Action::AuditorAdded, Target::Person(person.id));
        audit::record(&mut tx, record.after(json!({ "email": person.email }))).await?;
        tx.commit().await?;
        Ok(person)
    }

    /// Ends that, and their sessions with it.
    pub async fn remove_auditor(&self, actor: &Actor, organization: &str, email: &str) -> Result<Person, Error> {
        let (organization, person) = self.find_person(Some(organization), email).await?;
        let mut tx = self.begin(actor, organization.id).await?;
        if !tx.delete_auditor(person.id).await? {
            return Err(Error::Conflict(format!("{} is no auditor", person.email)));
        }
        let record = Record::of(Action::AuditorRemoved, Target::Person(person.id));
        audit::record(&mut tx, record.before(json!({ "email": person.email }))).await?;
        sign_in::end_for(&mut tx, person.id, "no auditor any longer").await?;
        tx.commit().await?;
        Ok(person)
    }
}
