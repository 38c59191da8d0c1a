//! What a form of the console says: read once, bounded, by the guard. Knows no form.

use axum::body::Body;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use subtle::ConstantTimeEq as _;

use super::Console;
use super::respond::Refused;
use crate::web::body::{self, Refusal};

/// The field that holds a session's own text.
pub(super) const CSRF: &str = "csrf";

/// How large a form may be: a pasted list of some thousand people.
const FORM_BYTES: usize = 512 * 1024;

/// The fields of a form, in their order.
#[derive(Debug, Clone)]
pub(super) struct Fields(Vec<(String, String)>);

impl Fields {
    pub(super) async fn read(console: &Console, headers: &HeaderMap, body: Body) -> Result<Self, Refused> {
        let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim();
        if !kind.is_empty() && !kind.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            return Err(Refused::new(415, "This is no form", "Open the page and fill in the form there."));
        }
        let whole = body::read(body, FORM_BYTES, console.patience).await.map_err(|refusal| match refusal {
            Refusal::TooLarge => Refused::new(413, "That is too much", "Go back and send it in smaller parts."),
            Refusal::TooSlow => Refused::new(408, "That took too long", "Go back and send the form again."),
            Refusal::Broken => Refused::new(400, "The form broke off", "Go back and send the form again."),
        })?;
        Ok(Self(form_urlencoded::parse(&whole).into_owned().collect()))
    }

    /// What stands in a field; nothing if it was not sent. Of a field that is sent twice, the first counts.
    pub(super) fn text(&self, field: &str) -> &str {
        self.0.iter().find(|(name, _)| name == field).map(|(_, value)| value.as_str()).unwrap_or_default()
    }

    /// Everything that stands in a field that may be sent several times.
    pub(super) fn all(&self, field: &str) -> Vec<&str> {
        self.0.iter().filter(|(name, _)| name == field).map(|(_, value)| value.as_str()).collect()
    }

    /// Whether it was made for this session.
    pub(super) fn is_of(&self, csrf: &str) -> bool {
        self.text(CSRF).as_bytes().ct_eq(csrf.as_bytes()).into()
    }

    /// As it was sent, without what was its session's.
    pub(super) fn without_csrf(&self) -> String {
        let rest = self.0.iter().filter(|(name, _)| name != CSRF && name != "kept");
        form_urlencoded::Serializer::new(String::new()).extend_pairs(rest).finish()
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Fields {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refused> {
        parts.extensions.remove::<Self>().ok_or_else(|| Refused::internal("an action without a guard"))
    }
}
