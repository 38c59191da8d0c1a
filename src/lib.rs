//! secaro-gateway.

pub mod app;
pub mod audit;
pub mod auth;
pub mod cli;
pub mod clock;
pub mod config;
pub mod conformance;
pub mod directory;
pub mod ids;
pub mod jobs;
pub mod outbox;
pub mod provisioning;
pub mod scim;
pub mod store;
pub mod telemetry;
pub mod web;
