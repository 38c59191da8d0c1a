//! `organization`: setting one up and looking at it.

use super::answer::{Answer, facts, or_dash};
use super::failure::Failure;
use super::session::Session;
use crate::directory::organizations::Overview;

/// What to do with organizations.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Organization {
    /// Set an organization up
    Create {
        /// Its key: up to 64 lower-case letters, digits, «-», «_» and «.»
        #[arg(long)]
        key: String,
        /// Its name
        #[arg(long)]
        name: String,
        /// Its DUNS number: whoever knows it and proves their mailbox may ask to join
        #[arg(long)]
        duns: Option<String>,
        /// An e-mail domain that you vouch for as the organization's; may be repeated
        #[arg(long, value_name = "DOMAIN", value_delimiter = ',')]
        domain: Vec<String>,
    },
    /// List the organizations
    List,
    /// Show one
    Show(Which),
}

/// An organization's key, as an argument or an option.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
pub(super) struct Which {
    /// The organization's key
    #[arg(value_name = "KEY")]
    key: Option<String>,
    /// The same as an option
    #[arg(long = "organization", alias = "key", value_name = "KEY")]
    named: Option<String>,
}

impl Organization {
    pub(super) async fn run(self, session: &Session) -> Result<Answer, Failure> {
        let directory = &session.opened.directory;
        match self {
            Self::Create { key, name, duns, domain } => {
                let operator = session.operator();
                let created = directory.create_organization(&operator, &key, &name, duns.as_deref(), &domain).await?;
                let next = format!(
                    "Created. Next: add facilities («secaro-gateway facility add --organization {key} --key … --name …»), \
                     then a connection («secaro-gateway connection create --organization {key} …»)."
                );
                Ok(Answer::new(&created, format!("{}\n{next}", overview(&created))))
            }
            Self::List => {
                let all = directory.organizations().await?;
                Ok(Answer::list(
                    "organizations",
                    &all,
                    ["Key", "Name", "Set up"],
                    |one| [one.key.clone(), one.name.clone(), one.created_at.to_string()],
                    "There is no organization yet. Set one up with «secaro-gateway organization create».",
                ))
            }
            Self::Show(which) => {
                let key = which.key.or(which.named).unwrap_or_default();
                let found = directory.organization(&key).await?;
                Ok(Answer::new(&found, overview(&found)))
            }
        }
    }
}

fn overview(overview: &Overview) -> String {
    let domains = overview.domains.iter().map(|domain| {
        let state = if domain.verified_at.is_some() { "verified" } else { "not verified" };
        format!("{} ({state})", domain.name)
    });
    let or_none = |texts: Vec<String>| if texts.is_empty() { "none".to_owned() } else { texts.join(", ") };
    facts([
        ("Organization", overview.organization.key.clone()),
        ("Name", overview.organization.name.clone()),
        ("DUNS", or_dash(overview.organization.duns.as_ref())),
        ("Domains", or_none(domains.collect())),
        ("Facilities", overview.facilities.to_string()),
        ("Connections", or_none(overview.connections.clone())),
    ])
}
