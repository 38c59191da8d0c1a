//! From what was noted of a call to what is kept of it.

use serde_json::{Value, json};

use super::record::Entry;
use super::{meaning, redact};
use crate::directory::Key;
use crate::provisioning::request_log::meaning::{Aim, NAME_CHARACTERS};
use crate::scim::ScimType;
use crate::store::request_log::NewRequest;

/// Longest path with its query, words of a refusal, and name of a client that are kept, in characters.
const PATH_CHARACTERS: usize = 1500;
const DETAIL_CHARACTERS: usize = 300;
const AGENT_CHARACTERS: usize = 200;

/// What is kept of a call.
pub(super) fn of(entry: Entry) -> NewRequest {
    let (asked_for, aim) = meaning::aim(&entry.path);
    let meaning = meaning::in_words(entry.method, aim, entry.query.as_deref(), entry.says.as_ref());
    // A text that cannot be a connection's key may be anything.
    let asked_for = asked_for.filter(|key| Key::parse("connection", key).is_ok() && redact::path(key) == *key);
    let kind = match aim {
        Aim::All(kind) | Aim::Search(kind) | Aim::One(kind, _) => Some(kind.name()),
        _ => None,
    };
    // One that happens to be alone on a page is not what a list is about.
    let looked_for = !matches!(aim, Aim::All(_) | Aim::Search(_)) || !entry.lists() || meaning.starts_with("find ");
    let (id, name) = match entry.target.filter(|_| looked_for) {
        Some((id, name)) => (Some(id), Some(redact::visible(&name, NAME_CHARACTERS))),
        None => (None, entry.says.and_then(|says| says.name)),
    };
    let id = id.or_else(|| if let Aim::One(_, id) = aim { id.parse().ok() } else { None });
    let steps: Vec<Value> = entry
        .steps
        .iter()
        .map(|(step, after)| json!({ "step": step, "after_us": u64::try_from(after.as_micros()).unwrap_or(u64::MAX) }))
        .collect();
    let duration = entry.steps.last().map(|(_, after)| after.as_micros()).unwrap_or_default();
    let caller = entry.caller;
    NewRequest {
        organization_id: caller.as_ref().map(|who| who.organization),
        id: entry.id,
        at: entry.at,
        reference: entry.id.reference(),
        connection_id: caller.as_ref().map(|who| who.connection),
        connection: caller.as_ref().map(|who| who.key.clone()).or_else(|| asked_for.map(str::to_owned)),
        credential: caller.map(|who| who.credential),
        method: entry.method,
        path: path(&entry.path, entry.query.as_deref()),
        meaning,
        target_kind: kind.filter(|_| id.is_some() || name.is_some()),
        target_id: id,
        target_name: name,
        status: entry.status,
        scim_type: entry.scim_type.map(ScimType::as_str),
        detail: entry.detail.map(|detail| redact::visible(&detail, DETAIL_CHARACTERS)),
        duration_us: u64::try_from(duration).unwrap_or(u64::MAX),
        address: entry.address.map(|address| address.to_string()),
        agent: entry.agent.map(|agent| redact::agent(&agent, AGENT_CHARACTERS)),
        steps: Value::Array(steps).to_string(),
        quirks: json!(entry.quirks).to_string(),
        body: entry.body,
    }
}

fn path(path: &str, query: Option<&str>) -> String {
    let mut kept = redact::path(path);
    if let Some(query) = query.map(redact::query).filter(|query| !query.is_empty()) {
        kept.push('?');
        kept.push_str(&query);
    }
    redact::visible(&kept, PATH_CHARACTERS)
}
