//! One-time links into the console: made at the machine here, mailed by the file beside this one. Opening one shows whose
//! it is; only using it signs in.

use serde_json::json;

use super::sessions::{Browser, Proof, open_session};
use super::{Method, ReturnTo};
use crate::audit::{self, Action, Record, Target};
use crate::auth::Operator;
use crate::auth::actor::of_signing_in;
use crate::auth::mailed::{Purpose, presented};
use crate::auth::session::NewSecret;
use crate::directory::{Directory, Error};
use crate::ids::{Id as _, RequestId, SessionId, SignInLinkId};
use crate::store::people::Status;
use crate::store::sign_in_links::SignInLink;

/// What a link shows before it is used.
#[derive(Debug, Clone)]
pub struct LinkShown {
    /// The organization's name.
    pub organization: String,
    /// Whose it is.
    pub email: String,
}

/// Somebody signed in.
pub struct SignedIn {
    /// What the cookie is to hold.
    pub cookie: String,
    /// Where they are led.
    pub return_to: ReturnTo,
}

impl Directory {
    /// A link for a person who has access, on the authority of the machine: the way in when no mail arrives. Answers
    /// its path.
    pub async fn recovery_link(&self, operator: &Operator, organization: &str, email: &str) -> Result<String, Error> {
        let (organization, person) = self.find_person(Some(organization), email).await?;
        if person.status != Status::Active {
            let words = format!("{} has no access; «admin recover» gives it back", person.email);
            return Err(Error::Conflict(words));
        }
        let mut tx = self.store.begin(operator.author(organization.id)).await?;
        let (id, issued_at) = (tx.id::<SignInLinkId>(), tx.now());
        let expires_at = issued_at.plus(self.policy.sign_in.link_lifetime);
        let secret = self.policy.key.secret(Purpose::SignIn, id.uuid(), issued_at);
        tx.insert_sign_in_link(id, person.id, &secret.hash, Method::Recovery, "/console", expires_at).await?;
        let record = Record::of(Action::SignInLinkMade, Target::Person(person.id)).because("made at the machine");
        audit::record(&mut tx, record.after(json!({ "link": id, "expires_at": expires_at }))).await?;
        tx.commit().await?;
        Ok(format!("/console/links/{}", secret.text))
    }

    /// Whose a link is, without any effect: mail scanners follow links. `None` if it is unknown, used, or has ended.
    pub async fn look_at_sign_in_link(&self, secret: &str) -> Result<Option<LinkShown>, Error> {
        let found = self.find_sign_in_link(secret).await?;
        Ok(found.map(|link| LinkShown { organization: link.organization_name, email: link.email }))
    }

    async fn find_sign_in_link(&self, secret: &str) -> Result<Option<SignInLink>, Error> {
        let Some(hash) = presented(Purpose::SignIn, secret) else { return Ok(None) };
        let found = self.store.read().await?.sign_in_link(&hash).await?;
        let now = self.store.clock().now();
        let works =
            |link: &SignInLink| link.used_at.is_none() && link.expires_at > now && link.status == Status::Active;
        Ok(found.filter(works))
    }

    /// Signs in with a link and uses it up. `None` if it is unknown, used, or has ended. A session that the browser
    /// had ends: what was known before a sign-in opens nothing after it (T84).
    pub async fn use_sign_in_link(
        &self,
        secret: &str,
        browser: &Browser,
        old: Option<SessionId>,
        request: RequestId,
    ) -> Result<Option<SignedIn>, Error> {
        let Some(link) = self.find_sign_in_link(secret).await? else { return Ok(None) };
        let author = of_signing_in(link.organization_id, link.person_id, &link.email, request);
        let mut tx = self.store.begin(author).await?;
        // Read again where it counts: they may have been deactivated, or somebody was quicker.
        let person = tx.person(link.organization_id, link.person_id).await?;
        if person.is_none_or(|person| person.status != Status::Active) || !tx.use_sign_in_link(link.id).await? {
            return Ok(None);
        }
        let secret = NewSecret::of(tx.random());
        let proof = Proof { method: link.method, at: Some(tx.now()) };
        let lifetime = self.policy.sign_in.session_lifetime;
        open_session(&mut tx, link.person_id, proof, &secret, browser, lifetime).await?;
        tx.commit().await?;
        if let Some(old) = old {
            self.replace_session(link.organization_id, link.person_id, old, request).await?;
        }
        Ok(Some(SignedIn { cookie: secret.text, return_to: ReturnTo::of(&link.return_to) }))
    }
}
