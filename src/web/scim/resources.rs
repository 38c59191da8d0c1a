//! `/Users` and `/Groups`: each handler takes the request apart, makes one call into the domain, and writes the answer.
//! One piece of code for both types.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{Method, StatusCode, header};
use serde::Deserialize;

use super::Scim;
use super::asked::Asked;
use super::named::Named;
use super::paging;
use super::query::Query;
use super::respond::{Answer, Failure};
use crate::provisioning::View;
use crate::provisioning::list::ListQuery;
use crate::provisioning::resources::Call;
use crate::scim::etag::etag;
use crate::scim::filter::Filter;
use crate::scim::projection::Projection;
use crate::scim::sort::SortBy;
use crate::scim::{Error, Normaliser, ResourceType, messages};
use crate::web::routes::Routes;

/// The id in a path.
#[derive(Deserialize)]
struct InPath {
    id: String,
}

/// Adds the endpoint of a resource type.
pub(super) fn routes(routes: Routes, resource_type: ResourceType, scim: &Arc<Scim>) -> Routes {
    let all = &format!("/scim/v2/{{connection}}/{}", resource_type.endpoint());
    let one = &format!("{all}/{{id}}");
    let search_here = &format!("{all}/.search");
    routes
        .connection(Method::GET, all, move |asked: Asked| list(resource_type, asked), scim)
        .connection(Method::POST, all, move |asked: Asked, body: Body| create(resource_type, asked, body), scim)
        .connection(Method::POST, search_here, move |asked: Asked, body: Body| search(resource_type, asked, body), scim)
        .connection(
            Method::GET,
            one,
            move |asked: Asked, Named(path): Named<InPath>| get(resource_type, asked, path.id),
            scim,
        )
        .connection(
            Method::PUT,
            one,
            move |asked: Asked, Named(path): Named<InPath>, body: Body| replace(resource_type, asked, path.id, body),
            scim,
        )
        .connection(
            Method::PATCH,
            one,
            move |asked: Asked, Named(path): Named<InPath>, body: Body| patch(resource_type, asked, path.id, body),
            scim,
        )
        .connection(
            Method::DELETE,
            one,
            move |asked: Asked, Named(path): Named<InPath>| delete(resource_type, asked, path.id),
            scim,
        )
}

/// RFC 7644 §3.11: there is no User that a connection's credential stands for.
pub(super) async fn me() -> Failure {
    let detail = "A connection is no User, so there is no /Me. Ask for /Users with a filter instead.";
    Error::new(501, detail).into()
}

/// RFC 7644 §3.7, which `ServiceProviderConfig` says is not supported.
pub(super) async fn bulk() -> Failure {
    Error::new(501, "Bulk operations are not supported here. Send the operations one by one.").into()
}

/// RFC 7644 §3.4.3 on the root: a list of unlike resources, which no IdP asks for.
pub(super) async fn search_everything() -> Failure {
    Error::new(501, "All resource types at once cannot be searched. Ask /Users/.search or /Groups/.search.").into()
}

/// RFC 7644 §3.4.3: the query stands in the body.
async fn search(resource_type: ResourceType, mut asked: Asked, body: Body) -> Result<Answer, Failure> {
    asked.query = Query::of_search(&asked.body(resource_type, body).await?)?;
    list(resource_type, asked).await
}

async fn list(resource_type: ResourceType, asked: Asked) -> Result<Answer, Failure> {
    let (query, limits) = (&asked.query, &asked.scim.limits);
    let page = paging::Page::parse(
        query.start_index.as_deref(),
        query.count.as_deref(),
        limits.default_page_size.get(),
        limits.max_page_size.get(),
    )?;
    let mut normaliser = asked.normaliser();
    let filter =
        query.filter.as_deref().map(|text| Filter::parse(text, resource_type, &asked.filter_limits(), &mut normaliser));
    let sort = query.sort_by.as_deref().map(|by| SortBy::parse(resource_type, by, query.sort_order.as_deref()));
    let list = ListQuery {
        filter: filter.transpose()?,
        sort: sort.transpose()?.flatten(),
        start_index: page.start_index,
        count: page.count,
        projection: asked.projection(resource_type)?,
        base_url: asked.root(),
    };
    let found = asked.scim.provisioning.list(&asked.caller, resource_type, &list).await;
    let found = asked.outcome(&normaliser, found)?;
    if let [only] = found.resources.as_slice() {
        asked.about(only);
    }
    let resources = found.resources.iter().map(|view| view.render(&list.base_url, &list.projection)).collect();
    Ok(Answer::ok(messages::list_response(found.total, found.start_index, resources)))
}

