//! The staged list: Add user, Remove, and many at once from a file. Each row is checked whole before anything of it is
//! written, so that nothing is half done.

use serde::Serialize;
use serde_json::json;

use super::super::email::Email;
use super::super::organizations::required_text;
use super::super::people::Status;
use super::super::permissions::Permission;
use super::super::{Directory, Error};
use super::{Invitation, RowReport, Standing, ending, in_force, open, shown};
use crate::audit::{self, Action, Record, Target};
use crate::auth::Actor;
use crate::ids::InvitationId;
use crate::store::Tx;
use crate::store::invitations::{InvitationRow, InvitationState};

/// Whom to invite, as it was typed.
#[derive(Debug, Clone, Default)]
pub struct NewInvitation {
    /// Their name.
    pub name: String,
    /// Their address.
    pub email: String,
    /// *Can edit*: `Organization`, facilities.
    pub can_edit: Vec<String>,
    /// *Admin for*: `Organization admin`, `Billing admin`.
    pub admin_for: Vec<String>,
}

/// A row of a file.
#[derive(Debug, Clone)]
pub struct ImportRow {
    /// Its line in the file.
    pub line: usize,
    /// What it says; or why it cannot be read.
    pub row: Result<NewInvitation, String>,
}

/// What was put on the list.
#[derive(Debug, Clone, Serialize)]
pub struct Staged {
    /// The invitation.
    #[serde(flatten)]
    pub invitation: Invitation,
    /// What somebody should look at once more.
    pub warnings: Vec<String>,
}

impl Directory {
    /// Add user: puts somebody on the list. Nothing is sent.
    pub async fn stage_invitation(
        &self,
        actor: &Actor,
        organization: &str,
        new: &NewInvitation,
    ) -> Result<Staged, Error> {
        let organization = self.find_organization(organization).await?;
        let mut tx = self.begin(actor, organization.id).await?;
        let staged = stage(&mut tx, new).await?;
        tx.commit().await?;
        Ok(staged)
    }

    /// Add user, for every row of a file; a row that is refused leaves the others alone.
    pub async fn import_invitations(
        &self,
        actor: &Actor,
        organization: &str,
        rows: &[ImportRow],
    ) -> Result<Vec<RowReport>, Error> {
        let organization = self.find_organization(organization).await?;
        let mut tx = self.begin(actor, organization.id).await?;
        let mut reports = Vec::with_capacity(rows.len());
        for ImportRow { line, row } in rows {
            let email = row.as_ref().map(|new| new.email.trim().to_owned()).unwrap_or_default();
            let staged = match row {
                Ok(new) => stage(&mut tx, new).await,
                Err(why) => Err(Error::Invalid(why.clone())),
            };
            let (outcome, why, warnings) = match staged {
                Ok(staged) => ("staged", None, staged.warnings),
                Err(Error::Store(error)) => return Err(error.into()),
                Err(refusal) => ("refused", Some(refusal.to_string()), Vec::new()),
            };
            reports.push(RowReport { line: Some(*line), email, outcome, why, warnings });
        }
        if tx.has_changed() {
            tx.commit().await?;
        }
        Ok(reports)
    }

    /// Remove: takes a staged one off the list, as if it had never been there.
    pub async fn remove_invitation(&self, actor: &Actor, organization: &str, which: &str) -> Result<Invitation, Error> {
        let organization = self.find_organization(organization).await?;
        let mut tx = self.begin(actor, organization.id).await?;
        let row = open(&mut tx, organization.id, which).await?;
        if row.state != InvitationState::Staged {
            let words = format!("the invitation to {} has been sent; revoke it instead", row.email);
            return Err(Error::Conflict(words));
        }
        tx.remove_invitation(row.id).await?;
        let record = Record::of(Action::InvitationRemoved, Target::Invitation(row.id));
        audit::record(&mut tx, record.before(describe(&row))).await?;
        let removed = shown(&row, tx.now());
        tx.commit().await?;
        Ok(removed)
    }
}

