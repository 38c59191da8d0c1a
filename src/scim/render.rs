//! A stored document as a whole resource: with `schemas`, `id`, `meta`, and what is kept elsewhere. Shows nothing
//! less and nothing more; `projection` takes away what was not asked for.

use serde_json::{Map, Value, json};

use super::etag::etag;
use super::schema::{ACCESS, ResourceType};
use crate::clock::Timestamp;

/// Everything of a resource.
#[derive(Debug, Clone, Copy)]
pub struct Rendered<'a> {
    /// Its type.
    pub resource_type: ResourceType,
    /// Its id.
    pub id: &'a str,
    /// Its canonical document.
    pub document: &'a Map<String, Value>,
    /// Counts its changes.
    pub version: i64,
    /// When it was made.
    pub created: Timestamp,
    /// When it last changed.
    pub last_modified: Timestamp,
    /// The members of a Group, if loaded.
    pub members: Option<&'a [Reference]>,
    /// The groups of a User, if loaded.
    pub groups: Option<&'a [Reference]>,
    /// What the person of a User may do, if loaded.
    pub access: Option<&'a Access>,
}

/// Another resource, as a member or a group.
#[derive(Debug, Clone)]
pub struct Reference {
    /// Its id.
    pub id: String,
    /// Its type.
    pub resource_type: ResourceType,
    /// Its name.
    pub display: Option<String>,
}

/// What a person may do in Secaro.
#[derive(Debug, Clone)]
pub struct Access {
    /// `active`, `invited` or `deactivated`.
    pub status: String,
    /// Permissions and their words.
    pub can_edit: Vec<(String, String)>,
    /// Roles and their words.
    pub admin_for: Vec<(String, String)>,
}

impl Reference {
    /// As an element of `members`, without the URI.
    #[must_use]
    pub fn element(&self) -> Value {
        let mut element = json!({ "value": self.id, "type": self.resource_type.name() });
        if let Some(display) = &self.display {
            element["display"] = json!(display);
        }
        element
    }

    fn member(&self, base_url: &str) -> Value {
        self.with_uri(base_url, self.resource_type.name())
    }

    /// RFC 7643 §4.1.2: `type` says whether the membership is direct; it always is here.
    fn group(&self, base_url: &str) -> Value {
        self.with_uri(base_url, "direct")
    }

    fn with_uri(&self, base_url: &str, kind: &str) -> Value {
        let mut element = Map::with_capacity(4);
        element.insert("value".to_owned(), json!(self.id));
        let uri = format!("{base_url}/{}/{}", self.resource_type.endpoint(), self.id);
        element.insert("$ref".to_owned(), Value::String(uri));
        if let Some(display) = &self.display {
            element.insert("display".to_owned(), json!(display));
        }
        element.insert("type".to_owned(), json!(kind));
        Value::Object(element)
    }
}

impl Rendered<'_> {
    /// The whole resource, with absolute URIs below the connection's SCIM root.
    ///
    /// Empty lists are left out: RFC 7643 §2.5 holds them and absence to be the same.
    #[must_use]
    pub fn full(&self, base_url: &str) -> Map<String, Value> {
        let mut whole = Map::with_capacity(self.document.len() + 6);
        whole.insert("schemas".to_owned(), self.schemas());
        whole.insert("id".to_owned(), json!(self.id));
        for (name, value) in self.document {
            whole.insert(name.clone(), value.clone());
        }
        if let Some(members) = self.members.filter(|members| !members.is_empty()) {
            whole.insert("members".to_owned(), members.iter().map(|member| member.member(base_url)).collect());
        }
        if let Some(groups) = self.groups.filter(|groups| !groups.is_empty()) {
            whole.insert("groups".to_owned(), groups.iter().map(|group| group.group(base_url)).collect());
        }
        if let Some(access) = self.access {
            whole.insert(ACCESS.urn.to_owned(), access.extension());
        }
        whole.insert("meta".to_owned(), self.meta(base_url));
        whole
    }

    /// RFC 7643 §3: the core schema, and each extension of which the resource holds something.
    fn schemas(&self) -> Value {
        let extensions = self.resource_type.extensions().iter().filter(|extension| {
            self.document.contains_key(extension.urn) || (extension.urn == ACCESS.urn && self.access.is_some())
        });
        let core = self.resource_type.core().urn;
        std::iter::once(core).chain(extensions.map(|extension| extension.urn)).collect()
    }

    fn meta(&self, base_url: &str) -> Value {
        json!({
            "resourceType": self.resource_type.name(),
            "created": self.created,
            "lastModified": self.last_modified,
            "location": format!("{base_url}/{}/{}", self.resource_type.endpoint(), self.id),
            "version": etag(self.version),
        })
    }
}

impl Access {
    fn extension(&self) -> Value {
        let list = |permissions: &[(String, String)]| -> Value {
            permissions.iter().map(|(value, display)| json!({ "value": value, "display": display })).collect()
        };
        let mut extension = json!({ "status": self.status });
        for (name, permissions) in [("canEdit", &self.can_edit), ("adminFor", &self.admin_for)] {
            if !permissions.is_empty() {
                extension[name] = list(permissions);
            }
        }
        extension
    }
}
