//! The IdP's side and the bridge: connections and their credentials, SCIM resources as they were asserted, and what
//! access rules make of them in the directory. Knows no HTTP.

pub mod attention;
pub mod ceiling;
pub mod conflicts;
pub mod connections;
pub mod detach;
mod error;
pub mod groups;
mod guard;
pub mod health;
pub mod holds;
pub mod ladder;
mod links;
pub mod list;
pub mod mass_changes;
mod members;
mod pattern;
pub mod plans;
mod reconcile;
pub mod request_log;
pub mod resources;
pub mod rules;
pub mod set_up;
pub mod tokens;
pub mod view;
pub mod watch;

pub use error::Error;
pub use view::View;

use std::time::Duration;

use crate::directory::Directory;
use crate::scim::filter::Limits;
use crate::store::Store;

/// What a request may ask for.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Of a filter or a PATCH path.
    pub filter: Limits,
    /// Operations in one PATCH.
    pub patch_operations: usize,
    /// Resources that a filter without an index may look at.
    pub scan: usize,
}

/// The provisioning side of an installation. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Provisioning {
    pub(crate) store: Store,
    pub(crate) directory: Directory,
    pub(crate) bounds: Bounds,
    pub(crate) guards: Guards,
}

/// What no machine decides alone, in numbers.
#[derive(Debug, Clone, Copy)]
pub struct Guards {
    /// From how many people a connection may take something within the window.
    pub mass_change_count: u32,
    /// The same in percent of the connection's people; the larger counts.
    pub mass_change_percent: u32,
    /// The window.
    pub mass_change_window: Duration,
    /// By when somebody should have decided what is held.
    pub hold_deadline: Duration,
    /// How long a plan may be applied.
    pub plan_valid_for: Duration,
    /// People per transaction while one is.
    pub plan_batch: u32,
}

impl Provisioning {
    /// Beside this directory, within these bounds.
    #[must_use]
    pub fn new(directory: Directory, bounds: Bounds, guards: Guards) -> Self {
        Self { store: directory.store.clone(), directory, bounds, guards }
    }
}
