//! What PATCH does to a document, body by body and law by law.

use serde_json::json;

use super::*;
use crate::scim::quirks::Dialect;

mod bodies;
mod laws;

pub(super) const CORE: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
pub(super) const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

pub(super) fn document(value: Value) -> Document {
    match value {
        Value::Object(document) => document,
        _ => panic!("a document is an object"),
    }
}

/// Applies operations given as JSON; also what was asked of the members and which quirks were taken.
pub(super) fn patched(
    resource_type: ResourceType,
    before: &Value,
    operations: &Value,
    mut normaliser: Normaliser,
) -> Result<(Value, Applied, Vec<&'static str>), Error> {
    let body = json!({"schemas": [MESSAGE], "Operations": operations});
    let request = Request::parse(resource_type, body, 100, &mut normaliser)?;
    let mut after = document(before.clone());
    let applied = request.apply(resource_type, &mut after, &mut normaliser);
    if applied.is_err() {
        assert_eq!(Value::Object(after.clone()), *before, "an error changes nothing");
    }
    let applied = applied?;
    resource::tests::assert_canonical(resource_type, &after);
    assert_eq!(applied.changed, Value::Object(after.clone()) != *before);
    Ok((Value::Object(after), applied, normaliser.applied().into_iter().map(Quirk::name).collect()))
}
