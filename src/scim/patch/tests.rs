//! What PATCH does to a document, body by body and law by law.

use serde_json::json;

use super::*;
use crate::scim::quirks::Dialect;

#[test]
fn okta_deactivates_without_a_path() {
    let body = json!({"Operations": [{"op": "replace", "value": {"active": false}}]});
    let mut normaliser = Normaliser::new(Dialect::Okta, false);
    let request = Request::parse(ResourceType::User, body, 1, &mut normaliser).expect("Okta sends this");
    let Value::Object(mut document) = json!({"userName": "a", "active": true}) else { panic!("it is an object") };
    let applied = request.apply(ResourceType::User, &mut document, &mut normaliser).expect("Okta sends this");
    assert!(applied.changed);
    assert_eq!(Value::Object(document), json!({"userName": "a", "active": false}));
}
