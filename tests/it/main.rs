//! The integration tests: one binary, run once with TEST_STORE=sqlite and once with TEST_STORE=postgres.
//! What needs no database, no router and no process is tested beside its code instead.
#![cfg(test)]

mod assets;
mod bridge;
mod cli;
mod conformance;
mod console;
mod decisions;
mod domains;
mod http;
mod invitations;
mod jobs;
mod join_requests;
mod journey;
mod lists;
mod mail;
mod plans;
mod request_log;
mod routes;
mod scim2_tester;
mod scim_snapshots;
mod security;
mod serving;
mod statements;
mod store;
mod support;
mod tidy;
mod upgrade;
