//! Organizations: setting one up, and finding it.

use serde_json::json;

use super::domains::{claimable, vouch};
use super::{Directory, Error, Key};
use crate::audit::{self, Action, Record, Target};
use crate::auth::Operator;
use crate::store::domains::Domain;
pub use crate::store::organizations::Organization;

/// An organization with its domains.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Overview {
    /// The organization.
    #[serde(flatten)]
    pub organization: Organization,
    /// Its e-mail domains.
    pub domains: Vec<Domain>,
    /// How many facilities it has, archived ones too.
    pub facilities: usize,
    /// The keys of its connections.
    pub connections: Vec<String>,
}

impl Directory {
    /// Sets one up, with domains that the operator vouches for.
    pub async fn create_organization(
        &self,
        operator: &Operator,
        key: &str,
        name: &str,
        duns: Option<&str>,
        domains: &[String],
    ) -> Result<Overview, Error> {
        let key = Key::parse("organization", key)?;
        let name = required_text("The organization's name", name)?;
        let duns = duns.map(duns_number).transpose()?;
        let domains = domains.iter().map(|domain| claimable(domain)).collect::<Result<Vec<_>, _>>()?;

        let mut tx = self.store.begin(operator.author(self.store.id())).await?;
        let organization =
            Organization { id: tx.organization(), key: key.as_str().to_owned(), name, duns, created_at: tx.now() };
        tx.insert_organization(&organization).await.map_err(|error| {
            Error::duplicate(error, || {
                format!("there is an organization «{key}» already, or one of that DUNS number; choose another key")
            })
        })?;
        let target = Target::Organization(organization.id);
        let after = json!({ "key": organization.key, "name": organization.name, "duns": organization.duns });
        audit::record(&mut tx, Record::of(Action::OrganizationCreated, target).after(after)).await?;
        for name in domains {
            vouch(&mut tx, &name).await?;
        }
        tx.commit().await?;
        self.organization(key.as_str()).await
    }

    /// All of them, by key.
    pub async fn organizations(&self) -> Result<Vec<Organization>, Error> {
        Ok(self.store.read().await?.organizations().await?)
    }

    /// The one of this key, with what belongs to it.
    pub async fn organization(&self, key: &str) -> Result<Overview, Error> {
        let organization = self.find_organization(key).await?;
        let mut reader = self.store.read().await?;
        let domains = reader.domains(organization.id).await?;
        let facilities = reader.facilities(organization.id).await?.len();
        let connections = reader.connections(organization.id).await?.into_iter().map(|row| row.key).collect();
        Ok(Overview { organization, domains, facilities, connections })
    }

    /// The one of this key.
    pub(crate) async fn find_organization(&self, key: &str) -> Result<Organization, Error> {
        self.store.read().await?.organization_by_key(key).await?.ok_or_else(|| Error::NotFound {
            kind: "organization",
            name: key.to_owned(),
            advice: "«secaro-gateway organization list» shows those there are",
        })
    }

    /// The one of this key, or the only one there is.
    pub(crate) async fn named_or_only_organization(&self, key: Option<&str>) -> Result<Organization, Error> {
        if let Some(key) = key {
            return self.find_organization(key).await;
        }
        let mut all = self.organizations().await?;
        match (all.pop(), all.is_empty()) {
            (Some(only), true) => Ok(only),
            (None, _) => Err(Error::NotFound {
                kind: "organization",
                name: "(any)".to_owned(),
                advice: "set one up with «secaro-gateway organization create»",
            }),
            (Some(_), false) => {
                Err(Error::Invalid("there are several organizations; say which with --organization KEY".to_owned()))
            }
        }
    }
}

/// A DUNS number as it is compared: nine digits, however they are set apart.
pub(super) fn duns_number(text: &str) -> Result<String, Error> {
    let digits: String = text.chars().filter(|letter| !matches!(letter, ' ' | '-')).collect();
    if digits.len() != 9 || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return Err(Error::Invalid("a DUNS number has nine digits, such as 15-048-3782".to_owned()));
    }
    Ok(digits)
}

/// A text that has to be there and to fit: 1 to 256 characters once trimmed.
pub(super) fn required_text(what: &str, text: &str) -> Result<String, Error> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > 256 || text.chars().any(char::is_control) {
        return Err(Error::Invalid(format!("{what} has to be 1 to 256 characters on one line")));
    }
    Ok(text.to_owned())
}
