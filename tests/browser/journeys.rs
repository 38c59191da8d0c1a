//! What people do in the browser, from the first link on; with scripts and without.

use serde_json::json;
use thirtyfour::Key;

use crate::demo::Demo;
use crate::driver::{Browser, Driver};
use crate::screens::screens;

const ROBIN: &str = "robin.hale@example.org";

/// Connects an identity provider whose first person arrives while the checklist is open.
#[tokio::test]
async fn an_admin_connects_decides_and_deactivates() {
    let (demo, driver) = (Demo::start(), Driver::start());
    let robin = driver.browser("robin", true).await;
    robin.watch().await;
    robin.sign_in(demo.link()).await;
    assert_eq!(robin.path().await, "/console");
    connects(&robin, &demo).await;
    assert_eq!(robin.seen().await, "");
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
    robin.until("return document.querySelectorAll('#checklist .badge-good').length >= 2").await;
    let said = robin.ask("return document.querySelector('#said').textContent").await;
    assert!(said.as_str().is_some_and(|said| said.starts_with("Checklist changed.")), "{said}");
    assert_eq!(robin.ask("return document.activeElement.closest('#steps') !== null").await, true);
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
    let focus = "return document.activeElement.id || document.activeElement.textContent.trim()";
    let is_open = "return document.querySelector('#keys').open";
    robin.ask("document.querySelector('nav.side a').focus()").await;
    robin.keys("?").await;
    assert_eq!(robin.ask(is_open).await, true);
    assert_eq!(robin.ask("return document.activeElement.closest('#keys') !== null").await, true);
    assert_eq!(robin.violations().await, Vec::<String>::new());
    robin.keys(Key::Escape + "").await;
    assert_eq!(robin.ask(is_open).await, false);
    assert_eq!(robin.ask(focus).await, "Overview", "the focus is where it was");
    robin.keys("/").await;
    assert_eq!(robin.ask(focus).await, "search");
    // Whoever types one into a field means the letter.
    robin.keys("?/").await;
    assert_eq!(robin.ask("return document.querySelector('#search').value").await, "?/");
    assert_eq!(robin.ask(is_open).await, false);
    // The first that Tab leads to skips the navigation.
    robin.open(robin.ask("return location.href").await.as_str().expect("text")).await;
    robin.keys(Key::Tab + "").await;
    assert_eq!(robin.ask(focus).await, "Skip to the content");
    robin.keys(Key::Enter + "").await;
    assert_eq!(robin.ask(focus).await, "main");
}

/// A form that outlives its session is kept, and what looks again by itself leads to the sign-in.
#[tokio::test]
async fn what_was_filled_in_outlives_a_session() {
    let (demo, driver) = (Demo::start(), Driver::start());
    let (base, inside) = (demo.base_url(), demo.inside().await);
    let link = async || inside.link("example", ROBIN).await;
    let robin = driver.browser("robin", true).await;
    robin.sign_in(demo.link()).await;
    robin.open(&format!("{base}/console/invite")).await;
    robin.fill("Name", "Nora Late").await;
    robin.fill("E-mail", "nora.late@example.org").await;
    robin.tick("Lyon Plant").await;
    let watching = driver.browser("watching", true).await;
    watching.sign_in(&link().await).await;
    watching.open(&format!("{base}/console/connections/okta/set-up")).await;
    let other = driver.browser("other", true).await;
    other.sign_in(&link().await).await;
    other.open(&format!("{base}/console/me?tab=details")).await;
    other.press("End every session").await;
    watching.until("return location.pathname === '/console/sign-in'").await;
    assert!(
        watching.words().await.contains("You are not signed in") || watching.words().await.contains("sign in again")
    );
    robin.press("Add user").await;
    assert_eq!(robin.path().await, "/console/sign-in");
    assert!(robin.words().await.contains("What you filled in is kept"), "{}", robin.words().await);
    robin.sign_in(&link().await).await;
    robin.open(&format!("{base}/console/kept")).await;
    assert!(robin.words().await.contains("nora.late@example.org"));
    let mut complaints = Vec::new();
    for (scheme, width) in [("light", 1280), ("dark", 320)] {
        robin.draw(scheme, width).await;
        complaints.extend(robin.complaints("/console/kept", scheme, width).await);
    }
    assert_eq!(complaints, Vec::<String>::new());
    robin.press("Send it now").await;
    assert!(robin.words().await.contains("nora.late@example.org is on the list"), "{}", robin.words().await);
    for browser in [robin, watching, other] {
        browser.close().await;
    }
}

