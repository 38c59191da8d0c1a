//! Stylesheets and scripts: kept for ever, and sent small to whoever takes them so; pages are not.

use std::collections::BTreeSet;
use std::io::Read as _;

use axum::body::Body;
use axum::http::Request;

use crate::support::app::TestApp;

/// What the pages of the console and of the public are drawn with.
async fn named(app: &TestApp) -> BTreeSet<String> {
    app.person("ada@example.org", "active").await;
    app.grant("ada@example.org", "organization_admin").await;
    let browser = app.sign_in("ada@example.org").await;
    let pages = [app.browse(&browser, "/console").await, app.open("/join").await];
    let paths = pages.iter().flat_map(|page| page.text.split("\"/assets/").skip(1));
    paths.map(|rest| format!("/assets/{}", rest.split('"').next().unwrap())).collect()
}

#[tokio::test]
async fn assets_are_sent_compressed_to_whoever_takes_them_so() {
    let app = TestApp::new().await;
    let (mut plain, mut small) = (0, 0);
    let paths = named(&app).await;
    assert_eq!(paths.len(), 4, "{paths:?}");
    for path in paths {
        let ask = |coding: &str| {
            app.bytes(Request::get(&path).header("accept-encoding", coding).body(Body::empty()).unwrap())
        };
        let (status, whole_headers, whole) = ask("br").await;
        let (gzip_status, headers, gzip) = ask("br, gzip").await;
        assert_eq!((status, gzip_status), (200, 200));
        assert_eq!(
            (&headers["content-encoding"], whole_headers.get("content-encoding")),
            (&"gzip".parse().unwrap(), None)
        );
        for headers in [&headers, &whole_headers] {
            assert_eq!(headers["vary"], "Accept-Encoding");
            assert_eq!(headers["cache-control"], "public, max-age=31536000, immutable");
            assert_eq!(headers["content-type"], whole_headers["content-type"]);
        }
        let mut read = Vec::new();
        flate2::read::GzDecoder::new(gzip.as_slice()).read_to_end(&mut read).unwrap();
        assert!(read == whole, "{path}: it is not the same");
        (plain, small) = (plain + whole.len(), small + gzip.len());
    }
    assert!(small < 22_000 && plain > 2 * small, "{plain} bytes, {small} compressed");
}

/// Their length would tell of the secrets in them (BREACH).
#[tokio::test]
async fn t85_pages_are_never_compressed() {
    let app = TestApp::new().await;
    named(&app).await;
    let browser = app.sign_in("ada@example.org").await;
    for path in ["/console", "/console/users?q=x", "/console/sign-in", "/join", "/nowhere"] {
        let request = browser.request("GET", path).header("accept-encoding", "gzip, br, deflate, zstd, *");
        let (_, headers, text) = app.bytes(request.body(Body::empty()).unwrap()).await;
        assert!(!headers.contains_key("content-encoding"), "{path}");
        assert!(text.starts_with(b"<!doctype html>") || path == "/nowhere", "{path}");
    }
}
