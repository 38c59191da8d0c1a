//! Lists: filtered, sorted, one page at a time, in an order that stays (RFC 7644 §3.4.2). What the indexes can decide,
//! the database counts and pages; for everything else candidates are looked at one after another, up to a bound.

use super::view::View;
use super::{Error, Provisioning};
use crate::auth::Caller;
use crate::ids::{ConnectionId, Id as _, OrganizationId, ResourceId};
use crate::scim::filter::Filter;
use crate::scim::projection::Projection;
use crate::scim::sort::{SortBy, SortKey};
use crate::scim::{self, ResourceType, ScimType};
use crate::store::Reader;
use crate::store::filter::{Narrowing, Order};
use crate::store::resources::ResourceRow;

/// How many candidates are in memory at once.
const CHUNK: usize = 500;

/// What is asked for.
#[derive(Debug)]
pub struct ListQuery {
    /// Which resources; all without one.
    pub filter: Option<Filter>,
    /// In which order; oldest first without one.
    pub sort: Option<SortBy>,
    /// The first of the page, from 1.
    pub start_index: u64,
    /// How many at most, already within the limits; 0 asks for the total alone.
    pub count: usize,
    /// What the answer shows, and therefore what is loaded.
    pub projection: Projection,
    /// The connection's SCIM root, which `meta.location` and `$ref` begin with.
    pub base_url: String,
}

/// A page of what was found.
#[derive(Debug)]
pub struct Page {
    /// How many there are on all pages.
    pub total: u64,
    /// The first of this page, from 1.
    pub start_index: u64,
    /// This page.
    pub resources: Vec<View>,
}

/// A list in the making: on which connection, and what is asked of it.
struct List<'a> {
    reader: Reader,
    organization: OrganizationId,
    connection: ConnectionId,
    query: &'a ListQuery,
    narrowing: Narrowing<'a>,
}

impl Provisioning {
    /// GET of an endpoint: the page of the caller's resources of one type that a query asks for.
    ///
    /// # Errors
    ///
    /// `tooMany` if the filter, or the order, leaves more candidates to look at than the configured number.
    pub async fn list(&self, caller: &Caller, resource_type: ResourceType, query: &ListQuery) -> Result<Page, Error> {
        let mut list = List {
            reader: self.store.read().await?,
            organization: caller.organization(),
            connection: caller.connection(),
            query,
            narrowing: Narrowing::of(resource_type, query.filter.as_ref()),
        };
        let order = match &query.sort {
            None => Some(Order::BY_ID),
            Some(sort) => Order::by(resource_type, &sort.attribute, sort.descending),
        };
        let (total, rows) = match order.filter(|_| list.narrowing.is_exact()) {
            Some(order) => list.by_the_database(order).await?,
            None => list.by_looking(self.bounds.scan).await?,
        };
        let wants = |name: &str| query.projection.wants(name);
        let resources = View::load_all(&mut list.reader, list.organization, list.connection, rows, &wants).await?;
        Ok(Page { total, start_index: query.start_index.max(1), resources })
    }
}

impl List<'_> {
    /// How many come before the page.
    fn offset(&self) -> u64 {
        self.query.start_index.max(1) - 1
    }

    async fn by_the_database(&mut self, order: Order) -> Result<(u64, Vec<ResourceRow>), Error> {
        let (organization, connection, offset) = (self.organization, self.connection, self.offset());
        let limit = u32::try_from(self.query.count).unwrap_or(u32::MAX);
        let rows = if limit == 0 {
            Vec::new()
        } else {
            let narrowing = &self.narrowing;
            self.reader.resource_page(organization, connection, narrowing, order, offset, limit).await?
        };
        // A page that is not full is the last one, and tells the total; an empty one may be past the end.
        let is_last = rows.len() < self.query.count && (offset == 0 || !rows.is_empty());
        let total = if is_last {
            offset + rows.len() as u64
        } else {
            self.reader.count_resources(organization, connection, &self.narrowing).await?
        };
        Ok((total, rows))
    }

    async fn by_looking(&mut self, most: usize) -> Result<(u64, Vec<ResourceRow>), Error> {
        let mut found = self.matches(most).await?;
        if let Some(sort) = &self.query.sort {
            // Equal ones by id, so that pages fit together.
            found.sort_unstable();
            if sort.descending {
                found.reverse();
            }
        }
        let offset = usize::try_from(self.offset()).unwrap_or(usize::MAX);
        let page = found.iter().skip(offset).take(self.query.count);
        let ids: Vec<ResourceId> = page.map(|(_, id)| *id).collect();
        let rows = self.reader.resources(self.organization, self.connection, &ids).await?;
        Ok((found.len() as u64, rows))
    }

    /// Everything that matches, by id, with what it is sorted by.
    async fn matches(&mut self, most: usize) -> Result<Vec<(SortKey, ResourceId)>, Error> {
        let (organization, connection, query) = (self.organization, self.connection, self.query);
        let sorts_by = |name: &str| query.sort.as_ref().is_some_and(|sort| sort.mentions(name));
        let (mut found, mut looked_at) = (Vec::new(), 0);
        let mut after = ResourceId::from_uuid(uuid::Uuid::nil());
        loop {
            // One more than allowed, to know that there are too many.
            let limit = CHUNK.min(most.saturating_add(1) - looked_at);
            let narrowing = &self.narrowing;
            let limit_rows = u32::try_from(limit).unwrap_or(u32::MAX);
            let rows = self.reader.resources_after(organization, connection, narrowing, after, limit_rows).await?;
            looked_at += rows.len();
            if looked_at > most {
                return Err(too_many(most).into());
            }
            let is_last = rows.len() < limit;
            after = rows.last().map_or(after, |row| row.id);
            let wants = |name: &str| narrowing.rest_mentions(name) || sorts_by(name);
            let views = View::load_all(&mut self.reader, organization, connection, rows, &wants).await?;
            for view in views {
                let whole = view.full(&query.base_url);
                if narrowing.rest_matches(&whole) {
                    let key = query.sort.as_ref().map_or(SortKey::Absent, |sort| SortKey::of(&whole, &sort.attribute));
                    found.push((key, view.row.id));
                }
            }
            if is_last {
                return Ok(found);
            }
        }
    }
}

fn too_many(most: usize) -> scim::Error {
    let detail = format!(
        "More than {most} resources would have to be looked at. Narrow the filter by id, userName, externalId, \
         emails.value, displayName of a Group or members.value, or sort by another attribute."
    );
    scim::Error::bad(ScimType::TooMany, detail)
}
