//! Who may come in: every page and action of the console passes here first. Finds the session, holds a form to its own
//! site and session (T81), and says who could do what somebody may not. Knows no screen.

use std::ops::Deref;
use std::sync::Arc;

use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use super::Console;
use super::form::Fields;
use super::respond::{self, Refused};
use super::theme::Theme;
use crate::auth;
use crate::auth::session::{Found, Looked};
use crate::directory;
use crate::provisioning::attention::Counted;
use crate::web::join::form::is_foreign;
use crate::web::join::{origin, request_id};

/// The session's cookie: for this host alone, over TLS alone, out of reach of scripts.
pub(super) const COOKIE: &str = "__Host-secaro-session";

/// What somebody needs for a page or an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// To be signed in.
    Oneself,
    /// To be Organization admin, Billing admin or auditor.
    ViewUsers,
    /// To be Organization admin or auditor.
    View,
    /// To be Organization admin.
    Admin,
    /// To be Organization admin; to give an admin role (a form's *Admin for*), as [`Self::FreshAdmin`].
    AdminFor,
    /// To be Organization admin, and to have signed in within the last minutes.
    FreshAdmin,
}

impl Needs {
    fn are_met_by(self, session: &auth::Session) -> bool {
        let roles = session.roles();
        match self {
            Self::Oneself => true,
            Self::ViewUsers => roles.organization_admin || roles.billing_admin || roles.auditor,
            Self::View => roles.organization_admin || roles.auditor,
            Self::Admin | Self::AdminFor | Self::FreshAdmin => roles.organization_admin,
        }
    }

    /// Whether only somebody may do it who has just signed in.
    fn asks_for_a_fresh_sign_in(self, fields: Option<&Fields>) -> bool {
        let gives_a_role = || fields.is_some_and(|fields| fields.all("admin_for").iter().any(|role| !role.is_empty()));
        self == Self::FreshAdmin || self == Self::AdminFor && gives_a_role()
    }

    const fn words(self) -> &'static str {
        match self {
            Self::Oneself => "You have to be signed in for this.",
            Self::ViewUsers => "This is for Organization admins, Billing admins and auditors.",
            Self::View => "This is for Organization admins and auditors.",
            Self::Admin | Self::AdminFor | Self::FreshAdmin => "Only an Organization admin may do this.",
        }
    }
}

/// Somebody who is signed in, as handlers take them.
#[derive(Debug, Clone)]
pub(super) struct Session {
    inner: Arc<auth::Session>,
    around: Around,
}

/// What stands around the pages of a request, whatever they show.
#[derive(Debug, Clone, Default)]
pub(super) struct Around {
    /// What came of the form that led here, to be shown once.
    pub(super) notice: Option<String>,
    /// How much waits for a decision, for whoever may look at it.
    pub(super) waiting: Option<Counted>,
    /// Light or dark, if this browser was told.
    pub(super) theme: Option<Theme>,
    /// The page that was asked for, if it was a page.
    pub(super) here: Option<String>,
}

impl Session {
    /// May change things.
    pub(super) fn is_admin(&self) -> bool {
        self.roles().organization_admin
    }

    /// May look at the users and at billing.
    pub(super) fn is_billing_admin(&self) -> bool {
        self.roles().billing_admin
    }

    /// May look at everything.
    pub(super) fn is_auditor(&self) -> bool {
        self.roles().auditor
    }

    /// May look at more than the users.
    pub(super) fn may_view(&self) -> bool {
        self.is_admin() || self.is_auditor()
    }

    /// May look at the users.
    pub(super) fn may_view_users(&self) -> bool {
        self.may_view() || self.is_billing_admin()
    }

    /// What stands around its pages.
    pub(super) const fn around(&self) -> &Around {
        &self.around
    }
}

