//! Connections in the console: the whole set-up with real calls, tokens, health, groups and rules, and who may do what.

use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use secaro_gateway::scim::Dialect;
use serde_json::json;

use crate::support::app::{Browser, Idp, Page, TestApp};

const ADA: &str = "ada@example.org";

async fn with_an_admin() -> (TestApp, Browser) {
    let app = TestApp::new().await;
    app.person(ADA, "active").await;
    app.grant(ADA, "organization_admin").await;
    let browser = app.sign_in(ADA).await;
    (app, browser)
}

/// The token that a page shows.
fn token_of(page: &Page) -> String {
    let rest = page.text.split("value=\"secaro_scim_").nth(1).expect("a token");
    format!("secaro_scim_{}", rest.split('"').next().unwrap())
}

async fn words(app: &TestApp, browser: &Browser, path: &str) -> String {
    app.opened.request_log.write_waiting().await;
    app.browse(browser, path).await.expect(200).words()
}

/// The plan that a form led to, applied.
async fn apply(app: &TestApp, browser: &Browser, sent: &Page) {
    let plan = sent.headers["location"].to_str().unwrap().to_owned();
    assert!(plan.starts_with("/console/plans/"), "{plan}");
    app.send(browser, &format!("{plan}/apply"), &[]).await.expect(303);
    app.work_off().await;
}

#[tokio::test]
async fn a_connection_is_set_up_by_real_calls_and_activated_by_a_plan() {
    let (app, browser) = with_an_admin().await;
    let empty = words(&app, &browser, "/console/connections").await;
    assert!(empty.contains("No identity provider is connected."));
    let made =
        app.send(&browser, "/console/connections/new", &[("dialect", "okta"), ("key", "okta")]).await.expect(303);
    let path = "/console/connections/okta/set-up";
    assert_eq!(made.headers["location"], path);
    let page = words(&app, &browser, path).await;
    for part in ["Unique", "Do not paste the word Bearer", "It only listens", "Push Groups"] {
        assert!(page.to_lowercase().contains(&part.to_lowercase()), "{part}: {page}");
    }
    assert!(page.matches("Not yet").count() == 8 && !page.contains("Seen"), "{page}");
    let issued = app.send(&browser, "/console/connections/okta/tokens", &[("name", "a"), ("days", "30")]).await;
    let token = token_of(&issued.expect(200));
    let idp = Idp { token, ..app.idp_named("okta", "unused").await };
    idp.get("/ServiceProviderConfig").await.expect(200);
    idp.get("/Users?startIndex=1&count=1").await.expect(200);
    idp.get("/Users?filter=userName%20eq%20%22grace@example.org%22").await.expect(200);
    let page = words(&app, &browser, path).await;
    assert_eq!(page.matches("Seen").count(), 4, "{page}");
    let grace = idp.user("grace@example.org").await;
    let page = words(&app, &browser, path).await;
    assert!(page.contains("Users arrive, but no group does"), "{page}");
    let group = idp.group("secaro-leeds-editors", &[&grace]).await;
    idp.patch(&format!("/Users/{grace}"), &json!([{ "op": "replace", "path": "title", "value": "x" }]))
        .await
        .expect(200);
    let members = json!([{ "op": "add", "path": "members", "value": [{ "value": grace }] }]);
    idp.patch(&format!("/Groups/{group}"), &members).await;
    let page = words(&app, &browser, path).await;
    assert!(!page.contains("Not yet") && page.matches("Seen").count() == 8, "{page}");
    assert!(page.contains("no access rule looks at them"), "{page}");
    assert_eq!(app.people().await, 1, "a pending connection reaches nobody");
    // The group gets a rule from the list of groups, which moves nobody yet.
    let groups = app.browse(&browser, "/console/groups?show=unmatched").await.expect(200);
    assert!(groups.text.contains(&format!("/console/connections/okta?tab=rules&amp;group={group}")));
    let rule = [("kind", "group"), ("subject", group.as_str()), ("gives", "edit_facility:leeds")];
    app.send(&browser, "/console/connections/okta/rules", &rule).await.expect(303);
    let groups = words(&app, &browser, "/console/groups?show=unmatched").await;
    assert!(groups.contains("No group is like that."), "{groups}");
    let sent = app.send(&browser, "/console/connections/okta/state", &[("state", "activate")]).await.expect(303);
    apply(&app, &browser, &sent).await;
    assert_eq!(app.permissions("grace@example.org").await.into_iter().collect::<Vec<_>>(), ["edit_facility:leeds"]);
    let card = words(&app, &browser, "/console/connections").await;
    for part in ["Active", "1, 1", "none of"] {
        assert!(card.contains(part), "{part}: {card}");
    }
    let rules = words(&app, &browser, "/console/rules").await;
    assert!(rules.contains("in the group secaro-leeds-editors"), "{rules}");
}

