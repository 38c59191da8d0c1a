//! Media types: which of its two names an answer carries, and which bodies are taken (RFC 7644 §3.1, §8.1).

use axum::http::{HeaderMap, HeaderValue, header};

/// The two names of a SCIM answer; the bytes are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::web) enum MediaType {
    /// `application/scim+json`, unless the client prefers the other.
    Scim,
    /// `application/json`.
    Json,
}

impl MediaType {
    /// The one the client prefers (RFC 9110 §12.5.1). Never 406: clients that accept neither (`text/html` from a
    /// browser, something odd from an IdP) are better served with an answer.
    pub(in crate::web) fn accepted(headers: &HeaderMap) -> Self {
        let (mut scim, mut json) = (Wanted::default(), Wanted::default());
        let ranges = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
        for (place, range) in ranges.flat_map(|value| value.split(',')).enumerate() {
            let mut parts = range.split(';').map(str::trim);
            let name = parts.next().unwrap_or_default().to_ascii_lowercase();
            let quality = parts.find_map(|part| part.strip_prefix("q=")?.parse().ok()).unwrap_or(1.0);
            match name.as_str() {
                "application/scim+json" => scim.named(quality, place),
                "application/json" => json.named(quality, place),
                "*/*" | "application/*" => {
                    scim.covered(quality, place);
                    json.covered(quality, place);
                }
                _ => {}
            }
        }
        let first = (json.much, std::cmp::Reverse(json.place)) > (scim.much, std::cmp::Reverse(scim.place));
        if first { Self::Json } else { Self::Scim }
    }

    /// As a `Content-Type`.
    pub(super) fn header(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Scim => "application/scim+json",
            Self::Json => "application/json",
        })
    }
}

/// How much a media type is wanted: its own name counts before a wildcard, and of equals the first.
#[derive(Debug, Default)]
struct Wanted {
    much: f32,
    place: usize,
    named: bool,
}

impl Wanted {
    fn named(&mut self, quality: f32, place: usize) {
        if !self.named {
            *self = Self { much: quality, place, named: true };
        }
    }

    fn covered(&mut self, quality: f32, place: usize) {
        if !self.named && quality > self.much {
            (self.much, self.place) = (quality, place);
        }
    }
}

/// Whether a body of this `Content-Type` is taken: JSON under any of its names, in UTF-8, or a body that does not
/// say. RFC 7644 §3.1 asks for `application/scim+json` and §8.1 allows `application/json`.
pub(super) fn is_json(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(header::CONTENT_TYPE) else { return true };
    let Ok(value) = value.to_str() else { return false };
    let mut parts = value.split(';').map(|part| part.trim().to_ascii_lowercase());
    let name = parts.next().unwrap_or_default();
    let json = matches!(name.as_str(), "" | "application/json" | "text/json")
        || (name.starts_with("application/") && name.ends_with("+json"));
    let utf8 = parts.all(|part| {
        part.strip_prefix("charset=").is_none_or(|charset| matches!(charset.trim_matches('"'), "utf-8" | "utf8"))
    });
    json && utf8
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: header::HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_str(value).unwrap())])
    }

    #[test]
    fn an_answer_is_scim_json_unless_json_is_preferred() {
        let scim = [
            "application/scim+json",
            "*/*",
            "application/*",
            "application/scim+json, application/json",
            "application/json;q=0.5, application/scim+json",
            "application/json;q=0.9, */*",
            "text/html",
            "text/html, */*;q=0.8",
            "",
            ";;,,",
            "application/json;q=0",
        ];
        for accept in scim {
            assert_eq!(MediaType::accepted(&headers(header::ACCEPT, accept)), MediaType::Scim, "{accept}");
        }
        let json = [
            "application/json",
            "application/json, application/scim+json",
            "Application/JSON; charset=utf-8",
            "application/json, */*",
            "application/json, text/plain, */*",
            "application/scim+json;q=0.1, application/json;q=0.2",
        ];
        for accept in json {
            assert_eq!(MediaType::accepted(&headers(header::ACCEPT, accept)), MediaType::Json, "{accept}");
        }
        assert_eq!(MediaType::accepted(&HeaderMap::new()), MediaType::Scim);
    }

    #[test]
    fn a_body_is_json_under_any_of_its_names() {
        for taken in [
            "application/scim+json",
            "application/json; charset=UTF-8",
            "application/vnd.example+json",
            "text/json;charset=\"utf-8\"",
            "APPLICATION/SCIM+JSON;charset=utf8",
        ] {
            assert!(is_json(&headers(header::CONTENT_TYPE, taken)), "{taken}");
        }
        for refused in
            ["text/html", "application/xml", "application/x-www-form-urlencoded", "application/json;charset=utf-16"]
        {
            assert!(!is_json(&headers(header::CONTENT_TYPE, refused)), "{refused}");
        }
        assert!(is_json(&HeaderMap::new()));
    }
}
