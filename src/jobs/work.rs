//! Which call of the domain does which work. Nothing else.

use super::Worker;
use crate::outbox::queue::{Piece, Work};

impl Worker {
    /// Does a piece of work. Each call may be made twice: a process may die between the work and our note of it.
    pub(super) async fn perform(&self, piece: Piece) -> anyhow::Result<()> {
        let Piece { work, request, .. } = piece;
        match work {
            Work::SendMail(mail) => self.mailer.send(mail).await?,
            Work::MailSignInLinks(ask) => self.directory.mail_sign_in_links(ask).await?,
            Work::RemindOfJoinRequest(join) => self.directory.remind_of_join_request(join, request).await?,
            Work::ExpireJoinRequest(join) => self.directory.expire_join_request(join, request).await?,
            Work::ExpireInvitation(invitation) => self.directory.expire_invitation(invitation, request).await?,
            Work::RecheckDomain(domain) => self.directory.recheck_domain(domain, request).await?,
            Work::ApplyPlan(plan) => self.provisioning.continue_plan(plan, request).await?,
            Work::TellAdmins(organization) => {
                self.directory.tell_admins(organization, self.mailer.operators().as_deref(), request).await?;
            }
            Work::Digest(organization) => {
                self.directory.send_digest(organization, self.rhythm.digest_every, request).await?;
            }
            Work::Watch => self.watch(request).await?,
            Work::Prune => self.prune().await?,
        }
        Ok(())
    }
}
