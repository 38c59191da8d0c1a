//! Every SQL text of the store, looked at as text: both databases take it, no table of an organization is read
//! from end to end for it, and it names the organization. What the texts do is tested elsewhere.

mod schema;

use std::collections::BTreeSet;
use std::fmt::Write as _;

use secaro_gateway::scim::filter::{Filter, Limits};
use secaro_gateway::scim::{Dialect, Normaliser, ResourceType};
use secaro_gateway::store::all_statements;
use secaro_gateway::store::filter::Narrowing;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{
    AssertSqlSafe, ConnectOptions as _, Connection as _, Executor as _, PgConnection, SqlSafeStr as _, SqliteConnection,
};

use crate::support::database::{Database, Engine};

/// What may read all rows of a table, or all of an organization's, and why.
const READS_ALL: &[(&str, &str)] = &[
    ("PING", "one row of organizations, whichever"),
    ("auditors::ALL", "the organization's auditors, who are few"),
    ("connection_health::EARLY_CALLS", "an index of a connection's calls, the first of them up to a limit"),
    ("connection_health::PEOPLE_OF_RULES", "a connection's rules, which are few, and an index of each one's grants"),
    ("connection_health::RECENT_CALLS", "an index of a connection's calls, the newest of them up to a limit"),
    ("connection_health::RESOURCES", "how many resources a connection has, by an index of them"),
    ("connection_health::TICKS", "the steps of a set-up, which are five"),
    ("connection_health::TOKENS", "the organization's tokens, which are few"),
    ("connections::LIST", "the organization's connections, which are few"),
    ("declined_mails::ALL", "what the organization's admins declined, who are few"),
    ("domains::LIST", "the organization's domains, which are few"),
    ("facilities::LIST", "the list of all facilities"),
    ("grants::HELD", "an index of held grants alone"),
    ("join_requests::KNOWN_TO_IDPS", "the organization's connections, which are few"),
    ("links::COUNT_LINKED", "an index of a connection's links, and only once the guard's number is reached"),
    ("mass_changes::ALARMED", "an index of alarms alone, newest first"),
    ("outbox::FIRST_DEACTIVATION", "an index of untold events alone"),
    ("outbox::TOLD", "an index of untold events alone"),
    ("outbox::TOLD_DEACTIVATIONS", "an index of untold events alone"),
    ("outbox::UNTOLD", "an index of untold events alone"),
    ("outbox::UNTOLD_DEACTIVATIONS", "an index of untold events alone"),
    ("people::BILLING_ADMINS", "asked for when nobody is Organization admin any longer"),
    ("organizations::LIST", "the operator's list of all organizations"),
    ("oidc_providers::ALL", "the organization's providers, which are a handful"),
    ("people_list::WAITING", "indexes of what is held alone"),
    ("people::DELETE", "whatever may refer to somebody who was only invited, which is seldom asked"),
    ("plans::NEWEST", "the newest of the organization's, up to a limit"),
    ("plans::READ_GRANTS", "what a plan is made from: every permission"),
    ("plans::READ_LINKS", "what a plan is made from: every link"),
    ("plans::READ_PEOPLE", "what a plan is made from: everybody"),
    ("plans::READ_RESOURCES", "what a plan is made from: all that a connection asserted"),
    ("plans::USERS_WITH_GRANTS", "whom a connection gives anything: everybody it does"),
    ("resources::DELETE_ALL", "all that a deleted connection asserted"),
    ("rules::OF_CONNECTION", "a connection's rules, which are few"),
    ("tokens::LIST", "a connection's tokens, which are few"),
    ("tokens::REVOKE_ALL", "a connection's tokens, which are few"),
    ("waiting::COUNTED", "the rows of its own parts, each of which reads an index up to a limit"),
    ("waiting::CONFLICTS", "an index of held links alone"),
    ("waiting::DORMANT", "an index of held grants alone"),
    ("waiting::HELD", "an index of held grants alone"),
    ("waiting::TOKENS", "the organization's tokens, which are few"),
];

/// An SQL text by its name.
struct Text {
    name: String,
    sqlite: String,
    postgres: String,
    installation_wide: bool,
}

