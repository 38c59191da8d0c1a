//! Requests to addresses that an admin entered: to public hosts over TLS and nowhere else, followed to no other place,
//! bounded in time and size (T70). Knows nothing of what is asked.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::{Url, redirect};

/// How long one request may take, from the name's look-up to the last byte.
const PATIENCE: Duration = Duration::from_secs(10);

/// The largest answer, in bytes. Metadata and keys are a few thousand.
const LARGEST: usize = 256 * 1024;

/// The ports that are asked.
const PORTS: [u16; 2] = [443, 8443];

/// Why a request came to nothing. Says nothing of what was answered.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// Not a place that is asked.
    #[error("{0}")]
    Forbidden(&'static str),
    /// No answer, or none that could be read.
    #[error("no answer: {}", chain(.0))]
    Unanswered(#[from] reqwest::Error),
    /// Too much of an answer.
    #[error("the answer is longer than 256 KiB")]
    TooLong,
    /// An answer that HTTP does not have.
    #[error("the answer is malformed")]
    Malformed(#[from] http::Error),
}

/// An error with what caused it: reqwest's own text does not say.
fn chain(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

/// Asks hosts that somebody else named. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Outbound {
    client: Arc<OnceLock<reqwest::Client>>,
    loopback: bool,
}

impl Outbound {
    /// Asks public hosts; with `loopback`, this machine as well, and without TLS.
    #[must_use]
    pub fn new(loopback: bool) -> Self {
        Self { client: Arc::default(), loopback }
    }

    /// Made at the first request: it reads the system's certificates, which most commands have no need of.
    fn client(&self) -> Result<&reqwest::Client, reqwest::Error> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder()
            .user_agent(concat!("secaro-gateway/", env!("CARGO_PKG_VERSION")))
            .redirect(redirect::Policy::none())
            .no_proxy()
            .https_only(!self.loopback)
            .timeout(PATIENCE)
            .dns_resolver(Public { loopback: self.loopback })
            .build()?;
        Ok(self.client.get_or_init(|| client))
    }

    /// Whether a place may be asked at all, by what stands in its URL.
    ///
    /// # Errors
    ///
    /// [`Failure::Forbidden`], in words for whoever entered it.
    pub fn allow(&self, url: &Url) -> Result<(), Failure> {
        let address = match url.host_str().map(|host| host.trim_start_matches('[').trim_end_matches(']')) {
            None | Some("") => return Err(Failure::Forbidden("it names no host")),
            Some(host) => host.parse::<IpAddr>().ok(),
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Failure::Forbidden("it holds a user name or password"));
        }
        if self.loopback && address.is_some_and(|address| address.is_loopback()) {
            return Ok(());
        }
        if url.scheme() != "https" {
            return Err(Failure::Forbidden("it does not begin with https://"));
        }
        if !url.port_or_known_default().is_some_and(|port| PORTS.contains(&port)) {
            return Err(Failure::Forbidden("its port is neither 443 nor 8443"));
        }
        match address {
            Some(address) if !is_public(address) => Err(Failure::Forbidden("its address is not a public one")),
            _ => Ok(()),
        }
    }

    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, Failure> {
        let request = reqwest::Request::try_from(request)?;
        self.allow(request.url())?;
        let mut answer = self.client()?.execute(request).await?;
        let mut response = http::Response::builder().status(answer.status());
        if let Some(headers) = response.headers_mut() {
            headers.extend(answer.headers().clone());
        }
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await? {
            if body.len() + chunk.len() > LARGEST {
                return Err(Failure::TooLong);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(response.body(body)?)
    }
}

impl<'c> AsyncHttpClient<'c> for Outbound {
    type Error = Failure;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, Failure>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.send(request))
    }
}

/// Resolves names to public addresses. The address that is looked at is the one that is dialled, so that a second
/// answer of the DNS changes nothing; one address that is not public is reason enough to refuse the name.
struct Public {
    loopback: bool,
}

