//! `rule`: what a group or an attribute of one connection gives.

use std::path::{Path, PathBuf};

use super::answer::{Answer, or_dash};
use super::failure::Failure;
use super::plan::{self, Asked, Sure};
use super::session::Session;
use crate::provisioning::plans::Change;
use crate::provisioning::rules::{NewRule, RuleKind, RuleRow, RulesFile, Subject, Trial};

/// What to do with access rules.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Rule {
    /// Add a rule, as a plan shows
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
        #[command(flatten)]
        sure: Sure,
    },
    /// List a connection's rules
    List {
        /// The connection's key
        #[arg(long, value_name = "KEY")]
        connection: String,
    },
    /// Remove a rule, as a plan shows
    Remove(One),
    /// Put a rule that was switched off in force again, as a plan shows
    Enable(One),
    /// Switch a rule off and keep it, as a plan shows
    Disable(One),
    /// Write all rules of a connection down as text; the same rules always make the same text
    Export {
        /// The connection's key
        #[arg(long, value_name = "KEY")]
        connection: String,
    },
    /// Plan to make a connection's rules exactly those of a file
    Plan {
        /// The file, as «rule export» writes it
        #[arg(short, long, value_name = "FILE")]
        file: PathBuf,
        #[command(flatten)]
        sure: Sure,
    },
    /// Do exactly what a plan shows, or nothing
    Apply {
        /// The plan's id
        #[arg(long, value_name = "ID")]
        plan: String,
    },
    /// Say what a group of a name would give its members
    Test {
        /// The connection's key
        #[arg(long, value_name = "KEY")]
        connection: String,
        /// The group's name
        #[arg(long, value_name = "NAME")]
        group: String,
    },
}

/// One rule of a connection.
#[derive(Debug, clap::Args)]
pub(super) struct One {
    /// The connection's key
    #[arg(long, value_name = "KEY")]
    connection: String,
    /// The rule's id
    id: String,
    #[command(flatten)]
    sure: Sure,
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
            Self::Add { connection, when, value, gives, note, sure } => {
                let new = NewRule { connection, subject: subject(when, value), gives, note };
                let (plan, asked) = plan::ask(session, Change::from(&new), sure).await?;
                match (asked, plan.change.rule()) {
                    (Asked::Waits(answer), _) => Ok(answer),
                    (Asked::Done, Some(id)) => {
                        let added = provisioning.rule(&new.connection, &id.to_string()).await?;
                        let text = format!("Added rule {id}: {} gives {}.", describe(&added), added.gives);
                        Ok(Answer::new(&added, text))
                    }
                    (Asked::Done, None) => Ok(Answer::new(&plan, "Added.")),
                }
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
            Self::Remove(One { connection, id, sure }) => {
                let row = provisioning.rule(&connection, &id).await?;
                let text = format!("Removed: {} gives {} no longer.", describe(&row), row.gives);
                answer(session, Change::RemoveRule { connection, rule: row.id }, sure, &row, text).await
            }
            Self::Enable(one) => switch(session, one, true).await,
            Self::Disable(one) => switch(session, one, false).await,
            Self::Export { connection } => {
                let file = provisioning.rules_file(&connection).await?;
                Ok(Answer::new(&file, file.text()))
            }
            Self::Plan { file, sure } => {
                let RulesFile { connection, rule } = read(&file)?;
                let (plan, asked) = plan::ask(session, Change::ReplaceRules { connection, rules: rule }, sure).await?;
                match asked {
                    Asked::Waits(answer) => Ok(answer),
                    Asked::Done => {
                        Ok(Answer::new(&plan, format!("Applied plan {}: {}.", plan.id, plan.change.words())))
                    }
                }
            }
            Self::Apply { plan } => plan::apply(session, &plan).await,
            Self::Test { connection, group } => {
                let trials = provisioning.try_group_name(&connection, &group).await?;
                let row = |trial: &Trial| {
                    let captures = trial.captures.iter().map(|(name, text)| format!("{name} = {text}"));
                    let gives = trial.gives.iter().map(|given| match given.dormant {
                        Some(why) => format!("{} ({why})", given.permission),
                        None => given.permission.to_string(),
                    });
                    let (captures, gives) = (captures.collect::<Vec<_>>(), gives.collect::<Vec<_>>());
                    [trial.rule.to_string(), trial.pattern.clone(), captures.join(", "), gives.join(", ")]
                };
                let none = "No name pattern of the connection fits this name.";
                Ok(Answer::list("matches", &trials, ["Rule", "Pattern", "Captures", "Gives"], row, none))
            }
        }
    }
}

async fn switch(session: &Session, one: One, enabled: bool) -> Result<Answer, Failure> {
    let One { connection, id, sure } = one;
    let row = session.opened.provisioning.rule(&connection, &id).await?;
    let row = RuleRow { enabled, ..row };
    let text = format!("{} {}.", describe(&row), if enabled { "is in force" } else { "is switched off" });
    answer(session, Change::SwitchRule { connection, rule: row.id, enabled }, sure, &row, text).await
}

async fn answer(session: &Session, change: Change, sure: Sure, row: &RuleRow, text: String) -> Result<Answer, Failure> {
    match plan::ask(session, change, sure).await?.1 {
        Asked::Waits(answer) => Ok(answer),
        Asked::Done => Ok(Answer::new(row, text)),
    }
}

fn read(path: &Path) -> Result<RulesFile, Failure> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        Failure::failed(format!("cannot read {}: {error}; check the path and who may read it", path.display()))
    })?;
    Ok(RulesFile::parse(&text)?)
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
