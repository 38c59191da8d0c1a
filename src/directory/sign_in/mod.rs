//! Signing in to the console: one-time links, the session that one begins, and how sessions end. Who somebody is at an
//! OpenID provider stands beside; what a signed-in person may do stands nowhere here.

mod asking;
mod forms;
mod identities;
mod links;
mod oidc;
mod providers;
mod return_to;
mod sessions;

pub use forms::Kept;
pub use links::{LinkShown, SignedIn};
pub use oidc::{Asked, Begun, CameBack, FLOW_LIFETIME};
pub use providers::{NewProvider, Provider};
pub use return_to::ReturnTo;
pub use sessions::Browser;

pub(crate) use sessions::end_for;

pub use crate::store::sign_in_identities::{BoundBy, IdentityRow};

pub use crate::store::sessions::{Method, OpenSession};
