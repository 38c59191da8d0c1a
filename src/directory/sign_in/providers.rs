//! Where an organization's people sign in: its OpenID providers. Set up and removed, never changed: a client's secret
//! goes to the issuer that it was entered for and to no other (T71).

use serde::Serialize;
use serde_json::json;

use crate::audit::{self, Action, Record, Target};
use crate::auth::Actor;
use crate::auth::oidc;
use crate::clock::Timestamp;
use crate::directory::{Directory, Error};
use crate::ids::{Id as _, OrganizationId, ProviderId};
use crate::store::oidc_providers::ProviderRow;

/// Providers that one organization may have.
const MOST: usize = 5;

/// The longest name of a provider, in characters.
const LONGEST_NAME: usize = 60;

/// The longest client id or secret, in bytes.
const LONGEST_CREDENTIAL: usize = 500;

/// A provider, as it is shown: nobody sees a client's secret again.
#[derive(Debug, Clone, Serialize)]
pub struct Provider {
    /// Its id.
    pub id: ProviderId,
    /// As it stands on the button.
    pub name: String,
    /// Who vouches.
    pub issuer: String,
    /// As whom the gateway is known there.
    pub client_id: String,
    /// Whether the client has a secret.
    pub has_secret: bool,
    /// The connection whose Users have this issuer's subjects as their `externalId`, by its key.
    pub connection: Option<String>,
    /// Since when.
    pub created_at: Timestamp,
}

impl From<ProviderRow> for Provider {
    fn from(row: ProviderRow) -> Self {
        Self {
            id: row.id,
            name: row.name,
            issuer: row.issuer,
            client_id: row.client_id,
            has_secret: row.client_secret.is_some(),
            connection: row.connection_key,
            created_at: row.created_at,
        }
    }
}

/// A provider to be set up, as it was entered.
#[derive(Clone, Default)]
pub struct NewProvider {
    /// As it stands on the button.
    pub name: String,
    /// Its issuer URL.
    pub issuer: String,
    /// As whom the gateway is registered there.
    pub client_id: String,
    /// The client's secret; empty for a public client.
    pub client_secret: String,
    /// The key of a connection whose Users have this issuer's subjects as their `externalId`, or empty.
    pub connection: String,
}

impl Directory {
    /// An organization's providers, by name.
    pub async fn providers(&self, organization: &str) -> Result<Vec<Provider>, Error> {
        let organization = self.find_organization(organization).await?.id;
        let rows = self.store.read().await?.oidc_providers(organization).await?;
        Ok(rows.into_iter().map(Provider::from).collect())
    }

    /// Sets one up, after its issuer has answered.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] about what was entered, [`Error::Conflict`] if it is there already or there are too many.
    pub async fn add_provider(&self, actor: &Actor, organization: &str, new: &NewProvider) -> Result<Provider, Error> {
        let organization = self.find_organization(organization).await?.id;
        new.check()?;
        // May they at all? Asked before anybody is called on their behalf.
        drop(self.begin(actor, organization).await?);
        self.policy.sign_in.oidc.look_at(&new.issuer).await.map_err(|error| no_provider(&new.issuer, &error))?;

        let mut tx = self.begin(actor, organization).await?;
        if tx.oidc_providers(organization).await?.len() >= MOST {
            return Err(Error::Conflict(format!("there are {MOST} providers, which is the most; remove one first")));
        }
        let connection = match new.connection.as_str() {
            "" => None,
            key => {
                Some(tx.connection_by_key(key).await?.filter(|one| one.organization_id == organization).ok_or_else(
                    || Error::Invalid(format!("there is no connection «{key}»; choose one of the organization's")),
                )?)
            }
        };
        let id: ProviderId = tx.id();
        let secret = Some(new.client_secret.as_str()).filter(|secret| !secret.is_empty());
        let row = ProviderRow {
            id,
            name: new.name.trim().to_owned(),
            issuer: new.issuer.clone(),
            client_id: new.client_id.clone(),
            client_secret: secret.map(|secret| {
                self.policy.key.seal(tx.random(), &about(id, &new.issuer, &new.client_id).words(), secret)
            }),
            connection_id: connection.as_ref().map(|one| one.id),
            connection_key: connection.map(|one| one.key),
            created_at: tx.now(),
        };
        let taken = || "this client of this issuer is set up already".to_owned();
        tx.insert_oidc_provider(&row).await.map_err(|error| Error::duplicate(error, taken))?;
        let record = Record::of(Action::ProviderAdded, Target::Provider(id));
        audit::record(&mut tx, record.after(facts(&row))).await?;
        tx.commit().await?;
        Ok(row.into())
    }

