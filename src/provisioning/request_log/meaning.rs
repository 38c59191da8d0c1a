//! What a call means in words: from its method, its path, its query and what its body asks for. The words are ours and
//! the schema table's; nothing of the caller's stands in them.

use serde_json::{Map, Value};

use super::redact;
use crate::scim::path::AttributePath;
use crate::scim::{ResourceType, schema};

/// Longest name of a person or group that is kept, in characters.
pub(super) const NAME_CHARACTERS: usize = 200;

/// What a body asks for, as far as it is kept.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Says {
    /// The `userName` or `displayName` that is asserted.
    pub(super) name: Option<String>,
    /// What `active` is to be.
    active: Option<bool>,
    /// The filter of a SearchRequest.
    filter: Option<String>,
    /// What a PATCH touches.
    touches: Touches,
}

/// What a PATCH touches.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Touches {
    members: bool,
    name: bool,
    other: bool,
}

impl Says {
    /// Looks at a body.
    #[must_use]
    pub fn of(resource_type: ResourceType, body: &Value) -> Self {
        let mut says = Self::default();
        let Value::Object(body) = body else { return says };
        if let Some(Value::Array(operations)) = member(body, "Operations") {
            for operation in operations.iter().filter_map(Value::as_object) {
                let path = member(operation, "path").and_then(Value::as_str);
                match (path, member(operation, "value")) {
                    (Some(path), value) => says.touch(resource_type, path, value),
                    (None, Some(Value::Object(values))) => {
                        values.iter().for_each(|(path, value)| says.touch(resource_type, path, Some(value)));
                    }
                    (None, _) => says.touches.other = true,
                }
            }
            return says;
        }
        says.name = member(body, resource_type.naming())
            .and_then(Value::as_str)
            .map(|name| redact::visible(name, NAME_CHARACTERS));
        says.active = member(body, "active").and_then(boolean);
        says.filter = member(body, "filter").and_then(Value::as_str).map(|text| redact::head(text, 4096).to_owned());
        says
    }

    fn touch(&mut self, resource_type: ResourceType, path: &str, value: Option<&Value>) {
        let name = path.split(['.', '[']).next().unwrap_or_default();
        match name.to_ascii_lowercase().as_str() {
            "active" => self.active = value.and_then(boolean),
            "members" => self.touches.members = true,
            "id" | "schemas" => {}
            name if name.eq_ignore_ascii_case(resource_type.naming()) => self.touches.name = true,
            _ => self.touches.other = true,
        }
    }
}

fn member<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    object.get(name).or_else(|| object.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value))
}

/// A boolean, also as Entra writes it.
fn boolean(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(value) => Some(*value),
        Value::String(text) if text.eq_ignore_ascii_case("true") => Some(true),
        Value::String(text) if text.eq_ignore_ascii_case("false") => Some(false),
        Value::Array(values) => {
            values.first().and_then(Value::as_object).and_then(|one| member(one, "value")).and_then(boolean)
        }
        _ => None,
    }
}

