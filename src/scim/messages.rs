//! The messages that are not resources: errors, lists, and what the service says about itself (RFC 7644 §3.4.2, §3.12,
//! §4; RFC 7643 §5–§7).

use serde_json::{Map, Value, json};

use super::Error;
use super::schema::{Attribute, Kind, Mutability, ResourceType, Schema};

/// The schema of an error body.
pub const ERROR: &str = "urn:ietf:params:scim:api:messages:2.0:Error";
/// The schema of a list.
pub const LIST_RESPONSE: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";

/// What the service can do, as far as it is configured.
#[derive(Debug, Clone, Copy)]
pub struct Capabilities {
    /// The most resources in one page.
    pub max_results: usize,
}

/// RFC 7644 §3.12: the status is a string.
#[must_use]
pub fn error_body(error: &Error) -> Value {
    let mut body = json!({ "schemas": [ERROR], "status": error.status.to_string() });
    if let Some(scim_type) = error.scim_type {
        body["scimType"] = json!(scim_type.as_str());
    }
    body["detail"] = json!(error.detail);
    body
}

/// RFC 7644 §3.4.2: one page of a list. The three counts are integers; Okta insists.
#[must_use]
pub fn list_response(total: u64, start_index: u64, resources: Vec<Value>) -> Value {
    let mut list = json!({
        "schemas": [LIST_RESPONSE],
        "totalResults": total,
        "startIndex": start_index,
        "itemsPerPage": resources.len(),
    });
    // Outside of json!, which would copy the whole page.
    list["Resources"] = Value::Array(resources);
    list
}

/// RFC 7643 §5. Every member is there, because authentik gives up on what does not parse.
#[must_use]
pub fn service_provider_config(capabilities: &Capabilities, base_url: &str) -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
        "patch": { "supported": true },
        "bulk": { "supported": false, "maxOperations": 0, "maxPayloadSize": 0 },
        "filter": { "supported": true, "maxResults": capabilities.max_results },
        "changePassword": { "supported": false },
        "sort": { "supported": true },
        "etag": { "supported": true },
        "authenticationSchemes": [{
            "type": "oauthbearertoken",
            "name": "Bearer token",
            "description": "A token of the connection, sent as Authorization: Bearer",
            "specUri": "https://www.rfc-editor.org/rfc/rfc6750",
            "primary": true,
        }],
        "meta": {
            "resourceType": "ServiceProviderConfig",
            "location": format!("{base_url}/ServiceProviderConfig"),
        },
    })
}

/// RFC 7643 §6, one per resource type.
#[must_use]
pub fn resource_types(base_url: &str) -> Vec<Value> {
    ResourceType::ALL
        .iter()
        .map(|resource_type| {
            let name = resource_type.name();
            let mut body = json!({
                "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ResourceType"],
                "id": name,
                "name": name,
                "endpoint": format!("/{}", resource_type.endpoint()),
                "description": resource_type.core().description,
                "schema": resource_type.core().urn,
            });
            let extensions: Vec<_> = resource_type.extensions().iter().filter(|schema| is_assertable(schema)).collect();
            if !extensions.is_empty() {
                body["schemaExtensions"] =
                    extensions.iter().map(|schema| json!({ "schema": schema.urn, "required": false })).collect();
            }
            body["meta"] =
                json!({ "resourceType": "ResourceType", "location": format!("{base_url}/ResourceTypes/{name}") });
            body
        })
        .collect()
}

/// Whether a client can assert anything in an extension. One that it can only read is described among the schemas and
/// shown to whoever names it, but is no part of what a resource of the type is made of: clients take an extension that
/// the resource type lists for one that they may write (scim2-tester does).
fn is_assertable(extension: &Schema) -> bool {
    extension.attributes.iter().any(|attribute| attribute.mutability != Mutability::ReadOnly)
}

/// RFC 7643 §7, one per schema; from the table that everything else reads too.
#[must_use]
pub fn schemas(base_url: &str) -> Vec<Value> {
    let of_type = |resource_type: &ResourceType| {
        std::iter::once(resource_type.core()).chain(resource_type.extensions().iter().copied())
    };
    ResourceType::ALL.iter().flat_map(of_type).map(|schema| describe(schema, base_url)).collect()
}

fn describe(schema: &Schema, base_url: &str) -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Schema"],
        "id": schema.urn,
        "name": schema.name,
        "description": schema.description,
        "attributes": schema.attributes.iter().map(attribute).collect::<Vec<_>>(),
        "meta": { "resourceType": "Schema", "location": format!("{base_url}/Schemas/{}", schema.urn) },
    })
}

/// Members that say nothing are left out rather than null: Entra refuses nulls.
fn attribute(attribute: &Attribute) -> Value {
    let mut described = Map::new();
    let mut put = |name: &str, value: Value| described.insert(name.to_owned(), value);
    put("name", json!(attribute.name));
    put("type", json!(attribute.kind.as_str()));
    put("multiValued", json!(attribute.multi_valued));
    put("description", json!(attribute.description));
    put("required", json!(attribute.required));
    if attribute.kind != Kind::Complex {
        put("caseExact", json!(attribute.case_exact));
    }
    put("mutability", json!(attribute.mutability.as_str()));
    put("returned", json!(attribute.returned.as_str()));
    if attribute.kind != Kind::Complex {
        put("uniqueness", json!(attribute.uniqueness.as_str()));
    }
    if !attribute.canonical_values.is_empty() {
        put("canonicalValues", json!(attribute.canonical_values));
    }
    if !attribute.reference_types.is_empty() {
        put("referenceTypes", json!(attribute.reference_types));
    }
    if !attribute.sub_attributes.is_empty() {
        put("subAttributes", attribute.sub_attributes.iter().map(self::attribute).collect());
    }
    Value::Object(described)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scim::ScimType;

    #[test]
    fn an_error_has_its_status_as_a_string() {
        let error = Error::bad(ScimType::InvalidFilter, "The filter is empty. Write one.");
        assert_eq!(
            error_body(&error),
            json!({ "schemas": [ERROR], "status": "400", "scimType": "invalidFilter", "detail": error.detail })
        );
        assert!(error_body(&Error::not_found()).get("scimType").is_none());
    }

    #[test]
    fn schemas_name_every_attribute_and_no_password() {
        let all = schemas("http://localhost/scim/v2/okta");
        assert_eq!(all.len(), 4);
        let text = Value::Array(all).to_string();
        assert!(text.contains("\"userName\"") && text.contains("\"canEdit\"") && !text.contains("password"));
        assert!(!text.contains("null"));
    }
}
