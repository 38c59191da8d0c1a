//! Looking up TXT records. Says what was found or that nobody answered, and nothing about what it means.

use std::net::SocketAddr;
use std::time::Duration;

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolverConfig, ResolverOpts};
use hickory_resolver::net::NetError;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::rr::{Name, RData};

/// How many texts of one name are looked at; more are nobody's proof.
const TEXTS: usize = 64;

/// Asks a DNS server. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Dns {
    resolver: Option<TokioResolver>,
    timeout: Duration,
}

/// What was found by a name: its texts, none if there is no such name or no such record.
pub type Texts = Vec<String>;

/// Nobody gave an answer that says yes or no: a timeout, a server that fails, no server at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NoAnswer(String);

impl Dns {
    /// Asks this server, or those that the system names. Answers are not kept: whoever asks wants to know about now.
    #[must_use]
    pub fn new(server: Option<SocketAddr>, timeout: Duration) -> Self {
        let builder = match server {
            Some(server) => Ok(TokioResolver::builder_with_config(only(server), TokioRuntimeProvider::default())),
            None => TokioResolver::builder_tokio(),
        };
        let resolver = builder.and_then(|mut builder| {
            let options = builder.options_mut();
            keep_nothing(options);
            // A lost packet is asked again for within the time.
            options.timeout = timeout / 2;
            options.attempts = 1;
            builder.build()
        });
        let resolver = resolver.inspect_err(|error| {
            tracing::warn!(
                error = error as &dyn std::error::Error,
                "the system names no DNS server; set domains.dns_server"
            );
        });
        Self { resolver: resolver.ok(), timeout }
    }

    /// The texts at a fully qualified name.
    ///
    /// # Errors
    ///
    /// [`NoAnswer`], which is no word about the name.
    pub async fn texts(&self, name: &str) -> Result<Texts, NoAnswer> {
        let Some(resolver) = &self.resolver else {
            return Err(NoAnswer("no DNS server is known; set domains.dns_server".to_owned()));
        };
        let name = Name::from_ascii(format!("{name}.")).map_err(|error| NoAnswer(error.to_string()))?;
        let looked_up = tokio::time::timeout(self.timeout, resolver.txt_lookup(name)).await;
        match looked_up {
            Ok(Ok(lookup)) => {
                let texts = lookup.answers().iter().filter_map(|record| match &record.data {
                    // RFC 7208 §3.3 and everybody else: the strings of one record are one text.
                    RData::TXT(txt) => Some(String::from_utf8_lossy(&txt.txt_data.concat()).into_owned()),
                    _ => None,
                });
                Ok(texts.take(TEXTS).collect())
            }
            Ok(Err(error)) if error.is_no_records_found() => Ok(Vec::new()),
            Ok(Err(NetError::Timeout)) | Err(_) => Err(NoAnswer("the DNS server did not answer in time".to_owned())),
            Ok(Err(error)) => Err(NoAnswer(format!("the DNS server gave no answer ({error})"))),
        }
    }
}

fn only(server: SocketAddr) -> ResolverConfig {
    let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()].map(|mut connection| {
        connection.port = server.port();
        connection
    });
    let server = NameServerConfig::new(server.ip(), true, connections.to_vec());
    ResolverConfig::from_parts(None, Vec::new(), vec![server])
}

fn keep_nothing(options: &mut ResolverOpts) {
    options.cache_size = 0;
    options.positive_max_ttl = Some(Duration::ZERO);
    options.negative_max_ttl = Some(Duration::ZERO);
}