/// Filters of every shape that becomes SQL, and of some that do not.
const FILTERS: &[(ResourceType, &str)] = &[
    (ResourceType::User, "userName eq \"ada\""),
    (ResourceType::User, "userName sw \"ada\" and active eq true"),
    (ResourceType::User, "userName co \"ada\" or userName ew \"@example.org\" or userName gt \"m\""),
    (ResourceType::User, "externalId eq \"1\" or id eq \"019a0000-0000-7000-8000-000000000000\""),
    (ResourceType::User, "not (externalId ne \"1\") and externalId pr"),
    (ResourceType::User, "emails.value eq \"ada@example.org\""),
    (ResourceType::User, "emails[type eq \"work\" and value sw \"ada\"]"),
    (ResourceType::User, "meta.lastModified gt \"2026-01-31T09:05:00Z\" and meta.created le \"2026-01-31T09:05:00Z\""),
    (ResourceType::User, "groups.value eq \"019a0000-0000-7000-8000-000000000000\""),
    (ResourceType::User, "title eq \"x\" or userName eq \"ada\""),
    (ResourceType::Group, "displayName eq \"editors\""),
    (ResourceType::Group, "members.value eq \"019a0000-0000-7000-8000-000000000000\" and not (members pr)"),
];

fn parsed(resource_type: ResourceType, text: &str) -> Filter {
    let mut normaliser = Normaliser::new(Dialect::Generic, true);
    Filter::parse(text, resource_type, &Limits::default(), &mut normaliser).unwrap()
}

/// The listed ones, and those that filters become.
fn texts() -> Vec<Text> {
    let listed = all_statements().into_iter().map(|statement| Text {
        name: statement.name.trim_start_matches("secaro_gateway::store::").to_owned(),
        sqlite: statement.sqlite.to_owned(),
        postgres: statement.postgres.to_owned(),
        installation_wide: statement.installation_wide.is_some(),
    });
    let filtered = FILTERS.iter().flat_map(|(resource_type, text)| {
        let texts = Narrowing::of(*resource_type, Some(&parsed(*resource_type, text))).texts();
        texts.into_iter().map(move |(name, sqlite, postgres)| Text {
            name: format!("{} {text}: {name}", resource_type.name()),
            sqlite,
            postgres,
            installation_wide: false,
        })
    });
    listed.chain(filtered).collect()
}

/// A SQLite database in memory with all tables, whatever the run's own database is: only SQLite tells its plans
/// without rows.
async fn sqlite() -> SqliteConnection {
    let options: SqliteConnectOptions = "sqlite::memory:".parse().unwrap();
    let mut connection = options.connect().await.unwrap();
    let migrations = concat!(env!("CARGO_MANIFEST_DIR"), "/migrations/sqlite");
    let migrator = sqlx::migrate::Migrator::new(std::path::Path::new(migrations)).await.unwrap();
    migrator.run(&mut connection).await.unwrap();
    connection
}

#[tokio::test]
async fn both_databases_take_every_statement() {
    let mut complaints = Vec::new();
    let mut connection = sqlite().await;
    for text in texts() {
        if let Err(error) = connection.prepare(AssertSqlSafe(text.sqlite).into_sql_str()).await {
            complaints.push(format!("{} on SQLite: {error}", text.name));
        }
    }
    if Engine::of_this_run() == Engine::Postgres {
        let database = Database::new().await;
        let mut connection = PgConnection::connect(database.location()).await.unwrap();
        for text in texts() {
            if let Err(error) = connection.prepare(AssertSqlSafe(text.postgres).into_sql_str()).await {
                complaints.push(format!("{} on PostgreSQL: {error}", text.name));
            }
        }
    }
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
}

/// The steps of SQLite's plan, indented as they depend on each other.
async fn plan(connection: &mut SqliteConnection, sql: &str) -> Vec<String> {
    let explain = format!("EXPLAIN QUERY PLAN {sql}");
    let steps: Vec<(i64, i64, i64, String)> =
        sqlx::query_as(AssertSqlSafe(explain)).fetch_all(connection).await.unwrap();
    let mut depths = std::collections::HashMap::from([(0, 0)]);
    let mut lines = Vec::new();
    for (id, parent, _, detail) in steps {
        let depth = depths[&parent] + 1;
        depths.insert(id, depth);
        lines.push(format!("{:indent$}{detail}", "", indent = 2 * depth));
    }
    lines
}

/// A step that reads a table or an index of one from end to end, or all that an organization or a connection has in
/// it. Ids that were handed over (`json_each`) and the rows of a sub-select that is itself in the plan are no table.
fn reads_all(step: &str) -> bool {
    let step = step.trim_start();
    let harmless = ["VIRTUAL TABLE", "CONSTANT ROW"].iter().any(|what| step.contains(what)) || step == "SCAN page";
    let all_of_one = ["(organization_id=?)", "(organization_id=? AND connection_id=?)"];
    step.starts_with("SCAN ") && !harmless || all_of_one.iter().any(|bounds| step.ends_with(bounds))
}

