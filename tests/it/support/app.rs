//! The whole gateway in this process: a database of its own, a clock that stands until it is moved, and the real
//! router, asked without a socket. One method per thing that an operator or an IdP does.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use secaro_gateway::app::{self, Opened};
use secaro_gateway::auth::mailed::Purpose;
use secaro_gateway::auth::{Actor, InstallationKey, Operator};
use secaro_gateway::clock::{Clock, ManualClock, Timestamp};
use secaro_gateway::config::{self, Settings, Sources};
use secaro_gateway::directory::explain::{Explained, Explanation};
use secaro_gateway::directory::facilities::NewFacility;
use secaro_gateway::ids::{GrantId, Id as _, PersonId, Randomness, RequestId, SessionId};
use secaro_gateway::jobs::Worker;
use secaro_gateway::provisioning::ceiling::Ceiling;
use secaro_gateway::provisioning::connections::NewConnection;
use secaro_gateway::provisioning::plans::{Change, Plan};
use secaro_gateway::provisioning::rules::{NewRule, Subject};
use secaro_gateway::scim::Dialect;
use secaro_gateway::web::routes::Route;
use serde_json::Value;
use tower::ServiceExt as _;

use super::database::Database;
use super::sql::Sql;

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

    /// A person that no connection manages, as an invitation or an import leaves one behind.
    pub(crate) async fn person(&self, email: &str, status: &str) {
        let mut sql = self.sql().await;
        let id = sql.uuid(self.random.id::<PersonId>(self.clock.now()).uuid());
        let by = if status == "deactivated" { "'admin'" } else { "NULL" };
        let insert = format!(
            "INSERT INTO people (organization_id, id, email, email_key, display_name, status, deactivated_by, \
             managed_by, created_at, updated_at) SELECT id, {id}, '{email}', '{email}', 'By hand', '{status}', {by}, \
             NULL, 0, 0 FROM organizations WHERE key = 'example'"
        );
        sql.execute(&insert).await;
    }

    /// A permission that an Organization admin gave by hand.
    pub(crate) async fn grant(&self, email: &str, permission: &str) {
        let mut sql = self.sql().await;
        let id = sql.uuid(self.random.id::<GrantId>(self.clock.now()).uuid());
        let insert = format!(
            "INSERT INTO grants (organization_id, id, person_id, permission, source, state, granted_by, request_id, \
             created_at) SELECT organization_id, {id}, id, '{permission}', 'manual', 'effective', 'an admin', {id}, 0 \
             FROM people WHERE email_key = '{email}'"
        );
        sql.execute(&insert).await;
    }

    /// The database behind the gateway's back.
    pub(crate) async fn sql(&self) -> Sql {
        Sql::of(&self.database).await
    }

    /// How many audit records there are.
    pub(crate) async fn audit_records(&self) -> i64 {
        self.sql().await.number("SELECT COUNT(*) FROM audit_records").await
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

    /// The secret that went to a mailbox at the newest registration of an address.
    pub(crate) async fn join_secret(&self, email: &str) -> String {
        self.mailed_secret(Purpose::Join, "created_at", &format!("mailbox_proofs WHERE email = '{email}'")).await
    }

    /// The secret of the newest invitation of an address.
    pub(crate) async fn invitation_secret(&self, email: &str) -> String {
        self.mailed_secret(Purpose::Invitation, "sent_at", &format!("invitations WHERE email = '{email}'")).await
    }

    /// The secret of the newest link into the console that was mailed to an address.
    pub(crate) async fn sign_in_secret(&self, email: &str) -> String {
        self.work_off().await;
        let rows = format!(
            "sign_in_links WHERE person_id = (SELECT id FROM people WHERE email_key = '{email}') AND method = 'mail'"
        );
        self.mailed_secret(Purpose::SignIn, "created_at", &rows).await
    }

    /// The installation's key.
    fn key(&self) -> InstallationKey {
        let key = std::fs::read_to_string(self.database.folder().join("gateway.key")).unwrap();
        let key = data_encoding::BASE64.decode(key.trim().as_bytes()).unwrap();
        InstallationKey::new(key.try_into().expect("32 bytes"))
    }

    /// A mailed secret, made anew from the installation's key: it is kept nowhere.
    async fn mailed_secret(&self, purpose: Purpose, issued_at: &str, rows: &str) -> String {
        let key = self.key();
        let mut sql = self.sql().await;
        let newest = format!("FROM {rows} ORDER BY created_at DESC, id DESC LIMIT 1");
        let about = sql.ids(&newest).await[0];
        let issued_at = sql.number(&format!("SELECT {issued_at} {newest}")).await;
        key.secret(purpose, about, Timestamp::from_millis(issued_at)).text
    }

    /// The permissions that a person has.
    pub(crate) async fn permissions(&self, email: &str) -> BTreeSet<String> {
        self.explain(email).await.overview.permissions.iter().map(ToString::to_string).collect()
    }

    /// Everything that can be asked for.
    pub(crate) fn routes(&self) -> Vec<Route> {
        app::routes(&self.opened, &self.settings, "https://scim.example.com").list().to_vec()
    }

    /// Asks for a page, or for anything else that is no JSON.
    pub(crate) async fn text(&self, request: Request<Body>) -> Page {
        let (status, headers, bytes) = self.bytes(request).await;
        Page { status, headers, text: String::from_utf8(bytes).unwrap() }
    }

    /// Asks for anything.
    pub(crate) async fn bytes(&self, request: Request<Body>) -> (u16, HeaderMap, Vec<u8>) {
        let (parts, body) = self.router.clone().oneshot(request).await.unwrap().into_parts();
        let bytes = to_bytes(body, 1 << 26).await.unwrap();
        (parts.status.as_u16(), parts.headers, bytes.to_vec())
    }

    /// Opens a page.
    pub(crate) async fn open(&self, path: &str) -> Page {
        self.text(Request::get(path).body(Body::empty()).unwrap()).await
    }

    /// Sends a form, as a browser does from one of our own pages.
    pub(crate) async fn submit(&self, path: &str, fields: &[(&str, &str)]) -> Page {
        self.text(Self::form(path).body(encoded(fields)).unwrap()).await
    }

    /// A form, to be given more headers and [`encoded`] fields.
    pub(crate) fn form(path: &str) -> axum::http::request::Builder {
        Request::post(path)
            .header("content-type", "application/x-www-form-urlencoded")
            .header("sec-fetch-site", "same-origin")
    }

    /// A browser in which a person of `example` is signed in, by a link that was made at the machine.
    pub(crate) async fn sign_in(&self, email: &str) -> Browser {
        let path = self.opened.directory.recovery_link(&self.machine(), "example", email).await.unwrap();
        let entered = self.submit(&path, &[]).await.expect(303);
        self.browser_of(&entered.headers).await
    }

    /// The browser that was just given a session.
    pub(crate) async fn browser_of(&self, headers: &HeaderMap) -> Browser {
        let newest = "FROM sessions ORDER BY signed_in_at DESC, id DESC LIMIT 1";
        let session = SessionId::from_uuid(self.sql().await.ids(newest).await[0]);
        Browser { cookie: session_cookie(headers), csrf: self.key().csrf(session) }
    }

    /// Opens a page in a browser.
    pub(crate) async fn browse(&self, browser: &Browser, path: &str) -> Page {
        self.text(browser.request("GET", path).body(Body::empty()).unwrap()).await
    }

    /// Looks at a page again as a part of it does by itself while it is open.
    pub(crate) async fn look_again(&self, browser: &Browser, path: &str) -> Page {
        let request = browser.request("GET", path).header("hx-request", "true").header("secaro-by-itself", "yes");
        self.text(request.body(Body::empty()).unwrap()).await
    }

    /// Sends a form from a page that the browser is on: with what its session's forms hold.
    pub(crate) async fn send(&self, browser: &Browser, path: &str, fields: &[(&str, &str)]) -> Page {
        let mut all = vec![("csrf", browser.csrf.as_str())];
        all.extend_from_slice(fields);
        let request = browser.request("POST", path).header("content-type", "application/x-www-form-urlencoded");
        self.text(request.body(encoded(&all)).unwrap()).await
    }

    /// Asks the API.
    pub(crate) async fn api(&self, path: &str, body: &Value) -> Answer {
        let request = Request::post(path).header("content-type", "application/json");
        self.ask(request.body(Body::from(body.to_string())).unwrap()).await
    }

    /// Asks anything.
    pub(crate) async fn ask(&self, request: Request<Body>) -> Answer {
        ask(&self.router, request).await
    }
}

