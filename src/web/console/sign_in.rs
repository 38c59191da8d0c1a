//! The way in and out: a link is asked for, looked at, and used; signing out ends the session. Whoever asks is answered
//! alike, whether they have access or not (T47).

use std::net::IpAddr;
use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, header};
use axum::response::Response;

use super::Console;
use super::access::{COOKIE, Session, cookie, is_of_another_site, of_another_site};
use super::asked::Asked;
use super::form::Fields;
use super::respond::{Answer, Refused, at, public_page, see, set_cookie};
use crate::auth::session::{Found, Looked};
use crate::directory::sign_in::{Browser, ReturnTo};
use crate::ids::{RequestId, SessionId};
use crate::web::join::request_id;
use crate::web::request::client_address;

/// Asks for the address.
#[derive(Template)]
#[template(path = "sign_in.html", config = "src/web/console/askama.toml")]
struct Form<'a> {
    why: &'a str,
    return_to: &'a str,
    support_contact: &'a str,
}

/// A mail is on its way, or seems to be.
#[derive(Template)]
#[template(path = "sign_in_sent.html", config = "src/web/console/askama.toml")]
struct Sent<'a> {
    support_contact: &'a str,
}

/// Asks whether to sign in.
#[derive(Template)]
#[template(path = "sign_in_link.html", config = "src/web/console/askama.toml")]
struct Link<'a> {
    organization: &'a str,
    email: &'a str,
}

pub(super) async fn form(State(console): State<Arc<Console>>, asked: Asked) -> Response {
    let return_to = ReturnTo::of(asked.query("return_to"));
    let organization = asked.query("organization").trim().to_lowercase();
    if !organization.is_empty() {
        return see(&at(&organization, &[("return_to", return_to.as_str())]));
    }
    let support_contact = &console.support_contact;
    public_page(200, &Form { why: asked.query("why"), return_to: return_to.as_str(), support_contact })
}

pub(super) async fn ask(State(console): State<Arc<Console>>, request: Request) -> Answer {
    let (id, may) = (request_id(&request), console.budget.take(client_address(&request)));
    let (_, fields) = form_of(&console, request).await?;
    if may {
        let return_to = ReturnTo::of(fields.text("return_to"));
        console.directory.ask_for_sign_in_link(fields.text("email"), &return_to, id).await?;
    }
    Ok(public_page(202, &Sent { support_contact: &console.support_contact }))
}

/// Has no effect: mail scanners follow links.
pub(super) async fn look(State(console): State<Arc<Console>>, Path(secret): Path<String>) -> Answer {
    let found = console.directory.look_at_sign_in_link(&secret).await?.ok_or_else(ended)?;
    Ok(public_page(200, &Link { organization: &found.organization, email: &found.email }))
}

pub(super) async fn enter(State(console): State<Arc<Console>>, Path(secret): Path<String>, request: Request) -> Answer {
    let (id, address) = (request_id(&request), client_address(&request));
    let (headers, _) = form_of(&console, request).await?;
    let browser = browser(&headers, address);
    let old = console.session_of(&headers, id).await?;
    let signed_in = console.directory.use_sign_in_link(&secret, &browser, old, id).await?.ok_or_else(ended)?;
    let mut response = see(signed_in.return_to.as_str());
    set_cookie(response.headers_mut(), COOKIE, &signed_in.cookie, None);
    Ok(response)
}

pub(super) async fn leave(State(console): State<Arc<Console>>, session: Session) -> Answer {
    console.directory.sign_out(&session).await?;
    let mut response = see("/console/sign-in");
    set_cookie(response.headers_mut(), COOKIE, "", Some(0));
    Ok(response)
}

impl Console {
    /// The session that a browser comes with, live or ended.
    pub(super) async fn session_of(&self, headers: &HeaderMap, id: RequestId) -> Result<Option<SessionId>, Refused> {
        let text = cookie(headers, COOKIE).unwrap_or_default();
        let found = self.sessions.find(&text, Looked::BySomebody, id).await.map_err(crate::directory::Error::Store)?;
        Ok(match found {
            Found::Live(session) | Found::Ended(session) => Some(session.id()),
            Found::Nobody => None,
        })
    }
}

/// What a browser says of itself.
pub(super) fn browser(headers: &HeaderMap, address: Option<IpAddr>) -> Browser {
    Browser {
        agent: headers.get(header::USER_AGENT).map(|agent| String::from_utf8_lossy(agent.as_bytes()).into_owned()),
        address: address.map(|address| address.to_string()),
    }
}

/// A form of whoever is not signed in: of our own site, and bounded.
async fn form_of(console: &Console, request: Request) -> Result<(HeaderMap, Fields), Refused> {
    if is_of_another_site(request.headers(), &console.base_url) {
        return Err(of_another_site());
    }
    read(console, request).await
}

/// What such a form holds, once it is known where it comes from.
pub(super) async fn read(console: &Console, request: Request) -> Result<(HeaderMap, Fields), Refused> {
    let (parts, body) = request.into_parts();
    let fields = Fields::read(console, &parts.headers, body).await?;
    Ok((parts.headers, fields))
}

fn ended() -> Refused {
    let text = "It works once and for a few minutes only. Ask for a new one on the sign-in page.";
    Refused::new(404, "This link does not work any longer", text)
}
