//! What an ID token proves once its signature is verified. An address counts only if the provider says in so many
//! words that it is this person's (T13).

use chrono::{DateTime, Utc};
use data_encoding::BASE64URL_NOPAD;
use openidconnect::core::{CoreIdTokenClaims, CoreJwsSigningAlgorithm as Algorithm};
use serde::Deserialize;
use serde_json::Value;

use super::Failure;
use crate::clock::Timestamp;

/// How tokens may be signed: with a key pair. Never with the client's secret, never not at all.
pub(super) const ALGORITHMS: [Algorithm; 9] = [
    Algorithm::RsaSsaPkcs1V15Sha256,
    Algorithm::RsaSsaPkcs1V15Sha384,
    Algorithm::RsaSsaPkcs1V15Sha512,
    Algorithm::RsaSsaPssSha256,
    Algorithm::RsaSsaPssSha384,
    Algorithm::RsaSsaPssSha512,
    Algorithm::EcdsaP256Sha256,
    Algorithm::EcdsaP384Sha384,
    Algorithm::EdDsa,
];

/// Who somebody is at a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Who says so.
    pub issuer: String,
    /// Who they are there, for ever. With the issuer, this alone is who signs in.
    pub subject: String,
    /// Who they are in Entra's directory: its subjects are others for each application, so that this is what its
    /// provisioning knows people by.
    pub object_id: Option<String>,
    /// An address that the provider says is theirs.
    pub verified_email: Option<String>,
    /// When they last proved who they are, if the provider says.
    pub proved_at: Option<Timestamp>,
}

/// Claims whose types providers do not agree on, as they stand in a token or in the user's information.
#[derive(Debug, Deserialize)]
struct Loose {
    sub: String,
    #[serde(default)]
    email: Value,
    #[serde(default)]
    email_verified: Value,
    #[serde(default)]
    xms_edov: Value,
    #[serde(default)]
    oid: Value,
}

impl Identity {
    /// Of claims that were verified, and the token that they stand in.
    pub(super) fn of(claims: &CoreIdTokenClaims, token: &str) -> Result<Self, Failure> {
        let payload = token.split('.').nth(1).unwrap_or_default();
        let payload = BASE64URL_NOPAD.decode(payload.as_bytes()).unwrap_or_default();
        let loose: Loose = serde_json::from_slice(&payload).map_err(|error| Failure::Token(error.to_string()))?;
        let issuer = claims.issuer().to_string();
        let entra = is_entra(&issuer);
        Ok(Self {
            subject: claims.subject().to_string(),
            object_id: loose.oid.as_str().filter(|_| entra).map(str::to_owned),
            verified_email: loose.verified_email(entra),
            proved_at: claims.auth_time().map(|at| Timestamp::from_millis(at.timestamp_millis())),
            issuer,
        })
    }

    /// The address that the user's information says is theirs: of the same subject, or it is somebody else's (§5.3.2).
    pub(super) fn address_in(&self, user_info: &[u8]) -> Option<String> {
        let loose: Loose = serde_json::from_slice(user_info).ok()?;
        loose.verified_email(is_entra(&self.issuer)).filter(|_| loose.sub == self.subject)
    }
}

impl Loose {
    fn verified_email(&self, entra: bool) -> Option<String> {
        let verified = self.email_verified == Value::Bool(true) || entra && is_owned(&self.xms_edov);
        self.email.as_str().filter(|_| verified).map(str::to_owned)
    }
}

/// As the library tells time.
pub(super) fn utc(at: Timestamp) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(at.millis()).unwrap_or_default()
}

/// An issuer of Entra for one tenant; the one for all of them vouches for nobody.
fn is_entra(issuer: &str) -> bool {
    issuer.starts_with("https://login.microsoftonline.com/")
}

/// Entra's word that the domain's owner gave this address («e-mail domain owner verified»).
fn is_owned(claim: &Value) -> bool {
    matches!(claim, Value::Bool(true)) || claim.as_i64() == Some(1) || matches!(claim.as_str(), Some("1" | "true"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn address(issuer: &str, claims: &Value) -> Option<String> {
        let mut all = json!({ "sub": "00u1", "email": "ada@example.org" });
        all.as_object_mut().unwrap().extend(claims.as_object().unwrap().clone());
        let identity = Identity {
            issuer: issuer.to_owned(),
            subject: "00u1".to_owned(),
            object_id: None,
            verified_email: None,
            proved_at: None,
        };
        identity.address_in(all.to_string().as_bytes())
    }

    #[test]
    fn t13_an_address_counts_only_if_the_provider_says_so_in_so_many_words() {
        let okta = "https://login.example.org";
        let entra = "https://login.microsoftonline.com/0198/v2.0";
        assert_eq!(address(okta, &json!({ "email_verified": true })).as_deref(), Some("ada@example.org"));
        for claims in [
            json!({}),
            json!({ "email_verified": false }),
            json!({ "email_verified": "true" }),
            json!({ "email_verified": 1 }),
            json!({ "email_verified": null }),
            json!({ "email_verified": true, "sub": "00u2" }),
            json!({ "email_verified": true, "email": ["ada@example.org"] }),
            json!({ "xms_edov": true }),
        ] {
            assert_eq!(address(okta, &claims), None, "{claims}");
        }
        for (claim, counts) in [(json!(true), true), (json!("1"), true), (json!(1), true), (json!("0"), false)] {
            assert_eq!(address(entra, &json!({ "xms_edov": claim })).is_some(), counts, "{claim}");
        }
        assert_eq!(address(entra, &json!({ "email_verified": "true" })), None);
    }
}
