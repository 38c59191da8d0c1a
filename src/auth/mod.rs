//! Who is calling, and on whose authority something is written. A value of these types exists only because somebody
//! was authenticated. Decides nothing about what is asked for.

pub mod actor;
pub mod bearer;
pub mod mailed;
pub mod oidc;
mod sealed;
pub mod session;

pub use actor::{Actor, Caller, Member, Operator};
pub use bearer::{Authenticator, Refusal};
pub use mailed::InstallationKey;
pub use session::{Session, Sessions};
