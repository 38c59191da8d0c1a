//! Signing in at an organization's OpenID provider: the buttons, the way there, and the way back. What makes a sign-in
//! good is decided in the domain.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, Request, State};
use axum::http::Method;

use super::Console;
use super::access::{COOKIE, cookie, is_of_another_site_for_all_it_says, of_another_site};
use super::asked::Asked;
use super::respond::{Answer, Refused, public_page, see, set_cookie};
use super::sign_in::{browser, read};
use crate::directory;
use crate::directory::sign_in::{self, CameBack, FLOW_LIFETIME, Provider, ReturnTo};
use crate::web::api::problem::sentence;
use crate::web::join::request_id;
use crate::web::request::client_address;
use crate::web::routes::Routes;

/// Holds the browser to the sign-in that it began.
const FLOW: &str = "__Host-secaro-oidc";

#[derive(Template)]
#[template(path = "sign_in_at.html", config = "src/web/console/askama.toml")]
struct Choice<'a> {
    organization: &'a str,
    providers: &'a [Provider],
    return_to: &'a str,
    why: &'a str,
}

/// On the way to the provider: a form may not lead to another site itself.
#[derive(Template)]
#[template(path = "sign_in_leave.html", config = "src/web/console/askama.toml")]
struct Leave<'a> {
    provider: &'a str,
    url: &'a str,
}

pub(super) fn routes(routes: Routes, console: &Arc<Console>) -> Routes {
    routes
        .public(Method::GET, "/console/sign-in/{organization}", choose, console)
        .public(Method::POST, "/console/sign-in/{organization}", begin, console)
        .public(Method::GET, "/console/callback", come_back, console)
}

async fn choose(State(console): State<Arc<Console>>, Path(organization): Path<String>, asked: Asked) -> Answer {
    let found = console.directory.providers(&organization).await;
    // Whether there is such an organization is nobody's to know: it looks like one without a provider.
    let providers = match found {
        Err(directory::Error::NotFound { .. }) => Vec::new(),
        other => other?,
    };
    let return_to = ReturnTo::of(asked.query("return_to"));
    let shown = Choice {
        organization: &organization,
        providers: &providers,
        return_to: return_to.as_str(),
        why: asked.query("why"),
    };
    Ok(public_page(200, &shown))
}

async fn begin(State(console): State<Arc<Console>>, Path(organization): Path<String>, request: Request) -> Answer {
    if !console.budget.take(client_address(&request)) {
        return Err(Refused::new(429, "Too many sign-ins", "Wait a few minutes and try again."));
    }
    if is_of_another_site_for_all_it_says(request.headers(), &console.base_url) {
        return Err(of_another_site());
    }
    let (_, fields) = read(&console, request).await?;
    let asked = sign_in::Asked {
        organization: &organization,
        provider: fields.text("provider"),
        invitation: fields.text("invitation"),
        anew: !fields.text("why").is_empty(),
    };
    let return_to = ReturnTo::of(fields.text("return_to"));
    let begun = console.directory.begin_oidc(&asked, &return_to, &console.callback()).await.map_err(refused)?;
    let mut response = public_page(200, &Leave { provider: &begun.provider, url: &begun.url });
    set_cookie(response.headers_mut(), FLOW, &begun.cookie, u32::try_from(FLOW_LIFETIME.as_secs()).ok());
    Ok(response)
}

async fn come_back(State(console): State<Arc<Console>>, asked: Asked, request: Request) -> Answer {
    let (id, address, headers) = (request_id(&request), client_address(&request), request.headers());
    let held = cookie(headers, FLOW).unwrap_or_default();
    let issuer = asked.query("iss");
    let back = CameBack {
        cookie: &held,
        state: asked.query("state"),
        code: asked.query("code"),
        error: asked.query("error"),
        issuer: (!issuer.is_empty()).then_some(issuer),
    };
    let browser = browser(headers, address);
    let old = console.session_of(headers, id).await?;
    let finished = console.directory.finish_oidc(back, &console.callback(), &browser, old, id).await;
    let signed_in = finished.map_err(refused)?;
    let mut response = see(signed_in.return_to.as_str());
    set_cookie(response.headers_mut(), COOKIE, &signed_in.cookie, None);
    set_cookie(response.headers_mut(), FLOW, "", Some(0));
    Ok(response)
}

/// A sign-in that came to nothing, in the domain's words.
fn refused(error: directory::Error) -> Refused {
    match error {
        directory::Error::Conflict(words) => Refused::new(403, "You are not signed in", sentence(&words)),
        // Whether there is such an organization is nobody's to know.
        directory::Error::NotFound { .. } => Refused::nowhere(),
        other => other.into(),
    }
}

impl Console {
    /// Where providers send browsers back to; each is told it beforehand.
    pub(super) fn callback(&self) -> String {
        format!("{}/console/callback", self.base_url)
    }
}
