//! What an Organization admin sees of requests: one of the tabs, in order, each with what helps to decide.

use super::decide::load;
use super::{JoinRequest, JoinRequestState, MatchedBy};
use crate::clock::Timestamp;
use crate::directory::email::Email;
use crate::directory::facilities::{self, Place};
use crate::directory::{Directory, Error};
use crate::ids::{Id as _, JoinRequestId};
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
        let mut listed = Vec::with_capacity(rows.len());
        for row in rows {
            listed.push(with_help(&mut reader, JoinRequest::of(row)?, now).await?);
        }
        Ok(listed)
    }

    /// One request.
    pub async fn join_request(&self, organization: &str, id: JoinRequestId) -> Result<Listed, Error> {
        let organization = self.find_organization(organization).await?.id;
        let mut reader = self.store.read().await?;
        let request = load(&mut reader, organization, id).await?;
        Ok(with_help(&mut reader, request, self.store.clock().now()).await?)
    }
}

async fn with_help(reader: &mut Reader, request: JoinRequest, now: Timestamp) -> Result<Listed, store::Error> {
    let organization = request.organization;
    let email = Email::parse(&request.email);
    let domain = email.map(|email| email.domain().as_str().to_owned()).unwrap_or_default();
    let domain_verified = reader.is_verified_domain(organization, &domain).await?;
    let known = reader.known_to_idps(organization, &fold(&request.email)).await?;
    let known_to_idps = known.into_iter().map(|user| Known { connection: user.connection, link: user.link }).collect();
    let all = reader.facilities(organization).await?;
    let mut wished_facilities = Vec::new();
    let texts = request.wishes.as_deref().unwrap_or_default().split(['\n', ',', ';']).map(str::trim);
    for text in texts.filter(|text| !text.is_empty()) {
        let facility = match facilities::resolve(reader, organization, &fold(text)).await? {
            Place::Known(id) => all.iter().find(|facility| facility.id == id).map(|facility| facility.key.clone()),
            Place::Dormant(..) => None,
        };
        wished_facilities.push(Wish { text: text.to_owned(), facility });
    }
    let age_days = now.since(request.asked_at).as_secs() / (24 * 60 * 60);
    Ok(Listed { request, age_days, domain, domain_verified, known_to_idps, wished_facilities })
}
