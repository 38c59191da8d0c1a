//! Access rules: what a group or an attribute of one connection gives. They add up and have no order.

use std::collections::BTreeSet;
use std::str::FromStr as _;

use serde_json::{Map, Value, json};

use super::pattern::Pattern;
use super::reconcile::Reconciler;
use super::{Error, Provisioning};
use crate::audit::{self, Action, Record, Target};
use crate::auth::Actor;
use crate::directory;
use crate::directory::permissions::{Permission, Right};
use crate::ids::{Id as _, ResourceId, RuleId};
use crate::scim::filter::{Filter, Limits};
use crate::scim::{Dialect, Normaliser, ResourceType};
use crate::store::Tx;
use crate::store::resources::ResourceKind;
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
    /// Adds one; whoever it is about gains from it in the same transaction.
    pub async fn add_rule(&self, actor: &Actor, new: &NewRule) -> Result<RuleRow, Error> {
        let connection = self.connection(&new.connection).await?;
        let gives = permissions(&new.gives)?;
        let mut tx = self.directory.begin(actor, connection.organization_id).await?;
        let (kind, subject, value) = match &new.subject {
            Subject::Group(id) => {
                let id = group(&mut tx, connection.id, id).await?;
                (RuleKind::Group, id.to_string(), None)
            }
            Subject::Pattern(text) => {
                check_pattern(text, &gives)?;
                (RuleKind::Pattern, text.clone(), None)
            }
            Subject::Attribute { path, value } => {
                edit_only(&gives, "an attribute")?;
                equals(path, value).map_err(|error| {
                    directory::Error::Invalid(format!("«{path}» cannot be compared: {}", error.detail))
                })?;
                (RuleKind::Attribute, path.clone(), Some(value.clone()))
            }
        };
        if !matches!(new.subject, Subject::Pattern(_)) {
            no_captures(&gives)?;
        }
        let row = RuleRow {
            id: tx.id(),
            connection_id: connection.id,
            kind,
            subject,
            value,
            gives: gives.iter().map(ToString::to_string).collect::<Vec<_>>().join(","),
            enabled: true,
            note: new.note.clone(),
            created_at: tx.now(),
        };
        tx.insert_rule(&row).await?;
        let record = Record::of(Action::RuleAdded, Target::Rule(row.id));
        audit::record(&mut tx, record.after(json!(row))).await?;
        let concerned = self.concerned(&mut tx, &row).await?;
        Reconciler::load(&mut tx, connection, &self.guards)
            .await?
            .users(&mut tx, concerned, "a rule was added")
            .await?;
        tx.commit().await?;
        Ok(row)
    }

    /// Those of a connection, in the order they were made.
    pub async fn rules(&self, connection: &str) -> Result<Vec<RuleRow>, Error> {
        let connection = self.connection(connection).await?;
        Ok(self.store.read().await?.rules(connection.organization_id, connection.id).await?)
    }

    /// Removes one; whoever had something from it loses that in the same transaction.
    pub async fn remove_rule(&self, actor: &Actor, connection: &str, id: &str) -> Result<RuleRow, Error> {
        let connection = self.connection(connection).await?;
        let mut tx = self.directory.begin(actor, connection.organization_id).await?;
        let found = match id.parse::<RuleId>() {
            Ok(id) => tx.rule(connection.organization_id, id).await?,
            Err(_) => None,
        };
        let row = found.filter(|row| row.connection_id == connection.id).ok_or_else(|| directory::Error::NotFound {
            kind: "rule",
            name: id.to_owned(),
            advice: "«secaro-gateway rule list» shows those there are",
        })?;
        let people = tx.people_of_rule(connection.organization_id, row.id).await?;
        tx.delete_rule(row.id).await?;
        let record = Record::of(Action::RuleRemoved, Target::Rule(row.id));
        audit::record(&mut tx, record.before(json!(row))).await?;
        let mut concerned = BTreeSet::new();
        for person in people {
            let link = tx.link_of_person(connection.organization_id, person).await?;
            concerned.extend(link.map(|link| link.resource_id));
        }
        Reconciler::load(&mut tx, connection, &self.guards)
            .await?
            .users(&mut tx, concerned, "a rule was removed")
            .await?;
        tx.commit().await?;
        Ok(row)
    }

    /// The Users that a rule may be about.
    async fn concerned(&self, tx: &mut Tx, row: &RuleRow) -> Result<BTreeSet<ResourceId>, Error> {
        let (organization, connection) = (tx.organization(), row.connection_id);
        let Some(rule) = Rule::read(row) else { return Ok(BTreeSet::new()) };
        let mut concerned = BTreeSet::new();
        if let When::Attribute { .. } = rule.when {
            let mut after = ResourceId::from_uuid(uuid::Uuid::nil());
            loop {
                let page = tx.user_ids_after(organization, connection, after, 1000).await?;
                let Some(last) = page.last() else { return Ok(concerned) };
                after = *last;
                concerned.extend(page);
            }
        }
        for group in tx.groups(organization, connection).await? {
            let name = super::view::name_of(&group.document).unwrap_or_default();
            if rule.of_group(group.id, &name).is_some() {
                concerned.extend(tx.member_ids(organization, connection, group.id).await?);
            }
        }
        Ok(concerned)
    }
}

