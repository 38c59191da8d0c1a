//! Signing in at an OpenID provider, as the protocol has it: discovery, the request with PKCE, state and nonce, and
//! what the provider's answer proves. Who that is here, and whether they have access, is decided elsewhere. The only
//! place that knows openidconnect, and with it chrono.

mod outbound;
mod token;

use std::time::Duration;

use http::header::AUTHORIZATION;
use openidconnect::core::{
    CoreAuthDisplay, CoreAuthPrompt, CoreAuthenticationFlow, CoreClaimName, CoreClaimType, CoreClient,
    CoreClientAuthMethod, CoreGrantType, CoreJsonWebKey, CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm, CoreResponseMode, CoreResponseType, CoreSubjectIdentifierType,
};
use openidconnect::url::Url;
use openidconnect::{
    AdditionalProviderMetadata, AsyncHttpClient as _, AuthorizationCode, ClientId, ClientSecret, CsrfToken,
    DiscoveryError, EndpointMaybeSet, EndpointNotSet, EndpointSet, IssuerUrl, Nonce, OAuth2TokenResponse as _,
    PkceCodeChallenge, PkceCodeVerifier, ProviderMetadata, RedirectUrl, Scope, TokenResponse as _,
};
use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;

pub use outbound::{Failure as Unasked, Outbound};
pub use token::Identity;

/// What RFC 9207 adds to a provider's metadata.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct NamesItself {
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

impl AdditionalProviderMetadata for NamesItself {}

type Metadata = ProviderMetadata<
    NamesItself,
    CoreAuthDisplay,
    CoreClientAuthMethod,
    CoreClaimName,
    CoreClaimType,
    CoreGrantType,
    CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm,
    CoreJsonWebKey,
    CoreResponseMode,
    CoreResponseType,
    CoreSubjectIdentifierType,
>;

type Client =
    CoreClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointMaybeSet, EndpointMaybeSet>;

/// What an organization registered at its provider.
#[derive(Debug, Clone)]
pub struct Registration<'a> {
    /// Who vouches.
    pub issuer: &'a str,
    /// As whom the gateway is known there.
    pub client_id: &'a str,
    /// The client's secret; none for a public client.
    pub client_secret: Option<String>,
    /// Where the provider sends browsers back to.
    pub callback: &'a str,
}

/// A sign-in that begins: where the browser is led, and what its answer has to fit.
#[derive(Debug)]
pub struct Request {
    /// At the provider.
    pub url: String,
    /// Comes back with the answer.
    pub state: String,
    /// Comes back in the token.
    pub nonce: String,
    /// Shows that whoever asks for the token began the sign-in (PKCE).
    pub verifier: String,
}

/// What came back with the browser.
#[derive(Debug)]
pub struct Response<'a> {
    /// What the token is asked for with.
    pub code: &'a str,
    /// Who the answer is of, if it says so (RFC 9207).
    pub issuer: Option<&'a str>,
    /// Of the request.
    pub nonce: String,
    /// Of the request.
    pub verifier: String,
    /// Whether an address is wanted, for which some providers have to be asked apart.
    pub wants_address: bool,
    /// The time that the token has to be good at.
    pub now: Timestamp,
}

/// Why nobody is proved. The texts are for the log and never hold a secret; the kinds are for people.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The provider could not be asked, or is none. Of what it answered, only `detail` may hold anything.
    #[error("{words}: {detail}")]
    Provider {
        /// For whoever set it up.
        words: String,
        /// For the log.
        detail: String,
    },
    /// The answer is of another provider (mix-up).
    #[error("the answer is of another provider")]
    OtherIssuer,
    /// The provider gave no token for the code.
    #[error("no token: {0}")]
    NoToken(String),
    /// The token proves nothing.
    #[error("the token is not good: {0}")]
    Token(String),
}

impl Failure {
    fn provider(words: &str, error: &dyn std::error::Error) -> Self {
        Self::Provider { words: words.to_owned(), detail: in_full(error) }
    }
}

/// Signs in at providers. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Oidc {
    outbound: Outbound,
}

impl Oidc {
    /// Asks providers in this way.
    #[must_use]
    pub const fn new(outbound: Outbound) -> Self {
        Self { outbound }
    }

    /// Asks an issuer for its metadata and keys, fresh each time: sign-ins are rare and keys change.
    async fn discover(&self, issuer: &str) -> Result<Metadata, Failure> {
        let url = IssuerUrl::new(issuer.to_owned()).map_err(|error| Failure::provider("it is no URL", &error))?;
        self.outbound.allow(url.url()).map_err(|error| Failure::provider(&error.to_string(), &error))?;
        Metadata::discover_async(url, &self.outbound).await.map_err(|error| {
            let words = match &error {
                DiscoveryError::Request(unasked) => unasked.to_string(),
                DiscoveryError::Validation(_) => "it calls itself by another name".to_owned(),
                _ => "what it answers is no OpenID provider's metadata".to_owned(),
            };
            Failure::provider(&words, &error)
        })
    }

    /// Whether there is a provider.
    ///
    /// # Errors
    ///
    /// [`Failure::Provider`]
    pub async fn look_at(&self, issuer: &str) -> Result<(), Failure> {
        self.discover(issuer).await.map(drop)
    }

