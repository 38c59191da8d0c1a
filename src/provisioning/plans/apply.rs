//! Applying a plan: exactly what was reviewed, or nothing. The check and the change share a transaction, so that nothing
//! slips between; the people follow in batches, by whoever applies it or, after a kill, by the worker.

use std::collections::HashMap;

use super::effects::{Effect, Looking};
use super::fingerprint::Fingerprint;
use super::make::Making;
use super::{Plan, Stored, mails};
use crate::audit::{self, Action, Record, Target};
use crate::auth::{Actor, actor};
use crate::directory::Error as Refusal;
use crate::ids::{OrganizationId, PlanId, RequestId};
use crate::outbox::queue::{Work, schedule, unschedule};
use crate::outbox::{self, Event};
use crate::provisioning::{Error, Provisioning};
use crate::store::plans::{PlanRow, PlanState};
use crate::store::{Author, Tx};

/// How often a plan is made anew because something changed between the look and the commit.
pub(super) const ROUNDS: usize = 5;
/// When the worker looks whether somebody's command got to its end.
const TAKEN_OVER_AFTER: std::time::Duration = std::time::Duration::from_mins(1);
/// How many differences a refusal names.
const NAMED: usize = 5;

impl Provisioning {
    /// Applies a plan and returns when everybody has followed; says how far it is after each batch.
    ///
    /// # Errors
    ///
    /// [`Refusal::Conflict`] if it is no longer to be applied, or if what it would do is no longer what was reviewed;
    /// it says what has changed, and nothing is done.
    pub async fn apply_plan(
        &self,
        actor: &Actor,
        id: PlanId,
        progress: &mut (dyn FnMut(&Plan) + Send),
    ) -> Result<Plan, Error> {
        let mut plan = self.start_plan(actor, id).await?;
        progress(&plan);
        let author = author(actor, plan.organization);
        while plan.is_being_applied() {
            plan = self.next_batch(&author, id).await?;
            progress(&plan);
        }
        Ok(plan)
    }

    /// Decides to apply a plan: its change is made, with the first of the people; the others follow from here on.
    ///
    /// # Errors
    ///
    /// As [`Self::apply_plan`].
    pub async fn start_plan(&self, actor: &Actor, id: PlanId) -> Result<Plan, Error> {
        let stored = self.stored_plan(id).await?;
        let organization = stored.row.organization_id;
        let (change, effects) = (stored.change()?, self.all_effects(organization, id).await?);
        let mut known = Fingerprint::parse(&stored.row.fingerprint)?;
        for _ in 0..ROUNDS {
            let mut tx = self.directory.begin(actor, organization).await?;
            let row = to_be_applied(&mut tx, id).await?;
            let now = Fingerprint::of(&mut tx, &change).await;
            if now.as_ref().is_ok_and(|now| *now == known) {
                let row = PlanRow { fingerprint: known.text(), ..row };
                let row = self.decide(&mut tx, row).await?;
                tx.commit().await?;
                return Stored { row }.plan();
            }
            drop(tx);
            let made = self.make(actor, organization, &change).await;
            match differences(&stored, known, &effects, now, made)? {
                Ok(fingerprint) => known = fingerprint,
                Err(differs) => return Err(self.refuse_stale(actor, organization, id, differs).await?),
            }
        }
        let words =
            format!("the organization changes faster than plan {id} can be checked; apply it again in a moment");
        Err(Refusal::Conflict(words).into())
    }

    /// Goes on with a plan whose change is made, until everybody has followed; nothing if there is nothing to do.
    ///
    /// # Errors
    ///
    /// What the database says; it can be called again then.
    pub async fn continue_plan(&self, id: PlanId, request: RequestId) -> Result<(), Error> {
        let Some(row) = self.store.read().await?.plan_anywhere(id).await? else { return Ok(()) };
        let author = actor::of_job("plan.apply", row.organization_id, request);
        let mut plan = Stored { row }.plan()?;
        while plan.is_being_applied() {
            plan = self.next_batch(&author, id).await?;
        }
        Ok(())
    }

