//! Three connections in two organizations, each with Users and Groups that look alike but for its own canary.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use secaro_gateway::app::{self, Opened};
use secaro_gateway::auth::{Caller, Operator};
use secaro_gateway::clock::{Clock as _, ManualClock, Timestamp};
use secaro_gateway::config::{self, Sources};
use secaro_gateway::ids::Randomness;
use secaro_gateway::provisioning::Provisioning;
use secaro_gateway::provisioning::ceiling::Ceiling;
use secaro_gateway::provisioning::connections::NewConnection;
use secaro_gateway::provisioning::resources::Call;
use secaro_gateway::scim::projection::Projection;
use secaro_gateway::scim::{Dialect, Normaliser, ResourceType};
use serde_json::{Map, Value, json};

use crate::support::database::Database;

const USERS: usize = 40;
const GROUPS: usize = 8;

/// Names that fold, sort and quote in all the ways that have gone wrong somewhere.
const NAMES: [&str; 12] = [
    "Ada",
    "ada.b",
    "ÅSA",
    "a\u{30a}sa2",
    "K\u{212a}",
    "kk",
    "straße",
    "İstanbul",
    "istanbul",
    "ﬁn",
    "a%a_a",
    "o'q\"\\",
];

pub(super) struct World {
    pub(super) provisioning: Provisioning,
    pub(super) sides: Vec<Side>,
    _database: Database,
}

/// One connection, seen by its IdP.
pub(super) struct Side {
    pub(super) key: &'static str,
    pub(super) caller: Caller,
    /// In a text of each of its resources and of no other's.
    pub(super) canary: &'static str,
    pub(super) users: Vec<String>,
    groups: Vec<String>,
}

impl Side {
    pub(super) fn base_url(&self) -> String {
        format!("https://gateway.example/scim/v2/{}", self.key)
    }

    pub(super) fn call<'a>(
        &'a self,
        resource_type: ResourceType,
        projection: &'a Projection,
        normaliser: &'a mut Normaliser,
    ) -> Call<'a> {
        Call { caller: &self.caller, resource_type, projection, normaliser }
    }
}

impl World {
    /// With a bound for filters that narrow nothing.
    pub(super) async fn new(scan: usize) -> Self {
        let database = Database::new().await;
        let clock = Arc::new(ManualClock::at(Timestamp::from_millis(1_769_850_300_000)));
        let flags = vec![
            ("database.url", database.location().to_owned()),
            ("secrets.key_file", database.folder().join("gateway.key").to_string_lossy().into_owned()),
            ("scim.max_scan_rows", scan.to_string()),
        ];
        let settings = config::load(&Sources { flags, ..Sources::default() }).unwrap().settings;
        let random = Arc::new(Randomness::seeded(7));
        let opened = app::open(&settings, Arc::clone(&clock) as _, Arc::clone(&random)).await.unwrap();
        let Opened { provisioning, directory, authenticator, .. } = opened;
        let request = || random.id(clock.now());
        let operator = Operator::of_this_machine("test".to_owned(), request());
        for organization in ["alpha", "beta"] {
            let domains = [format!("{organization}.example")];
            directory.create_organization(&operator, organization, organization, None, &domains).await.unwrap();
        }
        let mut world = Self { provisioning, sides: Vec::new(), _database: database };
        for (organization, key, canary) in [
            ("alpha", "alpha-one", "canary-qx"),
            ("alpha", "alpha-two", "canary-wz"),
            ("beta", "beta-one", "canary-vy"),
        ] {
            let new = NewConnection {
                organization: organization.to_owned(),
                key: key.to_owned(),
                dialect: Dialect::Generic,
                strict: false,
                may_grant: Ceiling::default(),
                pending: false,
            };
            world.provisioning.create_connection(&operator.clone().into(), &new).await.unwrap();
            let lifetime = Duration::from_hours(24);
            let token =
                world.provisioning.issue_token(&operator.clone().into(), key, "first", lifetime).await.unwrap().token;
            let authorization = format!("Bearer {token}");
            let caller = authenticator.bearer(key, Some(&authorization), request()).await.unwrap();
            let mut side = Side { key, caller, canary, users: Vec::new(), groups: Vec::new() };
            world.fill(&mut side, organization, &clock).await;
            world.sides.push(side);
        }
        world
    }

