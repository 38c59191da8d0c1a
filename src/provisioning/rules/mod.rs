//! Access rules: what a group or an attribute of one connection gives. They add up and have no order.

mod change;
mod pointing;
mod written;

use std::collections::BTreeMap;
use std::str::FromStr as _;

use serde_json::{Map, Value, json};

pub(super) use change::{add, concerned, identified, in_place, remove, replace, switch};
pub use pointing::Pointing;
pub use written::{RulesFile, WrittenRule};

use super::pattern::Pattern;
use super::view::name_of;
use super::{Error, Provisioning};
use crate::directory::facilities::{self, Place};
use crate::directory::permissions::Permission;
use crate::ids::{OrganizationId, ResourceId, RuleId};
use crate::scim::filter::{Filter, Limits};
use crate::scim::{Dialect, Normaliser, ResourceType, fold};
use crate::store::Reader;
use crate::store::connections::ConnectionState;
pub use crate::store::rules::{RuleKind, RuleRow};

/// What a new rule looks at, as it is given.
#[derive(Debug, Clone)]
pub enum Subject {
    /// One group, by its SCIM id. Only this may give admin roles: nobody becomes admin by naming a group cleverly.
    Group(String),
    /// Groups whose name fits a pattern with captures.
    Pattern(String),
    /// Users whose attribute equals a value.
    Attribute {
        /// The attribute's path, as in a filter.
        path: String,
        /// The value.
        value: String,
    },
}

/// A rule as it is given.
#[derive(Debug, Clone)]
pub struct NewRule {
    /// The connection's key.
    pub connection: String,
    /// What it looks at.
    pub subject: Subject,
    /// The permissions it gives; a facility may be a capture (`edit_facility:{facility}`).
    pub gives: Vec<String>,
    /// Why it is there.
    pub note: Option<String>,
}

/// A rule, ready to be applied.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) id: RuleId,
    when: When,
    gives: Vec<Permission>,
}

#[derive(Debug)]
enum When {
    Group(ResourceId),
    Pattern(Pattern),
    Attribute { path: String, filter: Filter },
}

impl Rule {
    /// Reads a stored rule; `None` if it is disabled or this version of the gateway cannot read it.
    pub(super) fn read(row: &RuleRow) -> Option<Self> {
        if !row.enabled {
            return None;
        }
        let when = match row.kind {
            RuleKind::Group => When::Group(row.subject.parse().ok()?),
            RuleKind::Pattern => When::Pattern(Pattern::parse(&row.subject).ok()?),
            RuleKind::Attribute => {
                let filter = equals(&row.subject, row.value.as_deref()?).ok()?;
                When::Attribute { path: row.subject.clone(), filter }
            }
        };
        let gives = row.gives.split(',').map(Permission::from_str).collect::<Result<_, _>>().ok()?;
        Some(Self { id: row.id, when, gives })
    }

    /// What the rule gives to a member of this group; `None` if it does not look at it.
    pub(super) fn of_group(&self, id: ResourceId, name: &str) -> Option<Vec<Permission>> {
        match &self.when {
            When::Group(group) => (*group == id).then(|| self.gives.clone()),
            When::Pattern(pattern) => {
                let captures = pattern.captures(name)?;
                Some(self.gives.iter().map(|permission| filled_in(permission, &captures)).collect())
            }
            When::Attribute { .. } => None,
        }
    }

    /// What the rule gives to a User of this document, and the attribute it looked at.
    pub(super) fn of_user(&self, document: &Map<String, Value>) -> Option<(&str, &[Permission])> {
        match &self.when {
            When::Attribute { path, filter } if filter.matches(document) => Some((path, &self.gives)),
            _ => None,
        }
    }
}

fn filled_in(permission: &Permission, captures: &[(&str, String)]) -> Permission {
    let Permission::EditFacility(template) = permission else { return permission.clone() };
    let capture = template.strip_prefix('{').and_then(|name| name.strip_suffix('}'));
    let text = capture.and_then(|name| captures.iter().find(|(capture, _)| *capture == name));
    Permission::EditFacility(text.map_or_else(|| template.clone(), |(_, text)| text.clone()))
}

/// The filter `path eq "value"`, by which an attribute rule compares as SCIM does.
fn equals(path: &str, value: &str) -> Result<Filter, crate::scim::Error> {
    let value = if matches!(value, "true" | "false") { value.to_owned() } else { json!(value).to_string() };
    let mut strictly = Normaliser::new(Dialect::Generic, true);
    Filter::parse(&format!("{path} eq {value}"), ResourceType::User, &Limits::default(), &mut strictly)
}

