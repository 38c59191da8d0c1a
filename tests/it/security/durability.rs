//! All or nothing: no change without its record, none that is half done when a client goes away, none lost when two
//! processes write, and no number in a query that makes a page without an end.

use std::collections::BTreeSet;
use std::pin::pin;
use std::task::Poll;

use futures_util::future::{join_all, poll_fn};
use secaro_gateway::scim::Dialect;
use secaro_gateway::web::routes::Access;
use serde_json::{Value, json};

use super::{Dice, patch_body, unhurried};
use crate::support::app::{Answer, Idp, TestApp};
use crate::support::database::Engine;
use crate::support::sql::Sql;

/// Requests to every mutating route: those that change something, that change nothing, and that are refused.
fn mutations(user: &str, group: &str) -> Vec<(&'static str, String, Value)> {
    let users = |id: &str| format!("/Users/{id}");
    let groups = |id: &str| format!("/Groups/{id}");
    let patch = |operation: Value| patch_body(&json!([operation]));
    let unknown = "019b0000-0000-7000-8000-000000000000";
    vec![
        (
            "POST",
            "/Users".to_owned(),
            json!({ "userName": "new@example.org", "roles": [{ "value": "billing_admin" }] }),
        ),
        ("POST", "/Users".to_owned(), json!({ "userName": "new@example.org" })),
        ("POST", "/Users".to_owned(), json!({ "userName": 7 })),
        (
            "POST",
            "/Groups".to_owned(),
            json!({ "displayName": "secaro-leeds-editors", "members": [{ "value": user }] }),
        ),
        ("POST", "/Groups".to_owned(), json!({ "displayName": "Bad", "members": [{ "value": unknown }] })),
        ("POST", "/Users/.search".to_owned(), json!({ "schemas": [SEARCH] })),
        ("POST", "/Groups/.search".to_owned(), json!({ "schemas": [SEARCH] })),
        ("POST", "/.search".to_owned(), json!({ "schemas": [SEARCH] })),
        ("POST", "/Bulk".to_owned(), json!({ "Operations": [{ "method": "DELETE", "path": users(user) }] })),
        ("PUT", users(user), json!({ "userName": "ada@example.org", "title": "Editor" })),
        ("PUT", users(user), json!({ "userName": "ada@example.org", "title": "Editor" })),
        ("PUT", users(unknown), json!({ "userName": "x" })),
        ("PUT", groups(group), json!({ "displayName": "secaro-york-editors" })),
        ("PUT", groups(group), json!({ "displayName": "secaro-hull-editors" })),
        ("PATCH", users(user), patch(json!({ "op": "replace", "value": { "active": false } }))),
        ("PATCH", users(user), patch(json!({ "op": "replace", "value": { "active": false } }))),
        ("PATCH", users(user), patch(json!({ "op": "replace", "value": { "active": true } }))),
        ("PATCH", users(user), patch(json!({ "op": "replace", "path": "nonsense", "value": 1 }))),
        ("PATCH", groups(group), patch(json!({ "op": "add", "path": "members", "value": [{ "value": user }] }))),
        ("PATCH", groups(group), patch(json!({ "op": "add", "path": "members", "value": [{ "value": user }] }))),
        ("PATCH", groups(group), patch(json!({ "op": "remove", "path": "members" }))),
        ("DELETE", groups(group), Value::Null),
        ("DELETE", groups(group), Value::Null),
        ("DELETE", users(user), Value::Null),
        ("DELETE", users(unknown), Value::Null),
    ]
}

const SEARCH: &str = "urn:ietf:params:scim:api:messages:2.0:SearchRequest";

