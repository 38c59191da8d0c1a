//! An empty, migrated database for one test: a SQLite file in a folder of its own, or a PostgreSQL database copied
//! from a template. Which of the two, TEST_STORE says; a test does not.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;

use sqlx::migrate::Migrator;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use tempfile::TempDir;
use uuid::Uuid;

const MIGRATIONS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/migrations/postgres");

/// The kinds of database there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Engine {
    Sqlite,
    Postgres,
}

impl Engine {
    /// The one of this run.
    pub(crate) fn of_this_run() -> Self {
        match variable("TEST_STORE").as_deref() {
            None | Some("sqlite") => Self::Sqlite,
            Some("postgres") => Self::Postgres,
            Some(other) => panic!("TEST_STORE={other}: sqlite or postgres"),
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the tests' settings are no settings of the gateway")]
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// One test's database; gone when this is dropped.
pub(crate) struct Database {
    location: String,
    folder: TempDir,
    _copy: Option<PostgresCopy>,
}

impl Database {
    /// A new one, of this run's kind.
    pub(crate) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        match Engine::of_this_run() {
            Engine::Sqlite => {
                let location = folder.path().join("gateway.db").to_string_lossy().into_owned();
                Self { location, folder, _copy: None }
            }
            Engine::Postgres => {
                let copy = PostgresCopy::of_template().await;
                Self { location: beside(&copy.server, &copy.name), folder, _copy: Some(copy) }
            }
        }
    }

    /// One without a table.
    pub(crate) async fn blank() -> Self {
        let folder = tempfile::tempdir().unwrap();
        match Engine::of_this_run() {
            Engine::Sqlite => Self::new().await,
            Engine::Postgres => {
                let copy = PostgresCopy::of("template0").await;
                Self { location: beside(&copy.server, &copy.name), folder, _copy: Some(copy) }
            }
        }
    }

    /// What `--database` takes.
    pub(crate) fn location(&self) -> &str {
        &self.location
    }

    /// A folder that is this test's alone.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }
}

/// A PostgreSQL database that is dropped with this.
struct PostgresCopy {
    server: String,
    name: String,
}

impl PostgresCopy {
    async fn of_template() -> Self {
        let mut connection = PgConnection::connect(&Self::server()).await.expect("TEST_POSTGRES_URL answers");
        Self::of(&template(&Self::server(), &mut connection).await).await
    }

    fn server() -> String {
        let Some(server) = variable("TEST_POSTGRES_URL") else {
            panic!("TEST_STORE=postgres needs TEST_POSTGRES_URL: tests/run starts a server and names it there");
        };
        server
    }

    async fn of(template: &str) -> Self {
        let server = Self::server();
        let mut connection = PgConnection::connect(&server).await.expect("TEST_POSTGRES_URL answers");
        let name = format!("secaro_test_{}", Uuid::now_v7().simple());
        execute(&mut connection, format!("CREATE DATABASE {name} TEMPLATE {template}")).await;
        connection.close().await.unwrap();
        Self { server, name }
    }
}

impl Drop for PostgresCopy {
    /// On a thread and a runtime of its own, because the test's own may be unwinding.
    fn drop(&mut self) {
        let (server, name) = (self.server.clone(), self.name.clone());
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let mut connection = PgConnection::connect(&server).await.unwrap();
                execute(&mut connection, format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await;
            });
        });
        if dropped.join().is_err() {
            eprintln!("{} was left behind", self.name);
        }
    }
}

/// The name of a database that has all migrations and nothing else. Made by whichever test comes first: tests are
/// processes of their own, so the server itself is where they meet.
async fn template(server: &str, connection: &mut PgConnection) -> String {
    let migrator = Migrator::new(Path::new(MIGRATIONS)).await.unwrap();
    let mut hash = DefaultHasher::new();
    migrator.iter().for_each(|migration| migration.checksum.hash(&mut hash));
    let name = format!("secaro_template_{:016x}", hash.finish());

    sqlx::query("SELECT pg_advisory_lock($1)").bind(0x5eca_7057).execute(&mut *connection).await.unwrap();
    let made: bool = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM pg_database WHERE datname = $1)")
        .bind(&name)
        .fetch_one(&mut *connection)
        .await
        .unwrap();
    if !made {
        let making = format!("{name}_making");
        execute(connection, format!("DROP DATABASE IF EXISTS {making} WITH (FORCE)")).await;
        execute(connection, format!("CREATE DATABASE {making}")).await;
        let mut new = PgConnection::connect(&beside(server, &making)).await.unwrap();
        migrator.run(&mut new).await.expect("the migrations apply");
        new.close().await.unwrap();
        // Under its own name only when it is whole.
        execute(connection, format!("ALTER DATABASE {making} RENAME TO {name}")).await;
    }
    sqlx::query("SELECT pg_advisory_unlock($1)").bind(0x5eca_7057).execute(connection).await.unwrap();
    name
}

async fn execute(connection: &mut PgConnection, sql: String) {
    connection.execute(AssertSqlSafe(sql.as_str())).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
}

/// The URL of another database on the same server.
fn beside(server: &str, database: &str) -> String {
    let (url, options) = server.split_once('?').unwrap_or((server, ""));
    let (url, _) = url.rsplit_once('/').expect("TEST_POSTGRES_URL names a database");
    format!("{url}/{database}?{options}")
}

#[tokio::test]
async fn two_databases_are_two_and_vanish() {
    let (one, other) = (Database::new().await, Database::new().await);
    assert_ne!(one.location(), other.location());
    if Engine::of_this_run() == Engine::Postgres {
        let mut connection = PgConnection::connect(one.location()).await.unwrap();
        let applied: i64 =
            sqlx::query_scalar("SELECT COUNT(*) FROM _sqlx_migrations").fetch_one(&mut connection).await.unwrap();
        assert!(applied > 0);
        let location = one.location().to_owned();
        drop(one);
        assert!(PgConnection::connect(&location).await.is_err());
    }
    assert!(other.folder().exists());
}
