//! Sessions of the console: how a browser shows that somebody is signed in, and what they may see there. Begins none;
//! a session begins with a sign-in and is written with its audit record.

use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest as _, Sha256};

use super::bearer::{BASE32, checksum};
use super::{Actor, InstallationKey, Member};
use crate::clock::Timestamp;
use crate::ids::{OrganizationId, PersonId, RequestId, SessionId};
use crate::store::people::Status;
use crate::store::sessions::{Method, SessionRow};
use crate::store::{self, Store};

const PREFIX: &str = "secaro_session_";

/// How often it is written down that somebody was heard of.
const SEEN: Duration = Duration::from_mins(1);

/// The secret of a new session.
pub struct NewSecret {
    /// What the cookie holds. It is kept nowhere.
    pub text: String,
    /// What is stored of it.
    pub hash: [u8; 32],
}

impl NewSecret {
    /// Of 32 random bytes.
    #[must_use]
    pub fn of(secret: [u8; 32]) -> Self {
        let body = format!("{PREFIX}{}", BASE32.encode(&secret));
        Self { text: format!("{body}_{}", checksum(&body)), hash: Sha256::digest(secret).into() }
    }
}

fn presented(text: &str) -> Option<[u8; 32]> {
    let (body, sum) = text.rsplit_once('_')?;
    let secret = BASE32.decode(body.strip_prefix(PREFIX)?.as_bytes()).ok()?;
    (secret.len() == 32 && checksum(body) == sum).then(|| Sha256::digest(&secret).into())
}

/// What somebody may see and do in the console, besides what concerns themselves.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Roles {
    /// Everything.
    pub organization_admin: bool,
    /// May look at the users.
    pub billing_admin: bool,
    /// May look at everything, and change nothing.
    pub auditor: bool,
}

impl Roles {
    fn of(names: &[String]) -> Self {
        let has = |name: &str| names.iter().any(|one| one == name);
        Self {
            organization_admin: has("organization_admin"),
            billing_admin: has("billing_admin"),
            auditor: has("auditor"),
        }
    }
}

/// Somebody who is signed in, in one request.
#[derive(Debug, Clone)]
pub struct Session {
    row: SessionRow,
    roles: Roles,
    csrf: String,
    fresh: bool,
    request: RequestId,
}

impl Session {
    /// The session's id.
    #[must_use]
    pub const fn id(&self) -> SessionId {
        self.row.id
    }

    /// The key of the organization.
    #[must_use]
    pub fn organization(&self) -> &str {
        &self.row.organization_key
    }

    /// The organization.
    #[must_use]
    pub const fn organization_id(&self) -> OrganizationId {
        self.row.organization_id
    }

    /// The organization's name.
    #[must_use]
    pub fn organization_name(&self) -> &str {
        &self.row.organization_name
    }

    /// Who.
    #[must_use]
    pub const fn person(&self) -> PersonId {
        self.row.person_id
    }

    /// Their address.
    #[must_use]
    pub fn email(&self) -> &str {
        &self.row.email
    }

    /// Their name.
    #[must_use]
    pub fn display_name(&self) -> &str {
        &self.row.display_name
    }

    /// What they may see and do.
    #[must_use]
    pub const fn roles(&self) -> Roles {
        self.roles
    }

    /// Whether they proved who they are within the last minutes.
    #[must_use]
    pub const fn is_fresh(&self) -> bool {
        self.fresh
    }

    /// How they signed in.
    #[must_use]
    pub const fn method(&self) -> Method {
        self.row.method
    }

    /// When they did.
    #[must_use]
    pub const fn signed_in_at(&self) -> Timestamp {
        self.row.signed_in_at
    }

    /// What every form of this session holds.
    #[must_use]
    pub fn csrf(&self) -> &str {
        &self.csrf
    }

    /// The request.
    #[must_use]
    pub const fn request(&self) -> RequestId {
        self.request
    }

    /// The authority to decide as this person; what they may decide is looked at where it is decided.
    #[must_use]
    pub fn actor(&self) -> Actor {
        self.member().into()
    }

    /// The authority to act as this person about themselves.
    #[must_use]
    pub fn member(&self) -> Member {
        Member::signed_in(self.row.organization_id, self.row.person_id, self.row.email.clone(), self.request)
    }
}

/// What a cookie comes to.
#[derive(Debug)]
pub enum Found {
    /// Somebody is signed in.
    Live(Box<Session>),
    /// Somebody was, and still has access: what they fill in may be kept until they are back.
    Ended(Box<Session>),
    /// Nobody.
    Nobody,
}

/// Why a session is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Looked {
    /// Somebody did something.
    BySomebody,
    /// A page that is open looks again; nobody may sit before it, so that it keeps no session alive.
    ByItself,
}

/// Finds sessions by their cookies. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Sessions {
    store: Store,
    key: InstallationKey,
    limits: Arc<Limits>,
}

/// How long a session lasts.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Without a request.
    pub idle: Duration,
    /// How long a sign-in is fresh.
    pub fresh: Duration,
}

impl Sessions {
    /// Of this store, within these limits.
    #[must_use]
    pub fn new(store: Store, key: InstallationKey, limits: Limits) -> Self {
        Self { store, key, limits: Arc::new(limits) }
    }

    /// Whose session a cookie's text is of. The person's status and roles are looked at here and now: nothing that was
    /// taken from them since is left over (T30).
    pub async fn find(&self, text: &str, looked: Looked, request: RequestId) -> Result<Found, store::Error> {
        let Some(hash) = presented(text) else { return Ok(Found::Nobody) };
        let mut reader = self.store.read().await?;
        let Some(row) = reader.session(&hash).await? else { return Ok(Found::Nobody) };
        if row.status != Status::Active {
            return Ok(Found::Nobody);
        }
        let roles = Roles::of(&reader.console_roles(row.organization_id, row.person_id).await?);
        drop(reader);
        let now = self.store.clock().now();
        let live = row.ended_at.is_none() && row.expires_at > now && row.last_seen_at.plus(self.limits.idle) > now;
        if live && looked == Looked::BySomebody && row.last_seen_at.plus(SEEN) <= now {
            let mut books = self.store.books().await?;
            books.session_seen(row.organization_id, row.id, now).await?;
            books.commit().await?;
        }
        let fresh = live && row.proved_at.is_some_and(|at| at.plus(self.limits.fresh) > now);
        let session = Box::new(Session { csrf: self.key.csrf(row.id), row, roles, fresh, request });
        Ok(if live { Found::Live(session) } else { Found::Ended(session) })
    }
}
