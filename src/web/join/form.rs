//! What a browser sends when a form is filled in: bounded, and from our own pages only.

use std::collections::BTreeMap;

use axum::extract::Request;
use axum::http::{HeaderMap, header};

use super::Entrance;
use super::respond::Refused;
use crate::web::body::{self, Refusal};

/// The fields of a form.
#[derive(Debug)]
pub(super) struct Fields(BTreeMap<String, String>);

impl Fields {
    /// Reads the body of a request.
    pub(super) async fn read(entrance: &Entrance, request: Request) -> Result<Self, Refused> {
        if is_foreign(request.headers(), &entrance.origin) {
            return Err(Refused::new(403, "This form was sent from another site", "Open the page here and try again."));
        }
        let media_type = text(request.headers(), "content-type").unwrap_or_default();
        let media_type = media_type.split(';').next().unwrap_or_default().trim();
        if !media_type.is_empty() && !media_type.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            return Err(Refused::new(415, "This is no form", "Open the page and fill in the form there."));
        }
        let whole = body::read(request.into_body(), entrance.body_bytes(), entrance.patience()).await;
        let whole = whole.map_err(|refusal| match refusal {
            Refusal::TooLarge => Refused::new(413, "That is too much", "Go back and shorten what you wrote."),
            Refusal::TooSlow => Refused::new(408, "That took too long", "Go back and send the form again."),
            Refusal::Broken => Refused::new(400, "The form broke off", "Go back and send the form again."),
        })?;
        let mut fields = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(&whole) {
            // Of a field that is sent twice, the first counts.
            fields.entry(name.into_owned()).or_insert_with(|| value.into_owned());
        }
        Ok(Self(fields))
    }

    /// What stands in a field; nothing if it was not sent.
    pub(super) fn text(&self, field: &str) -> &str {
        self.0.get(field).map(String::as_str).unwrap_or_default()
    }
}

/// Whether another site made the browser send this. There is no session to ride on; but nobody is to be made to prove
/// or to ask something by a page that they happen to look at.
pub(in crate::web) fn is_foreign(headers: &HeaderMap, ours: &str) -> bool {
    if text(headers, "sec-fetch-site").is_some_and(|site| site.eq_ignore_ascii_case("cross-site")) {
        return true;
    }
    // Our own pages say `null`, because they ask for no referrer (Fetch, «append a request `Origin` header»).
    let origin = headers.get(header::ORIGIN).map(|origin| origin.to_str().unwrap_or("?"));
    origin.is_some_and(|origin| origin != "null" && !origin.eq_ignore_ascii_case(ours))
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn a_form_of_another_site_is_told_from_ours() {
        let foreign = |pairs: &[(&'static str, &'static str)]| {
            let mut headers = HeaderMap::new();
            for (name, value) in pairs {
                headers.insert(*name, HeaderValue::from_static(value));
            }
            is_foreign(&headers, "https://scim.example.com")
        };
        assert!(!foreign(&[]));
        assert!(!foreign(&[("sec-fetch-site", "same-origin"), ("origin", "null")]));
        assert!(!foreign(&[("origin", "https://scim.example.com")]));
        assert!(foreign(&[("sec-fetch-site", "cross-site"), ("origin", "null")]));
        assert!(foreign(&[("origin", "https://evil.example")]));
        assert!(foreign(&[("origin", "https://scim.example.com.evil.example")]));
        assert!(foreign(&[("sec-fetch-site", "same-site"), ("origin", "https://other.example.com")]));
    }
}
