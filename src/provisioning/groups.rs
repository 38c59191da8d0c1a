//! The groups that IdPs push, as an organization looks at them: which rules hit each, and what comes of it. Reads only.

use std::collections::HashMap;

use super::rules::{Given, Rule, RuleRow};
use super::view::name_of;
use super::{Error, Provisioning};
use crate::clock::Timestamp;
use crate::directory::facilities::{self, Place};
use crate::directory::permissions::Permission;
use crate::ids::{ConnectionId, Id as _, OrganizationId, ResourceId};
use crate::scim::fold;
use crate::store::connection_health::ListedGroup;
use crate::store::connections::ConnectionState;
use crate::store::{self, Reader};

/// How many groups a page shows.
const PAGE: usize = 50;

/// How many are read at once.
const CHUNK: i64 = 100;

/// A group, and what it gives its members.
#[derive(Debug, Clone)]
pub struct Group {
    /// Its SCIM id.
    pub id: ResourceId,
    /// Its connection's key.
    pub connection: String,
    /// Its name.
    pub name: String,
    /// The IdP's own id for it.
    pub external_id: Option<String>,
    /// How many members it has.
    pub members: i64,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// The rules in force that look at it.
    pub rules: Vec<RuleRow>,
    /// What they give together.
    pub gives: Vec<Given>,
}

/// Which groups to list; all of them by default.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Of the connection of this key.
    pub connection: Option<String>,
    /// With this in the name, whatever its case.
    pub text: String,
    /// Only those that no rule looks at.
    pub unmatched: bool,
    /// After this place, as [`Groups::next`] names it.
    pub after: String,
}

/// A page of groups.
#[derive(Debug, Clone)]
pub struct Groups {
    /// The groups, by name.
    pub groups: Vec<Group>,
    /// The place after which the next page begins, if there is one.
    pub next: Option<String>,
}

/// What a facility's name stands for, looked up once.
type Known = HashMap<String, Option<&'static str>>;

impl Provisioning {
    /// A page of an organization's groups.
    pub async fn groups(&self, organization: OrganizationId, wanted: &Wanted) -> Result<Groups, Error> {
        let connection = match &wanted.connection {
            Some(key) => Some(self.connection_of(organization, key).await?.id),
            None => None,
        };
        let text = fold(wanted.text.trim());
        let mut reader = self.store.read().await?;
        let rules = all_rules(&mut reader, organization).await?;
        let (mut found, mut more) = (Vec::new(), false);
        let (mut name_key, mut id) = place(&wanted.after);
        'pages: loop {
            let chunk = reader.groups_after(organization, (&name_key, id), CHUNK).await?;
            let Some(last) = chunk.last() else { break };
            (name_key, id) = (last.name_key.clone(), last.id);
            let fitting = chunk.into_iter().filter(|row| {
                connection.is_none_or(|wanted| row.connection_id == wanted) && row.name_key.contains(&text)
            });
            for row in fitting {
                let of = rules.get(&row.connection_id).map(Vec::as_slice).unwrap_or_default();
                let hit = hits(of, &row);
                if wanted.unmatched && !hit.is_empty() {
                    continue;
                }
                if found.len() == PAGE {
                    more = true;
                    break 'pages;
                }
                found.push((row, hit));
            }
        }
        let ids: Vec<ResourceId> = found.iter().map(|(row, _)| row.id).collect();
        let members = reader.count_members_of_each(organization, &ids).await?;
        let members: HashMap<ResourceId, i64> = members.into_iter().collect();
        let (mut known, mut groups) = (Known::new(), Vec::with_capacity(found.len()));
        for (row, hit) in found {
            let count = members.get(&row.id).copied().unwrap_or_default();
            groups.push(group(&mut reader, organization, row, (hit, count), &mut known).await?);
        }
        Ok(Groups { next: groups.last().filter(|_| more).map(written), groups })
    }
}

/// The place that a text names; the beginning, if it names none.
fn place(after: &str) -> (String, ResourceId) {
    let nil = ResourceId::from_uuid(uuid::Uuid::nil());
    let named = after.split_once('~').and_then(|(id, name)| Some((name.to_owned(), id.parse().ok()?)));
    named.unwrap_or((String::new(), nil))
}

fn written(group: &Group) -> String {
    format!("{}~{}", group.id, fold(&group.name))
}

/// The rules in force of all connections in use, with what each is read as.
async fn all_rules(
    reader: &mut Reader,
    organization: OrganizationId,
) -> Result<HashMap<ConnectionId, Vec<(RuleRow, Rule)>>, store::Error> {
    let mut all = HashMap::new();
    for connection in reader.connections(organization).await? {
        if connection.state != ConnectionState::Deleted {
            let rows = reader.rules(organization, connection.id).await?;
            let read = rows.into_iter().filter_map(|row| Rule::read(&row).map(|rule| (row, rule)));
            all.insert(connection.id, read.collect());
        }
    }
    Ok(all)
}

/// Each rule that looks at a group, and what it gives.
fn hits(rules: &[(RuleRow, Rule)], row: &ListedGroup) -> Vec<(RuleRow, Vec<Permission>)> {
    let name = name_of(&row.document).unwrap_or_default();
    let hit = rules.iter().filter_map(|(stored, rule)| Some((stored.clone(), rule.of_group(row.id, &name)?)));
    hit.collect()
}

async fn group(
    reader: &mut Reader,
    organization: OrganizationId,
    row: ListedGroup,
    (hit, members): (Vec<(RuleRow, Vec<Permission>)>, i64),
    known: &mut Known,
) -> Result<Group, store::Error> {
    let mut gives: Vec<Given> = Vec::new();
    let mut rules = Vec::new();
    for (rule, permissions) in hit {
        for permission in permissions {
            if gives.iter().all(|given| given.permission != permission) {
                let dormant = dormancy(reader, organization, &permission, known).await?;
                gives.push(Given { permission, dormant });
            }
        }
        rules.push(rule);
    }
    let name = name_of(&row.document).unwrap_or_default();
    let ListedGroup { id, connection, external_id, updated_at, .. } = row;
    Ok(Group { id, connection, name, external_id, members, updated_at, rules, gives })
}

/// Why a permission would give nothing, if it would not.
async fn dormancy(
    reader: &mut Reader,
    organization: OrganizationId,
    permission: &Permission,
    known: &mut Known,
) -> Result<Option<&'static str>, store::Error> {
    let Permission::EditFacility(text) = permission else { return Ok(None) };
    let key = fold(text);
    if let Some(why) = known.get(&key) {
        return Ok(*why);
    }
    let why = match facilities::resolve(reader, organization, &key).await? {
        Place::Known(_) => None,
        Place::Dormant(_, why) => Some(why.as_str()),
    };
    known.insert(key, why);
    Ok(why)
}