    /// Begins a sign-in; `anew` asks for one now, whatever session the provider has; else one of
    /// the provider's will do that is no older than `max_age`.
    ///
    /// # Errors
    ///
    /// [`Failure::Provider`]
    pub async fn begin(
        &self,
        registration: &Registration<'_>,
        anew: bool,
        max_age: Duration,
    ) -> Result<Request, Failure> {
        let client = client(registration, self.discover(registration.issuer).await?)?;
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let flow = CoreAuthenticationFlow::AuthorizationCode;
        let mut request = client
            .authorize_url(flow, CsrfToken::new_random, Nonce::new_random)
            .set_pkce_challenge(challenge)
            // Asked for an age, a provider says in the token when it was (OpenID Connect Core §3.1.2.1).
            .set_max_age(if anew { Duration::ZERO } else { max_age })
            .add_scopes([Scope::new("email".to_owned()), Scope::new("profile".to_owned())]);
        if anew {
            request = request.add_prompt(CoreAuthPrompt::Login);
        }
        let (url, state, nonce) = request.url();
        Ok(Request {
            url: self.leading_out(url)?,
            state: state.into_secret(),
            nonce: nonce.secret().clone(),
            verifier: verifier.into_secret(),
        })
    }

    /// Where a browser may be led: the provider's metadata says where, and could say `javascript:`.
    fn leading_out(&self, url: Url) -> Result<String, Failure> {
        self.outbound.allow(&url).map_err(|error| Failure::provider(&error.to_string(), &error))?;
        Ok(url.into())
    }

    /// Turns the provider's answer into who somebody is there.
    ///
    /// # Errors
    ///
    /// [`Failure`], whichever
    pub async fn finish(&self, registration: &Registration<'_>, response: Response<'_>) -> Result<Identity, Failure> {
        let metadata = self.discover(registration.issuer).await?;
        let names_itself = metadata.additional_metadata().authorization_response_iss_parameter_supported;
        match response.issuer {
            Some(issuer) if issuer != metadata.issuer().as_str() => return Err(Failure::OtherIssuer),
            None if names_itself => return Err(Failure::OtherIssuer),
            _ => {}
        }
        let user_info = metadata.userinfo_endpoint().map(|endpoint| endpoint.url().clone());
        let client = client(registration, metadata)?;
        let asked = client
            .exchange_code(AuthorizationCode::new(response.code.to_owned()))
            .map_err(|error| Failure::provider("its metadata names no place to ask for tokens", &error))?
            .set_pkce_verifier(PkceCodeVerifier::new(response.verifier));
        let answer = asked.request_async(&self.outbound).await.map_err(|error| Failure::NoToken(in_full(&error)))?;
        let text = answer.id_token().ok_or_else(|| Failure::Token("there is none".to_owned()))?;
        let verifier = client.id_token_verifier().set_allowed_algs(token::ALGORITHMS);
        let verifier = verifier.set_time_fn(move || token::utc(response.now));
        let claims = text.claims(&verifier, &Nonce::new(response.nonce));
        let claims = claims.map_err(|error| Failure::Token(error.to_string()))?;
        let mut identity = Identity::of(claims, &text.to_string())?;
        if let (true, None, Some(endpoint)) = (response.wants_address, &identity.verified_email, user_info) {
            identity.verified_email = self.address(endpoint, answer.access_token().secret(), &identity).await?;
        }
        Ok(identity)
    }

    /// The address that the provider says is theirs, where it does not say so in the token (§5.4).
    async fn address(&self, endpoint: Url, token: &str, identity: &Identity) -> Result<Option<String>, Failure> {
        let refused = |error: &dyn std::error::Error| Failure::provider("it does not say whose address it is", error);
        let request = http::Request::get(endpoint.as_str()).header(AUTHORIZATION, format!("Bearer {token}"));
        let request = request.body(Vec::new()).map_err(|error| refused(&error))?;
        let answer = self.outbound.call(request).await.map_err(|error| refused(&error))?;
        Ok(identity.address_in(answer.body()))
    }
}

fn client(registration: &Registration<'_>, metadata: Metadata) -> Result<Client, Failure> {
    let callback = RedirectUrl::new(registration.callback.to_owned());
    let callback = callback.map_err(|error| Failure::provider("the address to come back to is no URL", &error))?;
    let secret = registration.client_secret.clone().map(ClientSecret::new);
    let client = CoreClient::from_provider_metadata(metadata, ClientId::new(registration.client_id.to_owned()), secret);
    Ok(client.set_redirect_uri(callback))
}

/// An error with what caused it.
fn in_full(error: &dyn std::error::Error) -> String {
    std::iter::successors(Some(error), |error| error.source()).map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t70_browsers_are_led_to_public_https_alone() {
        let oidc = Oidc::new(Outbound::new(false));
        let led = |url: &str| oidc.leading_out(Url::parse(url).unwrap()).is_ok();
        assert!(led("https://login.example.org/authorize?state=a"));
        for bad in ["javascript:alert(1)", "data:text/html,a", "http://login.example.org", "https://10.0.0.1/authorize"]
        {
            assert!(!led(bad), "{bad}");
        }
    }
}
