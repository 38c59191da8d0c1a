//! An organization as the years fill it: pushed by an IdP, doubted by a second one, asked by guests, invited by admins.
//! Everything comes in through the gateway's own doors, so that every trace of it is there as well.

use std::time::Duration;

use futures_util::StreamExt as _;
use secaro_gateway::directory::invitations::NewInvitation;
use secaro_gateway::directory::join_requests::{Decision, Registration, Wanted};
use secaro_gateway::provisioning::plans::Change;
use secaro_gateway::provisioning::rules::{NewRule, Subject};
use secaro_gateway::scim::Dialect;
use serde_json::json;

use super::support::app::{Idp, TestApp};

pub(crate) const ADMIN: &str = "grace.hopper@example.org";

const GIVEN: [&str; 8] = ["Ada", "Blaise", "Charles", "Dorothy", "Émilie", "Frances", "Gottfried", "Hedy"];
const FAMILY: [&str; 9] =
    ["Allen", "Babbage", "du Châtelet", "Hamilton", "Jacquard", "Lamarr", "Leibniz", "Lovelace", "Pascal"];
const FACILITIES: [&str; 10] =
    ["bath", "bristol", "cardiff", "derby", "exeter", "hull", "oxford", "preston", "truro", "wells"];

/// How many requests of the IdP are under way at a time.
const AT_ONCE: usize = 16;
/// After how many the clock goes on and their log is written.
const PORTION: usize = 400;

/// An organization, and how many people its IdP pushed.
pub(crate) struct Organization {
    pub(crate) app: TestApp,
    people: usize,
}

impl Organization {
    /// One of about this many people.
    pub(crate) async fn fill(people: usize) -> Self {
        const WITHOUT_LIMIT: &str = "1000000";
        let limits = ["scim.rate_limit", "scim.rate_burst", "join_requests.per_domain_limit"];
        let app = TestApp::with(&limits.map(|limit| (limit, WITHOUT_LIMIT))).await;
        app.person(ADMIN, "active").await;
        app.grant(ADMIN, "organization_admin").await;
        for facility in FACILITIES {
            app.facility("example", facility).await;
        }
        let organization = Self { app, people };
        let okta = organization.app.limited("okta", "edit").await;
        organization.app.pattern_rule("okta", "secaro-{facility}-editors", &["edit_facility:{facility}"]).await;
        let users = organization.push_users(&okta).await;
        organization.push_groups(&okta, &users).await;
        organization.deactivate_some(&okta, &users).await;
        organization.doubt_some().await;
        organization.ask_some().await;
        organization.invite_some().await;
        organization.plan().await;
        organization.app.work_off().await;
        organization.app.opened.request_log.write_waiting().await;
        organization
    }

    /// What is in it, in words.
    pub(crate) async fn contents(&self) -> String {
        let mut sql = self.app.sql().await;
        let mut words = Vec::new();
        for (name, rows) in [
            ("groups", "resources WHERE kind = 'Group'"),
            ("permissions held", "grants WHERE reason IS NOT NULL AND decision IS NULL"),
            ("conflicts", "links WHERE reason IS NOT NULL AND decided_at IS NULL"),
            ("join requests", "join_requests"),
            ("invitations", "invitations"),
            ("mails", "mails"),
            ("audit records", "audit_records"),
            ("requests logged", "request_log"),
        ] {
            words.push(format!("{} {name}", sql.number(&format!("SELECT COUNT(*) FROM {rows}")).await));
        }
        words.join(", ")
    }

    /// One of so many, and at least one.
    fn every(&self, nth: usize) -> usize {
        (self.people / nth).max(1)
    }

    async fn push_users(&self, idp: &Idp) -> Vec<String> {
        let mut ids = Vec::new();
        while ids.len() < self.people {
            let portion = ids.len()..self.people.min(ids.len() + PORTION);
            let made = futures_util::stream::iter(
                portion.map(|n| async move { idp.post("/Users", &user(n)).await.created() }),
            );
            ids.extend(made.buffered(AT_ONCE).collect::<Vec<_>>().await);
            self.later().await;
        }
        ids
    }

