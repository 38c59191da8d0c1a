//! secaro-gateway: a SCIM 2.0 gateway between companies' identity providers and Secaro.
//!
//! Identity providers (IdPs) create, change and deactivate people through SCIM; the gateway turns that into Secaro
//! people, facility permissions and admin roles, and keeps for an Organization admin what no machine should decide.
//!
//! # Code map
//!
//! A request walks down this list and never back up; `tests/it/tidy.rs` holds it to that.
//!
//! * [`web`]: everything HTTP. Extracts, makes one domain call, responds. Holds no rules.
//! * [`cli`]: the command line, one file per verb. Holds no rules either.
//! * [`jobs`]: what the gateway does by itself.
//! * [`provisioning`]: the IdP's side. Connections, credentials, SCIM resources, members, access rules, and the bridge
//!   that makes people and grants of them. Knows no HTTP.
//! * [`directory`]: Secaro's side. Organizations, facilities, people, permissions, and why each is there. Knows nothing
//!   of SCIM.
//! * [`audit`] and [`outbox`]: what was done, and what goes out; both are written in the transaction of the change.
//! * [`auth`]: who is calling. Only it makes an authority.
//! * [`store`]: the only user of SQL. SQLite and PostgreSQL, every text once. Holds no rules.
//! * [`scim`]: the protocol, pure. No I/O, no connection, no person.
//! * [`ids`], [`clock`], [`config`], [`telemetry`]: names, time and randomness, settings, logs. Know nothing of the rest.
//! * [`conformance`]: replays recorded SCIM conversations against any server. Knows nothing of the rest.
//! * [`app`]: puts the parts together.
//!
//! # What holds everywhere
//!
//! * Only a [`store::Tx`] writes. It carries organization, author and request, and does not commit a change without
//!   its audit record.
//! * Authority is a value: an [`auth::Caller`] exists only because a credential was checked, and the organization comes
//!   from that credential's row alone.
//! * Time and randomness are passed in.

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
