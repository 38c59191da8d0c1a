//! The IdP's side and the bridge: connections and their credentials, SCIM resources as they were asserted, and what
//! access rules make of them in the directory. Knows no HTTP.

pub mod ceiling;
pub mod connections;
mod error;
mod links;
pub mod list;
mod members;
mod pattern;
mod reconcile;
pub mod resources;
pub mod rules;
pub mod tokens;
pub mod view;

pub use error::Error;
pub use view::View;

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
    pub(crate) bounds: Bounds,
}

impl Provisioning {
    /// In this store, within these bounds.
    #[must_use]
    pub const fn new(store: Store, bounds: Bounds) -> Self {
        Self { store, bounds }
    }
}
