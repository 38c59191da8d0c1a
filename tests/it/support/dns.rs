//! A DNS server in this process: answers TXT questions over UDP with what a test tells it to.

use std::collections::HashMap;
use std::net::{SocketAddr, UdpSocket};
use std::sync::{Arc, Mutex};

use hickory_proto::op::{Message, ResponseCode};
use hickory_proto::rr::rdata::TXT;
use hickory_proto::rr::{RData, Record};

/// What is said of a name; a name of which nothing is said does not exist.
#[derive(Debug, Clone)]
pub(crate) enum Says {
    /// These texts.
    Texts(Vec<String>),
    /// The name is there and has no text.
    NoText,
    /// The server fails.
    Failure,
    /// Nothing at all.
    Silence,
}

/// A running server; it ends with the test's process.
pub(crate) struct DnsServer {
    address: SocketAddr,
    zone: Arc<Mutex<HashMap<String, Says>>>,
}

impl DnsServer {
    pub(crate) fn start() -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let address = socket.local_addr().unwrap();
        let zone: Arc<Mutex<HashMap<String, Says>>> = Arc::default();
        let answers = Arc::clone(&zone);
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok((length, client)) = socket.recv_from(&mut buffer) {
                if let Some(answer) = answer(&buffer[..length], &answers.lock().unwrap()) {
                    let _ = socket.send_to(&answer, client);
                }
            }
        });
        Self { address, zone }
    }

    /// What `domains.dns_server` takes.
    pub(crate) fn address(&self) -> String {
        self.address.to_string()
    }

    /// From now on this is said of a name.
    pub(crate) fn say(&self, name: &str, says: Says) {
        self.zone.lock().unwrap().insert(name.to_owned(), says);
    }

    /// From now on the name has this text.
    pub(crate) fn text(&self, name: &str, text: &str) {
        self.say(name, Says::Texts(vec![text.to_owned()]));
    }

    /// From now on there is no such name.
    pub(crate) fn forget(&self, name: &str) {
        self.zone.lock().unwrap().remove(name);
    }
}

fn answer(question: &[u8], zone: &HashMap<String, Says>) -> Option<Vec<u8>> {
    let asked = Message::from_vec(question).ok()?;
    let query = asked.queries.first()?.clone();
    let name = query.name().to_ascii().to_ascii_lowercase();
    let mut answer = Message::response(asked.metadata.id, asked.metadata.op_code);
    match zone.get(name.trim_end_matches('.')) {
        Some(Says::Texts(texts)) => {
            for text in texts {
                // A text of more than 255 octets goes in pieces.
                let pieces = text.as_bytes().chunks(255).collect();
                let text = RData::TXT(TXT::from_bytes(pieces));
                answer.add_answer(Record::from_rdata(query.name().clone(), 300, text));
            }
        }
        Some(Says::NoText) => {}
        Some(Says::Failure) => answer.metadata.response_code = ResponseCode::ServFail,
        Some(Says::Silence) => return None,
        None => answer.metadata.response_code = ResponseCode::NXDomain,
    }
    answer.add_query(query);
    answer.to_vec().ok()
}