fn permissions(texts: &[String]) -> Result<Vec<Permission>, Error> {
    let parse = |text: &str| {
        text.trim().parse::<Permission>().map_err(|error| directory::Error::Invalid(format!("«{text}» is {error}")))
    };
    let all: Vec<Permission> = texts.iter().flat_map(|text| text.split(',')).map(parse).collect::<Result<_, _>>()?;
    if all.is_empty() {
        return Err(directory::Error::Invalid("a rule has to give at least one permission".to_owned()).into());
    }
    Ok(all)
}

fn check_pattern(text: &str, gives: &[Permission]) -> Result<(), Error> {
    let pattern = Pattern::parse(text)
        .map_err(|error| directory::Error::Invalid(format!("«{text}» is no name pattern: {error}")))?;
    edit_only(gives, "a name pattern")?;
    for permission in gives {
        if let Permission::EditFacility(template) = permission
            && let Some(capture) = template.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'))
            && !pattern.has_capture(capture)
        {
            let words = format!("the pattern has no capture {{{capture}}}; write it where the facility's name stands");
            return Err(directory::Error::Invalid(words).into());
        }
    }
    Ok(())
}

/// Whoever may name a group, or set an attribute, in the IdP must not be able to make an admin (T20).
fn edit_only(gives: &[Permission], what: &str) -> Result<(), Error> {
    if gives.iter().all(|permission| permission.right() == Right::Edit) {
        return Ok(());
    }
    let words = format!("a rule about {what} can give edit permissions only; bind admin roles to a group by its id");
    Err(directory::Error::Invalid(words).into())
}

fn no_captures(gives: &[Permission]) -> Result<(), Error> {
    let captures =
        gives.iter().any(|permission| matches!(permission, Permission::EditFacility(text) if text.contains('{')));
    if captures {
        let words = "only a rule with a name pattern has captures; write the facility's key instead".to_owned();
        return Err(directory::Error::Invalid(words).into());
    }
    Ok(())
}

async fn group(tx: &mut Tx, connection: crate::ids::ConnectionId, id: &str) -> Result<ResourceId, Error> {
    let organization = tx.organization();
    let found = match id.parse::<ResourceId>() {
        Ok(id) => tx.resource(organization, connection, id).await?,
        Err(_) => None,
    };
    match found {
        Some(row) if row.kind == ResourceKind::Group => Ok(row.id),
        _ => Err(directory::Error::NotFound {
            kind: "group",
            name: id.to_owned(),
            advice: "give the SCIM id of a group that the connection has pushed",
        }
        .into()),
    }
}