/// An auditor sees every screen that is theirs, finds nothing to change things with, and cannot without either.
#[tokio::test]
async fn an_auditor_sees_everything_and_changes_nothing() {
    let (demo, driver) = (Demo::start(), Driver::start());
    let (base, inside) = (demo.base_url(), demo.inside().await);
    let robin = driver.browser("robin", true).await;
    robin.sign_in(demo.link()).await;
    let screens = screens(&robin, base).await;
    robin.close().await;
    let devika = driver.browser("devika", true).await;
    devika.sign_in(&inside.link("example", "devika.rao@example.org").await).await;
    assert_eq!(devika.path().await, "/console");
    // What can be filled in or pressed to send something, beside leaving and one's own page.
    let controls = "return [...document.querySelectorAll('form[method=post]')].filter((form) => !(form.getAttribute('action') \
                    ?? location.pathname).match('^/console/(sign-out$|me)')).flatMap((form) => [...form.elements].filter(\
                    (one) => one.type !== 'hidden' && one.type !== 'button' && !one.readOnly).map((one) => one.outerHTML))";
    let (mut seen, mut refused) = (0, 0);
    for screen in screens {
        devika.open(&screen).await;
        let words = devika.words().await;
        if words.contains("Only an Organization admin may do this.") {
            assert!(words.contains(ROBIN), "it does not say whom to ask: {words}");
            refused += 1;
            continue;
        }
        assert_eq!(devika.ask(controls).await, json!([]), "{screen}");
        seen += 1;
    }
    assert!(seen > 40 && refused > 3, "{seen} seen, {refused} refused");
    devika.open(&format!("{base}/console/users")).await;
    let before = devika.words().await;
    let ask = "const [path, done] = arguments; const csrf = document.querySelector('[name=csrf]').value; fetch(path, \
               { method: 'POST', body: new URLSearchParams({ csrf, name: 'x', email: 'x@example.org', decision: 'release', \
               id: 'x', key: 'x' }) }).then((answer) => done(answer.status))";
    for path in [
        "/console/invite",
        "/console/held",
        "/console/facilities",
        "/console/domains",
        "/console/connections/okta/tokens",
    ] {
        let answer = devika.web.execute_async(ask, vec![json!(path)]).await.expect("an answer");
        assert_eq!(*answer.json(), 403, "{path}");
    }
    devika.open(&format!("{base}/console/users")).await;
    assert_eq!(devika.words().await, before);
    devika.close().await;
}

/// A plan that is applied is looked at until it is done, by itself.
#[tokio::test]
async fn a_plan_says_by_itself_that_it_is_done() {
    let (demo, driver) = (Demo::start(), Driver::start());
    let robin = driver.browser("robin", true).await;
    robin.watch().await;
    robin.sign_in(demo.link()).await;
    robin.open(&format!("{}/console/connections/okta?tab=settings", demo.base_url())).await;
    robin.tick("Billing admin").await;
    robin.press("See what it would do").await;
    robin.press("Apply exactly this").await;
    robin.until("return document.querySelector('#plan').innerText.includes('applied it')").await;
    assert_eq!(robin.ask("return document.querySelector('#plan').hasAttribute('hx-get')").await, false);
    assert_eq!(robin.seen().await, "");
    robin.close().await;
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
