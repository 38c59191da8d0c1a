//! `outbox`: what goes out, written with the change it tells of.

use uuid::Uuid;

use super::statement::{run, statements};
use super::{Error, Tx};
use crate::ids::EventId;

statements! {
    INSERT = "INSERT INTO outbox (organization_id, id, kind, subject_id, payload, request_id, created_at) \
        VALUES ($1, $2, $3, $4, $5, $6, $7)";
}

impl Tx {
    /// Adds an event about a subject; `payload` is JSON.
    pub async fn insert_event(&mut self, kind: &'static str, subject: Uuid, payload: &str) -> Result<(), Error> {
        let id: EventId = self.id();
        let (organization, request, now) = (self.organization(), self.author().request, self.now());
        run!(self.changing(), execute(INSERT, organization, id, kind, subject, payload, request, now)).map(drop)
    }
}
