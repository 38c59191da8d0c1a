//! `migrate`: brings the database's tables up to date. Opening does that by itself; this is for those who want it
//! done before the server starts.

use serde_json::json;

use super::answer::Answer;
use super::session::Session;

pub(super) fn run(session: &Session) -> Answer {
    let (database, schema) = (&session.opened.database, session.opened.schema);
    let text = format!("The tables of {database} are up to date (migration {schema}).");
    Answer::new(&json!({ "database": database, "schema": schema }), text)
}