#[tokio::test]
async fn what_no_call_shows_is_ticked_by_hand_and_says_by_whom() {
    let (app, browser) = with_an_admin().await;
    app.connection("entra", Dialect::Entra).await;
    let path = "/console/connections/entra/set-up";
    assert!(words(&app, &browser, path).await.contains("Secret token"));
    for _ in 0..2 {
        app.send(&browser, path, &[("step", "mappings"), ("done", "yes")]).await.expect(303);
    }
    assert!(words(&app, &browser, path).await.contains(&format!("said {ADA}")));
    app.send(&browser, path, &[("step", "mappings"), ("done", "no")]).await.expect(303);
    assert!(!words(&app, &browser, path).await.contains(&format!("said {ADA}")));
    app.send(&browser, path, &[("step", "nonsense"), ("done", "yes")]).await.expect(400);
}

#[tokio::test]
async fn a_wrong_token_and_bearer_twice_are_told_on_the_page() {
    let (app, browser) = with_an_admin().await;
    let idp = app.connection("okta", Dialect::Okta).await;
    idp.get("/Users?count=1").await.expect(200);
    let call = |authorization: String| {
        let request = Request::get("/scim/v2/okta/Users").header("authorization", authorization);
        app.ask(request.body(Body::empty()).unwrap())
    };
    call("Bearer secaro_scim_aaaaaaaaaaaa_bbbb".to_owned()).await.expect(401);
    let path = "/console/connections/okta/set-up";
    let page = words(&app, &browser, path).await;
    assert!(page.contains("refused with 401 (1 in a row)"), "{page}");
    call(format!("Bearer Bearer {}", idp.token)).await.expect(401);
    assert!(words(&app, &browser, path).await.contains("the word Bearer twice"));
    let health = words(&app, &browser, "/console/connections/okta").await;
    assert!(health.contains("2 calls of the newest 3 came with a token that is wrong"), "{health}");
    assert!(health.contains("3, of which 2 failed"), "{health}");
    app.clock.advance(Duration::from_hours(25));
    let browser = app.sign_in(ADA).await;
    assert!(words(&app, &browser, "/console/connections/okta").await.contains("No call came within 24 hours."));
}

#[tokio::test]
async fn a_token_is_revoked_on_a_page_that_says_what_ends() {
    let (app, browser) = with_an_admin().await;
    let idp = app.connection("okta", Dialect::Okta).await;
    let tokens = app.browse(&browser, "/console/connections/okta?tab=tokens").await.expect(200);
    let ask = tokens.text.split("href=\"/console/connections/okta/tokens/revoke?token=").nth(1).unwrap();
    let key_id = ask.split('"').next().unwrap();
    let page = words(&app, &browser, &format!("/console/connections/okta/tokens/revoke?token={key_id}")).await;
    assert!(page.contains("It is the only token"), "{page}");
    idp.get("/Users").await.expect(200);
    app.send(&browser, "/console/connections/okta/tokens/revoke", &[("token", key_id)]).await.expect(303);
    idp.get("/Users").await.expect(401);
}

