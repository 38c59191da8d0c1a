//! Sessions: how one begins and how it ends, each with its audit record.

use std::time::Duration;

use serde_json::json;

use super::{Method, OpenSession};
use crate::audit::{self, Action, Record, Target};
use crate::auth::Session;
use crate::auth::actor::of_signing_in;
use crate::auth::session::NewSecret;
use crate::clock::Timestamp;
use crate::directory::{Directory, Error};
use crate::ids::{OrganizationId, PersonId, RequestId, SessionId};
use crate::store::sessions::NewSession;
use crate::store::{self, Tx};

/// The longest name of a browser that is kept.
const AGENT: usize = 200;

/// The browser that somebody signs in with, as far as it says.
#[derive(Debug, Clone, Default)]
pub struct Browser {
    /// What it calls itself.
    pub agent: Option<String>,
    /// Its network address.
    pub address: Option<String>,
}

/// How somebody proved who they are, and when: `None` if nobody says, and the session is never a fresh one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Proof {
    pub(crate) method: Method,
    pub(crate) at: Option<Timestamp>,
}

/// Begins a session in the transaction of a sign-in; the secret's text goes into the cookie.
pub(crate) async fn open_session(
    tx: &mut Tx,
    person: PersonId,
    proof: Proof,
    secret: &NewSecret,
    browser: &Browser,
    lifetime: Duration,
) -> Result<SessionId, store::Error> {
    let id: SessionId = tx.id();
    let agent = browser.agent.as_deref().map(|agent| agent.chars().filter(|c| !c.is_control()).take(AGENT).collect());
    let agent: Option<String> = agent;
    let expires_at = tx.now().plus(lifetime);
    tx.insert_session(&NewSession {
        id,
        person,
        hash: &secret.hash,
        method: proof.method,
        proved_at: proof.at,
        agent: agent.as_deref(),
        address: browser.address.as_deref(),
        expires_at,
    })
    .await?;
    let after = json!({ "session": id, "method": proof.method.as_str(), "agent": agent, "address": browser.address });
    audit::record(tx, Record::of(Action::SignedIn, Target::Person(person)).after(after)).await?;
    Ok(id)
}

/// Ends every session and voids every link of a person, in the transaction of what takes their access or role.
pub(crate) async fn end_for(tx: &mut Tx, person: PersonId, why: &str) -> Result<(), store::Error> {
    tx.void_sign_in_links(person).await?;
    let sessions = tx.end_sessions(person, why).await?;
    if sessions > 0 {
        let record = Record::of(Action::SessionEnded, Target::Person(person)).because(why);
        audit::record(tx, record.after(json!({ "sessions": sessions }))).await?;
    }
    Ok(())
}

impl Directory {
    /// Ends the session of whoever signs out.
    pub async fn sign_out(&self, session: &Session) -> Result<(), Error> {
        self.end_one(session.member().author(), session.person(), session.id(), "signed out").await
    }

    /// Ends the session that a browser had before somebody signed in with it.
    pub(super) async fn replace_session(
        &self,
        organization: OrganizationId,
        person: PersonId,
        old: SessionId,
        request: RequestId,
    ) -> Result<(), Error> {
        let author = of_signing_in(organization, person, "", request);
        self.end_one(author, person, old, "signed in again").await
    }

    async fn end_one(&self, author: store::Author, person: PersonId, id: SessionId, why: &str) -> Result<(), Error> {
        let mut tx = self.store.begin(author).await?;
        if tx.end_session(id, why).await? {
            let record = Record::of(Action::SessionEnded, Target::Person(person)).because(why);
            audit::record(&mut tx, record.after(json!({ "session": id }))).await?;
            tx.commit().await?;
        }
        Ok(())
    }

    /// The browsers in which a person is signed in, oldest first.
    pub async fn open_sessions(
        &self,
        organization: OrganizationId,
        person: PersonId,
    ) -> Result<Vec<OpenSession>, Error> {
        let now = self.store.clock().now();
        Ok(self.store.read().await?.open_sessions(organization, person, now).await?)
    }

    /// Ends every session of a person, and voids their links: an Organization admin decides, or they themselves.
    pub async fn end_sessions(&self, session: &Session, person: PersonId) -> Result<(), Error> {
        let organization = session.organization_id();
        let mut tx = if person == session.person() {
            self.begin_as_oneself(&session.member()).await?
        } else {
            self.begin(&session.actor(), organization).await?
        };
        if tx.person(organization, person).await?.is_none() {
            return Err(Error::NotFound { kind: "person", name: person.to_string(), advice: "see the list of users" });
        }
        end_for(&mut tx, person, "ended in the console").await?;
        if tx.has_changed() && !tx.has_recorded() {
            let record = Record::of(Action::SessionEnded, Target::Person(person)).because("ended in the console");
            audit::record(&mut tx, record).await?;
        }
        tx.commit().await
    }

    /// Notes that somebody took a file of so many rows away.
    pub async fn note_export(&self, session: &Session, what: &str, rows: usize) -> Result<(), Error> {
        let mut tx = self.store.begin(session.member().author()).await?;
        let record = Record::of(Action::ExportMade, Target::Organization(session.organization_id())).because(what);
        audit::record(&mut tx, record.after(json!({ "rows": rows }))).await?;
        Ok(tx.commit().await?)
    }

    /// Deletes sessions and links that ended, and forms that nobody came back for, longer ago than a day.
    pub async fn prune_sign_ins(&self) -> Result<u64, Error> {
        let before = self.store.clock().now().minus(Duration::from_hours(24));
        let mut books = self.store.books().await?;
        let deleted = books.prune_sessions(before).await?
            + books.prune_sign_in_links(before).await?
            + books.prune_oidc_flows(before).await?
            + books.prune_sign_in_asks(before).await?
            + books.prune_kept_forms(before).await?;
        books.commit().await?;
        Ok(deleted)
    }
}
