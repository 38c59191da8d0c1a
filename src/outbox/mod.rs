//! What goes out: the list of events and of mails, and the one way to add one to the change it tells of; and the queue
//! of work that waits for a worker. Sends nothing in a request.

mod event;
pub mod mail;
pub mod queue;

pub use event::{Event, emit};
