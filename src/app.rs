//! The composition root: from settings to an opened installation, and from that to one that is served. The only
//! place that knows both the store and what stands on it; holds no rules.

mod key;

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::audit::trail::Trail;
use crate::auth::oidc::{Oidc, Outbound};
use crate::auth::{Authenticator, Sessions, session};
use crate::clock::Clock;
use crate::config::smtp::{SmtpScheme, SmtpUrl};
use crate::config::{self, Settings};
use crate::directory::dns::Dns;
use crate::directory::{Directory, Policy, SignIn};
use crate::ids::Randomness;
use crate::jobs::{Rhythm, Worker};
use crate::outbox::mail::{self, Mailer};
use crate::outbox::queue::Queue;
use crate::provisioning::request_log::{Keeping, RequestLog};
use crate::provisioning::watch::Thresholds;
use crate::provisioning::{Bounds, Guards, Provisioning};
use crate::scim::filter::Limits;
use crate::store::{self, Location, Store};
use crate::web::budget::Budget;
use crate::web::console::{Console, installation};
use crate::web::health::{self, Health};
use crate::web::join::Entrance;
use crate::web::routes::Routes;
use crate::web::scim::Scim;
use crate::web::server::{CannotListen, Listener};
use crate::web::{self, Ground};

/// An opened installation. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Opened {
    /// Secaro's side.
    pub directory: Directory,
    /// The IdP's side.
    pub provisioning: Provisioning,
    /// Lets IdPs in.
    pub authenticator: Authenticator,
    /// Knows who is signed in to the console.
    pub sessions: Sessions,
    /// What was asked, and what came of it.
    pub request_log: RequestLog,
    /// Does what waits.
    pub worker: Worker,
    /// Which database, without a password.
    pub database: String,
    /// The number of its newest migration.
    pub schema: i64,
    store: Store,
    ground: Ground,
}

impl Opened {
    /// Waits for what is being written, then closes the database.
    pub async fn close(&self) {
        self.store.close().await;
    }
}

