//! secaro-gateway.

pub mod clock;
pub mod config;
pub mod conformance;
pub mod ids;
pub mod scim;
