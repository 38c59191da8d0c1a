//! How one person follows a change that is made: by the same code that moves them when an IdP speaks.

use super::effects::Subject;
use crate::directory::grants;
use crate::ids::ResourceId;
use crate::provisioning::reconcile::Reconciler;
use crate::provisioning::{Error, Guards, detach, links, view};
use crate::store::Tx;
use crate::store::links::LinkState;

/// The way that a change's people follow it.
pub(super) enum Following {
    /// By the connection's rules and ceiling of now.
    Rules(Reconciler),
    /// They come: it is decided whom each User stands for.
    Arriving(Reconciler, Guards),
    /// The connection leaves them.
    Leaving,
    /// By what their facilities are now.
    Facilities,
    /// Nobody has to.
    Nobody,
}

impl Following {
    /// Has one follow. Does nothing for somebody who has already.
    pub(super) async fn follow(&self, tx: &mut Tx, subject: Subject, why: &str) -> Result<(), Error> {
        match (self, subject) {
            (Self::Rules(reconciler), Subject::User(user)) => reconciler.users(tx, [user], why).await,
            (Self::Arriving(reconciler, guards), Subject::User(user)) => {
                arrive(tx, reconciler, guards, user, why).await
            }
            (Self::Leaving, Subject::User(user)) => leave(tx, user, why).await,
            (Self::Facilities, Subject::Person(person)) => Ok(grants::settle_facilities(tx, person, why).await?),
            _ => Ok(()),
        }
    }
}

async fn arrive(
    tx: &mut Tx,
    reconciler: &Reconciler,
    guards: &Guards,
    user: ResourceId,
    why: &str,
) -> Result<(), Error> {
    let organization = tx.organization();
    let connection = reconciler.connection();
    let Some(row) = tx.resource(organization, connection, user).await? else { return Ok(()) };
    let document = view::document_of(&row)?;
    if tx.link(organization, user).await?.is_none() {
        links::decide(tx, guards, &row, &document, None).await?;
    }
    reconciler.user(tx, &row, &document, why).await
}

/// Takes a person out of the connection's hands: what it gave goes, what people gave stays, and so does their status.
async fn leave(tx: &mut Tx, user: ResourceId, why: &str) -> Result<(), Error> {
    let organization = tx.organization();
    let link = tx.link(organization, user).await?.filter(|link| link.state == LinkState::Linked);
    if let Some(person) = link.as_ref().and_then(|link| link.person_id)
        && let Some(person) = tx.person(organization, person).await?
    {
        detach::let_go(tx, &person, link, false, why).await?;
    }
    tx.delete_resource(user).await?;
    Ok(())
}
