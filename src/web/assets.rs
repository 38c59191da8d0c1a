//! What pages are drawn with: stylesheets and scripts, inside the program. Each name changes with what the file
//! says, so that a browser may keep it for ever.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use data_encoding::HEXLOWER;
use sha2::{Digest as _, Sha256};

use super::join::respond::Refused;

const CSS: &str = "text/css; charset=utf-8";
const JS: &str = "text/javascript; charset=utf-8";

/// A file inside the program.
struct Asset {
    path: String,
    kind: &'static str,
    text: &'static str,
}

impl Asset {
    fn new(name: &str, ending: &str, kind: &'static str, text: &'static str) -> Self {
        let hash = &HEXLOWER.encode(&Sha256::digest(text))[..16];
        Self { path: format!("/assets/{name}-{hash}.{ending}"), kind, text }
    }
}

static PUBLIC_STYLE: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("secaro", "css", CSS, include_str!("join/style.css")));
static CONSOLE_STYLE: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("console", "css", CSS, include_str!("console/assets/style.css")));
static HTMX: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("htmx", "js", JS, include_str!("console/assets/htmx.min.js")));
static CONSOLE_SCRIPT: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("console", "js", JS, include_str!("console/assets/console.js")));

/// Where the public pages' stylesheet is.
pub(in crate::web) fn stylesheet() -> &'static str {
    &PUBLIC_STYLE.path
}

/// Where the console's stylesheet is.
pub(in crate::web) fn console_style() -> &'static str {
    &CONSOLE_STYLE.path
}

/// Where htmx is.
pub(in crate::web) fn htmx() -> &'static str {
    &HTMX.path
}

/// Where the console's own script is.
pub(in crate::web) fn console_script() -> &'static str {
    &CONSOLE_SCRIPT.path
}

pub(in crate::web) async fn file(Path(file): Path<String>) -> Response {
    let all = [&*PUBLIC_STYLE, &*CONSOLE_STYLE, &*HTMX, &*CONSOLE_SCRIPT];
    let path = format!("/assets/{file}");
    let Some(asset) = all.into_iter().find(|asset| asset.path == path) else {
        return Refused::nowhere().into_response();
    };
    let keep = (header::CACHE_CONTROL, "public, max-age=31536000, immutable");
    ([(header::CONTENT_TYPE, asset.kind), keep], asset.text).into_response()
}
