//! Whom a proven address may ask, and how it stands with each: the organization's name, the person's own state there,
//! and nothing else of it.

use super::{JoinRequest, MatchedBy, State};
use crate::clock::Timestamp;
use crate::directory::Policy;
use crate::directory::domains::claimable;
use crate::directory::people::{DeactivatedBy, Status};
use crate::ids::OrganizationId;
use crate::store::join_requests::Joinable;
use crate::store::mailbox_proofs::MailboxProof;
use crate::store::{self, Reader};

/// An organization that a proven address has to do with.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Offer {
    /// Which; to be named when asking.
    pub organization: OrganizationId,
    /// Its name.
    pub name: String,
    /// How it stands.
    #[serde(flatten)]
    pub standing: Standing,
    /// By what they may ask; nothing where they no longer may, and only still wait.
    #[serde(skip)]
    pub(super) matched: Option<(MatchedBy, String)>,
}

/// How somebody stands with an organization.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(tag = "standing", rename_all = "snake_case")]
pub enum Standing {
    /// They may ask.
    MayAsk,
    /// They are in.
    Person,
    /// They have an invitation.
    Invited,
    /// Their IdP ended their access; nobody here can give it back.
    DeactivatedByIdp,
    /// An Organization admin ended it.
    DeactivatedByAdmin,
    /// They have asked.
    Pending {
        /// When.
        asked_at: Timestamp,
        /// When the request ends undecided.
        expires_at: Timestamp,
    },
    /// They were rejected not long ago.
    Rejected {
        /// When they may ask again.
        again_at: Timestamp,
    },
}

impl Standing {
    /// Why they may not ask; `None` if they may.
    #[must_use]
    pub fn refusal(&self) -> Option<String> {
        Some(match self {
            Self::MayAsk => return None,
            Self::Person => "you are a person of this organization already; sign in".to_owned(),
            Self::Invited => "you have been invited to this organization; follow the link in that mail, or ask an \
                              Organization admin to send it again"
                .to_owned(),
            Self::DeactivatedByIdp => "your company's sign-in system ended your access to this organization; ask your \
                                       IT department"
                .to_owned(),
            Self::DeactivatedByAdmin => {
                "an Organization admin ended your access to this organization; ask them".to_owned()
            }
            Self::Pending { asked_at, .. } => {
                format!("you asked to join this organization at {asked_at}; wait until an Organization admin decides")
            }
            Self::Rejected { again_at } => {
                format!("your request to join this organization was rejected; you may ask again from {again_at} on")
            }
        })
    }
}

/// Whom a registration's address and DUNS number match now, and whom the address waits for.
pub(super) async fn offers(
    reader: &mut Reader,
    policy: &Policy,
    proof: &MailboxProof,
    now: Timestamp,
) -> Result<Vec<Offer>, store::Error> {
    let mut matches: Vec<(Joinable, Option<(MatchedBy, String)>)> = Vec::new();
    // A domain that anybody may have an address in is nobody's, whatever was once proven (T41).
    if claimable(&proof.domain).is_ok()
        && let Some(found) = reader.joinable_by_domain(&proof.domain).await?
    {
        matches.push((found, Some((MatchedBy::Domain, proof.domain.clone()))));
    }
    if let Some(duns) = &proof.duns
        && let Some(found) = reader.joinable_by_duns(duns).await?
    {
        matches.push((found, Some((MatchedBy::Duns, duns.clone()))));
    }
    matches.extend(reader.asked_by(&proof.email_key).await?.into_iter().map(|found| (found, None)));

    let mut offers: Vec<Offer> = Vec::new();
    for (Joinable { id, name }, matched) in matches {
        // The domain counts before the DUNS number where both are the same organization's.
        if offers.iter().all(|offer| offer.organization != id) {
            let standing = with(reader, policy, id, &proof.email_key, now).await?;
            offers.push(Offer { organization: id, name, standing, matched });
        }
    }
    Ok(offers)
}

async fn with(
    reader: &mut Reader,
    policy: &Policy,
    organization: OrganizationId,
    email_key: &str,
    now: Timestamp,
) -> Result<Standing, store::Error> {
    if let Some(person) = reader.person_by_email(organization, email_key).await? {
        return Ok(match (person.status, person.deactivated_by) {
            (Status::Active, _) => Standing::Person,
            (Status::Invited, _) => Standing::Invited,
            (Status::Deactivated, Some(DeactivatedBy::Admin)) => Standing::DeactivatedByAdmin,
            (Status::Deactivated, _) => Standing::DeactivatedByIdp,
        });
    }
    let Some(latest) = reader.latest_join_request(organization, email_key).await? else {
        return Ok(Standing::MayAsk);
    };
    let latest = JoinRequest::of(latest)?;
    Ok(match latest.state {
        State::Pending => Standing::Pending { asked_at: latest.asked_at, expires_at: latest.expires_at },
        State::Rejected { at, .. } if at.plus(policy.cooldown) > now => {
            Standing::Rejected { again_at: at.plus(policy.cooldown) }
        }
        _ => Standing::MayAsk,
    })
}
