//! Changes of a Group's members, a row each. Never reads the list to add or remove some; only replacing all of it,
//! or removing by a condition, has to know who is there.

use std::collections::BTreeSet;

use super::Error;
use super::view::reference;
use crate::ids::{ConnectionId, ResourceId};
use crate::scim::patch::MemberChange;
use crate::scim::resource::Member;
use crate::scim::{self, Normaliser, Quirk, ScimType};
use crate::store::Tx;

/// Applies the changes in order; the members that came or went.
pub(super) async fn apply(
    tx: &mut Tx,
    connection: ConnectionId,
    group: ResourceId,
    changes: &[MemberChange],
    normaliser: &mut Normaliser,
) -> Result<BTreeSet<ResourceId>, Error> {
    let organization = tx.organization();
    let mut touched = BTreeSet::new();
    for change in changes {
        match change {
            MemberChange::Add(members) => {
                for id in known(tx, connection, group, members, normaliser).await? {
                    if tx.add_member(connection, group, id).await? {
                        touched.insert(id);
                    }
                }
            }
            MemberChange::Remove(values) => {
                // A member that is not there is not there afterwards either (Okta and JumpCloud repeat themselves).
                for id in values.iter().filter_map(|value| value.parse().ok()) {
                    if tx.remove_member(connection, group, id).await? {
                        touched.insert(id);
                    }
                }
            }
            MemberChange::Replace(members) => {
                let wanted: BTreeSet<_> =
                    known(tx, connection, group, members, normaliser).await?.into_iter().collect();
                let present: BTreeSet<_> = tx.member_ids(organization, connection, group).await?.into_iter().collect();
                for id in present.difference(&wanted) {
                    tx.remove_member(connection, group, *id).await?;
                }
                for id in wanted.difference(&present) {
                    tx.add_member(connection, group, *id).await?;
                }
                touched.extend(present.symmetric_difference(&wanted));
            }
            MemberChange::RemoveWhere(filter) => {
                for related in tx.members(organization, connection, group).await? {
                    if filter.matches_element(&reference(&related).element()) {
                        tx.remove_member(connection, group, related.id).await?;
                        touched.insert(related.id);
                    }
                }
            }
            MemberChange::RemoveAll => {
                for id in tx.member_ids(organization, connection, group).await? {
                    tx.remove_member(connection, group, id).await?;
                    touched.insert(id);
                }
            }
        }
    }
    Ok(touched)
}

/// The members that are resources of this connection. One that is none, another connection's included, is refused
/// without a word about what it is; Entra, which would repeat the request for ever, is spared that.
async fn known(
    tx: &mut Tx,
    connection: ConnectionId,
    group: ResourceId,
    members: &[Member],
    normaliser: &mut Normaliser,
) -> Result<Vec<ResourceId>, Error> {
    let organization = tx.organization();
    let mut found = Vec::with_capacity(members.len());
    for member in members {
        let id = member.value.parse::<ResourceId>().ok().filter(|id| *id != group);
        let exists = match id {
            Some(id) => tx.resource(organization, connection, id).await?.is_some(),
            None => false,
        };
        match id {
            Some(id) if exists => found.push(id),
            _ if normaliser.takes(Quirk::UnknownMember) => {}
            _ => {
                return Err(scim::Error::bad(
                    ScimType::InvalidValue,
                    "A member is no User or Group of this connection. Provision it first, then add it by its id.",
                )
                .into());
            }
        }
    }
    Ok(found)
}
