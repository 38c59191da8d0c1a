//! Reports: people over time and how fast access ended, from what was written down and from nothing else.

use std::time::Duration;

use secaro_gateway::scim::Dialect;
use serde_json::json;

use crate::support::app::{Browser, Page, TestApp};

const ADA: &str = "ada@example.org";
const WEEK: Duration = Duration::from_hours(7 * 24);

async fn shown(app: &TestApp, browser: &Browser) -> Page {
    app.browse(browser, "/console/reports").await.expect(200)
}

/// The cells of each row of the table of this caption.
fn table(page: &Page, caption: &str) -> Vec<Vec<String>> {
    let table = page.text.split(caption).find(|part| part.starts_with("</caption>")).expect("the table");
    let body = table.split("<tbody>").nth(1).unwrap().split("</tbody>").next().unwrap();
    let text = |cell: &str| cell.split('<').map(|part| part.split_once('>').map_or(part, |(_, text)| text)).collect();
    let rows = body.split("</tr>").filter(|row| row.contains("<tr>"));
    rows.map(|row| row.split("<td>").skip(1).map(|cell| text(&format!("<{cell}").replacen('<', ">", 1))).collect())
        .collect()
}

#[tokio::test]
async fn people_over_time_are_counted_back_from_those_there_are() {
    let app = TestApp::new().await;
    app.person(ADA, "active").await;
    app.grant(ADA, "organization_admin").await;
    let idp = app.limited("okta", "edit").await;
    let grace = idp.user("grace@example.org").await;
    app.clock.advance(WEEK);
    idp.user("linus@example.org").await;
    app.clock.advance(WEEK);
    idp.patch(&format!("/Users/{grace}"), &json!([{ "op": "replace", "path": "active", "value": false }]))
        .await
        .expect(200);
    app.clock.advance(WEEK);
    idp.patch(
        &format!("/Users/{grace}"),
        &json!([{ "op": "replace", "path": "displayName", "value": "\"status\":\"active\"" }]),
    )
    .await
    .expect(200);
    app.clock.advance(Duration::from_hours(1));
    let browser = app.sign_in(ADA).await;
    let page = shown(&app, &browser).await;
    let numbers: Vec<(String, String)> =
        table(&page, "People over time, in UTC").into_iter().map(|row| (row[0].clone(), row[1].clone())).collect();
    let pair = |active: &str, deactivated: &str| (active.to_owned(), deactivated.to_owned());
    assert_eq!(numbers.len(), 13);
    // Ada, whom nothing tells about, was always there.
    assert_eq!(numbers[..9], vec![pair("1", "0"); 9]);
    assert_eq!(numbers[9..], [pair("2", "0"), pair("3", "0"), pair("2", "1"), pair("2", "1")][..]);
    assert!(page.text.contains("1 active and 0 deactivated twelve weeks ago, 2 active and 1 deactivated now"));
}

#[tokio::test]
async fn an_ending_is_measured_by_its_call_until_that_leaves_the_log() {
    let app = TestApp::new().await;
    app.person(ADA, "active").await;
    app.grant(ADA, "organization_admin").await;
    app.person("byhand@example.org", "active").await;
    let idp = app.limited("okta", "edit").await;
    let grace = idp.user("grace@example.org").await;
    let browser = app.sign_in(ADA).await;
    assert!(shown(&app, &browser).await.words().contains("No identity provider ended anybody"));
    idp.delete(&format!("/Users/{grace}")).await;
    let by_hand = app.explain("byhand@example.org").await.overview.person.id;
    app.send(&browser, &format!("/console/users/{by_hand}/deactivate"), &[]).await.expect(303);
    app.opened.request_log.write_waiting().await;
    app.sql().await.execute("UPDATE request_log SET duration_us = 2500001 WHERE method = 'DELETE'").await;
    let page = shown(&app, &browser).await;
    let last = table(&page, "Endings by week, in UTC").pop().unwrap();
    assert_eq!(last, ["1", "1", "2.501 s", "2.501 s"], "whom an admin deactivated is not counted");
    assert!(page.text.contains("href=\"/console/requests/") && !page.words().contains("byhand@example.org"));
    app.sql().await.execute("DELETE FROM request_log").await;
    let page = shown(&app, &browser).await;
    assert_eq!(table(&page, "Endings by week, in UTC").pop().unwrap(), ["1", "0", "–", "–"]);
    assert!(page.words().contains("the requests have left the log") && page.words().contains("grace@example.org"));
}

#[tokio::test]
async fn t01_a_report_tells_of_no_other_organization() {
    let app = TestApp::new().await;
    app.person(ADA, "active").await;
    app.grant(ADA, "organization_admin").await;
    app.organization("other", "other.example").await;
    let theirs = app.connection_of("other", "theirs", Dialect::Okta, "edit").await;
    let eve = theirs.user("eve@other.example").await;
    theirs.delete(&format!("/Users/{eve}")).await;
    app.opened.request_log.write_waiting().await;
    let page = shown(&app, &app.sign_in(ADA).await).await;
    assert!(!page.text.contains("eve@other.example"));
    assert!(page.text.contains("1 active and 0 deactivated now"), "{}", page.text);
}