/// What a browser holds of a session.
#[derive(Debug, Clone)]
pub(crate) struct Browser {
    pub(crate) cookie: String,
    /// What its session's forms hold.
    pub(crate) csrf: String,
}

impl Browser {
    /// A request of this browser from one of our own pages.
    pub(crate) fn request(&self, method: &str, path: &str) -> axum::http::request::Builder {
        Request::builder()
            .method(method)
            .uri(path)
            .header("cookie", &self.cookie)
            .header("sec-fetch-site", "same-origin")
            .header("user-agent", "a browser")
    }
}

/// The session's cookie among those that were set, as a browser sends it back.
pub(crate) fn session_cookie(headers: &HeaderMap) -> String {
    let mut set = headers.get_all("set-cookie").iter().filter_map(|cookie| cookie.to_str().ok());
    let cookie = set.rfind(|cookie| cookie.starts_with("__Host-secaro-session=")).expect("a session");
    cookie.split(';').next().unwrap().to_owned()
}

/// Fields as a form sends them.
pub(crate) fn encoded(fields: &[(&str, &str)]) -> Body {
    Body::from(form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish())
}

/// A page, or what else is no JSON.
#[derive(Debug, Clone)]
pub(crate) struct Page {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Page {
    /// The same, if it has this status.
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text);
        self
    }

    /// What a reader sees, without the markup; each block on a line.
    pub(crate) fn words(&self) -> String {
        let (_, main) = self.text.split_once("<main").expect("a page");
        let mut words = String::new();
        for piece in main.split('<').skip(1) {
            words.push_str(piece.split_once('>').map_or("", |(_, text)| text));
        }
        words.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
    }
}

