//! `provider`: the OpenID providers at which an organization's people sign in to the console.

use std::path::PathBuf;

use super::answer::{Answer, or_dash};
use super::failure::Failure;
use super::session::{OfOrganization, Session};
use crate::directory;
use crate::directory::sign_in::NewProvider;

/// What to do with providers.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Provider {
    /// Let people sign in at a provider; asks it for its metadata first
    Add {
        /// As it stands on the button
        name: String,
        /// The issuer, exactly as the provider writes it
        #[arg(long, value_name = "URL")]
        issuer: String,
        /// As whom the gateway is registered there
        #[arg(long)]
        client_id: String,
        /// A file with the client's secret; a public client has none
        #[arg(long, value_name = "FILE")]
        client_secret_file: Option<PathBuf>,
        /// The connection whose Users have the provider's subjects as their externalId
        #[arg(long)]
        connection: Option<String>,
        #[command(flatten)]
        of: OfOrganization,
    },
    /// List an organization's providers
    List {
        #[command(flatten)]
        of: OfOrganization,
    },
    /// Let nobody sign in at a provider any longer; who is signed in stays so
    Remove {
        /// The provider's id, as listed
        id: String,
        #[command(flatten)]
        of: OfOrganization,
    },
}

impl Provider {
    pub(super) async fn run(self, session: &Session) -> Result<Answer, Failure> {
        let directory = &session.opened.directory;
        let actor = session.actor().await?;
        match self {
            Self::Add { name, issuer, client_id, client_secret_file, connection, of } => {
                let client_secret = client_secret_file.map(|path| secret(&path)).transpose()?.unwrap_or_default();
                let connection = connection.unwrap_or_default();
                let new = NewProvider { name, issuer, client_id, client_secret, connection };
                let organization = of.key(session).await?;
                let added = directory.add_provider(&actor, &organization, &new).await?;
                let text = format!(
                    "People of {organization} may sign in with {} now, at /console/sign-in/{organization}.",
                    added.name
                );
                Ok(Answer::new(&added, text))
            }
            Self::List { of } => {
                let all = directory.providers(&of.key(session).await?).await?;
                Ok(Answer::list(
                    "providers",
                    &all,
                    ["Id", "Name", "Issuer", "Client", "Secret", "Connection"],
                    |one| {
                        [
                            one.id.to_string(),
                            one.name.clone(),
                            one.issuer.clone(),
                            one.client_id.clone(),
                            if one.has_secret { "yes" } else { "no" }.to_owned(),
                            or_dash(one.connection.clone()),
                        ]
                    },
                    "There is no provider yet. Begin with «secaro-gateway provider add NAME».",
                ))
            }
            Self::Remove { id, of } => {
                let name = directory.remove_provider(&actor, &of.key(session).await?, &id).await?;
                let text = format!("Nobody signs in with {name} any longer. Who is signed in stays so.");
                Ok(Answer::new(&serde_json::json!({ "id": id, "name": name }), text))
            }
        }
    }
}

/// What stands in a file, without the line's end.
fn secret(path: &std::path::Path) -> Result<String, directory::Error> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        let words = format!("{}: {error}; name a file with the client's secret in it", path.display());
        directory::Error::Invalid(words)
    })?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}
