//! Typed readers of a canonical document, for whoever needs a field and not the protocol. Never changes anything.

use serde_json::Value;

use super::Document;

/// `userName`; empty in a Group.
#[must_use]
pub fn user_name(document: &Document) -> &str {
    text(document, "userName").unwrap_or("")
}

/// `externalId`, which is the client's and selects nobody here (T10).
#[must_use]
pub fn external_id(document: &Document) -> Option<&str> {
    text(document, "externalId")
}

/// `displayName` of a User or a Group.
#[must_use]
pub fn display_name(document: &Document) -> Option<&str> {
    text(document, "displayName")
}

/// `active`, true where nothing is said.
#[must_use]
pub fn active(document: &Document) -> bool {
    document.get("active").and_then(Value::as_bool).unwrap_or(true)
}

/// `name.formatted`
#[must_use]
pub fn formatted_name(document: &Document) -> Option<&str> {
    name(document, "formatted")
}

/// `name.givenName`
#[must_use]
pub fn given_name(document: &Document) -> Option<&str> {
    name(document, "givenName")
}

/// `name.familyName`
#[must_use]
pub fn family_name(document: &Document) -> Option<&str> {
    name(document, "familyName")
}

/// `emails.value`, in their order.
pub fn emails(document: &Document) -> impl Iterator<Item = &str> {
    values(document, "emails")
}

/// The e-mail that counts: the primary one, else the first of type `work`, else the first.
#[must_use]
pub fn primary_email(document: &Document) -> Option<&str> {
    let emails = document.get("emails")?.as_array()?;
    let value = |email: &'_ &Value| email.get("value").is_some_and(Value::is_string);
    let is_work = |email: &&Value| {
        email.get("type").and_then(Value::as_str).is_some_and(|kind| kind.eq_ignore_ascii_case("work"))
    };
    let primary = emails.iter().filter(value).find(|email| super::elements::is_primary(email));
    let email = primary.or_else(|| emails.iter().filter(value).find(is_work)).or_else(|| emails.iter().find(value))?;
    email.get("value")?.as_str()
}

/// `roles.value`, in their order.
pub fn roles(document: &Document) -> impl Iterator<Item = &str> {
    values(document, "roles")
}

/// `entitlements.value`, in their order.
pub fn entitlements(document: &Document) -> impl Iterator<Item = &str> {
    values(document, "entitlements")
}

fn text<'a>(document: &'a Document, name: &str) -> Option<&'a str> {
    document.get(name)?.as_str()
}

fn name<'a>(document: &'a Document, part: &str) -> Option<&'a str> {
    document.get("name")?.get(part)?.as_str()
}

fn values<'a>(document: &'a Document, attribute: &str) -> impl Iterator<Item = &'a str> {
    let elements = document.get(attribute).and_then(Value::as_array);
    elements.into_iter().flatten().filter_map(|element| element.get("value")?.as_str())
}
