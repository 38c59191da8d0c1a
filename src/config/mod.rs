//! The settings: what can be set, its limits, and where each value came from. The only reader of files and
//! environment. The defaults are nowhere in code: `config/gateway.toml` is the loaded default.

mod background;
pub mod duration;
mod layers;
pub mod smtp;

use std::ffi::OsString;
use std::net::SocketAddr;
use std::num::{NonZeroU32, NonZeroUsize};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Deserializer};

pub use background::{
    Console, Domains, Guards, Invitations, Jobs, JoinRequests, Mail, Notifications, RequestLog, Secrets,
};
pub use layers::{Entry, Origin};

/// The commented file that is the built-in default.
pub const DEFAULT_FILE: &str = include_str!("../../config/gateway.toml");

/// Everything that can be set. One field per line of `config/gateway.toml`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The HTTP listener and what it puts up with.
    pub server: Server,
    /// Where the data is.
    pub database: Database,
    /// What is logged, and how it looks.
    pub log: Log,
    /// The SCIM endpoints' limits.
    pub scim: Scim,
    /// Bearer tokens.
    pub tokens: Tokens,
    /// What secrets are made from.
    pub secrets: Secrets,
    /// Mail.
    pub mail: Mail,
    /// Requests to join.
    pub join_requests: JoinRequests,
    /// Invitations.
    pub invitations: Invitations,
    /// Proofs of domains.
    pub domains: Domains,
    /// What no machine decides alone.
    pub guards: Guards,
    /// What people are told of.
    pub notifications: Notifications,
    /// The log of IdPs' requests.
    pub request_log: RequestLog,
    /// Work in the background.
    pub jobs: Jobs,
    /// The console of Organization admins.
    pub console: Console,
}

/// `[server]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Server {
    /// Where to listen; port 0 lets the system choose.
    pub listen: SocketAddr,
    /// Absolute URL without a trailing slash, or empty.
    #[serde(deserialize_with = "without_trailing_slash")]
    pub public_url: String,
    /// Connections open at once.
    pub max_connections: NonZeroUsize,
    /// Until a request's headers must be complete.
    #[serde(deserialize_with = "duration::positive")]
    pub header_timeout: Duration,
    /// Until a request's body must be complete.
    #[serde(deserialize_with = "duration::positive")]
    pub body_timeout: Duration,
    /// How long stopping waits for accepted requests.
    #[serde(deserialize_with = "duration::any")]
    pub shutdown_grace: Duration,
    /// Largest body, in bytes.
    pub max_body_bytes: NonZeroUsize,
    /// Largest body of a Group, in bytes.
    pub max_group_body_bytes: NonZeroUsize,
}

impl Server {
    /// The address under which IdPs reach the gateway, without a trailing slash, when it listens on `listening`.
    #[must_use]
    pub fn base_url(&self, listening: SocketAddr) -> String {
        if self.public_url.is_empty() { format!("http://{listening}") } else { self.public_url.clone() }
    }
}

/// `[database]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Database {
    /// `postgres://…`, a path, or empty for `gateway.db` in `data_dir`. May hold a password.
    pub url: String,
    /// A file that holds `url`, or empty. Already read when the settings are there.
    pub url_file: PathBuf,
    /// The embedded database's directory.
    pub data_dir: PathBuf,
    /// How long SQLite waits for another process's write.
    #[serde(deserialize_with = "duration::any")]
    pub busy_timeout: Duration,
    /// SQLite connections that read.
    pub read_connections: NonZeroU32,
    /// PostgreSQL connections.
    pub max_connections: NonZeroU32,
}

/// `[log]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    /// A level or a list of `target=level`.
    pub level: String,
    /// How it looks.
    pub format: LogFormat,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// Pretty on a terminal, JSON otherwise.
    Auto,
    /// For people.
    Pretty,
    /// One JSON object per line.
    Json,
}

