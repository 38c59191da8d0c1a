//! The way of people into an organization, from an empty database, by the built program and HTTP alone: a stranger
//! proves a mailbox and asks to join, two admins race, an IdP brings the same person, a rule is reviewed before it
//! happens, and a removal of too many people is held. Mail goes through a real server.

use std::process::Output;
use std::thread;
use std::time::{Duration, Instant};

use reqwest::{Client, StatusCode};
use serde_json::{Value, json};

use crate::support::database::Database;
use crate::support::process::{Gateway, command, json as run, output};
use crate::support::smtp::{Kept, Sink, Way};

/// The installation under test.
struct World {
    database: Database,
    gateway: Gateway,
    sink: Sink,
    client: Client,
    okta: String,
}

impl World {
    async fn new() -> Self {
        let (database, sink) = (Database::new().await, Sink::start(Way::StartTls));
        let at = database.location().to_owned();
        run(&at, &["organization", "create", "--key", "example", "--name", "Example", "--domain", "example.org"]);
        for facility in ["leeds", "york"] {
            run(&at, &["facility", "add", "--key", facility, "--name", facility]);
        }
        for admin in ["ada@example.org", "bob@example.org"] {
            run(&at, &["admin", "recover", "--organization", "example", "--email", admin]);
        }
        run(&at, &["connection", "create", "--key", "okta", "--dialect", "okta"]);
        let okta = run(&at, &["token", "issue", "--connection", "okta", "--name", "first"])["token"].text();
        let guard = ("SECARO_GUARDS__MASS_CHANGE_COUNT", "3");
        let mut settings: Vec<(String, String)> = vec![(guard.0.to_owned(), guard.1.to_owned())];
        settings.extend(sink.settings().into_iter().map(|(key, value)| (variable(key), value)));
        let settings: Vec<(&str, &str)> = settings.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        let gateway = Gateway::start(&at, &settings);
        // Two tests may want it; the first one installs it.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Self { database, gateway, sink, client: Client::builder().build().unwrap(), okta }
    }

    fn at(&self) -> &str {
        self.database.location()
    }

    /// What a command prints.
    fn run(&self, arguments: &[&str]) -> Value {
        run(self.at(), arguments)
    }

    /// How a command ends.
    fn code(&self, arguments: &[&str]) -> (i32, String) {
        ended(&output(self.at(), arguments))
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.gateway.address())
    }

    /// Asks a page.
    async fn get(&self, path: &str) -> String {
        let answer = self.client.get(self.url(path)).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        answer.text().await.unwrap()
    }

    /// Sends a form; the page that follows.
    async fn form(&self, path: &str, fields: &[(&str, &str)]) -> String {
        let body = fields.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect::<Vec<_>>();
        let request = self.client.post(self.url(path)).header("content-type", "application/x-www-form-urlencoded");
        let answer = request.body(body.join("&")).send().await.unwrap();
        let (status, text) = (answer.status(), answer.text().await.unwrap());
        assert!(status.is_success(), "{path}: {status}: {text}");
        text
    }

    /// Speaks SCIM as Okta does.
    async fn scim(&self, method: &str, path: &str, body: &Value) -> (StatusCode, Value) {
        let url = self.url(&format!("/scim/v2/okta{path}"));
        let request = self.client.request(method.parse().unwrap(), url).bearer_auth(&self.okta);
        let answer = request.header("content-type", "application/scim+json").body(body.to_string()).send().await;
        let answer = answer.unwrap();
        (answer.status(), serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap_or_default())
    }

    async fn user(&self, email: &str) -> String {
        let body = json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
            "userName": email,
            "emails": [{ "value": email, "primary": true }],
            "active": true,
        });
        let (status, created) = self.scim("POST", "/Users", &body).await;
        assert_eq!(status, StatusCode::CREATED, "{created}");
        created["id"].text()
    }

    /// The newest mail to somebody whose text has these words, once it is there.
    fn mail(&self, to: &str, words: &str) -> Kept {
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            let found =
                self.sink.mails().into_iter().rev().find(|mail| mail.recipients == [to] && (mail.text.contains(words)));
            match found {
                Some(mail) => return mail,
                None => assert!(Instant::now() < deadline, "no mail to {to} about «{words}»"),
            }
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// Registers, and proves the mailbox by the link in the mail; the path of what comes after it.
    async fn prove(&self, name: &str, email: &str) -> String {
        let before = self.sink.mails().len();
        self.form("/join", &[("name", name), ("email", email)]).await;
        let deadline = Instant::now() + Duration::from_secs(20);
        while self.sink.mails().len() == before {
            assert!(Instant::now() < deadline, "no mail to {email}");
            thread::sleep(Duration::from_millis(50));
        }
        let mail = self.mail(email, "/join/");
        let link = mail.text.split_whitespace().find(|word| word.contains("/join/secaro_join_")).expect("a link");
        let path = link[link.find("/join/").unwrap()..].to_owned();
        // A mail scanner looks at every link; that proves nothing.
        let seen = self.get(&path).await;
        assert!(!seen.contains("Example"), "{seen}");
        path
    }

    /// The pending request of an address.
    fn request_of(&self, email: &str) -> String {
        let listed = self.run(&["request", "list"]);
        let found = listed["requests"].as_array().unwrap().iter().find(|one| one["email"] == email);
        found.expect("a pending request")["id"].text()
    }
}