impl Deref for Session {
    type Target = auth::Session;
    fn deref(&self) -> &auth::Session {
        &self.inner
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Session {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refused> {
        // The guard has put it there; a route without a guard has none.
        parts.extensions.get::<Self>().cloned().ok_or_else(|| Refused::internal("a page without a guard"))
    }
}

/// Lets somebody in, or says why not and what to do.
pub(in crate::web) async fn admit(
    State((console, needs)): State<(Arc<Console>, Needs)>,
    request: Request,
    next: Next,
) -> Response {
    match check(&console, needs, request).await {
        Ok(request) => next.run(request).await,
        Err(refused) => *refused,
    }
}

async fn check(console: &Console, needs: Needs, request: Request) -> Result<Request, Box<Response>> {
    let refuse = |refused: Refused| Box::new(refused.into_response());
    let changes = !matches!(*request.method(), Method::GET | Method::HEAD);
    if changes && is_of_another_site(request.headers(), &console.base_url) {
        return Err(refuse(of_another_site()));
    }
    let text = cookie(request.headers(), COOKIE).unwrap_or_default();
    let looked = respond::looked(request.headers());
    let found = console.sessions.find(&text, looked, request_id(&request)).await;
    let found = found.map_err(|error| refuse(directory::Error::Store(error).into()))?;
    let (mut parts, body) = request.into_parts();
    let fields = if changes { Some(Fields::read(console, &parts.headers, body).await.map_err(refuse)?) } else { None };
    let session = match found {
        Found::Live(session) => session,
        Found::Ended(session) => return Err(Box::new(sign_in_again(console, &session, &parts, fields).await)),
        Found::Nobody => return Err(Box::new(respond::to_sign_in(&parts, respond::Why::SignedOut, None))),
    };
    if fields.as_ref().is_some_and(|fields| !fields.is_of(session.csrf())) {
        return Err(refuse(of_another_session()));
    }
    if !needs.are_met_by(&session) {
        return Err(refuse(console.without_the_role(&session, needs).await));
    }
    if needs.asks_for_a_fresh_sign_in(fields.as_ref()) && !session.is_fresh() {
        return Err(Box::new(sign_in_again(console, &session, &parts, fields).await));
    }
    if let Some(fields) = fields {
        if let Ok(kept) = fields.text("kept").parse() {
            let forgotten = console.directory.forget_form(&session, kept).await;
            forgotten.map_err(|error| refuse(error.into()))?;
        }
        parts.extensions.insert(fields);
    }
    let mut session = Session { inner: Arc::from(session), around: Around::default() };
    session.around = console.around(&session, &parts, looked).await.map_err(refuse)?;
    parts.extensions.insert(session);
    Ok(Request::from_parts(parts, axum::body::Body::empty()))
}

/// Keeps what was filled in, if it is a form of this session, and leads to the sign-in.
async fn sign_in_again(console: &Console, session: &auth::Session, parts: &Parts, fields: Option<Fields>) -> Response {
    let Some(fields) = fields else { return respond::to_sign_in(parts, respond::Why::Stale, Some(session)) };
    if !fields.is_of(session.csrf()) {
        return of_another_session().into_response();
    }
    let kept = console.directory.keep_form(session, parts.uri.path(), &fields.without_csrf()).await;
    match kept {
        Ok(()) => respond::to_sign_in(parts, respond::Why::Kept, Some(session)),
        Err(error) => Refused::from(error).into_response(),
    }
}

impl Console {
    async fn around(&self, session: &Session, parts: &Parts, looked: Looked) -> Result<Around, Refused> {
        let by_somebody = looked == Looked::BySomebody;
        // What is said once is for whoever reads the page that a form led to.
        let notice = cookie(&parts.headers, respond::NOTICE).filter(|_| by_somebody);
        let waiting = if by_somebody && session.may_view() {
            Some(self.provisioning.count_waiting(session.organization_id()).await?)
        } else {
            None
        };
        let here = parts.uri.path_and_query().filter(|_| parts.method == Method::GET);
        Ok(Around {
            notice: notice.and_then(|text| respond::notice_of(&text)),
            waiting,
            theme: Theme::of(&parts.headers),
            here: here.map(ToString::to_string),
        })
    }

    async fn without_the_role(&self, session: &auth::Session, needs: Needs) -> Refused {
        let who = match self.directory.admin_addresses(session.organization_id()).await {
            Ok(admins) if !admins.is_empty() => format!(" Ask one of them: {}.", admins.join(", ")),
            _ if !self.support_contact.is_empty() => format!(" Ask {}.", self.support_contact),
            _ => String::new(),
        };
        Refused::new(403, "This is not yours to see or change", format!("{}{who}", needs.words()))
    }
}

/// Whether another site made the browser send this. The console's pages send their origin, so `null` is nobody of ours.
pub(super) fn is_of_another_site(headers: &HeaderMap, base_url: &str) -> bool {
    let null = headers.get(header::ORIGIN).is_some_and(|origin| origin == HeaderValue::from_static("null"));
    null || is_of_another_site_for_all_it_says(headers, base_url)
}

/// The same for a form that an invitation's page sends as well, which asks for no referrer and so has the origin `null`.
pub(super) fn is_of_another_site_for_all_it_says(headers: &HeaderMap, base_url: &str) -> bool {
    let site = headers.get("sec-fetch-site").and_then(|site| site.to_str().ok());
    is_foreign(headers, &origin(base_url)) || site.is_some_and(|site| !matches!(site, "same-origin" | "none"))
}

pub(super) fn of_another_site() -> Refused {
    Refused::new(403, "This form was sent from another site", "Nothing was changed. Open the page here and try again.")
}

fn of_another_session() -> Refused {
    let text = "Nothing was changed. Go back, load the page again, and send the form from there.";
    Refused::new(403, "This form belongs to another session", text)
}

/// What a cookie holds.
pub(super) fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    let lists = headers.get_all(header::COOKIE).iter().filter_map(|list| list.to_str().ok());
    let mut pairs = lists.flat_map(|list| list.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(found, _)| *found == name).map(|(_, value)| value.to_owned())
}
