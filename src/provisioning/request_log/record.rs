//! One call while it is being answered: whoever learns something about it adds it here. Only copies what is there;
//! what has to be worked out is worked out when it is written, beside the requests.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::meaning::Says;
use super::{Recorder, redact};
use crate::auth::Caller;
use crate::clock::Timestamp;
use crate::ids::{ConnectionId, OrganizationId, RequestId, ResourceId};
use crate::provisioning::View;
use crate::scim::{Error, Normaliser, ResourceType, ScimType};
use crate::store::columns::named_states;

/// Longest path and query that are looked at, in bytes.
const ADDRESS_BYTES: usize = 2048;

/// Longest name of a client that is kept, in bytes.
const AGENT_BYTES: usize = 256;

/// The status of a call whose client went away before it was answered. No HTTP status says that; this number is what
/// proxies write for it.
const GONE: u16 = 499;

named_states! {
    /// What happens to a call on its way; what the domain does in between is in the audit records of the call.
    pub enum Step {
        /// Its first byte came.
        Received = "received",
        /// The credential was accepted.
        Authenticated = "authenticated",
        /// The body was read, and is JSON.
        Read = "read",
        /// The domain did what was asked, and it is on disk.
        Applied = "applied",
        /// The answer was ready.
        Answered = "answered",
    }
}

/// What is known of a call when its head has come.
#[derive(Debug)]
pub struct Arrived<'a> {
    /// Its id.
    pub id: RequestId,
    /// When it came.
    pub at: Timestamp,
    /// Its method, one of a fixed set of words.
    pub method: &'static str,
    /// Its path, in its one spelling.
    pub path: &'a str,
    /// Its query, as it was sent.
    pub query: Option<&'a str>,
    /// The client's network address.
    pub address: Option<IpAddr>,
    /// What the client calls itself.
    pub agent: Option<&'a [u8]>,
}

/// All that is known of a call.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) id: RequestId,
    pub(super) at: Timestamp,
    started: Instant,
    pub(super) method: &'static str,
    pub(super) path: String,
    pub(super) query: Option<String>,
    pub(super) address: Option<IpAddr>,
    pub(super) agent: Option<String>,
    pub(super) caller: Option<Who>,
    pub(super) says: Option<Says>,
    pub(super) body: Option<String>,
    pub(super) target: Option<(ResourceId, String)>,
    pub(super) quirks: Vec<&'static str>,
    pub(super) steps: Vec<(Step, Duration)>,
    pub(super) status: u16,
    pub(super) scim_type: Option<ScimType>,
    pub(super) detail: Option<String>,
}

/// Whose credential was accepted.
#[derive(Debug)]
pub(super) struct Who {
    pub(super) organization: OrganizationId,
    pub(super) connection: ConnectionId,
    pub(super) key: String,
    pub(super) credential: String,
}

impl Entry {
    fn of(arrived: &Arrived<'_>) -> Self {
        let agent = |agent: &[u8]| String::from_utf8_lossy(&agent[..agent.len().min(AGENT_BYTES)]).into_owned();
        Self {
            id: arrived.id,
            at: arrived.at,
            started: Instant::now(),
            method: arrived.method,
            path: redact::head(arrived.path, ADDRESS_BYTES).to_owned(),
            query: arrived.query.map(|query| redact::head(query, ADDRESS_BYTES).to_owned()),
            address: arrived.address,
            agent: arrived.agent.map(agent),
            caller: None,
            says: None,
            body: None,
            target: None,
            quirks: Vec::new(),
            steps: vec![(Step::Received, Duration::ZERO)],
            status: GONE,
            scim_type: None,
            detail: None,
        }
    }

    /// Whether resources were asked for by what they are, and not by their id.
    pub(super) fn lists(&self) -> bool {
        matches!(self.method, "GET" | "HEAD") || self.path.ends_with("/.search")
    }

    fn reach(&mut self, step: Step) {
        self.steps.push((step, self.started.elapsed()));
    }
}

/// A call that is being answered, for all who learn something about it. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Recording {
    entry: Arc<Mutex<Option<Entry>>>,
    capture: bool,
}

impl Recording {
    pub(super) fn of(arrived: &Arrived<'_>, capture: bool) -> Self {
        Self { entry: Arc::new(Mutex::new(Some(Entry::of(arrived)))), capture }
    }

    fn entry(&self) -> MutexGuard<'_, Option<Entry>> {
        self.entry.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, add: impl FnOnce(&mut Entry)) {
        if let Some(entry) = self.entry().as_mut() {
            add(entry);
        }
    }

    /// The credential was accepted.
    pub fn authenticated(&self, caller: &Caller) {
        self.add(|entry| {
            entry.reach(Step::Authenticated);
            entry.caller = Some(Who {
                organization: caller.organization(),
                connection: caller.connection(),
                key: caller.connection_key().to_owned(),
                credential: caller.credential_key().to_owned(),
            });
        });
    }

    /// The body was read. Nothing of it is kept but what it asks for and, where capture is on, its structure.
    pub fn read(&self, resource_type: ResourceType, body: &Value) {
        self.add(|entry| {
            entry.reach(Step::Read);
            entry.says = Some(Says::of(resource_type, body));
            entry.body = self.capture.then(|| redact::body(body));
        });
    }

    /// The domain did what was asked, or refused; these deviations were taken.
    pub fn applied(&self, normaliser: &Normaliser, refused: bool) {
        self.add(|entry| {
            entry.quirks = normaliser.applied().iter().map(|quirk| quirk.name()).collect();
            if !refused {
                entry.reach(Step::Applied);
            }
        });
    }

    /// What it was about.
    pub fn about(&self, view: &View) {
        self.add(|entry| entry.target = Some((view.row.id, view.name().to_owned())));
    }

    /// What is wrong with it.
    pub fn refused(&self, error: &Error) {
        self.add(|entry| {
            entry.scim_type = error.scim_type;
            entry.detail = Some(error.detail.clone());
        });
    }

    /// It is answered; nothing more can be added.
    pub(super) fn answered(&self, status: Option<u16>) -> Option<Entry> {
        let mut entry = self.entry().take()?;
        entry.reach(Step::Answered);
        match status {
            Some(status) => entry.status = status,
            None => entry.detail = Some("The client went away before it was answered.".to_owned()),
        }
        Some(entry)
    }
}

/// A call from its first byte to its answer. Dropped without one, the client went away, and that is kept too.
#[derive(Debug)]
pub struct Open {
    recorder: Recorder,
    recording: Recording,
}

impl Open {
    pub(super) const fn new(recorder: Recorder, recording: Recording) -> Self {
        Self { recorder, recording }
    }

    /// For whoever learns something about it.
    #[must_use]
    pub fn recording(&self) -> &Recording {
        &self.recording
    }

    /// The answer is ready.
    pub fn answered(self, status: u16) {
        if let Some(entry) = self.recording.answered(Some(status)) {
            self.recorder.hand_over(entry);
        }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        if let Some(entry) = self.recording.answered(None) {
            self.recorder.hand_over(entry);
        }
    }
}
