//! Settings: who is mailed about what by whose choice, and what is set for the whole installation.

use crate::support::app::{Browser, TestApp};

const ADA: &str = "ada@example.org";
const GRACE: &str = "grace@example.org";
const ALL: [(&str, &str); 6] = [
    ("topic", "join_requests"),
    ("topic", "held"),
    ("topic", "deactivations"),
    ("topic", "tokens"),
    ("topic", "connections"),
    ("topic", "plans"),
];

/// An organization with two admins.
async fn with_two_admins() -> (TestApp, Browser, Browser) {
    let app = TestApp::new().await;
    for email in [ADA, GRACE] {
        app.person(email, "active").await;
        app.grant(email, "organization_admin").await;
    }
    let (ada, grace) = (app.sign_in(ADA).await, app.sign_in(GRACE).await);
    (app, ada, grace)
}

/// Whoever is mailed that a new person of their domain asks to join.
async fn told_of_a_request(app: &TestApp, name: &str) -> Vec<String> {
    let told = "SELECT recipient FROM mails WHERE kind = 'join_request_received' ORDER BY 1";
    app.sql().await.execute("DELETE FROM mails").await;
    app.ask_to_join(&format!("{name}@example.org")).await.unwrap();
    app.sql().await.texts(told).await
}

#[tokio::test]
async fn whoever_declines_a_mail_gets_it_no_longer_and_it_is_on_record() {
    let (app, ada, grace) = with_two_admins().await;
    assert_eq!(told_of_a_request(&app, "first").await, [ADA, GRACE]);
    app.send(&ada, "/console/settings/mails", &ALL[1..]).await.expect(303);
    assert_eq!(told_of_a_request(&app, "second").await, [GRACE], "Ada declined, Grace did not");
    let page = app.browse(&ada, "/console/settings").await.expect(200);
    assert!(page.text.contains("value=\"join_requests\">") && page.text.contains("value=\"held\" checked>"));
    let record = "SELECT actor_name || ' ' || after FROM audit_records WHERE action = 'mails.chosen'";
    let records = app.sql().await.texts(record).await;
    assert_eq!(records.len(), 1);
    assert!(records[0].starts_with(ADA) && !records[0].contains("join_requests"), "{records:?}");

    // Somebody has to know: what all have declined goes to all.
    app.send(&grace, "/console/settings/mails", &[]).await.expect(303);
    assert_eq!(told_of_a_request(&app, "third").await, [ADA, GRACE]);
    let page = app.browse(&grace, "/console/settings").await.expect(200).words();
    assert!(page.contains("All declined: goes to all"), "{page}");
    app.send(&ada, "/console/settings/mails", &ALL).await.expect(303);
    assert_eq!(told_of_a_request(&app, "fourth").await, [ADA]);
    app.send(&ada, "/console/settings/mails", &ALL).await.expect(303);
    let chosen = "SELECT COUNT(*) FROM audit_records WHERE action = 'mails.chosen'";
    assert_eq!(app.sql().await.number(chosen).await, 3, "the same again is no change");
}

#[tokio::test]
async fn t23_what_guards_the_organization_is_mailed_to_whoever_declined_everything() {
    let (app, ada, grace) = with_two_admins().await;
    for browser in [&ada, &grace] {
        app.send(browser, "/console/settings/mails", &[]).await.expect(303);
    }
    app.person("eve@example.org", "active").await;
    let eve = app.explain("eve@example.org").await.overview.person.id;
    let role = [("admin_for", "organization_admin")];
    app.send(&ada, &format!("/console/users/{eve}/admin-for"), &role).await.expect(303);
    app.clock.advance(std::time::Duration::from_secs(6));
    app.work_off().await;
    let told = "SELECT recipient FROM mails WHERE kind = 'admin_role_changed' ORDER BY 1";
    let told = app.sql().await.texts(told).await;
    assert!([ADA, GRACE].iter().all(|admin| told.iter().any(|to| to == admin)), "{told:?}");
}

#[tokio::test]
async fn only_an_admin_chooses_and_only_for_themselves() {
    let (app, ada, _) = with_two_admins().await;
    app.person("auditor@example.org", "active").await;
    app.opened.directory.add_auditor(&app.operator(), "example", "auditor@example.org").await.unwrap();
    let auditor = app.sign_in("auditor@example.org").await;
    app.send(&auditor, "/console/settings/mails", &[]).await.expect(403);
    assert_eq!(app.sql().await.number("SELECT COUNT(*) FROM declined_mails").await, 0);
    let page = app.browse(&auditor, "/console/settings").await.expect(200);
    assert!(page.words().contains("Who is mailed") && !page.text.contains("/console/settings/mails"));
    app.send(&ada, "/console/settings/mails", &[("topic", "held"), ("topic", "nonsense")]).await.expect(303);
    let whose =
        "SELECT COUNT(*) FROM declined_mails d JOIN people p ON p.id = d.person_id WHERE p.email = 'ada@example.org'";
    assert_eq!(app.sql().await.number(whose).await, 5);
    assert_eq!(app.sql().await.number("SELECT COUNT(*) FROM declined_mails").await, 5);
}

#[tokio::test]
async fn what_the_installation_keeps_is_said_in_words_as_it_is_set() {
    let flags =
        [("request_log.retention", "45d"), ("mail.retention", "36h"), ("console.support_contact", "it@example.org")];
    let app = TestApp::with(&flags).await;
    app.person(ADA, "active").await;
    app.grant(ADA, "organization_admin").await;
    let page = app.browse(&app.sign_in(ADA).await, "/console/settings").await.expect(200).words();
    for words in ["45 days", "request_log.retention", "1 day 12 hours", "for ever", "ask it@example.org"] {
        assert!(page.contains(words), "{words}: {page}");
    }
}
