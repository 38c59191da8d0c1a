//! A request of a known caller, taken apart: query, conditions, body, and the deviations that its connection is
//! allowed. Decides nothing.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use serde_json::Value;

use super::caller::{Known, database};
use super::query::Query;
use super::respond::Failure;
use super::{Scim, negotiate};
use crate::auth::Caller;
use crate::directory;
use crate::provisioning::request_log::Recording;
use crate::provisioning::{self, View};
use crate::scim::etag::Condition;
use crate::scim::filter::Limits;
use crate::scim::projection::Projection;
use crate::scim::{Error, Normaliser, ResourceType, ScimType, json};
use crate::web::body::{self, Refusal};

/// A request of a known caller.
pub(super) struct Asked {
    pub(super) scim: Arc<Scim>,
    pub(super) caller: Caller,
    pub(super) query: Query,
    headers: HeaderMap,
    recording: Option<Recording>,
}

impl FromRequestParts<Arc<Scim>> for Asked {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, scim: &Arc<Scim>) -> Result<Self, Failure> {
        let Known(caller) = Known::from_request_parts(parts, &()).await?;
        let query = Query::parse(parts.uri.query().unwrap_or_default())?;
        let recording = parts.extensions.get::<Recording>().cloned();
        Ok(Self { scim: Arc::clone(scim), caller, query, headers: parts.headers.clone(), recording })
    }
}

impl Asked {
    /// The SCIM root of the caller's connection.
    pub(super) fn root(&self) -> String {
        self.scim.root(self.caller.connection_key())
    }

    /// The deviations that the caller's connection is allowed, none taken yet.
    pub(super) fn normaliser(&self) -> Normaliser {
        Normaliser::new(self.caller.dialect(), self.caller.strict())
    }

    /// What the answer shows.
    pub(super) fn projection(&self, resource_type: ResourceType) -> Result<Projection, Failure> {
        let query = &self.query;
        let chosen =
            Projection::parse(resource_type, query.attributes.as_deref(), query.excluded_attributes.as_deref());
        Ok(chosen?)
    }

    /// How long, deep and wide a filter may be.
    pub(super) fn filter_limits(&self) -> Limits {
        let limits = &self.scim.limits;
        Limits {
            bytes: limits.max_filter_bytes.get(),
            depth: limits.max_filter_depth.get(),
            terms: limits.max_filter_terms.get(),
        }
    }

    /// `If-Match`.
    pub(super) fn if_match(&self) -> Condition {
        Condition::parse(self.text(&header::IF_MATCH))
    }

    /// `If-None-Match`.
    pub(super) fn if_none_match(&self) -> Condition {
        Condition::parse(self.text(&header::IF_NONE_MATCH))
    }

    fn text(&self, name: &header::HeaderName) -> Option<&str> {
        // A tag that is no text is none of ours, and so is stale.
        self.headers.get(name).map(|value| value.to_str().unwrap_or("?"))
    }

    /// The body as JSON, read within the limits of size, time and depth.
    pub(super) async fn body(&self, resource_type: ResourceType, body: Body) -> Result<Value, Failure> {
        if !negotiate::is_json(&self.headers) {
            let detail = "The body is not JSON by its Content-Type. Send application/scim+json.";
            return Err(Error::new(415, detail).into());
        }
        if self.text(&header::CONTENT_ENCODING).is_some_and(|encoding| encoding != "identity") {
            return Err(Error::new(415, "The body is compressed. Send it without Content-Encoding.").into());
        }
        let server = &self.scim.server;
        let limit = match resource_type {
            ResourceType::User => server.max_body_bytes,
            ResourceType::Group => server.max_group_body_bytes,
        };
        let bytes = body::read(body, limit.get(), server.body_timeout).await.map_err(|refusal| {
            Failure::from(match refusal {
                Refusal::TooLarge => {
                    let detail = format!("The body is larger than {limit} bytes. Send less at a time.");
                    Error::new(413, detail)
                }
                Refusal::TooSlow => Error::new(408, "The body did not arrive in time. Send it again."),
                Refusal::Broken => Error::bad(ScimType::InvalidSyntax, "The body is not complete. Send it again."),
            })
        })?;
        let body = json::parse(&bytes, self.scim.limits.max_json_depth.get())?;
        if let Some(recording) = &self.recording {
            recording.read(resource_type, &body);
        }
        Ok(body)
    }

    /// Takes what the domain says, and writes down which deviations were taken, by name.
    pub(super) fn outcome<T>(
        &self,
        normaliser: &Normaliser,
        outcome: Result<T, provisioning::Error>,
    ) -> Result<T, Failure> {
        if let Some(recording) = &self.recording {
            recording.applied(normaliser, outcome.is_err());
        }
        let applied = normaliser.applied();
        if !applied.is_empty() {
            let quirks = applied.iter().map(|quirk| quirk.name()).collect::<Vec<_>>().join(",");
            tracing::debug!(connection.id = %self.caller.connection(), quirks, "normalised");
        }
        outcome.map_err(refused)
    }

    /// Writes down which resource it was about.
    pub(super) fn about(&self, view: &View) {
        if let Some(recording) = &self.recording {
            recording.about(view);
        }
    }
}

/// What a domain call refuses, as an answer.
fn refused(error: provisioning::Error) -> Failure {
    match error {
        provisioning::Error::Scim(error) => error.into(),
        provisioning::Error::Store(error) | provisioning::Error::Directory(directory::Error::Store(error)) => {
            database(&error, error.is_temporary())
        }
        // The domain's other refusals are about what operators do; an IdP cannot cause them.
        provisioning::Error::Directory(error) => Failure::internal(error),
    }
}
