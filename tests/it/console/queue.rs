//! What waits and what went out: plans in parts and as a file, mails without the links that open doors, many decisions at
//! once, a pasted list, and nothing of it of another organization.

use secaro_gateway::outbox::mail::MailRow;
use secaro_gateway::provisioning::plans::{Change, Plan};
use secaro_gateway::provisioning::rules::{NewRule, Subject};
use secaro_gateway::scim::Dialect;

use crate::support::app::{Browser, TestApp};

const ADA: &str = "ada@example.org";
const AUDITOR: &str = "auditor@example.org";

async fn with_an_admin() -> (TestApp, Browser) {
    let app = TestApp::new().await;
    for email in [ADA, AUDITOR] {
        app.person(email, "active").await;
    }
    app.grant(ADA, "organization_admin").await;
    app.opened.directory.add_auditor(&app.operator(), "example", AUDITOR).await.unwrap();
    let browser = app.sign_in(ADA).await;
    (app, browser)
}

/// A plan that gives one person of a connection something.
async fn planned(app: &TestApp, organization: &str, connection: &str, email: &str) -> Plan {
    let idp = app.connection_of(organization, connection, Dialect::Okta, "edit").await;
    let user = idp.user(email).await;
    idp.group("editors", &[&user]).await;
    let subject = Subject::Pattern("editors".to_owned());
    let gives = vec!["edit_organization".to_owned()];
    let rule = NewRule { connection: connection.to_owned(), subject, gives, note: None };
    app.opened.provisioning.plan(&app.operator(), Change::from(&rule)).await.unwrap()
}

async fn mails(app: &TestApp) -> Vec<MailRow> {
    app.worker().mailer.list(100).await.unwrap()
}

#[tokio::test]
async fn a_plan_is_shown_in_parts_and_as_a_file() {
    let (app, ada) = with_an_admin().await;
    let plan = planned(&app, "example", "okta", "eve@example.org").await;
    let here = format!("/console/plans/{}", plan.id);
    for (only, shown) in
        [("", true), ("gain", true), ("lose", false), ("view-only", false), ("admins", false), ("held", false)]
    {
        let page = app.browse(&ada, &format!("{here}?only={only}")).await.expect(200);
        assert_eq!(page.text.contains("eve@example.org"), shown, "{only}");
    }
    let file = app.browse(&ada, &format!("{here}/people.csv")).await.expect(200);
    assert!(file.headers["content-disposition"].to_str().unwrap().starts_with("attachment"));
    let row = file.text.lines().nth(1).unwrap();
    assert!(row.starts_with("eve@example.org,") && row.contains("edit_organization"), "{row}");
    // Sent twice: the second is told by whom it was decided.
    app.send(&ada, &format!("{here}/discard"), &[]).await.expect(303);
    let again = app.send(&ada, &format!("{here}/discard"), &[]).await.expect(409);
    assert!(again.words().contains("discarded"), "{}", again.words());
    app.send(&ada, &format!("{here}/apply"), &[]).await.expect(409);
    assert!(app.permissions("eve@example.org").await.is_empty());
}

#[tokio::test]
async fn t24_a_mail_is_shown_without_what_opens_a_door_for_others() {
    let (app, ada) = with_an_admin().await;
    let fields = [("name", "Cleo"), ("email", "cleo@example.org")];
    app.send(&ada, "/console/invite", &fields).await.expect(303);
    app.send(&ada, "/console/invite/send", &[]).await.expect(303);
    app.submit("/console/sign-in", &[("email", ADA)]).await;
    app.work_off().await;
    let invited = app.invitation_secret("cleo@example.org").await;
    let to_sign_in = app.sign_in_secret(ADA).await;
    let auditor = app.sign_in(AUDITOR).await;
    let mails = mails(&app).await;
    let of_kind = |kind: &str| mails.iter().find(|mail| mail.kind == kind).expect(kind).id;
    let invitation = format!("/console/mail/{}", of_kind("invitation"));
    let sign_in = format!("/console/mail/{}", of_kind("sign_in"));
    assert!(app.browse(&ada, &invitation).await.expect(200).text.contains(&invited), "it can be passed on");
    for (browser, path) in [(&auditor, &invitation), (&ada, &sign_in), (&auditor, &sign_in)] {
        let page = app.browse(browser, path).await.expect(200);
        assert!(page.words().contains("the link is left out here"), "{}", page.words());
        assert!(!page.text.contains(&invited) && !page.text.contains(&to_sign_in), "{path}");
        assert!(!page.text.contains("/console/links/"), "{path}");
    }
    let list = app.browse(&auditor, "/console/mail").await.expect(200);
    assert!(list.words().contains("cleo@example.org") && list.words().contains("no mail server is set"));
    assert!(!list.text.contains(&invited) && !list.text.contains(&to_sign_in));
    app.sql().await.execute("UPDATE mails SET state = 'sent', sent_at = created_at WHERE kind = 'invitation'").await;
    let carried = app.browse(&ada, &invitation).await.expect(200);
    assert!(!carried.text.contains(&invited), "where a mail server carries it, the mailbox alone reads it");
}

