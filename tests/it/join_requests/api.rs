//! The same as the pages, for Secaro's own registration page; and that neither tells anybody anything.

use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};

use crate::support::app::{TestApp, encoded};
use crate::support::database::Engine;

#[tokio::test]
async fn the_whole_way_goes_through_the_api_too() {
    let app = TestApp::new().await;
    app.admin("olga@example.org").await;
    let registered = app.api("/api/v1/join", &json!({ "name": "Ada", "email": "ada@example.org" })).await.expect(202);
    insta::assert_json_snapshot!(registered.body);
    let token = app.join_secret("ada@example.org").await;
    let shown = app.api("/api/v1/join/proofs", &json!({ "token": token })).await.expect(200).body;
    insta::assert_json_snapshot!(shown, { ".organizations[].organization" => "(an id)" });

    let organization = &shown["organizations"][0]["organization"];
    let asking = json!({ "token": token, "organization": organization, "note": "It's me.", "facilities": "Leeds" });
    let asked = app.api("/api/v1/join/requests", &asking).await.expect(201).body;
    insta::assert_json_snapshot!(asked, { ".id" => "(an id)", ".organization" => "(an id)" });
    let twice = app.api("/api/v1/join/requests", &asking).await.expect(409);
    assert_eq!(twice.headers["content-type"], "application/problem+json");
    insta::assert_json_snapshot!(twice.body, { ".reference" => "(a reference)" });

    let shown = app.api("/api/v1/join/proofs", &json!({ "token": token })).await.expect(200).body;
    assert_eq!(shown["organizations"][0]["standing"], "pending");
    let withdrawn = app.api("/api/v1/join/withdrawals", &json!({ "token": token })).await.expect(200).body;
    assert_eq!(withdrawn["withdrawn"], 1);
}

#[tokio::test]
async fn what_is_wrong_is_a_problem_with_a_reference() {
    let app = TestApp::new().await;
    let wrong = app.api("/api/v1/join", &json!({ "name": "", "email": "ada", "duns": "1" })).await.expect(400);
    insta::assert_json_snapshot!(wrong.body, { ".reference" => "(a reference)" });
    let unknown = app.api("/api/v1/join/proofs", &json!({ "token": "secaro_join_x" })).await.expect(404);
    assert_eq!(unknown.headers["content-type"], "application/problem+json");
    for (path, body) in [
        ("/api/v1/join", json!({ "name": "Ada" })),
        ("/api/v1/join", json!([])),
        ("/api/v1/join/proofs", json!({ "token": 1 })),
        ("/api/v1/join/requests", json!({ "token": "x", "organization": "y" })),
        ("/api/v1/join/withdrawals", json!({ "token": "x", "organization": "y" })),
    ] {
        let refused = app.api(path, &body).await.expect(400);
        assert!(refused.body["reference"].is_string(), "{path}: {}", refused.body);
    }
    let form = Request::post("/api/v1/join").body(encoded(&[("name", "Ada")])).unwrap();
    app.ask(form).await.expect(415);
    let large = json!({ "name": "x".repeat(40_000), "email": "ada@example.org" });
    app.api("/api/v1/join", &large).await.expect(413);
    let nowhere = app.ask(Request::get("/api/v1/nothing").body(Body::empty()).unwrap()).await.expect(404);
    assert_eq!(nowhere.headers["content-type"], "application/problem+json");
    app.ask(Request::get("/api/v1/join").body(Body::empty()).unwrap()).await.expect(405);
}

/// How many rows each table has.
async fn rows(app: &TestApp) -> Vec<(String, i64)> {
    let mut sql = app.sql().await;
    let mut rows = Vec::new();
    for table in sql.tables().await {
        let count = sql.number(&format!("SELECT COUNT(*) FROM {table}")).await;
        rows.push((table, count));
    }
    rows
}

#[tokio::test]
async fn t47_every_address_is_answered_alike_and_costs_the_same() {
    let app = TestApp::new().await;
    app.person("in@example.org", "active").await;
    app.person("invited@example.org", "invited").await;
    app.person("out@example.org", "deactivated").await;
    app.ask_to_join("asked@example.org").await.unwrap();
    let addresses = [
        "in@example.org",
        "invited@example.org",
        "out@example.org",
        "asked@example.org",
        "nobody@example.org",
        "nobody@unknown.example",
        "nobody@gmail.com",
    ];
    let (mut pages, mut problems, mut costs) = (Vec::new(), Vec::new(), Vec::new());
    for email in addresses {
        let before = rows(&app).await;
        let page = app.submit("/join", &[("name", "Ada"), ("email", email)]).await;
        let mut headers = page.headers.clone();
        headers.remove("x-request-id");
        pages.push((page.status, format!("{headers:?}"), page.text));
        let answer = app.api("/api/v1/join", &json!({ "name": "Ada", "email": email })).await;
        problems.push(answer.without_reference());
        let after = rows(&app).await;
        let grown: Vec<_> = before.into_iter().zip(after).map(|((table, was), (_, is))| (table, is - was)).collect();
        costs.push(grown);
    }
    for at in 1..addresses.len() {
        assert_eq!(pages[at], pages[0], "{}", addresses[at]);
        assert_eq!(problems[at], problems[0], "{}", addresses[at]);
        assert_eq!(costs[at], costs[0], "{}", addresses[at]);
    }
    let grown: Vec<_> = costs[0].iter().filter(|(_, grown)| *grown > 0).cloned().collect();
    let each = ["jobs", "mailbox_proofs", "mails"].map(|table| (table.to_owned(), 2));
    assert_eq!(grown, each);
}

