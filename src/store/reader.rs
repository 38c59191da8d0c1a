//! A connection to read with. A [`Tx`](super::Tx) is a reader that can also write; everything that only reads
//! stands on this type, so that one function serves both. Never writes.

use sqlx::pool::PoolConnection;
use sqlx::{PgConnection, Postgres, Sqlite, SqliteConnection, Transaction};

use super::writer::Turn;

/// Reads from the database.
#[derive(Debug)]
pub struct Reader {
    pub(super) handle: Handle,
}

#[derive(Debug)]
pub(super) enum Handle {
    Sqlite(PoolConnection<Sqlite>),
    SqliteTurn(Turn),
    Postgres(PoolConnection<Postgres>),
    PostgresTransaction(Transaction<'static, Postgres>),
}

/// The driver's own connection; only `run!` looks at it.
pub(super) enum Connection<'a> {
    Sqlite(&'a mut SqliteConnection),
    Postgres(&'a mut PgConnection),
}

impl Reader {
    pub(super) fn connection(&mut self) -> Connection<'_> {
        match &mut self.handle {
            Handle::Sqlite(connection) => Connection::Sqlite(connection),
            Handle::SqliteTurn(turn) => Connection::Sqlite(turn.connection()),
            Handle::Postgres(connection) => Connection::Postgres(connection),
            Handle::PostgresTransaction(transaction) => Connection::Postgres(transaction),
        }
    }
}
