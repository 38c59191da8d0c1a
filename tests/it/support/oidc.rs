//! An OpenID provider of the organization `example`, and the browser of somebody who signs in there.

use std::collections::BTreeMap;

use axum::body::Body;
use axum::http::{HeaderMap, Request};
use reqwest::header::{COOKIE, LOCATION, SET_COOKIE};
use secaro_gateway::clock::Clock as _;
use secaro_gateway::directory::sign_in::{NewProvider, Provider};

use super::app::{Page, TestApp};
pub(crate) use super::op::{Manner, Op, SECRET};

/// Where the gateway lets providers send browsers back to.
const CALLBACK: &str = "https://scim.example.com/console/callback";

/// The settings with which the gateway may ask it.
pub(crate) const LOOPBACK: [(&str, &str); 1] = [("console.loopback_providers", "true")];

/// Starts one whose clock goes on from where the gateway's stood.
pub(crate) fn start(app: &TestApp, manner: Manner) -> Op {
    Op::start(CALLBACK, app.clock.now().millis(), manner)
}

/// Sets a provider up for `example`; with a connection, that connection's Users have its subjects as their `externalId`.
pub(crate) async fn set_up(op: &Op, app: &TestApp, connection: &str) -> Provider {
    let new = NewProvider {
        name: "Example login".to_owned(),
        issuer: op.issuer.clone(),
        client_id: "secaro".to_owned(),
        client_secret: SECRET.to_owned(),
        connection: connection.to_owned(),
    };
    app.opened.directory.add_provider(&app.operator(), "example", &new).await.unwrap()
}

/// Somebody's browser: what it holds of the gateway's flow, and of a session at the provider.
#[derive(Debug, Clone, Default)]
pub(crate) struct Visitor {
    pub(crate) flow: String,
    at_provider: BTreeMap<String, String>,
}

impl Visitor {
    /// Presses the button of a provider; answers where that leads.
    pub(crate) async fn begin(&mut self, app: &TestApp, provider: &Provider, more: &[(&str, &str)]) -> String {
        let id = provider.id.to_string();
        let fields: Vec<_> = [("provider", id.as_str())].into_iter().chain(more.iter().copied()).collect();
        let page = app.submit("/console/sign-in/example", &fields).await.expect(200);
        self.flow = flow_cookie(&page.headers);
        let (_, url) = page.text.split_once("content=\"0;url=").expect("a page that leads on");
        unescaped(url.split('"').next().unwrap())
    }

    /// Signs in at the provider as a subject, unless it knows the browser; answers the path that it leads back to.
    pub(crate) async fn prove(&mut self, url: &str, subject: &str) -> String {
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build().unwrap();
        let mut next = http.get(url);
        for _ in 0..10 {
            let cookies: Vec<_> = self.at_provider.iter().map(|(name, value)| format!("{name}={value}")).collect();
            let answer = next.header(COOKIE, cookies.join("; ")).send().await.unwrap();
            for set in answer.headers().get_all(SET_COOKIE) {
                let pair = set.to_str().unwrap().split(';').next().unwrap();
                let (name, value) = pair.split_once('=').unwrap();
                self.at_provider.insert(name.to_owned(), value.to_owned());
            }
            if let Some(to) = answer.headers().get(LOCATION) {
                let to = answer.url().join(to.to_str().unwrap()).unwrap();
                if let Some(query) = to.as_str().strip_prefix(CALLBACK) {
                    return format!("/console/callback{query}");
                }
                next = http.get(to);
                continue;
            }
            let page = answer.text().await.unwrap();
            let (_, action) = page.split_once("action=\"").unwrap_or_else(|| panic!("no form: {page}"));
            let form = [("prompt", "login"), ("login", subject), ("password", "any")];
            let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
            let post = http.post(unescaped(action.split('"').next().unwrap())).body(body);
            next = post.header("content-type", "application/x-www-form-urlencoded");
        }
        panic!("the provider leads in a circle");
    }

    /// Comes back to the gateway.
    pub(crate) async fn come_back(&self, app: &TestApp, path: &str, session: Option<&str>) -> Page {
        let cookies = [Some(self.flow.as_str()), session].into_iter().flatten().collect::<Vec<_>>().join("; ");
        app.text(Request::get(path).header("cookie", cookies).body(Body::empty()).unwrap()).await
    }

    /// All of it.
    pub(crate) async fn sign_in(
        &mut self,
        app: &TestApp,
        provider: &Provider,
        subject: &str,
        more: &[(&str, &str)],
    ) -> Page {
        let url = self.begin(app, provider, more).await;
        let path = self.prove(&url, subject).await;
        self.come_back(app, &path, None).await
    }
}

fn flow_cookie(headers: &HeaderMap) -> String {
    let mut set = headers.get_all("set-cookie").iter().filter_map(|cookie| cookie.to_str().ok());
    let cookie = set.find(|cookie| cookie.starts_with("__Host-secaro-oidc=")).expect("a flow");
    cookie.split(';').next().unwrap().to_owned()
}

fn unescaped(text: &str) -> String {
    text.replace("&#38;", "&").replace("&amp;", "&")
}
