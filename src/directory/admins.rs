//! Organization admins: who they are, and the way back to the machine's own authority when there is none.

use serde::Serialize;
use serde_json::json;

use super::email::Email;
use super::explain::PersonOverview;
use super::organizations::required_text;
use super::people::{self, Door, Status};
use super::permissions::Permission;
use super::{Directory, Error, grants};
use crate::audit::{self, Action, Record, Target};
use crate::auth::Operator;
use crate::ids::OrganizationId;
use crate::outbox::{self, Event};
use crate::store::links::Link;

/// What recovering access came to.
#[derive(Debug, Clone, Serialize)]
pub struct Recovery {
    /// Who is Organization admin now.
    pub person: String,
    /// In which organization, by key.
    pub organization: String,
    /// What was done, each in a sentence.
    pub done: Vec<String>,
}

impl Directory {
    /// The active Organization admins, by e-mail.
    pub async fn organization_admins(&self, organization: &str) -> Result<Vec<PersonOverview>, Error> {
        let people = self.people(organization).await?;
        Ok(people.into_iter().filter(|person| person.permissions.contains(&Permission::OrganizationAdmin)).collect())
    }

    /// Whom to ask: the addresses of a few active Organization admins.
    pub async fn admin_addresses(&self, organization: OrganizationId) -> Result<Vec<String>, Error> {
        let admins = self.store.read().await?.organization_admins(organization).await?;
        Ok(admins.into_iter().take(5).map(|admin| admin.email).collect())
    }

    /// Makes somebody Organization admin on the authority of the machine alone, whoever they are and whoever else
    /// there is: for when nobody can decide any longer.
    pub async fn recover_admin(
        &self,
        operator: &Operator,
        organization: &str,
        email: &str,
        name: Option<&str>,
    ) -> Result<Recovery, Error> {
        let organization = self.find_organization(organization).await?;
        let email = Email::parse(email)
            .ok_or_else(|| Error::Invalid(format!("«{email}» is no e-mail address; write it like ada@example.org")))?;
        let name = required_text("The name", name.unwrap_or(email.as_written()))?;
        let mut tx = self.store.begin(operator.author(organization.id)).await?;
        let deadline = tx.now().plus(self.policy.hold_deadline);
        let old = tx.person_by_email(organization.id, email.key()).await?;
        let mut done = Vec::new();
        let person = match old {
            Some(person) if person.status == Status::Active => person,
            old => {
                done.push(match old.map(|person| person.status) {
                    Some(Status::Deactivated) => format!("{} was deactivated and has access again", email.as_written()),
                    Some(_) => format!("{} was invited and is a person of the organization now", email.as_written()),
                    None => format!("{} is a person of the organization now", email.as_written()),
                });
                people::admit(&mut tx, Door::Recovery(deadline), &email, &name).await?
            }
        };
        if let Some(link) = tx.link_of_person(organization.id, person.id).await? {
            // What the IdP has said so far must not take them away again with the next change of a rule.
            let overruled_at = Some(tx.now());
            tx.put_link(&Link { overruled_at, ..link }).await?;
            done.push("an IdP manages them and can deactivate them again; «person detach» ends that".to_owned());
        }
        let before = grants::effective(&mut tx, organization.id, person.id).await?;
        let was_admin = before.contains(&Permission::OrganizationAdmin);
        grants::give(&mut tx, person.id, &[Permission::OrganizationAdmin], "recovered at the machine").await?;
        done.push(if was_admin {
            "they were Organization admin already; now an operator has given it by hand too".to_owned()
        } else {
            "they are Organization admin, given by hand".to_owned()
        });
        let record = Record::of(Action::AdminRecovered, Target::Person(person.id));
        audit::record(&mut tx, record.after(json!({ "email": person.email, "done": done }))).await?;
        outbox::emit(&mut tx, &Event::AdminRecovered(person.id)).await?;
        tx.commit().await?;
        Ok(Recovery { person: person.email, organization: organization.key, done })
    }
}
