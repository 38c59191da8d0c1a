//! What an Organization admin sees of requests: one of the tabs, in order, each with what helps to decide.

use std::collections::HashMap;

use super::decide::load;
use super::{JoinRequest, JoinRequestState, MatchedBy};
use crate::clock::Timestamp;
use crate::directory::email::Email;
use crate::directory::facilities::{self, Place};
use crate::directory::{Directory, Error};
use crate::ids::{Id as _, JoinRequestId, OrganizationId};
use crate::scim::fold;
use crate::store::links::LinkState;
use crate::store::{self, Reader};

/// In which order requests are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// The newest first.
    Newest,
    /// The oldest first.
    Oldest,
}

/// A part of a tab.
#[derive(Debug, Clone, Copy)]
pub struct Page {
    /// Which tab.
    pub state: JoinRequestState,
    /// In which order.
    pub order: Order,
    /// After which request; none is from the beginning.
    pub after: Option<JoinRequestId>,
    /// How many at most.
    pub limit: u32,
}

/// A request with what helps to decide it.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Listed {
    /// The request.
    #[serde(flatten)]
    pub request: JoinRequest,
    /// For how many whole days it has been there.
    pub age_days: u64,
    /// The address's domain.
    pub domain: String,
    /// Whether that is verified for the organization now.
    pub domain_verified: bool,
    /// The Users that IdPs sent with this address.
    pub known_to_idps: Vec<Known>,
    /// The facilities they would like, each with the one it names here.
    pub wished_facilities: Vec<Wish>,
}

/// A User that an IdP sent with the address.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Known {
    /// The key of the IdP's connection.
    pub connection: String,
    /// Whether it stands for a person, or waits.
    pub link: Option<LinkState>,
}

/// A facility that somebody would like.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Wish {
    /// In their words.
    pub text: String,
    /// The key of the one that is called so, if exactly one in use is.
    pub facility: Option<String>,
}

impl Listed {
    /// The domain check in words, such as `example.org, verified`.
    #[must_use]
    pub fn check(&self) -> String {
        let verified = if self.domain_verified { "verified" } else { "not verified" };
        let domain = format!("{}, {verified}", self.domain);
        match self.request.matched_by {
            MatchedBy::Domain => domain,
            MatchedBy::Duns => format!("D-U-N-S {}; {domain}", self.request.matched),
        }
    }
}

impl Directory {
    /// A part of one of an organization's tabs.
    pub async fn join_requests(&self, organization: &str, page: Page) -> Result<Vec<Listed>, Error> {
        let organization = self.find_organization(organization).await?.id;
        let mut reader = self.store.read().await?;
        let now = self.store.clock().now();
        let from = match (page.after, page.order) {
            (Some(id), _) => (load(&mut reader, organization, id).await?.asked_at, id),
            (None, Order::Newest) => (Timestamp::from_millis(i64::MAX), JoinRequestId::from_uuid(uuid::Uuid::max())),
            (None, Order::Oldest) => (Timestamp::from_millis(i64::MIN), JoinRequestId::from_uuid(uuid::Uuid::nil())),
        };
        let rows = match page.order {
            Order::Newest => reader.newest_join_requests(organization, page.state, from, page.limit).await?,
            Order::Oldest => reader.oldest_join_requests(organization, page.state, from, page.limit).await?,
        };
        let requests = rows.into_iter().map(JoinRequest::of).collect::<Result<Vec<_>, _>>()?;
        Ok(with_help(&mut reader, organization, requests, now).await?)
    }

    /// One request.
    pub async fn join_request(&self, organization: &str, id: JoinRequestId) -> Result<Listed, Error> {
        let organization = self.find_organization(organization).await?.id;
        let mut reader = self.store.read().await?;
        let request = load(&mut reader, organization, id).await?;
        let listed = with_help(&mut reader, organization, vec![request], self.store.clock().now()).await?;
        listed.into_iter().next().ok_or_else(|| super::decide::unknown(id))
    }
}

/// Adds to each what helps to decide it; looks each thing up once, however many ask for it.
async fn with_help(
    reader: &mut Reader,
    organization: OrganizationId,
    requests: Vec<JoinRequest>,
    now: Timestamp,
) -> Result<Vec<Listed>, store::Error> {
    let domains = reader.domains(organization).await?;
    let is_verified = |name: &str| {
        domains.iter().any(|row| row.name == name && row.verified_at.is_some() && row.suspended_at.is_none())
    };
    let addresses: Vec<String> = requests.iter().map(|request| fold(&request.email)).collect();
    let known = reader.known_to_idps(organization, &addresses).await?;
    let facilities = reader.facilities(organization).await?;
    let mut meant: HashMap<String, Option<String>> = HashMap::new();
    let mut listed = Vec::with_capacity(requests.len());
    for (request, address) in requests.into_iter().zip(addresses) {
        let email = Email::parse(&request.email);
        let domain = email.map(|email| email.domain().as_str().to_owned()).unwrap_or_default();
        let mut wished_facilities = Vec::new();
        for text in wishes(&request) {
            let name_key = fold(&text);
            if !meant.contains_key(&name_key) {
                let key = match facilities::resolve(reader, organization, &name_key).await? {
                    Place::Known(id) => facilities.iter().find(|one| one.id == id).map(|one| one.key.clone()),
                    Place::Dormant(..) => None,
                };
                meant.insert(name_key.clone(), key);
            }
            wished_facilities.push(Wish { text, facility: meant.get(&name_key).cloned().flatten() });
        }
        let of_address = known.iter().filter(|user| user.email_key == address);
        let known_to_idps = of_address.map(|user| Known { connection: user.connection.clone(), link: user.link });
        listed.push(Listed {
            known_to_idps: known_to_idps.collect(),
            age_days: now.since(request.asked_at).as_secs() / (24 * 60 * 60),
            domain_verified: is_verified(&domain),
            domain,
            wished_facilities,
            request,
        });
    }
    Ok(listed)
}

/// Each facility that somebody would like, in their words.
fn wishes(request: &JoinRequest) -> Vec<String> {
    let texts = request.wishes.as_deref().unwrap_or_default().split(['\n', ',', ';']).map(str::trim);
    texts.filter(|text| !text.is_empty()).map(str::to_owned).collect()
}
