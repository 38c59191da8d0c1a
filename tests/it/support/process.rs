//! The gateway as its users start it: the built program, its command line, its standard streams. For what only a
//! process shows; also what the load program drives.

use std::io::{BufRead, BufReader, Read};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

/// How long starting and stopping may take before a test gives up.
const PATIENCE: Duration = Duration::from_secs(30);

/// The program with these arguments on this database, with nothing of the caller's environment.
pub(crate) fn command(database: &str, arguments: &[&str]) -> Command {
    let mut command = with(arguments);
    command.args(["--database", database]);
    if database.contains("://") {
        // On SQLite the secret stands beside the database; here it is told apart by the database's name.
        let (url, _) = database.split_once('?').unwrap_or((database, ""));
        let name = url.rsplit('/').next().unwrap_or_default();
        command.env("SECARO_SECRETS__KEY_FILE", std::env::temp_dir().join(format!("secaro-{name}.key")));
    }
    command
}

/// The program with these arguments alone.
pub(crate) fn with(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_secaro-gateway"));
    command.env_clear().stdin(Stdio::null()).args(arguments);
    command
}

/// Runs a command to its end.
pub(crate) fn output(database: &str, arguments: &[&str]) -> Output {
    command(database, arguments).output().expect("the program starts")
}

/// The JSON object that a command prints.
pub(crate) fn json(database: &str, arguments: &[&str]) -> Value {
    let output = output(database, &[arguments, &["--output", "json"]].concat());
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {}: {complaint}", output.status);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{arguments:?}: {error}: {complaint}"))
}

/// An organization `example` with a facility, and one connection of each dialect named, under its dialect's name.
/// Answers their tokens.
pub(crate) fn provision<const N: usize>(database: &str, dialects: [&str; N]) -> [String; N] {
    json(database, &["organization", "create", "--key", "example", "--name", "Example", "--domain", "example.org"]);
    json(database, &["facility", "add", "--organization", "example", "--key", "leeds", "--name", "Leeds"]);
    dialects.map(|dialect| {
        let may_grant = ["--may-grant", "edit,billing_admin,organization_admin"];
        let create = ["connection", "create", "--organization", "example", "--key", dialect, "--dialect", dialect];
        json(database, &[&create[..], &may_grant].concat());
        let issued = json(database, &["token", "issue", "--connection", dialect, "--name", "tests", "--expires", "7d"]);
        issued["token"].as_str().expect("a token in .token").to_owned()
    })
}

/// A running `serve`, killed when dropped.
pub(crate) struct Gateway {
    child: Child,
    address: SocketAddr,
    lines: Receiver<String>,
}

impl Gateway {
    /// Starts serving on a port of the system's choice, with these settings in the environment, and waits until it
    /// answers.
    pub(crate) fn start(database: &str, settings: &[(&str, &str)]) -> Self {
        let mut serve = command(database, &["serve", "--listen", "127.0.0.1:0"]);
        serve.envs(settings.iter().copied()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = serve.spawn().expect("the program starts");
        let (sender, lines) = channel();
        pass_on(child.stdout.take().expect("piped"), sender.clone());
        pass_on(child.stderr.take().expect("piped"), sender);
        let mut gateway = Self { child, address: SocketAddr::from(([127, 0, 0, 1], 0)), lines };
        gateway.wait_until_it_listens();
        gateway
    }

    fn wait_until_it_listens(&mut self) {
        let deadline = Instant::now() + PATIENCE;
        let mut said = String::new();
        while let Ok(line) = self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            if let Some(address) = listening_on(&line) {
                while TcpStream::connect(address).is_err() && Instant::now() < deadline {
                    thread::sleep(Duration::from_millis(1));
                }
                self.address = address;
                return;
            }
            said.push_str(&line);
            said.push('\n');
        }
        panic!("serve named no address; it said:\n{said}");
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Asks it to stop, as an operator does; how it ended and what it said since it began to listen.
    pub(crate) fn stop(mut self) -> (ExitStatus, Vec<String>) {
        let asked = Command::new("kill").args(["-TERM", &self.id().to_string()]).status().expect("kill starts");
        assert!(asked.success());
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            if let Some(status) = self.child.try_wait().expect("our own child") {
                return (status, self.lines.iter().collect());
            }
            thread::sleep(Duration::from_millis(5));
        }
        panic!("still running {PATIENCE:?} after SIGTERM");
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        // It may have ended; then there is nothing to kill and only the id to free.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn pass_on(stream: impl Read + Send + 'static, to: Sender<String>) {
    thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            if to.send(line).is_err() {
                break;
            }
        }
    });
}

/// The address in the line that says where the gateway listens.
fn listening_on(line: &str) -> Option<SocketAddr> {
    let rest = &line[line.find("http://127.0.0.1:")? + 7..];
    let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.' && c != ':').unwrap_or(rest.len());
    rest[..end].parse().ok()
}