/// Where a call goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Aim<'a> {
    /// All resources of a type.
    All(ResourceType),
    /// A query in a body.
    Search(ResourceType),
    /// One resource, by its id.
    One(ResourceType, &'a str),
    /// What the service says about itself.
    Discovery(&'static str),
    /// An endpoint of RFC 7644 that is not served.
    NotServed(&'static str),
    /// Nothing that is here.
    Nowhere,
}

/// The connection's key and the aim of a path in its one spelling.
pub(super) fn aim(path: &str) -> (Option<&str>, Aim<'_>) {
    let mut parts = path.trim_matches('/').split('/');
    let (Some("scim"), Some("v2"), connection) = (parts.next(), parts.next(), parts.next()) else {
        return (None, Aim::Nowhere);
    };
    let rest: Vec<&str> = parts.collect();
    let aim = match rest.as_slice() {
        ["ServiceProviderConfig"] => Aim::Discovery("ServiceProviderConfig"),
        ["ResourceTypes"] | ["ResourceTypes", _] => Aim::Discovery("ResourceTypes"),
        ["Schemas"] | ["Schemas", _] => Aim::Discovery("Schemas"),
        ["Me"] => Aim::NotServed("Me"),
        ["Bulk"] => Aim::NotServed("Bulk"),
        [".search"] => Aim::NotServed("all resource types"),
        [endpoint] => ResourceType::from_endpoint(endpoint).map_or(Aim::Nowhere, Aim::All),
        [endpoint, ".search"] => ResourceType::from_endpoint(endpoint).map_or(Aim::Nowhere, Aim::Search),
        [endpoint, id] => ResourceType::from_endpoint(endpoint).map_or(Aim::Nowhere, |kind| Aim::One(kind, id)),
        _ => Aim::Nowhere,
    };
    (connection, aim)
}

/// A call in words.
pub(super) fn in_words(method: &str, aim: Aim<'_>, query: Option<&str>, says: Option<&Says>) -> String {
    let reads = matches!(method, "GET" | "HEAD");
    match aim {
        Aim::All(kind) if reads => list(kind, query.unwrap_or_default()),
        Aim::All(kind) if method == "POST" => format!("create {}", kind.name()),
        Aim::Search(kind) if method == "POST" => {
            let filter = says.and_then(|says| says.filter.as_deref());
            filtered(kind, filter).unwrap_or_else(|| format!("list {}", kind.endpoint()))
        }
        Aim::One(kind, _) if reads => format!("read {}", kind.name()),
        Aim::One(kind, _) if method == "PUT" => match says.and_then(|says| says.active) {
            Some(false) if kind == ResourceType::User => "deactivate User".to_owned(),
            _ => format!("replace {}", kind.name()),
        },
        Aim::One(kind, _) if method == "PATCH" => change(kind, says),
        Aim::One(kind, _) if method == "DELETE" => format!("delete {}", kind.name()),
        Aim::Discovery(what) if reads => format!("read {what}"),
        Aim::NotServed(what) => format!("ask for {what}"),
        Aim::All(_) | Aim::Search(_) | Aim::One(..) | Aim::Discovery(_) => "unknown method".to_owned(),
        Aim::Nowhere => "unknown endpoint".to_owned(),
    }
}

fn change(kind: ResourceType, says: Option<&Says>) -> String {
    let touches = says.map(|says| says.touches).unwrap_or_default();
    match (kind, says.and_then(|says| says.active), touches) {
        (ResourceType::User, Some(false), _) => "deactivate User".to_owned(),
        (ResourceType::User, Some(true), Touches { other: false, name: false, .. }) => "activate User".to_owned(),
        (ResourceType::Group, _, Touches { members: true, other: false, name: false }) => {
            "change members of Group".to_owned()
        }
        (ResourceType::Group, _, Touches { name: true, other: false, members: false }) => "rename Group".to_owned(),
        _ => format!("change {}", kind.name()),
    }
}

fn list(kind: ResourceType, query: &str) -> String {
    let parameter = |wanted: &str| {
        let mut all = query.split('&').filter_map(|part| part.split_once('='));
        all.find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| redact::decoded(value))
    };
    if let Some(found) = filtered(kind, parameter("filter").as_deref()) {
        return found;
    }
    // Okta's test, and everybody's own with curl: whether there is an answer, not what it says.
    let tests = parameter("count").and_then(|count| count.parse().ok()).is_some_and(|count: u32| count <= 2);
    if tests { "test connection".to_owned() } else { format!("list {}", kind.endpoint()) }
}

fn filtered(kind: ResourceType, filter: Option<&str>) -> Option<String> {
    let filter = filter.filter(|filter| !filter.trim().is_empty())?;
    let Some((attribute, value)) = sole_equality(kind, filter) else {
        return Some(format!("search {}", kind.endpoint()));
    };
    // Entra's test: a random id on the matching attribute, which nobody has as a name.
    if matches!(attribute.as_str(), "userName" | "displayName") && redact::is_id(value) {
        return Some("test connection".to_owned());
    }
    Some(format!("find {} by {attribute}", kind.name()))
}

/// The attribute and the value of a filter that is one comparison with `eq`.
fn sole_equality(kind: ResourceType, filter: &str) -> Option<(String, &str)> {
    let filter = filter.trim();
    // emails[type eq "work"].value eq "x": what is compared is emails.value.
    let (attribute, rest) = match (filter.find('['), filter.find(']')) {
        (Some(open), Some(close)) if open < close => {
            let (sub, rest) = filter[close + 1..].split_once(' ')?;
            (format!("{}{sub}", &filter[..open]), rest)
        }
        _ => filter.split_once(' ').map(|(attribute, rest)| (attribute.to_owned(), rest))?,
    };
    let (operator, value) = rest.trim_start().split_once(' ')?;
    let value = value.trim();
    let quoted = value.strip_prefix('"').and_then(|value| value.strip_suffix('"'));
    let single = match quoted {
        Some(inside) => !inside.contains('"'),
        None => !value.contains([' ', '"', '(', ')']),
    };
    if !operator.eq_ignore_ascii_case("eq") || !single {
        return None;
    }
    let found = schema::resolve(kind, &AttributePath::parse(&attribute).ok()?)?;
    let name = match found.sub {
        Some(sub) => format!("{}.{}", found.attribute.name, sub.name),
        None => found.attribute.name.to_owned(),
    };
    Some((name, quoted.unwrap_or(value)))
}

#[cfg(test)]
mod tests;
