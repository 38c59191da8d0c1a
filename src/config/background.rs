//! The sections about what happens beside the requests of IdPs: mail, people who ask to join or are invited, what is
//! held, what is told, what is kept, and the work that waits. Only their form; what they default to stands in
//! `config/gateway.toml`.

use std::num::{NonZeroU32, NonZeroUsize};
use std::path::PathBuf;
use std::time::Duration;

use lettre::message::Mailbox;
use serde::de::{Error as _, IntoDeserializer as _};
use serde::{Deserialize, Deserializer};

use super::duration;

/// `[secrets]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Secrets {
    /// The file of the secret that mailed links are made from, or empty.
    pub key_file: PathBuf,
}

/// `[mail]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mail {
    /// `smtps://…`, `smtp://…`, `smtp+plain://…`, or empty.
    pub smtp_url: String,
    /// The file of the password, or empty.
    pub password_file: PathBuf,
    /// The file of one more root certificate, or empty.
    pub ca_file: PathBuf,
    /// The sender.
    #[serde(deserialize_with = "mailbox")]
    pub from: Mailbox,
    /// Where answers go, if not to the sender.
    #[serde(deserialize_with = "mailbox_or_empty")]
    pub reply_to: Option<Mailbox>,
    /// How long the mail server may take.
    #[serde(deserialize_with = "duration::positive")]
    pub timeout: Duration,
    /// How long mails are kept once they are done with.
    #[serde(deserialize_with = "duration::positive")]
    pub retention: Duration,
}

/// `[join_requests]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JoinRequests {
    /// Whether anybody may ask.
    pub enabled: bool,
    /// How long the mailed link works.
    #[serde(deserialize_with = "duration::positive")]
    pub proof_lifetime: Duration,
    /// After which times admins are reminded, in order.
    #[serde(deserialize_with = "duration::list")]
    pub remind_after: Vec<Duration>,
    /// When a request ends undecided.
    #[serde(deserialize_with = "duration::positive")]
    pub expire_after: Duration,
    /// How long a rejected address may not ask again.
    #[serde(deserialize_with = "duration::any")]
    pub cooldown_after_reject: Duration,
    /// Registrations per hour of one address.
    pub per_address_limit: NonZeroU32,
    /// Registrations per hour of one domain.
    pub per_domain_limit: NonZeroU32,
    /// Registrations per hour of one client.
    pub per_client_limit: NonZeroU32,
}

/// `[invitations]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Invitations {
    /// How long the mailed link works.
    #[serde(deserialize_with = "duration::positive")]
    pub expire_after: Duration,
    /// How soon it may be sent again.
    #[serde(deserialize_with = "duration::any")]
    pub resend_min_interval: Duration,
}

/// `[domains]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Domains {
    /// How often a proof is looked at again.
    #[serde(deserialize_with = "duration::positive")]
    pub recheck_every: Duration,
    /// `address:port`, or empty for the system's.
    pub dns_server: String,
    /// How long an answer may take.
    #[serde(deserialize_with = "duration::positive")]
    pub dns_timeout: Duration,
}

/// `[guards]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Guards {
    /// People.
    pub mass_change_count: NonZeroU32,
    /// Of the connection's people, in percent.
    pub mass_change_percent: NonZeroU32,
    /// Within which time.
    #[serde(deserialize_with = "duration::positive")]
    pub mass_change_window: Duration,
    /// By when somebody should have decided.
    #[serde(deserialize_with = "duration::positive")]
    pub hold_deadline: Duration,
    /// How long a plan may be applied.
    #[serde(deserialize_with = "duration::positive")]
    pub plan_valid_for: Duration,
    /// People per transaction.
    pub plan_batch: NonZeroU32,
}

/// `[notifications]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Notifications {
    /// How often the list of deactivated people goes out.
    #[serde(deserialize_with = "duration::positive")]
    pub digest_every: Duration,
    /// When a connection counts as silent.
    #[serde(deserialize_with = "duration::positive")]
    pub silent_after: Duration,
    /// Failed calls within an hour.
    pub failure_spike: NonZeroU32,
    /// How long before its end a token is reported.
    #[serde(deserialize_with = "duration::list")]
    pub token_expiry: Vec<Duration>,
}

/// `[request_log]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequestLog {
    /// How long requests stay.
    #[serde(deserialize_with = "duration::positive")]
    pub retention: Duration,
    /// Whether redacted bodies are kept.
    pub capture_bodies: bool,
    /// Requests that wait to be written.
    pub queue: NonZeroUsize,
}

/// `[console]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Console {
    /// How long somebody stays signed in who does nothing.
    #[serde(deserialize_with = "duration::positive")]
    pub idle_lifetime: Duration,
    /// How long somebody stays signed in at most.
    #[serde(deserialize_with = "duration::positive")]
    pub session_lifetime: Duration,
    /// How long a sign-in is fresh.
    #[serde(deserialize_with = "duration::positive")]
    pub fresh_for: Duration,
    /// How long a one-time link works.
    #[serde(deserialize_with = "duration::positive")]
    pub link_lifetime: Duration,
    /// Links per hour and address.
    pub links_per_address: NonZeroU32,
    /// Whom to ask for help, or empty.
    pub support_contact: String,
    /// Whether OpenID providers may be on this machine, and without TLS.
    pub loopback_providers: bool,
}

/// `[jobs]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Jobs {
    /// How often work is looked for.
    #[serde(deserialize_with = "duration::positive")]
    pub poll_every: Duration,
    /// How long a claim holds.
    #[serde(deserialize_with = "duration::positive")]
    pub lease: Duration,
    /// After how many failures work is given up.
    pub max_attempts: NonZeroU32,
}

fn mailbox<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Mailbox, D::Error> {
    let words = "expected an address such as \"Secaro <no-reply@example.org>\"";
    String::deserialize(deserializer)?.parse().map_err(|_| D::Error::custom(words))
}

fn mailbox_or_empty<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Mailbox>, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.trim().is_empty() { Ok(None) } else { mailbox(text.into_deserializer()).map(Some) }
}
