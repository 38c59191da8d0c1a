//! The changes that need a plan: what each does at once, whom it may concern, and how those people follow. The one list;
//! nothing that moves permissions of many is done another way.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::effects::Subject;
use super::following::Following;
use crate::directory::Error as Refusal;
use crate::directory::facilities::{self, NewFacility};
use crate::ids::{Id as _, ResourceId, RuleId};
use crate::provisioning::ceiling::Ceiling;
use crate::provisioning::connections::{self, Connection};
use crate::provisioning::reconcile::Reconciler;
use crate::provisioning::rules::{self, NewRule, RuleRow, WrittenRule};
use crate::provisioning::{Error, Guards, links, view};
use crate::store::Tx;

/// A change, with everything that it needs to be made later exactly as it was planned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Change {
    /// Add a rule to a connection.
    AddRule {
        /// The connection's key.
        connection: String,
        /// The rule.
        rule: WrittenRule,
    },
    /// Remove one.
    RemoveRule {
        /// The connection's key.
        connection: String,
        /// The rule.
        rule: RuleId,
    },
    /// Switch one on or off.
    SwitchRule {
        /// The connection's key.
        connection: String,
        /// The rule.
        rule: RuleId,
        /// Whether it is to be in force.
        enabled: bool,
    },
    /// Make a connection's rules exactly these.
    ReplaceRules {
        /// The connection's key.
        connection: String,
        /// The rules.
        rules: Vec<WrittenRule>,
    },
    /// Change what a connection may grant.
    SetCeiling {
        /// The connection's key.
        connection: String,
        /// Of `edit`, `billing_admin`, `organization_admin`, separated by commas.
        may_grant: String,
    },
    /// Let what a pending connection says reach people.
    Activate {
        /// The connection's key.
        connection: String,
    },
    /// Refuse a connection's calls.
    Pause {
        /// The connection's key.
        connection: String,
    },
    /// Take them again.
    Resume {
        /// The connection's key.
        connection: String,
    },
    /// End a connection for good.
    Delete {
        /// The connection's key.
        connection: String,
    },
    /// Add a facility.
    AddFacility {
        /// The organization's key.
        organization: String,
        /// The facility.
        facility: NewFacility,
    },
    /// Archive one.
    ArchiveFacility {
        /// The organization's key.
        organization: String,
        /// The facility's key.
        key: String,
    },
    /// Take an archived one into use again.
    UnarchiveFacility {
        /// The organization's key.
        organization: String,
        /// The facility's key.
        key: String,
    },
    /// Change a facility's details.
    ChangeFacility {
        /// The organization's key.
        organization: String,
        /// The facility, by its key, as it is to be.
        facility: NewFacility,
    },
    /// Add or change many.
    ImportFacilities {
        /// The organization's key.
        organization: String,
        /// The facilities.
        facilities: Vec<NewFacility>,
    },
}

