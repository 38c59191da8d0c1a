//! Secrets of others that have to be shown again to them, such as a client secret: sealed with the installation's own
//! key, for one use. What was sealed for something opens for nothing else (T71). Holds no secret of ours.

use chacha20poly1305::aead::{Aead as _, Payload};
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305, XNonce};

use super::InstallationKey;

/// Bytes of the nonce, which stands before the sealed text.
const NONCE: usize = 24;

impl InstallationKey {
    /// Seals a text for what these words name, with a nonce that is used for nothing else.
    #[must_use]
    pub fn seal(&self, nonce: [u8; NONCE], about: &[&str], text: &str) -> Vec<u8> {
        let payload = Payload { msg: text.as_bytes(), aad: &bound_to(about) };
        let sealed = self.cipher().encrypt(&XNonce::from(nonce), payload);
        let sealed = sealed.unwrap_or_else(|_| unreachable!("a text is shorter than 256 GiB"));
        [nonce.as_slice(), &sealed].concat()
    }

    /// Opens what was sealed for the same words with the same key; `None` for anything else.
    #[must_use]
    pub fn open(&self, about: &[&str], sealed: &[u8]) -> Option<String> {
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE>()?;
        let payload = Payload { msg: sealed, aad: &bound_to(about) };
        String::from_utf8(self.cipher().decrypt(&XNonce::from(*nonce), payload).ok()?).ok()
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(&self.mac(b"seal", &[]).into())
    }
}

/// The words, each with its length, so that no two lists come to the same bytes.
fn bound_to(about: &[&str]) -> Vec<u8> {
    about.iter().flat_map(|word| [&(word.len() as u64).to_be_bytes(), word.as_bytes()].concat()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t71_what_was_sealed_opens_for_the_same_words_alone() {
        let (key, other) = (InstallationKey::new([1; 32]), InstallationKey::new([2; 32]));
        let about = ["0198", "https://login.example.org", "secaro"];
        let sealed = key.seal([7; NONCE], &about, "shh");
        assert_eq!(key.open(&about, &sealed).as_deref(), Some("shh"));
        assert_eq!(other.open(&about, &sealed), None);
        for changed in [
            ["0199", "https://login.example.org", "secaro"],
            ["0198", "https://evil.example", "secaro"],
            ["0198", "https://login.example.orgs", "ecaro"],
        ] {
            assert_eq!(key.open(&changed, &sealed), None, "{changed:?}");
        }
        let mut altered = sealed.clone();
        altered[30] ^= 1;
        assert_eq!(key.open(&about, &altered), None);
        assert_eq!(key.open(&about, &sealed[..20]), None);
        assert!(!sealed.windows(3).any(|window| window == b"shh"));
    }
}