/// An IdP: a connection's base path and its token.
#[derive(Clone)]
pub(crate) struct Idp {
    pub(crate) app: Router,
    pub(crate) base: String,
    pub(crate) token: String,
}

impl Idp {
    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(self.request("GET", path).body(Body::empty()).unwrap()).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.send(self.request("DELETE", path).body(Body::empty()).unwrap()).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send_json("POST", path, body).await
    }

    pub(crate) async fn put(&self, path: &str, body: &Value) -> Answer {
        self.send_json("PUT", path, body).await
    }

    /// A PATCH of these operations.
    pub(crate) async fn patch(&self, path: &str, operations: &Value) -> Answer {
        let schema = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
        self.send_json("PATCH", path, &serde_json::json!({ "schemas": [schema], "Operations": operations })).await
    }

    pub(crate) async fn send_json(&self, method: &str, path: &str, body: &Value) -> Answer {
        self.send(self.request(method, path).body(Body::from(body.to_string())).unwrap()).await
    }

    /// A request below the connection's base with its token, to be given headers and a body.
    pub(crate) fn request(&self, method: &str, path: &str) -> axum::http::request::Builder {
        Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base))
            .header("authorization", format!("Bearer {}", self.token))
            .header("content-type", "application/scim+json")
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        ask(&self.app, request).await
    }

    /// Makes a User whose `userName` is its only e-mail address; answers its id.
    pub(crate) async fn user(&self, email: &str) -> String {
        let schema = "urn:ietf:params:scim:schemas:core:2.0:User";
        let emails = serde_json::json!([{ "value": email, "type": "work", "primary": true }]);
        let user = serde_json::json!({ "schemas": [schema], "userName": email, "emails": emails, "active": true });
        self.post("/Users", &user).await.created()
    }

    /// Makes a Group of these Users; answers its id.
    pub(crate) async fn group(&self, name: &str, members: &[&str]) -> String {
        let schema = "urn:ietf:params:scim:schemas:core:2.0:Group";
        let members: Vec<Value> = members.iter().map(|id| serde_json::json!({ "value": id })).collect();
        let group = serde_json::json!({ "schemas": [schema], "displayName": name, "members": members });
        self.post("/Groups", &group).await.created()
    }
}

/// What was answered; the body is null if there is none.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Answer {
    /// The same, if it has this status.
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{:#}", self.body);
        self
    }

    /// Everything but what differs from request to request: the request's id, and its reference in the detail.
    pub(crate) fn without_reference(mut self) -> (StatusCode, Vec<(String, String)>, String) {
        self.headers.remove("x-request-id");
        let mut headers: Vec<_> = self
            .headers
            .iter()
            .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
            .collect();
        headers.sort();
        let mut body = self.body;
        if let Some(detail) = body.get_mut("detail") {
            let text = detail.as_str().unwrap();
            *detail = text.rsplit_once(" [ref ").expect("a reference").0.into();
        }
        (self.status, headers, body.to_string())
    }

    /// The id of what was created.
    pub(crate) fn created(self) -> String {
        self.expect(201).body["id"].as_str().expect("an id").to_owned()
    }
}

async fn ask(router: &Router, request: Request<Body>) -> Answer {
    let response = router.clone().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let bytes = to_bytes(body, 1 << 26).await.unwrap();
    let body = match bytes.len() {
        0 => Value::Null,
        _ => serde_json::from_slice(&bytes).unwrap_or_else(|_| panic!("not JSON: {bytes:?}")),
    };
    Answer { status: parts.status, headers: parts.headers, body }
}