/// To accept changed plans after reading them: `INSTA_UPDATE=always tests/run query_plans`.
#[tokio::test]
async fn query_plans_read_no_more_than_is_asked_for() {
    let mut connection = sqlite().await;
    let (mut plans, mut complaints) = (String::new(), Vec::new());
    for text in texts() {
        let steps = plan(&mut connection, &text.sqlite).await;
        if steps.is_empty() {
            continue;
        }
        // The other orders differ in how the ids are sorted, and would fill pages.
        if !text.name.contains(": page by ") || text.name.ends_with(": page by Id") {
            writeln!(plans, "{}\n{}", text.name, steps.join("\n")).unwrap();
        }
        let excused = READS_ALL.iter().any(|(name, _)| text.name == *name);
        if !excused && let Some(step) = steps.iter().find(|step| reads_all(step)) {
            complaints.push(format!("{}: {}", text.name, step.trim()));
        }
    }
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
    insta::assert_snapshot!(plans);
}

/// How often a word that names a table follows one of the words that read or write one.
fn tables_named(sql: &str, tables: &BTreeSet<String>) -> usize {
    let words: Vec<&str> = sql.split(|letter: char| !letter.is_alphanumeric() && letter != '_').collect();
    let pairs = words.windows(2).filter(|pair| ["FROM", "JOIN", "INTO", "UPDATE"].contains(&pair[0]));
    pairs.filter(|pair| tables.contains(pair[1])).count()
}

/// What is wrong with a text that reads or writes rows of an organization.
fn trespass(sql: &str, tables: &BTreeSet<String>) -> Option<&'static str> {
    let named = tables_named(sql, tables);
    if named == 0 {
        return Some("names no table of an organization, and does not say why it may");
    }
    if sql.starts_with("INSERT INTO ") {
        let first =
            sql.split_once(" (organization_id, ").is_some_and(|(into, _)| !into["INSERT INTO ".len()..].contains(' '));
        return (!first || !sql.contains("VALUES ($1, ")).then_some("does not insert organization_id as $1");
    }
    if !sql.contains("organization_id = $1") {
        return Some("does not say organization_id = $1");
    }
    (sql.matches("organization_id = ").count() < named).then_some("names a table without its organization_id")
}

#[tokio::test]
async fn every_statement_names_its_organization() {
    let tables = schema::organization_tables(&mut sqlite().await).await;
    let complain = |text: &Text| {
        let found = [&text.sqlite, &text.postgres].into_iter().find_map(|sql| trespass(sql, &tables));
        found.filter(|_| !text.installation_wide).map(|what| format!("{}: {what}", text.name))
    };
    let complaints: Vec<String> = texts().iter().filter_map(complain).collect();
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
}

#[test]
fn a_statement_without_its_organization_is_seen() {
    let tables = BTreeSet::from(["people".to_owned(), "grants".to_owned()]);
    let trespass = |sql| trespass(sql, &tables).is_some();
    assert!(!trespass("SELECT id FROM people WHERE organization_id = $1 AND id = $2"));
    assert!(trespass("SELECT id FROM people WHERE id = $1"));
    assert!(trespass("SELECT id FROM people WHERE organization_id = $2 AND id = $1"));
    assert!(trespass("SELECT g.id FROM people p JOIN grants g ON g.person_id = p.id WHERE p.organization_id = $1"));
    assert!(trespass("UPDATE people SET id = $1"));
    assert!(trespass("INSERT INTO people (id, organization_id) VALUES ($1, $2)"));
    assert!(!trespass("INSERT INTO people (organization_id, id) VALUES ($1, $2)"));
}

#[tokio::test]
async fn a_statement_that_reads_a_whole_table_is_seen() {
    let mut connection = sqlite().await;
    for (sql, whole) in [
        ("SELECT id FROM people WHERE organization_id = $1 AND email_key = $2", false),
        ("SELECT id FROM people WHERE display_name = $2", true),
        ("SELECT organization_id FROM people WHERE status <> $1", true),
        ("SELECT id FROM people WHERE organization_id = $1 AND email = $2", true),
    ] {
        assert_eq!(plan(&mut connection, sql).await.iter().any(|step| reads_all(step)), whole, "{sql}");
    }
}
