//! What the protocol itself costs, without a socket or a database: reading a filter, asking a User, applying a PATCH
//! and rendering. `cargo bench --bench scim`.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use secaro_gateway::clock::Timestamp;
use secaro_gateway::scim::filter::{Filter, Limits};
use secaro_gateway::scim::projection::{Projection, Rendered};
use secaro_gateway::scim::{Dialect, Normaliser, ResourceType, messages, patch};
use serde_json::{Map, Value, json};

const SIMPLE: &str = r#"userName eq "Ada.Lovelace@example.org""#;
const NESTED: &str = r#"userName sw "ada" and (emails[type eq "work" and value ew "example.org"] or not (active eq true))
    and urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department co "engines""#;

fn normaliser() -> Normaliser {
    Normaliser::new(Dialect::Entra, false)
}

fn read(text: &str) -> Filter {
    Filter::parse(text, ResourceType::User, &Limits::default(), &mut normaliser()).expect("it is a filter")
}

fn ada() -> Map<String, Value> {
    let document = json!({
        "externalId": "00ujl29u0le5T6Aj10h7",
        "userName": "ada.lovelace@example.org",
        "name": {"givenName": "Ada", "familyName": "Lovelace", "formatted": "Ada Lovelace"},
        "displayName": "Ada Lovelace",
        "title": "Countess",
        "active": true,
        "emails": [
            {"value": "ada.lovelace@example.org", "type": "work", "primary": true},
            {"value": "ada@home.example", "type": "home"},
        ],
        "phoneNumbers": [{"value": "+44 20 7946 0000", "type": "work"}],
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {
            "employeeNumber": "1815", "department": "Engines", "manager": {"value": "26118915"},
        },
    });
    let Value::Object(document) = document else { unreachable!("it is written as an object") };
    document
}

fn filters(bench: &mut Criterion) {
    let document = ada();
    for (name, text) in [("simple", SIMPLE), ("nested", NESTED)] {
        bench.bench_function(&format!("filter/parse/{name}"), |run| run.iter(|| read(black_box(text))));
        let filter = read(text);
        bench
            .bench_function(&format!("filter/matches/{name}"), |run| run.iter(|| filter.matches(black_box(&document))));
    }
}

fn patches(bench: &mut Criterion) {
    let deactivate = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations": [{"op": "replace", "value": {"active": false}}],
    });
    let entra = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations": [
            {"op": "Replace", "path": "emails[type eq \"work\"].value", "value": "ada@example.org"},
            {"op": "Add", "path": "name.givenName", "value": "Augusta"},
            {"op": "Replace", "path": "active", "value": "False"},
        ],
    });
    let document = ada();
    for (name, body) in [("deactivate", deactivate), ("entra", entra)] {
        let user = ResourceType::User;
        bench.bench_function(&format!("patch/parse/{name}"), |run| {
            run.iter(|| patch::Request::parse(user, black_box(body.clone()), 100, &mut normaliser()));
        });
        let request = patch::Request::parse(user, body, 100, &mut normaliser()).expect("it is a PATCH");
        bench.bench_function(&format!("patch/apply/{name}"), |run| {
            run.iter(|| request.apply(user, black_box(&mut document.clone()), &mut normaliser()).expect("it applies"));
        });
    }
}

fn rendering(bench: &mut Criterion) {
    let document = ada();
    let moment = Timestamp::from_millis(1_769_850_300_000);
    let render = |projection: &Projection| {
        let rendered = Rendered {
            resource_type: ResourceType::User,
            id: "0198c0de-0000-7000-8000-00000000000a",
            document: black_box(&document),
            version: 7,
            created: moment,
            last_modified: moment,
            members: None,
            groups: None,
            access: None,
        };
        Value::Object(projection.apply(rendered.full("https://gateway.example.org/scim/v2/okta")))
    };
    let whole = Projection::default_of(ResourceType::User);
    let some = Projection::parse(ResourceType::User, Some("userName,emails.value"), None).expect("it is a projection");
    bench.bench_function("render/whole", |run| run.iter(|| render(&whole).to_string()));
    bench.bench_function("render/some", |run| run.iter(|| render(&some).to_string()));
    bench.bench_function("render/page of 100", |run| {
        run.iter(|| messages::list_response(100, 1, (0..100).map(|_| render(&whole)).collect()).to_string());
    });
}

criterion_group!(benches, filters, patches, rendering);
criterion_main!(benches);