trait Text {
    fn text(&self) -> String;
}

impl Text for Value {
    fn text(&self) -> String {
        self.as_str().unwrap_or_else(|| panic!("a text: {self}")).to_owned()
    }
}

fn variable(key: &str) -> String {
    format!("SECARO_{}", key.replacen('.', "__", 1).to_uppercase())
}

fn encoded(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

fn ended(output: &Output) -> (i32, String) {
    let said = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
    (output.status.code().unwrap_or(-1), String::from_utf8_lossy(&said).into_owned())
}

/// Two commands at once, each in a process of its own.
fn at_once(at: &str, one: &[&str], other: &[&str]) -> [(i32, String); 2] {
    let started = [one, other].map(|arguments| command(at, arguments));
    let children = started.map(|mut command| {
        use std::process::Stdio;
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts")
    });
    children.map(|child| ended(&child.wait_with_output().unwrap()))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stranger_comes_in_and_a_machine_decides_nothing_alone() {
    let world = World::new().await;

    // A stranger proves the mailbox, and only then sees whose it may be.
    let path = world.prove("Eve Stone", "eve@example.org").await;
    let page = world.form(&path, &[]).await;
    assert!(page.contains("Ask to join Example"), "{page}");
    let organization = page.split("name=\"organization\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
    let organization = organization.expect("an organization to ask").to_owned();
    let fields = [("organization", organization.as_str()), ("note", "I report for Leeds."), ("facilities", "leeds")];
    world.form(&format!("{path}/request"), &fields).await;
    world.mail("ada@example.org", "Eve Stone");
    world.mail("bob@example.org", "Eve Stone");

    // Two admins race: one decides, and the other hears who did.
    let id = world.request_of("eve@example.org");
    let accept = ["request", "accept", &id, "--can-edit", "leeds", "--as", "ada@example.org"];
    let also = ["request", "accept", &id, "--can-edit", "york", "--as", "bob@example.org"];
    let [ada, bob] = at_once(world.at(), &accept, &also);
    let (winner, loser, gave) =
        if ada.0 == 0 { ("ada@example.org", &bob, "leeds") } else { ("bob@example.org", &ada, "york") };
    assert_eq!((ada.0.min(bob.0), loser.0), (0, 5), "{ada:?} {bob:?}");
    assert!(loser.1.contains(winner), "{}", loser.1);
    let welcome = world.mail("eve@example.org", "was accepted").text;
    assert!(welcome.contains(&format!("Can edit: {gave}")), "{welcome}");
    let explained = world.run(&["person", "explain", "eve@example.org"]);
    assert_eq!(explained["permissions"], json!([format!("edit_facility:{gave}")]));
    let why = explained["effective"][0]["because"][0]["text"].text();
    assert!(why.contains(winner), "{why}");

    // The same person by SCIM afterwards, and another by SCIM first: each is one person.
    let eve = world.user("eve@example.org").await;
    let people = world.run(&["person", "list"]);
    let eves = people["people"].as_array().unwrap().iter().filter(|person| person["email"] == "eve@example.org");
    let eves: Vec<_> = eves.collect();
    assert_eq!((eves.len(), eves[0]["managed_by"].as_str()), (1, Some("okta")));
    assert_eq!(world.run(&["person", "explain", "eve@example.org"])["permissions"], explained["permissions"]);
    let fay = world.user("fay@example.org").await;
    let path = world.prove("Fay Moor", "fay@example.org").await;
    let page = world.form(&path, &[]).await;
    assert!(page.contains("a person of this organization already"), "{page}");

    // A rule is reviewed before it happens.
    let members: Vec<String> = [eve, fay].into_iter().chain(more_users(&world, 4).await).collect();
    let values: Vec<Value> = members.iter().map(|id| json!({ "value": id })).collect();
    let group = json!({ "displayName": "secaro-york-editors", "members": values });
    let (status, group) = world.scim("POST", "/Groups", &group).await;
    assert_eq!(status, StatusCode::CREATED, "{group}");
    let rule = [
        "rule",
        "add",
        "--connection",
        "okta",
        "--group-pattern",
        "secaro-{facility}-editors",
        "--gives",
        "edit_facility:{facility}",
    ];
    let plan = |(code, said): (i32, String)| {
        assert_eq!(code, 6, "{said}");
        let line = said.lines().find(|line| line.starts_with("Plan ")).expect("the plan's id").to_owned();
        line.split_whitespace().nth(1).unwrap().to_owned()
    };
    let (stale, good) = (plan(world.code(&rule)), plan(world.code(&rule)));
    assert_ne!(stale, good);
    let permissions = || world.run(&["person", "explain", "fay@example.org"])["permissions"].clone();
    assert_eq!(permissions(), json!([]));
    let applied = world.run(&["plan", "apply", &good, "--as", "ada@example.org"]);
    assert_eq!(applied["state"], "applied", "{applied}");
    assert_eq!(permissions(), json!(["edit_facility:york"]));
    let (code, said) = world.code(&["plan", "apply", &stale]);
    assert_eq!(code, 5, "{said}");
    assert!(said.contains("stale"), "{said}");

    // Too many lose something at once: all keep it, until somebody decides.
    let nobody = json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations": [{ "op": "remove", "path": "members" }] });
    let (status, _) = world.scim("PATCH", &format!("/Groups/{}", group["id"].text()), &nobody).await;
    assert!(status.is_success());
    assert_eq!(permissions(), json!(["edit_facility:york"]));
    world.mail("bob@example.org", "Connection «okta»");
    let held = world.run(&["held", "list"]);
    let mass = held["held"].as_array().unwrap().iter().find_map(|item| item["mass_change"].as_str());
    let mass = mass.unwrap_or_else(|| panic!("nothing of a mass change: {held}"));
    world.run(&["held", "release", "--mass", mass, "--as", "bob@example.org"]);
    assert_eq!(permissions(), json!([]));
    assert_eq!(world.run(&["held", "list"])["held"], json!([]));

    // Everything that Okta asked stands in the log.
    let log = world.run(&["log", "list"]);
    assert!(log["requests"].as_array().is_some_and(|calls| calls.len() >= 8), "{log}");
}

async fn more_users(world: &World, count: usize) -> Vec<String> {
    let mut ids = Vec::new();
    for number in 0..count {
        ids.push(world.user(&format!("user{number}@example.org")).await);
    }
    ids
}
