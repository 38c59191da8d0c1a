//! The queue, the writer, and how long requests stay.

use std::time::Duration;

use secaro_gateway::scim::Dialect;
use tokio_util::sync::CancellationToken;

use super::{ALL, ask, logged};
use crate::support::app::TestApp;
use crate::support::database::Database;
use crate::support::process::{Gateway, provision};
use crate::support::sql::Sql;

#[tokio::test]
async fn what_finds_no_place_in_the_queue_is_counted_and_no_request_is_held_up() {
    let app = TestApp::with(&[("request_log.queue", "3")]).await;
    let okta = app.connection("okta", Dialect::Okta).await;
    for _ in 0..10 {
        okta.get("/Users").await.expect(200);
    }
    assert_eq!(app.opened.request_log.dropped(), 7);
    assert_eq!(logged(&app, &ALL).await.len(), 3);
    let log = &app.opened.request_log;
    let scope = log.scope(&app.operator(), None).await.unwrap();
    let gaps = log.list(scope, &ALL).await.unwrap().gaps;
    assert_eq!(gaps.iter().map(|gap| gap.missing).sum::<i64>(), 7, "the reader is told");
    okta.get("/Users").await.expect(200);
    assert_eq!(logged(&app, &ALL).await.len(), 4, "and it goes on");
    assert_eq!(app.sql().await.number("SELECT COUNT(*) FROM request_log_gaps").await, 1);
}

#[tokio::test]
async fn nobody_without_a_credential_fills_the_disk_with_the_log() {
    let app = TestApp::new().await;
    let okta = app.connection("okta", Dialect::Okta).await;
    for _ in 0..2500 {
        ask(&okta, "GET", "/scim/v2/okta/Users", &[]).await.expect(401);
    }
    okta.get("/Users").await.expect(200);
    app.opened.request_log.write_waiting().await;
    let mut sql = app.sql().await;
    let kept = sql.number("SELECT COUNT(*) FROM request_log WHERE status = 401").await;
    assert!((2000..2500).contains(&kept), "{kept}");
    assert_eq!(
        sql.number("SELECT COUNT(*) FROM request_log WHERE status = 200").await,
        1,
        "and takes no place from others"
    );
    assert_eq!(sql.number("SELECT CAST(SUM(missing) AS BIGINT) FROM request_log_gaps").await, 2500 - kept);
}

#[tokio::test]
async fn the_writer_writes_by_itself_and_the_rest_when_it_is_stopped() {
    let app = TestApp::new().await;
    let okta = app.connection("okta", Dialect::Okta).await;
    let stop = CancellationToken::new();
    let log = app.opened.request_log.clone();
    let asking = async {
        okta.get("/Users").await.expect(200);
        for _ in 0..100 {
            if app.sql().await.number("SELECT COUNT(*) FROM request_log").await == 1 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        for _ in 0..20 {
            okta.get("/Users").await.expect(200);
        }
        stop.cancel();
    };
    tokio::join!(log.keep(stop.clone()), asking);
    assert_eq!(app.sql().await.number("SELECT COUNT(*) FROM request_log").await, 21);
}

#[tokio::test]
async fn a_stopped_gateway_has_written_its_last_request() {
    let database = Database::new().await;
    let [token] = provision(database.location(), ["okta"]);
    let gateway = Gateway::start(database.location(), &[]);
    let url = format!("http://{}/scim/v2/okta/Users", gateway.address());
    let client = reqwest_client();
    for _ in 0..5 {
        assert_eq!(client.get(&url).bearer_auth(&token).send().await.unwrap().status(), 200);
    }
    assert_eq!(client.get(&url).send().await.unwrap().status(), 401);
    drop(client);
    assert!(gateway.stop().0.success());
    let mut sql = Sql::of(&database).await;
    assert_eq!(sql.number("SELECT COUNT(*) FROM request_log WHERE address = '127.0.0.1'").await, 6);
    assert_eq!(sql.number("SELECT COUNT(*) FROM request_log WHERE status = 401").await, 1);
}

fn reqwest_client() -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().build().unwrap()
}

#[tokio::test]
async fn old_requests_go_and_young_ones_stay() {
    let app = TestApp::with(&[("request_log.retention", "10d"), ("request_log.queue", "1")]).await;
    let okta = app.connection("okta", Dialect::Okta).await;
    okta.get("/Users").await.expect(200);
    okta.get("/Users").await.expect(200);
    logged(&app, &ALL).await;
    // More than are deleted at once.
    let mut sql = app.sql().await;
    let copies = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2100)";
    let id = if sql.uuid(uuid::Uuid::nil()).starts_with('X') { "randomblob(16)" } else { "gen_random_uuid()" };
    sql.execute(&format!(
        "{copies} INSERT INTO request_log (id, at, reference, method, path, meaning, status, duration_us, steps, quirks) \
         SELECT {id}, r.at, 'X', r.method, r.path, r.meaning, 200, 1, '[]', '[]' FROM n CROSS JOIN request_log r"
    ))
    .await;
    app.clock.advance(Duration::from_hours(9 * 24));
    okta.get("/Groups").await.expect(200);
    logged(&app, &ALL).await;
    assert_eq!(app.opened.request_log.prune().await.unwrap(), 0);
    app.clock.advance(Duration::from_hours(2 * 24));
    assert_eq!(app.opened.request_log.prune().await.unwrap(), 2101);
    let left = logged(&app, &ALL).await;
    assert_eq!(left.iter().map(|request| request.meaning.as_str()).collect::<Vec<_>>(), ["list Groups"]);
    assert_eq!(sql.number("SELECT COUNT(*) FROM request_log_gaps").await, 0);
}
