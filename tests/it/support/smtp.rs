//! A real mail server that keeps what it gets: tests/it/smtp_sink.py in a process of its own, with a certificate made
//! for it by openssl.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use super::database::variable;

/// How the server is spoken with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// STARTTLS and a password, both required.
    StartTls,
    /// TLS from the first byte, and a password.
    Tls,
    /// Neither.
    Plain,
}

/// The server; gone when dropped.
pub(crate) struct Sink {
    way: Way,
    port: u16,
    folder: TempDir,
    child: Child,
}

/// A mail as the server got it.
#[derive(Debug, Clone)]
pub(crate) struct Kept {
    pub(crate) from: String,
    pub(crate) recipients: Vec<String>,
    pub(crate) encrypted: bool,
    pub(crate) authenticated: bool,
    /// The header fields in their order, unfolded.
    pub(crate) fields: Vec<(String, String)>,
    /// The plain text, decoded.
    pub(crate) text: String,
}

const USER: &str = "gateway@example.org";
pub(crate) const PASSWORD: &str = "an-smtp-password-of-tests";

impl Sink {
    pub(crate) fn start(way: Way) -> Self {
        let python = variable("TEST_PYTHON").expect("TEST_PYTHON: tests/run makes a Python with aiosmtpd");
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("mails")).unwrap();
        let mut command = Command::new(python);
        command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/smtp_sink.py")).arg(folder.path().join("mails"));
        let name = match way {
            Way::StartTls => "starttls",
            Way::Tls => "tls",
            Way::Plain => "plain",
        };
        command.arg(name);
        if way != Way::Plain {
            certificate(folder.path());
            fs::write(folder.path().join("password"), format!("{PASSWORD}\n")).unwrap();
            command.arg(folder.path().join("server.pem")).arg(folder.path().join("server.key")).args([USER, PASSWORD]);
        }
        let spawned = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut child = spawned.expect("TEST_PYTHON starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("piped")).read_line(&mut line).unwrap();
        let port =
            line.trim().parse().expect("the sink prints its port: has TEST_PYTHON all of tests/requirements.txt?");
        Self { way, port, folder, child }
    }

    /// The settings with which the gateway sends to it.
    pub(crate) fn settings(&self) -> Vec<(&'static str, String)> {
        let user = USER.replace('@', "%40");
        let url = match self.way {
            Way::StartTls => format!("smtp://{user}@localhost:{}", self.port),
            Way::Tls => format!("smtps://{user}@localhost:{}", self.port),
            Way::Plain => format!("smtp+plain://127.0.0.1:{}", self.port),
        };
        let mut settings = vec![("mail.smtp_url", url), ("mail.from", "Secaro <no-reply@secaro.example>".to_owned())];
        if self.way != Way::Plain {
            settings.push(("mail.password_file", self.path("password").to_string_lossy().into_owned()));
            settings.push(("mail.ca_file", self.path("ca.pem").to_string_lossy().into_owned()));
        }
        settings
    }

    /// A file of its folder: `password`, `ca.pem`.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// What it got, in order.
    pub(crate) fn mails(&self) -> Vec<Kept> {
        let names = fs::read_dir(self.path("mails")).unwrap().map(|entry| entry.unwrap().path());
        let mut names: Vec<_> = names.filter(|path| path.extension().is_some_and(|end| end == "json")).collect();
        names.sort();
        names.iter().map(|path| kept(&serde_json::from_slice(&fs::read(path).unwrap()).unwrap())).collect()
    }

    /// What it got for one address.
    pub(crate) fn mails_to(&self, address: &str) -> Vec<Kept> {
        self.mails().into_iter().filter(|mail| mail.recipients == [address]).collect()
    }

    /// It answers no longer.
    pub(crate) fn goes_away(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        // It may have ended; then there is nothing to kill and only the id to free.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An authority of its own, and a certificate of it for localhost.
fn certificate(folder: &Path) {
    let openssl = |line: &str| {
        let output = Command::new("openssl").current_dir(folder).args(line.split(' ')).output();
        let output = output.expect("openssl is installed: tests/run sees to it");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
    openssl(&format!("req -x509 {key} -keyout ca.key -out ca.pem -days 2 -subj /CN=Tests"));
    openssl(&format!("req {key} -keyout server.key -out server.csr -subj /CN=localhost"));
    fs::write(folder.join("names"), "subjectAltName=DNS:localhost").unwrap();
    openssl("x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out server.pem -days 2 -extfile names");
}

fn kept(json: &Value) -> Kept {
    let text = |name: &str| json[name].as_str().unwrap().to_owned();
    let raw = text("message");
    let (head, body) = raw.split_once("\r\n\r\n").expect("a header and a body");
    let fields = head.replace("\r\n ", " ").replace("\r\n\t", " ");
    let fields = fields.split("\r\n").map(|line| line.split_once(": ").unwrap_or((line, "")));
    Kept {
        from: text("from"),
        recipients: json["recipients"].as_array().unwrap().iter().map(|one| one.as_str().unwrap().to_owned()).collect(),
        encrypted: json["encrypted"] == true,
        authenticated: json["authenticated"] == true,
        fields: fields.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        text: plain_text(body),
    }
}

/// The text/plain part, its transfer encoding undone.
fn plain_text(body: &str) -> String {
    let part = body.split("Content-Type: text/plain").nth(1).expect("a plain text");
    let (head, part) = part.split_once("\r\n\r\n").unwrap();
    // The next part begins after a line of two hyphens and the boundary.
    let (part, _) = part.split("Content-Type: text/html").next().unwrap().rsplit_once("\r\n--").unwrap();
    let bytes = if head.contains("quoted-printable") {
        let mut bytes = Vec::new();
        let mut rest = part.replace("=\r\n", "");
        while let Some(at) = rest.find('=') {
            bytes.extend_from_slice(&rest.as_bytes()[..at]);
            bytes.push(u8::from_str_radix(&rest[at + 1..at + 3], 16).unwrap());
            rest = rest[at + 3..].to_owned();
        }
        bytes.extend_from_slice(rest.as_bytes());
        bytes
    } else if head.contains("base64") {
        data_encoding::BASE64.decode(part.replace("\r\n", "").as_bytes()).unwrap()
    } else {
        part.as_bytes().to_vec()
    };
    String::from_utf8(bytes).unwrap().replace("\r\n", "\n")
}