#[tokio::test]
async fn mails_are_paged_newest_first() {
    let (app, ada) = with_an_admin().await;
    for n in 0..60 {
        let email = format!("guest{n:02}@example.org");
        app.send(&ada, "/console/invite", &[("name", "Guest"), ("email", &email)]).await.expect(303);
    }
    app.send(&ada, "/console/invite/send", &[]).await.expect(303);
    let guests = |text: &str| (0..60).filter(|n| text.contains(&format!("<td>guest{n:02}@"))).collect::<Vec<_>>();
    let first = app.browse(&ada, "/console/mail").await.expect(200);
    let next = first.text.split("<nav class=\"pager\"").nth(1).unwrap().split("href=\"").nth(1).unwrap();
    let next = next.split('"').next().unwrap().replace("&#38;", "&");
    let second = app.browse(&ada, &next).await.expect(200);
    let (mut all, rest) = (guests(&first.text), guests(&second.text));
    assert_eq!((all.len(), rest.len()), (50, 10));
    all.extend(rest);
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), 60, "nobody twice, nobody left out");
}

#[tokio::test]
async fn t01_no_plan_mail_or_held_change_of_another_organization_can_be_named() {
    let (app, ada) = with_an_admin().await;
    app.organization("other", "other.example").await;
    let plan = planned(&app, "other", "theirs", "eve@other.example").await;
    let new = secaro_gateway::directory::invitations::NewInvitation {
        name: "Bea".to_owned(),
        email: "bea@other.example".to_owned(),
        ..Default::default()
    };
    app.opened.directory.stage_invitation(&app.operator(), "other", &new).await.unwrap();
    app.opened.directory.send_invitations(&app.operator(), "other").await.unwrap();
    let mail = mails(&app).await.into_iter().find(|mail| mail.recipient == "bea@other.example").unwrap().id;
    let unknown = "019b0000-0000-7000-8000-000000000000";
    for (base, theirs) in [("/console/plans", plan.id.to_string()), ("/console/mail", mail.to_string())] {
        let mut answers = Vec::new();
        for id in [theirs.as_str(), unknown] {
            let page = app.browse(&ada, &format!("{base}/{id}")).await.expect(404);
            answers.push(page.text.split("Reference").next().unwrap().to_owned());
        }
        assert_eq!(answers[0], answers[1], "{base}");
    }
    app.browse(&ada, &format!("/console/plans/{}/people.csv", plan.id)).await.expect(404);
    for decision in ["apply", "discard"] {
        app.send(&ada, &format!("/console/plans/{}/{decision}", plan.id), &[]).await.expect(404);
    }
    let (still, _) = app.opened.provisioning.shown_plan(plan.id).await.unwrap();
    assert!(still.is_planned());
    assert!(!app.browse(&ada, "/console/mail").await.expect(200).text.contains("bea@other.example"));
    assert!(!app.browse(&ada, "/console/plans").await.expect(200).text.contains(&plan.id.to_string()));
}

