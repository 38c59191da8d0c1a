//! Hostile texts in every attribute and in every filter: taken or refused, found again if taken, and never a failure
//! of either database.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use secaro_gateway::scim::Dialect;
use serde_json::json;

use super::unhurried;
use crate::support::app::Answer;

fn texts() -> Vec<String> {
    let texts = "\0|a\0b|\r\n\u{1}|\u{2028}\u{202e}x|\u{feff}|\u{fffd}\u{10ffff}|'; DROP TABLE people; --|\\|\\'|\"|%|_*?|$1:1|\
                 {facility}| |null|İﷺ|e\u{301}|[]()|a,b;c";
    let mut texts: Vec<String> = texts.split('|').map(str::to_owned).collect();
    texts.extend(["a".repeat(256), "a".repeat(257), "\u{301}".repeat(250), "ﷺ".repeat(200), "x".repeat(3000)]);
    texts
}

fn no_failure(answer: &Answer, what: &str) {
    assert!(answer.status.as_u16() < 500, "{what}: {} {}", answer.status, answer.body);
}

#[tokio::test]
async fn t16_t54_no_text_is_a_failure_wherever_it_stands_in_a_resource() {
    let app = unhurried().await;
    let okta = app.connection("okta", Dialect::Okta).await;
    app.pattern_rule("okta", "secaro-{facility}-editors", &["edit_facility:{facility}"]).await;
    let member = okta.user("ada@example.org").await;
    let kept = format!("/Users/{}", okta.user("kept@example.org").await);
    let group = format!("/Groups/{}", okta.group("Editors", &[&member]).await);
    let mut taken = 0;
    for text in texts() {
        let what = format!("{text:?}");
        let user = json!({ "userName": format!("u{text}"), "externalId": text, "displayName": text, "title": text,
            "name": { "familyName": text }, "emails": [{ "value": text, "type": text }, { "value": format!("{text}@example.org") }],
            "roles": [{ "value": text }], "entitlements": [{ "value": format!("edit_facility:{text}") }] });
        let made = okta.post("/Users", &user).await;
        no_failure(&made, &what);
        if made.status == 201 {
            taken += 1;
            let literal = json!(format!("u{text}")).to_string();
            let literal = utf8_percent_encode(&literal, NON_ALPHANUMERIC);
            let found = okta.get(&format!("/Users?filter=userName%20eq%20{literal}")).await.expect(200);
            assert_eq!(found.body["Resources"][0]["id"], made.body["id"], "{what}");
        }
        let attributes = ["displayName", "title", "externalId", "userName", "name.familyName"];
        let changes = attributes.map(|path| json!({ "op": "replace", "path": path, "value": text }));
        no_failure(&okta.patch(&kept, &json!(changes)).await, &what);
        let literal = json!(text).to_string();
        let path = format!("emails[type eq {literal}].value");
        no_failure(&okta.patch(&kept, &json!([{ "op": "add", "path": path, "value": text }])).await, &path);
        no_failure(&okta.patch(&kept, &json!([{ "op": "add", "value": { text.as_str(): text } }])).await, &what);
        let path = format!("members[value eq {literal}]");
        no_failure(&okta.patch(&group, &json!([{ "op": "remove", "path": path }])).await, &path);
        no_failure(
            &okta.patch(&group, &json!([{ "op": "add", "path": "members", "value": [{ "value": text }] }])).await,
            &what,
        );
        no_failure(&okta.put(&group, &json!({ "displayName": format!("secaro-{text}-editors") })).await, &what);
    }
    assert!(taken > 8, "{taken}");
    assert_eq!(app.status("ada@example.org").await, "active");
}

#[tokio::test]
async fn t03_no_text_is_a_failure_in_a_filter_or_an_order() {
    let app = unhurried().await;
    let okta = app.connection("okta", Dialect::Okta).await;
    let user = okta.user("ada@example.org").await;
    okta.group("Editors", &[&user]).await;
    let all = ["userName", "externalId", "id", "emails.value", "displayName", "title", "meta.created", "active"];
    let operators = ["eq", "ne", "co", "sw", "ew", "gt", "le"];
    for (number, text) in texts().into_iter().enumerate() {
        let literal = json!(text).to_string();
        // Each attribute meets each operator with some text, and each text some operator on every attribute.
        let terms: Vec<_> = (0..all.len())
            .map(|place| format!("{} {} {literal}", all[place], operators[(place + number) % operators.len()]))
            .collect();
        let filters = [
            terms.join(" or "),
            terms.join(" and "),
            terms[number % terms.len()].clone(),
            format!("emails[value eq {literal} and type eq {literal}]"),
            format!("not (userName eq {literal}) or userName sw {literal}"),
            text.clone(),
        ];
        let encode = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        for filter in filters {
            no_failure(&okta.get(&format!("/Users?filter={}", encode(&filter))).await, &filter);
        }
        let literal = encode(&literal);
        let of_groups = format!("/Groups?filter=members.value%20eq%20{literal}%20or%20displayName%20sw%20{literal}");
        no_failure(&okta.get(&of_groups).await, &literal);
        for parameters in ["sortBy", "sortBy=userName&sortOrder", "attributes", "excludedAttributes"] {
            no_failure(&okta.get(&format!("/Users?{parameters}={literal}")).await, &format!("{parameters} {literal}"));
        }
    }
}
