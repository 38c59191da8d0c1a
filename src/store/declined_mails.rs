//! `declined_mails`: what an Organization admin does not want to be mailed. Nothing stands here of whoever gets it all.

use super::columns::named_states;
use super::statement::{run, statements};
use super::{Error, Reader, Tx};
use crate::ids::{OrganizationId, PersonId};

named_states! {
    /// What Organization admins may be mailed about, or not.
    pub enum Topic {
        /// Requests to join: that there is one, that it waits, what became of it.
        JoinRequests = "join_requests",
        /// What is held, and what nobody has decided by its deadline.
        Held = "held",
        /// Who was deactivated, in one mail a day or so.
        Deactivations = "deactivations",
        /// Tokens that end soon.
        Tokens = "tokens",
        /// Connections that are silent, or fail.
        Connections = "connections",
        /// Plans that were applied.
        Plans = "plans",
    }
}

statements! {
    ALL = "SELECT person_id, topic FROM declined_mails WHERE organization_id = $1 ORDER BY person_id, topic";
    INSERT = "INSERT INTO declined_mails (organization_id, person_id, topic, created_at) VALUES ($1, $2, $3, $4) \
        ON CONFLICT DO NOTHING";
    DELETE = "DELETE FROM declined_mails WHERE organization_id = $1 AND person_id = $2 AND topic = $3";
}

impl Reader {
    /// Who declined what.
    pub async fn declined_mails(&mut self, organization: OrganizationId) -> Result<Vec<(PersonId, Topic)>, Error> {
        run!(self, query_as::<(PersonId, Topic)>(ALL, organization).fetch_all)
    }
}

impl Tx {
    /// Notes that somebody does not want to be mailed about something.
    pub async fn decline_mails(&mut self, person: PersonId, topic: Topic) -> Result<(), Error> {
        let (organization, now) = (self.organization(), self.now());
        run!(self.changing(), execute(INSERT, organization, person, topic, now)).map(drop)
    }

    /// Notes that they do.
    pub async fn want_mails(&mut self, person: PersonId, topic: Topic) -> Result<(), Error> {
        let organization = self.organization();
        run!(self.changing(), execute(DELETE, organization, person, topic)).map(drop)
    }
}
