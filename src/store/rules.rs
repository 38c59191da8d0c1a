//! `rules`: the access rules of connections.

use sqlx::FromRow;

use super::columns::named_states;
use super::statement::{run, statements};
use super::{Error, Reader, Tx};
use crate::clock::Timestamp;
use crate::ids::{ConnectionId, OrganizationId, RuleId};

named_states! {
    /// What a rule looks at.
    pub enum RuleKind {
        /// One group, by its id.
        Group = "group",
        /// The name of a group.
        Pattern = "pattern",
        /// An attribute of the User.
        Attribute = "attribute",
    }
}

/// A rule as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, FromRow, serde::Serialize)]
pub struct RuleRow {
    /// Its id.
    pub id: RuleId,
    /// The connection whose resources it looks at.
    #[serde(skip)]
    pub connection_id: ConnectionId,
    /// What it looks at.
    pub kind: RuleKind,
    /// The group's id, the name pattern, or the attribute's path.
    pub subject: String,
    /// What the attribute has to equal.
    pub value: Option<String>,
    /// Permissions, separated by commas.
    pub gives: String,
    /// Whether it is in force.
    pub enabled: bool,
    /// Why it is there.
    pub note: Option<String>,
    /// Since when.
    pub created_at: Timestamp,
}

statements! {
    OF_CONNECTION = "SELECT id, connection_id, kind, subject, value, gives, enabled, note, created_at FROM rules \
        WHERE organization_id = $1 AND connection_id = $2 ORDER BY id";
    BY_ID = "SELECT id, connection_id, kind, subject, value, gives, enabled, note, created_at FROM rules \
        WHERE organization_id = $1 AND id = $2";
    INSERT = "INSERT INTO rules \
        (organization_id, id, connection_id, kind, subject, value, gives, enabled, note, created_at) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    UPDATE = "UPDATE rules SET kind = $3, subject = $4, value = $5, gives = $6, enabled = $7, note = $8 \
        WHERE organization_id = $1 AND id = $2";
    DELETE = "DELETE FROM rules WHERE organization_id = $1 AND id = $2";
}

impl Reader {
    /// The rules of a connection, in the order they were made.
    pub async fn rules(
        &mut self,
        organization: OrganizationId,
        connection: ConnectionId,
    ) -> Result<Vec<RuleRow>, Error> {
        run!(self, query_as::<RuleRow>(OF_CONNECTION, organization, connection).fetch_all)
    }

    /// The rule of this id.
    pub async fn rule(&mut self, organization: OrganizationId, id: RuleId) -> Result<Option<RuleRow>, Error> {
        run!(self, query_as::<RuleRow>(BY_ID, organization, id).fetch_optional)
    }
}

impl Tx {
    /// Adds one.
    pub async fn insert_rule(&mut self, row: &RuleRow) -> Result<(), Error> {
        let organization = self.organization();
        run!(
            self.changing(),
            execute(
                INSERT,
                organization,
                row.id,
                row.connection_id,
                row.kind,
                &row.subject,
                &row.value,
                &row.gives,
                row.enabled,
                &row.note,
                row.created_at,
            )
        )
        .map(drop)
    }

    /// Writes everything but its connection and since when it is there.
    pub async fn update_rule(&mut self, row: &RuleRow) -> Result<(), Error> {
        let organization = self.organization();
        run!(
            self.changing(),
            execute(
                UPDATE,
                organization,
                row.id,
                row.kind,
                &row.subject,
                &row.value,
                &row.gives,
                row.enabled,
                &row.note
            )
        )
        .map(drop)
    }

    /// Takes one away.
    pub async fn delete_rule(&mut self, id: RuleId) -> Result<(), Error> {
        let organization = self.organization();
        run!(self.changing(), execute(DELETE, organization, id)).map(drop)
    }
}
