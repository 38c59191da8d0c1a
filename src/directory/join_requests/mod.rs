//! Requests to join: a stranger proves a mailbox, and only then sees whom they may ask; an Organization admin decides,
//! once. The files follow a request's way: form, proof, standing, ask, decide, end.

mod ask;
mod decide;
mod end;
mod form;
mod list;
mod proof;
mod standing;

pub use decide::{Decision, Outcome};
pub(crate) use end::{close_for, withdraw_for};
pub use form::{Flaw, Registration, Wanted};
pub use list::{Listed, Order, Page, Wish};
pub use proof::Mailbox;
pub use standing::{Offer, Standing};

use serde_json::json;

use crate::clock::Timestamp;
use crate::ids::{JoinRequestId, OrganizationId, PersonId};
use crate::outbox::mail::Requester;
pub use crate::store::join_requests::{JoinRequestState, MatchedBy};
use crate::store::{self, join_requests::JoinRequestRow};

/// Somebody's request to join an organization.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct JoinRequest {
    /// Its id.
    pub id: JoinRequestId,
    /// Whom they ask.
    #[serde(skip)]
    pub organization: OrganizationId,
    /// The proven address.
    pub email: String,
    /// The same as it is compared.
    #[serde(skip)]
    pub email_key: String,
    /// Their name.
    pub name: String,
    /// By what they may ask.
    pub matched_by: MatchedBy,
    /// The domain or the DUNS number.
    pub matched: String,
    /// What they say.
    pub note: Option<String>,
    /// The facilities they would like, in their words.
    pub wishes: Option<String>,
    /// When they asked.
    pub asked_at: Timestamp,
    /// When it ends undecided.
    pub expires_at: Timestamp,
    /// The person they became.
    pub person: Option<PersonId>,
    /// What came of it.
    #[serde(flatten)]
    pub state: State,
    #[serde(skip)]
    reminders: i64,
}

/// What came of a request, and only what that leaves behind.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum State {
    /// Nobody has decided yet.
    Pending,
    /// They are in.
    Accepted {
        /// Who decided.
        by: String,
        /// When.
        at: Timestamp,
    },
    /// They are not.
    Rejected {
        /// Who decided.
        by: String,
        /// When.
        at: Timestamp,
        /// What they say.
        message: Option<String>,
    },
    /// Nobody decided in time.
    Expired {
        /// When it ended.
        at: Timestamp,
    },
    /// Whoever asked took it back.
    Withdrawn {
        /// When.
        at: Timestamp,
    },
}

impl State {
    /// What happened to it, in words; `None` while nothing has.
    #[must_use]
    pub fn words(&self) -> Option<String> {
        match self {
            Self::Pending => None,
            Self::Accepted { by, at } => Some(format!("{by} accepted this request at {at}")),
            Self::Rejected { by, at, .. } => Some(format!("{by} rejected this request at {at}")),
            Self::Expired { at } => Some(format!("this request expired at {at}")),
            Self::Withdrawn { at } => Some(format!("whoever made this request took it back at {at}")),
        }
    }
}

impl JoinRequest {
    /// As a row tells it.
    fn of(row: JoinRequestRow) -> Result<Self, store::Error> {
        let corrupt = |column| store::Error::Corrupt { table: "join_requests", column };
        let at = row.decided_at.ok_or(corrupt("decided_at"));
        let by = row.decided_by.ok_or(corrupt("decided_by"));
        let state = match row.state {
            JoinRequestState::Pending => State::Pending,
            JoinRequestState::Accepted => State::Accepted { by: by?, at: at? },
            JoinRequestState::Rejected => State::Rejected { by: by?, at: at?, message: row.message },
            JoinRequestState::Expired => State::Expired { at: at? },
            JoinRequestState::Withdrawn => State::Withdrawn { at: at? },
        };
        Ok(Self {
            id: row.id,
            organization: row.organization_id,
            email: row.email,
            email_key: row.email_key,
            name: row.display_name,
            matched_by: row.matched_by,
            matched: row.matched,
            note: row.note,
            wishes: row.wishes,
            asked_at: row.created_at,
            expires_at: row.expires_at,
            person: row.person_id,
            state,
            reminders: row.reminders,
        })
    }

    /// As admins are told of it.
    fn requester(&self) -> Requester {
        Requester { id: self.id, name: self.name.clone(), email: self.email.clone(), note: self.note.clone() }
    }

    /// As it stands in the trail.
    fn describe(&self) -> serde_json::Value {
        json!({
            "email": self.email,
            "name": self.name,
            "matchedBy": self.matched_by,
            "matched": self.matched,
            "note": self.note,
            "wishes": self.wishes,
        })
    }
}
