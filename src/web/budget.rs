//! How many registrations, or links to sign in, one network address may ask for. Counted in memory: the limits that protect a mailbox are in the
//! database, this one spares the database.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::num::NonZeroU32;

use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

/// From how many addresses on those are forgotten that have not been heard of lately.
const TIDY: usize = 10_000;

/// Requests per hour and client.
pub struct Budget(DefaultKeyedRateLimiter<IpAddr>);

impl Budget {
    /// Of so many an hour.
    #[must_use]
    pub fn new(per_hour: NonZeroU32) -> Self {
        Self(RateLimiter::keyed(Quota::per_hour(per_hour)))
    }

    /// Takes one request from a client's budget; whether there was one. Clients without an address share one.
    pub(super) fn take(&self, client: Option<IpAddr>) -> bool {
        if self.0.len() > TIDY {
            self.0.retain_recent();
        }
        let client = client.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
        self.0.check_key(&network(client)).is_ok()
    }
}

/// One subscriber's network: an IPv6 one has 2⁶⁴ addresses at hand.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        IpAddr::V4(address) => IpAddr::V4(address),
    }
}

impl fmt::Debug for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Budget")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_has_one_budget_and_another_has_its_own() {
        let budget = Budget::new(NonZeroU32::new(2).unwrap());
        let take = |address: &str| budget.take(Some(address.parse().unwrap()));
        assert_eq!([take("192.0.2.1"), take("::ffff:192.0.2.1"), take("192.0.2.1")], [true, true, false]);
        assert_eq!([take("2001:db8::1"), take("2001:db8::2"), take("2001:db8::3")], [true, true, false]);
        assert!(take("2001:db8:0:1::1"));
        assert_eq!([budget.take(None), budget.take(None), budget.take(None)], [true, true, false]);
    }
}
