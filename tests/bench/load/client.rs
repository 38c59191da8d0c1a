//! One HTTP/1.1 connection that is kept open, and as little work per request as can be: what the load program itself
//! costs, the server cannot use.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// A request line's worth of what to ask.
pub(crate) struct Request {
    pub(crate) method: &'static str,
    /// Below the connection's base, such as `/Users?count=1`; already percent-encoded.
    pub(crate) path: String,
    pub(crate) body: String,
    /// The only status that counts as done.
    pub(crate) expect: u16,
}

pub(crate) struct Client {
    stream: BufReader<TcpStream>,
    base: String,
    head: String,
    out: String,
    body: Vec<u8>,
}

impl Client {
    /// Opens a connection; `base` is the path before every request's.
    pub(crate) fn open(address: SocketAddr, base: &str, token: &str) -> Self {
        let stream = TcpStream::connect(address).expect("the server listens");
        stream.set_nodelay(true).expect("a TCP socket");
        stream.set_read_timeout(Some(Duration::from_mins(1))).expect("a TCP socket");
        let head = format!(
            "Host: {address}\r\nAuthorization: Bearer {token}\r\nAccept: application/scim+json\r\n\
             Content-Type: application/scim+json\r\n"
        );
        Self {
            stream: BufReader::with_capacity(64 * 1024, stream),
            base: base.to_owned(),
            head,
            out: String::new(),
            body: Vec::new(),
        }
    }

    /// Sends a request and reads the whole answer.
    ///
    /// # Panics
    ///
    /// On any other status than the expected one: a load that is refused measures nothing.
    pub(crate) fn send(&mut self, request: &Request) -> &[u8] {
        let Request { method, path, body, expect } = request;
        self.out = format!("{method} {}{path} HTTP/1.1\r\n{}", self.base, self.head);
        if !body.is_empty() {
            let _ = write!(self.out, "Content-Length: {}\r\n", body.len());
        }
        self.out.push_str("\r\n");
        self.out.push_str(body);
        self.stream.get_mut().write_all(self.out.as_bytes()).expect("the server reads");
        let status = self.read();
        assert_eq!(status, *expect, "{method} {path}: {}", String::from_utf8_lossy(&self.body));
        &self.body
    }

    /// Reads one answer into `body` and returns its status.
    fn read(&mut self) -> u16 {
        let mut line = String::new();
        self.stream.read_line(&mut line).expect("the server answers");
        let status =
            line.get(9..12).and_then(|code| code.parse().ok()).unwrap_or_else(|| panic!("no status: {line:?}"));
        let mut length = 0;
        loop {
            line.clear();
            self.stream.read_line(&mut line).expect("the server answers");
            let Some((name, value)) = line.trim_end().split_once(':') else { break };
            assert!(!name.eq_ignore_ascii_case("transfer-encoding"), "only answers of a stated length are read here");
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse().expect("a length");
            }
        }
        self.body.resize(length, 0);
        self.stream.read_exact(&mut self.body).expect("the whole body");
        status
    }
}