impl Provisioning {
    /// Those of a connection, in the order they were made.
    pub async fn rules(&self, connection: &str) -> Result<Vec<RuleRow>, Error> {
        let connection = self.connection(connection).await?;
        Ok(self.store.read().await?.rules(connection.organization_id, connection.id).await?)
    }

    /// Those of all connections of an organization that are in use, or of one, each with how many people have something
    /// by it.
    pub async fn listed_rules(
        &self,
        organization: OrganizationId,
        connection: Option<&str>,
    ) -> Result<Vec<ListedRule>, Error> {
        let mut connections = match connection {
            Some(key) => vec![self.connection_of(organization, key).await?],
            None => self.store.read().await?.connections(organization).await?,
        };
        connections.retain(|connection| connection.state != ConnectionState::Deleted);
        let mut reader = self.store.read().await?;
        let mut all = Vec::new();
        for connection in connections {
            let people = reader.people_of_rules(organization, connection.id).await?;
            for row in reader.rules(organization, connection.id).await? {
                let group = match row.kind {
                    RuleKind::Group => self.name_of_group(&mut reader, organization, &row).await?,
                    RuleKind::Pattern | RuleKind::Attribute => None,
                };
                let people =
                    people.iter().find(|counted| counted.rule_id == row.id).map_or(0, |counted| counted.people);
                all.push(ListedRule { connection: connection.key.clone(), group, people, row });
            }
        }
        Ok(all)
    }

    async fn name_of_group(
        &self,
        reader: &mut Reader,
        organization: OrganizationId,
        row: &RuleRow,
    ) -> Result<Option<String>, Error> {
        let Ok(id) = row.subject.parse::<ResourceId>() else { return Ok(None) };
        let group = reader.resource(organization, row.connection_id, id).await?;
        Ok(group.and_then(|group| name_of(&group.document)))
    }

    /// One of a connection.
    pub async fn rule(&self, connection: &str, id: &str) -> Result<RuleRow, Error> {
        let connection = self.connection(connection).await?;
        let found = match id.parse::<RuleId>() {
            Ok(id) => self.store.read().await?.rule(connection.organization_id, id).await?,
            Err(_) => None,
        };
        Ok(found.filter(|row| row.connection_id == connection.id).ok_or_else(|| change::unknown(id))?)
    }

    /// All rules of a connection as a file: the same rules always make the same text.
    pub async fn rules_file(&self, connection: &str) -> Result<RulesFile, Error> {
        let rules = self.rules(connection).await?;
        Ok(RulesFile { connection: connection.to_owned(), rule: rules.iter().map(WrittenRule::of).collect() })
    }

    /// What a group of this name would give its members by the rules of now.
    pub async fn try_group_name(&self, connection: &str, name: &str) -> Result<Vec<Trial>, Error> {
        let connection = self.connection(connection).await?;
        let organization = connection.organization_id;
        let mut reader = self.store.read().await?;
        let mut trials = Vec::new();
        for row in reader.rules(organization, connection.id).await? {
            let Some(Rule { when: When::Pattern(pattern), gives, id }) = Rule::read(&row) else { continue };
            let Some(captures) = pattern.captures(name) else { continue };
            let mut given = Vec::new();
            for permission in &gives {
                let permission = filled_in(permission, &captures);
                let dormant = match &permission {
                    Permission::EditFacility(text) => {
                        match facilities::resolve(&mut reader, organization, &fold(text)).await? {
                            Place::Known(_) => None,
                            Place::Dormant(_, why) => Some(why.as_str()),
                        }
                    }
                    _ => None,
                };
                given.push(Given { permission, dormant });
            }
            let captures = captures.into_iter().map(|(name, text)| (name.to_owned(), text)).collect();
            trials.push(Trial { rule: id, pattern: row.subject, captures, gives: given });
        }
        Ok(trials)
    }
}

/// A rule as the console lists it.
#[derive(Debug, Clone)]
pub struct ListedRule {
    /// Its connection's key.
    pub connection: String,
    /// The name of the group that it looks at, if it looks at one that is there.
    pub group: Option<String>,
    /// How many people have something by it.
    pub people: i64,
    /// The rule.
    pub row: RuleRow,
}

/// A rule that looks at a group of a name, and what it makes of it.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Trial {
    /// The rule.
    pub rule: RuleId,
    /// Its pattern.
    pub pattern: String,
    /// What each capture stands for.
    pub captures: BTreeMap<String, String>,
    /// What it gives.
    pub gives: Vec<Given>,
}

/// A permission that a rule would give.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Given {
    /// The permission, its capture filled in.
    pub permission: Permission,
    /// Why it would give nothing, if it would not: the facility is unknown, ambiguous or archived.
    pub dormant: Option<&'static str>,
}
