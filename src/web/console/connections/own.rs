//! The connection that a path names, as handlers take it: of this person's organization, or there is no such page.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;

use super::super::Console;
use super::super::access::Session;
use super::super::respond::Refused;
use crate::directory;
use crate::provisioning::Error;
use crate::provisioning::connections::{Connection, ConnectionState};

/// The connection of `{key}`.
pub(in crate::web::console) struct Own(pub(in crate::web::console) Connection);

impl FromRequestParts<Arc<Console>> for Own {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, console: &Arc<Console>) -> Result<Self, Refused> {
        let session = Session::from_request_parts(parts, console).await?;
        let named = Path::<HashMap<String, String>>::from_request_parts(parts, console).await;
        let Path(named) = named.map_err(|_| Refused::nowhere())?;
        let key = named.get("key").ok_or_else(|| Refused::internal("a path without a connection's key"))?;
        console.own_connection(&session, key).await.map(Self)
    }
}

impl Console {
    /// The keys of the organization's connections that are not deleted, in order.
    pub(in crate::web::console) async fn connection_keys(&self, session: &Session) -> Result<Vec<String>, Refused> {
        let all = self.provisioning.connections(Some(session.organization())).await?;
        let in_use = all.into_iter().filter(|connection| connection.state != ConnectionState::Deleted);
        Ok(in_use.map(|connection| connection.key).collect())
    }

    /// A connection of this person's organization; another one is as unknown as one that does not exist (T01).
    pub(in crate::web::console) async fn own_connection(
        &self,
        session: &Session,
        key: &str,
    ) -> Result<Connection, Refused> {
        let found = self.provisioning.connection_of(session.organization_id(), key).await;
        found.map_err(|error| match error {
            Error::Directory(directory::Error::NotFound { .. }) => Refused::nowhere(),
            other => other.into(),
        })
    }
}
