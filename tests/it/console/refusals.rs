//! What the console refuses: in its own words, beside what was filled in, and one of several without the others.

use std::time::Duration;

use secaro_gateway::scim::catalogue;

use crate::support::app::{Browser, TestApp};

const ADA: &str = "ada@example.org";

async fn with_an_admin(flags: &[(&'static str, &str)]) -> (TestApp, Browser) {
    let app = TestApp::with(flags).await;
    app.person(ADA, "active").await;
    app.grant(ADA, "organization_admin").await;
    let browser = app.sign_in(ADA).await;
    (app, browser)
}

#[tokio::test]
async fn an_unknown_join_request_among_several_stops_none() {
    let (app, ada) = with_an_admin(&[]).await;
    let cleo = app.ask_to_join("cleo@example.org").await.unwrap().id.to_string();
    let unknown = "019b0000-0000-7000-8000-000000000000";
    let fields = [("id", unknown), ("id", cleo.as_str()), ("decision", "accept")];
    let said = app.send(&ada, "/console/join-requests", &fields).await.expect(409).words();
    assert!(said.contains("Not decided") && said.contains("One of them: There is no join request"), "{said}");
    assert_eq!(app.status("cleo@example.org").await, "active");
    // Decided meanwhile, it is named, and led to.
    let again = app.send(&ada, "/console/join-requests", &fields[1..]).await.expect(409);
    let link = format!("<a href=\"/console/join-requests/{cleo}\">cleo@example.org</a>: ");
    assert!(again.text.contains(&link) && again.words().contains(ADA), "{}", again.text);
}

#[tokio::test]
async fn t01_anothers_join_request_among_several_is_as_unknown_as_nobodys() {
    let (app, ada) = with_an_admin(&[]).await;
    app.organization("other", "other.example").await;
    let theirs = app.ask_to_join("eve@other.example").await.unwrap().id.to_string();
    let nobodys = "019b0000-0000-7000-8000-000000000000";
    let mut said = Vec::new();
    for id in [theirs.as_str(), nobodys] {
        let fields = [("id", id), ("decision", "reject")];
        let page = app.send(&ada, "/console/join-requests", &fields).await.expect(409);
        said.push(page.words().replace(id, ""));
    }
    assert_eq!(said[0], said[1]);
    let pending = app.sql().await.number("SELECT COUNT(*) FROM join_requests WHERE state = 'pending'").await;
    assert_eq!(pending, 1);
}

#[tokio::test]
async fn a_refusal_names_pages_and_no_command() {
    let (app, ada) = with_an_admin(&[]).await;
    let idp = app.limited("okta", "edit").await;
    idp.user("grace@example.org").await;
    let grace = app.explain("grace@example.org").await.overview.person.id;
    let renamed = app.send(&ada, &format!("/console/users/{grace}"), &[("name", "Grace")]).await.expect(409);
    assert!(renamed.words().contains("detach them first with Detach on their page."), "{}", renamed.words());
    let issue = [("name", "one more"), ("days", "30")];
    app.send(&ada, "/console/connections/okta/tokens", &issue).await.expect(200);
    let issue = [("name", "a third"), ("days", "30")];
    let third = app.send(&ada, "/console/connections/okta/tokens", &issue).await.expect(409);
    assert!(third.words().contains("the connection&#39;s tokens tab shows them"), "{}", third.words());
    let list = "name,email,can edit,admin for\nBob,bob@example.org,nowhere,\n";
    let row = app.send(&ada, "/console/invite/list", &[("list", list)]).await.expect(422);
    assert!(row.words().contains("the list of facilities shows them"), "{}", row.words());
    let stranger = app.send(&ada, "/console/settings/auditors", &[("email", "eve@example.org")]).await.expect(422);
    assert!(stranger.words().contains("the list of users shows those there are"), "{}", stranger.words());
    for page in [renamed, third, row, stranger] {
        assert!(!page.words().contains("secaro-gateway"), "{}", page.words());
    }
}

#[tokio::test]
async fn t66_a_domain_is_removed_only_by_whoever_has_just_signed_in() {
    let (app, ada) = with_an_admin(&[]).await;
    app.clock.advance(Duration::from_mins(6));
    let path = "/console/domains/example.org/remove";
    let sent = app.send(&ada, path, &[]).await.expect(303);
    assert_eq!(sent.headers["location"], "/console/sign-in?why=kept&return_to=%2Fconsole%2Fkept");
    // To look for its proof takes nothing away.
    app.send(&ada, "/console/domains/example.org", &[]).await.expect(409);
    let count = "SELECT COUNT(*) FROM domains WHERE name = 'example.org'";
    assert_eq!(app.sql().await.number(count).await, 1);
    let back = app.sign_in(ADA).await;
    app.send(&back, path, &[]).await.expect(303);
    assert_eq!(app.sql().await.number(count).await, 0);
}

#[tokio::test]
async fn help_explains_every_answer_that_is_an_error() {
    let (app, ada) = with_an_admin(&[]).await;
    let help = app.browse(&ada, "/console/help").await.expect(200).words().replace("&#39;", "'");
    for one in catalogue() {
        let name = one.scim_type.map_or(one.status.to_string(), |kind| format!("{} {}", one.status, kind.as_str()));
        assert!(help.contains(&name) && help.contains(one.meaning), "{name}: {help}");
    }
}

#[tokio::test]
async fn a_large_group_is_replayed_in_batches() {
    let (app, ada) = with_an_admin(&[("guards.plan_batch", "2")]).await;
    let idp = app.limited("okta", "edit").await;
    let mut users = Vec::new();
    for n in 0..5 {
        users.push(idp.user(&format!("person{n}@example.org")).await);
    }
    app.clock.advance(Duration::from_secs(1));
    idp.group("secaro-leeds-editors", &users.iter().map(String::as_str).collect::<Vec<_>>()).await;
    app.pattern_rule("okta", "secaro-{facility}-editors", &["edit_facility:{facility}"]).await;
    app.sql().await.execute("DELETE FROM grants WHERE permission = 'edit_facility'").await;
    app.opened.request_log.write_waiting().await;
    let listed = app.browse(&ada, "/console/requests?q=secaro-leeds").await.expect(200);
    let reference = listed.text.split("href=\"/console/requests/").nth(1).unwrap().split('"').next().unwrap();
    let path = format!("/console/requests/{reference}/replay");
    let said = app.send(&ada, &path, &[]).await.expect(200).words();
    assert!(said.contains("5 people would be moved"), "{said}");
    let given = "SELECT COUNT(*) FROM grants WHERE permission = 'edit_facility'";
    assert_eq!(app.sql().await.number(given).await, 0, "it was a dry run");
}
