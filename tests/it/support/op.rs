//! A real OpenID provider: tests/it/oidc_provider.mjs in a process of its own. Knows nothing of a gateway.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// The secret of its one client, `secaro`.
pub(crate) const SECRET: &str = "a-client-secret-of-tests";

/// What providers do differently.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Manner {
    /// Whether what is said of somebody stands in the token; else it has to be asked for.
    pub(crate) claims_in_token: bool,
    /// Whether the token says when somebody proved who they are.
    pub(crate) says_when: bool,
}

impl Default for Manner {
    fn default() -> Self {
        Self { claims_in_token: true, says_when: true }
    }
}

/// The provider; gone when dropped.
pub(crate) struct Op {
    pub(crate) issuer: String,
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Op {
    /// Leads browsers back to this address; its clock goes on from a time in milliseconds.
    #[expect(clippy::disallowed_methods, reason = "the environment is the tests' interface")]
    pub(crate) fn start(callback: &str, now: i64, manner: Manner) -> Self {
        let modules = std::env::var("TEST_NODE_MODULES");
        let modules = modules.expect("TEST_NODE_MODULES: tests/run installs an OpenID provider");
        let mut command = Command::new("node");
        command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/oidc_provider.mjs")).arg(modules).arg(callback);
        command.args([now.to_string(), manner.claims_in_token.to_string(), manner.says_when.to_string()]);
        let spawned = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
        let mut child = spawned.expect("node is installed: tests/run sees to it");
        let input = child.stdin.take().expect("piped");
        let mut output = BufReader::new(child.stdout.take().expect("piped"));
        let mut issuer = String::new();
        output.read_line(&mut issuer).expect("text");
        assert!(issuer.starts_with("http"), "the provider prints its issuer: is TEST_NODE_MODULES complete?");
        Self { issuer: issuer.trim().to_owned(), child, input, output }
    }

    /// `claims JSON`: what it says of the subject in it; `advance MS`: time goes by there.
    pub(crate) fn tell(&mut self, line: &str) {
        writeln!(self.input, "{line}").expect("it listens");
        let mut done = String::new();
        self.output.read_line(&mut done).expect("text");
        assert_eq!(done, "done\n");
    }
}

impl Drop for Op {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