/// Why an installation cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The data directory is not there and cannot be made.
    #[error(
        "cannot make the data directory {}: {source}; let this account write there, or choose another with --data-dir",
        path.display()
    )]
    DataDirectory {
        /// Which.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The installation's secret cannot be read or made.
    #[error("the secret file {}: {source}; let this account read it, or name another with secrets.key_file", path.display())]
    Key {
        /// Which.
        path: PathBuf,
        /// What is wrong.
        source: std::io::Error,
    },
    /// The database belongs to another secret.
    #[error(
        "the secret file {} is not the one that this database was set up with; every process of an installation needs \
         the same one: copy it here, and name it with secrets.key_file", path.display()
    )]
    OtherKey {
        /// Which.
        path: PathBuf,
    },
    /// Nothing can be listened on.
    #[error(transparent)]
    Listen(#[from] CannotListen),
    /// Mail cannot be sent as it is set.
    #[error("mail cannot be sent as it is set: {0}; check the settings in [mail]")]
    Mail(#[from] mail::Unusable),
    /// The system does not let it wait for signals.
    #[error("cannot wait for signals: {0}; start the gateway again")]
    Signals(io::Error),
    /// The database cannot be used.
    #[error("{}; {advice}", chain(source))]
    Database {
        /// What is wrong.
        source: store::Error,
        /// What to do.
        advice: &'static str,
    },
}

/// Opens the installation that the settings describe; makes an embedded database that is not there yet, and brings
/// the tables up to date.
pub async fn open(settings: &Settings, clock: Arc<dyn Clock>, randomness: Arc<Randomness>) -> Result<Opened, Error> {
    let location = location(&settings.database)?;
    let connections = match location {
        Location::Sqlite(_) => settings.database.read_connections,
        Location::Postgres(_) => settings.database.max_connections,
    };
    let options =
        store::Options { location, busy_timeout: settings.database.busy_timeout, connections: connections.get() };
    let store = Store::open(&options, Arc::clone(&clock), Arc::clone(&randomness)).await.map_err(|source| {
        let advice = advice(&source, &options.location);
        Error::Database { source, advice }
    })?;
    let key = key::of(settings, &options.location, &store, &randomness).await?;
    let request_log = RequestLog::new(store.clone(), keeping(&settings.request_log));
    let ground = Ground { clock, randomness, recorder: request_log.recorder() };
    let mailer = Mailer::new(store.clone(), mail_options(settings, key.clone()));
    let limits = session::Limits { idle: settings.console.idle_lifetime, fresh: settings.console.fresh_for };
    let sessions = Sessions::new(store.clone(), key.clone(), limits);
    let directory = Directory::new(store.clone(), Arc::new(policy(settings, key)));
    let provisioning = Provisioning::new(directory.clone(), bounds(&settings.scim), guards(&settings.guards));
    let authenticator = Authenticator::new(store.clone());
    Ok(Opened {
        worker: Worker {
            queue: Queue::new(store.clone(), settings.jobs.lease, settings.jobs.max_attempts.get()),
            mailer,
            directory: directory.clone(),
            provisioning: provisioning.clone(),
            authenticator: authenticator.clone(),
            request_log: request_log.clone(),
            thresholds: thresholds(&settings.notifications),
            rhythm: rhythm(settings),
        },
        provisioning,
        directory,
        authenticator,
        sessions,
        request_log,
        database: options.location.to_string(),
        schema: store::newest_migration(),
        store,
        ground,
    })
}

/// A gateway that connections already reach; it answers from [`Gateway::serve`] on.
#[derive(Debug)]
pub struct Gateway {
    listener: Listener,
    router: Router,
    limits: config::Server,
    base_url: String,
    worker: Worker,
    request_log: RequestLog,
}

/// Takes the address of the settings for an opened installation.
pub async fn bind(opened: &Opened, settings: &Settings) -> Result<Gateway, Error> {
    opened.worker.mailer.check()?;
    let listener = Listener::bind(settings.server.listen).await?;
    let base_url = settings.server.base_url(listener.address());
    let router = router(opened, settings, &base_url);
    let (worker, request_log) = (opened.worker.at(&base_url), opened.request_log.clone());
    Ok(Gateway { listener, router, limits: settings.server.clone(), base_url, worker, request_log })
}

/// Everything that can be asked of an opened installation that is reached at `base_url`.
pub fn router(opened: &Opened, settings: &Settings, base_url: &str) -> Router {
    web::router(opened.ground.clone(), routes(opened, settings, base_url))
}

/// What there is to ask for, and by whom.
#[must_use]
pub fn routes(opened: &Opened, settings: &Settings, base_url: &str) -> Routes {
    let scim = Scim::new(opened.authenticator.clone(), opened.provisioning.clone(), settings, base_url);
    let routes = web::scim::routes(health::routes(Routes::default(), &health(opened)), &scim);
    let entrance = Entrance::new(opened.directory.clone(), settings, base_url);
    let routes = web::api::routes(web::join::routes(routes, &entrance), &entrance);
    web::console::routes(routes, &console(opened, settings, base_url))
}

impl Gateway {
    /// What is listened on, with the port that was really taken.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.listener.address()
    }

    /// Where IdPs reach it, without a trailing slash.
    #[must_use]
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// Answers until `stop` is cancelled, and then until what was accepted is answered.
    pub async fn serve(self, stop: CancellationToken) {
        // The jobs stop last: what the last requests leave for them is still written.
        let served = CancellationToken::new();
        let serving = async {
            let cut_off = self.listener.serve(self.router, &self.limits, stop).await;
            served.cancel();
            cut_off
        };
        // On the heap: what one piece of work holds is nothing to carry around.
        let working = Box::pin(self.worker.run(served.clone()));
        let (cut_off, (), ()) = tokio::join!(serving, working, self.request_log.keep(served.clone()));
        if cut_off > 0 {
            tracing::warn!(connections = cut_off, "stopped before everything that was accepted was answered");
        }
    }
}

fn console(opened: &Opened, settings: &Settings, base_url: &str) -> Arc<Console> {
    Arc::new(Console {
        directory: opened.directory.clone(),
        provisioning: opened.provisioning.clone(),
        request_log: opened.request_log.clone(),
        mailer: opened.worker.mailer.at(base_url),
        sessions: opened.sessions.clone(),
        base_url: base_url.to_owned(),
        support_contact: settings.console.support_contact.clone(),
        installation: installation::sections(settings),
        budget: Budget::new(settings.join_requests.per_client_limit),
        thresholds: thresholds(&settings.notifications),
        trail: Trail::new(opened.store.clone()),
        clock: Arc::clone(&opened.ground.clock),
        patience: settings.server.body_timeout,
    })
}

fn health(opened: &Opened) -> Health {
    let directory = opened.directory.clone();
    Health {
        ready: Arc::new(move || {
            let directory = directory.clone();
            Box::pin(async move { directory.ping().await.map_err(|_| "the database does not answer") })
        }),
        schema: opened.schema,
    }
}

/// Cancelled when this process is asked to stop: SIGTERM, or Ctrl-C. From now on neither kills it.
pub fn stop_signal() -> Result<CancellationToken, Error> {
    let mut terminate = signal(SignalKind::terminate()).map_err(Error::Signals)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(Error::Signals)?;
    let asked = CancellationToken::new();
    let token = asked.clone();
    TaskTracker::new().spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("stopping: nothing new is taken, what was accepted is finished");
        token.cancel();
    });
    Ok(asked)
}

