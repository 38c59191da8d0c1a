//! The whole gateway in this process: a database of its own, a clock that stands until it is moved, and the real
//! router, asked without a socket. One method per thing that an operator or an IdP does.

mod behind;
mod browser;
mod idp;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use secaro_gateway::app::{self, Opened};
use secaro_gateway::auth::{Actor, Operator};
use secaro_gateway::clock::{Clock, ManualClock, Timestamp};
use secaro_gateway::config::{self, Settings, Sources};
use secaro_gateway::directory::explain::{Explained, Explanation};
use secaro_gateway::directory::facilities::NewFacility;
use secaro_gateway::ids::{Randomness, RequestId};
use secaro_gateway::jobs::Worker;
use secaro_gateway::provisioning::ceiling::Ceiling;
use secaro_gateway::provisioning::connections::NewConnection;
use secaro_gateway::provisioning::plans::{Change, Plan};
use secaro_gateway::provisioning::rules::{NewRule, Subject};
use secaro_gateway::scim::Dialect;
use secaro_gateway::web::routes::Route;

use super::database::Database;

pub(crate) use browser::{Browser, Page, encoded, session_cookie};
pub(crate) use idp::{Answer, Idp};

const EVERYTHING: &str = "edit,billing_admin,organization_admin";

/// An installation with an organization `example` (verified domain example.org, facilities `leeds` and `york`).
pub(crate) struct TestApp {
    pub(crate) opened: Opened,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) database: Database,
    settings: Settings,
    router: Router,
    random: Arc<Randomness>,
}

impl TestApp {
    /// With the settings as they are by default.
    pub(crate) async fn new() -> Self {
        Self::with(&[]).await
    }