async fn create(resource_type: ResourceType, asked: Asked, body: Body) -> Result<Answer, Failure> {
    let body = asked.body(resource_type, body).await?;
    let (projection, mut normaliser) = (asked.projection(resource_type)?, asked.normaliser());
    let mut call = call(&asked, resource_type, &projection, &mut normaliser);
    let created = asked.scim.provisioning.create(&mut call, body).await;
    let view = asked.outcome(&normaliser, created)?;
    asked.about(&view);
    Ok(shown(&asked, &view, &projection).status(StatusCode::CREATED))
}

async fn get(resource_type: ResourceType, asked: Asked, id: String) -> Result<Answer, Failure> {
    let (projection, mut normaliser) = (asked.projection(resource_type)?, asked.normaliser());
    let call = call(&asked, resource_type, &projection, &mut normaliser);
    let found = asked.scim.provisioning.get(&call, &id).await;
    let view = asked.outcome(&normaliser, found)?;
    asked.about(&view);
    if asked.if_none_match().is_current(view.version()) {
        return Ok(Answer::empty(StatusCode::NOT_MODIFIED).header(header::ETAG, &etag(view.version())));
    }
    Ok(shown(&asked, &view, &projection))
}

async fn replace(resource_type: ResourceType, asked: Asked, id: String, body: Body) -> Result<Answer, Failure> {
    let body = asked.body(resource_type, body).await?;
    let (projection, mut normaliser) = (asked.projection(resource_type)?, asked.normaliser());
    let mut call = call(&asked, resource_type, &projection, &mut normaliser);
    let changed = asked.scim.provisioning.replace(&mut call, &id, &asked.if_match(), body).await;
    let changed = asked.outcome(&normaliser, changed)?;
    asked.about(&changed.view);
    Ok(shown(&asked, &changed.view, &projection))
}

async fn patch(resource_type: ResourceType, asked: Asked, id: String, body: Body) -> Result<Answer, Failure> {
    let body = asked.body(resource_type, body).await?;
    // RFC 7644 §3.5.2: 204 is allowed unless `attributes` was given; then the answer has to show them.
    let shows = asked.caller.dialect().patch_answers_body(resource_type) || asked.query.attributes.is_some();
    let projection = if shows {
        asked.projection(resource_type)?
    } else {
        // Nothing beyond the resource itself is loaded for an answer without a body.
        Projection::parse(resource_type, Some("id"), None)?
    };
    let mut normaliser = asked.normaliser();
    let mut call = call(&asked, resource_type, &projection, &mut normaliser);
    let changed = asked.scim.provisioning.patch(&mut call, &id, &asked.if_match(), body).await;
    let changed = asked.outcome(&normaliser, changed)?;
    asked.about(&changed.view);
    if shows {
        return Ok(shown(&asked, &changed.view, &projection));
    }
    Ok(Answer::empty(StatusCode::NO_CONTENT).header(header::ETAG, &etag(changed.view.version())))
}

async fn delete(resource_type: ResourceType, asked: Asked, id: String) -> Result<Answer, Failure> {
    let (projection, mut normaliser) = (Projection::default_of(resource_type), asked.normaliser());
    let call = call(&asked, resource_type, &projection, &mut normaliser);
    let deleted = asked.scim.provisioning.delete(&call, &id, &asked.if_match()).await;
    asked.about(&asked.outcome(&normaliser, deleted)?);
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}

fn call<'a>(
    asked: &'a Asked,
    resource_type: ResourceType,
    projection: &'a Projection,
    normaliser: &'a mut Normaliser,
) -> Call<'a> {
    Call { caller: &asked.caller, resource_type, projection, normaliser }
}

/// 200 with a resource, its version and its place.
fn shown(asked: &Asked, view: &View, projection: &Projection) -> Answer {
    let root = asked.root();
    Answer::ok(view.render(&root, projection))
        .header(header::ETAG, &etag(view.version()))
        .header(header::LOCATION, &view.location(&root))
}
