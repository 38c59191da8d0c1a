//! The identifiers of every record, each a type of its own over a UUIDv7, and the secrets' randomness.
//! Knows nothing of what the records mean; makes no identifier without being handed a clock and a source of
//! randomness.

use std::fmt;
use std::str::FromStr;
use std::sync::{Mutex, PoisonError};

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use uuid::Uuid;

use crate::clock::Timestamp;

/// An identifier text that is not a UUID in its canonical lower-case hyphenated form.
///
/// SCIM's `id` is `caseExact` (RFC 7643 §3.1), so one record has exactly one spelling.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an identifier")]
pub struct NotAnId;

/// A type that [`Randomness::id`] can make.
pub trait Id: Copy {
    /// Wraps a UUID.
    fn from_uuid(uuid: Uuid) -> Self;
    /// The UUID inside.
    fn uuid(self) -> Uuid;
}

/// The id of something whose kind stands beside it.
impl Id for Uuid {
    fn from_uuid(uuid: Uuid) -> Self {
        uuid
    }
    fn uuid(self) -> Uuid {
        self
    }
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Uuid);

        impl Id for $name {
            fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }
            fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.as_hyphenated().fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0.as_hyphenated())
            }
        }

        impl FromStr for $name {
            type Err = NotAnId;
            fn from_str(text: &str) -> Result<Self, NotAnId> {
                canonical(text).map(Self)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    )*};
}

ids! {
    /// An organization: the tenant.
    OrganizationId,
    /// An e-mail domain of an organization.
    DomainId,
    /// A facility of an organization.
    FacilityId,
    /// A person: one e-mail in one organization.
    PersonId,
    /// One permission of one person from one source.
    GrantId,
    /// One IdP's right to provision one organization.
    ConnectionId,
    /// A bearer token of a connection.
    TokenId,
    /// An access rule of a connection.
    RuleId,
    /// A SCIM User or Group; the `id` on the wire.
    ResourceId,
    /// One request, as named in logs, error answers and audit records.
    RequestId,
    /// One audit record.
    AuditId,
    /// One event in the outbox.
    EventId,
    /// A registration whose mailbox is still to be proven.
    ProofId,
    /// A request to join an organization.
    JoinRequestId,
    /// An invitation.
    InvitationId,
    /// A reviewed change.
    PlanId,
    /// What one connection took from many people at once.
    MassChangeId,
    /// One mail to one recipient.
    MailId,
    /// Work that waits.
    JobId,
    /// One run of the program, as it claims work.
    ProcessId,
    /// A browser in which somebody is signed in.
    SessionId,
    /// That somebody asked for a link into the console.
    SignInAskId,
    /// A one-time link into the console.
    SignInLinkId,
    /// An organization's OpenID provider.
    ProviderId,
    /// A sign-in that is under way at a provider.
    FlowId,
    /// Who somebody is at an issuer.
    IdentityId,
    /// A form that is kept until its sender is signed in again.
    FormId,
}

fn canonical(text: &str) -> Result<Uuid, NotAnId> {
    let canonical_form = text.len() == 36 && !text.bytes().any(|b| b.is_ascii_uppercase());
    canonical_form.then(|| Uuid::try_parse(text).ok()).flatten().ok_or(NotAnId)
}

impl RequestId {
    /// The short reference that an error answer ends with: ten characters without look-alikes, from the
    /// random half of the id (about 50 bits).
    #[must_use]
    pub fn reference(self) -> String {
        const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
        let mut bits = self.0.as_u128();
        (0..10)
            .map(|_| {
                let letter = ALPHABET[(bits & 31) as usize];
                bits >>= 5;
                char::from(letter)
            })
            .collect()
    }
}

/// The source of randomness that is passed in wherever an id or a secret is made.
///
/// The operating system seeds it in production; tests seed it so that snapshots are stable.
pub struct Randomness(Mutex<Source>);

struct Source {
    generator: StdRng,
    /// The millisecond of the last id, and how many ids it has had before.
    last: (u64, u16),
}

impl Source {
    const fn new(generator: StdRng) -> Self {
        Self { generator, last: (0, 0) }
    }

    /// Where an id stands among those of its millisecond.
    fn place(&mut self, millis: u64) -> u16 {
        let place = if self.last.0 == millis { self.last.1.saturating_add(1).min(0x0fff) } else { 0 };
        self.last = (millis, place);
        place
    }
}

impl Randomness {
    /// Seeded by the operating system.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the one place that asks the system for randomness")]
    pub fn from_system() -> Self {
        Self(Mutex::new(Source::new(rand::make_rng())))
    }

    /// The same sequence for the same seed; for tests.
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        Self(Mutex::new(Source::new(StdRng::seed_from_u64(seed))))
    }

    /// `N` random bytes.
    #[must_use]
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.0.lock().unwrap_or_else(PoisonError::into_inner).generator.fill_bytes(&mut bytes);
        bytes
    }

    /// A new UUIDv7 of the given time. Those of one millisecond stand in the order in which they were made (RFC 9562
    /// §6.2, method 1), so that what one change wrote is read in its order; the other 62 bits are random.
    #[must_use]
    pub fn id<T: Id>(&self, now: Timestamp) -> T {
        let millis = u64::try_from(now.millis()).unwrap_or(0);
        let mut bytes = [0; 10];
        let mut source = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        source.generator.fill_bytes(&mut bytes);
        let place = source.place(millis).to_be_bytes();
        bytes[..2].copy_from_slice(&place);
        T::from_uuid(uuid::Builder::from_unix_timestamp_millis(millis, &bytes).into_uuid())
    }
}

impl fmt::Debug for Randomness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Randomness")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_canonical_spelling_is_an_id() {
        let id: ResourceId = Randomness::seeded(1).id(Timestamp::from_millis(1_700_000_000_000));
        let text = id.to_string();
        assert_eq!(text.parse::<ResourceId>(), Ok(id));
        for other in [text.to_uppercase(), text.replace('-', ""), format!("{{{text}}}"), String::new()] {
            assert_eq!(other.parse::<ResourceId>(), Err(NotAnId), "{other}");
        }
    }

    #[test]
    fn ids_of_one_millisecond_stand_in_their_order() {
        let (randomness, now) = (Randomness::seeded(1), Timestamp::from_millis(1_700_000_000_000));
        let ids: Vec<ResourceId> = (0..1000).map(|_| randomness.id(now)).collect();
        assert!(ids.is_sorted());
        let later: ResourceId = randomness.id(Timestamp::from_millis(1_700_000_000_001));
        assert!(ids.iter().all(|id| *id < later));
    }

    #[test]
    fn a_reference_is_short_and_unambiguous() {
        let id: RequestId = Randomness::seeded(7).id(Timestamp::from_millis(0));
        let reference = id.reference();
        assert_eq!(reference.len(), 10);
        assert!(!reference.contains(['I', 'L', 'O', 'U']));
    }
}
