//! `rule`: what a group or an attribute of one connection gives.

use super::answer::{Answer, or_dash};
use super::failure::Failure;
use super::session::Session;
use crate::provisioning::rules::{NewRule, RuleKind, RuleRow, Subject};

/// What to do with access rules.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Rule {
    /// Add a rule; whoever it is about gains from it at once
    Add {
        /// The connection's key
        #[arg(long, value_name = "KEY")]
        connection: String,
        #[command(flatten)]
        when: When,
        /// With --attribute: what it has to equal
        #[arg(long, requires = "attribute")]
        value: Option<String>,
        /// What it gives: edit_organization, edit_facility:KEY, edit_facility:{capture}, organization_admin,
        /// billing_admin; several separated by commas
        #[arg(long, value_name = "PERMISSIONS", required = true, value_delimiter = ',')]
        gives: Vec<String>,
        /// Why it is there
        #[arg(long)]
        note: Option<String>,
    },
    /// List a connection's rules
    List {
        /// The connection's key
        #[arg(long, value_name = "KEY")]
        connection: String,
    },
    /// Remove a rule; whoever had something from it loses that at once
    Remove {
        /// The connection's key
        #[arg(long, value_name = "KEY")]
        connection: String,
        /// The rule's id
        id: String,
    },
}

/// What a rule looks at.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
pub(super) struct When {
    /// Members of groups whose name fits, such as 'secaro-{facility}-editors'; gives edit permissions only
    #[arg(long, value_name = "PATTERN")]
    group_pattern: Option<String>,
    /// Members of one group, by its SCIM id; may give admin roles
    #[arg(long, value_name = "ID")]
    group: Option<String>,
    /// Users with this attribute, such as userType; gives edit permissions only
    #[arg(long, value_name = "PATH", requires = "value")]
    attribute: Option<String>,
}

impl Rule {
    pub(super) async fn run(self, session: &Session) -> Result<Answer, Failure> {
        let provisioning = &session.opened.provisioning;
        match self {
            Self::Add { connection, when, value, gives, note } => {
                let new = NewRule { connection, subject: subject(when, value), gives, note };
                let added = provisioning.add_rule(&session.actor().await?, &new).await?;
                let text = format!("Added rule {}: {} gives {}.", added.id, describe(&added), added.gives);
                Ok(Answer::new(&added, text))
            }
            Self::List { connection } => {
                let all = provisioning.rules(&connection).await?;
                Ok(Answer::list(
                    "rules",
                    &all,
                    ["Id", "When", "Gives", "Note"],
                    |rule| {
                        let off = if rule.enabled { "" } else { " (disabled)" };
                        let when = format!("{}{off}", describe(rule));
                        [rule.id.to_string(), when, rule.gives.clone(), or_dash(rule.note.as_ref())]
                    },
                    "There is no rule yet. Add one with «secaro-gateway rule add».",
                ))
            }
            Self::Remove { connection, id } => {
                let removed = provisioning.remove_rule(&session.actor().await?, &connection, &id).await?;
                let text = format!("Removed: {} gives {} no longer.", describe(&removed), removed.gives);
                Ok(Answer::new(&removed, text))
            }
        }
    }
}

/// Clap has seen to it that exactly one is there, and a value beside an attribute.
fn subject(when: When, value: Option<String>) -> Subject {
    match (when.group_pattern, when.group, when.attribute) {
        (Some(pattern), ..) => Subject::Pattern(pattern),
        (_, Some(id), _) => Subject::Group(id),
        (.., path) => Subject::Attribute { path: path.unwrap_or_default(), value: value.unwrap_or_default() },
    }
}

fn describe(rule: &RuleRow) -> String {
    match (rule.kind, &rule.value) {
        (RuleKind::Group, _) => format!("group {}", rule.subject),
        (RuleKind::Pattern, _) => format!("group named «{}»", rule.subject),
        (RuleKind::Attribute, value) => format!("{} = «{}»", rule.subject, value.as_deref().unwrap_or_default()),
    }
}
