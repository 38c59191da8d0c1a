//! SQL texts: each stands once, as a listed constant, and runs unchanged on both databases unless a text for
//! PostgreSQL stands beside it. Never builds a text at run time; `filter` alone does.

/// One SQL text.
#[derive(Debug, Clone, Copy)]
pub struct Statement {
    /// `file::NAME`, for tests and messages.
    pub name: &'static str,
    /// The text for SQLite.
    pub sqlite: &'static str,
    /// The text for PostgreSQL.
    pub postgres: &'static str,
    /// Why it may do without `organization_id = $1`, if it does.
    pub installation_wide: Option<&'static str>,
}

/// Declares the file's statements as constants, and `STATEMENTS`, the list that the tests walk.
///
/// ```text
/// statements! {
///     BY_ID = "SELECT … WHERE organization_id = $1 AND id = $2";
///     LOCK = "SELECT …", postgres "SELECT … FOR UPDATE";
///     BY_KEY = "SELECT …", installation_wide "why";
///     PAGE = concat!("SELECT …", "what several texts say alike");
/// }
/// ```
macro_rules! statements {
    ($($name:ident = $sql:expr $(, postgres $postgres:expr)? $(, installation_wide $why:literal)?;)*) => {
        $(const $name: $crate::store::statement::Statement = $crate::store::statement::Statement {
            name: concat!(module_path!(), "::", stringify!($name)),
            sqlite: $sql,
            postgres: statements!(@first $($postgres,)? $sql),
            installation_wide: statements!(@why $($why)?),
        };)*
        /// Every statement of this file.
        pub(in $crate::store) const STATEMENTS: &[$crate::store::statement::Statement] = &[$($name),*];
    };
    (@first $text:expr $(, $rest:expr)?) => { $text };
    (@why $why:literal) => { Some($why) };
    (@why) => { None };
}

/// Runs one query on whichever database the reader or transaction is on: the same call, compiled once per driver.
///
/// ```text
/// run!(self, query_as::<PersonRow>(BY_ID, organization, id).fetch_optional)
/// run!(self, execute(INSERT, organization, id))   // the number of rows
/// ```
macro_rules! run {
    ($on:expr, execute($statement:expr $(, $bind:expr)* $(,)?)) => {
        match $on.connection() {
            $crate::store::reader::Connection::Sqlite(connection) => {
                sqlx::query($statement.sqlite)$(.bind($bind))*.execute(connection).await.map(|done| done.rows_affected())
            }
            $crate::store::reader::Connection::Postgres(connection) => {
                sqlx::query($statement.postgres)$(.bind($bind))*.execute(connection).await.map(|done| done.rows_affected())
            }
        }
        .map_err($crate::store::Error::from)
    };
    ($on:expr, $query:ident::<$row:ty>($statement:expr $(, $bind:expr)* $(,)?).$fetch:ident) => {
        match $on.connection() {
            $crate::store::reader::Connection::Sqlite(connection) => {
                sqlx::$query::<_, $row>($statement.sqlite)$(.bind($bind))*.$fetch(connection).await
            }
            $crate::store::reader::Connection::Postgres(connection) => {
                sqlx::$query::<_, $row>($statement.postgres)$(.bind($bind))*.$fetch(connection).await
            }
        }
        .map_err($crate::store::Error::from)
    };
}

pub(crate) use {run, statements};
