//! What people do in the browser, from the first link on; with scripts and without.

use serde_json::json;

use crate::demo::Demo;
use crate::driver::{Browser, Driver};

/// Connects an identity provider whose first person arrives while the checklist is open.
#[tokio::test]
async fn an_admin_connects_decides_and_deactivates() {
    let (demo, driver) = (Demo::start(), Driver::start());
    let robin = driver.browser("robin", true).await;
    robin.watch().await;
    robin.sign_in(demo.link()).await;
    assert_eq!(robin.path().await, "/console");
    connects(&robin, &demo).await;
    assert_eq!(robin.forbidden().await, "");
    decides(&robin, &demo).await;
    keys(&robin).await;

    // A second browser loses its session the moment its owner is deactivated.
    let second = driver.browser("second", true).await;
    second.sign_in(&demo.recover("sam.ortiz@example.org", "Sam Ortiz")).await;
    assert_eq!(second.path().await, "/console");
    robin.open(&format!("{}/console/users?q=sam.ortiz", demo.base_url())).await;
    robin.press("Sam Ortiz").await;
    robin.press("Deactivate").await;
    assert!(robin.words().await.contains("Nothing: no access"));
    robin.press("Deactivate").await;
    assert!(robin.words().await.contains("sam.ortiz@example.org has no access any longer"));
    second.open(&format!("{}/console/users", demo.base_url())).await;
    assert_eq!(second.path().await, "/console/sign-in");
    robin.close().await;
    second.close().await;
}

async fn connects(robin: &Browser, demo: &Demo) {
    robin.open(&format!("{}/console/connections", demo.base_url())).await;
    robin.press("Connect an identity provider").await;
    robin.tick("Another one that speaks SCIM").await;
    robin.fill("Name in its address", "newcomer").await;
    robin.press("Set it up").await;
    let set_up = "/console/connections/newcomer/set-up";
    assert_eq!(robin.path().await, set_up);
    robin.fill("Name of the token", "first").await;
    robin.press("Issue a token").await;
    let token = robin.ask("return document.querySelector('#secret').value").await;
    let token = token.as_str().expect("a token").to_owned();
    robin.open(&format!("{}{set_up}", demo.base_url())).await;
    assert!(!robin.words().await.contains(&token));
    let done = "return document.querySelectorAll('#checklist .badge-good').length";
    assert_eq!(robin.ask(done).await, 0);
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    let user =
        json!({ "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "new.comer@example.org" });
    let url = format!("{}/scim/v2/newcomer/Users", demo.base_url());
    let request = client.post(url).bearer_auth(&token).header("content-type", "application/scim+json");
    assert_eq!(request.body(user.to_string()).send().await.expect("an answer").status(), 201);
    // Nobody reloads the page: it looks by itself, says so, and takes nobody's place on it.
    robin.ask("document.querySelector('#steps button').focus();").await;
    for _ in 0..60 {
        if robin.ask(done).await.as_i64() >= Some(2) {
            let said = robin.ask("return document.querySelector('#said').textContent").await;
            assert!(said.as_str().is_some_and(|said| said.starts_with("Checklist changed.")), "{said}");
            assert_eq!(robin.ask("return document.activeElement.closest('#steps') !== null").await, true);
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    }
    panic!("the checklist does not tick: {}", robin.words().await);
}

async fn decides(robin: &Browser, demo: &Demo) {
    robin.open(&format!("{}/console/join-requests", demo.base_url())).await;
    robin.press("Ines Duarte").await;
    robin.tick("Leeds Works").await;
    robin.press("Accept").await;
    assert!(robin.words().await.contains("The request of ines.duarte@example.org was accepted."));
    robin.open(&format!("{}/console/held", demo.base_url())).await;
    let box_of = "document.querySelector('input[aria-label*=\"emil.sato\"]').click()";
    robin.ask(box_of).await;
    robin.press("Release").await;
    assert!(robin.words().await.contains("1 change was decided."), "{}", robin.words().await);
}

/// `/` leads to the search, `?` shows the keys, Esc closes them and gives the focus back.
async fn keys(robin: &Browser) {
    let body = robin.web.find(thirtyfour::By::Css("body")).await.expect("a page");
    body.send_keys("/").await.expect("a key");
    assert_eq!(robin.ask("return document.activeElement.id").await, "search");
    robin.ask("document.activeElement.blur()").await;
    body.send_keys("?").await.expect("a key");
    assert_eq!(robin.ask("return document.querySelector('#keys').open").await, true);
    assert_eq!(robin.violations().await, Vec::<String>::new());
}

#[tokio::test]
async fn everything_works_without_a_script() {
    let (demo, driver) = (Demo::start(), Driver::start());
    let robin = driver.browser("plain", false).await;
    robin.sign_in(demo.link()).await;
    robin.open(&format!("{}/console/invite", demo.base_url())).await;
    robin.fill("Name", "Plain Page").await;
    robin.fill("E-mail", "plain.page@example.org").await;
    robin.tick("Lyon Plant").await;
    robin.press("Add user").await;
    assert!(robin.words().await.contains("plain.page@example.org is on the list"));
    robin.press("Send invitations").await;
    assert!(robin.words().await.contains("2 invitations were sent."), "{}", robin.words().await);
    robin.open(&format!("{}/console/join-requests", demo.base_url())).await;
    robin.press("Ines Duarte").await;
    robin.fill("Message at a rejection", "Please ask Ada.").await;
    robin.press("Reject").await;
    assert!(robin.words().await.contains("was rejected"));
    robin.open(&format!("{}/console/connections/okta?tab=settings", demo.base_url())).await;
    robin.tick("Billing admin").await;
    robin.press("See what it would do").await;
    assert!(robin.path().await.starts_with("/console/plans/"), "{}", robin.words().await);
    robin.press("Apply exactly this").await;
    assert!(robin.words().await.contains("The plan is being applied."), "{}", robin.words().await);
    robin.close().await;
}
