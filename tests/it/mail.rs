//! Mail: what every one says, how it goes out, and what becomes of it when it does not.

mod every;
mod processes;
mod sending;
mod showing;
mod telling;

use secaro_gateway::clock::{Clock as _, Timestamp};
use secaro_gateway::ids::{Id as _, JobId, MailId, Randomness};
use secaro_gateway::outbox::mail::Mail;

use crate::support::app::TestApp;
use crate::support::smtp::Sink;
use crate::support::sql::Sql;

/// A gateway that sends to this server.
async fn sending_to(sink: &Sink, more: &[(&'static str, &str)]) -> TestApp {
    let settings = sink.settings();
    let flags: Vec<_> = settings.iter().map(|(key, text)| (*key, text.as_str())).chain(more.iter().copied()).collect();
    TestApp::with(&flags).await
}

/// Queues a mail as the gateway does, whatever it says.
async fn queue(app: &TestApp, to: &str, mail: &Mail) -> MailId {
    queue_at(&mut app.sql().await, app.clock.now(), to, mail).await
}

async fn queue_at(sql: &mut Sql, now: Timestamp, to: &str, mail: &Mail) -> MailId {
    let random = Randomness::from_system();
    let (id, job): (MailId, JobId) = (random.id(now), random.id(now));
    let (mail_id, job_id) = (sql.uuid(id.uuid()), sql.uuid(job.uuid()));
    let (kind, data, at) = (mail.kind(), serde_json::json!(mail).to_string().replace('\'', "''"), now.millis());
    sql.execute(&format!(
        "INSERT INTO mails (id, kind, recipient, data, state, attempts, request_id, created_at) \
         VALUES ({mail_id}, '{kind}', '{to}', '{data}', 'waiting', 0, {mail_id}, {at}); \
         INSERT INTO jobs (id, kind, subject_id, run_at, attempts, state, created_at) \
         VALUES ({job_id}, 'mail.send', {mail_id}, {at}, 0, 'waiting', {at})"
    ))
    .await;
    id
}

/// What became of a mail, and what went wrong the last time.
async fn fate(app: &TestApp, id: MailId) -> (String, String) {
    let shown = app.worker().mailer.show(id).await.unwrap().expect("the mail is there");
    (shown.mail.state.to_string(), shown.mail.last_error.unwrap_or_default())
}
