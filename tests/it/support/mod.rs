//! What the tests share. Holds no test of the gateway and no expectation of its own.

pub(crate) mod app;
pub(crate) mod database;
pub(crate) mod dns;
pub(crate) mod oidc;
pub(crate) mod op;
pub(crate) mod process;
pub(crate) mod smtp;
pub(crate) mod sql;
