//! The database behind the gateway's back: what really is in its tables, and rows that no door of the gateway makes
//! yet. Only for tests; the gateway itself has one place for its SQL.

use std::fmt::Write as _;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, PgConnection, SqliteConnection};
use uuid::Uuid;

use super::database::{Database, Engine};

/// Tables whose rows belong to no organization.
const NO_ORGANIZATIONS: [&str; 4] = ["installation", "mailbox_proofs", "request_log_gaps", "sign_in_asks"];

/// A connection of its own to a test's database.
pub(crate) enum Sql {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl Sql {
    pub(crate) async fn of(database: &Database) -> Self {
        match Engine::of_this_run() {
            Engine::Sqlite => {
                let options = SqliteConnectOptions::new().filename(database.location()).foreign_keys(true);
                Self::Sqlite(options.connect().await.unwrap())
            }
            Engine::Postgres => Self::Postgres(PgConnection::connect(database.location()).await.unwrap()),
        }
    }

    /// Runs statements without looking at what they return.
    pub(crate) async fn execute(&mut self, sql: &str) {
        let sql = AssertSqlSafe(sql);
        match self {
            Self::Sqlite(connection) => sqlx::raw_sql(sql).execute(connection).await.map(|_| ()),
            Self::Postgres(connection) => sqlx::raw_sql(sql).execute(connection).await.map(|_| ()),
        }
        .unwrap();
    }

    /// The rows of a query with one column of text.
    pub(crate) async fn texts(&mut self, sql: &str) -> Vec<String> {
        let sql = AssertSqlSafe(sql);
        match self {
            Self::Sqlite(connection) => sqlx::query_scalar(sql).fetch_all(connection).await,
            Self::Postgres(connection) => sqlx::query_scalar(sql).fetch_all(connection).await,
        }
        .unwrap()
    }

    /// The ids of the rows that follow from `FROM …`.
    pub(crate) async fn ids(&mut self, from: &str) -> Vec<Uuid> {
        let column = match self {
            Self::Sqlite(_) => "hex(id)",
            Self::Postgres(_) => "id::text",
        };
        let texts = self.texts(&format!("SELECT {column} {from}")).await;
        texts.iter().map(|text| text.parse().expect("a UUID")).collect()
    }

    /// The number that a query answers.
    pub(crate) async fn number(&mut self, sql: &str) -> i64 {
        let sql = AssertSqlSafe(sql);
        match self {
            Self::Sqlite(connection) => sqlx::query_scalar(sql).fetch_one(connection).await,
            Self::Postgres(connection) => sqlx::query_scalar(sql).fetch_one(connection).await,
        }
        .unwrap()
    }

    /// A UUID as a literal.
    pub(crate) fn uuid(&self, uuid: Uuid) -> String {
        match self {
            Self::Sqlite(_) => format!("X'{}'", uuid.simple()),
            Self::Postgres(_) => format!("'{uuid}'::uuid"),
        }
    }

    /// The names of the gateway's tables.
    pub(crate) async fn tables(&mut self) -> Vec<String> {
        let tables = match self {
            Self::Sqlite(_) => "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name",
            Self::Postgres(_) => {
                "SELECT tablename::text FROM pg_tables WHERE schemaname = current_schema() ORDER BY tablename"
            }
        };
        let mut tables = self.texts(tables).await;
        tables.retain(|table| !table.starts_with("sqlite_") && !table.starts_with("_sqlx"));
        tables
    }

    /// Every row of every table as text, one a line, in an order that stays; of one organization, by its key, or all.
    pub(crate) async fn dump(&mut self, organization: Option<&str>) -> String {
        let mut dump = String::new();
        for table in self.tables().await {
            if organization.is_some() && NO_ORGANIZATIONS.contains(&table.as_str()) {
                continue;
            }
            let of = |column| {
                organization.map_or(String::new(), |key| {
                    format!(" WHERE t.{column} = (SELECT id FROM organizations WHERE key = '{key}')")
                })
            };
            let of = of(if table == "organizations" { "id" } else { "organization_id" });
            let row = match self {
                Self::Sqlite(_) => {
                    let columns = format!("SELECT 'quote(t.' || name || ')' FROM pragma_table_info('{table}')");
                    self.texts(&columns).await.join(" || '|' || ")
                }
                Self::Postgres(_) => "t::text".to_owned(),
            };
            for row in self.texts(&format!("SELECT {row} AS line FROM {table} t{of} ORDER BY 1")).await {
                writeln!(dump, "{table}: {row}").unwrap();
            }
        }
        dump
    }
}
