//! The mass-change guard: how many people one connection may take something from within a window. Counts what is
//! lost, in the transaction that loses it; says what may be lost, and raises the alarm once per window.

use serde_json::json;

use super::{Error, Guards};
use crate::audit::{self, Action, Record, Target};
use crate::clock::Timestamp;
use crate::ids::{MassChangeId, PersonId};
use crate::outbox::{self, Event};
use crate::store::connections::Connection;
use crate::store::mass_changes::{MassChange, MassChangeKind};
use crate::store::{self, Tx};

/// A connection's guard: its own figures, and the settings where it has none.
struct Threshold {
    count: i64,
    percent: i64,
    window: i64,
}

impl Threshold {
    fn of(connection: &Connection, guards: &Guards) -> Self {
        let window = i64::try_from(guards.mass_change_window.as_millis()).unwrap_or(i64::MAX);
        Self {
            count: connection.guard.guard_count.unwrap_or(i64::from(guards.mass_change_count)),
            percent: connection.guard.guard_percent.unwrap_or(i64::from(guards.mass_change_percent)),
            window: connection.guard.guard_window.unwrap_or(window),
        }
    }

    /// Whether so many people are within it: the larger of the two figures counts. The connection's people are counted
    /// once in a window, or each loss would cost what the connection is large.
    async fn admits(
        &self,
        tx: &mut Tx,
        connection: &Connection,
        change: &mut MassChange,
        people: i64,
    ) -> Result<bool, store::Error> {
        if people <= self.count {
            return Ok(true);
        }
        if change.threshold.is_none() {
            let linked = tx.count_linked(connection.organization_id, connection.id).await?;
            change.threshold = Some(self.count.max(linked.saturating_mul(self.percent) / 100));
        }
        Ok(change.threshold.is_some_and(|threshold| people <= threshold))
    }

    /// What counts now: the window that is open, or a new one.
    async fn current(
        &self,
        tx: &mut Tx,
        connection: &Connection,
        kind: MassChangeKind,
    ) -> Result<MassChange, store::Error> {
        let organization = tx.organization();
        let since = Timestamp::from_millis(tx.now().millis().saturating_sub(self.window));
        let open = tx.current_mass_change(organization, connection.id, kind, since).await?;
        Ok(open.unwrap_or_else(|| MassChange {
            id: tx.id(),
            connection_id: connection.id,
            kind,
            begun_at: tx.now(),
            people: 0,
            held: 0,
            threshold: None,
            alarmed_at: None,
            undone_at: None,
        }))
    }
}

/// Whether these people may lose permissions by one request; if not, with which others they keep them.
pub(super) async fn role_loss(
    tx: &mut Tx,
    connection: &Connection,
    guards: &Guards,
    losers: &[PersonId],
) -> Result<Option<MassChangeId>, Error> {
    let organization = tx.organization();
    let threshold = Threshold::of(connection, guards);
    let mut change = threshold.current(tx, connection, MassChangeKind::RoleLoss).await?;
    let mut fresh = Vec::with_capacity(losers.len());
    for person in losers {
        if change.people == 0 || !tx.is_in_mass_change(organization, change.id, *person).await? {
            fresh.push(*person);
        }
    }
    let people = change.people.saturating_add(count(fresh.len()));
    if threshold.admits(tx, connection, &mut change, people).await? {
        change.people = people;
        tx.put_mass_change(&change).await?;
        for person in fresh {
            tx.add_to_mass_change(change.id, person).await?;
        }
        return Ok(None);
    }
    change.held = change.held.saturating_add(count(losers.len()));
    let is_news = change.alarmed_at.is_none();
    change.alarmed_at = change.alarmed_at.or(Some(tx.now()));
    tx.put_mass_change(&change).await?;
    if is_news {
        alarm(tx, &change).await?;
    }
    Ok(Some(change.id))
}

/// Counts somebody whose access an IdP ended. It is ended, whatever the figures; past them it is an alarm, and one
/// command undoes all of it.
pub(super) async fn deactivation(
    tx: &mut Tx,
    connection: &Connection,
    guards: &Guards,
    person: PersonId,
) -> Result<(), Error> {
    let threshold = Threshold::of(connection, guards);
    let mut change = threshold.current(tx, connection, MassChangeKind::Deactivation).await?;
    if change.people == 0 {
        tx.put_mass_change(&change).await?;
    }
    if !tx.add_to_mass_change(change.id, person).await? {
        return Ok(());
    }
    change.people = change.people.saturating_add(1);
    let people = change.people;
    let is_news = change.alarmed_at.is_none() && !threshold.admits(tx, connection, &mut change, people).await?;
    if is_news {
        change.alarmed_at = Some(tx.now());
    }
    tx.put_mass_change(&change).await?;
    if is_news {
        alarm(tx, &change).await?;
    }
    Ok(())
}

async fn alarm(tx: &mut Tx, change: &MassChange) -> Result<(), store::Error> {
    let record = Record::of(Action::MassChangeAlarmed, Target::MassChange(change.id)).after(json!(change));
    audit::record(tx, record.because(change.kind.as_str())).await?;
    let as_count = |people: i64| u64::try_from(people).unwrap_or_default();
    let event = match change.kind {
        MassChangeKind::RoleLoss => Event::MassRoleLoss(change.id, change.connection_id, as_count(change.held)),
        MassChangeKind::Deactivation => {
            Event::MassDeactivation(change.id, change.connection_id, as_count(change.people))
        }
    };
    outbox::emit(tx, &event).await
}

fn count(people: usize) -> i64 {
    i64::try_from(people).unwrap_or(i64::MAX)
}