#[tokio::test]
async fn a_pasted_list_is_taken_row_by_row_and_what_was_refused_stays() {
    let (app, ada) = with_an_admin().await;
    let list =
        "name,email,can edit,admin for\nCleo,cleo@example.org,leeds,\nBad,bad@,,\nDan,dan@example.org,atlantis,\n";
    let sent = app.send(&ada, "/console/invite/list", &[("list", list)]).await.expect(422);
    let field = sent.text.split("<textarea").nth(1).unwrap().split("</textarea>").next().unwrap();
    assert!(field.contains("name,email,can edit") && field.contains("bad@") && field.contains("atlantis"), "{field}");
    assert!(!field.contains("cleo@example.org"), "what was taken does not stay: {field}");
    assert!(sent.words().contains("2 rows were refused"), "{}", sent.words());
    let staged = app.opened.directory.invitations("example", false).await.unwrap();
    assert_eq!(staged.iter().map(|one| one.email.as_str()).collect::<Vec<_>>(), ["cleo@example.org"]);
    // Sent twice: the one that is on the list already is said to be.
    let twice = "name,email\nCleo,cleo@example.org\n";
    let again = app.send(&ada, "/console/invite/list", &[("list", twice)]).await.expect(422);
    assert!(again.words().contains("on the list already"), "{}", again.words());
    app.send(&ada, "/console/invite/list", &[("list", "Cleo,cleo@example.org\n")]).await.expect(422);
    app.send(&ada, "/console/invite/list", &[("list", "name,email\nEli,eli@example.org\n")]).await.expect(303);
    let auditor = app.sign_in(AUDITOR).await;
    app.send(&auditor, "/console/invite/list", &[("list", twice)]).await.expect(403);
}

/// A join request of somebody; its id.
async fn asks_to_join(app: &TestApp, email: &str) -> String {
    app.submit("/join", &[("name", "Cleo"), ("email", email)]).await.expect(202);
    let path = format!("/join/{}", app.join_secret(email).await);
    app.submit(&path, &[]).await.expect(303);
    let organization = app.sql().await.ids("FROM organizations WHERE key = 'example'").await[0].to_string();
    app.submit(&format!("{path}/request"), &[("organization", &organization)]).await.expect(303);
    app.sql().await.ids("FROM join_requests ORDER BY id DESC LIMIT 1").await[0].to_string()
}

#[tokio::test]
async fn of_many_decisions_each_one_is_told_that_was_not_taken() {
    let (app, ada) = with_an_admin().await;
    let cleo = asks_to_join(&app, "cleo@example.org").await;
    app.clock.advance(std::time::Duration::from_mins(1));
    let dan = asks_to_join(&app, "dan@example.org").await;
    app.person("grace@example.org", "active").await;
    app.grant("grace@example.org", "organization_admin").await;
    let grace = app.sign_in("grace@example.org").await;
    app.send(&grace, &format!("/console/join-requests/{cleo}"), &[("decision", "reject")]).await.expect(303);
    let both = [("decision", "accept"), ("id", cleo.as_str()), ("id", dan.as_str())];
    let sent = app.send(&ada, "/console/join-requests", &both).await.expect(409);
    let words = sent.words();
    assert!(words.contains("cleo@example.org") && words.contains("grace@example.org"), "{words}");
    assert_eq!(app.status("dan@example.org").await, "active", "the other one is decided");
    assert!(app.permissions("dan@example.org").await.is_empty(), "View only");
    let unknown = "019b0000-0000-7000-8000-000000000000";
    app.send(&ada, "/console/join-requests", &[("decision", "accept"), ("id", unknown)]).await.expect(409);
    app.send(&ada, "/console/join-requests", &[("decision", "accept"), ("id", "x")]).await.expect(404);
}

#[tokio::test]
async fn t24_an_admin_role_is_given_only_after_a_sign_in_of_now() {
    let (app, ada) = with_an_admin().await;
    let cleo = asks_to_join(&app, "cleo@example.org").await;
    app.clock.advance(std::time::Duration::from_mins(6));
    let here = format!("/console/join-requests/{cleo}");
    let role = [("decision", "accept"), ("admin_for", "organization_admin")];
    let staged = [("name", "Dan"), ("email", "dan@example.org"), ("admin_for", "Billing admin")];
    for (path, fields) in [(here.as_str(), &role[..]), ("/console/join-requests", &role), ("/console/invite", &staged)]
    {
        let sent = app.send(&ada, path, fields).await.expect(303);
        assert!(sent.headers["location"].to_str().unwrap().starts_with("/console/sign-in?why=kept"), "{path}");
    }
    assert_eq!(app.opened.directory.invitations("example", true).await.unwrap().len(), 0);
    // Without a role, the sign-in of before is enough.
    app.send(&ada, "/console/invite", &staged[..2]).await.expect(303);
    app.send(&ada, &here, &role[..1]).await.expect(303);
    assert!(app.permissions("cleo@example.org").await.is_empty());
}
