//! Whom an identity at a provider stands for here. It is known by issuer and subject and by nothing else; it becomes
//! known through an invitation to an address that the provider says is theirs, or through a User of the organization's
//! own connection with the same subject (T13). Nothing replaces one that somebody has.

use serde_json::json;

use super::sessions::end_for;
use crate::audit::{self, Action, Record, Target};
use crate::auth::Session;
use crate::auth::actor::of_signing_in;
use crate::auth::oidc::Identity;
use crate::directory::email::Email;
use crate::directory::invitations::Accepting;
use crate::directory::people::Person;
use crate::directory::{Directory, Error};
use crate::ids::{IdentityId, OrganizationId, PersonId, RequestId};
use crate::store::links::LinkState;
use crate::store::oidc_providers::ProviderRow;
use crate::store::people::Status;
use crate::store::resources::ResourceKind;
use crate::store::sign_in_identities::{BoundBy, IdentityRow};
use crate::store::{Reader, Tx};

/// Somebody who was recognized, in the transaction that signs them in.
pub(super) struct Recognized {
    pub(super) tx: Tx,
    pub(super) person: PersonId,
}

impl Directory {
    /// Whom an identity stands for; it is bound to them if that was not known yet.
    pub(super) async fn recognize(
        &self,
        organization: OrganizationId,
        provider: &ProviderRow,
        identity: &Identity,
        request: RequestId,
    ) -> Result<Recognized, Error> {
        let mut reader = self.store.read().await?;
        let known = reader.sign_in_identity(organization, &identity.issuer, &identity.subject).await?;
        let person = match &known {
            Some(known) => Some(known.person_id),
            None => provisioned(&mut reader, organization, provider, identity).await?,
        };
        let person = match person {
            Some(id) => reader.person(organization, id).await?,
            None => None,
        };
        drop(reader);
        let Some(person) = person else { return Err(nobody(provider, identity)) };
        let mut tx = self.store.begin(of_signing_in(organization, person.id, &person.email, request)).await?;
        // Read again where it counts: they may have been deactivated, or unlinked.
        let now = tx.person(organization, person.id).await?;
        if now.is_none_or(|person| person.status != Status::Active) {
            let words = "your access has ended; ask an Organization admin if you need it again";
            return Err(Error::Conflict(words.to_owned()));
        }
        let still = match known {
            Some(_) => {
                tx.sign_in_identity(organization, &identity.issuer, &identity.subject).await?.map(|one| one.person_id)
            }
            None => provisioned(&mut tx, organization, provider, identity).await?,
        };
        if still != Some(person.id) {
            return Err(nobody(provider, identity));
        }
        if known.is_none() {
            bind(&mut tx, person.id, identity, BoundBy::Scim, provider).await?;
        }
        Ok(Recognized { tx, person: person.id })
    }

    /// Accepts an invitation with an identity, and binds it to whoever was invited.
    pub(super) async fn recognize_invited(
        &self,
        organization: OrganizationId,
        invitation: &[u8],
        provider: &ProviderRow,
        identity: &Identity,
        request: RequestId,
    ) -> Result<Recognized, Error> {
        let invited = self.invitation_by(invitation).await?;
        let of_them = identity.verified_email.as_deref().and_then(Email::parse);
        let same = of_them.is_some_and(|email| Email::parse(&invited.email).is_some_and(|to| to.key() == email.key()));
        if !same || invited.organization_id != organization {
            return Err(Error::Conflict(format!(
                "«{}» does not say that {} is your address; accept the invitation without it, or ask whoever invited \
                 you to invite the address that it knows",
                provider.name, invited.email
            )));
        }
        let Accepting { mut tx, person, .. } = self.begin_accepting(invitation, request).await?;
        match tx.sign_in_identity(organization, &identity.issuer, &identity.subject).await? {
            Some(known) if known.person_id == person.id => {}
            Some(_) => return Err(of_another(provider)),
            None => bind(&mut tx, person.id, identity, BoundBy::Invitation, provider).await?,
        }
        Ok(Recognized { tx, person: person.id })
    }

    /// Who a person is at the organization's providers, oldest first.
    pub async fn identities(&self, organization: OrganizationId, person: PersonId) -> Result<Vec<IdentityRow>, Error> {
        Ok(self.store.read().await?.sign_in_identities(organization, person).await?)
    }

    /// Unbinds an identity from a person and ends their sessions: whoever it is does not sign in with it any longer.
    pub async fn remove_identity(&self, session: &Session, person: PersonId, id: &str) -> Result<Person, Error> {
        let organization = session.organization_id();
        let unknown = |kind, name: &dyn ToString| Error::NotFound {
            kind,
            name: name.to_string(),
            advice: "it may have been removed; see the page of the person",
        };
        let mut tx = self.begin(&session.actor(), organization).await?;
        let found = tx.person(organization, person).await?.ok_or_else(|| unknown("person", &person))?;
        let all = tx.sign_in_identities(organization, person).await?;
        let row = all.into_iter().find(|row| row.id.to_string() == id).ok_or_else(|| unknown("identity", &id))?;
        tx.delete_sign_in_identity(person, row.id).await?;
        let record = Record::of(Action::IdentityRemoved, Target::Person(person));
        audit::record(&mut tx, record.before(json!({ "issuer": row.issuer, "subject": row.subject }))).await?;
        end_for(&mut tx, person, "an identity was unlinked").await?;
        tx.commit().await?;
        Ok(found)
    }
}

/// The person of the User whose `externalId` is this subject, at the connection that the provider was set up with.
async fn provisioned(
    reader: &mut Reader,
    organization: OrganizationId,
    provider: &ProviderRow,
    identity: &Identity,
) -> Result<Option<PersonId>, Error> {
    let Some(connection) = provider.connection_id else { return Ok(None) };
    for subject in [Some(&identity.subject), identity.object_id.as_ref()].into_iter().flatten() {
        let user = reader.resource_by_external_id(organization, connection, ResourceKind::User, subject).await?;
        let Some(user) = user else { continue };
        let link = reader.link(organization, user).await?.filter(|link| link.state == LinkState::Linked);
        return Ok(link.and_then(|link| link.person_id));
    }
    Ok(None)
}

async fn bind(
    tx: &mut Tx,
    person: PersonId,
    identity: &Identity,
    bound_by: BoundBy,
    provider: &ProviderRow,
) -> Result<(), Error> {
    let row = IdentityRow {
        id: tx.id::<IdentityId>(),
        person_id: person,
        issuer: identity.issuer.clone(),
        subject: identity.subject.clone(),
        bound_by,
        created_at: tx.now(),
    };
    match tx.insert_sign_in_identity(&row).await {
        Err(crate::store::Error::Duplicate) => return Err(of_another(provider)),
        inserted => inserted?,
    }
    let record = Record::of(Action::IdentityBound, Target::Person(person)).because(bound_by.as_str());
    let after = json!({ "provider": provider.id, "issuer": row.issuer, "subject": row.subject });
    Ok(audit::record(tx, record.after(after)).await?)
}

fn nobody(provider: &ProviderRow, identity: &Identity) -> Error {
    Error::Conflict(format!(
        "«{}» knows you as {}, which is nobody here yet; ask an Organization admin to invite you, or sign in with a \
         link by mail if you have access already",
        provider.name, identity.subject
    ))
}

fn of_another(provider: &ProviderRow) -> Error {
    Error::Conflict(format!(
        "this person signs in with another account of «{}», or this account is somebody else's; an Organization admin \
         can unlink it on the page of the person",
        provider.name
    ))
}
