//! What each Organization admin is mailed about: by default everything. Each chooses for themselves, so that nobody can
//! make another one miss something; what all declined goes to all.

use serde_json::json;

use super::people::Person;
use super::{Directory, Error};
use crate::audit::{self, Action, Record, Target};
use crate::auth::Member;
use crate::ids::{OrganizationId, PersonId};
use crate::outbox::mail::wanting;
pub use crate::store::declined_mails::Topic;

/// Something that admins are mailed about, and who is.
#[derive(Debug, Clone)]
pub struct Mailed {
    /// What.
    pub topic: Topic,
    /// Who is mailed about it.
    pub admins: Vec<Person>,
    /// Whether all declined it, so that all are mailed.
    pub by_nobodys_choice: bool,
}

impl Mailed {
    /// Whether this admin is among them by their own choice.
    #[must_use]
    pub fn is_wanted_by(&self, person: PersonId) -> bool {
        !self.by_nobodys_choice && self.admins.iter().any(|admin| admin.id == person)
    }
}

impl Directory {
    /// Who is mailed about what, of what may be declined.
    pub async fn mailed(&self, organization: OrganizationId) -> Result<Vec<Mailed>, Error> {
        let mut reader = self.store.read().await?;
        let admins = reader.organization_admins(organization).await?;
        let declined = reader.declined_mails(organization).await?;
        let mailed = |topic: &Topic| {
            let is_declined = |admin: &Person| declined.contains(&(admin.id, *topic));
            Mailed {
                topic: *topic,
                admins: wanting(&admins, &declined, Some(*topic)).into_iter().cloned().collect(),
                by_nobodys_choice: !admins.is_empty() && admins.iter().all(is_declined),
            }
        };
        Ok(Topic::ALL.iter().map(mailed).collect())
    }

    /// Makes these all that an Organization admin is mailed about, of what they may decline.
    ///
    /// # Errors
    ///
    /// [`Error::Forbidden`] for anybody else.
    pub async fn choose_mails(&self, member: &Member, wanted: &[Topic]) -> Result<(), Error> {
        let (organization, person) = (member.organization(), member.person());
        let mut tx = self.begin(&member.clone().into(), organization).await?;
        let declined = tx.declined_mails(organization).await?;
        let before: Vec<Topic> =
            Topic::ALL.iter().copied().filter(|topic| !declined.contains(&(person, *topic))).collect();
        let after: Vec<Topic> = Topic::ALL.iter().copied().filter(|topic| wanted.contains(topic)).collect();
        if before == after {
            return Ok(());
        }
        for topic in Topic::ALL {
            if after.contains(topic) {
                tx.want_mails(person, *topic).await?;
            } else {
                tx.decline_mails(person, *topic).await?;
            }
        }
        let record = Record::of(Action::MailsChosen, Target::Person(person));
        audit::record(&mut tx, record.before(json!({ "mails": before })).after(json!({ "mails": after }))).await?;
        tx.commit().await
    }
}
