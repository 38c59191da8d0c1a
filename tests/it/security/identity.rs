//! Who is who: no identifier that an IdP chooses selects anybody, names are the same or not in one way only, and a
//! password is never kept.

use std::collections::BTreeSet;

use secaro_gateway::provisioning::ceiling::Ceiling;
use secaro_gateway::provisioning::connections::NewConnection;
use secaro_gateway::scim::{Dialect, fold};
use serde_json::json;
use uuid::Uuid;

use super::{patch_body, unhurried};
use crate::support::app::{Idp, TestApp};
use crate::support::sql::Sql;

/// Every id in the database, as its hyphenated text.
async fn internal_ids(app: &TestApp) -> BTreeSet<String> {
    let mut sql = app.sql().await;
    let mut ids = BTreeSet::new();
    for table in ["organizations", "people", "grants", "connections", "tokens", "resources", "facilities"] {
        let text = match sql {
            Sql::Sqlite(_) => "lower(hex(id))",
            Sql::Postgres(_) => "id::text",
        };
        let found = sql.texts(&format!("SELECT {text} FROM {table}")).await;
        assert!(!found.is_empty(), "{table}");
        ids.extend(found.iter().map(|id| Uuid::parse_str(id).unwrap().to_string()));
    }
    ids
}

async fn people_and_grants(app: &TestApp) -> Vec<String> {
    let dump = app.sql().await.dump(None).await;
    dump.lines().filter(|line| line.starts_with("people:") || line.starts_with("grants:")).map(str::to_owned).collect()
}

#[tokio::test]
async fn t10_no_identifier_that_an_idp_chooses_selects_anybody() {
    let app = unhurried().await;
    app.organization("other", "other.example").await;
    let okta = app.connection("okta", Dialect::Okta).await;
    let sister = app.connection("sister", Dialect::Okta).await;
    let stranger = app.connection_of("other", "stranger", Dialect::Okta, "edit").await;
    app.person("admin@example.org", "active").await;
    app.grant("admin@example.org", "organization_admin").await;
    sister.user("ada@example.org").await;
    stranger.user("eve@other.example").await;

    let internal = internal_ids(&app).await;
    let before = people_and_grants(&app).await;
    let mut forms: Vec<String> = ["0", "1", "-1", "admin", "root", "null", "*"].map(str::to_owned).into();
    for id in &internal {
        let uuid = Uuid::parse_str(id).unwrap();
        forms.extend([id.clone(), uuid.simple().to_string(), id.to_uppercase(), uuid.as_u128().to_string()]);
    }
    let mut made = BTreeSet::new();
    for (number, form) in forms.iter().enumerate() {
        let body = json!({ "id": form, "externalId": form, "userName": format!("{form}-{number}"), "meta": { "version": "1" } });
        let id = okta.post("/Users", &body).await.created();
        assert!(id != *form && !internal.contains(&id) && made.insert(id.clone()));
        if number % 8 == 0 {
            let path = format!("/Users/{id}");
            okta.put(&path, &json!({ "id": form, "userName": form, "externalId": "x" })).await.expect(200);
            let back = patch_body(&json!([{ "op": "replace", "value": { "externalId": form, "id": form } }]));
            okta.send_json("PATCH", &path, &back).await.expect(200);
            assert_eq!(okta.get(&path).await.expect(200).body["id"], json!(id));
            okta.delete(&path).await.expect(204);
        }
    }
    assert!(forms.len() > 30);
    assert_eq!(people_and_grants(&app).await, before, "nobody was met, nobody was made");
}

#[tokio::test]
async fn t15_filter_unique_index_and_fold_agree_on_what_is_the_same() {
    let app = unhurried().await;
    let okta = app.connection("okta", Dialect::Okta).await;
    // The two, and whether they are the same.
    let pairs = [
        ("ada", "ADA", true),
        ("İ", "i", false),
        ("İ", "i\u{307}", true),
        ("ı", "i", false),
        ("ı", "I", false),
        ("ß", "ss", false),
        ("ß", "ẞ", true),
        ("ſ", "S", true),
        ("\u{212a}", "k", true),
        ("ａｄａ", "ada", true),
        ("Σας", "ΣΑΣ", true),
        ("ﬁ", "fi", true),
        ("é", "e\u{301}", true),
        ("é", "e", false),
        ("Ω", "\u{2126}", true),
        ("Ꭰ", "ꭰ", true),
        ("а", "a", false),
        ("a\u{200b}", "a", false),
        ("①", "1", true),
        ("🅰", "a", false),
        ("a%", "ab", false),
        ("a_", "ab", false),
        ("a", "a ", false),
    ];
    for (number, (one, other, same)) in pairs.into_iter().enumerate() {
        let (one, other) = (format!("u{number}-{one}"), format!("u{number}-{other}"));
        assert_eq!(fold(&one) == fold(&other), same, "fold: {one:?} {other:?}");
        let id = okta.post("/Users", &json!({ "userName": one })).await.created();
        let filter = percent_encoding::utf8_percent_encode(&other, percent_encoding::NON_ALPHANUMERIC);
        let found = okta.get(&format!("/Users?filter=userName%20eq%20%22{filter}%22")).await.expect(200);
        assert_eq!(found.body["totalResults"] == json!(1), same, "eq: {one:?} {other:?}");
        let second = okta.post("/Users", &json!({ "userName": other })).await;
        assert_eq!(second.status, if same { 409 } else { 201 }, "unique: {one:?} {other:?}: {}", second.body);
        assert_eq!(okta.get(&format!("/Users/{id}")).await.body["userName"], json!(one), "as it was written");
    }
}