/// Reads a row, checks it, and puts it on the list. Writes nothing that a refusal would have to undo.
async fn stage(tx: &mut Tx, new: &NewInvitation) -> Result<Staged, Error> {
    let organization = tx.organization();
    let email = Email::parse(new.email.trim())
        .ok_or_else(|| Error::Invalid("this is no e-mail address; write it like ada@example.org".to_owned()))?;
    let name = required_text("The name", &new.name)?;
    let permissions = chosen(tx, new).await?;
    refuse(tx, &email, None).await?;
    let warnings = warnings(tx, &email).await?;
    if let Some(lapsed) = tx.open_invitation(organization, email.key()).await? {
        ending::expire(tx, &lapsed).await?;
    }
    let texts: Vec<String> = permissions.iter().map(ToString::to_string).collect();
    let row = InvitationRow {
        organization_id: organization,
        id: tx.id(),
        email: email.as_written().to_owned(),
        email_key: email.key().to_owned(),
        display_name: name,
        permissions: texts.join(","),
        state: InvitationState::Staged,
        token_hash: None,
        invited_by: tx.author().who.name(),
        inviter_id: tx.author().who.person(),
        person_id: None,
        created_at: tx.now(),
        sent_at: None,
        expires_at: None,
        ended_at: None,
        request_id: tx.author().request,
    };
    tx.insert_invitation(&row).await?;
    let record = Record::of(Action::InvitationStaged, Target::Invitation(row.id));
    audit::record(tx, record.after(describe(&row))).await?;
    Ok(Staged { invitation: shown(&row, tx.now()), warnings })
}

/// The permissions that were chosen, facilities by their keys.
async fn chosen(tx: &mut Tx, new: &NewInvitation) -> Result<Vec<Permission>, Error> {
    let organization = tx.organization();
    let mut permissions = Vec::new();
    for text in new.can_edit.iter().filter(|text| !text.trim().is_empty()) {
        let permission = Permission::can_edit(text);
        permissions.push(in_force(tx, organization, &permission).await?.ok_or_else(|| {
            Error::Invalid(format!(
                "Can edit: no facility in use is called «{}»; «secaro-gateway facility list» shows them",
                text.trim().chars().take(64).collect::<String>()
            ))
        })?);
    }
    for text in new.admin_for.iter().filter(|text| !text.trim().is_empty()) {
        permissions.push(Permission::admin_for(text).ok_or_else(|| {
            let words = "Admin for is Organization admin or Billing admin; leave it empty for neither";
            Error::Invalid(words.to_owned())
        })?);
    }
    permissions.sort();
    permissions.dedup();
    Ok(permissions)
}

/// Refuses somebody who need not or may not be invited now; `own` is the invitation that asks.
///
/// # Errors
///
/// [`Error::Conflict`] in words for whoever invites.
pub(super) async fn refuse(tx: &mut Tx, email: &Email, own: Option<InvitationId>) -> Result<(), Error> {
    let organization = tx.organization();
    let refused = |words: String| Err(Error::Conflict(words));
    let address = email.as_written();
    if let Some(open) = tx.open_invitation(organization, email.key()).await?
        && own != Some(open.id)
    {
        match Standing::of(&open, tx.now()) {
            Standing::Staged => return refused(format!("{address} is on the list already; send or remove that one")),
            Standing::Sent { .. } => {
                return refused(format!("{address} has been invited already; resend or revoke that invitation"));
            }
            _ => {}
        }
    }
    let Some(person) = tx.person_by_email(organization, email.key()).await? else { return Ok(()) };
    if let Some(connection) = person.managed_by {
        let connections = tx.connections(organization).await?;
        let key = connections.into_iter().find(|row| row.id == connection).map(|row| row.key).unwrap_or_default();
        let words = format!("the connection «{key}» manages {address}; give them access in the IdP");
        return refused(words);
    }
    match person.status {
        Status::Invited => Ok(()),
        Status::Active => refused(format!("{address} is a person of the organization already; edit them instead")),
        Status::Deactivated => refused(format!("{address} has been deactivated; reactivate them instead")),
    }
}

/// What whoever invites should look at once more: an address that is not the organization's own.
pub(super) async fn warnings(tx: &mut Tx, email: &Email) -> Result<Vec<String>, Error> {
    let organization = tx.organization();
    let domain = email.domain();
    Ok(if tx.is_verified_domain(organization, domain.as_str()).await? {
        Vec::new()
    } else {
        vec![format!("{domain} is not a verified domain of the organization; make sure that the address is right")]
    })
}

/// As it stands in the trail.
pub(super) fn describe(row: &InvitationRow) -> serde_json::Value {
    json!({ "email": row.email, "name": row.display_name, "permissions": row.permissions })
}
