//! Which access rules point at a facility: because they name it, or because they give whichever a group's name names.

use std::collections::HashMap;

use super::{ListedRule, Provisioning};
use crate::directory::facilities::{self, Facility, Place};
use crate::ids::{OrganizationId, RuleId};
use crate::provisioning::Error;
use crate::scim::fold;
use crate::store::Reader;

/// A rule that gives a facility, or may.
#[derive(Debug, Clone)]
pub struct Pointing {
    /// The rule.
    pub rule: ListedRule,
    /// Whether it names this facility itself.
    pub names_it: bool,
    /// How many people can edit the facility by it.
    pub editors: i64,
}

impl Provisioning {
    /// The rules that give a facility: those that name it, and those that give whichever a group's name names.
    pub async fn rules_pointing_at(
        &self,
        organization: OrganizationId,
        facility: &Facility,
    ) -> Result<Vec<Pointing>, Error> {
        let rules = self.listed_rules(organization, None).await?;
        let mut reader = self.store.read().await?;
        let editors = reader.editors_by_rules(organization, facility.id).await?;
        let editors: HashMap<Option<RuleId>, i64> = editors.into_iter().collect();
        let mut pointing = Vec::new();
        for rule in rules {
            let editors = editors.get(&Some(rule.row.id)).copied().unwrap_or_default();
            let names_it = names(&mut reader, organization, &rule.row.gives, facility).await?;
            if names_it || editors > 0 || may_name_any(&rule.row.gives) {
                pointing.push(Pointing { rule, names_it, editors });
            }
        }
        Ok(pointing)
    }
}

/// What a rule gives that is a facility's, as it stands in the rule.
fn of_facilities(gives: &str) -> impl Iterator<Item = &str> {
    gives.split(',').filter_map(|given| given.trim().strip_prefix("edit_facility:"))
}

fn may_name_any(gives: &str) -> bool {
    of_facilities(gives).any(|text| text.contains('{'))
}

async fn names(
    reader: &mut Reader,
    organization: OrganizationId,
    gives: &str,
    facility: &Facility,
) -> Result<bool, Error> {
    for text in of_facilities(gives).filter(|text| !text.contains('{')) {
        let meant = facilities::resolve(reader, organization, &fold(text)).await?;
        if matches!(meant, Place::Known(id) | Place::Dormant(Some(id), _) if id == facility.id) {
            return Ok(true);
        }
    }
    Ok(false)
}
