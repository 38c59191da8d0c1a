//! What the service says about itself (RFC 7644 §4). Public: a client reads it before it has a credential, and it
//! says nothing about whether a connection exists.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{Method, Uri};
use serde::Deserialize;
use serde_json::Value;

use super::Scim;
use super::named::Named;
use super::query::Query;
use super::respond::{Answer, Failure};
use crate::directory::Key;
use crate::scim::Error;
use crate::scim::messages::{self, Capabilities};
use crate::web::routes::Routes;

#[derive(Deserialize)]
struct InPath {
    connection: String,
    #[serde(default)]
    id: String,
}

/// Adds `ServiceProviderConfig`, `ResourceTypes` and `Schemas`.
pub(super) fn routes(routes: Routes, scim: &Arc<Scim>) -> Routes {
    let below = |path: &str| format!("/scim/v2/{{connection}}/{path}");
    routes
        .public(Method::GET, &below("ServiceProviderConfig"), service_provider_config, scim)
        .public(Method::GET, &below("ResourceTypes"), resource_types, scim)
        .public(Method::GET, &below("ResourceTypes/{id}"), resource_type, scim)
        .public(Method::GET, &below("Schemas"), schemas, scim)
        .public(Method::GET, &below("Schemas/{id}"), schema, scim)
}

async fn service_provider_config(State(scim): State<Arc<Scim>>, Named(path): Named<InPath>) -> Result<Answer, Failure> {
    let capabilities = Capabilities { max_results: scim.limits.max_page_size.get() };
    Ok(Answer::ok(messages::service_provider_config(&capabilities, &root(&scim, &path)?)))
}

async fn resource_types(
    State(scim): State<Arc<Scim>>,
    Named(path): Named<InPath>,
    uri: Uri,
) -> Result<Answer, Failure> {
    all(messages::resource_types(&root(&scim, &path)?), &uri)
}

async fn resource_type(State(scim): State<Arc<Scim>>, Named(path): Named<InPath>) -> Result<Answer, Failure> {
    one(messages::resource_types(&root(&scim, &path)?), &path.id)
}

async fn schemas(State(scim): State<Arc<Scim>>, Named(path): Named<InPath>, uri: Uri) -> Result<Answer, Failure> {
    all(messages::schemas(&root(&scim, &path)?), &uri)
}

async fn schema(State(scim): State<Arc<Scim>>, Named(path): Named<InPath>) -> Result<Answer, Failure> {
    one(messages::schemas(&root(&scim, &path)?), &path.id)
}

/// The SCIM root below the path's connection, if that could be one at all.
fn root(scim: &Scim, path: &InPath) -> Result<String, Failure> {
    let key = Key::parse("connection", &path.connection).map_err(|_| Error::not_found())?;
    Ok(scim.root(key.as_str()))
}

/// All of them on one page. RFC 7644 §4: a filter here is refused, so that nobody takes the answer for filtered.
fn all(resources: Vec<Value>, uri: &Uri) -> Result<Answer, Failure> {
    if Query::parse(uri.query().unwrap_or_default())?.filter.is_some() {
        let detail = "What the service says about itself cannot be filtered. Ask without a filter.";
        return Err(Error::new(403, detail).into());
    }
    let total = resources.len() as u64;
    Ok(Answer::ok(messages::list_response(total, 1, resources)))
}

fn one(resources: Vec<Value>, id: &str) -> Result<Answer, Failure> {
    let found = resources
        .into_iter()
        .find(|resource| resource["id"].as_str().is_some_and(|known| known.eq_ignore_ascii_case(id)));
    found.map(Answer::ok).ok_or_else(|| Error::not_found().into())
}
