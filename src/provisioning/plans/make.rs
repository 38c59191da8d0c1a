//! Making a plan: the change is made for real, everybody concerned follows it for real, what came of it is noted, and
//! all of it is undone. In batches, each a transaction that is never committed, so that no IdP waits long meanwhile.

use super::change::Change;
use super::effects::{Effect, Looking, Subject, between};
use super::fingerprint::Fingerprint;
use crate::auth::Actor;
use crate::ids::OrganizationId;
use crate::provisioning::{Error, Provisioning};

/// What a change would do, and what that was read from.
pub(super) struct Making {
    pub(super) fingerprint: Fingerprint,
    /// In the order in which they are applied: those around the Organization admin role first, because no organization
    /// can be without one, and that is decided with the change itself.
    pub(super) effects: Vec<Effect>,
}

impl Provisioning {
    pub(super) async fn make(
        &self,
        actor: &Actor,
        organization: OrganizationId,
        change: &Change,
    ) -> Result<Making, Error> {
        let mut tx = self.directory.begin(actor, organization).await?;
        // Read first: whatever changes while the batches run then shows as a change when the plan is applied.
        let fingerprint = Fingerprint::of(&mut tx, change).await?;
        let concerned = change.concerned(&mut tx).await?;
        change.make(&mut tx).await?;
        tx.check().await?;
        drop(tx);

        let mut effects = Vec::new();
        for batch in batches(concerned, self.guards.plan_batch as usize) {
            effects.extend(self.try_out(actor, organization, change, &batch).await?);
        }
        let (leading, rest): (Vec<_>, Vec<_>) = effects.into_iter().partition(Effect::concerns_organization_admin);
        let mut effects = self.try_out_leading(actor, organization, change, leading).await?;
        effects.extend(rest);
        Ok(Making { fingerprint, effects })
    }

    /// Those around the Organization admin role once more, all together: who is the last admin depends on the others.
    async fn try_out_leading(
        &self,
        actor: &Actor,
        organization: OrganizationId,
        change: &Change,
        mut leading: Vec<Effect>,
    ) -> Result<Vec<Effect>, Error> {
        if leading.is_empty() {
            return Ok(leading);
        }
        // Those who get the role first, so that they count when others lose it.
        leading.sort_by_key(|effect| !effect.gained().contains(&"organization_admin"));
        let subjects: Vec<Subject> = leading.iter().filter_map(Effect::subject).collect();
        self.try_out(actor, organization, change, &subjects).await
    }

    /// Makes the change, has these follow, and undoes it all.
    async fn try_out(
        &self,
        actor: &Actor,
        organization: OrganizationId,
        change: &Change,
        subjects: &[Subject],
    ) -> Result<Vec<Effect>, Error> {
        let mut tx = self.directory.begin(actor, organization).await?;
        let looking = Looking::of(&mut tx, change.connection()).await?;
        let mut before = Vec::with_capacity(subjects.len());
        for subject in subjects {
            before.push(looking.at(&mut tx, *subject, None).await?);
        }
        change.make(&mut tx).await?;
        let following = change.following(&mut tx, &self.guards).await?;
        for subject in subjects {
            following.follow(&mut tx, *subject, "tried out").await?;
        }
        tx.check().await?;
        let mut effects = Vec::new();
        for (subject, before) in subjects.iter().zip(before) {
            let after = looking.at(&mut tx, *subject, before.person).await?;
            effects.extend(between(*subject, before, after));
        }
        Ok(effects)
    }
}

/// As many at once as a batch may have; those who belong together stay together.
fn batches(groups: Vec<Vec<Subject>>, size: usize) -> Vec<Vec<Subject>> {
    let mut batches: Vec<Vec<Subject>> = Vec::new();
    for group in groups {
        match batches.last_mut() {
            Some(batch) if batch.len() + group.len() <= size => batch.extend(group),
            _ => batches.push(group),
        }
    }
    batches
}
