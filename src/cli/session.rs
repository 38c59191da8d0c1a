//! What the verbs that touch the data have in common: the settings, the opened installation, and on whose
//! authority they act.

use std::sync::Arc;

use super::failure::Failure;
use crate::app::{self, Opened};
use crate::auth::{Actor, Operator};
use crate::clock::{Clock, SystemClock};
use crate::config::{self, Loaded};
use crate::ids::Randomness;

/// An opened installation.
pub(super) struct Session {
    pub(super) loaded: Loaded,
    pub(super) opened: Opened,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) randomness: Arc<Randomness>,
    act_as: Option<String>,
}

impl Session {
    pub(super) async fn open(loaded: Loaded, act_as: Option<String>) -> Result<Self, Failure> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let randomness = Arc::new(Randomness::from_system());
        let opened = app::open(&loaded.settings, Arc::clone(&clock), Arc::clone(&randomness)).await?;
        Ok(Self { loaded, opened, clock, randomness, act_as })
    }

    /// Whoever runs this process; each change has a request of its own in the trail.
    pub(super) fn operator(&self) -> Operator {
        Operator::of_this_machine(config::account(), self.randomness.id(self.clock.now()))
    }

    /// Whoever decides: the person of `--as`, else whoever runs this process.
    pub(super) async fn actor(&self) -> Result<Actor, Failure> {
        let operator = self.operator();
        Ok(match &self.act_as {
            Some(email) => self.opened.directory.member(&operator, None, email).await?.into(),
            None => operator.into(),
        })
    }

    /// Where an IdP reaches a connection.
    pub(super) fn scim_base(&self, connection: &str) -> String {
        format!("{}/scim/v2/{connection}", self.loaded.settings.server.base_url(self.loaded.settings.server.listen))
    }
}

/// Which organization a verb is about.
#[derive(Debug, clap::Args)]
pub(super) struct OfOrganization {
    /// The organization's key; not needed where there is only one
    #[arg(long, value_name = "KEY")]
    organization: Option<String>,
}

impl OfOrganization {
    pub(super) async fn key(self, session: &Session) -> Result<String, Failure> {
        match self.organization {
            Some(key) => Ok(key),
            None => Ok(session.opened.directory.named_or_only_organization(None).await?.key),
        }
    }

    pub(super) fn named(&self) -> Option<&str> {
        self.organization.as_deref()
    }
}
