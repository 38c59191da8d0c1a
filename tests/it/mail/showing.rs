//! What every mail says, and that without a mail server it can be read all the same.

use std::fmt::Write as _;

use super::{every, fate, queue};
use crate::support::app::TestApp;

/// As the secret in a link differs from installation to installation.
fn without_secrets(text: &str) -> String {
    let mut shown = String::new();
    for piece in text.split_inclusive(['/', '\n', '"', '<']) {
        let end = piece.trim_end_matches(['/', '\n', '"', '<']);
        let is_secret = end.starts_with("secaro_join_") || end.starts_with("secaro_invitation_");
        shown.push_str(if is_secret { "[secret]" } else { end });
        shown.push_str(&piece[end.len()..]);
    }
    shown
}

#[tokio::test]
async fn every_mail_is_kept_and_shown_where_no_server_is_set() {
    let app = TestApp::new().await;
    let mut said = String::new();
    for (number, mail) in every::all().iter().enumerate() {
        let id = queue(&app, &format!("reader{number}@example.org"), mail).await;
        app.work_off().await;
        assert_eq!(fate(&app, id).await.0, "kept");
        let shown = app.worker().mailer.show(id).await.unwrap().unwrap();
        let (kind, subject) = (mail.kind(), &shown.subject);
        writeln!(said, "=== {kind}\nSubject: {subject}\n\n{}", without_secrets(&shown.text)).unwrap();
        assert!(shown.text.contains("You get this because"), "{kind} says why it comes");
        assert!(shown.html.contains("You get this because"), "{kind} says why it comes");
        for link in shown.html.split("href=\"").skip(1) {
            assert!(link.starts_with("https://scim.example.com/"), "{link}");
        }
    }
    insta::assert_snapshot!("every_mail", said);
}

#[tokio::test]
async fn a_mail_has_the_same_words_as_html() {
    let app = TestApp::new().await;
    for (name, mail) in [
        ("invitation_html", every::invitation()),
        ("join_request_html", every::request("North & <b>wind</b>", "Ada <script>", "\"Let me in\"\n& thanks")),
    ] {
        let id = queue(&app, "ada@example.org", &mail).await;
        let shown = app.worker().mailer.show(id).await.unwrap().unwrap();
        insta::assert_snapshot!(name, without_secrets(&shown.html));
    }
}

#[tokio::test]
async fn what_is_done_with_is_deleted_in_time() {
    let app = TestApp::with(&[("mail.retention", "3d")]).await;
    app.worker().begin_recurring().await;
    let old = queue(&app, "old@example.org", &every::confirm()).await;
    app.work_off().await;
    app.clock.advance(std::time::Duration::from_hours(60));
    let new = queue(&app, "new@example.org", &every::confirm()).await;
    app.work_off().await;
    app.clock.advance(std::time::Duration::from_hours(13));
    app.work_off().await;
    let mailer = app.worker().mailer;
    assert!(mailer.show(old).await.unwrap().is_none());
    assert!(mailer.show(new).await.unwrap().is_some());
}
