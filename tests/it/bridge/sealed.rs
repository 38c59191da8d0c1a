//! Connections of one organization, and organizations of one installation, are sealed from each other; many changes
//! at once add up to what they would have been one after another.

use serde_json::json;

use super::{NOTHING, active, add_member, remove_member, replace, set, user};
use crate::support::app::TestApp;
use futures_util::future::join_all;
use secaro_gateway::scim::Dialect;

#[tokio::test]
async fn t05_connections_of_one_organization_do_not_see_each_other() {
    let app = TestApp::new().await;
    let okta = app.limited("okta", "edit").await;
    let entra = app.limited("entra", "edit").await;
    let second = app.connection_of("example", "second", Dialect::Okta, "edit").await;
    let ada = okta.user("ada@example.org").await;
    let editors = okta.group("Editors", &[]).await;
    let before = app.sql().await.dump(None).await;
    for (path, change) in
        [(format!("/Users/{ada}"), active(false)), (format!("/Groups/{editors}"), replace("displayName", "X"))]
    {
        let unknown = entra.get("/Users/019b0000-0000-7000-8000-000000000000").await.without_reference();
        assert_eq!(entra.get(&path).await.without_reference(), unknown);
        entra.patch(&path, &change).await.expect(404);
        entra.delete(&path).await.expect(404);
    }
    assert_eq!(entra.get("/Users").await.body["totalResults"], json!(0));
    assert_eq!(app.sql().await.dump(None).await, before);

    // Foreign members are never taken in; Entra is not told, the others are.
    let own = format!("/Groups/{}", entra.group("Editors", &[]).await);
    entra.patch(&own, &add_member(&ada)).await.expect(204);
    assert!(entra.get(&own).await.body.get("members").is_none());
    let theirs = format!("/Groups/{}", second.group("Editors", &[]).await);
    let refused = second.patch(&theirs, &add_member(&ada)).await.expect(400);
    assert_eq!(refused.body["scimType"], json!("invalidValue"));
}

#[tokio::test]
async fn a_rule_of_one_connection_gives_nothing_to_anothers_users() {
    let app = TestApp::new().await;
    let okta = app.limited("okta", "edit").await;
    let entra = app.limited("entra", "edit").await;
    app.pattern_rule("okta", "secaro-{facility}-editors", &["edit_facility:{facility}"]).await;
    let ada = okta.user("ada@example.org").await;
    let bob = entra.user("bob@example.org").await;
    okta.group("secaro-leeds-editors", &[&ada]).await;
    entra.group("secaro-leeds-editors", &[&bob]).await;
    assert_eq!(app.permissions("ada@example.org").await, set(["edit_facility:leeds"]));
    assert_eq!(app.permissions("bob@example.org").await, NOTHING);
}

