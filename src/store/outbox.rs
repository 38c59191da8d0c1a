//! `outbox`: what goes out, written with the change it tells of.

use sqlx::FromRow;
use uuid::Uuid;

use super::statement::{run, statements};
use super::{Error, Reader, Tx};
use crate::ids::{EventId, OrganizationId, RequestId};

/// An event as it was written.
#[derive(Debug, Clone, FromRow, serde::Serialize)]
pub struct EventRow {
    /// What happened.
    pub kind: String,
    /// The rest of it, as JSON.
    pub payload: String,
}

statements! {
    INSERT = "INSERT INTO outbox (organization_id, id, kind, subject_id, payload, request_id, created_at) \
        VALUES ($1, $2, $3, $4, $5, $6, $7)";
    OF_REQUEST = "SELECT kind, payload FROM outbox WHERE organization_id = $1 AND request_id = $2 \
        ORDER BY created_at, id LIMIT 1000";
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
}

impl Tx {
    /// Adds an event about a subject; `payload` is JSON.
    pub async fn insert_event(&mut self, kind: &'static str, subject: Uuid, payload: &str) -> Result<(), Error> {
        let id: EventId = self.id();
        let (organization, request, now) = (self.organization(), self.author().request, self.now());
        run!(self.changing(), execute(INSERT, organization, id, kind, subject, payload, request, now)).map(drop)
    }
}
