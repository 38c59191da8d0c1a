//! Plans: every change that moves permissions is first tried out, shown person by person, and then applied exactly as
//! it was reviewed or refused. What a change is stands in `change`, how a plan is made and applied in the files beside.

mod apply;
mod change;
mod effects;
mod fingerprint;
mod following;
mod mails;
mod make;
mod replay;
mod which;

pub use change::Change;
pub use effects::{Access, Effect};
pub use replay::Replay;
pub use which::{EffectsPage, Which};

use serde::{Deserialize, Serialize};

use super::{Error, Provisioning};
use crate::audit::{self, Action, Record, Target};
use crate::auth::Actor;
use crate::clock::Timestamp;
use crate::directory::Error as Refusal;
use crate::ids::{OrganizationId, PlanId};
use crate::store::plans::{PlanRow, PlanState};
use crate::store::{self, Tx};
use change::About;
use fingerprint::Fingerprint;
use make::Making;

/// How many plans a list shows at most.
const LISTED: u32 = 200;

/// A plan.
#[derive(Debug, Clone, Serialize)]
pub struct Plan {
    /// Its id.
    pub id: PlanId,
    /// Whose.
    #[serde(skip)]
    pub organization: OrganizationId,
    /// The change.
    pub change: Change,
    /// A hash of everything that it was made from.
    pub hash: String,
    /// What it does, in numbers.
    pub summary: Summary,
    /// How far it is.
    #[serde(flatten)]
    pub state: State,
    /// Who made it.
    pub made_by: String,
    /// When.
    pub created_at: Timestamp,
    /// How long it may be applied.
    pub valid_until: Timestamp,
}

/// How far a plan is.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum State {
    /// It waits to be applied.
    Planned,
    /// Its change is made; people follow.
    Applying {
        /// Who applied it.
        by: String,
        /// When.
        at: Timestamp,
        /// How many people have followed.
        done: u64,
        /// Of how many.
        total: u64,
    },
    /// Everybody has followed.
    Applied {
        /// Who applied it.
        by: String,
        /// When.
        at: Timestamp,
        /// When the last one had followed.
        finished_at: Timestamp,
    },
    /// Somebody decided against it.
    Discarded {
        /// Who.
        by: String,
        /// When.
        at: Timestamp,
    },
    /// It was refused.
    Stale {
        /// What has changed.
        differs: String,
        /// When that was found.
        at: Timestamp,
    },
}

/// What a plan does, in numbers of people.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// For whom anything changes that they may do, or that waits for a decision.
    pub moved: usize,
    /// Who gain a permission.
    pub gain: usize,
    /// Who lose one.
    pub lose: usize,
    /// Who keep none.
    pub become_view_only: usize,
    /// Who come new.
    pub added: usize,
    /// Whose access ends.
    pub deactivated: usize,
    /// Whose admin role comes or goes.
    pub admins_changed: usize,
    /// For whom something waits for a decision that did not before.
    pub held: usize,
    /// Facilities that nobody knows and that something would be given for.
    pub unknown_facilities: Vec<String>,
}

impl Summary {
    fn of(effects: &[Effect]) -> Self {
        let count = |of: &dyn Fn(&Effect) -> bool| effects.iter().filter(|effect| of(effect)).count();
        let mut unknown: Vec<String> =
            effects.iter().flat_map(Effect::unknown_facilities).map(ToOwned::to_owned).collect();
        unknown.sort();
        unknown.dedup();
        Self {
            moved: count(&Effect::moves),
            gain: count(&|effect| !effect.gained().is_empty()),
            lose: count(&|effect| !effect.lost().is_empty()),
            become_view_only: count(&Effect::becomes_view_only),
            added: count(&|effect| effect.before.status.is_none() && effect.after.status.is_some()),
            deactivated: count(&Effect::is_deactivated),
            admins_changed: count(&Effect::changes_admins),
            held: count(&|effect| effect.after.held.iter().any(|held| !effect.before.held.contains(held))),
            unknown_facilities: unknown,
        }
    }
}

impl Plan {
    /// Whether it waits to be applied.
    #[must_use]
    pub const fn is_planned(&self) -> bool {
        matches!(self.state, State::Planned)
    }

    /// Whether people still follow.
    #[must_use]
    pub const fn is_being_applied(&self) -> bool {
        matches!(self.state, State::Applying { .. })
    }
}

