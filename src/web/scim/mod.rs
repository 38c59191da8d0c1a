//! The SCIM surface: `/scim/v2/{connection}/…` (RFC 7644). Knows what a request and an answer look like, and leaves
//! every decision to the domain.

pub(super) mod caller;
pub(super) mod negotiate;
pub mod paging;
pub mod query;
pub mod respond;

use crate::auth::Authenticator;
use crate::config;

/// What the SCIM endpoints answer from.
#[derive(Debug)]
pub struct Scim {
    authenticator: Authenticator,
    limits: config::Scim,
    server: config::Server,
    /// Where IdPs reach `/scim/v2`, without a trailing slash.
    base_url: String,
    budget: caller::Budget,
}
