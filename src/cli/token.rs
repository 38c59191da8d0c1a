//! `token`: the bearer tokens of a connection. The one place where a token is shown.

use super::answer::{Answer, facts, or_dash};
use super::failure::Failure;
use super::session::Session;
use crate::clock::Timestamp;
use crate::config::duration;
use crate::provisioning::tokens::Token as Kept;

/// What to do with tokens.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Token {
    /// Issue a token; it is shown once
    Issue {
        /// The connection's key
        #[arg(long, value_name = "KEY")]
        connection: String,
        /// What it is for, such as «okta 2026»
        #[arg(long)]
        name: String,
        /// How long it lives, such as 180d; else tokens.default_lifetime
        #[arg(long, value_name = "TIME")]
        expires: Option<String>,
    },
    /// List a connection's tokens, without their secrets
    List {
        /// The connection's key
        #[arg(long, value_name = "KEY")]
        connection: String,
    },
    /// Revoke a token; it is refused from the next request on
    Revoke {
        /// The connection's key
        #[arg(long, value_name = "KEY")]
        connection: String,
        /// Its name or key id
        #[arg(long)]
        name: String,
    },
}

impl Token {
    pub(super) async fn run(self, session: &Session) -> Result<Answer, Failure> {
        let provisioning = &session.opened.provisioning;
        match self {
            Self::Issue { connection, name, expires } => {
                let lifetime = lifetime(session, expires.as_deref())?;
                let issued = provisioning.issue_token(&session.actor().await?, &connection, &name, lifetime).await?;
                let base_url = session.scim_base(&connection);
                let text = facts([
                    ("Token", issued.token.clone()),
                    ("Name", issued.kept.name.clone()),
                    ("Key id", issued.kept.key_id.clone()),
                    ("Expires", issued.kept.expires_at.to_string()),
                    ("SCIM base URL", base_url.clone()),
                ]);
                let once = "The token is shown this once. Enter it in the IdP now, without the word «Bearer».";
                Ok(Answer::new(&issued, format!("{text}{once}")).with("scim_base_url", &base_url))
            }
            Self::List { connection } => {
                let all = provisioning.tokens(&connection).await?;
                let now = session.clock.now();
                Ok(Answer::list(
                    "tokens",
                    &all,
                    ["Name", "Key id", "State", "Issued", "Expires", "Last used"],
                    |token| {
                        [
                            token.name.clone(),
                            token.key_id.clone(),
                            state(token, now).to_owned(),
                            token.created_at.to_string(),
                            token.expires_at.to_string(),
                            or_dash(token.last_used_at),
                        ]
                    },
                    "There is no token yet. Issue one with «secaro-gateway token issue».",
                ))
            }
            Self::Revoke { connection, name } => {
                let revoked = provisioning.revoke_token(&session.actor().await?, &connection, &name).await?;
                let text = format!("Token «{}» is revoked; it is refused from the next request on.", revoked.name);
                Ok(Answer::new(&revoked, text))
            }
        }
    }
}

fn lifetime(session: &Session, expires: Option<&str>) -> Result<std::time::Duration, Failure> {
    let tokens = &session.loaded.settings.tokens;
    let Some(text) = expires else { return Ok(tokens.default_lifetime) };
    let lifetime = duration::parse(text).map_err(|error| Failure::usage(format!("--expires: {error}")))?;
    if lifetime.is_zero() || lifetime > tokens.max_lifetime {
        let days = tokens.max_lifetime.as_secs() / 86_400;
        let words = format!("--expires: expected a time above zero and up to tokens.max_lifetime ({days} days)");
        return Err(Failure::usage(words));
    }
    Ok(lifetime)
}

fn state(token: &Kept, now: Timestamp) -> &'static str {
    if token.revoked_at.is_some() {
        "revoked"
    } else if token.is_live(now) {
        "live"
    } else {
        "expired"
    }
}
