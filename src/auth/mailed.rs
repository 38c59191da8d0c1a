//! The secrets in mailed links. Each is made from the installation's own secret, so that neither the database nor a
//! kept mail holds one: a leaked copy of the data opens nothing. Stored as its hash, to be found by.

use std::fmt;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::bearer::{BASE32, checksum};
use crate::clock::Timestamp;
use crate::ids::{Id as _, SessionId};

/// What a link is for. A secret for one purpose is none for another (T07).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Proves a mailbox, and shows what may be joined from it.
    Join,
    /// Accepts an invitation.
    Invitation,
    /// Signs somebody in to the console.
    SignIn,
}

impl Purpose {
    const fn prefix(self) -> &'static str {
        match self {
            Self::Join => "secaro_join_",
            Self::Invitation => "secaro_invitation_",
            Self::SignIn => "secaro_sign_in_",
        }
    }
}

/// What every mailed secret of an installation is made from.
#[derive(Clone)]
pub struct InstallationKey([u8; 32]);

impl InstallationKey {
    /// Of 32 random bytes.
    #[must_use]
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// What tells two keys apart and gives neither away.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        data_encoding::HEXLOWER.encode(&self.mac(b"fingerprint", &[])[..16])
    }

    /// The secret of a link about something, issued at a time: another time makes another secret.
    #[must_use]
    pub fn secret(&self, purpose: Purpose, about: Uuid, issued_at: Timestamp) -> MailedSecret {
        let bytes = self.mac(purpose.prefix().as_bytes(), &[about.as_bytes(), &issued_at.millis().to_be_bytes()]);
        let body = format!("{}{}", purpose.prefix(), BASE32.encode(&bytes));
        MailedSecret { text: format!("{body}_{}", checksum(&body)), hash: Sha256::digest(bytes).into() }
    }

    /// What every form of a session's pages holds, so that no other site can make one (T81).
    #[must_use]
    pub fn csrf(&self, session: SessionId) -> String {
        BASE32.encode(&self.mac(b"csrf", &[session.uuid().as_bytes()]))
    }

    pub(super) fn mac(&self, label: &[u8], parts: &[&[u8]]) -> [u8; 32] {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).unwrap_or_else(|_| unreachable!("any length is a key"));
        mac.update(label);
        for part in parts {
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }
}

impl fmt::Debug for InstallationKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InstallationKey")
    }
}

/// The secret of one link.
pub struct MailedSecret {
    /// As it stands in the link.
    pub text: String,
    /// As it is stored.
    pub hash: [u8; 32],
}

/// The hash by which a presented secret is found; `None` if the text is no secret for this purpose.
#[must_use]
pub fn presented(purpose: Purpose, text: &str) -> Option<[u8; 32]> {
    let (body, sum) = text.rsplit_once('_')?;
    let secret = BASE32.decode(body.strip_prefix(purpose.prefix())?.as_bytes()).ok()?;
    (secret.len() == 32 && checksum(body) == sum).then(|| Sha256::digest(&secret).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t07_a_secret_is_known_by_its_purpose_only() {
        let key = InstallationKey::new([7; 32]);
        let (about, at) = (Uuid::from_u128(5), Timestamp::from_millis(9));
        let secret = key.secret(Purpose::Join, about, at);
        assert_eq!(presented(Purpose::Join, &secret.text), Some(secret.hash));
        assert_eq!(presented(Purpose::Invitation, &secret.text), None);
        assert_ne!(key.secret(Purpose::Join, about, Timestamp::from_millis(10)).hash, secret.hash);
        assert_ne!(InstallationKey::new([8; 32]).secret(Purpose::Join, about, at).hash, secret.hash);
        assert_ne!(key.secret(Purpose::Invitation, about, at).hash, secret.hash);
    }

    #[test]
    fn a_mangled_secret_is_refused_without_a_look() {
        let secret = InstallationKey::new([7; 32]).secret(Purpose::Invitation, Uuid::nil(), Timestamp::from_millis(0));
        for (i, letter) in secret.text.char_indices() {
            let mut mangled = secret.text.clone();
            mangled.replace_range(i..=i, if letter == 'a' { "b" } else { "a" });
            assert_eq!(presented(Purpose::Invitation, &mangled), None, "{mangled}");
        }
        for text in ["", "_", "secaro_invitation_", &secret.text[..secret.text.len() - 1]] {
            assert_eq!(presented(Purpose::Invitation, text), None, "{text}");
        }
    }
}
