//! The built program as it plays its demo and serves on; ends with the test.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use std::sync::Arc;

use secaro_gateway::app::{self, Opened};
use secaro_gateway::auth::Operator;
use secaro_gateway::clock::{Clock as _, SystemClock};
use secaro_gateway::config::{self, Settings, Sources};
use secaro_gateway::ids::Randomness;
use secaro_gateway::web::routes::Route;
use serde_json::Value;
use tempfile::TempDir;

/// A running demo.
pub(crate) struct Demo {
    child: Child,
    folder: TempDir,
    /// What it said when its story was told.
    pub(crate) told: Value,
}

impl Demo {
    /// Starts it on a port of the system's choice and waits until the story is told.
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut child = program(&["demo", "--listen", "127.0.0.1:0", "--output", "json"], &folder)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program starts");
        let mut text = String::new();
        let mut told = Value::Null;
        for line in BufReader::new(child.stdout.take().expect("piped")).lines() {
            text.push_str(&line.expect("text"));
            if let Ok(whole) = serde_json::from_str(&text) {
                told = whole;
                break;
            }
        }
        assert!(told["console"].is_string(), "the demo told no link: {text}");
        Self { child, folder, told }
    }

    /// Where it answers.
    pub(crate) fn base_url(&self) -> &str {
        self.told["base_url"].as_str().expect("an address")
    }

    /// The link into the console that it printed.
    pub(crate) fn link(&self) -> &str {
        self.told["console"].as_str().expect("a link")
    }

    /// A link for somebody who is made Organization admin at the machine.
    pub(crate) fn recover(&self, email: &str, name: &str) -> String {
        let arguments = ["admin", "recover", "--email", email, "--name", name, "--output", "json"];
        let output = program(&arguments, &self.folder).output().expect("the program starts");
        let answer: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        let path = answer["link"].as_str().expect("a link").split_once("/console/").expect("a path").1.to_owned();
        format!("{}/console/{path}", self.base_url())
    }

    /// The same data from within, for what a browser cannot be asked.
    pub(crate) async fn inside(&self) -> Inside {
        let data = self.folder.path().join("data").to_string_lossy().into_owned();
        let flags = vec![("database.data_dir", data)];
        let sources = Sources { file: None, environment: Vec::new(), flags };
        let settings = config::load(&sources).expect("settings").settings;
        let random = Arc::new(Randomness::from_system());
        let opened = app::open(&settings, Arc::new(SystemClock), Arc::clone(&random)).await.expect("the demo's data");
        Inside { opened, settings, random, base_url: self.base_url().to_owned() }
    }

    /// Sends a resource as the demo's Okta does.
    pub(crate) async fn push(&self, endpoint: &str, body: Value) -> u16 {
        let url = format!("{}/{endpoint}", self.told["scim_base_url"].as_str().expect("an address"));
        let client = reqwest::Client::builder().no_proxy().build().expect("a client");
        let request = client.post(url).bearer_auth(self.told["token"].as_str().expect("a token"));
        let request = request.header("content-type", "application/scim+json").body(body.to_string());
        request.send().await.expect("an answer").status().as_u16()
    }
}

fn program(arguments: &[&str], folder: &TempDir) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_secaro-gateway"));
    let data = folder.path().join("data");
    command
        .env_clear()
        .env("SECARO_CONSOLE__LOOPBACK_PROVIDERS", "true")
        .stdin(Stdio::null())
        .args(arguments)
        .arg("--data-dir")
        .arg(data);
    command
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The demo's data, opened beside it.
pub(crate) struct Inside {
    pub(crate) opened: Opened,
    settings: Settings,
    random: Arc<Randomness>,
    base_url: String,
}

impl Inside {
    /// Whoever sits at the machine.
    pub(crate) fn operator(&self) -> Operator {
        Operator::of_this_machine("test".to_owned(), self.random.id(SystemClock.now()))
    }

    /// A link that signs somebody in.
    pub(crate) async fn link(&self, organization: &str, email: &str) -> String {
        let path = self.opened.directory.recovery_link(&self.operator(), organization, email).await.expect("a link");
        format!("{}{path}", self.base_url)
    }

    /// An organization with nothing but an admin; a link that signs them in.
    pub(crate) async fn empty_organization(&self) -> String {
        let (directory, operator) = (&self.opened.directory, self.operator());
        directory.create_organization(&operator, "empty", "Empty Works", None, &[]).await.expect("an organization");
        let email = "ada.first@empty.example";
        directory.recover_admin(&operator, "empty", email, Some("Ada First")).await.expect("an admin");
        self.link("empty", email).await
    }

    /// The address in the newest mail to somebody that begins so.
    pub(crate) async fn mailed(&self, email: &str, begins: &str) -> String {
        let mailer = &self.opened.worker.mailer;
        let mails = mailer.list(1000).await.expect("mails");
        let mail = mails.iter().find(|mail| mail.recipient == email).unwrap_or_else(|| panic!("no mail to {email}"));
        let text = mailer.show(mail.id).await.expect("a mail").expect("a mail").text;
        let rest = text.split(begins).nth(1).unwrap_or_else(|| panic!("no {begins}: {text}"));
        format!("{}{begins}{}", self.base_url, rest.split_whitespace().next().expect("a secret"))
    }

    /// Everything that can be asked for.
    pub(crate) fn routes(&self) -> Vec<Route> {
        app::routes(&self.opened, &self.settings, &self.base_url).list().to_vec()
    }
}
