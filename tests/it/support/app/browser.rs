//! Browsers, and whoever else asks for pages: with cookies and forms, through the real router.

use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request};
use secaro_gateway::ids::{Id as _, SessionId};
use serde_json::Value;
use tower::ServiceExt as _;

use super::idp::ask;
use super::{Answer, TestApp};

impl TestApp {
    /// Asks for a page, or for anything else that is no JSON.
    pub(crate) async fn text(&self, request: Request<Body>) -> Page {
        let (status, headers, bytes) = self.bytes(request).await;
        Page { status, headers, text: String::from_utf8(bytes).unwrap() }
    }

    /// Asks for anything.
    pub(crate) async fn bytes(&self, request: Request<Body>) -> (u16, HeaderMap, Vec<u8>) {
        let (parts, body) = self.router.clone().oneshot(request).await.unwrap().into_parts();
        let bytes = to_bytes(body, 1 << 26).await.unwrap();
        (parts.status.as_u16(), parts.headers, bytes.to_vec())
    }

    /// Opens a page.
    pub(crate) async fn open(&self, path: &str) -> Page {
        self.text(Request::get(path).body(Body::empty()).unwrap()).await
    }

    /// Sends a form, as a browser does from one of our own pages.
    pub(crate) async fn submit(&self, path: &str, fields: &[(&str, &str)]) -> Page {
        self.text(Self::form(path).body(encoded(fields)).unwrap()).await
    }

    /// A form, to be given more headers and [`encoded`] fields.
    pub(crate) fn form(path: &str) -> axum::http::request::Builder {
        Request::post(path)
            .header("content-type", "application/x-www-form-urlencoded")
            .header("sec-fetch-site", "same-origin")
    }

    /// A browser in which a person of `example` is signed in, by a link that was made at the machine.
    pub(crate) async fn sign_in(&self, email: &str) -> Browser {
        let path = self.opened.directory.recovery_link(&self.machine(), "example", email).await.unwrap();
        let entered = self.submit(&path, &[]).await.expect(303);
        self.browser_of(&entered.headers).await
    }

    /// The browser that was just given a session.
    pub(crate) async fn browser_of(&self, headers: &HeaderMap) -> Browser {
        let newest = "FROM sessions ORDER BY signed_in_at DESC, id DESC LIMIT 1";
        let session = SessionId::from_uuid(self.sql().await.ids(newest).await[0]);
        Browser { cookie: session_cookie(headers), csrf: self.key().csrf(session) }
    }

    /// Opens a page in a browser.
    pub(crate) async fn browse(&self, browser: &Browser, path: &str) -> Page {
        self.text(browser.request("GET", path).body(Body::empty()).unwrap()).await
    }

    /// Looks at a page again as a part of it does by itself while it is open.
    pub(crate) async fn look_again(&self, browser: &Browser, path: &str) -> Page {
        let request = browser.request("GET", path).header("hx-request", "true").header("secaro-by-itself", "yes");
        self.text(request.body(Body::empty()).unwrap()).await
    }

    /// Sends a form from a page that the browser is on: with what its session's forms hold.
    pub(crate) async fn send(&self, browser: &Browser, path: &str, fields: &[(&str, &str)]) -> Page {
        let mut all = vec![("csrf", browser.csrf.as_str())];
        all.extend_from_slice(fields);
        let request = browser.request("POST", path).header("content-type", "application/x-www-form-urlencoded");
        self.text(request.body(encoded(&all)).unwrap()).await
    }

    /// Asks the API.
    pub(crate) async fn api(&self, path: &str, body: &Value) -> Answer {
        let request = Request::post(path).header("content-type", "application/json");
        self.ask(request.body(Body::from(body.to_string())).unwrap()).await
    }

    /// Asks anything.
    pub(crate) async fn ask(&self, request: Request<Body>) -> Answer {
        ask(&self.router, request).await
    }
}

/// What a browser holds of a session.
#[derive(Debug, Clone)]
pub(crate) struct Browser {
    pub(crate) cookie: String,
    /// What its session's forms hold.
    pub(crate) csrf: String,
}

impl Browser {
    /// A request of this browser from one of our own pages.
    pub(crate) fn request(&self, method: &str, path: &str) -> axum::http::request::Builder {
        Request::builder()
            .method(method)
            .uri(path)
            .header("cookie", &self.cookie)
            .header("sec-fetch-site", "same-origin")
            .header("user-agent", "a browser")
    }
}

/// The session's cookie among those that were set, as a browser sends it back.
pub(crate) fn session_cookie(headers: &HeaderMap) -> String {
    let mut set = headers.get_all("set-cookie").iter().filter_map(|cookie| cookie.to_str().ok());
    let cookie = set.rfind(|cookie| cookie.starts_with("__Host-secaro-session=")).expect("a session");
    cookie.split(';').next().unwrap().to_owned()
}

/// Fields as a form sends them.
pub(crate) fn encoded(fields: &[(&str, &str)]) -> Body {
    Body::from(form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish())
}

/// A page, or what else is no JSON.
#[derive(Debug, Clone)]
pub(crate) struct Page {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Page {
    /// The same, if it has this status.
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text);
        self
    }

    /// What a reader sees, without the markup; each block on a line.
    pub(crate) fn words(&self) -> String {
        let (_, main) = self.text.split_once("<main").expect("a page");
        let mut words = String::new();
        for piece in main.split('<').skip(1) {
            words.push_str(piece.split_once('>').map_or("", |(_, text)| text));
        }
        words.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
    }
}
