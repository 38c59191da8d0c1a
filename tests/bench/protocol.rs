//! What the protocol itself costs per request, without a database or a socket: `cargo bench --bench protocol`.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use secaro_gateway::clock::Timestamp;
use secaro_gateway::scim::filter::{Filter, Limits};
use secaro_gateway::scim::projection::{Projection, Reference, Rendered};
use secaro_gateway::scim::{Dialect, Normaliser, ResourceType, patch, resource};
use serde_json::{Map, Value, json};

/// A User as Entra ID makes it, with every attribute of its default mapping.
fn user() -> Value {
    json!({
        "schemas": [
            "urn:ietf:params:scim:schemas:core:2.0:User",
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
        ],
        "externalId": "0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef",
        "userName": "ada.lovelace@example.org",
        "active": true,
        "displayName": "Ada Lovelace",
        "title": "Analyst",
        "preferredLanguage": "en-GB",
        "name": { "formatted": "Ada Lovelace", "givenName": "Ada", "familyName": "Lovelace" },
        "emails": [{ "type": "work", "value": "ada.lovelace@example.org", "primary": true }],
        "phoneNumbers": [
            { "type": "work", "value": "+44 113 496 0000" },
            { "type": "mobile", "value": "+44 7700 900000" }
        ],
        "addresses": [{
            "type": "work", "formatted": "1 Mill Lane", "streetAddress": "1 Mill Lane", "locality": "Leeds",
            "region": "West Yorkshire", "postalCode": "LS1 1AA", "country": "GB"
        }],
        "roles": [{ "value": "billing_admin", "display": "Billing admin", "primary": true }],
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {
            "employeeNumber": "1815", "department": "Engines", "manager": { "value": "1792" }
        }
    })
}

fn normaliser(dialect: Dialect) -> Normaliser {
    Normaliser::new(dialect, false)
}

fn document() -> Map<String, Value> {
    resource::parse(ResourceType::User, user(), &mut normaliser(Dialect::Entra)).expect("a User").document
}

fn filters(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("filter");
    let name = r#"userName eq "ada.lovelace@example.org""#;
    let long = r#"(userName sw "ada" or emails[type eq "work" and value co "@example.org"]) and active eq true and not (
        urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department eq "Looms" or name.familyName pr)"#;
    for (what, text) in [("userName eq", name), ("eight terms deep", long)] {
        let parse = || {
            let mut normaliser = normaliser(Dialect::Entra);
            Filter::parse(black_box(text), ResourceType::User, &Limits::default(), &mut normaliser).expect("a filter")
        };
        group.bench_function(format!("parse {what}"), |bencher| bencher.iter(parse));
        let (filter, document) = (parse(), document());
        group.bench_function(format!("match {what}"), |bencher| bencher.iter(|| filter.matches(black_box(&document))));
    }
}

fn patches(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("patch");
    let document = document();
    let deactivate = json!([{ "op": "replace", "value": { "active": false } }]);
    let mover = json!([
        { "op": "Replace", "path": "title", "value": "Countess" },
        { "op": "Replace", "path": "emails[type eq \"work\"].value", "value": "countess@example.org" },
        { "op": "Add", "path": "roles", "value": [{ "value": "organization_admin" }] },
        { "op": "Remove", "path": "phoneNumbers[type eq \"mobile\"]" },
        {
            "op": "Replace",
            "path": "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department",
            "value": "Looms"
        }
    ]);
    for (what, operations) in [("deactivate", deactivate), ("five operations of a mover", mover)] {
        let body = json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": operations
        });
        group.bench_function(what, |bencher| {
            bencher.iter(|| {
                let mut normaliser = normaliser(Dialect::Entra);
                let body = black_box(&body).clone();
                let request = patch::Request::parse(ResourceType::User, body, 1000, &mut normaliser).expect("a PATCH");
                let mut document = document.clone();
                request.apply(ResourceType::User, &mut document, &mut normaliser).expect("it applies");
                document
            });
        });
    }
}

fn rendering(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("render");
    let document = document();
    let at = Timestamp::from_millis(1_769_850_300_000);
    let reference = |n: usize| Reference {
        id: format!("019b0000-0000-7000-8000-{n:012}"),
        resource_type: ResourceType::Group,
        display: Some(format!("secaro-site-{n}-editors")),
    };
    let groups: Vec<Reference> = (0..5).map(reference).collect();
    let rendered = Rendered {
        resource_type: ResourceType::User,
        id: "019b0000-0000-7000-8000-000000000000",
        document: &document,
        version: 7,
        created: at,
        last_modified: at,
        members: None,
        groups: Some(&groups),
        access: None,
    };
    let base = "https://scim.example.com/scim/v2/entra";
    let choices = [
        ("a whole User", Projection::default_of(ResourceType::User)),
        ("two attributes", Projection::parse(ResourceType::User, Some("userName,emails.value"), None).expect("two")),
    ];
    for (what, projection) in choices {
        group.bench_function(what, |bencher| {
            bencher.iter(|| serde_json::to_vec(&projection.apply(black_box(rendered).full(base))).expect("JSON"));
        });
    }
}

criterion_group!(benches, filters, patches, rendering);
criterion_main!(benches);