    /// With other settings: key (`scim.rate_limit`) and text.
    pub(crate) async fn with(flags: &[(&'static str, &str)]) -> Self {
        // On the heap: many a test waits for it.
        Box::pin(Self::set_up(flags)).await
    }

    async fn set_up(flags: &[(&'static str, &str)]) -> Self {
        let database = Database::new().await;
        let mut flags: Vec<_> = flags.iter().map(|(key, text)| (*key, (*text).to_owned())).collect();
        flags.push(("database.url", database.location().to_owned()));
        flags.push(("secrets.key_file", database.folder().join("gateway.key").to_string_lossy().into_owned()));
        let sources = Sources { file: None, environment: Vec::new(), flags };
        let settings = config::load(&sources).unwrap().settings;
        let clock = Arc::new(ManualClock::at("2026-01-31T09:00:00Z".parse::<Timestamp>().unwrap()));
        let random = Arc::new(Randomness::seeded(1));
        let opened = app::open(&settings, Arc::clone(&clock) as Arc<dyn Clock>, Arc::clone(&random)).await.unwrap();
        let router = app::router(&opened, &settings, "https://scim.example.com");
        let app = Self { opened, clock, database, settings, router, random };
        app.organization("example", "example.org").await;
        for facility in ["leeds", "york"] {
            app.facility("example", facility).await;
        }
        app
    }

    /// Whoever sits at the machine.
    pub(crate) fn operator(&self) -> Actor {
        self.machine().into()
    }

    fn machine(&self) -> Operator {
        Operator::of_this_machine("test".to_owned(), self.request())
    }

    /// A request's id.
    pub(crate) fn request(&self) -> RequestId {
        self.random.id(self.clock.now())
    }

    /// A person of `example`, who may decide if they are an Organization admin.
    pub(crate) async fn member(&self, email: &str) -> Actor {
        self.opened.directory.member(&self.machine(), Some("example"), email).await.unwrap().into()
    }

    pub(crate) async fn organization(&self, key: &str, domain: &str) {
        let domains = [domain.to_owned()];
        self.opened.directory.create_organization(&self.machine(), key, key, None, &domains).await.unwrap();
    }

    pub(crate) async fn facility(&self, organization: &str, key: &str) {
        let new =
            NewFacility { key: key.to_owned(), name: key.to_owned(), duns: None, address: None, labels: String::new() };
        self.change(Change::AddFacility { organization: organization.to_owned(), facility: new }).await;
    }

    /// A connection of `example` that may grant everything, with a token.
    pub(crate) async fn connection(&self, key: &str, dialect: Dialect) -> Idp {
        self.connection_of("example", key, dialect, EVERYTHING).await
    }

    /// A connection of any organization, with a token.
    pub(crate) async fn connection_of(&self, organization: &str, key: &str, dialect: Dialect, may_grant: &str) -> Idp {
        let new = NewConnection {
            organization: organization.to_owned(),
            key: key.to_owned(),
            dialect,
            strict: false,
            may_grant: Ceiling::parse(may_grant).unwrap(),
            pending: false,
        };
        self.opened.provisioning.create_connection(&self.operator(), &new).await.unwrap();
        self.idp(key).await
    }

    /// Whoever has a new token of a connection.
    pub(crate) async fn idp(&self, key: &str) -> Idp {
        Idp { app: self.router.clone(), base: format!("/scim/v2/{key}"), token: self.token(key, "test").await }
    }

    /// Whoever has a new token of this name.
    pub(crate) async fn idp_named(&self, key: &str, name: &str) -> Idp {
        Idp { app: self.router.clone(), base: format!("/scim/v2/{key}"), token: self.token(key, name).await }
    }

    /// A second process on the same database.
    pub(crate) async fn another_process(&self) -> Opened {
        let clock = Arc::clone(&self.clock) as Arc<dyn Clock>;
        app::open(&self.settings, clock, Arc::new(Randomness::seeded(2))).await.unwrap()
    }

    /// The same IdP, asking a second process on the same database.
    pub(crate) async fn at_another_process(&self, idp: &Idp) -> Idp {
        let opened = self.another_process().await;
        Idp { app: app::router(&opened, &self.settings, "https://scim.example.com"), ..idp.clone() }
    }

    /// A new token of a connection, for 30 days.
    pub(crate) async fn token(&self, connection: &str, name: &str) -> String {
        let lifetime = Duration::from_hours(30 * 24);
        let issued = self.opened.provisioning.issue_token(&self.operator(), connection, name, lifetime).await;
        issued.unwrap().token
    }

    /// A rule that gives these to the members of groups whose names fit a pattern.
    pub(crate) async fn pattern_rule(&self, connection: &str, pattern: &str, gives: &[&str]) {
        self.rule(connection, Subject::Pattern(pattern.to_owned()), gives).await;
    }

    pub(crate) async fn rule(&self, connection: &str, subject: Subject, gives: &[&str]) {
        let gives = gives.iter().map(|permission| (*permission).to_owned()).collect();
        let new = NewRule { connection: connection.to_owned(), subject, gives, note: None };
        self.change(&new).await;
    }

    /// A change, planned and applied by the operator.
    pub(crate) async fn change(&self, change: impl Into<Change>) -> Plan {
        self.opened.provisioning.change(&self.operator(), change).await.unwrap()
    }

    /// A connection of `example` that speaks as its name says and may grant no more than this, with a token.
    pub(crate) async fn limited(&self, key: &str, may_grant: &str) -> Idp {
        let dialect = Dialect::from_name(key).expect("named after a dialect");
        self.connection_of("example", key, dialect, may_grant).await
    }

    /// A rule; answers its id.
    pub(crate) async fn add_rule(&self, connection: &str, subject: Subject, gives: &str) -> String {
        let new = NewRule { connection: connection.to_owned(), subject, gives: vec![gives.to_owned()], note: None };
        self.change(&new).await.change.rule().unwrap().to_string()
    }

    pub(crate) async fn remove_rule(&self, connection: &str, id: &str) {
        self.change(Change::RemoveRule { connection: connection.to_owned(), rule: id.parse().unwrap() }).await;
    }

    pub(crate) async fn archive(&self, facility: &str) {
        self.change(Change::ArchiveFacility { organization: "example".to_owned(), key: facility.to_owned() }).await;
    }

    /// `active`, `deactivated`, or `invited`.
    pub(crate) async fn status(&self, email: &str) -> String {
        self.explain(email).await.overview.person.status.to_string()
    }

    /// What of a person waits, and for what: permission and reason in words.
    pub(crate) async fn waiting(&self, email: &str) -> Vec<(String, String)> {
        let waiting = self.explain(email).await.waiting;
        let causes = |explained: &Explained| {
            let permission = explained.permission.to_string();
            let reasons = explained.because.iter().filter_map(|cause| cause.waits_for.clone());
            reasons.map(|reason| (permission.clone(), reason)).collect::<Vec<_>>()
        };
        waiting.iter().flat_map(causes).collect()
    }

    /// What of `example` waits for a decision: kind and reason, as stored.
    pub(crate) async fn held(&self) -> Vec<(&'static str, String)> {
        let held = self.opened.directory.held("example").await.unwrap();
        held.into_iter().map(|held| (held.kind.as_str(), held.reason)).collect()
    }

    /// How many people `example` has, whatever their status.
    pub(crate) async fn people(&self) -> usize {
        self.opened.directory.people("example").await.unwrap().len()
    }

    /// Does all work that is due at the clock's time, and what comes due by it; answers how many pieces it was.
    pub(crate) async fn work_off(&self) -> usize {
        self.worker().run_due().await
    }

    /// Whatever does the work, with links in mails to where the router is.
    pub(crate) fn worker(&self) -> Worker {
        self.opened.worker.at("https://scim.example.com")
    }

    /// What a person may do and why.
    pub(crate) async fn explain(&self, email: &str) -> Explanation {
        self.opened.directory.explain(None, email).await.unwrap()
    }

    /// The permissions that a person has.
    pub(crate) async fn permissions(&self, email: &str) -> BTreeSet<String> {
        self.explain(email).await.overview.permissions.iter().map(ToString::to_string).collect()
    }

    /// Everything that can be asked for.
    pub(crate) fn routes(&self) -> Vec<Route> {
        app::routes(&self.opened, &self.settings, "https://scim.example.com").list().to_vec()
    }
}
