//! Invitations: staged, sent, accepted by whoever holds the mailed secret. Through the domain and the command line; the
//! mailed secret is made again here, as the mail does.

mod accepting;
mod life;
mod list;

use std::time::Duration;

use data_encoding::BASE64;
use secaro_gateway::auth::InstallationKey;
use secaro_gateway::auth::mailed::Purpose;
use secaro_gateway::clock::Timestamp;
use secaro_gateway::directory::Error;
use secaro_gateway::directory::invitations::{Accepted, Invitation, NewInvitation, Staged, Standing};
use secaro_gateway::ids::Id as _;

use crate::support::app::TestApp;

const DAY: Duration = Duration::from_hours(24);

fn new(email: &str, can_edit: &[&str], admin_for: &[&str]) -> NewInvitation {
    let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    NewInvitation {
        name: "Ada".to_owned(),
        email: email.to_owned(),
        can_edit: texts(can_edit),
        admin_for: texts(admin_for),
    }
}

async fn stage(app: &TestApp, new: &NewInvitation) -> Result<Staged, Error> {
    app.opened.directory.stage_invitation(&app.operator(), "example", new).await
}

/// Puts somebody on the list and sends it; answers the mailed secret.
async fn invite(app: &TestApp, email: &str, can_edit: &[&str], admin_for: &[&str]) -> String {
    stage(app, &new(email, can_edit, admin_for)).await.unwrap();
    let reports = app.opened.directory.send_invitations(&app.operator(), "example").await.unwrap();
    assert!(reports.iter().all(|report| report.outcome == "sent"), "{reports:?}");
    secret(app, email, Purpose::Invitation).await
}

/// The newest invitation to an address.
async fn invitation(app: &TestApp, email: &str) -> Invitation {
    let all = app.opened.directory.invitations("example", true).await.unwrap();
    all.into_iter().filter(|one| one.email == email).max_by_key(|one| one.id).expect("invited")
}

/// The secret of a purpose about the invitation to an address, as it was issued last.
async fn secret(app: &TestApp, email: &str, purpose: Purpose) -> String {
    let invitation = invitation(app, email).await;
    let Standing::Sent { sent_at, .. } = invitation.standing else { panic!("{:?}", invitation.standing) };
    key(app).secret(purpose, invitation.id.uuid(), sent_at).text
}

fn key(app: &TestApp) -> InstallationKey {
    let text = std::fs::read_to_string(app.database.folder().join("gateway.key")).unwrap();
    let bytes = BASE64.decode(text.trim().as_bytes()).unwrap();
    InstallationKey::new(bytes.try_into().expect("32 bytes"))
}

async fn accept(app: &TestApp, secret: &str) -> Result<Accepted, Error> {
    app.opened.directory.accept_invitation(secret, app.request()).await
}

/// Why a secret opens nothing: the same for a look and for accepting.
async fn refusal(app: &TestApp, secret: &str) -> String {
    let looked = app.opened.directory.look_at_invitation(secret).await.expect_err("refused").to_string();
    match accept(app, secret).await {
        Err(Error::Conflict(words)) => assert_eq!(words, looked),
        other => panic!("expected a conflict: {other:?}"),
    }
    looked
}

fn refused<T: std::fmt::Debug>(outcome: Result<T, Error>) -> String {
    match outcome {
        Err(Error::Conflict(words) | Error::Invalid(words)) => words,
        other => panic!("expected a refusal: {other:?}"),
    }
}

/// A moment later than everything before.
fn wait(app: &TestApp, time: Duration) -> Timestamp {
    use secaro_gateway::clock::Clock as _;
    app.clock.advance(time);
    app.clock.now()
}