    /// Has the next of the people follow. Whoever calls, each follows once: the place in the order moves with them, in
    /// a transaction that others wait for.
    pub async fn next_batch(&self, author: &Author, id: PlanId) -> Result<Plan, Error> {
        let mut tx = self.store.begin(author.clone()).await?;
        let row = tx.plan(author.organization, id).await?.ok_or_else(|| super::unknown(&id.to_string()))?;
        if row.state != PlanState::Applying {
            return Stored { row }.plan();
        }
        let row = self.follow(&mut tx, row, i64::from(self.guards.plan_batch)).await?;
        tx.commit().await?;
        Stored { row }.plan()
    }

    /// Makes the change of a plan that was found to be as reviewed. The first batch follows at once, and with it all
    /// who have to do with the Organization admin role: the commit refuses to leave nobody with it.
    pub(super) async fn decide(&self, tx: &mut Tx, row: PlanRow) -> Result<PlanRow, Error> {
        let change = Stored::change_of(&row)?;
        change.make(tx).await?;
        let row = PlanRow {
            state: PlanState::Applying,
            decided_by: Some(tx.author().who.name()),
            decided_at: Some(tx.now()),
            ..row
        };
        let record = Record::of(Action::PlanApplied, Target::Plan(row.id));
        audit::record(tx, record.after(serde_json::json!(change)).because(change.words())).await?;
        let leading = leading(tx, &row).await?;
        let row = self.follow(tx, row, leading.max(i64::from(self.guards.plan_batch))).await?;
        if row.state == PlanState::Applying {
            let at = tx.now().plus(TAKEN_OVER_AFTER);
            schedule(tx, Work::ApplyPlan(row.id), at).await?;
        }
        Ok(row)
    }

    async fn follow(&self, tx: &mut Tx, row: PlanRow, count: i64) -> Result<PlanRow, Error> {
        let change = Stored::change_of(&row)?;
        let organization = tx.organization();
        let following = change.following(tx, &self.guards).await?;
        let looking = Looking::of(tx, change.connection()).await?;
        let why = format!("{} (plan {})", change.words(), row.id);
        let mut done = row.done;
        for effect in tx.plan_effects_after(organization, row.id, row.done, count).await? {
            done = effect.position;
            let effect = Effect::try_from(effect)?;
            let Some(subject) = effect.subject() else { continue };
            following.follow(tx, subject, &why).await?;
            let now = looking.at(tx, subject, effect.person).await?.since(&effect.before);
            if now != effect.after {
                let note = format!("came otherwise: {}", now.described());
                tx.note_plan_effect(row.id, done, &note).await?;
            }
        }
        let row = PlanRow { done, ..row };
        let row = if done == row.total { finished(tx, row).await? } else { row };
        tx.update_plan(&row).await?;
        if !tx.has_recorded() {
            // Everybody of this batch had followed already: the trail still says who moved the plan on.
            let record = Record::of(Action::PlanApplied, Target::Plan(row.id));
            audit::record(tx, record.because(format!("{} of {} have followed", row.done, row.total))).await?;
        }
        Ok(row)
    }

    async fn refuse_stale(
        &self,
        actor: &Actor,
        organization: OrganizationId,
        id: PlanId,
        differs: String,
    ) -> Result<Error, Error> {
        let mut tx = self.directory.begin(actor, organization).await?;
        let row = to_be_applied(&mut tx, id).await?;
        let (decided_by, decided_at) = (Some(tx.author().who.name()), Some(tx.now()));
        let row = PlanRow { state: PlanState::Stale, differs: Some(differs.clone()), decided_by, decided_at, ..row };
        tx.update_plan(&row).await?;
        audit::record(&mut tx, Record::of(Action::PlanStale, Target::Plan(id)).because(differs.clone())).await?;
        tx.commit().await?;
        let words = format!("plan {id} is stale, and nothing was done: {differs}; make the plan anew and review it");
        Ok(Refusal::Conflict(words).into())
    }
}

/// Whoever applies a plan is whoever has its people follow.
pub(super) fn author(actor: &Actor, organization: OrganizationId) -> Author {
    match actor {
        Actor::Operator(operator) => operator.author(organization),
        Actor::Member(member) => member.author(),
    }
}

