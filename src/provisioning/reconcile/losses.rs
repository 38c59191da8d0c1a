//! What people would lose by one request, decided together: taken away, or kept because it is too much for a machine
//! to take, or the last Organization admin's role.

use super::Reconciler;
use crate::directory::grants;
use crate::directory::people::Person;
use crate::directory::permissions::Permission;
use crate::ids::PersonId;
use crate::outbox::{self, Event};
use crate::provisioning::{Error, guard};
use crate::store::grants::{Grant, GrantState, Hold};
use crate::store::{self, Tx};

/// What a person would no longer have.
pub(super) struct Loss {
    person: Person,
    /// Those that nothing asserts any longer.
    grants: Vec<Grant>,
    /// What the person could do before the request.
    before: Vec<Permission>,
    /// Whether the person could do less without them.
    is_felt: bool,
}

impl Loss {
    pub(super) async fn of(
        tx: &mut Tx,
        person: Person,
        grants: Vec<Grant>,
        before: Vec<Permission>,
    ) -> Result<Self, store::Error> {
        let organization = tx.organization();
        let is_effective = |grant: &&Grant| grant.state == GrantState::Effective;
        let all = tx.grants(organization, person.id).await?;
        let stays = |lost: &Grant| {
            all.iter().filter(is_effective).any(|grant| {
                !grants.iter().any(|other| other.id == grant.id)
                    && (&grant.permission, grant.facility_id) == (&lost.permission, lost.facility_id)
            })
        };
        let is_felt = grants.iter().filter(is_effective).any(|lost| !stays(lost));
        Ok(Self { person, grants, before, is_felt })
    }
}

impl Reconciler {
    /// Decides what these people lose: all of it together, so that a request that takes from five hundred is held for
    /// all five hundred and not for the last of them.
    pub(super) async fn lose(&self, tx: &mut Tx, losses: Vec<Loss>, why: &str) -> Result<(), Error> {
        let losers: Vec<PersonId> = losses.iter().filter(|loss| loss.is_felt).map(|loss| loss.person.id).collect();
        let mass_change = if self.guarded && !losers.is_empty() {
            guard::role_loss(tx, &self.connection, &self.guards, &losers).await?
        } else {
            None
        };
        for Loss { person, grants, before, is_felt } in losses {
            match mass_change {
                Some(id) if is_felt => {
                    let hold = Hold { mass_change_id: Some(id), ..self.hold(tx) };
                    self.keep(tx, &person, grants, &hold).await?;
                }
                _ => self.take_away(tx, &person, grants).await?,
            }
            grants::note_change(tx, person.id, &before, why).await?;
        }
        Ok(())
    }

    /// Keeps what is in effect until somebody decides.
    async fn keep(&self, tx: &mut Tx, person: &Person, grants: Vec<Grant>, hold: &Hold) -> Result<(), store::Error> {
        for grant in grants {
            if grant.state == GrantState::Effective {
                let reason = Some("mass_change".to_owned());
                tx.set_grant_state(&Grant { reason, hold: hold.clone(), ..grant }).await?;
            } else {
                tx.delete_grant(grant.id).await?;
            }
        }
        outbox::emit(tx, &Event::ChangeHeld(person.id, "mass_change".to_owned())).await
    }

    /// Deletes grants that nothing asserts any longer, but not the last Organization admin's role: that is held, and
    /// looked at again whenever the person is.
    async fn take_away(&self, tx: &mut Tx, person: &Person, grants: Vec<Grant>) -> Result<(), Error> {
        let organization = tx.organization();
        for grant in grants {
            let effective_admin = grant.permission == "organization_admin" && grant.state == GrantState::Effective;
            let last = effective_admin
                && !has_other_admin_grant(tx, person, &grant).await?
                && tx.other_organization_admins(organization, person.id).await? == 0;
            if !last {
                tx.delete_grant(grant.id).await?;
            } else if grant.reason.is_none() {
                let reason = "last_organization_admin".to_owned();
                let hold = self.hold(tx);
                tx.set_grant_state(&Grant { reason: Some(reason.clone()), hold, ..grant }).await?;
                outbox::emit(tx, &Event::ChangeHeld(person.id, reason)).await?;
            }
        }
        Ok(())
    }
}

async fn has_other_admin_grant(tx: &mut Tx, person: &Person, lost: &Grant) -> Result<bool, store::Error> {
    let organization = tx.organization();
    Ok(tx.grants(organization, person.id).await?.iter().any(|grant| {
        grant.id != lost.id && grant.permission == lost.permission && grant.state == GrantState::Effective
    }))
}