impl Provisioning {
    /// Plans a change. One that moves nobody is applied at once.
    ///
    /// # Errors
    ///
    /// [`Refusal`] if it cannot be made: the plan is made by making it.
    pub async fn plan(&self, actor: &Actor, change: Change) -> Result<Plan, Error> {
        let organization = self.organization_of(&change).await?;
        let mut tx = self.directory.begin(actor, organization).await?;
        let change = change.settled(&mut tx).await?;
        drop(tx);
        for _ in 0..apply::ROUNDS {
            let making = self.make(actor, organization, &change).await?;
            let mut tx = self.directory.begin(actor, organization).await?;
            let row = insert(&mut tx, self.guards.plan_valid_for, &change, &making).await?;
            if making.effects.iter().any(Effect::moves) {
                let record = Record::of(Action::PlanCreated, Target::Plan(row.id)).after(serde_json::json!(change));
                audit::record(&mut tx, record).await?;
                tx.commit().await?;
                return Stored { row }.plan();
            }
            if Fingerprint::of(&mut tx, &change).await? == making.fingerprint {
                let row = self.decide(&mut tx, row).await?;
                tx.commit().await?;
                return self.followed_through(actor, Stored { row }.plan()?).await;
            }
        }
        let words = "the organization changes faster than the change can be tried out; try again in a moment";
        Err(Refusal::Conflict(words.to_owned()).into())
    }

    /// Plans a change of an organization's own; what is another's is unknown (T02).
    ///
    /// # Errors
    ///
    /// As [`Self::plan`].
    pub async fn plan_of(&self, actor: &Actor, organization: OrganizationId, change: Change) -> Result<Plan, Error> {
        match change.about() {
            About::Connection(key) => drop(self.connection_of(organization, key).await?),
            About::Organization(key) => {
                if self.directory.find_organization(key).await?.id != organization {
                    let words = "this is another organization's".to_owned();
                    return Err(Refusal::Forbidden(words).into());
                }
            }
        }
        self.plan(actor, change).await
    }

    /// Plans a change and applies it, whomever it moves: for whoever is sure.
    ///
    /// # Errors
    ///
    /// As [`Self::plan`] and [`Self::apply_plan`].
    pub async fn change(&self, actor: &Actor, change: impl Into<Change>) -> Result<Plan, Error> {
        let plan = self.plan(actor, change.into()).await?;
        if plan.is_planned() { self.apply_plan(actor, plan.id, &mut |_| {}).await } else { Ok(plan) }
    }

    async fn followed_through(&self, actor: &Actor, plan: Plan) -> Result<Plan, Error> {
        let mut plan = plan;
        let author = apply::author(actor, plan.organization);
        while plan.is_being_applied() {
            plan = self.next_batch(&author, plan.id).await?;
        }
        Ok(plan)
    }

    /// Decides against a plan.
    pub async fn discard_plan(&self, actor: &Actor, id: PlanId) -> Result<Plan, Error> {
        let organization = self.stored_plan(id).await?.row.organization_id;
        let mut tx = self.directory.begin(actor, organization).await?;
        let row = apply::to_be_applied(&mut tx, id).await?;
        let (decided_by, decided_at) = (Some(tx.author().who.name()), Some(tx.now()));
        let row = PlanRow { state: PlanState::Discarded, decided_by, decided_at, ..row };
        tx.update_plan(&row).await?;
        audit::record(&mut tx, Record::of(Action::PlanDiscarded, Target::Plan(id))).await?;
        tx.commit().await?;
        Stored { row }.plan()
    }

    /// The newest of an organization, newest first.
    pub async fn plans(&self, organization: &str) -> Result<Vec<Plan>, Error> {
        let organization = self.directory.find_organization(organization).await?;
        let rows = self.store.read().await?.newest_plans(organization.id, LISTED).await?;
        rows.into_iter().map(|row| Stored { row }.plan()).collect()
    }

    /// One, with what it does to each person.
    pub async fn shown_plan(&self, id: PlanId) -> Result<(Plan, Vec<Effect>), Error> {
        let plan = self.stored_plan(id).await?.plan()?;
        let effects = self.all_effects(plan.organization, id).await?;
        Ok((plan, effects))
    }

    /// One of an organization; another's is as unknown as none (T01).
    pub async fn plan_in(&self, organization: OrganizationId, id: PlanId) -> Result<Plan, Error> {
        let found = self.store.read().await?.plan(organization, id).await?;
        Stored { row: found.ok_or_else(|| unknown(&id.to_string()))? }.plan()
    }

