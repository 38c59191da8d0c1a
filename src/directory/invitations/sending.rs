//! Send invitations: all that are staged, with a result per row; and sending one again, which voids its old link.

use super::super::email::Email;
use super::super::organizations::Organization;
use super::super::people::{self, Status};
use super::super::{Directory, Error};
use super::staging::{describe, refuse, warnings};
use super::{Invitation, RowReport, in_force, inviter_in_public, open, permissions, shown};
use crate::audit::{self, Action, Record, Target};
use crate::auth::Actor;
use crate::auth::mailed::Purpose;
use crate::ids::Id as _;
use crate::outbox::mail::{self, Mail};
use crate::outbox::queue::{Work, schedule};
use crate::outbox::{self, Event};
use crate::store::Tx;
use crate::store::invitations::{InvitationRow, InvitationState};

/// How many are sent in one transaction: others may write in between.
const BATCH: usize = 100;

impl Directory {
    /// Sends everything that is staged. A row that is refused stays on the list.
    pub async fn send_invitations(&self, actor: &Actor, organization: &str) -> Result<Vec<RowReport>, Error> {
        let organization = self.find_organization(organization).await?;
        let staged = self.store.read().await?.invitations_in(organization.id, InvitationState::Staged).await?;
        let mut reports = Vec::with_capacity(staged.len());
        for batch in staged.chunks(BATCH) {
            let mut tx = self.begin(actor, organization.id).await?;
            for row in batch {
                // Somebody else may have sent or removed it since.
                let now = tx.invitation(organization.id, row.id).await?;
                let Some(row) = now.filter(|row| row.state == InvitationState::Staged) else { continue };
                let (outcome, why, warnings) = match self.send(&mut tx, &organization, &row).await {
                    Ok(warnings) => ("sent", None, warnings),
                    Err(Error::Store(error)) => return Err(error.into()),
                    Err(refusal) => ("refused", Some(refusal.to_string()), Vec::new()),
                };
                reports.push(RowReport { line: None, email: row.email, outcome, why, warnings });
            }
            if tx.has_changed() {
                tx.commit().await?;
            }
        }
        Ok(reports)
    }

    /// Sends one again: another link, another end; the old link opens nothing from now on.
    pub async fn resend_invitation(&self, actor: &Actor, organization: &str, which: &str) -> Result<Invitation, Error> {
        let organization = self.find_organization(organization).await?;
        let mut tx = self.begin(actor, organization.id).await?;
        let row = open(&mut tx, organization.id, which).await?;
        let Some(sent_at) = row.sent_at else {
            let words = format!("the invitation to {} has not been sent yet; send it", row.email);
            return Err(Error::Conflict(words));
        };
        let again_at = sent_at.plus(self.policy.resend_interval);
        if tx.now() < again_at {
            let words = format!("the invitation to {} was sent a moment ago; try again at {again_at}", row.email);
            return Err(Error::Conflict(words));
        }
        let email = address(&row)?;
        refuse(&mut tx, &email, Some(row.id)).await?;
        let row = self.mail(&mut tx, &organization, row).await?;
        let record = Record::of(Action::InvitationResent, Target::Invitation(row.id));
        audit::record(&mut tx, record.after(describe(&row))).await?;
        let resent = shown(&row, tx.now());
        tx.commit().await?;
        Ok(resent)
    }

    /// Sends a staged one, after everything was looked at again: the list may be old.
    async fn send(&self, tx: &mut Tx, organization: &Organization, row: &InvitationRow) -> Result<Vec<String>, Error> {
        let email = address(row)?;
        refuse(tx, &email, Some(row.id)).await?;
        for permission in permissions(row) {
            if in_force(tx, organization.id, &permission).await?.is_none() {
                let words = format!("{permission}: the facility is no longer in use; remove the row and add it anew");
                return Err(Error::Conflict(words));
            }
        }
        let warnings = warnings(tx, &email).await?;
        let person = match tx.person_by_email(organization.id, email.key()).await? {
            Some(person) if person.status == Status::Invited => person,
            _ => people::invite(tx, &email, &row.display_name).await?,
        };
        let row = InvitationRow { person_id: Some(person.id), ..row.clone() };
        let row = self.mail(tx, organization, row).await?;
        let record = Record::of(Action::InvitationSent, Target::Invitation(row.id));
        audit::record(tx, record.after(describe(&row))).await?;
        outbox::emit(tx, &Event::InvitationSent(row.id)).await?;
        Ok(warnings)
    }

    /// Makes the link of now and mails it. The secret itself is made again when the mail is written.
    async fn mail(&self, tx: &mut Tx, organization: &Organization, row: InvitationRow) -> Result<InvitationRow, Error> {
        let issued_at = tx.now();
        let expires_at = issued_at.plus(self.policy.invitation_lifetime);
        let secret = self.policy.key.secret(Purpose::Invitation, row.id.uuid(), issued_at);
        let row = InvitationRow {
            state: InvitationState::Sent,
            // Whoever sends it stands for it from now on.
            invited_by: tx.author().who.name(),
            inviter_id: tx.author().who.person(),
            token_hash: Some(secret.hash.to_vec()),
            sent_at: Some(issued_at),
            expires_at: Some(expires_at),
            ..row
        };
        tx.send_invitation(&row).await?;
        let mail = Mail::Invitation {
            organization: organization.name.clone(),
            name: row.display_name.clone(),
            invited_by: inviter_in_public(&row.invited_by).to_owned(),
            invitation: row.id,
            issued_at,
            expires_at,
        };
        mail::queue(tx, &row.email, &mail).await?;
        schedule(tx, Work::ExpireInvitation(row.id), expires_at).await?;
        Ok(row)
    }
}

/// The address that was checked when the row was made.
pub(super) fn address(row: &InvitationRow) -> Result<Email, Error> {
    Email::parse(&row.email).ok_or_else(|| Error::Invalid("the row has no e-mail address; remove it".to_owned()))
}