/// `[scim]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scim {
    /// Resources per page where `count` is absent.
    pub default_page_size: NonZeroUsize,
    /// Resources per page at most.
    pub max_page_size: NonZeroUsize,
    /// Requests per second and connection.
    pub rate_limit: NonZeroU32,
    /// Requests a connection may save up.
    pub rate_burst: NonZeroU32,
    /// A filter's bytes.
    pub max_filter_bytes: NonZeroUsize,
    /// A filter's nesting.
    pub max_filter_depth: NonZeroUsize,
    /// A filter's comparisons.
    pub max_filter_terms: NonZeroUsize,
    /// Operations in one PATCH.
    pub max_patch_operations: NonZeroUsize,
    /// Nesting of a body.
    pub max_json_depth: NonZeroUsize,
    /// Resources an unindexed filter may look at.
    pub max_scan_rows: NonZeroUsize,
}

/// `[tokens]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tokens {
    /// Lifetime where none is asked for.
    #[serde(deserialize_with = "duration::positive")]
    pub default_lifetime: Duration,
    /// Longest lifetime.
    #[serde(deserialize_with = "duration::positive")]
    pub max_lifetime: Duration,
}

/// Where settings may come from, besides the built-in default.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    /// The file of `--config`.
    pub file: Option<PathBuf>,
    /// The whole environment; what does not begin with `SECARO_` is not looked at.
    pub environment: Vec<(OsString, OsString)>,
    /// Settings given as flags: the key (`server.listen`) and the text.
    pub flags: Vec<(&'static str, String)>,
}

impl Sources {
    /// This process's environment, and the file and flags of its command line. Without a file, the one that
    /// `SECARO_CONFIG` names, if it is set.
    #[must_use]
    pub fn of_process(file: Option<PathBuf>, flags: Vec<(&'static str, String)>) -> Self {
        let file = file.or_else(|| std::env::var_os(layers::FILE_VARIABLE).map(PathBuf::from));
        Self { file, environment: std::env::vars_os().collect(), flags }
    }
}

/// The account that runs this process, for the trail: who called sudo, else who is logged in. Says who, and proves
/// nothing: access to the machine is what an operator is trusted for.
#[must_use]
pub fn account() -> String {
    let named = |variable: &&str| std::env::var_os(variable).map(|name| name.to_string_lossy().into_owned());
    let name = ["SUDO_USER", "USER", "LOGNAME"].iter().find_map(named).unwrap_or_default();
    let name: String = name.chars().filter(|c| !c.is_control()).take(64).collect();
    if name.is_empty() { "unnamed".to_owned() } else { name }
}

/// The settings in force, and each with its origin.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The settings.
    pub settings: Settings,
    /// Every key, in order of names, for `config print`.
    pub entries: Vec<Entry>,
}

/// Why the settings cannot be used. The text names the key and where the value stands, says what is expected, and
/// never quotes a value.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file cannot be read.
    #[error("cannot read the settings file {path}: {source}. Check the path and who may read it.")]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The file is not TOML.
    #[error("{path}, line {line}: not valid TOML: {message}")]
    NotToml {
        /// Which file.
        path: PathBuf,
        /// Which line, from 1.
        line: usize,
        /// What the parser says.
        message: String,
    },
    /// No such setting.
    #[error("unknown setting {name} {origin}{hint}")]
    Unknown {
        /// As it is written where it stands.
        name: String,
        /// Where it stands.
        origin: Origin,
        /// The nearest known name, as a sentence; or empty.
        hint: String,
    },
    /// A value of the wrong form.
    #[error("{key} {origin}: {expected}")]
    Invalid {
        /// Which setting.
        key: String,
        /// Where it stands.
        origin: Origin,
        /// What is expected.
        expected: String,
    },
}

/// Puts the settings together: flag over environment over file over built-in default.
///
/// # Errors
/// The first thing that is wrong; see [`Error`].
pub fn load(sources: &Sources) -> Result<Loaded, Error> {
    let mut layers = layers::Layers::defaults();
    if let Some(path) = &sources.file {
        layers.file(path)?;
    }
    layers.environment(&sources.environment)?;
    for (key, text) in &sources.flags {
        layers.flag(key, text)?;
    }
    let mut settings = layers.settings()?;
    if !settings.database.url_file.as_os_str().is_empty() {
        let expected = "url and url_file are both set; keep one of them";
        layers.require("database.url_file", settings.database.url.is_empty(), expected)?;
        read(&settings.database.url_file)?.trim().clone_into(&mut settings.database.url);
    }
    validate(&settings, &layers)?;
    Ok(Loaded { settings, entries: layers.entries() })
}

