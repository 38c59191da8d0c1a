//! Asking for a link with an address. The page notes that somebody asked and answers; whether the address is anybody's
//! is looked at later, by the worker, so that known and unknown ones cost the same and are answered alike (T47).

use std::time::Duration;

use serde_json::json;

use super::{Method, ReturnTo};
use crate::audit::{self, Action, Record, Target};
use crate::auth::actor::of_job;
use crate::auth::mailed::Purpose;
use crate::directory::email::Email;
use crate::directory::{Directory, Error};
use crate::ids::{Id as _, RequestId, SignInAskId, SignInLinkId};
use crate::outbox::mail::{self, Mail};
use crate::outbox::queue::{Work, schedule_beside};
use crate::store::sign_in_asks::SignInAsk;
use crate::store::sign_in_links::Addressee;

/// The time that an address's links are counted in.
const HOUR: Duration = Duration::from_hours(1);

impl Directory {
    /// Somebody wants a link into the console mailed to this address. Does the same for every address; beyond the limit
    /// it says so to nobody, and mails nothing.
    pub async fn ask_for_sign_in_link(
        &self,
        email: &str,
        return_to: &ReturnTo,
        request: RequestId,
    ) -> Result<(), Error> {
        let Some(email) = Email::parse(email) else { return Ok(()) };
        let now = self.store.clock().now();
        let mut books = self.store.books().await?;
        let asked = books.count_sign_in_asks(email.key(), now.minus(HOUR)).await?;
        if asked >= i64::from(self.policy.sign_in.links_per_address) {
            tracing::info!(asked, "a sign-in link beyond the limit was not mailed");
            return Ok(());
        }
        let ask = SignInAsk {
            id: self.store.id(),
            email_key: email.key().to_owned(),
            return_to: return_to.as_str().to_owned(),
            request_id: request,
            created_at: now,
            answered_at: None,
        };
        books.insert_sign_in_ask(&ask).await?;
        schedule_beside(&self.store, &mut books, Work::MailSignInLinks(ask.id), now).await?;
        Ok(books.commit().await?)
    }

    /// Mails a link to whoever has access with the address that asked, in each organization where they do.
    pub async fn mail_sign_in_links(&self, ask: SignInAskId) -> Result<(), Error> {
        let mut reader = self.store.read().await?;
        let Some(ask) = reader.sign_in_ask(ask).await? else { return Ok(()) };
        if ask.answered_at.is_some() {
            return Ok(());
        }
        let found = reader.addressees(&ask.email_key).await?;
        drop(reader);
        for addressee in found {
            self.mail_sign_in_link(&addressee, &ask).await?;
        }
        let mut books = self.store.books().await?;
        books.answer_sign_in_ask(ask.id, self.store.clock().now()).await?;
        Ok(books.commit().await?)
    }

    async fn mail_sign_in_link(&self, to: &Addressee, ask: &SignInAsk) -> Result<(), Error> {
        let mut tx = self.store.begin(of_job("sign-in page", to.organization_id, ask.request_id)).await?;
        let (id, issued_at) = (tx.id::<SignInLinkId>(), tx.now());
        let expires_at = issued_at.plus(self.policy.sign_in.link_lifetime);
        let hash = self.policy.key.secret(Purpose::SignIn, id.uuid(), issued_at).hash;
        tx.insert_sign_in_link(id, to.person_id, &hash, Method::Mail, &ask.return_to, expires_at).await?;
        let record = Record::of(Action::SignInLinkMade, Target::Person(to.person_id)).because("asked for by mail");
        audit::record(&mut tx, record.after(json!({ "link": id, "expires_at": expires_at }))).await?;
        let mail = Mail::SignIn {
            organization: to.organization_name.clone(),
            name: to.display_name.clone(),
            link: id,
            issued_at,
            expires_at,
        };
        mail::queue(&mut tx, &to.email, &mail).await?;
        Ok(tx.commit().await?)
    }
}
