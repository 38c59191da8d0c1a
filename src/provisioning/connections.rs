//! Connections: setting one up, and the steps of its life, each within a plan.

use serde_json::json;

use super::ceiling::Ceiling;
use super::{Error, Provisioning};
use crate::audit::{self, Action, Record, Target};
use crate::auth::Actor;
use crate::directory::{self, Key};
use crate::ids::OrganizationId;
use crate::scim::Dialect;
use crate::store::Tx;
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
    /// Whether it only listens until it is activated: nothing that it says reaches anybody before.
    pub pending: bool,
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
            state: if new.pending { ConnectionState::Pending } else { ConnectionState::Active },
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
            "state": connection.state,
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
        Ok(found.ok_or_else(|| unknown(key))?)
    }

    /// The one of this key, if it is this organization's; another organization's is as unknown as one that is not there
    /// (T02).
    pub async fn connection_of(&self, organization: OrganizationId, key: &str) -> Result<Connection, Error> {
        let found = self.store.read().await?.connection_by_key(key).await?;
        let found = found.filter(|found| found.organization_id == organization);
        Ok(found.ok_or_else(|| unknown(key))?)
    }

    /// Changes what the mass-change guard of a connection has of its own: from how many people, and from how many in a
    /// hundred, it may take something at once. Nothing means that the settings decide.
    pub async fn set_guard(
        &self,
        actor: &Actor,
        organization: OrganizationId,
        key: &str,
        (count, percent): (Option<u32>, Option<u32>),
    ) -> Result<(), Error> {
        if count == Some(0) || percent.is_some_and(|percent| percent > 100) {
            let words = "the guard counts from 1 person, and up to 100 percent";
            return Err(directory::Error::Invalid(words.to_owned()).into());
        }
        self.connection_of(organization, key).await?;
        let mut tx = self.directory.begin(actor, organization).await?;
        let connection = in_use(&mut tx, key).await?;
        let (guard_count, guard_percent) = (count.map(i64::from), percent.map(i64::from));
        let guard = OwnGuard { guard_count, guard_percent, ..connection.guard };
        tx.set_guard(connection.id, &guard).await?;
        let record = Record::of(Action::ConnectionChanged, Target::Connection(connection.id));
        let (before, after) = (json!(connection.guard), json!(guard));
        audit::record(&mut tx, record.before(before).after(after)).await?;
        tx.commit().await?;
        Ok(())
    }
}

/// Moves a connection from one of the states that allow it.
async fn step(
    tx: &mut Tx,
    connection: &Connection,
    from: &[ConnectionState],
    to: ConnectionState,
    action: Action,
) -> Result<(), Error> {
    if connection.state == to {
        return Ok(());
    }
    if !from.contains(&connection.state) {
        let words = format!("the connection «{}» is {}; it cannot become {to}", connection.key, connection.state);
        return Err(directory::Error::Conflict(words).into());
    }
    tx.set_connection_state(connection.id, to).await?;
    let record = Record::of(action, Target::Connection(connection.id));
    let (before, after) = (json!({ "state": connection.state }), json!({ "state": to }));
    Ok(audit::record(tx, record.before(before).after(after)).await?)
}

/// What a pending connection says reaches people from now on.
pub(super) async fn activate(tx: &mut Tx, connection: &Connection) -> Result<(), Error> {
    let from = [ConnectionState::Pending];
    step(tx, connection, &from, ConnectionState::Active, Action::ConnectionActivated).await
}

/// Refuses the connection's calls until it is resumed; nobody loses anything.
pub(super) async fn pause(tx: &mut Tx, connection: &Connection) -> Result<(), Error> {
    step(tx, connection, &[ConnectionState::Active], ConnectionState::Paused, Action::ConnectionPaused).await
}

/// Takes the connection's calls again.
pub(super) async fn resume(tx: &mut Tx, connection: &Connection) -> Result<(), Error> {
    step(tx, connection, &[ConnectionState::Paused], ConnectionState::Active, Action::ConnectionResumed).await
}

/// Ends a connection for good: every credential is refused from the next call on (T25), and its rules go.
pub(super) async fn delete(tx: &mut Tx, connection: &Connection) -> Result<(), Error> {
    let rules = tx.rules(connection.organization_id, connection.id).await?;
    for rule in &rules {
        tx.delete_rule(rule.id).await?;
    }
    tx.revoke_tokens(connection.id).await?;
    tx.set_connection_state(connection.id, ConnectionState::Deleted).await?;
    let record = Record::of(Action::ConnectionDeleted, Target::Connection(connection.id));
    let before = json!({ "state": connection.state, "mayGrant": connection.may_grant, "rules": rules });
    Ok(audit::record(tx, record.before(before)).await?)
}

/// Changes what a connection may grant.
pub(super) async fn set_ceiling(tx: &mut Tx, connection: &Connection, may_grant: &Ceiling) -> Result<(), Error> {
    let may_grant = may_grant.to_string();
    if connection.may_grant == may_grant {
        return Ok(());
    }
    tx.set_ceiling(connection.id, &may_grant).await?;
    let record = Record::of(Action::ConnectionChanged, Target::Connection(connection.id));
    let (before, after) = (json!({ "mayGrant": connection.may_grant }), json!({ "mayGrant": may_grant }));
    Ok(audit::record(tx, record.before(before).after(after)).await?)
}

/// The one of this key in the transaction's organization, if it is not deleted.
pub(super) async fn in_use(tx: &mut Tx, key: &str) -> Result<Connection, Error> {
    let organization = tx.organization();
    let found = tx.connection_by_key(key).await?.filter(|found| found.organization_id == organization);
    let connection = found.ok_or_else(|| unknown(key))?;
    if connection.state == ConnectionState::Deleted {
        let words = format!("the connection «{key}» is deleted; set up another one");
        return Err(directory::Error::Conflict(words).into());
    }
    Ok(connection)
}

pub(super) fn unknown(key: &str) -> directory::Error {
    let advice = "«secaro-gateway connection list» shows those there are";
    directory::Error::NotFound { kind: "connection", name: key.to_owned(), advice }
}
