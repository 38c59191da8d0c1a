//! The program as an operator runs it: starting, stopping, and what it says when it cannot.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::process::Output;
use std::time::Duration;

use sqlx::{Connection, PgConnection, SqliteConnection};

use crate::support::database::{Database, Engine};
use crate::support::process::{self, Gateway};

/// A whole exchange on a connection of its own.
fn get(gateway: &Gateway, path: &str) -> String {
    let mut stream = TcpStream::connect(gateway.address()).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

fn complaint(output: &Output) -> String {
    assert!(!output.status.success());
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[tokio::test]
async fn it_starts_on_an_empty_database_and_stops_when_asked() {
    let database = Database::new().await;
    let gateway = Gateway::start(database.location(), &[]);
    assert!(get(&gateway, "/healthz").starts_with("HTTP/1.1 200"));
    assert!(get(&gateway, "/readyz").starts_with("HTTP/1.1 200"));
    let (status, _) = gateway.stop();
    assert!(status.success(), "{status}");

    let again = Gateway::start(database.location(), &[]);
    assert!(get(&again, "/readyz").starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn it_is_small_when_nobody_asks() {
    let database = Database::new().await;
    let gateway = Gateway::start(database.location(), &[]);
    get(&gateway, "/readyz");
    let status = std::fs::read_to_string(format!("/proc/{}/status", gateway.id())).unwrap();
    let own = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).unwrap();
    let kib: u32 = own.split_whitespace().next().unwrap().parse().unwrap();
    assert!(kib < 30 * 1024, "{kib} KiB");
}

#[tokio::test]
async fn a_request_that_was_accepted_is_answered_before_it_stops() {
    let database = Database::new().await;
    let gateway = Gateway::start(database.location(), &[]);
    let mut stream = TcpStream::connect(gateway.address()).unwrap();
    stream.write_all(b"GET /version HTTP/1.1\r\nHost: localhost\r\n").unwrap();
    // The rest of the headers comes after the signal.
    std::thread::sleep(Duration::from_millis(100));
    let rest = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(300));
        stream.write_all(b"\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    });
    let (status, _) = gateway.stop();
    assert!(status.success(), "{status}");
    assert!(rest.join().unwrap().starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn a_port_in_use_is_said_so() {
    let database = Database::new().await;
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let said = complaint(&process::output(database.location(), &["serve", "--listen", &address]));
    assert!(said.contains(&address) && said.contains("in use"), "{said}");
}

#[tokio::test]
async fn a_data_directory_that_cannot_be_written_is_said_so() {
    let folder = tempfile::tempdir().unwrap();
    // A folder below a file cannot be made by anybody, not even by root, whom permissions do not stop.
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let below = file.join("data");
    let said = complaint(&process::with(&["serve", "--data-dir", below.to_str().unwrap()]).output().unwrap());
    assert!(said.contains(below.to_str().unwrap()), "{said}");

    let closed = folder.path().join("closed");
    std::fs::create_dir(&closed).unwrap();
    std::fs::set_permissions(&closed, std::fs::Permissions::from_mode(0o555)).unwrap();
    if std::fs::write(closed.join("probe"), "").is_err() {
        let said = complaint(&process::with(&["serve", "--data-dir", closed.to_str().unwrap()]).output().unwrap());
        assert!(said.contains(closed.to_str().unwrap()), "{said}");
    }
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_refused_and_left_alone() {
    let database = Database::new().await;
    process::json(database.location(), &["organization", "create", "--key", "example", "--name", "Example"]);
    let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
                 VALUES (9999, 'of tomorrow', TRUE, '\\x00', 0)";
    match Engine::of_this_run() {
        Engine::Sqlite => {
            let mut connection = SqliteConnection::connect(database.location()).await.unwrap();
            sqlx::raw_sql(newer).execute(&mut connection).await.unwrap();
            connection.close().await.unwrap();
        }
        Engine::Postgres => {
            let mut connection = PgConnection::connect(database.location()).await.unwrap();
            sqlx::raw_sql(newer).execute(&mut connection).await.unwrap();
            connection.close().await.unwrap();
        }
    }
    for verb in [&["serve"][..], &["migrate"], &["organization", "list"]] {
        let said = complaint(&process::output(database.location(), verb));
        assert!(said.contains("newer"), "{verb:?}: {said}");
    }
}

#[tokio::test]
async fn a_misspelt_setting_is_an_error_with_the_nearest_name() {
    let database = Database::new().await;
    let mut serve = process::command(database.location(), &["serve"]);
    let said = complaint(&serve.env("SECARO_SCIM__MAX_PAGE_SIZ", "10").output().unwrap());
    assert!(said.contains("SECARO_SCIM__MAX_PAGE_SIZE"), "{said}");
}
