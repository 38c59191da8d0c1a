//! `mass_changes`: what one connection took from people within one window, and `mass_change_people`: from whom.

use sqlx::FromRow;

use super::columns::named_states;
use super::statement::{run, statements};
use super::{Error, Reader, Tx};
use crate::clock::Timestamp;
use crate::ids::{ConnectionId, MassChangeId, OrganizationId, PersonId};

named_states! {
    /// What was taken.
    pub enum MassChangeKind {
        /// Permissions.
        RoleLoss = "role_loss",
        /// All access.
        Deactivation = "deactivation",
    }
}

/// What one connection took from people within one window.
#[derive(Debug, Clone, FromRow, serde::Serialize)]
pub struct MassChange {
    /// Its id.
    pub id: MassChangeId,
    /// By which connection.
    #[serde(skip)]
    pub connection_id: ConnectionId,
    /// What was taken.
    pub kind: MassChangeKind,
    /// When the window began.
    pub begun_at: Timestamp,
    /// How many people lost something.
    pub people: i64,
    /// How many kept it, because more may not lose it unasked.
    pub held: i64,
    /// How many people may lose something within this window, once it was counted.
    #[serde(skip)]
    pub threshold: Option<i64>,
    /// Since when it is past the threshold.
    pub alarmed_at: Option<Timestamp>,
    /// When it was undone.
    pub undone_at: Option<Timestamp>,
}

statements! {
    CURRENT = "SELECT id, connection_id, kind, begun_at, people, held, threshold, alarmed_at, undone_at \
        FROM mass_changes \
        WHERE organization_id = $1 AND connection_id = $2 AND kind = $3 AND begun_at > $4 AND undone_at IS NULL \
        ORDER BY begun_at DESC, id DESC LIMIT 1";
    BY_ID = "SELECT id, connection_id, kind, begun_at, people, held, threshold, alarmed_at, undone_at \
        FROM mass_changes \
        WHERE organization_id = $1 AND id = $2";
    ALARMED = "SELECT id, connection_id, kind, begun_at, people, held, threshold, alarmed_at, undone_at \
        FROM mass_changes \
        WHERE organization_id = $1 AND alarmed_at IS NOT NULL ORDER BY begun_at DESC, id DESC LIMIT 100";
    PUT = "INSERT INTO mass_changes \
        (organization_id, id, connection_id, kind, begun_at, people, held, threshold, alarmed_at, undone_at) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) \
        ON CONFLICT (organization_id, id) DO UPDATE SET people = excluded.people, held = excluded.held, \
        threshold = excluded.threshold, alarmed_at = excluded.alarmed_at, undone_at = excluded.undone_at";
    COUNT_PERSON = "SELECT COUNT(*) FROM mass_change_people \
        WHERE organization_id = $1 AND mass_change_id = $2 AND person_id = $3";
    ADD_PERSON = "INSERT INTO mass_change_people (organization_id, mass_change_id, person_id, at) \
        VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
    PEOPLE = "SELECT person_id FROM mass_change_people WHERE organization_id = $1 AND mass_change_id = $2 \
        ORDER BY person_id";
}

impl Reader {
    /// What a connection has taken since a time, if it goes on counting.
    pub async fn current_mass_change(
        &mut self,
        organization: OrganizationId,
        connection: ConnectionId,
        kind: MassChangeKind,
        since: Timestamp,
    ) -> Result<Option<MassChange>, Error> {
        run!(self, query_as::<MassChange>(CURRENT, organization, connection, kind, since).fetch_optional)
    }

    /// The one of this id.
    pub async fn mass_change(
        &mut self,
        organization: OrganizationId,
        id: MassChangeId,
    ) -> Result<Option<MassChange>, Error> {
        run!(self, query_as::<MassChange>(BY_ID, organization, id).fetch_optional)
    }

    /// The last hundred that went past the threshold, newest first.
    pub async fn alarmed_mass_changes(&mut self, organization: OrganizationId) -> Result<Vec<MassChange>, Error> {
        run!(self, query_as::<MassChange>(ALARMED, organization).fetch_all)
    }

    /// Whether a person is among those who lost something.
    pub async fn is_in_mass_change(
        &mut self,
        organization: OrganizationId,
        id: MassChangeId,
        person: PersonId,
    ) -> Result<bool, Error> {
        let count = run!(self, query_scalar::<i64>(COUNT_PERSON, organization, id, person).fetch_one)?;
        Ok(count > 0)
    }

    /// Those who lost something.
    pub async fn people_of_mass_change(
        &mut self,
        organization: OrganizationId,
        id: MassChangeId,
    ) -> Result<Vec<PersonId>, Error> {
        run!(self, query_scalar::<PersonId>(PEOPLE, organization, id).fetch_all)
    }
}

impl Tx {
    /// Writes one; its id, connection, kind and beginning stay as they were.
    pub async fn put_mass_change(&mut self, row: &MassChange) -> Result<(), Error> {
        let organization = self.organization();
        run!(
            self.changing(),
            execute(
                PUT,
                organization,
                row.id,
                row.connection_id,
                row.kind,
                row.begun_at,
                row.people,
                row.held,
                row.threshold,
                row.alarmed_at,
                row.undone_at,
            )
        )
        .map(drop)
    }

    /// Adds somebody who lost something; `false` if they are counted already.
    pub async fn add_to_mass_change(&mut self, id: MassChangeId, person: PersonId) -> Result<bool, Error> {
        let (organization, now) = (self.organization(), self.now());
        run!(self.changing(), execute(ADD_PERSON, organization, id, person, now)).map(|rows| rows > 0)
    }
}
