//! Which thing of an organization a text names: a person by address, a connection or a facility by key, a domain by name.

use uuid::Uuid;

use super::email::Email;
use super::{Directory, Error, Key};
use crate::ids::{Id as _, OrganizationId};

/// A kind of thing and which one.
pub type Named = (&'static str, Uuid);

impl Directory {
    /// Everything of an organization that a text names.
    pub async fn named(&self, organization: OrganizationId, text: &str) -> Result<Vec<Named>, Error> {
        let mut reader = self.store.read().await?;
        let mut found = Vec::new();
        if let Some(email) = Email::parse(text) {
            let person = reader.person_by_email(organization, email.key()).await?;
            found.extend(person.map(|person| ("person", person.id.uuid())));
        }
        if Key::parse("key", text).is_ok() {
            let connection = reader.connection_by_key(text).await?;
            let ours = connection.filter(|connection| connection.organization_id == organization);
            found.extend(ours.map(|connection| ("connection", connection.id.uuid())));
            let facility = reader.facility_by_key(organization, text).await?;
            found.extend(facility.map(|facility| ("facility", facility.id.uuid())));
        }
        let domain = reader.domain(organization, &text.to_lowercase()).await?;
        found.extend(domain.map(|domain| ("domain", domain.id.uuid())));
        Ok(found)
    }
}
