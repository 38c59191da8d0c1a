//! The bearer tokens of a connection: issued, listed, revoked. A secret leaves this file once, in what
//! [`Provisioning::issue_token`] returns.

use std::time::Duration;

use serde_json::json;

use super::{Error, Provisioning, connections};
use crate::audit::{self, Action, Record, Target};
use crate::auth::Actor;
use crate::auth::bearer::NewToken;
use crate::clock::Timestamp;
use crate::directory;
use crate::ids::OrganizationId;
pub use crate::store::tokens::Token;

/// At most two tokens live at a time: the one in use, and the one it is being replaced by.
const LIVE_TOKENS: usize = 2;

/// A token with its secret, to be shown once.
#[derive(serde::Serialize)]
pub struct IssuedToken {
    /// The connection's key.
    pub connection: String,
    /// What is kept of it.
    #[serde(flatten)]
    pub kept: Token,
    /// The whole token; it cannot be shown again.
    pub token: String,
}

impl Token {
    /// Whether it lets anybody in.
    #[must_use]
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && self.expires_at > now
    }
}

impl Provisioning {
    /// Issues one that ends after a while.
    pub async fn issue_token(
        &self,
        actor: &Actor,
        connection: &str,
        name: &str,
        lifetime: Duration,
    ) -> Result<IssuedToken, Error> {
        let name = name.trim();
        if name.is_empty() || name.chars().count() > 64 || name.chars().any(char::is_control) {
            let words = "a token's name has to be 1 to 64 characters on one line";
            return Err(directory::Error::Invalid(words.to_owned()).into());
        }
        let key = connection;
        let connection = self.connection(key).await?;
        let mut tx = self.directory.begin(actor, connection.organization_id).await?;
        let connection = connections::in_use(&mut tx, key).await?;
        let tokens = tx.tokens(connection.organization_id, connection.id).await?;
        let mut live = tokens.iter().filter(|token| token.is_live(tx.now()));
        if live.any(|token| token.name == name) {
            let words = format!("there is a live token «{name}» already; choose another name, or revoke it first");
            return Err(directory::Error::Conflict(words).into());
        }
        if tokens.iter().filter(|token| token.is_live(tx.now())).count() >= LIVE_TOKENS {
            let words = "two tokens are live already; revoke one first («secaro-gateway token list» shows them)";
            return Err(directory::Error::Conflict(words.to_owned()).into());
        }
        let new = NewToken::of(tx.random(), tx.random());
        let kept = Token {
            id: tx.id(),
            name: name.to_owned(),
            key_id: new.key_id,
            created_at: tx.now(),
            expires_at: tx.now().plus(lifetime),
            revoked_at: None,
            last_used_at: None,
        };
        tx.insert_token(connection.id, &kept, &new.secret_hash).await?;
        let record = Record::of(Action::TokenIssued, Target::Token(kept.id));
        let after = json!({ "connection": connection.key, "name": kept.name, "keyId": kept.key_id, "expires": kept.expires_at });
        audit::record(&mut tx, record.after(after)).await?;
        tx.commit().await?;
        Ok(IssuedToken { connection: connection.key, kept, token: new.token })
    }

    /// Issues one for an organization's own connection (T02).
    pub async fn issue_token_of(
        &self,
        actor: &Actor,
        organization: OrganizationId,
        connection: &str,
        (name, lifetime): (&str, Duration),
    ) -> Result<IssuedToken, Error> {
        self.connection_of(organization, connection).await?;
        self.issue_token(actor, connection, name, lifetime).await
    }

    /// Those of an organization's own connection, oldest first (T02).
    pub async fn tokens_of(&self, organization: OrganizationId, connection: &str) -> Result<Vec<Token>, Error> {
        let connection = self.connection_of(organization, connection).await?;
        Ok(self.store.read().await?.tokens(organization, connection.id).await?)
    }

    /// Revokes a live token of an organization's own connection (T02).
    pub async fn revoke_token_of(
        &self,
        actor: &Actor,
        organization: OrganizationId,
        (connection, which): (&str, &str),
    ) -> Result<Token, Error> {
        self.connection_of(organization, connection).await?;
        self.revoke_token(actor, connection, which).await
    }

    /// Those of a connection, oldest first.
    pub async fn tokens(&self, connection: &str) -> Result<Vec<Token>, Error> {
        let connection = self.connection(connection).await?;
        Ok(self.store.read().await?.tokens(connection.organization_id, connection.id).await?)
    }

    /// Revokes the live token of this name or public part; it is refused from the next request on.
    pub async fn revoke_token(&self, actor: &Actor, connection: &str, which: &str) -> Result<Token, Error> {
        let connection = self.connection(connection).await?;
        let mut tx = self.directory.begin(actor, connection.organization_id).await?;
        let now = tx.now();
        let tokens = tx.tokens(connection.organization_id, connection.id).await?;
        let found = tokens
            .into_iter()
            .filter(|token| token.revoked_at.is_none())
            .rfind(|token| token.name == which || token.key_id == which);
        let mut token = found.ok_or_else(|| directory::Error::NotFound {
            kind: "token",
            name: which.to_owned(),
            advice: "«secaro-gateway token list» shows those that are not revoked",
        })?;
        tx.revoke_token(token.id).await?;
        let record = Record::of(Action::TokenRevoked, Target::Token(token.id));
        audit::record(&mut tx, record.before(json!({ "name": token.name, "keyId": token.key_id }))).await?;
        tx.commit().await?;
        token.revoked_at = Some(now);
        Ok(token)
    }
}
