//! Connections: setting one up, pausing and resuming it.

use serde_json::json;

use super::ceiling::Ceiling;
use super::{Error, Provisioning};
use crate::audit::{self, Action, Record, Target};
use crate::auth::Actor;
use crate::directory::{self, Key};
use crate::scim::Dialect;
pub use crate::store::connections::{Connection, ConnectionState, OwnGuard};

/// A connection as it is given.
#[derive(Debug, Clone)]
pub struct NewConnection {
    /// The organization's key.
    pub organization: String,
    /// Its own key, which stands in the URL.
    pub key: String,
    /// The IdP it speaks with.
    pub dialect: Dialect,
    /// Whether deviations from the RFC are refused.
    pub strict: bool,
    /// What it may grant.
    pub may_grant: Ceiling,
}

impl Provisioning {
    /// Sets one up; it takes calls as soon as a token is issued.
    pub async fn create_connection(&self, actor: &Actor, new: &NewConnection) -> Result<Connection, Error> {
        let key = Key::parse("connection", &new.key)?;
        let organization = self.directory.find_organization(&new.organization).await?;
        let mut tx = self.directory.begin(actor, organization.id).await?;
        let connection = Connection {
            organization_id: organization.id,
            id: tx.id(),
            key: key.as_str().to_owned(),
            dialect: new.dialect,
            strict: new.strict,
            state: ConnectionState::Active,
            may_grant: new.may_grant.to_string(),
            created_at: tx.now(),
            guard: OwnGuard::default(),
        };
        tx.insert_connection(&connection).await.map_err(|error| {
            directory::Error::duplicate(error, || {
                format!("there is a connection «{key}» already in this installation; choose another key")
            })
        })?;
        let record = Record::of(Action::ConnectionCreated, Target::Connection(connection.id)).after(json!({
            "key": connection.key,
            "dialect": connection.dialect.as_str(),
            "strict": connection.strict,
            "mayGrant": connection.may_grant,
        }));
        audit::record(&mut tx, record).await?;
        tx.commit().await?;
        Ok(connection)
    }

    /// Those of an organization, or of all, by key.
    pub async fn connections(&self, organization: Option<&str>) -> Result<Vec<Connection>, Error> {
        let organizations = match organization {
            Some(key) => vec![self.directory.find_organization(key).await?],
            None => self.directory.organizations().await?,
        };
        let mut reader = self.store.read().await?;
        let mut connections = Vec::new();
        for organization in organizations {
            connections.extend(reader.connections(organization.id).await?);
        }
        Ok(connections)
    }

    /// The one of this key.
    pub async fn connection(&self, key: &str) -> Result<Connection, Error> {
        let found = self.store.read().await?.connection_by_key(key).await?;
        Ok(found.ok_or_else(|| directory::Error::NotFound {
            kind: "connection",
            name: key.to_owned(),
            advice: "«secaro-gateway connection list» shows those there are",
        })?)
    }

    /// Refuses the connection's calls until it is resumed; nobody loses anything.
    pub async fn pause_connection(&self, actor: &Actor, key: &str) -> Result<Connection, Error> {
        self.set_state(actor, key, ConnectionState::Paused, Action::ConnectionPaused).await
    }

    /// Takes the connection's calls again.
    pub async fn resume_connection(&self, actor: &Actor, key: &str) -> Result<Connection, Error> {
        self.set_state(actor, key, ConnectionState::Active, Action::ConnectionResumed).await
    }

    async fn set_state(
        &self,
        actor: &Actor,
        key: &str,
        state: ConnectionState,
        action: Action,
    ) -> Result<Connection, Error> {
        let found = self.connection(key).await?;
        if found.state == state {
            return Ok(found);
        }
        let mut tx = self.directory.begin(actor, found.organization_id).await?;
        tx.set_connection_state(found.id, state).await?;
        audit::record(&mut tx, Record::of(action, Target::Connection(found.id))).await?;
        tx.commit().await?;
        Ok(Connection { state, ..found })
    }
}