    async fn fill(&self, side: &mut Side, organization: &str, clock: &ManualClock) {
        for number in 0..USERS {
            clock.advance(Duration::from_millis(700));
            let id = self.create(side, ResourceType::User, user(number, side.canary, organization)).await;
            side.users.push(id);
        }
        for (number, name) in NAMES.iter().enumerate().take(GROUPS) {
            clock.advance(Duration::from_millis(700));
            // The first has no members, the last has the one before it.
            let members =
                side.users.iter().enumerate().filter(|(user, _)| number > 0 && user.is_multiple_of(number + 1));
            let mut members: Vec<Value> = members.map(|(_, id)| json!({ "value": id })).collect();
            members.extend(side.groups.last().filter(|_| number + 1 == GROUPS).map(|id| json!({ "value": id })));
            let mut group = json!({ "displayName": format!("{name} {number}"), "members": members });
            if number.is_multiple_of(2) {
                group["externalId"] = json!(format!("{}-{number}", side.canary));
            }
            let id = self.create(side, ResourceType::Group, group).await;
            side.groups.push(id);
        }
    }

    async fn create(&self, side: &Side, resource_type: ResourceType, mut body: Value) -> String {
        body["schemas"] = json!([resource_type.core().urn]);
        let projection = Projection::default_of(resource_type);
        let mut normaliser = Normaliser::new(Dialect::Generic, false);
        let mut call = side.call(resource_type, &projection, &mut normaliser);
        self.provisioning.create(&mut call, body).await.unwrap().id()
    }

    /// Every resource as GET by id answers it when everything is named, by connection and type.
    pub(super) async fn everything(&self) -> HashMap<(&'static str, ResourceType), Vec<Map<String, Value>>> {
        let mut everything = HashMap::new();
        for side in &self.sides {
            for (resource_type, ids) in [(ResourceType::User, &side.users), (ResourceType::Group, &side.groups)] {
                let projection = everything_of(resource_type);
                let mut all = Vec::new();
                for id in ids {
                    let mut normaliser = Normaliser::new(Dialect::Generic, false);
                    let call = side.call(resource_type, &projection, &mut normaliser);
                    let view = self.provisioning.get(&call, id).await.unwrap();
                    let Value::Object(whole) = view.render(&side.base_url(), &projection) else { unreachable!() };
                    all.push(whole);
                }
                everything.insert((side.key, resource_type), all);
            }
        }
        everything
    }

    /// What questions may be about: what stands in some resource of some connection, or nearly.
    pub(super) fn words(&self) -> Vec<String> {
        let ids = self.sides.iter().flat_map(|side| [&side.users[0], &side.users[7], &side.groups[0], &side.groups[3]]);
        let fixed =
            ["", "a", "A", "work", "x", "alpha.example", "EXAMPLE", "é", "'", "%", "\\", "User", "true", "active"];
        let times = ["2026-01-31T09:05:10Z", "2026-01-31T10:05:30.400+01:00", "2026-01-31T09:05:00.700Z"];
        let own = self.sides.iter().flat_map(|side| [side.canary.to_owned(), format!("{}-7", side.canary)]);
        let fixed = fixed.iter().chain(&times).chain(&NAMES).map(|text| (*text).to_owned());
        let addresses = ["ada@alpha.example", "KK5@Beta.Example", "ada0", "ada.b1", "Ada 0", "canary-qx-2", "Title 3"];
        fixed.chain(ids.cloned()).chain(own).chain(addresses.map(str::to_owned)).collect()
    }
}

/// Everything that a filter, an order or an index looks at, there or missing.
/// What is shown by default and what is shown on request.
pub(super) fn everything_of(resource_type: ResourceType) -> Projection {
    let core = resource_type.core().attributes.iter().map(|attribute| attribute.name);
    let extensions = resource_type.extensions().iter().map(|schema| schema.urn);
    let names: Vec<&str> = core.chain(extensions).chain(["externalId", "meta", "members.display"]).collect();
    Projection::parse(resource_type, Some(&names.join(",")), None).unwrap()
}

fn user(number: usize, canary: &str, organization: &str) -> Value {
    let name = NAMES[number % NAMES.len()];
    let mut user = json!({
        "userName": format!("{name}{number}"),
        "active": !number.is_multiple_of(3),
        "name": { "familyName": name, "givenName": canary },
        "emails": [{ "value": format!("{}{number}@{organization}.example", ["ada", "KK", "x"][number % 3]), "type": "work" }],
    });
    if !number.is_multiple_of(4) {
        let case = if number.is_multiple_of(2) { canary.to_uppercase() } else { canary.to_owned() };
        user["externalId"] = json!(format!("{case}-{number}"));
    }
    if number % 5 < 2 {
        user["title"] = json!(format!("Title {}", number % 7));
        user["displayName"] = json!(format!("{name} {canary}"));
    }
    if number % 6 == 1 {
        let second =
            json!({ "value": format!("{canary}@home.example"), "type": "home", "primary": number.is_multiple_of(2) });
        user["emails"].as_array_mut().unwrap().push(second);
    }
    if number % 7 == 6 {
        user.as_object_mut().unwrap().remove("emails");
    }
    if number % 3 == 1 {
        let enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
        user[enterprise] = json!({ "department": name, "manager": { "value": canary } });
    }
    user
}
