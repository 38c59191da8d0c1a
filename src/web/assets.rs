//! What pages are drawn with: stylesheets and scripts, inside the program. Each name changes with what the file
//! says, so that a browser may keep it for ever. Each is compressed once; pages never are: they hold secrets beside what
//! others wrote, and the length of the two compressed together tells of the secrets (BREACH).

use std::io::Write as _;
use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use data_encoding::HEXLOWER;
use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest as _, Sha256};

use super::join::respond::Refused;

const CSS: &str = "text/css; charset=utf-8";
const JS: &str = "text/javascript; charset=utf-8";

/// A file inside the program.
struct Asset {
    path: String,
    kind: &'static str,
    text: &'static str,
    gzip: Option<Bytes>,
}

impl Asset {
    fn new(name: &str, ending: &str, kind: &'static str, text: &'static str) -> Self {
        let hash = &HEXLOWER.encode(&Sha256::digest(text))[..16];
        Self { path: format!("/assets/{name}-{hash}.{ending}"), kind, text, gzip: compressed(text) }
    }
}

/// If the text becomes smaller by it.
fn compressed(text: &str) -> Option<Bytes> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(text.as_bytes()).ok()?;
    encoder.finish().ok().filter(|gzip| gzip.len() < text.len()).map(Bytes::from)
}

/// Whether whoever asks takes an answer in gzip (RFC 9110 §12.5.3).
fn takes_gzip(headers: &HeaderMap) -> bool {
    let lists = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|list| list.to_str().ok());
    let mut any = false;
    for coding in lists.flat_map(|list| list.split(',')) {
        let mut parts = coding.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default();
        let quality = parts.find_map(|part| part.strip_prefix("q=")).map_or(Ok(1.0), str::parse::<f32>);
        let wanted = quality.is_ok_and(|quality| quality > 0.0);
        match name.to_ascii_lowercase().as_str() {
            "gzip" | "x-gzip" => return wanted,
            "*" => any = wanted,
            _ => {}
        }
    }
    any
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

pub(in crate::web) async fn file(Path(file): Path<String>, headers: HeaderMap) -> Response {
    let all = [&*PUBLIC_STYLE, &*CONSOLE_STYLE, &*HTMX, &*CONSOLE_SCRIPT];
    let path = format!("/assets/{file}");
    let Some(asset) = all.into_iter().find(|asset| asset.path == path) else {
        return Refused::nowhere().into_response();
    };
    let gzip = asset.gzip.clone().filter(|_| takes_gzip(&headers));
    let is_compressed = gzip.is_some();
    let body = gzip.unwrap_or_else(|| Bytes::from_static(asset.text.as_bytes()));
    let same = [
        (header::CONTENT_TYPE, asset.kind),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
        (header::VARY, "Accept-Encoding"),
    ];
    let mut response = (same, body).into_response();
    if is_compressed {
        response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gzip_is_for_whoever_takes_it() {
        let takes = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, text.parse().expect("a header"));
            takes_gzip(&headers)
        };
        for yes in ["gzip", "br, GZIP;q=0.5", "deflate, *", "x-gzip", "gzip, *;q=0"] {
            assert!(takes(yes), "{yes}");
        }
        for no in ["", "br", "gzip;q=0", "*;q=0", "gzip;q=0.000, *", "gzip;q=much", "gzipped", "identity"] {
            assert!(!takes(no), "{no}");
        }
        assert!(!takes_gzip(&HeaderMap::new()));
    }
}