async fn send(idp: &Idp, (method, path, body): &(&'static str, String, Value)) -> Answer {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    idp.send(idp.request(method, path).body(body.into()).unwrap()).await
}

async fn prepared() -> (TestApp, Idp, String, String) {
    let app = unhurried().await;
    let okta = app.connection("okta", Dialect::Okta).await;
    app.pattern_rule("okta", "secaro-{facility}-editors", &["edit_facility:{facility}"]).await;
    let user = okta.user("ada@example.org").await;
    let group = okta.group("secaro-york-editors", &[]).await;
    (app, okta, user, group)
}

/// Everything but the audit records and the events, and how many records there are.
async fn state(app: &TestApp) -> (String, i64) {
    let mut sql = app.sql().await;
    let dump = sql.dump(None).await;
    let rows = dump.lines().filter(|line| !line.starts_with("audit_records:")).collect::<Vec<_>>().join("\n");
    (rows, sql.number("SELECT COUNT(*) FROM audit_records").await)
}

#[tokio::test]
async fn t90_something_changed_if_and_only_if_there_is_a_record_of_it() {
    let (app, okta, user, group) = prepared().await;
    let (mut changes, mut seen) = (0, BTreeSet::new());
    for mutation in mutations(&user, &group) {
        let (rows, records) = state(&app).await;
        let answer = send(&okta, &mutation).await;
        let (rows_after, records_after) = state(&app).await;
        assert_eq!(rows != rows_after, records_after > records, "{mutation:?}: {}", answer.status);
        assert!(answer.status.is_success() || rows == rows_after, "{mutation:?}: {}", answer.status);
        changes += usize::from(rows != rows_after);
        seen.insert((mutation.0.to_owned(), mutation.1.replace(&user, "{id}").replace(&group, "{id}")));
    }
    assert_eq!(changes, 10, "the changes that were meant to be some");
    for route in app.routes().into_iter().filter(|route| route.access == Access::Connection) {
        let below = route.path.strip_prefix("/scim/v2/{connection}").unwrap().to_owned();
        let method = route.method.to_string();
        let is_read = method == "GET" || below == "/Me";
        assert!(is_read || seen.contains(&(method.clone(), below.clone())), "{method} {below} is not tried here");
    }
}

/// Makes the database refuse every audit record, or take them again.
async fn refuse_records(app: &TestApp, refuse: bool) {
    let mut sql = app.sql().await;
    let text = match (&sql, refuse) {
        (Sql::Sqlite(_), true) => {
            "CREATE TRIGGER refuse BEFORE INSERT ON audit_records BEGIN SELECT RAISE(ABORT, 'refused'); END"
        }
        (Sql::Sqlite(_), false) => "DROP TRIGGER refuse",
        (Sql::Postgres(_), true) => {
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''refused''; END'; \
             CREATE TRIGGER refuse BEFORE INSERT ON audit_records FOR EACH ROW EXECUTE FUNCTION refuse()"
        }
        (Sql::Postgres(_), false) => "DROP TRIGGER refuse ON audit_records; DROP FUNCTION refuse()",
    };
    sql.execute(text).await;
}

#[tokio::test]
async fn t91_a_change_that_cannot_be_recorded_does_not_happen() {
    let (app, okta, user, group) = prepared().await;
    refuse_records(&app, true).await;
    let before = app.sql().await.dump(None).await;
    let mut refused = 0;
    for mutation in mutations(&user, &group) {
        let answer = send(&okta, &mutation).await;
        refused += usize::from(answer.status.is_server_error());
        assert_eq!(app.sql().await.dump(None).await, before, "{mutation:?}: {}", answer.status);
        assert!(!answer.body.to_string().contains("refused"), "the cause stays inside");
    }
    assert!(refused >= 9, "{refused}");
    okta.get(&format!("/Users/{user}")).await.expect(200);
    refuse_records(&app, false).await;
    okta.delete(&format!("/Users/{user}")).await.expect(204);
}

#[tokio::test]
async fn t103_two_processes_write_one_database_and_neither_fails() {
    let (app, okta, _, group) = prepared().await;
    let second = app.at_another_process(&okta).await;
    let idps = [&okta, &second];
    let posts = (0..48).map(|number| async move {
        let id = idps[number % 2].user(&format!("user{number}@example.org")).await;
        idps[(number + 1) % 2].get(&format!("/Users/{id}")).await.expect(200);
        id
    });
    let users = join_all(posts).await;
    let path = &format!("/Groups/{group}");
    let adds = users.iter().enumerate().map(|(number, id)| async move {
        let add = json!([{ "op": "add", "path": "members", "value": [{ "value": id }] }]);
        idps[number % 2].patch(path, &add).await.expect(204);
    });
    join_all(adds).await;
    assert_eq!(second.get(path).await.body["members"].as_array().unwrap().len(), users.len());
    let rival = join_all((0..16).map(|number| {
        let idp = idps[number % 2];
        async move { idp.post("/Users", &json!({ "userName": "rival@example.org" })).await.status.as_u16() }
    }));
    let mut statuses = rival.await;
    statuses.sort_unstable();
    assert_eq!((statuses[0], statuses[1], statuses[15]), (201, 409, 409));
}

/// Lets a future run for so many steps, then drops it, as when a client disconnects.
async fn for_steps<T>(work: impl Future<Output = T>, steps: usize) -> Option<T> {
    let mut work = pin!(work);
    let mut left = steps;
    poll_fn(|context| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        work.as_mut().poll(context).map(Some)
    })
    .await
}

