//! The last Organization admin: one is left on every path but the IdP's own «not active», and there is a way back.

use futures_util::future::join_all;
use secaro_gateway::auth::Operator;
use secaro_gateway::directory::edit::{Edit, Really};
use secaro_gateway::ids::{Id as _, RequestId};
use serde_json::json;

use super::{admin, unhurried};
use crate::bridge::{active, replace, set, with_role};
use crate::support::app::TestApp;

async fn admins(app: &TestApp) -> usize {
    app.opened.directory.organization_admins("example").await.unwrap().len()
}

fn operator() -> Operator {
    Operator::of_this_machine("root".to_owned(), RequestId::from_uuid(uuid::Uuid::from_u128(7)))
}

#[tokio::test]
async fn t23_thirty_two_ways_to_lose_the_last_admins_at_once_leave_one() {
    for round in 0..6 {
        let app = unhurried().await;
        let okta = app.limited("okta", "edit,organization_admin").await;
        let root = admin(&app, "root@example.org").await;
        let ada = okta.post("/Users", &with_role("ada@example.org", "organization_admin")).await.created();
        let path = format!("/Users/{ada}");
        let group = okta.group("Admins", &[&ada]).await;
        app.add_rule("okta", secaro_gateway::provisioning::rules::Subject::Group(group.clone()), "organization_admin")
            .await;
        let (directory, provisioning) = (&app.opened.directory, &app.opened.provisioning);
        let nobody = Edit { admin_for: Some(Vec::new()), ..Edit::default() };
        let member = app.member("ada@example.org").await;
        let ways = (0..32).map(async |way| match (way + round) % 8 {
            0 => drop(okta.patch(&path, &json!([{ "op": "remove", "path": "roles" }])).await),
            1 => drop(okta.delete(&format!("/Groups/{group}")).await),
            2 => drop(directory.edit_person(&root, None, "root@example.org", &nobody).await),
            3 => drop(directory.deactivate_person(&member, None, "root@example.org", Really::Yes).await),
            4 => drop(directory.deactivate_person(&root, None, "ada@example.org", Really::Yes).await),
            5 => drop(provisioning.detach(&root, None, "ada@example.org", false, Really::Yes).await),
            6 => drop(directory.deactivate_person(&app.operator(), None, "root@example.org", Really::Yes).await),
            _ => drop(directory.edit_person(&member, None, "root@example.org", &nobody).await),
        });
        join_all(ways).await;
        assert_eq!(admins(&app).await, 1, "round {round}: exactly one is left, and one went");
    }
}

#[tokio::test]
async fn t23_a_refusal_changes_nothing() {
    let app = unhurried().await;
    let root = admin(&app, "root@example.org").await;
    let before = app.sql().await.dump(None).await;
    let nobody = Edit { admin_for: Some(Vec::new()), ..Edit::default() };
    app.opened.directory.edit_person(&root, None, "root@example.org", &nobody).await.unwrap_err();
    app.opened.directory.deactivate_person(&root, None, "root@example.org", Really::Yes).await.unwrap_err();
    app.opened.directory.deactivate_person(&app.operator(), None, "root@example.org", Really::Yes).await.unwrap_err();
    assert_eq!(app.sql().await.dump(None).await, before);
}

#[tokio::test]
async fn t23_the_machine_is_the_way_back_when_the_idp_took_the_last_admin() {
    let app = unhurried().await;
    let okta = app.limited("okta", "edit,organization_admin").await;
    let ada = okta.post("/Users", &with_role("ada@example.org", "organization_admin")).await.created();
    let path = format!("/Users/{ada}");
    okta.patch(&path, &active(false)).await.expect(200);
    assert_eq!(admins(&app).await, 0, "it happens, and everybody is alarmed");

    let directory = &app.opened.directory;
    let recovery = directory.recover_admin(&operator(), "example", "ada@example.org", None).await.unwrap();
    assert_eq!(recovery.done.len(), 3, "{recovery:?}");
    assert_eq!(app.permissions("ada@example.org").await, set(["organization_admin"]));
    okta.patch(&path, &replace("title", "x")).await.expect(200);
    assert_eq!(admins(&app).await, 1, "what the IdP said before is not applied again");
    okta.patch(&path, &active(false)).await.expect(200);
    assert_eq!(admins(&app).await, 0, "what it says anew is");

    directory.recover_admin(&operator(), "example", "new@example.org", Some("New")).await.unwrap();
    directory.recover_admin(&operator(), "example", "new@example.org", None).await.unwrap();
    assert_eq!(admins(&app).await, 1);
    let sql = "SELECT COUNT(*) FROM audit_records WHERE action = 'admin.recovered' AND actor_kind = 'operator'";
    assert_eq!(app.sql().await.number(sql).await, 3);
    let sql = "SELECT COUNT(*) FROM outbox WHERE kind = 'admin.break_glass_used'";
    assert_eq!(app.sql().await.number(sql).await, 3);
}