    /// Each person in two or three groups; one group of fifty people gives what the connection may not grant.
    async fn push_groups(&self, idp: &Idp, users: &[String]) {
        let finance = idp.group("Finance", &[]).await;
        self.app.add_rule("okta", Subject::Group(finance.clone()), "billing_admin").await;
        let (groups, size) = (self.every(50).max(4), 3 * self.people.min(50));
        for n in 0..groups {
            let name = match FACILITIES.get(n) {
                Some(facility) => format!("secaro-{facility}-editors"),
                None => format!("team-{n:04}"),
            };
            let members: Vec<&str> =
                (0..size.min(users.len())).map(|at| &*users[(n * 50 + at) % users.len()]).collect();
            idp.group(&name, &members).await;
        }
        for user in users.iter().step_by(50) {
            let add = json!([{ "op": "add", "path": "members", "value": [{ "value": user }] }]);
            idp.patch(&format!("/Groups/{finance}"), &add).await.expect(204);
        }
        self.later().await;
    }

    async fn deactivate_some(&self, idp: &Idp, users: &[String]) {
        for user in users.iter().skip(7).step_by(12) {
            idp.patch(&format!("/Users/{user}"), &json!([{ "op": "replace", "value": { "active": false } }])).await;
        }
        self.later().await;
    }

    /// A second IdP pushes people whom the first one manages, and one that nobody can be.
    async fn doubt_some(&self) {
        let entra = self.app.connection_of("example", "entra", Dialect::Entra, "edit").await;
        for n in 0..self.every(200) {
            entra.post("/Users", &user(n * 3)).await.created();
        }
        entra.post("/Users", &json!({ "userName": "" })).await;
        self.later().await;
    }

    /// Guests ask to join; some of them are let in.
    async fn ask_some(&self) {
        let mut asked = Vec::new();
        for n in 0..self.every(25) {
            let email = format!("guest{n}@example.org");
            let new = Registration::read("Guest Person", &email, "").expect("a registration");
            self.app.opened.directory.register(self.app.request(), &new).await.expect("registered");
            let secret = self.app.join_secret(&email).await;
            let shown = self.app.opened.directory.prove_mailbox(&secret).await.expect("proven").expect("a link");
            let offer = shown.offers.expect("proven")[0].organization.to_string();
            let wanted = Wanted::read(&offer, "I work here.", "leeds").expect("a request");
            let made = self.app.opened.directory.ask_to_join(self.app.request(), &secret, &wanted).await;
            asked.push(made.expect("asked").expect("a link").id);
            self.app.clock.advance(Duration::from_mins(1));
        }
        let admin = self.app.member(ADMIN).await;
        let accept = Decision::Accept(vec!["edit_facility:leeds".parse().expect("a permission")]);
        let half = &asked[..asked.len() / 2];
        self.app.opened.directory.decide_join_requests(&admin, "example", half, &accept).await;
    }

    async fn invite_some(&self) {
        let admin = self.app.member(ADMIN).await;
        for n in 0..self.every(20) {
            let new = NewInvitation {
                name: format!("Invited Person {n}"),
                email: format!("invited{n}@example.org"),
                can_edit: vec!["leeds".to_owned()],
                admin_for: Vec::new(),
            };
            self.app.opened.directory.stage_invitation(&admin, "example", &new).await.expect("staged");
        }
        self.app.opened.directory.send_invitations(&admin, "example").await.expect("sent");
        for n in 0..self.every(100) {
            let which = format!("invited{n}@example.org");
            let _ = self.app.opened.directory.revoke_invitation(&admin, "example", &which).await;
        }
    }

    /// A plan that moves everybody.
    async fn plan(&self) {
        let rule = NewRule {
            connection: "okta".to_owned(),
            subject: Subject::Attribute { path: "userType".to_owned(), value: "Employee".to_owned() },
            gives: vec!["edit_organization".to_owned()],
            note: Some("everybody employed".to_owned()),
        };
        self.app.opened.provisioning.plan(&self.app.operator(), Change::from(&rule)).await.expect("a plan");
    }

    /// A moment later, with everything in the log.
    async fn later(&self) {
        self.app.clock.advance(Duration::from_mins(10));
        self.app.opened.request_log.write_waiting().await;
    }
}

/// The IdP's n-th User.
fn user(n: usize) -> serde_json::Value {
    let (given, family) = (GIVEN[n % GIVEN.len()], FAMILY[(n / GIVEN.len()) % FAMILY.len()]);
    let name = format!("person{n}@example.org");
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "userName": name, "externalId": format!("00u{n}"), "active": true, "userType": "Employee",
        "name": { "givenName": given, "familyName": family }, "displayName": format!("{given} {family} {n}"),
        "emails": [{ "value": name, "type": "work", "primary": true }],
    })
}
