//! What others write is never more than text: 300 texts that try to be, by SCIM, by `/join` and by invitations, and every
//! page that leads anywhere visited with a watch on what runs and on what the policy forbids.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde_json::json;

use crate::demo::{Demo, Inside};
use crate::driver::{Browser, Driver};
use crate::screens::screens;

/// Pages of one kind that are visited at most.
const OF_A_KIND: usize = 6;

/// 300 texts that try to be more than text.
fn hostile() -> Vec<String> {
    let run = "window.__ran=1";
    let shapes = [
        "<script>{}</script>",
        "<img src=x onerror={}>",
        "<svg onload={}>",
        "\"><script>{}</script>",
        "' onmouseover={} '",
        "\" autofocus onfocus={} \"",
        "javascript:{}",
        "</textarea><script>{}</script>",
        "</title><script>{}</script>",
        "<iframe srcdoc='<script>parent.{}</script>'>",
        "<details open ontoggle={}>",
        "<a href='javascript:{}'>x</a>",
        "{{{{constructor.constructor('{}')()}}}}",
        "<style>@import 'http://127.0.0.1:9/x'</style>{}",
        "<base href='http://127.0.0.1:9/'>{}",
    ];
    let dresses = [
        "@",
        "@\u{202e}",
        "\u{200b}@",
        "ＡＢ@",
        "%3C@",
        "&lt;@",
        "\\u003c@",
        "@\u{2028}",
        "🂡@",
        "العربية@",
        "@--><!--",
        "]]>@",
        "${@}",
        "#{@}",
        "@\u{feff}",
        "a'b\"c`@",
        "@;alert`1`",
        "&#60;@",
        "\u{1}@",
        "@\u{7f}",
    ];
    let mut all = Vec::new();
    for shape in shapes {
        for dress in dresses {
            all.push(dress.replace('@', &shape.replace("{}", run)));
        }
    }
    all
}

/// By SCIM, as the demo's Okta; how many were taken.
async fn push(demo: &Demo, texts: &[String]) -> usize {
    let mut taken = 0;
    for (n, three) in texts.chunks(3).enumerate() {
        let email = format!("text{n:03}@example.org");
        let user = json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": email, "active": true,
            "displayName": three[0], "name": { "givenName": three[1], "familyName": three[2] }, "externalId": three[0],
            "title": three[1], "emails": [{ "value": email, "primary": true, "display": three[2] }],
            "entitlements": [{ "value": three[0] }], "roles": [{ "value": "organization_admin", "display": three[1] }],
        });
        taken += usize::from(demo.push("Users", user).await == 201);
        let group = json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": three[0], "externalId": three[1],
        });
        taken += usize::from(demo.push("Groups", group).await == 201);
    }
    taken
}

/// Forms of one sender: each from an address of its own, where addresses have a budget.
struct Sender {
    client: reqwest::Client,
    cookie: String,
}

impl Sender {
    fn with(cookie: String) -> Self {
        let client = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
        Self { client: client.build().expect("a client"), cookie }
    }

    async fn post(&self, address: &str, n: usize, fields: &[(&str, &str)]) -> u16 {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = self.client.post(address).header("sec-fetch-site", "same-origin").header("cookie", &self.cookie);
        let request = request.header("x-forwarded-for", format!("10.0.{}.{}", n / 250, n % 250 + 1));
        let request = request.header("content-type", "application/x-www-form-urlencoded").body(body);
        request.send().await.expect("an answer").status().as_u16()
    }
}

/// By `/join`, as people whose mailboxes are proven; the addresses of their links, of those who were taken.
async fn ask_to_join(demo: &Demo, inside: &Inside, texts: &[String]) -> Vec<String> {
    let (sender, base) = (Sender::with(String::new()), demo.base_url());
    let organization = inside.opened.directory.organization("example").await.expect("it").organization.id.to_string();
    let mut links = Vec::new();
    for (n, four) in texts.chunks(4).enumerate() {
        let email = format!("joiner{n:03}@example.org");
        // A name that cannot be one is refused; its text stands in the note then.
        let named = sender.post(&format!("{base}/join"), n, &[("name", &four[0]), ("email", &email)]).await == 202;
        if !named {
            let plain = [("name", "Plain"), ("email", email.as_str())];
            assert_eq!(sender.post(&format!("{base}/join"), n, &plain).await, 202);
        }
        let link = inside.mailed(&email, "/join/").await;
        assert_eq!(sender.post(&link, n, &[]).await, 303);
        let note = four.join("\n");
        let fields = [("organization", organization.as_str()), ("note", &note), ("facilities", &four[1])];
        if sender.post(&format!("{link}/request"), n, &fields).await == 303 {
            links.push(link);
        }
    }
    links
}

/// By invitations, as an admin; how many were put on the list.
async fn invite(browser: &Browser, demo: &Demo, texts: &[String]) -> usize {
    browser.open(&format!("{}/console/invite", demo.base_url())).await;
    let csrf = browser.ask("return document.querySelector('[name=csrf]').value").await;
    let (csrf, cookie) = (csrf.as_str().expect("text").to_owned(), browser.session_cookie().await);
    let (sender, mut taken) = (Sender::with(cookie), 0);
    for (n, text) in texts.iter().enumerate() {
        let email = format!("guest{n:03}@example.org");
        let fields = [("csrf", csrf.as_str()), ("name", text), ("email", &email)];
        taken += usize::from(sender.post(&format!("{}/console/invite", demo.base_url()), n, &fields).await == 303);
    }
    taken
}

