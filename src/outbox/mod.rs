//! What goes out: the list of events, and the one way to emit one with the change it tells of. Sends nothing itself.

mod event;

pub use event::{Event, emit};