/// What a change is about.
#[derive(Debug, Clone, Copy)]
pub(super) enum About<'a> {
    Connection(&'a str),
    Organization(&'a str),
}

impl From<&NewRule> for Change {
    fn from(new: &NewRule) -> Self {
        Self::AddRule { connection: new.connection.clone(), rule: new.into() }
    }
}

impl Change {
    pub(super) fn about(&self) -> About<'_> {
        match self {
            Self::AddRule { connection, .. }
            | Self::RemoveRule { connection, .. }
            | Self::SwitchRule { connection, .. }
            | Self::ReplaceRules { connection, .. }
            | Self::SetCeiling { connection, .. }
            | Self::Activate { connection }
            | Self::Pause { connection }
            | Self::Resume { connection }
            | Self::Delete { connection } => About::Connection(connection),
            Self::AddFacility { organization, .. }
            | Self::ChangeFacility { organization, .. }
            | Self::ArchiveFacility { organization, .. }
            | Self::UnarchiveFacility { organization, .. }
            | Self::ImportFacilities { organization, .. } => About::Organization(organization),
        }
    }

    /// The key of the connection that it is about, if it is about one.
    #[must_use]
    pub fn connection(&self) -> Option<&str> {
        match self.about() {
            About::Connection(key) => Some(key),
            About::Organization(_) => None,
        }
    }

    /// In a few words, as they stand in the trail beside each person who follows.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::AddRule { connection, .. } => format!("a rule of {connection} was added"),
            Self::RemoveRule { connection, .. } => format!("a rule of {connection} was removed"),
            Self::SwitchRule { connection, enabled: true, .. } => format!("a rule of {connection} was switched on"),
            Self::SwitchRule { connection, .. } => format!("a rule of {connection} was switched off"),
            Self::ReplaceRules { connection, .. } => format!("the rules of {connection} were replaced"),
            Self::SetCeiling { connection, may_grant } => format!("{connection} may grant «{may_grant}» now"),
            Self::Activate { connection } => format!("{connection} was activated"),
            Self::Pause { connection } => format!("{connection} was paused"),
            Self::Resume { connection } => format!("{connection} was resumed"),
            Self::Delete { connection } => format!("{connection} was deleted"),
            Self::AddFacility { facility, .. } => format!("the facility {} was added", facility.key),
            Self::ChangeFacility { facility, .. } => format!("the facility {} was changed", facility.key),
            Self::ArchiveFacility { key, .. } => format!("the facility {key} was archived"),
            Self::UnarchiveFacility { key, .. } => format!("the facility {key} is in use again"),
            Self::ImportFacilities { .. } => "facilities were imported".to_owned(),
        }
    }

    /// The rule that it adds, removes or switches.
    #[must_use]
    pub fn rule(&self) -> Option<RuleId> {
        match self {
            Self::AddRule { rule, .. } => rule.id,
            Self::RemoveRule { rule, .. } | Self::SwitchRule { rule, .. } => Some(*rule),
            _ => None,
        }
    }

    /// The same with every id that it will need, so that making it twice makes the same.
    pub(super) async fn settled(self, tx: &mut Tx) -> Result<Self, Error> {
        Ok(match self {
            Self::AddRule { connection, rule } => {
                let id = Some(rule.id.unwrap_or_else(|| tx.id()));
                Self::AddRule { connection, rule: WrittenRule { id, ..rule } }
            }
            Self::ReplaceRules { connection, rules } => {
                let found = connections::in_use(tx, &connection).await?;
                let old = tx.rules(found.organization_id, found.id).await?;
                let rules = rules::identified(&old, rules, || tx.id());
                Self::ReplaceRules { connection, rules }
            }
            other => other,
        })
    }

    /// Makes the change itself: from now on every call follows it. Nobody is moved yet.
    pub(super) async fn make(&self, tx: &mut Tx) -> Result<(), Error> {
        let found = match self.about() {
            About::Connection(key) => connections::in_use(tx, key).await?,
            About::Organization(_) => return Ok(self.make_of_facilities(tx).await?),
        };
        match self {
            Self::AddRule { rule, .. } => {
                let row = rule.row(tx, found.id).await?;
                rules::add(tx, &row).await
            }
            Self::RemoveRule { rule, .. } => {
                let row = rules::in_place(tx, found.id, *rule).await?;
                rules::remove(tx, &row).await
            }
            Self::SwitchRule { rule, enabled, .. } => {
                let row = rules::in_place(tx, found.id, *rule).await?;
                rules::switch(tx, row, *enabled).await
            }
            Self::ReplaceRules { rules, .. } => rules::replace(tx, found.id, rules).await,
            Self::SetCeiling { may_grant, .. } => {
                connections::set_ceiling(tx, &found, &Ceiling::parse(may_grant)?).await
            }
            Self::Activate { .. } => connections::activate(tx, &found).await,
            Self::Pause { .. } => connections::pause(tx, &found).await,
            Self::Resume { .. } => connections::resume(tx, &found).await,
            _ => connections::delete(tx, &found).await,
        }
    }

    async fn make_of_facilities(&self, tx: &mut Tx) -> Result<(), Refusal> {
        match self {
            Self::AddFacility { facility, .. } => facilities::add(tx, facility).await,
            Self::ChangeFacility { facility, .. } => facilities::change(tx, facility).await,
            Self::ArchiveFacility { key, .. } => facilities::archive(tx, key).await,
            Self::UnarchiveFacility { key, .. } => facilities::unarchive(tx, key).await,
            Self::ImportFacilities { facilities, .. } => facilities::import(tx, facilities).await,
            _ => Ok(()),
        }
    }

    /// Whom it may concern, looked at before it is made. Those of one group depend on each other and are looked at
    /// together.
    pub(super) async fn concerned(&self, tx: &mut Tx) -> Result<Vec<Vec<Subject>>, Error> {
        let found = match self.about() {
            About::Connection(key) => connections::in_use(tx, key).await?,
            About::Organization(_) => return self.concerned_by_names(tx).await,
        };
        let organization = found.organization_id;
        let users = match self {
            Self::Activate { .. } => return arrivals(tx, &found).await,
            Self::Pause { .. } | Self::Resume { .. } => return Ok(Vec::new()),
            Self::Delete { .. } => tx.users_linked(organization, found.id).await?.into_iter().collect(),
            // What is held at the ceiling is a grant too.
            Self::SetCeiling { .. } => tx.users_with_grants(organization, found.id).await?.into_iter().collect(),
            _ => {
                let rows = self.rules_that_differ(tx, &found).await?;
                rules::concerned(tx, found.id, &rows).await?
            }
        };
        Ok(users.into_iter().map(|user| vec![Subject::User(user)]).collect())
    }

    /// Every rule that is there only before or only after, or that is another one after.
    async fn rules_that_differ(&self, tx: &mut Tx, connection: &Connection) -> Result<Vec<RuleRow>, Error> {
        match self {
            Self::AddRule { rule, .. } => Ok(vec![rule.row(tx, connection.id).await?]),
            Self::RemoveRule { rule, .. } => Ok(vec![rules::in_place(tx, connection.id, *rule).await?]),
            Self::SwitchRule { rule, enabled, .. } => {
                let row = rules::in_place(tx, connection.id, *rule).await?;
                Ok(vec![RuleRow { enabled: *enabled, ..row }])
            }
            Self::ReplaceRules { rules, .. } => {
                let mut rows = tx.rules(connection.organization_id, connection.id).await?;
                for rule in rules {
                    let new = rule.row(tx, connection.id).await?;
                    let gives_the_same = |old: &RuleRow| {
                        let old = RuleRow { created_at: new.created_at, note: new.note.clone(), ..old.clone() };
                        old == new
                    };
                    let there = rows.len();
                    rows.retain(|old| !gives_the_same(old));
                    if rows.len() == there {
                        rows.push(new);
                    }
                }
                Ok(rows)
            }
            _ => Ok(Vec::new()),
        }
    }

    async fn concerned_by_names(&self, tx: &mut Tx) -> Result<Vec<Vec<Subject>>, Error> {
        let names = match self {
            Self::AddFacility { facility, .. } => facilities::names_as_given(facility)?,
            Self::ArchiveFacility { key, .. } | Self::UnarchiveFacility { key, .. } => {
                facilities::names_of(tx, key).await?
            }
            Self::ChangeFacility { facility, .. } => {
                let mut names = facilities::names_of(tx, &facility.key).await?;
                names.extend(facilities::names_as_given(facility)?);
                names
            }
            Self::ImportFacilities { facilities, .. } => {
                let mut names = Vec::new();
                for (line, row) in facilities.iter().enumerate() {
                    names.extend(facilities::names_of(tx, &row.key).await?);
                    names.extend(facilities::names_as_given(row).map_err(|error| facilities::in_row(line, error))?);
                }
                names
            }
            _ => Vec::new(),
        };
        let organization = tx.organization();
        let mut people = BTreeSet::new();
        for name in names.into_iter().collect::<BTreeSet<_>>() {
            people.extend(tx.grants_naming(organization, &name).await?.into_iter().map(|grant| grant.person_id));
        }
        Ok(people.into_iter().map(|person| vec![Subject::Person(person)]).collect())
    }

    /// How those concerned follow, once it is made.
    pub(super) async fn following(&self, tx: &mut Tx, guards: &Guards) -> Result<Following, Error> {
        let About::Connection(key) = self.about() else { return Ok(Following::Facilities) };
        // A connection that this very change has deleted is still there to be followed.
        let found = tx.connection_by_key(key).await?;
        let Some(found) = found else { return Ok(Following::Nobody) };
        Ok(match self {
            Self::Delete { .. } => Following::Leaving,
            Self::Activate { .. } => Following::Arriving(Reconciler::load(tx, found, guards).await?, *guards),
            _ => Following::Rules(Reconciler::load(tx, found, guards).await?),
        })
    }

    /// What is left to do once everybody has followed.
    pub(super) async fn finish(&self, tx: &mut Tx) -> Result<(), Error> {
        if let Self::Delete { connection } = self
            && let Some(found) = tx.connection_by_key(connection).await?
        {
            tx.delete_resources(found.id).await?;
        }
        Ok(())
    }
}

/// All Users of a connection; those of the same address together, because only one of them can be that person.
async fn arrivals(tx: &mut Tx, connection: &Connection) -> Result<Vec<Vec<Subject>>, Error> {
    let (organization, connection) = (connection.organization_id, connection.id);
    let mut by_address: BTreeMap<String, Vec<Subject>> = BTreeMap::new();
    let mut after = ResourceId::from_uuid(uuid::Uuid::nil());
    loop {
        let page = tx.user_ids_after(organization, connection, after, 1000).await?;
        let Some(last) = page.last() else { return Ok(by_address.into_values().collect()) };
        after = *last;
        for row in tx.resources(organization, connection, &page).await? {
            let address = links::address(&view::document_of(&row)?);
            let key = address.map_or_else(|| row.id.to_string(), |email| email.key().to_owned());
            by_address.entry(key).or_default().push(Subject::User(row.id));
        }
    }
}