/// The kind of a page: its path without what names one thing, and what it is asked.
fn kind(path: &str) -> String {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let is_name = |part: &str| part.len() > 9 && part.bytes().any(|byte| byte.is_ascii_digit());
    let parts: Vec<&str> = path.split('/').map(|part| if is_name(part) { "*" } else { part }).collect();
    let asked: BTreeSet<&str> = query.split('&').filter_map(|pair| pair.split('=').next()).collect();
    format!("{}?{asked:?}", parts.join("/"))
}

/// Visits the pages and what they lead to, a few of each kind; answers the kinds.
async fn visit(browser: &Browser, base: &str, pages: Vec<String>) -> BTreeMap<String, usize> {
    let (mut waiting, mut known, mut kinds) = (VecDeque::from(pages), BTreeSet::new(), BTreeMap::new());
    while let Some(page) = waiting.pop_front() {
        let path = page.trim_start_matches(base).split('#').next().unwrap_or_default().to_owned();
        let of_a_kind: &mut usize = kinds.entry(kind(&path)).or_default();
        let is_file = ["csv", "jsonl"].iter().any(|end| path.split('?').next().is_some_and(|path| path.ends_with(end)));
        if is_file || *of_a_kind >= OF_A_KIND || !known.insert(path.clone()) {
            continue;
        }
        *of_a_kind += 1;
        browser.open(&page).await;
        let links = "return [...document.querySelectorAll('a[href]')].map((a) => a.href)";
        for link in browser.ask(links).await.as_array().into_iter().flatten() {
            waiting.extend(link.as_str().filter(|link| link.starts_with(base)).map(str::to_owned));
        }
        assert_eq!(browser.seen().await, "", "{path}");
    }
    kinds
}

#[tokio::test]
async fn t80_three_hundred_hostile_texts_stay_text() {
    let (demo, driver) = (Demo::start(), Driver::start());
    let (base, inside, texts) = (demo.base_url(), demo.inside().await, hostile());
    assert_eq!(texts.len(), 300);
    let pushed = push(&demo, &texts).await;
    let joins = ask_to_join(&demo, &inside, &texts).await;
    let browser = driver.browser("admin", true).await;
    browser.watch().await;
    browser.sign_in(demo.link()).await;
    let invited = invite(&browser, &demo, &texts).await;
    assert!(pushed > 100 && joins.len() > 50 && invited > 200, "{pushed}, {}, {invited} were taken", joins.len());
    // What cannot be taken is shown again.
    browser.open(&format!("{base}/console/invite")).await;
    let list = json!(format!("name,email,can edit,admin for\n{}", texts.join("\n"))).to_string();
    browser.ask(&format!("document.querySelector('#list').value = {list}")).await;
    browser.press("Add these users").await;
    assert_eq!(browser.seen().await, "");
    browser.open(&format!("{base}/console/invite")).await;
    browser.press("Send invitations").await;
    let mut pages = screens(&browser, base).await;
    pages.extend(joins.iter().take(OF_A_KIND).cloned());
    for n in [0, 8, 16, 24, 32] {
        pages.push(inside.mailed(&format!("guest{n:03}@example.org"), "/invitations/").await);
    }
    for text in texts.iter().step_by(60) {
        let asked = form_urlencoded::Serializer::new(String::new()).append_pair("q", text).finish();
        pages.extend(["users", "requests", "search"].map(|list| format!("{base}/console/{list}?{asked}")));
        let asked = form_urlencoded::Serializer::new(String::new()).append_pair("target", text).finish();
        pages.push(format!("{base}/console/audit?{asked}"));
        let asked = form_urlencoded::Serializer::new(String::new()).append_pair("try", text).finish();
        pages.push(format!("{base}/console/connections/okta?tab=rules&{asked}"));
    }
    let kinds = visit(&browser, base, pages).await;
    assert!(kinds.values().sum::<usize>() > 120, "{kinds:?}");
    browser.close().await;
}

/// What the test above must not see is seen.
#[tokio::test]
async fn t80_the_watch_sees_what_runs_and_what_the_policy_forbids() {
    let (demo, driver) = (Demo::start(), Driver::start());
    let browser = driver.browser("admin", true).await;
    browser.watch().await;
    browser.sign_in(demo.link()).await;
    for page in ["/console/users", "/console/sign-in", "/join"] {
        for (what, attempt) in [
            (
                "script-src-elem",
                "const one = document.createElement('script'); one.textContent = '1'; document.body.append(one);",
            ),
            (
                "script-src-attr",
                "document.body.insertAdjacentHTML('beforeend', '<img src=\"/x\" onerror=\"window.__ran=1\">');",
            ),
            ("style-src-attr", "document.body.insertAdjacentHTML('beforeend', '<p style=\"color:red\">x</p>');"),
            ("img-src", "new Image().src = 'http://127.0.0.1:9/x';"),
            ("ran", "window.__ran = 1;"),
            ("alert", "alert(1);"),
        ] {
            browser.open(&format!("{}{page}", demo.base_url())).await;
            browser.ask("sessionStorage.clear()").await;
            browser.ask(attempt).await;
            browser.until(&format!("return (sessionStorage.seen ?? '').includes('{page}: {what}')")).await;
        }
    }
    browser.close().await;
}
