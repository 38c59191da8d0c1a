//! secaro-gateway.

pub mod clock;
pub mod conformance;
pub mod ids;
pub mod scim;
