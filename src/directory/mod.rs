//! Secaro's side: organizations, facilities, people, and what each may do. Knows nothing of SCIM resources, groups
//! or rules; a connection is only the source of a grant here.

pub mod email;
mod error;
pub mod explain;
pub mod facilities;
pub mod grants;
pub mod key;
pub mod organizations;
pub mod people;
pub mod permissions;

pub use error::Error;
pub use key::Key;

use crate::store::Store;

/// The directory of an installation. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Directory {
    pub(crate) store: Store,
}

impl Directory {
    /// In this store.
    #[must_use]
    pub const fn new(store: Store) -> Self {
        Self { store }
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), Error> {
        Ok(self.store.ping().await?)
    }
}