#[tokio::test]
async fn t12_a_password_is_dropped_and_in_strict_refused() {
    const CANARY: &str = "correct-horse-battery-staple";
    let app = unhurried().await;
    let okta = app.connection("okta", Dialect::Okta).await;
    let body = json!({ "userName": "ada@example.org", "password": CANARY });
    let created = okta.post("/Users", &body).await.expect(201);
    let path = format!("/Users/{}", created.body["id"].as_str().unwrap());
    let bodies = [
        okta.put(&path, &body).await.expect(200).body,
        okta.patch(&path, &json!([{ "op": "replace", "path": "password", "value": CANARY }])).await.expect(200).body,
        okta.patch(&path, &json!([{ "op": "add", "value": { "password": CANARY } }])).await.expect(200).body,
        okta.get(&format!("{path}?attributes=password")).await.expect(200).body,
        okta.get(&format!("/Users?filter=password%20eq%20%22{CANARY}%22")).await.body,
        okta.get("/Schemas").await.expect(200).body,
        created.body,
    ];
    for body in bodies {
        let text = body.to_string();
        assert!(!text.contains(CANARY) && !text.contains("\"password\""), "{text}");
    }
    assert!(!okta.get("/Users").await.body.to_string().contains(CANARY));

    let strict = strict(&app, "strict").await;
    strict.post("/Users", &body).await.expect(400);
    let id = strict.post("/Users", &json!({ "schemas": [USER], "userName": "bob@example.org" })).await.created();
    let path = format!("/Users/{id}");
    let put = json!({ "schemas": [USER], "userName": "bob@example.org", "password": CANARY });
    strict.put(&path, &put).await.expect(400);
    strict.patch(&path, &json!([{ "op": "replace", "path": "password", "value": CANARY }])).await.expect(400);
    strict.patch(&path, &json!([{ "op": "add", "value": { "password": CANARY } }])).await.expect(400);

    let dump = app.sql().await.dump(None).await;
    assert!(dump.contains("ada@example.org") && !dump.contains(CANARY));
    for file in std::fs::read_dir(app.database.folder()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        assert!(!bytes.windows(CANARY.len()).any(|window| window == CANARY.as_bytes()));
    }
}

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";

/// A connection that takes no deviations.
async fn strict(app: &TestApp, key: &str) -> Idp {
    let new = NewConnection {
        organization: "example".to_owned(),
        key: key.to_owned(),
        dialect: Dialect::Generic,
        strict: true,
        may_grant: Ceiling::default(),
        pending: false,
    };
    app.opened.provisioning.create_connection(&app.operator(), &new).await.unwrap();
    app.idp(key).await
}

#[tokio::test]
async fn t102_a_repeated_post_leads_to_what_the_first_one_made_whether_linked_or_held() {
    let app = unhurried().await;
    let okta = app.connection("okta", Dialect::Okta).await;
    app.person("held@elsewhere.example", "active").await;
    for email in ["ada@example.org", "held@elsewhere.example"] {
        let first = okta.user(email).await;
        let again = okta.post("/Users", &json!({ "userName": email.to_uppercase() })).await.expect(409);
        assert_eq!(again.body["scimType"], json!("uniqueness"));
        let found = okta.get(&format!("/Users?filter=userName%20eq%20%22{email}%22")).await.body;
        assert_eq!(found["Resources"][0]["id"], json!(first));
        let path = format!("/Users/{first}");
        for _ in 0..2 {
            let patched = okta.patch(&path, &json!([{ "op": "replace", "value": { "active": false } }])).await;
            assert_eq!(patched.expect(200).body["active"], json!(false));
        }
        okta.delete(&path).await.expect(204);
        okta.delete(&path).await.expect(404);
    }
    // A group's name and an externalId lead back in the same way.
    okta.post("/Groups", &json!({ "displayName": "Editors", "externalId": "1" })).await.created();
    okta.post("/Groups", &json!({ "displayName": "EDITORS" })).await.expect(409);
    okta.post("/Groups", &json!({ "displayName": "Others", "externalId": "1" })).await.expect(409);
    okta.post("/Users", &json!({ "userName": "Editors", "externalId": "1" })).await.expect(201);
}