/// The database that is meant; its directory is made if it is the data directory.
fn location(settings: &config::Database) -> Result<Location, Error> {
    if !settings.url.is_empty() {
        return Ok(Location::parse(&settings.url));
    }
    let path = settings.data_dir.clone();
    std::fs::create_dir_all(&path).map_err(|source| Error::DataDirectory { path: path.clone(), source })?;
    Ok(Location::Sqlite(path.join("gateway.db")))
}

fn bounds(limits: &config::Scim) -> Bounds {
    Bounds {
        filter: Limits {
            bytes: limits.max_filter_bytes.get(),
            depth: limits.max_filter_depth.get(),
            terms: limits.max_filter_terms.get(),
        },
        patch_operations: limits.max_patch_operations.get(),
        scan: limits.max_scan_rows.get(),
    }
}

const fn keeping(settings: &config::RequestLog) -> Keeping {
    Keeping { retention: settings.retention, capture_bodies: settings.capture_bodies, queue: settings.queue.get() }
}

fn mail_options(settings: &Settings, key: crate::auth::InstallationKey) -> mail::Options {
    let mail = &settings.mail;
    let file = |path: &PathBuf| (!path.as_os_str().is_empty()).then(|| path.clone());
    let server = SmtpUrl::parse(&mail.smtp_url).ok().map(|url| mail::Server {
        security: match url.scheme {
            SmtpScheme::Tls => mail::Security::Tls,
            SmtpScheme::StartTls => mail::Security::StartTls,
            SmtpScheme::Plain => mail::Security::Plain,
        },
        host: url.host,
        port: url.port,
        user: url.user,
        password_file: file(&mail.password_file),
        ca_file: file(&mail.ca_file),
        timeout: mail.timeout,
    });
    mail::Options {
        server,
        from: mail.from.clone(),
        reply_to: mail.reply_to.clone(),
        base_url: settings.server.base_url(settings.server.listen),
        key,
    }
}

fn rhythm(settings: &Settings) -> Rhythm {
    Rhythm {
        poll_every: settings.jobs.poll_every,
        mail_retention: settings.mail.retention,
        digest_every: settings.notifications.digest_every,
    }
}

fn thresholds(notifications: &config::Notifications) -> Thresholds {
    Thresholds {
        token_ends: notifications.token_expiry.clone(),
        silent_after: notifications.silent_after,
        failures_per_hour: notifications.failure_spike.get(),
    }
}

fn policy(settings: &Settings, key: crate::auth::InstallationKey) -> Policy {
    let Settings { join_requests, invitations, domains, guards, console, .. } = settings;
    Policy {
        key,
        joining: join_requests.enabled,
        proof_lifetime: join_requests.proof_lifetime,
        remind_after: join_requests.remind_after.clone(),
        request_lifetime: join_requests.expire_after,
        cooldown: join_requests.cooldown_after_reject,
        per_address: join_requests.per_address_limit.get(),
        per_domain: join_requests.per_domain_limit.get(),
        invitation_lifetime: invitations.expire_after,
        resend_interval: invitations.resend_min_interval,
        // The setting was checked: an address, or empty for the system's.
        dns: Dns::new(domains.dns_server.parse().ok(), domains.dns_timeout),
        recheck_every: domains.recheck_every,
        hold_deadline: guards.hold_deadline,
        sign_in: SignIn {
            link_lifetime: console.link_lifetime,
            links_per_address: console.links_per_address.get(),
            session_lifetime: console.session_lifetime,
            oidc: Oidc::new(Outbound::new(console.loopback_providers)),
        },
    }
}

fn guards(guards: &config::Guards) -> Guards {
    Guards {
        mass_change_count: guards.mass_change_count.get(),
        mass_change_percent: guards.mass_change_percent.get(),
        mass_change_window: guards.mass_change_window,
        hold_deadline: guards.hold_deadline,
        plan_valid_for: guards.plan_valid_for,
        plan_batch: guards.plan_batch.get(),
    }
}

fn advice(error: &store::Error, location: &Location) -> &'static str {
    match (error, location) {
        (store::Error::Newer { .. }, _) => {
            "run that newer version, or open a copy of the data from before it; nothing was changed"
        }
        (store::Error::Open { .. }, Location::Sqlite(_)) => {
            "check that its directory exists and that this account may write there"
        }
        (store::Error::Open { .. }, Location::Postgres(_)) => {
            "check that the server runs and that user, password and database are right"
        }
        (store::Error::Migrate(_), _) => "nothing was changed; restore a copy, or ask for help with this message",
        _ => "try again, and look at the database's own log",
    }
}

/// An error and what caused it, in one line. Some errors repeat their source in their own words.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let words = cause.to_string();
        if !text.contains(&words) {
            text = format!("{text}: {words}");
        }
        source = cause.source();
    }
    text
}
