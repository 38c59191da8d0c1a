//! `outbox`: what goes out, written with the change it tells of.

use sqlx::FromRow;
use uuid::Uuid;

use super::statement::{run, statements};
use super::{Error, Reader, Tx};
use crate::clock::Timestamp;
use crate::ids::{EventId, OrganizationId, RequestId};

/// An event that admins have not been told of.
#[derive(Debug, Clone, FromRow)]
pub struct Untold {
    /// Its kind's name.
    pub kind: String,
    /// What it is about.
    pub subject_id: Uuid,
    /// What it says, as JSON.
    pub payload: String,
}

/// An event as it was written.
#[derive(Debug, Clone, FromRow, serde::Serialize)]
pub struct EventRow {
    /// What happened.
    pub kind: String,
    /// The rest of it, as JSON.
    pub payload: String,
}

statements! {
    INSERT = "INSERT INTO outbox \
        (organization_id, id, kind, subject_id, payload, request_id, created_at, notified_at) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    OF_REQUEST = "SELECT kind, payload FROM outbox WHERE organization_id = $1 AND request_id = $2 \
        ORDER BY created_at, id LIMIT 1000";
    UNTOLD = "SELECT kind, subject_id, payload FROM outbox \
        WHERE organization_id = $1 AND notified_at IS NULL AND kind <> 'user.deactivated' ORDER BY created_at, id";
    UNTOLD_DEACTIVATIONS = "SELECT kind, subject_id, payload FROM outbox \
        WHERE organization_id = $1 AND notified_at IS NULL AND kind = 'user.deactivated' ORDER BY created_at, id";
    FIRST_DEACTIVATION = "SELECT created_at FROM outbox \
        WHERE organization_id = $1 AND notified_at IS NULL AND kind = 'user.deactivated' ORDER BY created_at LIMIT 1";
    TOLD = "UPDATE outbox SET notified_at = $2 \
        WHERE organization_id = $1 AND notified_at IS NULL AND kind <> 'user.deactivated'";
    TOLD_DEACTIVATIONS = "UPDATE outbox SET notified_at = $2 \
        WHERE organization_id = $1 AND notified_at IS NULL AND kind = 'user.deactivated'";
}

impl Reader {
    /// The events of one request, in their order; at most a thousand.
    pub async fn events_of_request(
        &mut self,
        organization: OrganizationId,
        request: RequestId,
    ) -> Result<Vec<EventRow>, Error> {
        run!(self, query_as::<EventRow>(OF_REQUEST, organization, request).fetch_all)
    }

    /// What admins are to be told of and have not been, oldest first; not who was deactivated.
    pub async fn untold(&mut self, organization: OrganizationId) -> Result<Vec<Untold>, Error> {
        run!(self, query_as::<Untold>(UNTOLD, organization).fetch_all)
    }

    /// The deactivations that admins have not been told of, oldest first.
    pub async fn untold_deactivations(&mut self, organization: OrganizationId) -> Result<Vec<Untold>, Error> {
        run!(self, query_as::<Untold>(UNTOLD_DEACTIVATIONS, organization).fetch_all)
    }

    /// When the oldest of them was.
    pub async fn first_untold_deactivation(
        &mut self,
        organization: OrganizationId,
    ) -> Result<Option<Timestamp>, Error> {
        run!(self, query_scalar::<Timestamp>(FIRST_DEACTIVATION, organization).fetch_optional)
    }
}

impl Tx {
    /// Adds an event about a subject; `payload` is JSON. `untold`: admins are still to be told of it.
    pub async fn insert_event(
        &mut self,
        kind: &'static str,
        subject: Uuid,
        payload: &str,
        untold: bool,
    ) -> Result<(), Error> {
        let id: EventId = self.id();
        let (organization, request, now) = (self.organization(), self.author().request, self.now());
        let told_at = (!untold).then_some(now);
        run!(self.changing(), execute(INSERT, organization, id, kind, subject, payload, request, now, told_at))
            .map(drop)
    }

    /// Notes that admins are told of everything that [`Reader::untold`] names.
    pub async fn events_told(&mut self) -> Result<(), Error> {
        let (organization, now) = (self.organization(), self.now());
        run!(self.changing(), execute(TOLD, organization, now)).map(drop)
    }

    /// Notes that admins are told of everybody whom [`Reader::untold_deactivations`] names.
    pub async fn deactivations_told(&mut self) -> Result<(), Error> {
        let (organization, now) = (self.organization(), self.now());
        run!(self.changing(), execute(TOLD_DEACTIVATIONS, organization, now)).map(drop)
    }
}
