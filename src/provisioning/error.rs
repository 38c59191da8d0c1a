//! What can stand in the way of a provisioning call: the protocol, the domain, or the database.

use crate::{directory, scim, store};

/// A refusal or failure.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The request cannot be answered as asked.
    #[error(transparent)]
    Scim(#[from] scim::Error),
    /// The domain refuses.
    #[error(transparent)]
    Directory(#[from] directory::Error),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] store::Error),
}
