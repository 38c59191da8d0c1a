//! Mails: the list of every one there is, and the one way to queue one with the change it tells of. What they look like
//! and how they are sent stands in the files below; nothing is sent in a request.

mod letter;
mod mailer;
mod smtp;
mod words;

pub use mailer::{MailRow, MailState, Mailer, NotSent, Options, Shown};
pub use smtp::{Security, Server, Unusable};

use serde::{Deserialize, Serialize};

use super::queue::{Work, schedule, schedule_beside};
use crate::clock::Timestamp;
use crate::ids::{InvitationId, MailId, OrganizationId, PlanId, ProofId, RequestId, SignInLinkId};
pub use crate::store::declined_mails::Topic;
use crate::store::mails::NewMail;
use crate::store::people::Person;
use crate::store::{self, Books, Store, Tx};

/// Every mail, with what it says. Holds no secret: a link's is made from its subject and time when the mail is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Mail {
    /// To whoever registers: prove that the mailbox is yours.
    ConfirmMailbox {
        /// The name that was given.
        name: String,
        /// The registration.
        proof: ProofId,
        /// When the link was issued.
        issued_at: Timestamp,
        /// When it ends.
        expires_at: Timestamp,
    },
    /// To whoever asks: sign in to the console.
    SignIn {
        /// The organization's name.
        organization: String,
        /// Theirs.
        name: String,
        /// The link.
        link: SignInLinkId,
        /// When it was issued.
        issued_at: Timestamp,
        /// When it ends.
        expires_at: Timestamp,
    },
    /// To the invited: join the organization.
    Invitation {
        /// The organization's name.
        organization: String,
        /// Theirs.
        name: String,
        /// Who invites.
        invited_by: String,
        /// The invitation.
        invitation: InvitationId,
        /// When the link was issued.
        issued_at: Timestamp,
        /// When it ends.
        expires_at: Timestamp,
    },
    /// To Organization admins: somebody asks to join.
    JoinRequestReceived {
        /// The organization's name.
        organization: String,
        /// Who asks.
        request: Requester,
    },
    /// To Organization admins: somebody still waits.
    JoinRequestReminder {
        /// The organization's name.
        organization: String,
        /// Who asks.
        request: Requester,
        /// Since how many days.
        days: u64,
    },
    /// To Organization admins: a request ended undecided.
    JoinRequestExpired {
        /// The organization's name.
        organization: String,
        /// Who asked.
        request: Requester,
    },
    /// To the requester: the request ended undecided.
    YourJoinRequestExpired {
        /// The organization's name.
        organization: String,
        /// Theirs.
        name: String,
    },
    /// To the requester: welcome.
    JoinRequestAccepted {
        /// The organization's name.
        organization: String,
        /// Theirs.
        name: String,
        /// What they may do, in Secaro's words; none is View only.
        permissions: Vec<String>,
    },
    /// To the requester: no.
    JoinRequestRejected {
        /// The organization's name.
        organization: String,
        /// Theirs.
        name: String,
        /// What the admin says.
        message: Option<String>,
        /// When they may ask again.
        again_at: Timestamp,
    },
    /// To the other Organization admins: who decided.
    JoinRequestDecided {
        /// The organization's name.
        organization: String,
        /// Who asked.
        request: Requester,
        /// `accepted` or `rejected`.
        outcome: String,
        /// Who decided.
        by: String,
    },
    /// To a person and to all Organization admins: an admin role came or went.
    AdminRoleChanged {
        /// The organization's name.
        organization: String,
        /// Whose: name and address.
        person: String,
        /// Whether this mail goes to that person.
        to_themselves: bool,
        /// What they became, in Secaro's words.
        gained: Vec<String>,
        /// What they no longer are.
        lost: Vec<String>,
        /// Why.
        why: String,
    },
    /// To Organization admins: something waits for a decision.
    Held {
        /// The organization's name.
        organization: String,
        /// Each in a sentence, the first of them.
        lines: Vec<String>,
        /// How many there are in all.
        count: u64,
    },
    /// To Organization admins: something that was held is still not decided at its deadline.
    HeldOverdue {
        /// The organization's name.
        organization: String,
        /// Each in a sentence, the first of them.
        lines: Vec<String>,
        /// How many there are in all.
        count: u64,
    },
    /// To Organization admins: a connection took access or permissions from many people at once.
    MassChange {
        /// The organization's name.
        organization: String,
        /// The connection's key.
        connection: String,
        /// What happened, in a sentence.
        what: String,
        /// How many people.
        count: u64,
        /// The command that undoes or decides it.
        command: String,
    },
    /// To everybody who could be concerned: nobody is Organization admin any longer.
    LastAdminGone {
        /// The organization's name.
        organization: String,
    },
    /// To Organization admins: who was deactivated lately.
    DeactivatedDigest {
        /// The organization's name.
        organization: String,
        /// Each in a line.
        lines: Vec<String>,
        /// How many there are in all.
        count: u64,
    },
    /// To Organization admins: a token ends soon.
    TokenExpiring {
        /// The organization's name.
        organization: String,
        /// The connection's key.
        connection: String,
        /// The token's name.
        token: String,
        /// When it ends.
        expires_at: Timestamp,
    },
    /// To Organization admins: a connection has not called for long.
    ConnectionSilent {
        /// The organization's name.
        organization: String,
        /// The connection's key.
        connection: String,
        /// When it last called, if ever.
        last_call_at: Option<Timestamp>,
    },
    /// To Organization admins: many calls fail.
    FailureSpike {
        /// The organization's name.
        organization: String,
        /// The connection's key.
        connection: String,
        /// How many failed within the last hour.
        failed: u64,
        /// The reference of the newest.
        reference: String,
    },
    /// To Organization admins: the proof of a domain is gone.
    DomainSuspended {
        /// The organization's name.
        organization: String,
        /// The domain.
        domain: String,
    },
    /// To Organization admins: a plan was applied.
    PlanApplied {
        /// The organization's name.
        organization: String,
        /// The plan.
        plan: PlanId,
        /// What it changed, in a sentence.
        what: String,
        /// By whom.
        by: String,
    },
}

