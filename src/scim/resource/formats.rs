//! Whether a text has the format that RFC 7643 asks of its attribute. IdPs send anything, so only strict connections
//! refuse; the others keep the text as it came.

use crate::scim::schema::{Attribute, Kind};

/// Whether the text is what the attribute says it is; true of attributes without a format.
pub(crate) fn fits(attribute: &Attribute, text: &str) -> bool {
    match attribute.name {
        // RFC 7643 §4.1.1: the Accept-Language header, a language tag, a name of the IANA time zone database.
        "preferredLanguage" => text.split(',').all(|range| is_language(range.split(';').next().unwrap_or("").trim())),
        "locale" => is_language(text),
        "timezone" => text.split('/').all(|part| !part.is_empty() && part.bytes().all(is_zone)) && text != "/",
        _ if attribute.kind == Kind::Reference && attribute.reference_types.contains(&"external") => is_url(text),
        _ if attribute.kind == Kind::Binary => is_base64(text),
        _ => true,
    }
}

fn is_language(text: &str) -> bool {
    let part = |part: &str| (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
    text == "*" || text.split('-').all(part) && text.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic())
}

fn is_zone(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'+' | b'-')
}

fn is_url(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else { return false };
    !rest.is_empty()
        && scheme.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'))
        && !text.contains(|character: char| character.is_whitespace() || character.is_control())
}

fn is_base64(text: &str) -> bool {
    let body = text.trim_end_matches('=');
    text.len() - body.len() <= 2 && body.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/'))
}
