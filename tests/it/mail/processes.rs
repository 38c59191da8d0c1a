//! Mail from running gateways, as many as there are and however they end; and what the command line shows of it.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use secaro_gateway::clock::{Clock as _, SystemClock};

use super::{every, queue_at};
use crate::support::database::Database;
use crate::support::process::{Gateway, json, output, provision};
use crate::support::smtp::{Sink, Way};
use crate::support::sql::Sql;

fn environment(sink: &Sink) -> Vec<(String, String)> {
    let mut all = vec![("SECARO_JOBS__POLL_EVERY".to_owned(), "50ms".to_owned())];
    for (key, text) in sink.settings() {
        all.push((format!("SECARO_{}", key.replace('.', "__").to_uppercase()), text));
    }
    all
}

fn start(database: &Database, sink: &Sink, more: &[(&str, &str)]) -> Gateway {
    let environment = environment(sink);
    let all: Vec<_> = environment.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    Gateway::start(database.location(), &[&all[..], more].concat())
}

fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !is_so() {
        assert!(Instant::now() < deadline, "still not: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[tokio::test]
async fn two_running_gateways_send_every_mail_once_and_stop_cleanly() {
    let (database, sink) = (Database::new().await, Sink::start(Way::StartTls));
    let [] = provision(database.location(), []);
    let gateways = [start(&database, &sink, &[]), start(&database, &sink, &[])];
    let mut sql = Sql::of(&database).await;
    let mut addresses = BTreeSet::new();
    for number in 0..30 {
        let to = format!("reader{number}@example.org");
        queue_at(&mut sql, SystemClock.now(), &to, &every::confirm()).await;
        addresses.insert(to);
    }
    until("everything is sent", || sink.mails().len() >= 30);
    for gateway in gateways {
        assert!(gateway.stop().0.success());
    }
    let mails = sink.mails();
    assert_eq!(mails.len(), 30);
    assert_eq!(mails.iter().flat_map(|mail| mail.recipients.clone()).collect::<BTreeSet<_>>(), addresses);
}

#[tokio::test]
async fn another_gateway_takes_over_from_one_that_was_killed() {
    let (database, sink) = (Database::new().await, Sink::start(Way::Plain));
    let [] = provision(database.location(), []);
    let lease = [("SECARO_JOBS__LEASE", "2s")];
    let killed = start(&database, &sink, &lease);
    queue_at(&mut Sql::of(&database).await, SystemClock.now(), "slow@example.org", &every::confirm()).await;
    until("the mail server has it in hand", || sink.path("mails/waiting").exists());
    drop(killed);
    assert!(sink.mails().is_empty());
    let gateway = start(&database, &sink, &lease);
    until("it is sent", || sink.mails_to("slow@example.org").len() == 1);
    assert!(gateway.stop().0.success());
}

#[tokio::test]
async fn the_command_line_shows_mails_and_work_and_has_it_tried_again() {
    let (database, sink) = (Database::new().await, Sink::start(Way::Plain));
    let at = database.location();
    let [] = provision(at, []);
    let empty = |verb: &[&str]| String::from_utf8(output(at, verb).stdout).unwrap();
    assert_eq!(empty(&["mail", "list"]), "There is no mail.\n");
    assert_eq!(empty(&["job", "list"]), "No work waits, and none was given up.\n");
    let mut sql = Sql::of(&database).await;
    let id = queue_at(&mut sql, SystemClock.now(), "refused@example.org", &every::invitation()).await.to_string();
    assert_eq!(json(at, &["mail", "list"])["mails"][0]["state"], "waiting");
    let gateway = start(&database, &sink, &[]);
    until("it is given up", || json(at, &["mail", "list"])["mails"][0]["state"] == "failed");
    assert!(gateway.stop().0.success());

    let shown = json(at, &["mail", "show", &id]);
    assert_eq!((&shown["recipient"], &shown["kind"]), (&"refused@example.org".into(), &"invitation".into()));
    assert!(shown["last_error"].as_str().unwrap().contains("no such mailbox here"));
    let words = empty(&["mail", "show", &id]);
    assert!(words.contains("Invitation to Northwind") && words.contains("/invitations/secaro_invitation_"), "{words}");
    assert!(empty(&["mail", "show", &id, "--html"]).starts_with("<!DOCTYPE html>"));
    let failed = json(at, &["job", "list"])["jobs"].as_array().unwrap().clone();
    let failed = failed.iter().find(|job| job["state"] == "failed").expect("given up");
    assert_eq!(failed["kind"], "mail.send");
    let retried = json(at, &["job", "retry", failed["id"].as_str().unwrap()]);
    assert_eq!(retried["state"], "waiting");

    let nobodys = "019b0000-0000-7000-8000-000000000000";
    for verb in [["mail", "show", nobodys], ["job", "retry", nobodys]] {
        assert_eq!(output(at, &verb).status.code(), Some(4), "{verb:?}");
    }
    assert_eq!(output(at, &["mail", "show", "x"]).status.code(), Some(2));
}
