//! The only user of sqlx: one file per noun, every SQL text once, SQLite and PostgreSQL behind one [`Store`].
//! Holds no rules: it reads and writes what it is told, in the organization it is told.

pub mod columns;
mod error;
mod location;
mod reader;
mod statement;
mod tx;
mod writer;

pub mod allowances;
pub mod audit;
pub mod auditors;
pub mod connection_health;
pub mod connections;
pub mod declined_mails;
pub mod domains;
pub mod facilities;
pub mod filter;
pub mod grants;
pub mod held;
pub mod installation;
pub mod invitations;
pub mod jobs;
pub mod join_requests;
pub mod kept_forms;
pub mod links;
pub mod mailbox_proofs;
pub mod mails;
pub mod mass_changes;
pub mod members;
pub mod notices;
pub mod oidc_flows;
pub mod oidc_providers;
pub mod organizations;
pub mod outbox;
pub mod people;
pub mod people_list;
pub mod plans;
pub mod reports;
pub mod request_log;
pub mod resources;
pub mod rules;
pub mod sessions;
pub mod sign_in_asks;
pub mod sign_in_identities;
pub mod sign_in_links;
pub mod tokens;
pub mod waiting;

use std::sync::Arc;
use std::time::Duration;

use sqlx::migrate::Migrator;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions as _, PgPool, SqlitePool};

pub use error::Error;
pub use location::Location;
pub use reader::Reader;
pub use tx::{Author, Books, Tx, Who};

use crate::clock::Clock;
use crate::ids::Randomness;
use reader::Handle;
use statement::{Statement, run, statements};
use writer::Writer;

static SQLITE_MIGRATIONS: Migrator = sqlx::migrate!("migrations/sqlite");
static POSTGRES_MIGRATIONS: Migrator = sqlx::migrate!("migrations/postgres");

statements! {
    // Writers of one organization take turns, as they do on SQLite for the whole file: what a change reads stays so
    // until it is committed. NO KEY: references to the organization need not wait.
    LOCK = "SELECT id FROM organizations WHERE id = $1",
        postgres "SELECT id FROM organizations WHERE id = $1 FOR NO KEY UPDATE",
        installation_wide "the organization itself";
    PING = "SELECT COUNT(*) FROM (SELECT 1 FROM organizations LIMIT 1) AS one",
        installation_wide "asks whether the database answers";
}

/// Every statement of the gateway.
#[must_use]
pub fn all_statements() -> Vec<&'static Statement> {
    [
        STATEMENTS,
        allowances::STATEMENTS,
        audit::STATEMENTS,
        auditors::STATEMENTS,
        connection_health::STATEMENTS,
        connections::STATEMENTS,
        declined_mails::STATEMENTS,
        domains::STATEMENTS,
        facilities::STATEMENTS,
        grants::STATEMENTS,
        held::STATEMENTS,
        installation::STATEMENTS,
        invitations::STATEMENTS,
        jobs::STATEMENTS,
        join_requests::STATEMENTS,
        kept_forms::STATEMENTS,
        links::STATEMENTS,
        mailbox_proofs::STATEMENTS,
        mails::STATEMENTS,
        mass_changes::STATEMENTS,
        members::STATEMENTS,
        notices::STATEMENTS,
        organizations::STATEMENTS,
        outbox::STATEMENTS,
        people::STATEMENTS,
        people_list::STATEMENTS,
        plans::STATEMENTS,
        reports::STATEMENTS,
        request_log::STATEMENTS,
        resources::STATEMENTS,
        rules::STATEMENTS,
        oidc_flows::STATEMENTS,
        oidc_providers::STATEMENTS,
        sessions::STATEMENTS,
        sign_in_asks::STATEMENTS,
        sign_in_identities::STATEMENTS,
        sign_in_links::STATEMENTS,
        tokens::STATEMENTS,
        waiting::STATEMENTS,
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The number of the newest migration.
#[must_use]
pub fn newest_migration() -> i64 {
    SQLITE_MIGRATIONS.iter().map(|migration| migration.version).max().unwrap_or_default()
}

/// How to open the database.
#[derive(Debug, Clone)]
pub struct Options {
    /// Which.
    pub location: Location,
    /// How long a write may wait for another process's.
    pub busy_timeout: Duration,
    /// How many connections read at once (SQLite), or are open at most (PostgreSQL).
    pub connections: u32,
}

/// The database. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Store {
    pools: Pools,
    shared: Arc<Shared>,
}

#[derive(Debug, Clone)]
enum Pools {
    Sqlite { read: SqlitePool, writer: Writer },
    Postgres(PgPool),
}

/// What every transaction needs besides a connection.
#[derive(Debug)]
struct Shared {
    clock: Arc<dyn Clock>,
    random: Arc<Randomness>,
}

