//! The attributes every resource has (RFC 7643 §3.1), which `/Schemas` does not list because no schema owns them.

use super::build::{complex, date_time, reference, text};
use super::{Attribute, Schema};

const META: &[Attribute] = &[
    text("resourceType", "The name of the resource type.").case_exact().read_only(),
    date_time("created", "When the resource was created.").read_only(),
    date_time("lastModified", "When the resource was last changed.").read_only(),
    reference("location", &["uri"], "The URI of the resource.").read_only(),
    text("version", "The version of the resource, as in the ETag header.").case_exact().read_only(),
];

/// `schemas`, `id`, `externalId` and `meta`; its URN is nowhere on the wire.
pub static COMMON: Schema = Schema {
    urn: "",
    name: "Common",
    description: "The attributes of every resource",
    attributes: &[
        reference("schemas", &["uri"], "The URIs of the schemas the resource follows.")
            .multi_valued()
            .required()
            .read_only()
            .always(),
        text("id", "The identifier given by the service provider.").case_exact().read_only().always().unique(),
        text("externalId", "The identifier given by the client.").case_exact().unique(),
        complex("meta", META, "What the service provider knows about the resource.").read_only(),
    ],
};
