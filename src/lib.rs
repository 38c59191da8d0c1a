//! secaro-gateway.

pub mod clock;
pub mod ids;
pub mod scim;
