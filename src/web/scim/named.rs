//! What a path names. A name that is no text (`%ff`) is one of nothing that is here, and is answered like any other
//! unknown one.

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use super::respond::Failure;
use crate::scim::Error;

/// The parameters of the path, in a struct with a field for each that is looked at.
pub(in crate::web) struct Named<T>(pub(super) T);

impl<S, T> FromRequestParts<S> for Named<T>
where
    S: Send + Sync,
    T: DeserializeOwned + Send,
{
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        let found = Path::<T>::from_request_parts(parts, state).await;
        found.map(|Path(names)| Self(names)).map_err(|_| Error::not_found().into())
    }
}
