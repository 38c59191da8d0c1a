//! A database that an earlier version filled: each migration keeps its rows, and what refers to them.

use std::borrow::Cow;
use std::path::Path;

use sqlx::migrate::Migrator;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, SqliteConnection};

use crate::support::database::{Database, Engine};

/// One row in every table of the first migration, referring to each other; `{n}` is the id of that number.
const ROWS: &str = "
INSERT INTO organizations (id, key, name, created_at) VALUES ({1}, 'example', 'Example', 1);
INSERT INTO domains (organization_id, id, name, verified_at, created_at) VALUES ({1}, {2}, 'example.org', 1, 1);
INSERT INTO facilities (organization_id, id, key, name, labels, created_at) VALUES ({1}, {3}, 'leeds', 'Leeds', '', 1);
INSERT INTO facility_names (organization_id, name_key, facility_id, kind) VALUES ({1}, 'leeds', {3}, 'key');
INSERT INTO connections (organization_id, id, key, dialect, strict, state, may_grant, created_at)
    VALUES ({1}, {4}, 'okta', 'okta', {false}, 'paused', 'edit', 1);
INSERT INTO tokens (organization_id, id, connection_id, name, key_id, secret_hash, created_at, expires_at)
    VALUES ({1}, {5}, {4}, 'first', 'abc', {bytes}, 1, 2);
INSERT INTO people (organization_id, id, email, email_key, display_name, status, managed_by, created_at, updated_at)
    VALUES ({1}, {6}, 'ada@example.org', 'ada@example.org', 'Ada', 'active', {4}, 1, 1);
INSERT INTO resources (organization_id, id, connection_id, kind, name_key, active, version, created_at, updated_at, document)
    VALUES ({1}, {7}, {4}, 'User', 'ada', {true}, 1, 1, 1, '{}'), ({1}, {8}, {4}, 'Group', 'all', {true}, 1, 1, 1, '{}'),
    ({1}, {9}, {4}, 'User', 'bob', {true}, 1, 1, 1, '{}');
INSERT INTO resource_emails (organization_id, connection_id, value_key, resource_id)
    VALUES ({1}, {4}, 'ada@example.org', {7});
INSERT INTO members (organization_id, connection_id, group_id, member_id) VALUES ({1}, {4}, {8}, {7});
INSERT INTO links (organization_id, resource_id, connection_id, person_id, state, reason, request_id, created_at)
    VALUES ({1}, {7}, {4}, {6}, 'linked', NULL, {10}, 1), ({1}, {9}, {4}, NULL, 'held', 'no_address', {10}, 1);
INSERT INTO rules (organization_id, id, connection_id, kind, subject, gives, enabled, created_at)
    VALUES ({1}, {11}, {4}, 'pattern', 'all', 'edit_organization', {true}, 1);
INSERT INTO grants (organization_id, id, person_id, permission, source, connection_id, rule_id, group_id, state,
    granted_by, request_id, created_at)
    VALUES ({1}, {12}, {6}, 'edit_organization', 'rule_group', {4}, {11}, {8}, 'effective', 'connection okta', {10}, 1);
INSERT INTO audit_records (organization_id, id, at, actor_kind, actor_name, action, target_kind, target_id, request_id)
    VALUES ({1}, {13}, 1, 'operator', 'root', 'organization.created', 'organization', {1}, {10});
INSERT INTO outbox (organization_id, id, kind, subject_id, payload, request_id, created_at)
    VALUES ({1}, {14}, 'user.provisioned', {6}, '{}', {10}, 1);
";

const TABLES: [&str; 14] = [
    "organizations",
    "domains",
    "facilities",
    "facility_names",
    "connections",
    "tokens",
    "people",
    "resources",
    "resource_emails",
    "members",
    "links",
    "rules",
    "grants",
    "audit_records",
];

fn rows(engine: Engine) -> String {
    let mut sql = ROWS.to_owned();
    for number in 1..=14 {
        let uuid = uuid::Uuid::from_u128(number);
        let literal = match engine {
            Engine::Sqlite => format!("X'{}'", uuid.simple()),
            Engine::Postgres => format!("'{uuid}'"),
        };
        sql = sql.replace(&format!("{{{number}}}"), &literal);
    }
    let (no, yes, bytes) = match engine {
        Engine::Sqlite => ("0", "1", "X'00'"),
        Engine::Postgres => ("false", "true", "'\\x00'"),
    };
    sql.replace("{false}", no).replace("{true}", yes).replace("{bytes}", bytes)
}

/// All migrations, and the first alone.
async fn migrators(engine: Engine) -> (Migrator, Migrator) {
    let folder = match engine {
        Engine::Sqlite => concat!(env!("CARGO_MANIFEST_DIR"), "/migrations/sqlite"),
        Engine::Postgres => concat!(env!("CARGO_MANIFEST_DIR"), "/migrations/postgres"),
    };
    let all = Migrator::new(Path::new(folder)).await.unwrap();
    let mut first = Migrator::new(Path::new(folder)).await.unwrap();
    first.migrations = Cow::Owned(all.iter().take(1).cloned().collect());
    (first, all)
}

fn count(table: &str) -> AssertSqlSafe<String> {
    AssertSqlSafe(format!("SELECT COUNT(*) FROM {table}"))
}

#[tokio::test]
async fn what_an_earlier_version_wrote_is_kept() {
    let engine = Engine::of_this_run();
    let (first, all) = migrators(engine).await;
    let database = Database::blank().await;
    let rows = AssertSqlSafe(rows(engine));
    let (mut before, mut after) = (Vec::<i64>::new(), Vec::<i64>::new());
    match engine {
        Engine::Sqlite => {
            let options =
                sqlx::sqlite::SqliteConnectOptions::new().filename(database.location()).create_if_missing(true);
            let mut connection = SqliteConnection::connect_with(&options.foreign_keys(true)).await.unwrap();
            first.run(&mut connection).await.unwrap();
            sqlx::raw_sql(rows).execute(&mut connection).await.unwrap();
            for table in TABLES {
                before.push(sqlx::query_scalar(count(table)).fetch_one(&mut connection).await.unwrap());
            }
            all.run(&mut connection).await.unwrap();
            for table in TABLES {
                after.push(sqlx::query_scalar(count(table)).fetch_one(&mut connection).await.unwrap());
            }
            let broken: Vec<String> = sqlx::query_scalar("SELECT \"table\" FROM pragma_foreign_key_check")
                .fetch_all(&mut connection)
                .await
                .unwrap();
            assert_eq!(broken, Vec::<String>::new());
            // What referred to a table that was made anew refers to the new one.
            let orphan = "DELETE FROM connections";
            assert!(sqlx::raw_sql(orphan).execute(&mut connection).await.is_err());
        }
        Engine::Postgres => {
            let mut connection = PgConnection::connect(database.location()).await.unwrap();
            first.run(&mut connection).await.unwrap();
            sqlx::raw_sql(rows).execute(&mut connection).await.unwrap();
            for table in TABLES {
                before.push(sqlx::query_scalar(count(table)).fetch_one(&mut connection).await.unwrap());
            }
            all.run(&mut connection).await.unwrap();
            for table in TABLES {
                after.push(sqlx::query_scalar(count(table)).fetch_one(&mut connection).await.unwrap());
            }
        }
    }
    assert!(before.iter().all(|count| *count > 0), "{before:?}");
    assert_eq!(before, after);
}
