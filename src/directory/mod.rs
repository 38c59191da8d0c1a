//! Secaro's side: organizations, facilities, people, and what each may do. Knows nothing of SCIM resources, groups
//! or rules; a connection is only the source of a grant here.

pub mod admins;
pub mod auditors;
pub(crate) mod deciding;
pub mod dns;
pub mod domains;
pub mod edit;
pub mod email;
mod error;
pub mod explain;
pub mod facilities;
pub mod grants;
pub mod held;
pub mod invitations;
pub mod join_requests;
pub mod key;
pub mod listing;
pub mod named;
mod notices;
pub mod notifications;
pub mod organizations;
pub mod people;
pub mod permissions;
pub mod reports;
pub mod sign_in;

pub use error::Error;
pub use key::Key;

use std::sync::Arc;
use std::time::Duration;

use crate::auth::oidc::Oidc;
use crate::auth::{InstallationKey, Member, Operator};
use crate::store::Store;

/// How long things last, and what somebody may ask for.
#[derive(Debug, Clone)]
pub struct Policy {
    /// What mailed links are made from.
    pub key: InstallationKey,
    /// Whether people may ask to join.
    pub joining: bool,
    /// How long the link that proves a mailbox works.
    pub proof_lifetime: Duration,
    /// When admins are reminded of a join request, in order.
    pub remind_after: Vec<Duration>,
    /// When a join request ends undecided.
    pub request_lifetime: Duration,
    /// How long a rejected address may not ask again.
    pub cooldown: Duration,
    /// Registrations per hour of one address.
    pub per_address: u32,
    /// Registrations per hour of one domain.
    pub per_domain: u32,
    /// How long an invitation's link works.
    pub invitation_lifetime: Duration,
    /// How soon an invitation may be sent again.
    pub resend_interval: Duration,
    /// Whom to ask for the proof of a domain.
    pub dns: dns::Dns,
    /// How often a domain's proof is looked at again.
    pub recheck_every: Duration,
    /// By when somebody should have decided what is held.
    pub hold_deadline: Duration,
    /// How signing in goes.
    pub sign_in: SignIn,
}

/// How signing in to the console goes.
#[derive(Debug, Clone)]
pub struct SignIn {
    /// How long a one-time link works.
    pub link_lifetime: Duration,
    /// Links within an hour to one person.
    pub links_per_address: u32,
    /// How long a session lasts at most.
    pub session_lifetime: Duration,
    /// How providers are asked.
    pub oidc: Oidc,
}

/// The directory of an installation. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Directory {
    pub(crate) store: Store,
    pub(crate) policy: Arc<Policy>,
}

impl Directory {
    /// In this store, by this policy.
    #[must_use]
    pub const fn new(store: Store, policy: Arc<Policy>) -> Self {
        Self { store, policy }
    }

    /// The person of this address, acting through an operator.
    pub async fn member(&self, operator: &Operator, organization: Option<&str>, email: &str) -> Result<Member, Error> {
        let (organization, person) = self.find_person(organization, email).await?;
        Ok(operator.on_behalf_of(organization.id, person.id, &person.email))
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), Error> {
        Ok(self.store.ping().await?)
    }
}
