//! The audit trail: the list of actions, and the one way to record that one was done. Never changes what it records.

mod record;
pub mod trail;

pub use record::{Action, Record, Target, record};