impl Resolve for Public {
    fn resolve(&self, name: Name) -> Resolving {
        let loopback = self.loopback;
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let good = |found: &SocketAddr| is_public(found.ip()) || loopback && found.ip().is_loopback();
            if found.is_empty() || !found.iter().all(good) {
                return Err("the name leads to an address that is not a public one".into());
            }
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

/// Whether an address is somebody's on the Internet (IANA's special-purpose registries). IPv6 addresses that hold an
/// IPv4 address are refused as a whole: no provider needs one.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

/// IPv4 addresses that are nobody's on the Internet: the first one, and how many leading bits they share.
const SPECIAL_V4: [(Ipv4Addr, u32); 16] = [
    (Ipv4Addr::UNSPECIFIED, 8),
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    (Ipv4Addr::new(192, 31, 196, 0), 24),
    (Ipv4Addr::new(192, 52, 193, 0), 24),
    (Ipv4Addr::new(192, 88, 99, 0), 24),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(192, 175, 48, 0), 24),
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    (Ipv4Addr::new(198, 51, 100, 0), 24),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
];

fn is_public_v4(address: Ipv4Addr) -> bool {
    let within = |(first, bits): &(Ipv4Addr, u32)| (address.to_bits() ^ first.to_bits()) >> (32 - bits) == 0;
    // From 224 on: multicast, and what is reserved.
    address.octets()[0] < 224 && !SPECIAL_V4.iter().any(within)
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, ..] = address.segments();
    // 2000::/3 is what is given out; of it, 2001::/23 is protocols (Teredo too), 2002::/16 is 6to4, and two ranges
    // are documentation.
    let special = matches!((a, b), (0x2001, 0..=0x1ff | 0xdb8) | (0x2002, _) | (0x3fff, 0..=0xfff));
    a & 0xe000 == 0x2000 && !special
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t70_only_public_places_are_asked() {
        let outbound = Outbound::new(false);
        let allowed = |url: &str| outbound.allow(&Url::parse(url).unwrap()).is_ok();
        for good in ["https://login.example.org", "https://login.example.org:8443/realms/a", "https://9.9.9.9"] {
            assert!(allowed(good), "{good}");
        }
        for bad in [
            "http://login.example.org",
            "https://login.example.org:22",
            "https://root@login.example.org",
            "https://127.0.0.1",
            "https://2130706433",
            "https://0x7f.1",
            "https://0177.0.0.1",
            "https://[::1]",
            "https://[::ffff:10.0.0.1]",
            "https://[64:ff9b::a00:1]",
            "https://[2002:a00:1::]",
            "https://[2001:0:a00:1::]",
            "https://[fe80::1]",
            "https://[fd00::1]",
            "https://169.254.169.254",
            "https://100.100.100.200",
            "ftp://login.example.org",
            "file:///etc/passwd",
        ] {
            assert!(!allowed(bad), "{bad}");
        }
    }

    #[test]
    fn t70_special_ranges_end_where_they_end() {
        for (address, public) in [
            ("9.255.255.255", true),
            ("10.0.0.0", false),
            ("11.0.0.0", true),
            ("100.63.255.255", true),
            ("100.64.0.0", false),
            ("100.128.0.0", true),
            ("172.15.0.1", true),
            ("172.31.255.255", false),
            ("172.32.0.0", true),
            ("198.20.0.1", true),
            ("223.255.255.255", true),
            ("224.0.0.1", false),
            ("255.255.255.255", false),
            ("2620:fe::fe", true),
            ("2001:200::1", true),
            ("2001:1ff::1", false),
            ("2001:db8::1", false),
            ("4000::1", false),
            ("::7f00:1", false),
        ] {
            assert_eq!(is_public(address.parse().unwrap()), public, "{address}");
        }
    }

    #[tokio::test]
    async fn t70_a_name_that_leads_to_this_machine_is_refused() {
        let refused = Public { loopback: false }.resolve("localhost".parse().unwrap()).await;
        assert!(refused.is_err());
        assert!(Public { loopback: true }.resolve("localhost".parse().unwrap()).await.is_ok());
    }
}
