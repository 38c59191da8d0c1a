//! Mails through a real mail server: to whom, with which header, and again when it does not work.

use std::collections::BTreeSet;
use std::fs;
use std::time::Duration;

use secaro_gateway::outbox::queue::JobState;

use super::{every, fate, queue, sending_to};
use crate::support::app::{TestApp, encoded};
use crate::support::smtp::{Kept, PASSWORD, Sink, Way};

fn field<'a>(mail: &'a Kept, name: &str) -> &'a str {
    &mail.fields.iter().find(|(field, _)| field == name).unwrap_or_else(|| panic!("no {name}: {:?}", mail.fields)).1
}

fn names(mail: &Kept) -> Vec<&str> {
    mail.fields.iter().map(|(name, _)| name.as_str()).collect()
}

const FIELDS: [&str; 8] =
    ["Date", "From", "To", "Subject", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type"];

#[tokio::test]
async fn every_mail_goes_out_encrypted_to_exactly_one_address() {
    let sink = Sink::start(Way::StartTls);
    let app = sending_to(&sink, &[]).await;
    let mut ids = Vec::new();
    for (number, mail) in every::all().iter().enumerate() {
        // As stored: nobody's idea of tidiness changes an address on the way (T16).
        let to = format!("Reader.{number}+x@Example.org");
        ids.push((queue(&app, &to, mail).await, to));
    }
    app.work_off().await;
    let mails = sink.mails();
    assert_eq!(mails.len(), ids.len());
    for (id, to) in &ids {
        let [mail] = &sink.mails_to(to)[..] else { panic!("{to} got one") };
        assert!(mail.encrypted && mail.authenticated);
        assert_eq!(mail.from, "no-reply@secaro.example");
        assert_eq!(names(mail), FIELDS);
        assert_eq!(field(mail, "To"), to);
        assert_eq!(field(mail, "From"), "Secaro <no-reply@secaro.example>");
        assert_eq!(field(mail, "Message-ID"), format!("<{id}@secaro.example>"));
        assert_eq!(field(mail, "Auto-Submitted"), "auto-generated");
        assert_eq!(field(mail, "Date"), "Sat, 31 Jan 2026 09:00:00 +0000");
        let shown = app.worker().mailer.show(*id).await.unwrap().unwrap();
        assert_eq!(shown.mail.state.as_str(), "sent");
        assert_eq!(mail.text.trim_end(), shown.text.trim_end());
    }
    assert!(app.worker().queue.list(10).await.unwrap().is_empty());
}

#[tokio::test]
async fn tls_from_the_first_byte_and_a_relay_on_this_machine_work_too() {
    for way in [Way::Tls, Way::Plain] {
        let sink = Sink::start(way);
        let app = sending_to(&sink, &[("mail.reply_to", "help@secaro.example")]).await;
        queue(&app, "ada@example.org", &every::confirm()).await;
        app.work_off().await;
        let [mail] = &sink.mails()[..] else { panic!("one mail") };
        assert_eq!((mail.encrypted, mail.authenticated), (way == Way::Tls, way == Way::Tls));
        assert_eq!(field(mail, "Reply-To"), "help@secaro.example");
    }
}

#[tokio::test]
async fn a_server_that_nobody_vouches_for_gets_nothing() {
    for way in [Way::Tls, Way::StartTls] {
        let sink = Sink::start(way);
        let app = sending_to(&sink, &[("mail.ca_file", "")]).await;
        let id = queue(&app, "ada@example.org", &every::confirm()).await;
        app.work_off().await;
        let (state, error) = fate(&app, id).await;
        assert_eq!(state, "waiting");
        assert!(error.contains("certificate"), "{error}");
        assert!(sink.mails().is_empty());
    }
}

#[tokio::test]
async fn t48_no_name_adds_a_header_a_recipient_or_a_line() {
    let sink = Sink::start(Way::Plain);
    let app = sending_to(&sink, &[]).await;
    let hostile = [
        "Northwind\r\nBcc: eve@evil.example",
        "Northwind\nSubject: Win a prize\n\n<h1>prize</h1>",
        "Northwind\rX: y",
        "\u{202e}dniwhtroN",
        "North\u{200b}wind\0\u{1b}[2J",
        "=?utf-8?q?Northwind=0D=0ABcc:_eve@evil.example?=",
        "Northwind\u{85}Bcc: eve@evil.example\u{2028}x",
        "ÄÖÜ 山田 \u{feff}",
        "eve@evil.example, ",
    ];
    for (number, name) in hostile.iter().enumerate() {
        let mail = every::request(name, name, &format!("{name}\r\n.\r\nMAIL FROM:<eve@evil.example>\r\n"));
        queue(&app, &format!("reader{number}@example.org"), &mail).await;
        queue(&app, &format!("asked{number}@example.org"), &every::confirm()).await;
    }
    app.work_off().await;
    assert_eq!(sink.mails().len(), 2 * hostile.len());
    for (number, name) in hostile.iter().enumerate() {
        let to = format!("reader{number}@example.org");
        let [mail] = &sink.mails_to(&to)[..] else { panic!("one mail for {name:?}") };
        assert_eq!(names(mail), FIELDS, "{name:?}");
        assert!(field(mail, "Subject").starts_with("Somebody asks to join"), "{}", field(mail, "Subject"));
        let lines: Vec<_> =
            mail.text.lines().filter(|line| line.contains("eve@evil") || line.contains("prize")).collect();
        assert!(
            lines.iter().all(|line| line.starts_with("> ") || line.contains("join ") || line.starts_with("You get")),
            "{lines:?}"
        );
        let turns = |c: char| c.is_control() && c != '\n' || "\u{202e}\u{200b}\u{feff}\u{2028}\u{85}".contains(c);
        assert!(!mail.text.contains(turns), "{:?}", mail.text);
    }
}

#[tokio::test]
async fn t48_no_header_of_a_request_changes_a_link() {
    let sink = Sink::start(Way::Plain);
    let app = sending_to(&sink, &[]).await;
    let mut request = TestApp::form("/join");
    for name in ["host", "forwarded", "x-forwarded-host", "x-forwarded-server", "x-original-host", "referer"] {
        request = request.header(name, if name == "forwarded" { "host=evil.example" } else { "evil.example" });
    }
    app.text(request.body(encoded(&[("name", "Ada"), ("email", "ada@example.org")])).unwrap()).await.expect(202);
    app.work_off().await;
    let [mail] = &sink.mails_to("ada@example.org")[..] else { panic!("one mail") };
    let links: Vec<&str> = mail.text.lines().filter(|line| line.contains("://")).collect();
    assert_eq!(links.len(), 1);
    assert!(links[0].starts_with("https://scim.example.com/join/secaro_join_"), "{links:?}");
    assert!(!format!("{mail:?}").contains("evil"), "{mail:?}");
}

#[tokio::test]
async fn a_wrong_password_is_tried_again_then_given_up_where_it_shows() {
    let sink = Sink::start(Way::StartTls);
    let app = sending_to(&sink, &[("jobs.max_attempts", "3")]).await;
    fs::write(sink.path("password"), "wrong").unwrap();
    let id = queue(&app, "ada@example.org", &every::invitation()).await;
    for attempt in 1..=3 {
        assert_eq!(fate(&app, id).await.0, "waiting");
        assert_eq!(app.work_off().await, 1, "attempt {attempt}");
        assert_eq!(app.work_off().await, 0, "the next one waits");
        app.clock.advance(Duration::from_hours(1));
    }
    let (state, error) = fate(&app, id).await;
    assert_eq!(state, "failed");
    assert!(error.contains("535") && !error.contains("wrong"), "{error}");
    let queue = app.worker().queue;
    let jobs = queue.list(10).await.unwrap();
    assert_eq!((jobs.len(), jobs[0].state, jobs[0].attempts), (1, JobState::Failed, 3));
    assert_eq!(app.work_off().await, 0, "it was given up");

    // Somebody mends it: no restart, and the same mail.
    fs::write(sink.path("password"), PASSWORD).unwrap();
    assert!(queue.retry(jobs[0].id).await.unwrap());
    app.work_off().await;
    assert_eq!(fate(&app, id).await, ("sent".to_owned(), String::new()));
    assert_eq!(field(&sink.mails()[0], "Message-ID"), format!("<{id}@secaro.example>"));
}

#[tokio::test]
async fn a_server_that_is_away_is_tried_again_under_the_same_id() {
    let mut sink = Sink::start(Way::Plain);
    let app = sending_to(&sink, &[]).await;
    sink.goes_away();
    let id = queue(&app, "ada@example.org", &every::confirm()).await;
    app.work_off().await;
    let (state, error) = fate(&app, id).await;
    assert_eq!(state, "waiting");
    assert!(error.to_lowercase().contains("connect"), "{error}");
    let mut attempts = 1;
    while fate(&app, id).await.0 == "waiting" {
        app.clock.advance(Duration::from_hours(1));
        attempts += app.work_off().await;
    }
    assert_eq!((attempts, fate(&app, id).await.0.as_str()), (10, "failed"));
}

#[tokio::test]
async fn an_address_that_is_refused_is_given_up_at_once_and_a_busy_one_is_not() {
    let sink = Sink::start(Way::StartTls);
    let app = sending_to(&sink, &[]).await;
    let refused = queue(&app, "refused@example.org", &every::confirm()).await;
    let busy = queue(&app, "busy@example.org", &every::confirm()).await;
    app.work_off().await;
    let (state, error) = fate(&app, refused).await;
    assert_eq!(state, "failed");
    assert!(error.contains("no such mailbox here"), "{error}");
    assert_eq!(fate(&app, busy).await.0, "waiting");
    let jobs = app.worker().queue.list(10).await.unwrap();
    assert_eq!(jobs.iter().map(|job| job.state).collect::<Vec<_>>(), [JobState::Failed, JobState::Waiting]);
}

#[tokio::test]
async fn workers_of_several_processes_send_every_mail_once() {
    let sink = Sink::start(Way::Plain);
    let app = sending_to(&sink, &[]).await;
    let mut addresses = BTreeSet::new();
    for number in 0..40 {
        let to = format!("reader{number}@example.org");
        queue(&app, &to, &every::confirm()).await;
        addresses.insert(to);
    }
    let workers = [app.worker(), app.worker().of_another_process(), app.worker().of_another_process()];
    let [one, other, third] = workers.each_ref();
    let (one, other, third) = tokio::join!(one.run_due(), other.run_due(), third.run_due());
    assert_eq!(one + other + third, 40);
    let mails = sink.mails();
    assert_eq!(mails.len(), 40);
    assert_eq!(mails.iter().flat_map(|mail| mail.recipients.clone()).collect::<BTreeSet<_>>(), addresses);
}

#[tokio::test]
async fn t62_no_mailed_secret_is_in_the_database() {
    let sink = Sink::start(Way::StartTls);
    let app = sending_to(&sink, &[]).await;
    queue(&app, "ada@example.org", &every::confirm()).await;
    queue(&app, "grace@example.org", &every::invitation()).await;
    app.work_off().await;
    let secrets: Vec<String> = sink
        .mails()
        .iter()
        .map(|mail| {
            let link = mail.text.lines().find(|line| line.starts_with("https://scim.example.com/")).expect("a link");
            link.rsplit('_').nth(1).expect("a secret").to_owned()
        })
        .collect();
    assert_eq!(secrets.len(), 2);
    let dump = app.sql().await.dump(None).await;
    assert!(dump.contains("grace@example.org"), "what is looked through does hold mails");
    for secret in secrets.iter().map(String::as_str).chain([PASSWORD]) {
        assert!(secret.len() >= 20 && !dump.contains(secret));
    }
}