/// Who asks to join, as admins are told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requester {
    /// The request.
    pub id: crate::ids::JoinRequestId,
    /// Their name.
    pub name: String,
    /// Their proven address.
    pub email: String,
    /// What they say.
    pub note: Option<String>,
}

/// What the link in a mail opens for whoever has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Opens {
    /// What is its reader's alone: a session, or the proof that a mailbox is theirs.
    WhatIsTheirs,
    /// A membership, which whoever may invite may also hand over.
    Membership,
    /// Nothing: a page that asks who one is, or no link at all.
    Nothing,
}

impl Mail {
    /// What its link opens. Each kind by its name, so that a new one is thought about.
    const fn opens(&self) -> Opens {
        match self {
            Self::ConfirmMailbox { .. } | Self::SignIn { .. } => Opens::WhatIsTheirs,
            Self::Invitation { .. } => Opens::Membership,
            Self::JoinRequestReceived { .. }
            | Self::JoinRequestReminder { .. }
            | Self::JoinRequestExpired { .. }
            | Self::YourJoinRequestExpired { .. }
            | Self::JoinRequestAccepted { .. }
            | Self::JoinRequestRejected { .. }
            | Self::JoinRequestDecided { .. }
            | Self::AdminRoleChanged { .. }
            | Self::Held { .. }
            | Self::HeldOverdue { .. }
            | Self::MassChange { .. }
            | Self::LastAdminGone { .. }
            | Self::DeactivatedDigest { .. }
            | Self::TokenExpiring { .. }
            | Self::ConnectionSilent { .. }
            | Self::FailureSpike { .. }
            | Self::DomainSuspended { .. }
            | Self::PlanApplied { .. } => Opens::Nothing,
        }
    }

    /// The kind's name.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::ConfirmMailbox { .. } => "confirm_mailbox",
            Self::SignIn { .. } => "sign_in",
            Self::Invitation { .. } => "invitation",
            Self::JoinRequestReceived { .. } => "join_request_received",
            Self::JoinRequestReminder { .. } => "join_request_reminder",
            Self::JoinRequestExpired { .. } => "join_request_expired",
            Self::YourJoinRequestExpired { .. } => "your_join_request_expired",
            Self::JoinRequestAccepted { .. } => "join_request_accepted",
            Self::JoinRequestRejected { .. } => "join_request_rejected",
            Self::JoinRequestDecided { .. } => "join_request_decided",
            Self::AdminRoleChanged { .. } => "admin_role_changed",
            Self::Held { .. } => "held",
            Self::HeldOverdue { .. } => "held_overdue",
            Self::MassChange { .. } => "mass_change",
            Self::LastAdminGone { .. } => "last_admin_gone",
            Self::DeactivatedDigest { .. } => "deactivated_digest",
            Self::TokenExpiring { .. } => "token_expiring",
            Self::ConnectionSilent { .. } => "connection_silent",
            Self::FailureSpike { .. } => "failure_spike",
            Self::DomainSuspended { .. } => "domain_suspended",
            Self::PlanApplied { .. } => "plan_applied",
        }
    }
}

