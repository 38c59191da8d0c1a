//! Who is calling, and on whose authority something is written. A value of these types exists only because somebody
//! was authenticated. Decides nothing about what is asked for.

pub mod actor;
pub mod bearer;

pub use actor::{Caller, Operator};
pub use bearer::{Authenticator, Refusal};
