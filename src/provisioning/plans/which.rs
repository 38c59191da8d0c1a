//! Whom of a plan to look at: the kinds of what it does to people, each a bit beside every one of them, so that a page
//! reads no more than it shows.

use super::effects::Effect;
use crate::ids::{OrganizationId, PlanId};
use crate::provisioning::{Error, Provisioning};
use crate::store::plans::EffectRow;

/// A kind of what a plan does to somebody, or all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// Everybody.
    All,
    /// Who gain a permission.
    Gain,
    /// Who lose one.
    Lose,
    /// Who keep none.
    ViewOnly,
    /// Whose admin role comes or goes.
    Admins,
    /// For whom something waits for a decision.
    Held,
    /// For whom something would be given of a facility that nobody knows.
    UnknownFacility,
}

impl Which {
    /// Each.
    pub const ALL: [Self; 7] =
        [Self::All, Self::Gain, Self::Lose, Self::ViewOnly, Self::Admins, Self::Held, Self::UnknownFacility];

    const fn bit(self) -> i64 {
        match self {
            Self::All => 0,
            Self::Gain => 1,
            Self::Lose => 2,
            Self::ViewOnly => 4,
            Self::Admins => 8,
            Self::Held => 16,
            Self::UnknownFacility => 32,
        }
    }

    fn holds(self, effect: &Effect) -> bool {
        match self {
            Self::All => true,
            Self::Gain => !effect.gained().is_empty(),
            Self::Lose => !effect.lost().is_empty(),
            Self::ViewOnly => effect.becomes_view_only(),
            Self::Admins => effect.changes_admins(),
            Self::Held => !effect.after.held.is_empty(),
            Self::UnknownFacility => !effect.unknown_facilities().is_empty(),
        }
    }
}

/// The kinds of an effect, a bit each.
pub(super) fn kinds(effect: &Effect) -> i64 {
    Which::ALL.into_iter().filter(|which| which.holds(effect)).map(Which::bit).sum()
}

/// A page of what a plan does.
#[derive(Debug)]
pub struct EffectsPage {
    /// To each person, in the order in which it is applied.
    pub effects: Vec<Effect>,
    /// The place after which the next page begins, if there is one.
    pub next: Option<i64>,
}

impl Provisioning {
    /// A page of what a plan of an organization does, after a place of it.
    pub async fn plan_effects(
        &self,
        organization: OrganizationId,
        id: PlanId,
        which: Which,
        after: i64,
        limit: usize,
    ) -> Result<EffectsPage, Error> {
        let mut reader = self.store.read().await?;
        let (mut found, mut place): (Vec<(i64, Effect)>, i64) = (Vec::new(), after);
        loop {
            let wanted = i64::try_from(limit + 1 - found.len()).unwrap_or(i64::MAX);
            let rows: Vec<EffectRow> = match which {
                Which::All => reader.plan_effects_after(organization, id, place, wanted).await?,
                kind => reader.plan_effects_of_kind(organization, id, kind.bit(), place, wanted).await?,
            };
            let whole = i64::try_from(rows.len()).unwrap_or(i64::MAX) < wanted;
            for row in rows {
                place = row.position;
                let effect = Effect::try_from(row)?;
                // Of what was planned before kinds were noted, each is looked at.
                if which.holds(&effect) {
                    found.push((place, effect));
                }
            }
            if whole || found.len() > limit {
                break;
            }
        }
        let more = found.len() > limit;
        found.truncate(limit);
        let next = found.last().filter(|_| more).map(|(place, _)| *place);
        Ok(EffectsPage { effects: found.into_iter().map(|(_, effect)| effect).collect(), next })
    }
}
