//! What can go wrong with the database. Not found is no error here; rows that break a rule of the domain are not
//! either.

/// A failure of the database, or of what was asked of it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database cannot be opened.
    #[error("cannot open the database {what}")]
    Open {
        /// Which, without a password.
        what: String,
        /// Why.
        source: sqlx::Error,
    },
    /// A newer gateway has changed the tables.
    #[error("the database was made by a newer secaro-gateway (its migration {version} is unknown here)")]
    Newer {
        /// The first unknown migration.
        version: i64,
    },
    /// The tables could not be brought up to date.
    #[error("cannot bring the database's tables up to date")]
    Migrate(#[source] sqlx::migrate::MigrateError),
    /// A value that must be unique is taken.
    #[error("already exists")]
    Duplicate,
    /// A row holds what no version of the gateway writes.
    #[error("corrupt row: {table}.{column}")]
    Corrupt {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
    },
    /// Something was to be committed without an audit record.
    #[error("a change without an audit record was refused")]
    Unaudited,
    /// The commit that this change shared with others failed.
    #[error("the commit failed")]
    CommitFailed,
    /// Anything else that the driver reports.
    #[error("the database failed")]
    Database(#[source] sqlx::Error),
}

impl Error {
    /// Whether trying again later may help: the database is busy, full, starting or away.
    #[must_use]
    pub fn is_temporary(&self) -> bool {
        match self {
            Self::CommitFailed
            | Self::Open { .. }
            | Self::Database(sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::Io(_)) => true,
            Self::Database(sqlx::Error::Database(error)) => {
                // SQLite: primary codes BUSY, LOCKED, READONLY, IOERR, FULL, CANTOPEN; PostgreSQL: classes 08, 40,
                // 53, 57 and read-only transactions.
                let code = error.code().unwrap_or_default();
                code.parse::<i32>().is_ok_and(|code| matches!(code & 0xff, 5 | 6 | 8 | 10 | 13 | 14))
                    || ["08", "40", "53", "57", "25006"].iter().any(|class| code.starts_with(class))
            }
            _ => false,
        }
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        match error {
            sqlx::Error::Database(error) if error.is_unique_violation() => Self::Duplicate,
            other => Self::Database(other),
        }
    }
}

impl From<sqlx::migrate::MigrateError> for Error {
    fn from(error: sqlx::migrate::MigrateError) -> Self {
        match error {
            sqlx::migrate::MigrateError::VersionMissing(version) => Self::Newer { version },
            other => Self::Migrate(other),
        }
    }
}
