//! The only way to write: a transaction that carries organization, author and request, and commits a change
//! together with its audit record and events, or not at all. Knows no table; each noun's file adds its own writes.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use super::reader::{Connection, Handle, Reader};
use super::{Error, Shared};
use crate::clock::Timestamp;
use crate::ids::{ConnectionId, Id, OrganizationId, PersonId, RequestId, TokenId};

/// On whose authority something is written: made by `auth` from what it authenticated.
#[derive(Debug, Clone)]
pub struct Author {
    /// The organization whose rows may be written.
    pub organization: OrganizationId,
    /// Who.
    pub who: Who,
    /// The request on whose behalf.
    pub request: RequestId,
}

/// Who writes.
#[derive(Debug, Clone)]
pub enum Who {
    /// An IdP, through a connection's credential.
    Connection {
        /// The connection.
        connection: ConnectionId,
        /// Its key, by which people know it.
        key: String,
        /// The credential.
        token: TokenId,
    },
    /// An Organization admin, or somebody about themselves.
    Person {
        /// Who.
        person: PersonId,
        /// Their address, and through whom they act if not by themselves.
        name: String,
    },
    /// Somebody with access to the machine, at the command line.
    Operator {
        /// The account's name on that machine.
        name: String,
    },
    /// The gateway itself.
    System {
        /// The job.
        job: &'static str,
    },
}

impl Who {
    /// As it stands beside what they gave or decided.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Connection { key, .. } => format!("connection {key}"),
            Self::Person { name, .. } => name.clone(),
            Self::Operator { name } => format!("operator {name}"),
            Self::System { job } => format!("the gateway ({job})"),
        }
    }

    /// The person, if it is one.
    #[must_use]
    pub const fn person(&self) -> Option<PersonId> {
        match self {
            Self::Person { person, .. } => Some(*person),
            _ => None,
        }
    }
}

/// A transaction of one author in one organization.
///
/// Dropped without [`commit`](Self::commit), it undoes everything.
#[derive(Debug)]
pub struct Tx {
    reader: Reader,
    author: Author,
    now: Timestamp,
    shared: Arc<Shared>,
    changed: bool,
    recorded: bool,
}

impl Tx {
    pub(super) fn new(reader: Reader, author: Author, shared: Arc<Shared>) -> Self {
        let now = shared.clock.now();
        Self { reader, author, now, shared, changed: false, recorded: false }
    }

    /// The organization whose rows this may write.
    #[must_use]
    pub const fn organization(&self) -> OrganizationId {
        self.author.organization
    }

    /// On whose authority.
    #[must_use]
    pub const fn author(&self) -> &Author {
        &self.author
    }

    /// The time of everything written here.
    #[must_use]
    pub const fn now(&self) -> Timestamp {
        self.now
    }

    /// A new id of this time.
    #[must_use]
    pub fn id<T: Id>(&self) -> T {
        self.shared.random.id(self.now)
    }

    /// `N` random bytes, for a secret.
    #[must_use]
    pub fn random<const N: usize>(&self) -> [u8; N] {
        self.shared.random.bytes()
    }

    /// The connection, for a statement that changes something.
    pub(super) fn changing(&mut self) -> Changing<'_> {
        self.changed = true;
        Changing(&mut self.reader)
    }

    /// The connection, for the audit record of a change.
    pub(super) fn recording(&mut self) -> Changing<'_> {
        self.recorded = true;
        Changing(&mut self.reader)
    }

    /// Whether anything was changed so far.
    #[must_use]
    pub const fn has_changed(&self) -> bool {
        self.changed
    }

    /// Whether anything was recorded so far.
    #[must_use]
    pub const fn has_recorded(&self) -> bool {
        self.recorded
    }

    /// Commits; returns when everything is on disk.
    ///
    /// # Errors
    ///
    /// [`Error::Unaudited`] if something was changed and nothing recorded: no audit, no answer. Otherwise what the
    /// database says; nothing is written then.
    pub async fn commit(self) -> Result<(), Error> {
        if self.changed && !self.recorded {
            return Err(Error::Unaudited);
        }
        self.reader.commit().await
    }
}

impl Deref for Tx {
    type Target = Reader;
    fn deref(&self) -> &Reader {
        &self.reader
    }
}

impl DerefMut for Tx {
    fn deref_mut(&mut self) -> &mut Reader {
        &mut self.reader
    }
}

/// A reader's connection that may be written to.
pub(super) struct Changing<'a>(&'a mut Reader);

impl Changing<'_> {
    pub(super) fn connection(&mut self) -> Connection<'_> {
        self.0.connection()
    }
}

impl Reader {
    async fn commit(self) -> Result<(), Error> {
        match self.handle {
            Handle::SqliteTurn(turn) => turn.commit().await,
            Handle::PostgresTransaction(transaction) => transaction.commit().await.map_err(Error::from),
            // A transaction is made of one of the two above.
            Handle::Sqlite(_) | Handle::Postgres(_) => Ok(()),
        }
    }
}

/// Writes that change nothing anybody has to account for, such as when a token was last used.
#[derive(Debug)]
pub struct Books {
    reader: Reader,
}

impl Books {
    pub(super) const fn new(reader: Reader) -> Self {
        Self { reader }
    }

    pub(super) fn writing(&mut self) -> Changing<'_> {
        Changing(&mut self.reader)
    }

    /// Commits; returns when everything is on disk.
    ///
    /// # Errors
    ///
    /// What the database says; nothing is written then.
    pub async fn commit(self) -> Result<(), Error> {
        self.reader.commit().await
    }
}
