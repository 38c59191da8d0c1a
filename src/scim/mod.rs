//! The protocol of RFC 7643 and RFC 7644, pure: what a schema says, what a body, a filter or a PATCH means, and
//! how a resource is written. Never does I/O, never knows a connection, a person or a permission.

pub mod error;
pub mod etag;
pub mod filter;
pub mod fold;
pub mod json;
pub mod messages;
pub mod patch;
pub mod path;
pub mod projection;
pub mod quirks;
pub mod render;
pub mod resource;
pub mod schema;
pub mod sort;

pub use error::{Error, Explained, ScimType, catalogue};
pub use fold::fold;
pub use quirks::{Dialect, Normaliser, Quirk};
pub use schema::ResourceType;