    /// Removes one, so that nobody signs in there any longer; who is signed in stays so. Answers its name.
    pub async fn remove_provider(&self, actor: &Actor, organization: &str, id: &str) -> Result<String, Error> {
        let organization = self.find_organization(organization).await?.id;
        let mut tx = self.begin(actor, organization).await?;
        let all = tx.oidc_providers(organization).await?;
        let row = all.into_iter().find(|row| row.id.to_string() == id).ok_or_else(|| no_such(id))?;
        tx.delete_oidc_provider(row.id).await?;
        let record = Record::of(Action::ProviderRemoved, Target::Provider(row.id));
        audit::record(&mut tx, record.before(facts(&row))).await?;
        tx.commit().await?;
        Ok(row.name)
    }

    /// One of an organization.
    pub(super) async fn provider(&self, organization: OrganizationId, id: &str) -> Result<ProviderRow, Error> {
        let all = self.store.read().await?.oidc_providers(organization).await?;
        all.into_iter().find(|row| row.id.to_string() == id).ok_or_else(|| no_such(id))
    }

    /// What is registered at a provider. A secret that was not sealed for it is none.
    pub(super) fn registration<'a>(
        &self,
        row: &'a ProviderRow,
        callback: &'a str,
    ) -> Result<oidc::Registration<'a>, Error> {
        let open = |sealed: &Vec<u8>| {
            let about = about(row.id, &row.issuer, &row.client_id);
            self.policy.key.open(&about.words(), sealed).ok_or_else(|| {
                let words =
                    format!("the client secret of «{}» cannot be read; an admin has to set it up again", row.name);
                Error::Conflict(words)
            })
        };
        Ok(oidc::Registration {
            issuer: &row.issuer,
            client_id: &row.client_id,
            client_secret: row.client_secret.as_ref().map(open).transpose()?,
            callback,
        })
    }
}

impl NewProvider {
    fn check(&self) -> Result<(), Error> {
        let name = self.name.trim();
        let invalid = |words: String| Err(Error::Invalid(words));
        if name.is_empty() || name.chars().count() > LONGEST_NAME || name.chars().any(char::is_control) {
            return invalid(format!("a provider's name has 1 to {LONGEST_NAME} characters; it stands on the button"));
        }
        if self.issuer.is_empty() || self.issuer.contains(['?', '#']) {
            return invalid("the issuer is a URL such as https://login.example.org, without «?» and «#»".to_owned());
        }
        if self.client_id.is_empty() {
            return invalid("the client id is missing; the provider shows it".to_owned());
        }
        let long =
            [&self.issuer, &self.client_id, &self.client_secret].iter().any(|text| text.len() > LONGEST_CREDENTIAL);
        if long {
            return invalid(format!("issuer, client id and secret have at most {LONGEST_CREDENTIAL} bytes"));
        }
        Ok(())
    }
}

/// What a client's secret is sealed for.
struct About([String; 3]);

impl About {
    fn words(&self) -> [&str; 3] {
        let Self([id, issuer, client]) = self;
        [id, issuer, client]
    }
}

fn about(id: ProviderId, issuer: &str, client_id: &str) -> About {
    About([id.uuid().to_string(), issuer.to_owned(), client_id.to_owned()])
}

fn facts(row: &ProviderRow) -> serde_json::Value {
    json!({ "name": row.name, "issuer": row.issuer, "clientId": row.client_id, "connection": row.connection_key })
}

fn no_such(id: &str) -> Error {
    Error::NotFound { kind: "provider", name: id.to_owned(), advice: "it may have been removed; see the list" }
}

fn no_provider(issuer: &str, error: &oidc::Failure) -> Error {
    tracing::info!(issuer, %error, "no OpenID provider there");
    match error {
        oidc::Failure::Provider { words, .. } => {
            Error::Invalid(format!("{issuer} cannot be used: {words}; enter the issuer as the provider names it"))
        }
        other => Error::Invalid(format!("{issuer} cannot be used: {other}")),
    }
}
