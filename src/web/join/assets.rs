//! What pages are drawn with: one stylesheet, inside the program. Its name changes with what it says, so that a browser
//! may keep it for ever.

use std::sync::LazyLock;

use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use data_encoding::HEXLOWER;
use sha2::{Digest as _, Sha256};

use super::Named;
use super::respond::Refused;

const STYLE: &str = include_str!("style.css");

static NAME: LazyLock<String> =
    LazyLock::new(|| format!("secaro-{}.css", &HEXLOWER.encode(&Sha256::digest(STYLE))[..16]));

/// Where the stylesheet is.
pub(in crate::web) fn stylesheet() -> String {
    format!("/assets/{}", *NAME)
}

pub(super) async fn file(Named(file): Named) -> Response {
    if file != *NAME {
        return Refused::nowhere().into_response();
    }
    let kind = (header::CONTENT_TYPE, "text/css; charset=utf-8");
    let keep = (header::CACHE_CONTROL, "public, max-age=31536000, immutable");
    ([kind, keep], STYLE).into_response()
}
