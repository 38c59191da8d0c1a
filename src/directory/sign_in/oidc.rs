//! A sign-in at a provider, from the button to the session: what is begun in one browser ends in the same one, once,
//! and within minutes (T84).

use std::time::Duration;

use data_encoding::BASE64URL_NOPAD;
use sha2::{Digest as _, Sha256};

use super::identities::Recognized;
use super::sessions::{Browser, Proof, open_session};
use super::{Method, ReturnTo, SignedIn};
use crate::auth::oidc::{self, Identity};
use crate::auth::session::NewSecret;
use crate::directory::invitations;
use crate::directory::{Directory, Error};
use crate::ids::{FlowId, RequestId, SessionId};
use crate::store::oidc_flows::FlowRow;
use crate::store::oidc_providers::ProviderRow;

/// How long somebody may take at their provider.
pub const FLOW_LIFETIME: Duration = Duration::from_mins(10);

/// How far a provider's clock may be from ours.
const SKEW: Duration = Duration::from_mins(1);

/// What somebody wants who is about to sign in.
#[derive(Debug)]
pub struct Asked<'a> {
    /// The key of the organization.
    pub organization: &'a str,
    /// The id of one of its providers.
    pub provider: &'a str,
    /// The secret of an invitation that is accepted by it, or empty.
    pub invitation: &'a str,
    /// Whether it has to be a sign-in of now, whatever session the provider has.
    pub anew: bool,
}

/// A sign-in that has begun.
#[derive(Debug)]
pub struct Begun {
    /// The provider's name.
    pub provider: String,
    /// Where the browser is led.
    pub url: String,
    /// What the browser has to bring back.
    pub cookie: String,
}

/// What came back with a browser.
#[derive(Debug)]
pub struct CameBack<'a> {
    /// What it was given when the sign-in began.
    pub cookie: &'a str,
    /// What the provider was given.
    pub state: &'a str,
    /// What the token is asked for with.
    pub code: &'a str,
    /// Why there is none, or empty.
    pub error: &'a str,
    /// Who the answer is of, if it says so.
    pub issuer: Option<&'a str>,
}

impl Directory {
    /// Begins a sign-in at one of an organization's providers.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] if there is no such provider, [`Error::Conflict`] in words for whoever wants in.
    pub async fn begin_oidc(&self, asked: &Asked<'_>, return_to: &ReturnTo, callback: &str) -> Result<Begun, Error> {
        let organization = self.find_organization(asked.organization).await?;
        let provider = self.provider(organization.id, asked.provider).await?;
        let invitation_hash = match asked.invitation {
            "" => None,
            secret => Some(invitations::hash_of(secret)?.to_vec()),
        };
        let registration = self.registration(&provider, callback)?;
        let begun =
            self.policy.sign_in.oidc.begin(&registration, asked.anew, self.policy.sign_in.session_lifetime).await;
        let begun = begun.map_err(|failure| in_words(&provider, &failure))?;

        let cookie = BASE64URL_NOPAD.encode(&self.store.random::<32>());
        let now = self.store.clock().now();
        let flow = FlowRow {
            organization_id: organization.id,
            id: self.store.id::<FlowId>(),
            provider_id: provider.id,
            nonce: begun.nonce,
            verifier: begun.verifier,
            invitation_hash,
            return_to: return_to.to_string(),
            anew: asked.anew,
            created_at: now,
            expires_at: now.plus(FLOW_LIFETIME),
        };
        let mut books = self.store.books().await?;
        books.insert_oidc_flow(&hash(&begun.state), &hash(&cookie), &flow).await?;
        books.commit().await?;
        Ok(Begun { provider: provider.name, url: begun.url, cookie })
    }

