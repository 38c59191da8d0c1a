//! The staged list: what is refused by the row, what is only remarked, and who may have a list at all.

use secaro_gateway::directory::Error;
use secaro_gateway::directory::invitations::Standing;

use super::{DAY, accept, invitation, invite, new, refused, stage, wait};
use crate::support::app::TestApp;

#[tokio::test]
async fn each_row_is_checked_when_it_is_put_on_the_list() {
    let app = TestApp::new().await;
    let okta = app.limited("okta", "edit").await;
    okta.user("managed@example.org").await;
    let gone = okta.user("gone@example.org").await;
    okta.delete(&format!("/Users/{gone}")).await.expect(204);
    app.person("active@example.org", "active").await;
    app.person("former@example.org", "deactivated").await;
    stage(&app, &new("twice@example.org", &[], &[])).await.unwrap();
    let before = app.audit_records().await;
    for (email, can_edit, admin_for, why) in [
        ("nobody", "", "", "no e-mail address"),
        ("a@b@example.org", "", "", "no e-mail address"),
        ("=cmd@example.org\n", "leeds;york", "", "no facility in use"),
        ("ada@example.org", "paris", "", "no facility in use is called «paris»"),
        ("ada@example.org", "", "Auditor", "Organization admin or Billing admin"),
        ("TWICE@example.org", "", "", "on the list already"),
        ("managed@example.org", "", "", "«okta» manages managed@example.org"),
        ("gone@example.org", "", "", "«okta» manages gone@example.org"),
        ("active@example.org", "", "", "a person of the organization already"),
        ("former@example.org", "", "", "reactivate them instead"),
    ] {
        let words = refused(stage(&app, &new(email, &[can_edit], &[admin_for])).await);
        assert!(words.contains(why), "{email}: {words}");
    }
    let nameless = secaro_gateway::directory::invitations::NewInvitation {
        name: " ".to_owned(),
        ..new("x@example.org", &[], &[])
    };
    refused(stage(&app, &nameless).await);
    assert_eq!(app.audit_records().await, before);

    assert!(stage(&app, &new("ada@example.org", &[], &[])).await.unwrap().warnings.is_empty());
    let foreign = stage(&app, &new("ada@elsewhere.example", &["Leeds"], &[])).await.unwrap();
    assert!(foreign.warnings[0].contains("elsewhere.example is not a verified domain"), "{:?}", foreign.warnings);
    assert_eq!(foreign.invitation.permissions[0].to_string(), "edit_facility:leeds", "by its key");
}

#[tokio::test]
async fn everything_is_looked_at_again_when_it_is_sent_and_a_refused_row_stays() {
    let app = TestApp::new().await;
    stage(&app, &new("ada@example.org", &["leeds"], &[])).await.unwrap();
    stage(&app, &new("bob@example.org", &["york"], &[])).await.unwrap();
    stage(&app, &new("cyd@elsewhere.example", &[], &[])).await.unwrap();
    app.archive("leeds").await;
    app.limited("okta", "edit").await.user("bob@example.org").await;
    let directory = &app.opened.directory;
    let reports = directory.send_invitations(&app.operator(), "example").await.unwrap();
    let outcomes: Vec<_> = reports.iter().map(|report| (report.email.as_str(), report.outcome)).collect();
    let expected = [("ada@example.org", "refused"), ("bob@example.org", "refused"), ("cyd@elsewhere.example", "sent")];
    assert_eq!(outcomes, expected);
    assert!(reports[0].why.as_ref().unwrap().contains("no longer in use"));
    assert!(reports[1].why.as_ref().unwrap().contains("manages bob@example.org"));
    assert_eq!(reports[2].warnings.len(), 1);
    assert_eq!(invitation(&app, "ada@example.org").await.standing, Standing::Staged);
    let mails = "SELECT kind || ' ' || recipient FROM mails WHERE kind = 'invitation'";
    assert_eq!(app.sql().await.texts(mails).await, ["invitation cyd@elsewhere.example"]);
    directory.remove_invitation(&app.operator(), "example", "ada@example.org").await.unwrap();
    let gone = directory.remove_invitation(&app.operator(), "example", "ada@example.org").await;
    assert!(matches!(gone, Err(Error::NotFound { .. })), "{gone:?}");
}

#[tokio::test]
async fn an_invitation_that_is_past_its_end_does_not_keep_the_next_one_off_the_list() {
    let app = TestApp::new().await;
    invite(&app, "ada@example.org", &[], &[]).await;
    assert!(refused(stage(&app, &new("ada@example.org", &[], &[])).await).contains("invited already"));
    wait(&app, 14 * DAY);
    let secret = invite(&app, "ada@example.org", &["leeds"], &[]).await;
    let states = "SELECT state FROM invitations ORDER BY created_at";
    assert_eq!(app.sql().await.texts(states).await, ["expired", "sent"]);
    accept(&app, &secret).await.unwrap();
}

#[tokio::test]
async fn only_an_organization_admin_invites() {
    let app = TestApp::new().await;
    app.person("boss@example.org", "active").await;
    app.grant("boss@example.org", "organization_admin").await;
    app.person("ada@example.org", "active").await;
    app.grant("ada@example.org", "billing_admin").await;
    let directory = &app.opened.directory;
    let (boss, ada) = (app.member("boss@example.org").await, app.member("ada@example.org").await);
    let new = new("eve@example.org", &[], &["Organization admin"]);
    let staged = directory.stage_invitation(&boss, "example", &new).await.unwrap();
    assert!(staged.invitation.invited_by.starts_with("boss@example.org"));
    let forbidden = |outcome: Result<(), Error>| assert!(matches!(outcome, Err(Error::Forbidden(_))), "{outcome:?}");
    forbidden(directory.stage_invitation(&ada, "example", &new).await.map(drop));
    forbidden(directory.send_invitations(&ada, "example").await.map(drop));
    forbidden(directory.remove_invitation(&ada, "example", "eve@example.org").await.map(drop));
    forbidden(directory.import_invitations(&ada, "example", &[]).await.map(drop));
    directory.send_invitations(&boss, "example").await.unwrap();
    forbidden(directory.revoke_invitation(&ada, "example", "eve@example.org").await.map(drop));
    forbidden(directory.resend_invitation(&ada, "example", "eve@example.org").await.map(drop));
    let removed = directory.remove_invitation(&boss, "example", "eve@example.org").await;
    assert!(refused(removed).contains("revoke it instead"));
}
