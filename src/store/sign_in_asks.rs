//! `sign_in_asks`: who asked for a link into the console, by address alone. No organization's: whether the address is
//! anybody's is looked at later.

use sqlx::FromRow;

use super::statement::{run, statements};
use super::{Books, Error, Reader};
use crate::clock::Timestamp;
use crate::ids::{RequestId, SignInAskId};

/// Somebody asked.
#[derive(Debug, Clone, FromRow)]
pub struct SignInAsk {
    /// Its id.
    pub id: SignInAskId,
    /// The address as it is compared.
    pub email_key: String,
    /// Where the link is to lead.
    pub return_to: String,
    /// By which request.
    pub request_id: RequestId,
    /// When.
    pub created_at: Timestamp,
    /// When it was answered, by links or by none.
    pub answered_at: Option<Timestamp>,
}

statements! {
    OF_ADDRESS = "SELECT COUNT(*) FROM sign_in_asks WHERE email_key = $1 AND created_at > $2",
        installation_wide "who asks for a link names an address and no organization";
    INSERT = "INSERT INTO sign_in_asks (id, email_key, return_to, request_id, created_at) VALUES ($1, $2, $3, $4, $5)",
        installation_wide "who asks for a link names an address and no organization";
    BY_ID = "SELECT id, email_key, return_to, request_id, created_at, answered_at FROM sign_in_asks WHERE id = $1",
        installation_wide "the worker answers everybody";
    ANSWER = "UPDATE sign_in_asks SET answered_at = $2 WHERE id = $1",
        installation_wide "the worker answers everybody";
    PRUNE = "DELETE FROM sign_in_asks WHERE created_at < $1",
        installation_wide "who asks for a link names an address and no organization";
}

impl Reader {
    /// The one of this id.
    pub async fn sign_in_ask(&mut self, id: SignInAskId) -> Result<Option<SignInAsk>, Error> {
        run!(self, query_as::<SignInAsk>(BY_ID, id).fetch_optional)
    }
}

impl Books {
    /// How often an address asked since a time. Whoever asks with it next waits until this is committed.
    pub async fn count_sign_in_asks(&mut self, email_key: &str, since: Timestamp) -> Result<i64, Error> {
        self.take_turns(email_key).await?;
        run!(self.writing(), query_scalar::<i64>(OF_ADDRESS, email_key, since).fetch_one)
    }

    /// Adds one.
    pub async fn insert_sign_in_ask(&mut self, ask: &SignInAsk) -> Result<(), Error> {
        let SignInAsk { id, email_key, return_to, request_id, created_at, .. } = ask;
        run!(self.writing(), execute(INSERT, *id, email_key, return_to, *request_id, *created_at)).map(drop)
    }

    /// Notes that one was answered.
    pub async fn answer_sign_in_ask(&mut self, id: SignInAskId, at: Timestamp) -> Result<(), Error> {
        run!(self.writing(), execute(ANSWER, id, at)).map(drop)
    }

    /// Deletes those from before a time; answers how many.
    pub async fn prune_sign_in_asks(&mut self, before: Timestamp) -> Result<u64, Error> {
        run!(self.writing(), execute(PRUNE, before))
    }
}
