//! Setting a connection up, step by step: what its real calls show is done, what an admin says is done in the IdP's own
//! console, and what looks wrong. Moves nobody.

use serde_json::json;

use super::connections::{self, Connection, ConnectionState};
use super::{Error, Provisioning};
use crate::audit::{self, Action, Record, Target};
use crate::auth::Actor;
use crate::clock::Timestamp;
use crate::directory;
use crate::ids::OrganizationId;
use crate::store::connection_health::EarlyCall;
pub use crate::store::connection_health::Tick;
use crate::store::resources::ResourceKind;

/// What no call shows: the steps in an IdP's console that an admin ticks.
pub const TICKED_STEPS: [&str; 5] = ["application", "credentials", "mappings", "assignments", "groups"];

/// How many of the newest calls are looked at for what is wrong now.
const NEWEST: i64 = 20;

/// One thing that a connection's calls show.
#[derive(Debug, Clone)]
pub struct Seen {
    /// What.
    pub what: &'static str,
    /// When it was first seen.
    pub at: Option<Timestamp>,
}

/// How far a set-up is.
#[derive(Debug, Clone)]
pub struct SetUp {
    /// The connection.
    pub connection: Connection,
    /// Whether a token lets it in.
    pub has_token: bool,
    /// What its calls show, in the order in which it usually comes.
    pub seen: Vec<Seen>,
    /// What admins ticked.
    pub ticks: Vec<Tick>,
    /// How many Users were pushed.
    pub users: i64,
    /// How many Groups.
    pub groups: i64,
    /// How many rules are there.
    pub rules: usize,
    /// What looks wrong, and what to do.
    pub hints: Vec<String>,
}

impl SetUp {
    /// Who ticked a step.
    #[must_use]
    pub fn tick(&self, step: &str) -> Option<&Tick> {
        self.ticks.iter().find(|tick| tick.step == step)
    }

    /// Whether it still waits to be activated.
    #[must_use]
    pub fn is_pending(&self) -> bool {
        self.connection.state == ConnectionState::Pending
    }
}

impl Provisioning {
    /// How far the set-up of a connection is.
    pub async fn set_up(&self, organization: OrganizationId, key: &str) -> Result<SetUp, Error> {
        let connection = self.connection_of(organization, key).await?;
        let (id, now) = (connection.id, self.now());
        let mut reader = self.store.read().await?;
        let early = reader.early_calls(organization, id).await?;
        let counts = reader.resources_by_kind(organization, id).await?;
        let tokens = reader.tokens(organization, id).await?;
        let newest = reader.recent_calls(organization, id, NEWEST).await?;
        let ticks = reader.ticks(organization, id).await?;
        let rules = reader.rules(organization, id).await?.len();
        let count = |kind| counts.iter().filter(|row| row.kind == kind).map(|row| row.count).sum::<i64>();
        let (users, groups) = (count("User"), count("Group"));
        let called = early.iter().filter_map(|call| call.known_at).min();
        let first_user = reader.first_resource(organization, id, ResourceKind::User).await?;
        let first_group = reader.first_resource(organization, id, ResourceKind::Group).await?;
        let seen = vec![
            Seen { what: "The first call with the token", at: called },
            Seen { what: "The IdP asked what the gateway can do", at: first(&early, is_discovery) },
            Seen { what: "The IdP tested the connection", at: first(&early, |meaning| meaning == "test connection") },
            Seen { what: "The IdP looked a user up", at: first(&early, is_lookup) },
            Seen { what: "A User was created", at: first_user },
            Seen { what: "A User was changed or deactivated", at: first(&early, is_change) },
            Seen { what: "A Group was pushed", at: first_group },
            Seen {
                what: "Members of a Group were changed",
                at: first(&early, |meaning| meaning == "change members of Group"),
            },
        ];
        let refused = newest.iter().take_while(|call| call.status == 401).count();
        let double = newest.iter().any(|call| {
            call.status == 401 && call.detail.as_deref().is_some_and(|detail| detail.contains("sent twice"))
        });
        let has_token = tokens.iter().any(|token| token.is_live(now));
        let mut hints = Vec::new();
        if double {
            hints.push(
                "The token was sent with the word Bearer twice. Paste the token alone, without Bearer.".to_owned(),
            );
        } else if refused > 0 {
            hints.push(format!(
                "The newest calls were refused with 401 ({refused} in a row): the IdP holds a wrong, revoked or expired \
                 token. Issue another one and paste it there, without the word Bearer."
            ));
        }
        if !has_token && called.is_some() {
            hints.push("No token is live any longer, so every call is refused. Issue one.".to_owned());
        }
        if users > 0 && groups == 0 {
            hints.push(
                "Users arrive, but no group does. Groups give access here: push the groups in the IdP's console \
                 (assigning them to the application is not enough in Okta)."
                    .to_owned(),
            );
        }
        if groups > 0 && rules == 0 {
            hints.push("Groups arrive, but no access rule looks at them: nobody gets access by them yet.".to_owned());
        }
        Ok(SetUp { connection, has_token, seen, ticks, users, groups, rules, hints })
    }

    /// Ticks a step of a connection's set-up, or takes the tick away.
    pub async fn tick_step(
        &self,
        actor: &Actor,
        organization: OrganizationId,
        key: &str,
        step: &str,
        done: bool,
    ) -> Result<(), Error> {
        if !TICKED_STEPS.contains(&step) {
            return Err(directory::Error::Invalid(format!("there is no step «{step}»")).into());
        }
        self.connection_of(organization, key).await?;
        let mut tx = self.directory.begin(actor, organization).await?;
        let connection = connections::in_use(&mut tx, key).await?;
        if done {
            let by = tx.author().who.name();
            tx.tick(connection.id, step, &by).await?;
        } else {
            tx.untick(connection.id, step).await?;
        }
        let record = Record::of(Action::ConnectionChanged, Target::Connection(connection.id));
        audit::record(&mut tx, record.after(json!({ "step": step, "ticked": done }))).await?;
        tx.commit().await?;
        Ok(())
    }
}

fn first(early: &[EarlyCall], is: impl Fn(&str) -> bool) -> Option<Timestamp> {
    early.iter().filter(|call| is(&call.meaning)).map(|call| call.first_at).min()
}

fn is_discovery(meaning: &str) -> bool {
    matches!(meaning, "read ServiceProviderConfig" | "read ResourceTypes" | "read Schemas")
}

fn is_lookup(meaning: &str) -> bool {
    ["list Users", "find User by", "search Users"].iter().any(|start| meaning.starts_with(start))
}

fn is_change(meaning: &str) -> bool {
    let (verb, rest) = meaning.split_once(' ').unwrap_or_default();
    rest.starts_with("User") && matches!(verb, "change" | "replace" | "deactivate" | "activate" | "rename" | "delete")
}
