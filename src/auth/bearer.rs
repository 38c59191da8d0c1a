//! Bearer tokens (RFC 6750): their form, how one is issued, and how one lets a caller in. Never stores or logs a
//! secret; a token is shown by whoever issues it, once.
//!
//! `secaro_scim_<key id>_<secret>_<checksum>`: the prefix says what it opens, the key id finds its row, 256 random
//! bits are the secret, and the checksum refuses a mangled one without asking the database.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use data_encoding::{Encoding, Specification};
use sha2::{Digest as _, Sha256};
use std::sync::LazyLock;
use subtle::ConstantTimeEq as _;

use super::Caller;
use crate::clock::Timestamp;
use crate::ids::{OrganizationId, RequestId, TokenId};
use crate::store::connections::ConnectionState;
use crate::store::{self, Store};

const PREFIX: &str = "secaro_scim_";

/// Lower-case base 32 without padding: letters and digits only, so that a double click selects a whole token.
pub(super) static BASE32: LazyLock<Encoding> = LazyLock::new(|| {
    let mut specification = Specification::new();
    specification.symbols.push_str("abcdefghijklmnopqrstuvwxyz234567");
    specification.encoding().expect("32 different symbols")
});

/// A new token: the text to show once, and what to keep.
pub struct NewToken {
    /// The whole token. Show it once; it is kept nowhere.
    pub token: String,
    /// The public part.
    pub key_id: String,
    /// What is stored of the secret.
    pub secret_hash: [u8; 32],
}

impl NewToken {
    /// From 10 bytes for the public part and 32 for the secret.
    #[must_use]
    pub fn of(key: [u8; 10], secret: [u8; 32]) -> Self {
        let key_id = BASE32.encode(&key);
        let body = format!("{PREFIX}{key_id}_{}", BASE32.encode(&secret));
        let token = format!("{body}_{}", checksum(&body));
        Self { token, key_id, secret_hash: Sha256::digest(secret).into() }
    }
}

pub(super) fn checksum(body: &str) -> String {
    BASE32.encode(&crc32fast::hash(body.as_bytes()).to_be_bytes())
}

/// A well-formed token from outside.
struct Presented<'a> {
    key_id: &'a str,
    secret: Vec<u8>,
}

impl<'a> Presented<'a> {
    fn parse(token: &'a str) -> Option<Self> {
        let (body, sum) = token.rsplit_once('_')?;
        let (key_id, secret) = body.strip_prefix(PREFIX)?.split_once('_')?;
        let secret = BASE32.decode(secret.as_bytes()).ok()?;
        (key_id.len() == 16 && secret.len() == 32 && checksum(body) == sum).then_some(Self { key_id, secret })
    }
}

/// Why a caller is not let in.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// 401; the text says what to do and nothing about what exists.
    #[error("{0}")]
    Unauthenticated(&'static str),
    /// 404: the credential is another connection's, or there is no such connection.
    #[error("the credential is not for this connection")]
    ElsewhereOnly,
    /// 503: the connection is paused.
    #[error("the connection is paused")]
    Paused,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// Lets callers in. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Authenticator {
    store: Store,
    used: Arc<Mutex<HashMap<TokenId, (OrganizationId, Timestamp)>>>,
}

impl Authenticator {
    /// Checks tokens against this store.
    #[must_use]
    pub fn new(store: Store) -> Self {
        Self { store, used: Arc::default() }
    }