    /// The same, with what it does to each person.
    pub async fn shown_plan_in(&self, organization: OrganizationId, id: PlanId) -> Result<(Plan, Vec<Effect>), Error> {
        let plan = self.plan_in(organization, id).await?;
        Ok((plan, self.all_effects(organization, id).await?))
    }

    async fn stored_plan(&self, id: PlanId) -> Result<Stored, Error> {
        let found = self.store.read().await?.plan_anywhere(id).await?;
        Ok(Stored { row: found.ok_or_else(|| unknown(&id.to_string()))? })
    }

    async fn all_effects(&self, organization: OrganizationId, id: PlanId) -> Result<Vec<Effect>, Error> {
        let rows = self.store.read().await?.plan_effects_after(organization, id, 0, i64::MAX).await?;
        Ok(rows.into_iter().map(Effect::try_from).collect::<Result<_, _>>()?)
    }

    async fn organization_of(&self, change: &Change) -> Result<OrganizationId, Error> {
        Ok(match change.about() {
            About::Connection(key) => self.connection(key).await?.organization_id,
            About::Organization(key) => self.directory.find_organization(key).await?.id,
        })
    }
}

/// The id that a text is.
///
/// # Errors
///
/// [`Refusal::NotFound`] if it is none: no plan is called so.
pub fn parse_id(text: &str) -> Result<PlanId, Refusal> {
    text.parse().map_err(|_| unknown(text))
}

fn unknown(id: &str) -> Refusal {
    let advice = "«secaro-gateway plan list» shows those there are";
    Refusal::NotFound { kind: "plan", name: id.to_owned(), advice }
}

/// Keeps what a change was found to do.
async fn insert(
    tx: &mut Tx,
    valid_for: std::time::Duration,
    change: &Change,
    making: &Making,
) -> Result<PlanRow, Error> {
    let row = PlanRow {
        organization_id: tx.organization(),
        id: tx.id(),
        change: serde_json::json!(change).to_string(),
        fingerprint: making.fingerprint.text(),
        summary: serde_json::json!(Summary::of(&making.effects)).to_string(),
        state: PlanState::Planned,
        made_by: tx.author().who.name(),
        created_at: tx.now(),
        valid_until: tx.now().plus(valid_for),
        decided_by: None,
        decided_at: None,
        finished_at: None,
        total: i64::try_from(making.effects.len()).unwrap_or(i64::MAX),
        done: 0,
        differs: None,
        request_id: tx.author().request,
    };
    tx.insert_plan(&row).await?;
    for (position, effect) in (1..).zip(&making.effects) {
        tx.insert_plan_effect(row.id, &effect.row(position)).await?;
    }
    Ok(row)
}

/// A plan as the database has it.
struct Stored {
    row: PlanRow,
}

impl Stored {
    fn change(&self) -> Result<Change, Error> {
        Self::change_of(&self.row)
    }

    fn change_of(row: &PlanRow) -> Result<Change, Error> {
        let change = serde_json::from_str(&row.change);
        Ok(change.map_err(|_| store::Error::Corrupt { table: "plans", column: "change" })?)
    }

    fn plan(self) -> Result<Plan, Error> {
        let change = self.change()?;
        let row = self.row;
        let corrupt = |column| store::Error::Corrupt { table: "plans", column };
        let decided = || {
            let by = row.decided_by.clone().ok_or(corrupt("decided_by"))?;
            Ok::<_, store::Error>((by, row.decided_at.ok_or(corrupt("decided_at"))?))
        };
        let state = match row.state {
            PlanState::Planned => State::Planned,
            PlanState::Applying => {
                let (by, at) = decided()?;
                let count = |number: i64| u64::try_from(number).unwrap_or_default();
                State::Applying { by, at, done: count(row.done), total: count(row.total) }
            }
            PlanState::Applied => {
                let (by, at) = decided()?;
                State::Applied { by, at, finished_at: row.finished_at.ok_or(corrupt("finished_at"))? }
            }
            PlanState::Discarded => {
                let (by, at) = decided()?;
                State::Discarded { by, at }
            }
            PlanState::Stale => {
                State::Stale { differs: row.differs.clone().ok_or(corrupt("differs"))?, at: decided()?.1 }
            }
        };
        Ok(Plan {
            id: row.id,
            organization: row.organization_id,
            change,
            hash: Fingerprint::parse(&row.fingerprint)?.hash(),
            summary: serde_json::from_str(&row.summary).map_err(|_| corrupt("summary"))?,
            state,
            made_by: row.made_by,
            created_at: row.created_at,
            valid_until: row.valid_until,
        })
    }
}
