//! T16: whatever is typed as an address is refused, or is exactly what is stored and mailed to.

use serde_json::json;

use crate::support::app::TestApp;

/// Pieces that addresses are made of, and that have fooled parsers elsewhere.
const LOCAL: &[&str] = &[
    "ada",
    "Ada.Byron",
    "ada+x",
    "\"ada\"",
    "\"a\\\"b\"",
    "a b",
    ".ada",
    "ada.",
    "a..b",
    "",
    "=?utf-8?q?ada?=",
    "ada(c)",
    "<ada",
    "@a,@b:ada",
    "ada%evil.io",
    "evil.io!ada",
    "ada\0",
    "ada\r\nBcc: eve@evil.io\r\n",
    "\u{202e}ada",
    "é",
    "ada\u{200b}",
    "ａda",
    "'; DROP TABLE people; --",
    "<script>alert(1)</script>",
    "ada,eve",
    "ada;eve",
    "ada\\",
    "{{7*7}}",
    "${x}",
    "xn--ada",
    "~!#$%&'*+-/=?^_`{|}",
];
const AT: &[&str] = &["@", "＠", "﹫", "@@", " @", "@ ", "\u{200b}@", "%40", ""];
const DOMAIN: &[&str] = &[
    "example.org",
    "EXAMPLE.org",
    "bücher.example",
    "xn--bcher-kva.example",
    "xn--a",
    "xn--0.example",
    "faß.example",
    "example.org.",
    "example。org",
    "ex\u{430}mple.org",
    "sub.example.org",
    "example",
    "[127.0.0.1]",
    "127.0.0.1",
    "-a.example",
    "a-.example",
    "example..org",
    "example.org:25",
    "example.org>",
    "example.org (c)",
    "example.org\r\nX: y",
    "example.org\0",
    "example.org,evil.io",
    "☃.example",
    "ｅxample.org",
    "example.org\u{200b}",
    "a_b.example",
    "",
];

fn addresses() -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    // Every piece beside every good one, then pairs at strides that are prime to the lists' lengths.
    for local in LOCAL {
        all.push(format!("{local}@example.org"));
    }
    for at in AT {
        all.push(format!("ada{at}example.org"));
    }
    for n in 0..1960 {
        let (local, at, domain) =
            (LOCAL[n % LOCAL.len()], AT[(n / 31) % AT.len()], DOMAIN[(n * 5 + n / 28) % DOMAIN.len()]);
        all.push(format!("{local}{at}{domain}"));
    }
    all.extend([
        format!("{}@example.org", "a".repeat(64)),
        format!("{}@example.org", "a".repeat(65)),
        format!("a@{}.example", "b.".repeat(123)),
        format!("a@{}.example", "b".repeat(64)),
        format!("a@{}.example", "ü".repeat(60)),
        "x".repeat(20_000),
    ]);
    all
}

#[tokio::test]
async fn t16_two_thousand_hostile_addresses_are_refused_or_stored_as_they_are() {
    let app = TestApp::with(&[
        ("join_requests.per_client_limit", "100000"),
        ("join_requests.per_domain_limit", "100000"),
        ("join_requests.per_address_limit", "100000"),
    ])
    .await;
    let all = addresses();
    assert!(all.len() >= 2000, "{}", all.len());
    let mut taken = Vec::new();
    for (n, address) in all.iter().enumerate() {
        let status = if n % 2 == 0 {
            let page = app.submit("/join", &[("name", "Ada"), ("email", address)]).await;
            assert!(!page.text.contains("<script>"), "{address:?}");
            page.status
        } else {
            app.api("/api/v1/join", &json!({ "name": "Ada", "email": address })).await.status.as_u16()
        };
        match status {
            202 => taken.push(address.trim().to_owned()),
            400 => {}
            other => panic!("{address:?}: {other}"),
        }
    }
    assert!(taken.len() > 20, "{}", taken.len());
    taken.sort();
    let mut sql = app.sql().await;
    let mut stored = sql.texts("SELECT email FROM mailbox_proofs").await;
    let mut mailed = sql.texts("SELECT recipient FROM mails").await;
    stored.sort();
    mailed.sort();
    assert_eq!(stored, taken, "as they were written");
    assert_eq!(mailed, taken, "to nobody else");
    for address in &stored {
        let (local, domain) = address.split_once('@').unwrap();
        assert!(local.is_ascii() && !local.contains(|c: char| c.is_control() || " \"(),:;<>@[\\]".contains(c)));
        assert!(
            !domain.contains(|c: char| c.is_control() || c.is_whitespace() || "@,:;<>()".contains(c)),
            "{address:?}"
        );
    }
    let domains = sql.texts("SELECT DISTINCT domain FROM mailbox_proofs ORDER BY domain").await;
    assert!(domains.iter().all(|domain| domain.is_ascii() && *domain == domain.to_ascii_lowercase()), "{domains:?}");
}