impl Store {
    /// Opens the database, makes it if it is a file that is not there yet, and brings its tables up to date.
    ///
    /// # Errors
    ///
    /// [`Error::Open`] if it cannot be reached or written, [`Error::Newer`] if a newer gateway has been at it.
    pub async fn open(options: &Options, clock: Arc<dyn Clock>, random: Arc<Randomness>) -> Result<Self, Error> {
        let pools = match &options.location {
            Location::Sqlite(path) => {
                let connect = SqliteConnectOptions::new()
                    .filename(path)
                    .create_if_missing(true)
                    .journal_mode(SqliteJournalMode::Wal)
                    // In WAL mode NORMAL loses acknowledged commits when the power fails.
                    .synchronous(SqliteSynchronous::Full)
                    .foreign_keys(true)
                    .busy_timeout(options.busy_timeout)
                    .statement_cache_capacity(256);
                let cannot_open = |source| Error::Open { what: path.display().to_string(), source };
                let mut connection = connect.connect().await.map_err(cannot_open)?;
                SQLITE_MIGRATIONS.run_direct(None, &mut connection, false).await?;
                let read = SqlitePoolOptions::new()
                    .max_connections(options.connections)
                    .test_before_acquire(false)
                    .connect_lazy_with(connect.create_if_missing(false).pragma("query_only", "ON"));
                Pools::Sqlite { read, writer: Writer::new(connection) }
            }
            Location::Postgres(url) => {
                let cannot_open = |source| Error::Open { what: options.location.to_string(), source };
                let connect: PgConnectOptions = url.parse().map_err(cannot_open)?;
                let pool = PgPoolOptions::new()
                    .max_connections(options.connections)
                    .acquire_timeout(options.busy_timeout)
                    .connect_with(connect)
                    .await
                    .map_err(cannot_open)?;
                POSTGRES_MIGRATIONS.run(&pool).await?;
                Pools::Postgres(pool)
            }
        };
        Ok(Self { pools, shared: Arc::new(Shared { clock, random }) })
    }

    /// A connection to read with.
    ///
    /// # Errors
    ///
    /// [`Error::Database`] if none comes free in time.
    pub async fn read(&self) -> Result<Reader, Error> {
        let handle = match &self.pools {
            Pools::Sqlite { read, .. } => Handle::Sqlite(read.acquire().await?),
            Pools::Postgres(pool) => Handle::Postgres(pool.acquire().await?),
        };
        Ok(Reader { handle })
    }

    /// A transaction to write with; waits until earlier writers of the organization are done.
    ///
    /// # Errors
    ///
    /// [`Error::Database`] if the turn does not come in time.
    pub async fn begin(&self, author: Author) -> Result<Tx, Error> {
        let mut reader = self.writing().await?;
        run!(reader, query_scalar::<uuid::Uuid>(LOCK, author.organization).fetch_optional)?;
        Ok(Tx::new(reader, author, Arc::clone(&self.shared)))
    }

    /// A transaction for bookkeeping that is no change.
    ///
    /// # Errors
    ///
    /// [`Error::Database`] if the turn does not come in time.
    pub async fn books(&self) -> Result<Books, Error> {
        Ok(Books::new(self.writing().await?))
    }

    async fn writing(&self) -> Result<Reader, Error> {
        let handle = match &self.pools {
            Pools::Sqlite { writer, .. } => Handle::SqliteTurn(writer.turn().await?),
            Pools::Postgres(pool) => Handle::PostgresTransaction(pool.begin().await?),
        };
        Ok(Reader { handle })
    }

    /// Whether the database answers.
    ///
    /// # Errors
    ///
    /// [`Error::Database`] if it does not.
    pub async fn ping(&self) -> Result<(), Error> {
        let mut reader = self.read().await?;
        run!(reader, query_scalar::<i64>(PING).fetch_one).map(|_| ())
    }

    /// The clock that everything written here is dated by.
    #[must_use]
    pub fn clock(&self) -> &dyn Clock {
        &*self.shared.clock
    }

    /// `N` random bytes, for a secret.
    #[must_use]
    pub fn random<const N: usize>(&self) -> [u8; N] {
        self.shared.random.bytes()
    }

    /// A new id of now.
    #[must_use]
    pub fn id<T: crate::ids::Id>(&self) -> T {
        self.shared.random.id(self.shared.clock.now())
    }

    /// Waits for what is being written, then closes every connection.
    pub async fn close(&self) {
        match &self.pools {
            Pools::Sqlite { read, writer } => {
                read.close().await;
                writer.close().await;
            }
            Pools::Postgres(pool) => pool.close().await,
        }
    }
}