#[tokio::test]
async fn groups_of_all_connections_are_searched_narrowed_and_paged() {
    let (app, browser) = with_an_admin().await;
    let okta = app.connection("okta", Dialect::Okta).await;
    let entra = app.connection("entra", Dialect::Entra).await;
    app.pattern_rule("okta", "secaro-{facility}-editors", &["edit_facility:{facility}"]).await;
    for n in 0..55 {
        okta.group(&format!("team {n:02}"), &[]).await;
    }
    entra.group("team 07", &[]).await;
    okta.group("secaro-leeds-editors", &[]).await;
    okta.group("secaro-atlantis-editors", &[]).await;
    let rows = |page: &Page| page.text.matches(r#"<th scope="row">"#).count();
    let first = app.browse(&browser, "/console/groups").await.expect(200);
    assert_eq!(rows(&first), 50);
    let next = first.text.split("<nav class=\"pager\"").nth(1).unwrap().split("href=\"").nth(1).unwrap();
    let next = next.split('"').next().unwrap().replace("&#38;", "&");
    assert_eq!(rows(&app.browse(&browser, &next).await.expect(200)), 8, "{next}");
    for (query, count) in [
        ("q=TEAM+07", 2),
        ("q=team+07&connection=entra", 1),
        ("show=unmatched&q=secaro", 0),
        ("q=secaro", 2),
        ("q=%25", 0),
    ] {
        assert_eq!(
            rows(&app.browse(&browser, &format!("/console/groups?{query}")).await.expect(200)),
            count,
            "{query}"
        );
    }
    let secaro = words(&app, &browser, "/console/groups?q=secaro").await;
    assert!(secaro.contains("Can edit: atlantis") && secaro.contains("nothing yet:"), "{secaro}");
}

#[tokio::test]
async fn rules_are_tried_written_as_text_and_put_back_as_a_plan() {
    let (app, browser) = with_an_admin().await;
    let idp = app.connection("okta", Dialect::Okta).await;
    app.pattern_rule("okta", "secaro-{facility}-editors", &["edit_facility:{facility}"]).await;
    let grace = idp.user("grace@example.org").await;
    idp.group("secaro-leeds-editors", &[&grace]).await;
    let tried = words(&app, &browser, "/console/rules?try=secaro-york-editors").await;
    assert!(tried.contains("Can edit: york"), "{tried}");
    assert!(words(&app, &browser, "/console/rules?try=nobodys").await.contains("No rule in force fits"));
    let path = "/console/connections/okta/rules/text";
    let text = app.browse(&browser, path).await.expect(200);
    let text = text.text.split("<textarea").nth(1).unwrap().split_once('>').unwrap().1.split("</textarea>").next();
    let text = text.unwrap().trim_start_matches('\n').replace("&#34;", "\"");
    assert!(text.starts_with("connection = \"okta\""), "{text}");
    let unchanged = app.send(&browser, path, &[("text", &text)]).await.expect(303);
    assert!(!unchanged.headers["location"].to_str().unwrap().contains("plans"), "the same rules move nobody");
    for wrong in ["nonsense", "connection = \"entra\"\n", &text.replace("{facility}-", "{place}-")] {
        assert!(app.send(&browser, path, &[("text", wrong)]).await.expect(422).text.contains("role=\"alert\""));
    }
    let less = app.send(&browser, path, &[("text", "connection = \"okta\"\n")]).await.expect(303);
    assert_eq!(app.permissions("grace@example.org").await.len(), 1, "nothing before the plan is applied");
    apply(&app, &browser, &less).await;
    assert_eq!(app.permissions("grace@example.org").await.len(), 0);
}

#[tokio::test]
async fn the_guard_is_changed_and_an_ending_is_asked_about_first() {
    let (app, browser) = with_an_admin().await;
    app.connection("okta", Dialect::Okta).await;
    let guard = "/console/connections/okta/guard";
    app.send(&browser, guard, &[("count", "7"), ("percent", "")]).await.expect(303);
    let settings = app.browse(&browser, "/console/connections/okta?tab=settings").await.expect(200);
    assert!(settings.text.contains(r#"name="count" inputmode="numeric" value="7""#), "{}", settings.text);
    for wrong in
        [[("count", "0"), ("percent", "")], [("count", "x"), ("percent", "")], [("count", ""), ("percent", "101")]]
    {
        app.send(&browser, guard, &wrong).await.expect(422);
    }
    let page = words(&app, &browser, "/console/connections/okta/state?to=delete").await;
    assert!(page.contains("It ends for good"), "{page}");
    app.browse(&browser, "/console/connections/okta/state?to=nonsense").await.expect(303);
}

#[tokio::test]
async fn t02_another_organizations_connection_is_as_unknown_as_none() {
    let (app, browser) = with_an_admin().await;
    app.organization("other", "other.example").await;
    let idp = app.connection_of("other", "theirs", Dialect::Okta, "edit").await;
    idp.group("their secret group", &[]).await;
    for rest in ["", "/set-up", "/rules/text", "/state?to=pause", "/tokens/revoke?token=x", "?tab=groups"] {
        let [theirs, nobodys] = ["theirs", "nobody"].map(|key| format!("/console/connections/{key}{rest}"));
        app.browse(&browser, &theirs).await.expect(404);
        app.browse(&browser, &nobodys).await.expect(404);
    }
    for list in ["groups", "rules"] {
        app.browse(&browser, &format!("/console/{list}?connection=theirs")).await.expect(404);
        assert!(!words(&app, &browser, &format!("/console/{list}?try=x")).await.contains("their"));
    }
    let before = app.audit_records().await;
    for rest in ["set-up", "rules/text", "guard", "state", "tokens", "tokens/revoke", "ceiling", "rules"] {
        let fields = [("step", "mappings"), ("text", "connection = \"theirs\"\n"), ("state", "pause"), ("name", "x")];
        app.send(&browser, &format!("/console/connections/theirs/{rest}"), &fields).await.expect(404);
    }
    assert_eq!(app.audit_records().await, before);
}