#[tokio::test]
async fn t47_one_client_is_bounded_and_not_told() {
    let app = TestApp::with(&[("join_requests.per_client_limit", "3")]).await;
    let ask = async |client: &str, n: usize| {
        let email = format!("someone{n}@example.org");
        let body = json!({ "name": "Ada", "email": email }).to_string();
        let request = Request::post("/api/v1/join")
            .header("content-type", "application/json")
            .header("x-forwarded-for", client)
            .body(Body::from(body))
            .unwrap();
        app.ask(request).await.expect(202).without_reference()
    };
    let mut answers = Vec::new();
    for n in 0..5 {
        answers.push(ask("192.0.2.1", n).await);
    }
    assert_eq!(app.count("mails").await, 3);
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    ask("192.0.2.2", 9).await;
    assert_eq!(app.count("mails").await, 4);
}

#[tokio::test]
async fn t48_no_header_changes_what_is_mailed_or_shown() {
    let app = TestApp::new().await;
    let headers = [
        ("host", "evil.example"),
        ("forwarded", "host=evil.example;proto=http"),
        ("x-forwarded-host", "evil.example"),
        ("x-forwarded-proto", "http"),
        ("x-forwarded-prefix", "//evil.example"),
        ("x-original-url", "https://evil.example/"),
        ("x-rewrite-url", "https://evil.example/"),
        ("referer", "https://evil.example/"),
    ];
    let link = {
        let mut request = TestApp::form("/join");
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let fields = [("name", "Ada"), ("email", "ada@example.org")];
        let page = app.text(request.body(encoded(&fields)).unwrap()).await.expect(202);
        assert!(!page.text.contains("evil"), "{}", page.text);
        format!("/join/{}", app.join_secret("ada@example.org").await)
    };
    let mut request = TestApp::form(&link);
    for (name, value) in headers {
        request = request.header(name, value);
    }
    let proven = app.text(request.body(Body::empty()).unwrap()).await.expect(303);
    assert_eq!(proven.headers["location"], link.as_str());
    let plain = app.open(&link).await;
    for (name, value) in headers {
        let page = app.text(Request::get(&link).header(name, value).body(Body::empty()).unwrap()).await;
        assert_eq!(page.text, plain.text, "{name}");
    }
    let everything = app.sql().await.dump(None).await;
    assert!(!everything.contains("evil"), "{everything}");
}

#[tokio::test]
async fn t07_a_secret_of_another_kind_opens_nothing_here() {
    let app = TestApp::new().await;
    let token = {
        app.connection("okta", secaro_gateway::scim::Dialect::Okta).await;
        app.token("okta", "other").await
    };
    app.register("ada@example.org").await;
    let join = app.join_secret("ada@example.org").await;
    let invitation = join.replacen("secaro_join_", "secaro_invitation_", 1);
    let before = app.sql().await.dump(None).await;
    for secret in [&token, &invitation, ""] {
        for path in ["proofs", "withdrawals"] {
            app.api(&format!("/api/v1/join/{path}"), &json!({ "token": secret })).await.expect(404);
        }
        if !secret.is_empty() {
            app.submit(&format!("/join/{secret}"), &[]).await.expect(404);
        }
    }
    for secret in [&token, &join] {
        app.open(&format!("/invitations/{secret}")).await.expect(404);
        app.submit(&format!("/invitations/{secret}"), &[]).await.expect(404);
    }
    let bearer = format!("Bearer {join}");
    let request = Request::get("/scim/v2/okta/Users").header("authorization", bearer).body(Body::empty()).unwrap();
    app.ask(request).await.expect(401);
    let after = app.sql().await.dump(None).await;
    let but_the_log = |dump: &str| -> Vec<String> {
        dump.lines().filter(|line| !line.starts_with("request_log")).map(str::to_owned).collect()
    };
    assert_eq!(but_the_log(&after), but_the_log(&before));
}

#[tokio::test]
async fn t43_the_secret_is_kept_nowhere() {
    let app = TestApp::new().await;
    let (secret, _) = app.prove("ada@example.org").await;
    app.open(&format!("/join/{secret}")).await.expect(200);
    app.open(&format!("/scim/v2/{secret}/Users")).await.expect(401);
    let random = secret.split('_').nth(2).unwrap();
    let mut everything = app.sql().await.dump(None).await;
    if Engine::of_this_run() == Engine::Sqlite {
        for file in std::fs::read_dir(app.database.folder()).unwrap() {
            everything.push_str(&String::from_utf8_lossy(&std::fs::read(file.unwrap().path()).unwrap()));
        }
    }
    assert!(everything.contains("ada@example.org"), "what is looked through does hold what is kept");
    let hits: Vec<&str> = everything.lines().filter(|line| line.contains(random)).collect();
    assert!(hits.is_empty(), "{hits:#?}");
    let answer: Value = app.api("/api/v1/join/proofs", &json!({ "token": secret })).await.expect(200).body;
    assert!(!answer.to_string().contains(random));
}