#[tokio::test]
async fn t105_a_client_that_goes_away_leaves_all_or_nothing_behind() {
    let (app, okta, user, group) = prepared().await;
    let dice = Dice::seeded(105);
    let (mut finished, mut dropped) = (0, 0);
    for number in 0..120 {
        let email = format!("gone{number}@example.org");
        let mutation = match number % 3 {
            0 => ("POST", "/Users".to_owned(), json!({ "userName": email, "emails": [{ "value": email }] })),
            1 => (
                "PATCH",
                format!("/Users/{user}"),
                patch_body(&json!([{ "op": "replace", "path": "title", "value": email }])),
            ),
            _ => ("PUT", format!("/Groups/{group}"), json!({ "displayName": email, "members": [{ "value": user }] })),
        };
        // Some at once, some in the middle, some at about the end, however quick the machine is.
        let most = [4, 20, 80][number / 3 % 3];
        match for_steps(send(&okta, &mutation), 1 + dice.below(most)).await {
            Some(answer) => finished += usize::from(answer.status.as_u16() < 400),
            None => dropped += 1,
        }
    }
    assert!(dropped > 10, "{dropped} of 120 went away, {finished} did not");

    // Nothing stands in the way of the next one, and it waits for what was still being committed.
    okta.user("last@example.org").await;
    let mut sql = app.sql().await;
    let users = sql.number("SELECT COUNT(*) FROM resources WHERE kind = 'User'").await;
    let of_users = [
        "SELECT COUNT(*) FROM links",
        "SELECT COUNT(*) FROM people",
        "SELECT COUNT(*) FROM resource_emails",
        "SELECT COUNT(*) FROM audit_records WHERE action = 'person.added'",
    ];
    for text in of_users {
        assert_eq!(sql.number(text).await, users, "{text}");
    }
    let versions = sql.number("SELECT CAST(SUM(version) AS BIGINT) FROM resources WHERE kind = 'User'").await;
    let changes = "SELECT COUNT(*) FROM audit_records a JOIN resources r ON r.id = a.target_id \
                   WHERE r.kind = 'User' AND a.action LIKE 'resource.%'";
    assert_eq!(sql.number(changes).await, versions, "a version for each record of a User");
    if Engine::of_this_run() == Engine::Postgres {
        let open = "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() \
                    AND state LIKE 'idle in transaction%'";
        let mut patience = 200;
        while sql.number(open).await > 0 {
            patience -= 1;
            assert!(patience > 0, "a transaction stays open");
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    }
}

#[tokio::test]
async fn t53_no_number_in_a_query_makes_an_endless_page_or_a_failure() {
    let app = unhurried().await;
    let okta = app.connection("okta", Dialect::Okta).await;
    for number in 0..5 {
        okta.user(&format!("user{number}@example.org")).await;
    }
    let numbers = [
        "",
        "abc",
        "-9223372036854775808",
        "-1",
        "0",
        "1",
        "3",
        "200",
        "201",
        "2147483648",
        "9223372036854775807",
        "18446744073709551616",
        "1e20",
        "%201",
        "%D9%A1",
        "1.5",
        "0x10",
        "+2",
        "NaN",
        "%00",
        "1%3B",
        "99999999999999999999999999",
    ];
    for name in ["count", "startIndex"] {
        for text in numbers {
            let answer = okta.get(&format!("/Users?{name}={text}")).await;
            assert!(matches!(answer.status.as_u16(), 200 | 400), "{name}={text}: {}", answer.body);
            let search = json!({ "schemas": [SEARCH], name: text });
            let searched = okta.post("/Users/.search", &search).await;
            assert!(searched.status.as_u16() < 500, "{name}={text}: {}", searched.body);
            if answer.status == 200 {
                assert_eq!(answer.body["totalResults"], json!(5), "{name}={text}");
                let page = answer.body["Resources"].as_array().map_or(0, Vec::len);
                assert!(page <= 5, "{name}={text}");
            }
        }
    }
    for number in [json!(-1), json!(i64::MIN), json!(u64::MAX), json!(1e20), json!(1.5), json!([]), json!({})] {
        let answer =
            okta.post("/Users/.search", &json!({ "schemas": [SEARCH], "count": number, "startIndex": number })).await;
        assert!(answer.status.as_u16() < 500, "{number}: {}", answer.body);
    }
    assert_eq!(okta.get("/Users?count=2").await.body["itemsPerPage"], json!(2));
    assert!(okta.get("/Users?count=-1").await.body["Resources"].as_array().is_none_or(Vec::is_empty));
}
