//! Every screen, looked at: accessible in the light and in the dark, wide and at 320 px, with much in it and with
//! nothing; and nothing that others wrote is ever more than text.

use serde_json::json;

use crate::demo::Demo;
use crate::driver::{Browser, Driver};

/// The screens that need no id. An empty list is a screen too.
const SCREENS: [&str; 32] = [
    "/console",
    "/console/users",
    "/console/users?q=nobody-is-called-so",
    "/console/invite",
    "/console/join-requests",
    "/console/join-requests?state=expired",
    "/console/held",
    "/console/conflicts",
    "/console/invitations",
    "/console/invitations?state=expired",
    "/console/mail",
    "/console/plans",
    "/console/connections",
    "/console/connections/new",
    "/console/connections/okta",
    "/console/connections/okta/set-up",
    "/console/groups",
    "/console/groups?show=unmatched",
    "/console/rules",
    "/console/connections/okta?tab=tokens",
    "/console/connections/okta?tab=groups",
    "/console/connections/okta?tab=rules&try=secaro-leeds-editors",
    "/console/connections/okta?tab=settings",
    "/console/requests",
    "/console/requests?status=failed",
    "/console/help",
    "/console/audit",
    "/console/facilities",
    "/console/facilities/leeds",
    "/console/domains",
    "/console/settings",
    "/console/me",
];

/// Those of one thing, found by the first link of a kind on a list.
const FOUND: [(&str, &str); 5] = [
    ("/console/users", "/console/users/0"),
    ("/console/join-requests", "/console/join-requests/0"),
    ("/console/held", "/console/conflicts/0"),
    ("/console/mail", "/console/mail/0"),
    ("/console/requests?status=failed", "/console/requests/"),
];

async fn screens(browser: &Browser, base: &str) -> Vec<String> {
    let mut screens: Vec<String> = SCREENS.iter().map(|path| format!("{base}{path}")).collect();
    for (list, start) in FOUND {
        browser.open(&format!("{base}{list}")).await;
        let script =
            format!("return document.querySelector('main td a[href^=\"{start}\"], main th a[href^=\"{start}\"]').href");
        screens.push(browser.ask(&script).await.as_str().expect("a link").to_owned());
    }
    let person = screens[SCREENS.len()].clone();
    screens.extend(["?tab=details", "?tab=timeline", "/deactivate"].map(|end| format!("{person}{end}")));
    screens.push(format!("{base}/console/nowhere"));
    screens
}

fn name_of(address: &str) -> String {
    let path = address.split("/console").nth(1).unwrap_or_default();
    let name: String = path.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '-' }).collect();
    format!("console{}", name.chars().take(48).collect::<String>())
}

#[tokio::test]
async fn every_screen_is_accessible_and_fits_in_the_light() {
    every_screen("light").await;
}

#[tokio::test]
async fn every_screen_is_accessible_and_fits_in_the_dark() {
    every_screen("dark").await;
}

async fn every_screen(scheme: &str) {
    let (demo, driver) = (Demo::start(), Driver::start());
    let browser = driver.browser("admin", true).await;
    browser.draw(scheme, 1280).await;
    for path in ["/console/sign-in", "/console/sign-in?why=kept", "/join"] {
        browser.open(&format!("{}{path}", demo.base_url())).await;
        assert_eq!(browser.violations().await, Vec::<String>::new(), "{path}");
    }
    browser.open(demo.link()).await;
    assert_eq!(browser.violations().await, Vec::<String>::new(), "the link's page");
    browser.press("Sign in").await;
    let screens = screens(&browser, demo.base_url()).await;
    let mut complaints = Vec::new();
    for width in [1280, 320] {
        browser.draw(scheme, width).await;
        for screen in &screens {
            browser.open(screen).await;
            let found = browser.violations().await;
            complaints.extend(found.into_iter().map(|line| format!("{screen} {scheme} {width}: {line}")));
            let beside = browser.ask("return document.documentElement.scrollWidth - innerWidth").await;
            if beside.as_i64().is_some_and(|beside| beside > 0) {
                complaints.push(format!("{screen} {width}: {beside} px stand out"));
            }
            browser.picture(&format!("{}-{scheme}-{width}", name_of(screen))).await;
        }
    }
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
    browser.close().await;
}

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

#[tokio::test]
async fn t80_three_hundred_hostile_texts_stay_text() {
    let (demo, driver) = (Demo::start(), Driver::start());
    let texts = hostile();
    assert_eq!(texts.len(), 300);
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
    assert!(taken > 100, "only {taken} were taken");
    let browser = driver.browser("admin", true).await;
    browser
        .before_each_page(
            "addEventListener('securitypolicyviolation', (one) => { window.__violated = one.violatedDirective + ' ' + \
             one.blockedURI; }); window.alert = () => { window.__ran = 1; };",
        )
        .await;
    browser.sign_in(demo.link()).await;
    let mut visited = screens(&browser, demo.base_url()).await;
    visited.extend(
        ["q=text00", "q=text05&order=changed", "order=changed", "order=email"]
            .map(|query| format!("{}/console/users?{query}", demo.base_url())),
    );
    for screen in visited {
        browser.open(&screen).await;
        let found = browser.ask("return [window.__ran ?? null, window.__violated ?? null]").await;
        assert_eq!(found, json!([null, null]), "{screen}");
    }
    browser.close().await;
}
