//! What happens beside the identity providers: an Organization admin, an auditor, people who ask to join, invitations,
//! a doubtful link, a call that is refused; and the admin's link into the console. Everything by the calls that the
//! pages make.

use super::super::failure::Failure;
use super::super::session::Session;
use super::Narrator;
use super::setup::ORGANIZATION;
use crate::directory::invitations::NewInvitation;
use crate::directory::join_requests::{Decision, JoinRequest, Registration, Wanted};
use crate::directory::permissions::Permission;

/// The example's Organization admin.
pub(super) const ADMIN: &str = "robin.hale@example.org";

const AUDITOR: &str = "devika.rao@example.org";

/// Who asks to join: name, address, note, wishes.
const REQUESTERS: [(&str, &str, &str, &str); 4] = [
    ("Greta Holm", "greta.holm@example.org", "I report the energy data of Leeds.", "leeds"),
    ("Hugo Martin", "hugo.martin@example.org", "Je travaille à Lyon.", "Lyon Plant"),
    ("Ines Duarte", "ines.duarte@example.org", "I took over from Carla.", "leeds"),
    ("Jonas Weber", "jonas.weber@example.org", "", ""),
];

/// Makes an Organization admin, as whoever runs a gateway does first.
pub(super) async fn admin(session: &Session, narrator: Narrator) -> Result<(), Failure> {
    let directory = &session.opened.directory;
    directory.recover_admin(&session.operator(), ORGANIZATION, ADMIN, Some("Robin Hale")).await?;
    narrator.say(&format!("\n  At the machine: {ADMIN} is made Organization admin"));
    Ok(())
}

/// Everything else that people do.
pub(super) async fn work(session: &Session, narrator: Narrator) -> Result<(), Failure> {
    let directory = &session.opened.directory;
    let robin = directory.member(&session.operator(), Some(ORGANIZATION), ADMIN).await?.into();
    narrator.say("  Robin names Devika as auditor, invites two people and stages a third");
    directory.add_auditor(&robin, ORGANIZATION, AUDITOR).await?;
    for (name, email, can_edit) in
        [("Kofi Mensah", "kofi.mensah@example.org", "lyon"), ("Lena Vogt", "lena.vogt@example.org", "Organization")]
    {
        directory.stage_invitation(&robin, ORGANIZATION, &invitation(name, email, can_edit)).await?;
    }
    directory.send_invitations(&robin, ORGANIZATION).await?;
    directory
        .stage_invitation(&robin, ORGANIZATION, &invitation("Mia Rossi", "mia.rossi@example.org", "osaka"))
        .await?;
    narrator.say("  Four people ask to join; Robin accepts one and rejects one");
    let mut asked = Vec::new();
    for (name, email, note, wishes) in REQUESTERS {
        asked.extend(ask_to_join(session, name, email, note, wishes).await?);
    }
    let decisions = [
        Decision::Accept(vec![Permission::EditFacility("leeds".to_owned())]),
        Decision::Reject(Some("Please ask your own IT department for access.".to_owned())),
    ];
    for (request, decision) in asked.iter().zip(decisions) {
        directory.decide_join_request(&robin, ORGANIZATION, request.id, &decision).await?;
    }
    Ok(())
}

fn invitation(name: &str, email: &str, can_edit: &str) -> NewInvitation {
    NewInvitation {
        name: name.to_owned(),
        email: email.to_owned(),
        can_edit: vec![can_edit.to_owned()],
        admin_for: Vec::new(),
    }
}

/// Registers, follows the link in the mail, and asks.
async fn ask_to_join(
    session: &Session,
    name: &str,
    email: &str,
    note: &str,
    wishes: &str,
) -> Result<Option<JoinRequest>, Failure> {
    let (directory, mailer) = (&session.opened.directory, &session.opened.worker.mailer);
    let unread = || Failure::failed(format!("the example's form of {email} could not be filled in"));
    let request = session.randomness.id(session.clock.now());
    directory.register(request, &Registration::read(name, email, "").map_err(|_| unread())?).await?;
    let mails = mailer.list(20).await.map_err(crate::directory::Error::from)?;
    let Some(mail) = mails.iter().find(|mail| mail.recipient == email) else { return Ok(None) };
    let shown = mailer.show(mail.id).await.map_err(crate::directory::Error::from)?;
    let text = shown.map(|shown| shown.text).unwrap_or_default();
    let Some(secret) = text.split("/join/").nth(1).and_then(|rest| rest.split_whitespace().next()) else {
        return Ok(None);
    };
    directory.prove_mailbox(secret).await?;
    let organization = directory.organization(ORGANIZATION).await?.organization.id.to_string();
    let wanted = Wanted::read(&organization, note, wishes).map_err(|_| unread())?;
    Ok(directory.ask_to_join(request, secret, &wanted).await?)
}

/// A link that signs the admin in, once.
pub(super) async fn link(session: &Session, base_url: &str) -> Result<String, Failure> {
    let path = session.opened.directory.recovery_link(&session.operator(), ORGANIZATION, ADMIN).await?;
    Ok(format!("{base_url}{path}"))
}
