//! Changing rules, each as a step within a plan: the row and its record. Who gains or loses by it is looked at by the
//! plan, through [`concerned`].

use std::collections::BTreeSet;

use serde_json::json;

use super::{Rule, RuleRow, When, WrittenRule};
use crate::audit::{self, Action, Record, Target};
use crate::directory;
use crate::ids::{ConnectionId, Id as _, ResourceId, RuleId};
use crate::provisioning::Error;
use crate::provisioning::view::{document_of, name_of};
use crate::store::Tx;

/// Adds one.
pub(in crate::provisioning) async fn add(tx: &mut Tx, row: &RuleRow) -> Result<(), Error> {
    let organization = tx.organization();
    if tx.rule(organization, row.id).await?.is_some() {
        return Err(directory::Error::Conflict(format!("there is a rule {} already", row.id)).into());
    }
    tx.insert_rule(row).await?;
    let record = Record::of(Action::RuleAdded, Target::Rule(row.id));
    Ok(audit::record(tx, record.after(json!(row))).await?)
}

/// Removes one.
pub(in crate::provisioning) async fn remove(tx: &mut Tx, row: &RuleRow) -> Result<(), Error> {
    tx.delete_rule(row.id).await?;
    let record = Record::of(Action::RuleRemoved, Target::Rule(row.id));
    Ok(audit::record(tx, record.before(json!(row))).await?)
}

/// Switches one on or off.
pub(in crate::provisioning) async fn switch(tx: &mut Tx, row: RuleRow, enabled: bool) -> Result<(), Error> {
    if row.enabled == enabled { Ok(()) } else { write(tx, &row, &RuleRow { enabled, ..row.clone() }).await }
}

/// Makes a connection's rules exactly these.
pub(in crate::provisioning) async fn replace(
    tx: &mut Tx,
    connection: ConnectionId,
    rules: &[WrittenRule],
) -> Result<(), Error> {
    let organization = tx.organization();
    let old = tx.rules(organization, connection).await?;
    let mut kept = BTreeSet::new();
    for rule in rules {
        let new = rule.row(tx, connection).await?;
        if !kept.insert(new.id) {
            return Err(directory::Error::Invalid(format!("the rule {} stands there twice", new.id)).into());
        }
        match old.iter().find(|old| old.id == new.id) {
            Some(old) => write(tx, old, &RuleRow { created_at: old.created_at, ..new }).await?,
            None => add(tx, &new).await?,
        }
    }
    for gone in old.iter().filter(|old| !kept.contains(&old.id)) {
        remove(tx, gone).await?;
    }
    Ok(())
}

async fn write(tx: &mut Tx, old: &RuleRow, new: &RuleRow) -> Result<(), Error> {
    if old == new {
        return Ok(());
    }
    tx.update_rule(new).await?;
    let record = Record::of(Action::RuleChanged, Target::Rule(new.id));
    Ok(audit::record(tx, record.before(json!(old)).after(json!(new))).await?)
}

/// The rule of this id, if it is the connection's.
pub(in crate::provisioning) async fn in_place(
    tx: &mut Tx,
    connection: ConnectionId,
    id: RuleId,
) -> Result<RuleRow, Error> {
    let organization = tx.organization();
    let found = tx.rule(organization, id).await?.filter(|row| row.connection_id == connection);
    Ok(found.ok_or_else(|| unknown(&id.to_string()))?)
}

pub(super) fn unknown(id: &str) -> directory::Error {
    let advice = "«secaro-gateway rule list» shows those there are";
    directory::Error::NotFound { kind: "rule", name: id.to_owned(), advice }
}

/// These rules, each with the id that it has or will have: one that says the same as a rule that is there already is
/// that rule.
pub(in crate::provisioning) fn identified(
    old: &[RuleRow],
    rules: Vec<WrittenRule>,
    new_id: impl Fn() -> RuleId,
) -> Vec<WrittenRule> {
    let mut taken: BTreeSet<RuleId> = rules.iter().filter_map(|rule| rule.id).collect();
    let mut identify = |rule: WrittenRule| {
        let same = old.iter().find(|old| {
            let written =
                WrittenRule { id: None, enabled: rule.enabled, note: rule.note.clone(), ..WrittenRule::of(old) };
            rule.id.is_none() && written == rule && !taken.contains(&old.id)
        });
        let id = rule.id.or(same.map(|old| old.id)).unwrap_or_else(&new_id);
        taken.insert(id);
        WrittenRule { id: Some(id), ..rule }
    };
    rules.into_iter().map(&mut identify).collect()
}

/// The Users that rules may be about, or that have something by them.
pub(in crate::provisioning) async fn concerned(
    tx: &mut Tx,
    connection: ConnectionId,
    rows: &[RuleRow],
) -> Result<BTreeSet<ResourceId>, Error> {
    let organization = tx.organization();
    let mut users = BTreeSet::new();
    for row in rows {
        users.extend(tx.users_of_rule(organization, row.id).await?);
    }
    let rules: Vec<Rule> = rows.iter().filter_map(Rule::read).collect();
    if rules.iter().any(|rule| matches!(rule.when, When::Attribute { .. })) {
        let mut after = ResourceId::from_uuid(uuid::Uuid::nil());
        loop {
            let page = tx.user_ids_after(organization, connection, after, 1000).await?;
            let Some(last) = page.last() else { break };
            after = *last;
            for row in tx.resources(organization, connection, &page).await? {
                let document = document_of(&row)?;
                if rules.iter().any(|rule| rule.of_user(&document).is_some()) {
                    users.insert(row.id);
                }
            }
        }
    }
    if rules.is_empty() {
        return Ok(users);
    }
    for group in tx.groups(organization, connection).await? {
        let name = name_of(&group.document).unwrap_or_default();
        if rules.iter().any(|rule| rule.of_group(group.id, &name).is_some()) {
            users.extend(tx.member_ids(organization, connection, group.id).await?);
        }
    }
    Ok(users)
}