impl Mail {
    /// What it is about, if an Organization admin may do without it. Nobody can do without what guards the organization:
    /// admin roles that came or went, many changes at once, a domain whose proof is gone.
    #[must_use]
    pub const fn topic(&self) -> Option<Topic> {
        match self {
            Self::JoinRequestReceived { .. }
            | Self::JoinRequestReminder { .. }
            | Self::JoinRequestExpired { .. }
            | Self::JoinRequestDecided { .. } => Some(Topic::JoinRequests),
            Self::Held { .. } | Self::HeldOverdue { .. } => Some(Topic::Held),
            Self::DeactivatedDigest { .. } => Some(Topic::Deactivations),
            Self::TokenExpiring { .. } => Some(Topic::Tokens),
            Self::ConnectionSilent { .. } | Self::FailureSpike { .. } => Some(Topic::Connections),
            Self::PlanApplied { .. } => Some(Topic::Plans),
            _ => None,
        }
    }
}

/// Queues a mail in the transaction of the change that it tells of; it goes out once that is committed.
pub async fn queue(tx: &mut Tx, recipient: &str, mail: &Mail) -> Result<(), store::Error> {
    let new = Queued { id: tx.id(), recipient, mail, request: tx.author().request, at: tx.now() };
    tx.insert_mail(&new.row(Some(tx.organization()), &new.data())).await?;
    schedule(tx, Work::SendMail(new.id), tx.now()).await
}

/// Queues the same mail for every active Organization admin who wants it, except one.
pub async fn queue_for_admins(
    tx: &mut Tx,
    except: Option<crate::ids::PersonId>,
    mail: &Mail,
) -> Result<(), store::Error> {
    let organization = tx.organization();
    let admins = tx.organization_admins(organization).await?;
    let declined = tx.declined_mails(organization).await?;
    for admin in wanting(&admins, &declined, mail.topic()) {
        if except != Some(admin.id) {
            queue(tx, &admin.email, mail).await?;
        }
    }
    Ok(())
}

/// The admins who are mailed about something: those who have not declined it; all of them if all have, since somebody
/// has to know, and if it is nothing that may be declined.
#[must_use]
pub fn wanting<'a>(
    admins: &'a [Person],
    declined: &[(crate::ids::PersonId, Topic)],
    topic: Option<Topic>,
) -> Vec<&'a Person> {
    let wants = |admin: &&Person| topic.is_none_or(|topic| !declined.contains(&(admin.id, topic)));
    let wanting: Vec<&Person> = admins.iter().filter(wants).collect();
    if wanting.is_empty() { admins.iter().collect() } else { wanting }
}

/// Queues a mail that tells of no organization's change.
pub async fn queue_beside(
    store: &Store,
    books: &mut Books,
    recipient: &str,
    mail: &Mail,
    request: RequestId,
) -> Result<(), store::Error> {
    let new = Queued { id: store.id(), recipient, mail, request, at: store.clock().now() };
    books.insert_mail(&new.row(None, &new.data())).await?;
    schedule_beside(store, books, Work::SendMail(new.id), new.at).await
}

struct Queued<'a> {
    id: MailId,
    recipient: &'a str,
    mail: &'a Mail,
    request: RequestId,
    at: Timestamp,
}

impl<'a> Queued<'a> {
    fn data(&self) -> String {
        serde_json::json!(self.mail).to_string()
    }

    fn row(&self, organization: Option<OrganizationId>, data: &'a str) -> NewMail<'a> {
        let Self { id, recipient, mail, request, at } = *self;
        NewMail { id, organization, kind: mail.kind(), recipient, data, request, at }
    }
}
