//! `installation`: what all processes of an installation have to agree on. No organization's.

use super::statement::{run, statements};
use super::{Books, Error};

statements! {
    REMEMBER = "INSERT INTO installation (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING",
        installation_wide "what all processes agree on";
    VALUE = "SELECT value FROM installation WHERE name = $1", installation_wide "what all processes agree on";
}

impl Books {
    /// What is remembered by this name: `value`, if nothing was so far.
    pub async fn remember(&mut self, name: &str, value: &str) -> Result<String, Error> {
        run!(self.writing(), execute(REMEMBER, name, value))?;
        run!(self.writing(), query_scalar::<String>(VALUE, name).fetch_one)
    }
}
