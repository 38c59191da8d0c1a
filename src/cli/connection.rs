//! `connection`: one IdP's right to provision one organization.

use super::answer::{Answer, facts};
use super::failure::Failure;
use super::plan::{self, Asked, Sure};
use super::session::{OfOrganization, Session};
use crate::provisioning::ceiling::Ceiling;
use crate::provisioning::connections::{Connection as Row, ConnectionState, NewConnection};
use crate::provisioning::plans::Change;
use crate::scim::Dialect;

/// What to do with connections.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Connection {
    /// Set a connection up
    Create {
        #[command(flatten)]
        of: OfOrganization,
        #[command(flatten)]
        which: Which,
        /// The IdP: okta, entra, or generic for any other SCIM 2.0 client
        #[arg(long, value_parser = dialect, default_value = "generic")]
        dialect: Dialect,
        /// What it may grant, of edit, billing_admin and organization_admin; anything beyond is held
        #[arg(long, value_name = "RIGHTS", default_value = "edit")]
        may_grant: String,
        /// Refuse what deviates from the RFCs instead of normalising it
        #[arg(long)]
        strict: bool,
        /// Let it only listen until it is activated: nothing that it says reaches anybody before
        #[arg(long)]
        pending: bool,
    },
    /// List the connections
    List {
        #[command(flatten)]
        of: OfOrganization,
    },
    /// Show one
    Show(Which),
    /// Let what a pending connection says reach people, as a plan shows
    Activate {
        #[command(flatten)]
        which: Which,
        #[command(flatten)]
        sure: Sure,
    },
    /// Refuse its calls until it is resumed; nobody loses anything
    Pause(Which),
    /// Take its calls again
    Resume(Which),
    /// Change what it may grant, as a plan shows; anything beyond is held
    SetCeiling {
        #[command(flatten)]
        which: Which,
        /// Of edit, billing_admin and organization_admin, separated by commas
        #[arg(long, value_name = "RIGHTS")]
        may_grant: String,
        #[command(flatten)]
        sure: Sure,
    },
    /// End it for good: its tokens are refused at once, and its people keep only what people gave them
    Delete {
        #[command(flatten)]
        which: Which,
        #[command(flatten)]
        sure: Sure,
    },
}

/// A connection's key, as an argument or an option.
#[derive(Debug, clap::Args)]
#[group(id = "which", required = true, multiple = false)]
pub(super) struct Which {
    /// The connection's key; it stands in the URL and is unique in the whole installation
    #[arg(value_name = "KEY", id = "connection_key")]
    key: Option<String>,
    /// The same as an option
    #[arg(long = "connection", alias = "key", value_name = "KEY", id = "connection_option")]
    named: Option<String>,
}

impl Which {
    fn key(self) -> String {
        self.key.or(self.named).unwrap_or_default()
    }
}

fn dialect(text: &str) -> Result<Dialect, String> {
    Dialect::from_name(text).ok_or_else(|| "choose of okta, entra and generic".to_owned())
}

impl Connection {
    pub(super) async fn run(self, session: &Session) -> Result<Answer, Failure> {
        let provisioning = &session.opened.provisioning;
        match self {
            Self::Create { of, which, dialect, may_grant, strict, pending } => {
                let may_grant = Ceiling::parse(&may_grant)?;
                let new = NewConnection {
                    organization: of.key(session).await?,
                    key: which.key(),
                    dialect,
                    strict,
                    may_grant,
                    pending,
                };
                let created = provisioning.create_connection(&session.actor().await?, &new).await?;
                let next = format!(
                    "Created. Next: issue a token («secaro-gateway token issue --connection {} --name first»), then give \
                     the base URL and the token to the IdP.",
                    created.key
                );
                Ok(show(session, &created, &next))
            }
            Self::List { of } => {
                let all = provisioning.connections(of.named()).await?;
                Ok(Answer::list(
                    "connections",
                    &all,
                    ["Key", "Dialect", "State", "May grant", "Strict", "SCIM base URL"],
                    |one| {
                        let strict = if one.strict { "yes" } else { "no" };
                        [
                            one.key.clone(),
                            one.dialect.as_str().to_owned(),
                            one.state.as_str().to_owned(),
                            one.may_grant.clone(),
                            strict.to_owned(),
                            session.scim_base(&one.key),
                        ]
                    },
                    "There is no connection yet. Set one up with «secaro-gateway connection create».",
                ))
            }
            Self::Show(which) => Ok(show(session, &provisioning.connection(&which.key()).await?, "")),
            Self::Activate { which, sure } => {
                let connection = which.key();
                let next = "It is active: what it says reaches people.";
                change(session, connection.clone(), Change::Activate { connection }, sure, next).await
            }
            Self::Pause(which) => {
                let connection = which.key();
                let next = "Its calls are refused from the next one on; nobody loses anything.";
                change(session, connection.clone(), Change::Pause { connection }, Sure::default(), next).await
            }
            Self::Resume(which) => {
                let connection = which.key();
                let next = "Its calls are taken from the next one on.";
                change(session, connection.clone(), Change::Resume { connection }, Sure::default(), next).await
            }
            Self::SetCeiling { which, may_grant, sure } => {
                let connection = which.key();
                let may_grant = Ceiling::parse(&may_grant)?.to_string();
                let next = "What it asserts beyond is held.";
                change(session, connection.clone(), Change::SetCeiling { connection, may_grant }, sure, next).await
            }
            Self::Delete { which, sure } => {
                let connection = which.key();
                let next = "It is gone for good; its people keep what people gave them.";
                change(session, connection.clone(), Change::Delete { connection }, sure, next).await
            }
        }
    }
}

async fn change(session: &Session, key: String, change: Change, sure: Sure, next: &str) -> Result<Answer, Failure> {
    match plan::ask(session, change, sure).await?.1 {
        Asked::Waits(answer) => Ok(answer),
        Asked::Done => Ok(show(session, &session.opened.provisioning.connection(&key).await?, next)),
    }
}

fn show(session: &Session, connection: &Row, next: &str) -> Answer {
    let base_url = session.scim_base(&connection.key);
    let state = match connection.state {
        ConnectionState::Pending => "pending: it listens, and reaches nobody until it is activated",
        ConnectionState::Active => "active",
        ConnectionState::Paused => "paused: its calls are refused",
        ConnectionState::Deleted => "deleted",
    };
    let deviations = if connection.strict { "refused (strict)" } else { "normalised" };
    let may_grant = if connection.may_grant.is_empty() { "nothing" } else { &connection.may_grant };
    let text = facts([
        ("Connection", connection.key.clone()),
        ("Dialect", connection.dialect.as_str().to_owned()),
        ("State", state.to_owned()),
        ("May grant", may_grant.to_owned()),
        ("Deviations", deviations.to_owned()),
        ("SCIM base URL", base_url.clone()),
    ]);
    Answer::new(connection, format!("{text}{next}")).with("scim_base_url", &base_url)
}
