//! The request log: what each call of the SCIM surface was, from its first byte, and what came of it, refused and
//! unauthenticated calls too. Keeps no secret and no value of a body. What a call changed is not kept here again: the
//! audit records and events of the same request say it.

mod meaning;
mod queue;
mod read;
mod record;
mod redact;
mod row;

pub use meaning::Says;
pub use queue::Recorder;
pub use read::{Filters, Gap, Listed, Logged, Scope, Shown, Status};
pub use record::{Arrived, Open, Recording, Step};

use std::time::Duration;

use crate::store::Store;

/// How requests are kept.
#[derive(Debug, Clone, Copy)]
pub struct Keeping {
    /// For how long.
    pub retention: Duration,
    /// Whether the structure of bodies is kept too.
    pub capture_bodies: bool,
    /// How many may wait to be written.
    pub queue: usize,
}

/// The request log of an installation. Cheap to clone.
#[derive(Debug, Clone)]
pub struct RequestLog {
    store: Store,
    recorder: Recorder,
    retention: Duration,
}

impl RequestLog {
    /// In this store.
    #[must_use]
    pub fn new(store: Store, keeping: Keeping) -> Self {
        let recorder = Recorder::new(keeping.queue, keeping.capture_bodies);
        Self { store, recorder, retention: keeping.retention }
    }

    /// What requests are handed to.
    #[must_use]
    pub fn recorder(&self) -> Recorder {
        self.recorder.clone()
    }
}