    /// Checks the `Authorization` header of a request to a connection's URL.
    ///
    /// Asks the database each time, so that a revoked token is refused at the next request, whichever process
    /// revoked it.
    ///
    /// # Errors
    ///
    /// [`Refusal`] says why, as far as the caller may know.
    pub async fn bearer(
        &self,
        connection_key: &str,
        authorization: Option<&str>,
        request: RequestId,
    ) -> Result<Caller, Refusal> {
        let token = bearer_token(authorization)?;
        let unknown = || {
            Refusal::Unauthenticated(
                "The bearer token is not known here. Issue a new token for this connection and enter it in the IdP.",
            )
        };
        let Some(presented) = Presented::parse(token) else {
            return Err(Refusal::Unauthenticated(
                "The bearer token is incomplete or mistyped. Copy the whole token again, or issue a new one.",
            ));
        };
        let found = self.store.read().await?.credential(presented.key_id).await?;
        // Compares in any case, so that an unknown key id takes as long as a wrong secret (T60).
        let hash: [u8; 32] = Sha256::digest(&presented.secret).into();
        let stored = found.as_ref().map_or(&[0; 32][..], |credential| credential.secret_hash.as_slice());
        let matches = bool::from(hash.as_slice().ct_eq(stored));
        let Some(credential) = found.filter(|_| matches) else { return Err(unknown()) };

        let now = self.store.clock().now();
        if credential.revoked_at.is_some() {
            return Err(Refusal::Unauthenticated(
                "The bearer token has been revoked. Issue a new token for this connection and enter it in the IdP.",
            ));
        }
        if credential.expires_at <= now {
            return Err(Refusal::Unauthenticated(
                "The bearer token has expired. Issue a new token for this connection and enter it in the IdP.",
            ));
        }
        if !credential.key.eq_ignore_ascii_case(connection_key) {
            return Err(Refusal::ElsewhereOnly);
        }
        match credential.state {
            ConnectionState::Pending | ConnectionState::Active => {}
            ConnectionState::Paused => return Err(Refusal::Paused),
            // Its tokens are revoked with it; this holds even for one that is not (T25).
            ConnectionState::Deleted => return Err(unknown()),
        }
        self.used
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(credential.id, (credential.organization_id, now));
        Ok(Caller::new(credential, request))
    }

    /// Writes down when tokens were last used; a job calls it about once a minute, and stopping does.
    ///
    /// # Errors
    ///
    /// What the database says; the times are kept for the next call then.
    pub async fn write_last_used(&self) -> Result<(), store::Error> {
        let used = std::mem::take(&mut *self.used.lock().unwrap_or_else(PoisonError::into_inner));
        if used.is_empty() {
            return Ok(());
        }
        let written = self.write(&used).await;
        if written.is_err() {
            let mut newer = self.used.lock().unwrap_or_else(PoisonError::into_inner);
            for (token, use_) in used {
                newer.entry(token).or_insert(use_);
            }
        }
        written
    }

    async fn write(&self, used: &HashMap<TokenId, (OrganizationId, Timestamp)>) -> Result<(), store::Error> {
        let mut books = self.store.books().await?;
        for (token, (organization, at)) in used {
            books.token_used(*organization, *token, *at).await?;
        }
        books.commit().await
    }
}

fn bearer_token(authorization: Option<&str>) -> Result<&str, Refusal> {
    let Some(header) = authorization else {
        return Err(Refusal::Unauthenticated(
            "No credential was sent. Send the connection's token as «Authorization: Bearer …».",
        ));
    };
    let (scheme, token) = header.trim().split_once(' ').unwrap_or((header.trim(), ""));
    if !scheme.eq_ignore_ascii_case("Bearer") {
        return Err(Refusal::Unauthenticated(
            "The credential is not a bearer token. Send the connection's token as «Authorization: Bearer …».",
        ));
    }
    let token = token.trim();
    if token.len() > 6 && token.get(..6).is_some_and(|word| word.eq_ignore_ascii_case("bearer")) {
        // Okta's field adds the word itself; pasting it along is the classic trap.
        return Err(Refusal::Unauthenticated(
            "The word Bearer was sent twice. Enter the token alone, without the word Bearer, in the IdP.",
        ));
    }
    Ok(token)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_recognised_and_a_mangled_one_is_not() {
        let new = NewToken::of([7; 10], [9; 32]);
        let presented = Presented::parse(&new.token).expect("well-formed");
        assert_eq!(presented.key_id, new.key_id);
        assert_eq!(Sha256::digest(&presented.secret).as_slice(), new.secret_hash);
        for (i, _) in new.token.char_indices() {
            let mut mangled = new.token.clone();
            mangled.replace_range(i..=i, if new.token.as_bytes()[i] == b'a' { "b" } else { "a" });
            assert!(Presented::parse(&mangled).is_none(), "{mangled}");
        }
        assert!(Presented::parse(&new.token[..new.token.len() - 1]).is_none());
    }

    #[test]
    fn the_word_bearer_twice_is_explained() {
        let refusal = bearer_token(Some("Bearer Bearer secaro_scim_x")).expect_err("refused");
        assert!(refusal.to_string().contains("twice"));
        assert!(bearer_token(None).is_err());
        assert!(bearer_token(Some("Basic eDp5")).is_err());
        assert_eq!(bearer_token(Some("bearer  abc ")).expect("a token"), "abc");
    }
}