    /// Ends a sign-in that the provider has answered: with a session, or with words for whoever wanted in. A session
    /// that the browser had ends (T84).
    ///
    /// # Errors
    ///
    /// [`Error::Conflict`], in words for whoever wanted in.
    pub async fn finish_oidc(
        &self,
        back: CameBack<'_>,
        callback: &str,
        browser: &Browser,
        old: Option<SessionId>,
        request: RequestId,
    ) -> Result<SignedIn, Error> {
        let flow = self.take_flow(&back).await?;
        let organization = flow.organization_id;
        let provider = self.provider(organization, &flow.provider_id.to_string()).await.map_err(|_| not_begun())?;
        let identity = self.prove(&provider, &flow, &back, callback).await?;
        let recognized = match &flow.invitation_hash {
            Some(hash) => self.recognize_invited(organization, hash, &provider, &identity, request).await?,
            None => self.recognize(organization, &provider, &identity, request).await?,
        };
        let Recognized { mut tx, person } = recognized;
        let secret = NewSecret::of(tx.random());
        let proof = Proof { method: Method::Oidc, at: identity.proved_at.map(|at| at.min(tx.now())) };
        open_session(&mut tx, person, proof, &secret, browser, self.policy.sign_in.session_lifetime).await?;
        tx.commit().await?;
        if let Some(old) = old {
            self.replace_session(organization, person, old, request).await?;
        }
        Ok(SignedIn { cookie: secret.text, return_to: ReturnTo::of(&flow.return_to) })
    }

    /// The flow that an answer belongs to. It is used up, whatever comes of it.
    async fn take_flow(&self, back: &CameBack<'_>) -> Result<FlowRow, Error> {
        let mut books = self.store.books().await?;
        let flow = books.take_oidc_flow(&hash(back.state), &hash(back.cookie)).await?;
        books.commit().await?;
        let now = self.store.clock().now();
        flow.filter(|flow| flow.expires_at > now).ok_or_else(not_begun)
    }

    /// Who the provider says that this is.
    async fn prove(
        &self,
        provider: &ProviderRow,
        flow: &FlowRow,
        back: &CameBack<'_>,
        callback: &str,
    ) -> Result<Identity, Error> {
        if back.code.is_empty() {
            tracing::info!(provider = %provider.id, error = back.error, "the provider signed nobody in");
            let words = format!("«{}» did not sign you in; begin again, or ask its administrators why", provider.name);
            return Err(Error::Conflict(words));
        }
        let response = oidc::Response {
            code: back.code,
            issuer: back.issuer,
            nonce: flow.nonce.clone(),
            verifier: flow.verifier.clone(),
            wants_address: flow.invitation_hash.is_some(),
            now: self.store.clock().now(),
        };
        let registration = self.registration(provider, callback)?;
        let proved = self.policy.sign_in.oidc.finish(&registration, response).await;
        let identity = proved.map_err(|failure| in_words(provider, &failure))?;
        let of_now = |at: crate::clock::Timestamp| at.plus(SKEW) >= flow.created_at;
        if flow.anew && !identity.proved_at.is_some_and(of_now) {
            return Err(Error::Conflict(format!(
                "«{}» does not say that you proved who you are just now, which this needs; sign in with a link by mail \
                 instead",
                provider.name
            )));
        }
        Ok(identity)
    }
}

fn hash(text: &str) -> [u8; 32] {
    Sha256::digest(text).into()
}

fn not_begun() -> Error {
    let words = "this sign-in was not begun in this browser, took too long, or is over already; begin again";
    Error::Conflict(words.to_owned())
}

/// A failure for whoever wants in; what it was stands in the log.
fn in_words(provider: &ProviderRow, failure: &oidc::Failure) -> Error {
    tracing::warn!(provider = %provider.id, issuer = provider.issuer, %failure, "a sign-in at a provider failed");
    let name = &provider.name;
    Error::Conflict(match failure {
        oidc::Failure::Provider { .. } => {
            format!("«{name}» cannot be asked at the moment; try again in a few minutes, or use a link by mail")
        }
        oidc::Failure::OtherIssuer => format!("the answer is not of «{name}»; begin again, from the sign-in page"),
        oidc::Failure::NoToken(_) | oidc::Failure::Token(_) => format!(
            "«{name}» did not confirm who you are; begin again, and if it stays so, ask an Organization admin to look \
             at how the provider is set up"
        ),
    })
}
