//! How one person follows a change that is made: by the same code that moves them when an IdP speaks.

use super::effects::Subject;
use crate::audit::{self, Action, Record, Target};
use crate::directory::grants;
use crate::ids::{ConnectionId, ResourceId};
use crate::outbox::{self, Event};
use crate::provisioning::reconcile::Reconciler;
use crate::provisioning::{Error, Guards, links, view};
use crate::store::Tx;
use crate::store::links::LinkState;
use crate::store::people::Person;

/// The way that a change's people follow it.
pub(super) enum Following {
    /// By the connection's rules and ceiling of now.
    Rules(Reconciler),
    /// They come: it is decided whom each User stands for.
    Arriving(Reconciler, Guards),
    /// The connection leaves them.
    Leaving(ConnectionId),
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
            (Self::Leaving(connection), Subject::User(user)) => leave(tx, *connection, user, why).await,
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

async fn leave(tx: &mut Tx, connection: ConnectionId, user: ResourceId, why: &str) -> Result<(), Error> {
    let organization = tx.organization();
    let link = tx.link(organization, user).await?;
    if let Some(person) = link.filter(|link| link.state == LinkState::Linked).and_then(|link| link.person_id)
        && let Some(person) = tx.person(organization, person).await?
    {
        detach(tx, connection, &person, why).await?;
    }
    tx.delete_resource(user).await?;
    Ok(())
}

/// Takes a person out of a connection's hands: what it gave goes, what people gave stays, and so does their status.
async fn detach(tx: &mut Tx, connection: ConnectionId, person: &Person, why: &str) -> Result<(), Error> {
    let organization = tx.organization();
    let before = grants::effective(tx, organization, person.id).await?;
    for grant in tx.grants(organization, person.id).await? {
        if grant.connection_id == Some(connection) {
            tx.delete_grant(grant.id).await?;
        }
    }
    tx.update_person(&Person { managed_by: None, updated_at: tx.now(), ..person.clone() }).await?;
    audit::record(tx, Record::of(Action::PersonDetached, Target::Person(person.id)).because(why)).await?;
    outbox::emit(tx, &Event::UserDetached(person.id)).await?;
    Ok(grants::note_change(tx, person.id, &before, why).await?)
}
