//! What an answer of the console looks like: its headers, where a form leads, and what is said once on the next page.

use askama::Template;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse as _, Response};
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::access::Session;
use crate::auth;
use crate::auth::session::Looked;
use crate::directory::sign_in::{Method as SignedInBy, ReturnTo};

pub(in crate::web) use crate::web::join::respond::Refused;

/// What a handler answers.
pub(super) type Answer = Result<Response, Refused>;

/// Holds what came of a form until the page after it.
pub(super) const NOTICE: &str = "__Host-secaro-notice";

/// The longest notice, in bytes.
const LONGEST_NOTICE: usize = 1000;

/// On every page: our own script, style, pictures and forms, nothing else, in nobody's frame.
const HEADERS: [(HeaderName, &str); 5] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
         form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    ),
    (header::REFERRER_POLICY, "same-origin"),
    (header::CACHE_CONTROL, "no-store"),
    (header::VARY, "Cookie, HX-Request"),
    (HeaderName::from_static("x-robots-tag"), "noindex"),
];

/// Whether htmx asks: it shows a part of the answer within a page that is open.
fn is_for_a_part(headers: &HeaderMap) -> bool {
    headers.get("hx-request").is_some_and(|text| text == "true")
}

/// Whether somebody asks, or a page that looks again by itself.
pub(super) fn looked(headers: &HeaderMap) -> Looked {
    if headers.contains_key("secaro-by-itself") { Looked::ByItself } else { Looked::BySomebody }
}

fn dress(headers: &mut HeaderMap) {
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

/// What is wrong with what was filled in, for the form's own page.
#[derive(Debug, Clone)]
pub(super) struct Wrong {
    /// The page's status: 409 if somebody was quicker or things have changed, 422 if it cannot be taken as it is.
    pub(super) status: u16,
    /// What is wrong and what to do, without a full stop.
    pub(super) words: String,
}

impl Wrong {
    /// What cannot be taken as it is.
    pub(super) fn of(words: impl Into<String>) -> Self {
        Self { status: 422, words: words.into() }
    }
}

impl From<Refused> for Wrong {
    fn from(refused: Refused) -> Self {
        let status = if refused.status() == 409 { 409 } else { 422 };
        Self { status, words: refused.text().trim_end_matches('.').to_owned() }
    }
}

/// What came of a form, or what its own page is to say. Whatever is not about what was filled in is a page of its own.
pub(super) fn taken<T>(done: Result<T, impl Into<Refused>>) -> Result<Result<T, Wrong>, Refused> {
    match done.map_err(Into::into) {
        Ok(done) => Ok(Ok(done)),
        Err(refused) if refused.is_of_a_form() => Ok(Err(refused.into())),
        Err(refused) => Err(refused),
    }
}

/// The same for a form that names something, which may not be there.
pub(super) fn taken_by_name<T>(done: Result<T, impl Into<Refused>>) -> Result<Result<T, Wrong>, Refused> {
    match done.map_err(Into::into) {
        Err(refused) if refused.status() == 404 => Ok(Err(refused.into())),
        done => taken(done),
    }
}

/// Why one of several was not done, without a full stop. What is no refusal but a failure of the gateway's own stays
/// one.
pub(super) fn why_not(refusal: impl Into<Refused>) -> Result<String, Refused> {
    let refused = refusal.into();
    if refused.status() >= 500 { Err(refused) } else { Ok(Wrong::from(refused).words) }
}

/// A page of somebody who is signed in.
pub(super) fn page(status: u16, session: &Session, template: &impl Template) -> Response {
    let mut response = public_page(status, template);
    if session.around().notice.is_some() {
        set_cookie(response.headers_mut(), NOTICE, "", Some(0));
    }
    response
}

/// A page of whoever is not.
pub(super) fn public_page(status: u16, template: &impl Template) -> Response {
    let mut response = match template.render() {
        Ok(text) => Html(text).into_response(),
        Err(error) => return Refused::internal(error).into_response(),
    };
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    dress(response.headers_mut());
    response
}

/// 303: what was asked for is done, and this page shows it.
pub(super) fn see(path: &str) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    dress(response.headers_mut());
    if let Ok(path) = HeaderValue::try_from(path) {
        response.headers_mut().insert(header::LOCATION, path);
    }
    response
}

/// 303, and what came of it is said on that page.
pub(super) fn see_with(path: &str, notice: &str) -> Response {
    let mut response = see(path);
    let mut end = notice.len().min(LONGEST_NOTICE);
    while !notice.is_char_boundary(end) {
        end -= 1;
    }
    let text = utf8_percent_encode(&notice[..end], NON_ALPHANUMERIC).to_string();
    set_cookie(response.headers_mut(), NOTICE, &text, Some(60));
    response
}

/// What a notice's cookie says.
pub(super) fn notice_of(text: &str) -> Option<String> {
    percent_decode_str(text).decode_utf8().ok().map(std::borrow::Cow::into_owned).filter(|text| !text.is_empty())
}

/// Sets a cookie for this host alone; without seconds it lasts as long as the browser is open.
pub(super) fn set_cookie(headers: &mut HeaderMap, name: &str, value: &str, seconds: Option<u32>) {
    let age = seconds.map(|seconds| format!("; Max-Age={seconds}")).unwrap_or_default();
    // Lax: a link in a mail leads to a page and not to the sign-in.
    if let Ok(cookie) = HeaderValue::try_from(format!("{name}={value}; Path=/; Secure; HttpOnly; SameSite=Lax{age}")) {
        headers.append(header::SET_COOKIE, cookie);
    }
}

/// Why somebody is led to the sign-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Why {
    /// They are not signed in, or no longer.
    SignedOut,
    /// They were, for too long; or what they want needs a sign-in of the last minutes.
    Stale,
    /// What they filled in is kept until they are back.
    Kept,
}

impl Why {
    const fn as_str(self) -> &'static str {
        match self {
            Self::SignedOut => "signed-out",
            Self::Stale => "again",
            Self::Kept => "kept",
        }
    }
}

/// The sign-in page of an organization, asked these things.
pub(super) fn at(organization: &str, asked: &[(&str, &str)]) -> String {
    let organization = utf8_percent_encode(organization, NON_ALPHANUMERIC);
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(asked).finish();
    format!("/console/sign-in/{organization}?{query}")
}

/// Leads to the sign-in, and from there back; whoever came by their organization's provider is led there again. The
/// whole page goes there, also where a part of it asked: a redirection would be followed unseen, and the sign-in be
/// taken for the part.
pub(super) fn to_sign_in(parts: &Parts, why: Why, session: Option<&auth::Session>) -> Response {
    let wanted = parts.uri.path_and_query().map(http::uri::PathAndQuery::as_str).unwrap_or_default();
    let back = match why {
        Why::Kept => "/console/kept".to_owned(),
        _ if parts.method == http::Method::GET => ReturnTo::of(wanted).to_string(),
        _ => "/console".to_owned(),
    };
    let asked = [("why", why.as_str()), ("return_to", &back)];
    let path = if let Some(session) = session.filter(|session| session.method() == SignedInBy::Oidc) {
        at(session.organization(), &asked)
    } else {
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(asked).finish();
        format!("/console/sign-in?{query}")
    };
    if !is_for_a_part(&parts.headers) {
        return see(&path);
    }
    let mut response = StatusCode::NO_CONTENT.into_response();
    dress(response.headers_mut());
    if let Ok(path) = HeaderValue::try_from(path) {
        response.headers_mut().insert(HeaderName::from_static("hx-redirect"), path);
    }
    response
}
