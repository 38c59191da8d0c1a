//! The built program as it plays its demo and serves on; ends with the test.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

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
    command.env_clear().stdin(Stdio::null()).args(arguments).arg("--data-dir").arg(data);
    command
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
