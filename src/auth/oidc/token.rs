//! What an ID token proves once its signature is verified. An address counts only if the provider says in so many
//! words that it is this person's (T13).

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

/// Claims whose types providers do not agree on.
#[derive(Debug, Default, Deserialize)]
struct Loose {
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
        let verified = loose.email_verified == Value::Bool(true) || entra && is_owned(&loose.xms_edov);
        let email = claims.email().map(|email| email.as_str().to_owned());
        Ok(Self {
            subject: claims.subject().to_string(),
            object_id: loose.oid.as_str().filter(|_| entra).map(str::to_owned),
            verified_email: email.filter(|_| verified),
            proved_at: claims.auth_time().map(|at| Timestamp::from_millis(at.timestamp_millis())),
            issuer,
        })
    }
}

/// An issuer of Entra for one tenant; the one for all of them vouches for nobody.
fn is_entra(issuer: &str) -> bool {
    issuer.starts_with("https://login.microsoftonline.com/")
}

/// Entra's word that the domain's owner gave this address («e-mail domain owner verified»).
fn is_owned(claim: &Value) -> bool {
    matches!(claim, Value::Bool(true)) || claim.as_i64() == Some(1) || matches!(claim.as_str(), Some("1" | "true"))
}
