//! The tables that the two folders of migrations make: the same ones, with the same columns and indexes.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::{Connection as _, PgConnection, SqliteConnection};

use super::sqlite;
use crate::support::database::{Database, Engine};

/// A column as both databases could have it.
#[derive(Debug, PartialEq, Eq)]
struct Column {
    name: String,
    kind: &'static str,
    required: bool,
}

type Tables = BTreeMap<String, Vec<Column>>;

/// The tables whose rows belong to an organization.
pub(super) async fn organization_tables(connection: &mut SqliteConnection) -> BTreeSet<String> {
    let owned = |columns: &Vec<Column>| columns.first().is_some_and(|first| first.name == "organization_id");
    sqlite_tables(connection).await.into_iter().filter(|(_, columns)| owned(columns)).map(|(name, _)| name).collect()
}

async fn sqlite_tables(connection: &mut SqliteConnection) -> Tables {
    let rows: Vec<(String, String, String, bool)> = sqlx::query_as(
        "SELECT t.name, c.name, c.type, c.\"notnull\" FROM sqlite_schema t JOIN pragma_table_info(t.name) c \
         WHERE t.type = 'table' AND t.name NOT LIKE '\\_sqlx%' ESCAPE '\\' ORDER BY t.name, c.cid",
    )
    .fetch_all(connection)
    .await
    .unwrap();
    tables(rows)
}

async fn postgres_tables(connection: &mut PgConnection) -> Tables {
    let rows: Vec<(String, String, String, bool)> = sqlx::query_as(
        "SELECT table_name::text, column_name::text, data_type::text, is_nullable = 'NO' \
         FROM information_schema.columns WHERE table_schema = 'public' AND table_name NOT LIKE '\\_sqlx%' \
         ORDER BY table_name, ordinal_position",
    )
    .fetch_all(connection)
    .await
    .unwrap();
    tables(rows)
}

fn tables(rows: Vec<(String, String, String, bool)>) -> Tables {
    let mut tables = Tables::new();
    for (table, name, kind, required) in rows {
        // As far as both tell the types apart.
        let kind = match kind.as_str() {
            "BLOB" | "uuid" | "bytea" => "bytes",
            "INTEGER" | "bigint" | "boolean" => "integer",
            "TEXT" | "text" => "text",
            other => panic!("{table}.{name} is of type {other}"),
        };
        tables.entry(table).or_default().push(Column { name, kind, required });
    }
    tables
}

#[tokio::test]
async fn both_databases_have_the_same_tables_columns_and_indexes() {
    if Engine::of_this_run() != Engine::Postgres {
        return;
    }
    let database = Database::new().await;
    let mut postgres = PgConnection::connect(database.location()).await.unwrap();
    let mut sqlite = sqlite().await;
    assert_eq!(sqlite_tables(&mut sqlite).await, postgres_tables(&mut postgres).await);

    let named: Vec<String> =
        sqlx::query_scalar("SELECT name FROM sqlite_schema WHERE type = 'index' AND name LIKE '%_idx' ORDER BY name")
            .fetch_all(&mut sqlite)
            .await
            .unwrap();
    let postgres_named: Vec<String> = sqlx::query_scalar(
        "SELECT indexname::text FROM pg_indexes WHERE schemaname = 'public' AND indexname LIKE '%_idx' \
         ORDER BY indexname COLLATE \"C\"",
    )
    .fetch_all(&mut postgres)
    .await
    .unwrap();
    assert_eq!(named, postgres_named);
}

/// SQLite compares bytes; PostgreSQL has to be told to, or equality and order follow the machine's locale (T15).
#[tokio::test]
async fn t15_what_is_looked_up_by_text_is_compared_byte_by_byte() {
    if Engine::of_this_run() != Engine::Postgres {
        return;
    }
    let database = Database::new().await;
    let mut connection = PgConnection::connect(database.location()).await.unwrap();
    let by_locale: Vec<String> = sqlx::query_scalar(
        "SELECT table_name || '.' || column_name FROM information_schema.columns \
         WHERE table_schema = 'public' AND data_type = 'text' AND collation_name IS DISTINCT FROM 'C' \
         AND (column_name IN ('key', 'external_id') OR column_name LIKE '%\\_key')",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    assert_eq!(by_locale, Vec::<String>::new());
}