/// The plan, if it may be applied now.
pub(super) async fn to_be_applied(tx: &mut Tx, id: PlanId) -> Result<PlanRow, Error> {
    let organization = tx.organization();
    let row = tx.plan(organization, id).await?.ok_or_else(|| super::unknown(&id.to_string()))?;
    let by = row.decided_by.as_deref().unwrap_or_default();
    let words = match row.state {
        PlanState::Planned if row.valid_until > tx.now() => return Ok(row),
        PlanState::Planned => format!("plan {id} was valid until {}; make it anew", row.valid_until),
        PlanState::Applying => {
            format!("plan {id} is being applied by {by}; «secaro-gateway plan show {id}» says how far it is")
        }
        PlanState::Applied => format!("plan {id} has been applied by {by} already"),
        PlanState::Discarded => format!("plan {id} was discarded by {by}; make it anew"),
        PlanState::Stale => {
            let differs = row.differs.as_deref().unwrap_or_default();
            format!("plan {id} is stale: {differs}; make it anew")
        }
    };
    Err(Refusal::Conflict(words).into())
}

/// How many effects around the Organization admin role stand at the beginning.
async fn leading(tx: &mut Tx, row: &PlanRow) -> Result<i64, Error> {
    let organization = tx.organization();
    let mut count = 0;
    loop {
        let page = tx.plan_effects_after(organization, row.id, count, 100).await?;
        let whole = page.len();
        let mut leading = 0;
        for effect in page {
            if !Effect::try_from(effect)?.concerns_organization_admin() {
                break;
            }
            leading += 1;
        }
        count += leading;
        if leading == 0 || usize::try_from(leading).unwrap_or_default() < whole {
            return Ok(count);
        }
    }
}

async fn finished(tx: &mut Tx, row: PlanRow) -> Result<PlanRow, Error> {
    let row = PlanRow { state: PlanState::Applied, finished_at: Some(tx.now()), ..row };
    let plan = Stored { row: row.clone() }.plan()?;
    plan.change.finish(tx).await?;
    if plan.summary.moved > 0 {
        outbox::emit(tx, &Event::PlanApplied(row.id)).await?;
        mails::tell(tx, &plan).await?;
    }
    unschedule(tx, Work::ApplyPlan(row.id)).await?;
    Ok(row)
}

/// The fingerprint of a plan made anew that does the same, or what it would do otherwise.
fn differences(
    stored: &Stored,
    known: Fingerprint,
    reviewed: &[Effect],
    now: Result<Fingerprint, Error>,
    made: Result<Making, Error>,
) -> Result<Result<Fingerprint, String>, Error> {
    let (now, made) = match (now, made) {
        (Ok(now), Ok(made)) => (now, made),
        // What it was about is no longer there, or no longer lets it be done.
        (_, Err(Error::Directory(why @ (Refusal::NotFound { .. } | Refusal::Conflict(_) | Refusal::Invalid(_))))) => {
            return Ok(Err(why.to_string()));
        }
        (Err(error), _) | (_, Err(error)) => return Err(error),
    };
    let mut old: HashMap<_, _> = reviewed.iter().map(|effect| (effect.subject(), effect)).collect();
    let mut otherwise: Vec<String> = Vec::new();
    for effect in &made.effects {
        match old.remove(&effect.subject()) {
            Some(old) if (&old.before, &old.after) == (&effect.before, &effect.after) => {}
            Some(_) => otherwise.push(format!("{} would now come to {}", effect.email, effect.after.described())),
            None => otherwise.push(format!("{} would now come to {} too", effect.email, effect.after.described())),
        }
    }
    let mut unchanged: Vec<_> =
        old.into_values().map(|old| format!("{} would no longer be changed", old.email)).collect();
    unchanged.sort();
    otherwise.extend(unchanged);
    if otherwise.is_empty() {
        return Ok(Ok(made.fingerprint));
    }
    let original = Fingerprint::parse(&stored.row.fingerprint).unwrap_or(known);
    let parts = now.differing(&original).join(", ");
    let more = otherwise.len().saturating_sub(NAMED);
    otherwise.truncate(NAMED);
    let more = if more == 0 { String::new() } else { format!(", and {more} more") };
    Ok(Err(format!("{parts} changed since it was made, and so {}{more}", otherwise.join(", "))))
}