#[tokio::test]
async fn organizations_have_people_and_facilities_of_their_own() {
    let app = TestApp::new().await;
    app.organization("other", "other.example").await;
    app.facility("other", "leeds").await;
    let okta = app.limited("okta", "edit").await;
    let other = app.connection_of("other", "other", Dialect::Okta, "edit").await;
    for idp in [&okta, &other] {
        let ada = idp.user("ada@example.org").await;
        idp.patch(
            &format!("/Users/{ada}"),
            &json!([{ "op": "add", "path": "entitlements",
            "value": [{ "value": "edit_facility:leeds" }, { "value": "edit_facility:york" }] }]),
        )
        .await
        .expect(200);
    }
    let may = async |organization: &str| {
        let explained = app.opened.directory.explain(Some(organization), "ada@example.org").await.unwrap();
        explained.overview.permissions.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(may("example").await, ["edit_facility:leeds", "edit_facility:york"]);
    assert_eq!(may("other").await, ["edit_facility:leeds"], "york is another organization's");
    assert!(app.held().await.is_empty(), "a person of another organization is no match at all");
}

#[tokio::test]
async fn t100_of_many_posts_of_one_user_name_exactly_one_wins() {
    let app = TestApp::new().await;
    let okta = app.limited("okta", "edit").await;
    let bodies: Vec<_> =
        (0..32).map(|i| user(if i % 2 == 0 { "ada@example.org" } else { "ADA@Example.Org" })).collect();
    let answers = join_all(bodies.iter().map(|body| okta.post("/Users", body))).await;
    let mut statuses: Vec<_> = answers.iter().map(|answer| answer.status.as_u16()).collect();
    statuses.sort_unstable();
    assert_eq!(statuses[0], 201);
    assert!(statuses[1..].iter().all(|status| *status == 409), "{statuses:?}");
    let refused = answers.iter().find(|answer| answer.status == 409).unwrap();
    assert_eq!(refused.body["scimType"], json!("uniqueness"));
    assert_eq!(okta.get("/Users").await.body["totalResults"], json!(1));
}

#[tokio::test]
async fn t34_concurrent_member_changes_are_the_sum_of_them_all() {
    let app = TestApp::new().await;
    let okta = app.limited("okta", "edit").await;
    let path = format!("/Groups/{}", okta.group("Editors", &[]).await);
    let mut users = Vec::new();
    for i in 0..24 {
        users.push(okta.user(&format!("user{i}@example.org")).await);
    }
    for id in &users[..12] {
        okta.patch(&path, &add_member(id)).await.expect(204);
    }
    let changes: Vec<_> =
        users.iter().enumerate().map(|(i, id)| if i < 12 { remove_member(id) } else { add_member(id) }).collect();
    for answer in join_all(changes.iter().map(|change| okta.patch(&path, change))).await {
        answer.expect(204);
    }
    let members = okta.get(&path).await.body["members"].clone();
    let mut found: Vec<_> =
        members.as_array().unwrap().iter().map(|member| member["value"].as_str().unwrap().to_owned()).collect();
    found.sort();
    let mut expected = users[12..].to_vec();
    expected.sort();
    assert_eq!(found, expected);

    // A shape that nobody sends on purpose empties no group (null is one: RFC 7643 §2.5 says what it means).
    for shape in [json!(7), json!({}), json!([[]]), json!([{ "ref": "x" }])] {
        let strange = json!([{ "op": "replace", "path": "members", "value": shape }]);
        let answer = okta.patch(&path, &strange).await;
        let left = okta.get(&path).await.body["members"].as_array().map_or(0, Vec::len);
        assert!(answer.status == 400 && left == 12, "{strange}: {} leaves {left}", answer.status);
    }
}

#[tokio::test]
async fn t101_a_stale_version_changes_nothing_and_ops_without_one_both_survive() {
    let app = TestApp::new().await;
    let okta = app.limited("okta", "edit").await;
    let path = format!("/Users/{}", okta.user("ada@example.org").await);
    let conditional = async |etag: &str, title: &str| {
        let body = json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
            "Operations": [{ "op": "replace", "path": "title", "value": title }] });
        let request = okta.request("PATCH", &path).header("if-match", etag);
        okta.send(request.body(body.to_string().into()).unwrap()).await
    };
    conditional("W/\"1\"", "one").await.expect(200);
    for stale in ["W/\"1\"", "\"1\"", "W/\"1\", W/\"9\"", "?", "W/\"0002\""] {
        conditional(stale, "two").await.expect(412);
    }
    assert_eq!(okta.get(&path).await.body["title"], json!("one"));
    for current in ["*", "\"3\"", "W/\"9\", W/\"4\""] {
        conditional(current, current).await.expect(200);
    }
    let (title, nick_name) = (replace("title", "x"), replace("nickName", "y"));
    let (one, other) = tokio::join!(okta.patch(&path, &title), okta.patch(&path, &nick_name));
    one.expect(200);
    other.expect(200);
    let now = okta.get(&path).await.body;
    assert_eq!((&now["title"], &now["nickName"]), (&json!("x"), &json!("y")));
}
