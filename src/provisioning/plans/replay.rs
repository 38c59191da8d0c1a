//! Replaying a request of an IdP as a dry run: the Users that it was about follow today's rules for real, what came of
//! it is noted, and all of it is undone. In batches, each a transaction that is never committed, so that no IdP waits
//! long meanwhile. Bodies are not kept, so it is what is stored of those Users that is followed.

use serde::Serialize;
use serde_json::json;

use super::effects::{Effect, Looking, Subject};
use super::following::Following;
use crate::audit::{self, Action, Record, Target};
use crate::auth::Actor;
use crate::directory::Error as Refusal;
use crate::ids::{ConnectionId, OrganizationId, ResourceId};
use crate::provisioning::reconcile::Reconciler;
use crate::provisioning::request_log::Shown;
use crate::provisioning::{Error, Provisioning};
use crate::store::Tx;
use crate::store::connections::{Connection, ConnectionState};
use crate::store::resources::ResourceKind;

/// Users of a group that are looked at; of more, the first by id.
const USERS: usize = 500;

/// What would come of a request today.
#[derive(Debug, Clone, Serialize)]
pub struct Replay {
    /// Everybody it is about: where they stand now, and where they would.
    pub effects: Vec<Effect>,
    /// Users of the group that were not looked at, because there are very many.
    pub left_out: usize,
}

impl Replay {
    /// Those for whom anything would change.
    #[must_use]
    pub fn moved(&self) -> usize {
        self.effects.iter().filter(|effect| effect.moves()).count()
    }
}

impl Provisioning {
    /// What a request would come to by today's rules. Changes nobody's access; that it was asked is on record.
    ///
    /// # Errors
    ///
    /// [`Refusal::Conflict`] if the request was about nothing that is there, or reaches nobody now.
    pub async fn replay(&self, actor: &Actor, organization: &str, shown: &Shown) -> Result<Replay, Error> {
        let organization = self.directory.find_organization(organization).await?.id;
        let request = &shown.request;
        let (Some(key), Some(target)) = (&request.connection, request.target_id) else {
            return Err(refused("the request was about no User or Group, so there is nothing to follow"));
        };
        let mut tx = self.directory.begin(actor, organization).await?;
        let connection = connection(&mut tx, key).await?;
        let (users, left_out) = users(&mut tx, connection.id, target).await?;
        drop(tx);
        let mut effects = Vec::with_capacity(users.len());
        for batch in users.chunks(self.guards.plan_batch as usize) {
            effects.extend(self.try_again(actor, organization, key, batch).await?);
        }
        let replay = Replay { effects, left_out };
        let mut tx = self.directory.begin(actor, organization).await?;
        let record = Record::of(Action::RequestReplayed, Target::Resource(target));
        let after =
            json!({ "reference": request.reference, "looked_at": replay.effects.len(), "moved": replay.moved() });
        audit::record(&mut tx, record.after(after)).await?;
        tx.commit().await?;
        Ok(replay)
    }

    /// Has these Users follow today's rules, and undoes it all.
    async fn try_again(
        &self,
        actor: &Actor,
        organization: OrganizationId,
        key: &str,
        users: &[ResourceId],
    ) -> Result<Vec<Effect>, Error> {
        let mut tx = self.directory.begin(actor, organization).await?;
        let connection = connection(&mut tx, key).await?;
        let reconciler = Reconciler::load(&mut tx, connection, &self.guards).await?;
        let following = Following::Arriving(reconciler, self.guards);
        let looking = Looking::of(&mut tx, Some(key)).await?;
        let mut before = Vec::with_capacity(users.len());
        for user in users {
            before.push(looking.at(&mut tx, Subject::User(*user), None).await?);
        }
        for user in users {
            following.follow(&mut tx, Subject::User(*user), "replayed as a dry run").await?;
        }
        let mut effects = Vec::with_capacity(users.len());
        for (user, before) in users.iter().zip(before) {
            let after = looking.at(&mut tx, Subject::User(*user), before.person).await?;
            effects.push(Effect::of_user(*user, &before, &after));
        }
        // Never committed: what was followed is undone here.
        Ok(effects)
    }
}

/// The connection that a request came through, if it reaches anybody.
async fn connection(tx: &mut Tx, key: &str) -> Result<Connection, Error> {
    let organization = tx.organization();
    let found = tx.connection_by_key(key).await?.filter(|found| found.organization_id == organization);
    let found = found.ok_or_else(|| refused("its connection is not there any longer"))?;
    if found.state == ConnectionState::Pending {
        return Err(refused("the connection is not activated; until it is, nothing that it sends reaches anybody"));
    }
    Ok(found)
}

/// The Users that a resource is about: itself, or the members of a Group; and how many of them were left out.
async fn users(tx: &mut Tx, connection: ConnectionId, target: ResourceId) -> Result<(Vec<ResourceId>, usize), Error> {
    let organization = tx.organization();
    match tx.resource(organization, connection, target).await? {
        None => Err(refused("what it was about is deleted; there is nothing left to follow")),
        Some(row) if row.kind == ResourceKind::User => Ok((vec![target], 0)),
        Some(_) => {
            let members = tx.members(organization, connection, target).await?;
            let users = members.into_iter().filter(|member| member.kind == ResourceKind::User);
            let mut users: Vec<ResourceId> = users.map(|user| user.id).collect();
            let left_out = users.len().saturating_sub(USERS);
            users.truncate(USERS);
            Ok((users, left_out))
        }
    }
}

fn refused(words: &str) -> Error {
    Refusal::Conflict(words.to_owned()).into()
}