/// What the types cannot say.
fn validate(settings: &Settings, layers: &layers::Layers) -> Result<(), Error> {
    let Settings { server, database, log, scim, tokens, .. } = settings;
    let public_url = server.public_url.is_empty() || is_absolute_http(&server.public_url);
    layers.require(
        "server.public_url",
        public_url,
        "expected an http:// or https:// URL with a host and without a query, such as \"https://scim.example.com\"",
    )?;
    let url = &database.url;
    let known_scheme = ["postgres://", "postgresql://", "sqlite://"].iter().any(|scheme| url.starts_with(scheme));
    let known_scheme = known_scheme || !url.contains("://");
    layers.require("database.url", known_scheme, "expected postgres://…, or the path of a SQLite file")?;
    let level = tracing_subscriber::EnvFilter::builder().parse(&log.level).is_ok() && !log.level.trim().is_empty();
    layers.require(
        "log.level",
        level,
        "expected error, warn, info, debug or trace, or a list such as \"info,sqlx=warn\"",
    )?;
    layers.require(
        "scim.default_page_size",
        scim.default_page_size <= scim.max_page_size,
        "expected a number that is not above scim.max_page_size",
    )?;
    layers.require(
        "server.max_group_body_bytes",
        server.max_group_body_bytes >= server.max_body_bytes,
        "expected a number that is not below server.max_body_bytes",
    )?;
    layers.require("scim.max_json_depth", scim.max_json_depth.get() <= 64, "expected a number up to 64")?;
    layers.require("scim.max_filter_depth", scim.max_filter_depth.get() <= 64, "expected a number up to 64")?;
    layers.require(
        "tokens.default_lifetime",
        tokens.default_lifetime <= tokens.max_lifetime,
        "expected a time that is not above tokens.max_lifetime",
    )?;
    let Settings { mail, domains, join_requests, .. } = settings;
    validate_mail(mail, layers)?;
    layers.require(
        "domains.dns_server",
        domains.dns_server.is_empty() || domains.dns_server.parse::<SocketAddr>().is_ok(),
        "expected an address and a port, such as \"127.0.0.1:53\"",
    )?;
    layers.require(
        "join_requests.remind_after",
        join_requests.remind_after.iter().all(|after| *after < join_requests.expire_after),
        "expected times that are below join_requests.expire_after",
    )
}

fn validate_mail(mail: &Mail, layers: &layers::Layers) -> Result<(), Error> {
    let url = if mail.smtp_url.is_empty() { Ok(None) } else { smtp::SmtpUrl::parse(&mail.smtp_url).map(Some) };
    layers.require("mail.smtp_url", url.is_ok(), url.as_ref().err().copied().unwrap_or_default())?;
    let user = url.ok().flatten().is_some_and(|url| url.user.is_some());
    layers.require(
        "mail.password_file",
        user || mail.password_file.as_os_str().is_empty() || mail.smtp_url.is_empty(),
        "mail.smtp_url names no user whose password that could be; write it like smtps://user@host",
    )
}

fn is_absolute_http(text: &str) -> bool {
    let Ok(uri) = text.parse::<http::Uri>() else { return false };
    let scheme = uri.scheme_str().is_some_and(|scheme| scheme == "http" || scheme == "https");
    let authority =
        uri.authority().is_some_and(|authority| !authority.host().is_empty() && !authority.as_str().contains('@'));
    scheme && authority && uri.query().is_none() && !text.contains('#')
}

fn without_trailing_slash<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(String::deserialize(deserializer)?.trim().trim_end_matches('/').to_owned())
}

fn read(path: &Path) -> Result<String, Error> {
    std::fs::read_to_string(path).map_err(|source| Error::Unreadable { path: path.to_owned(), source })
}

#[cfg(test)]
mod tests;
