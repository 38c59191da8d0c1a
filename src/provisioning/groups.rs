//! The groups that a connection pushed: how many members each has, which rules it meets and what they give. A group
//! that meets none is unmatched: its members gain nothing by it.

use serde::Serialize;
use serde_json::Value;

use super::rules::Rule;
use super::{Error, Provisioning};
use crate::ids::ResourceId;

/// A group with what comes of it.
#[derive(Debug, Clone, Serialize)]
pub struct Group {
    /// Its id, by which a rule names it.
    pub id: ResourceId,
    /// Its name.
    pub name: String,
    /// How many members it has.
    pub members: i64,
    /// The permissions that rules give its members; none if it is unmatched.
    pub gives: Vec<String>,
}

/// A page of groups.
#[derive(Debug, Serialize)]
pub struct Groups {
    /// The groups, by name.
    pub groups: Vec<Group>,
    /// After which name the next page begins, if there is one.
    pub next: Option<String>,
}

impl Provisioning {
    /// The groups of a connection after a name.
    pub async fn groups(&self, connection: &str, after: &str, limit: u32) -> Result<Groups, Error> {
        let connection = self.connection(connection).await?;
        let organization = connection.organization_id;
        let mut reader = self.store.read().await?;
        let rules: Vec<Rule> = reader.rules(organization, connection.id).await?.iter().filter_map(Rule::read).collect();
        let mut rows = reader.groups_after(organization, connection.id, after, limit + 1).await?;
        let more = rows.len() > limit as usize;
        rows.truncate(limit as usize);
        let next = rows.last().filter(|_| more).map(|row| row.name_key.clone());
        let groups = rows.into_iter().map(|row| {
            let document: Value = serde_json::from_str(&row.document).unwrap_or_default();
            let name = document["displayName"].as_str().unwrap_or_default().to_owned();
            let permissions = rules.iter().filter_map(|rule| rule.of_group(row.id, &name)).flatten();
            let mut gives: Vec<String> = permissions.map(|permission| permission.to_string()).collect();
            gives.sort();
            gives.dedup();
            Group { id: row.id, name, members: row.members, gives }
        });
        Ok(Groups { groups: groups.collect(), next })
    }
}
