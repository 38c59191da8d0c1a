//! Signing in at a real OpenID provider, as its user sees it: from the invitation to the provider and back.

use secaro_gateway::clock::{Clock as _, SystemClock};

use crate::demo::Demo;
use crate::driver::{Browser, Driver};
use crate::op::{Manner, Op, SECRET};

#[tokio::test]
async fn somebody_invited_joins_with_their_provider_and_is_unlinked() {
    let (demo, driver) = (Demo::start(), Driver::start());
    let base = demo.base_url();
    let callback = format!("{base}/console/callback");
    let mut op = Op::start(&callback, SystemClock.now().millis(), Manner::default());
    op.tell(r#"claims {"sub":"00u9","email":"mei.tan@example.org","email_verified":true}"#);

    let robin = driver.browser("robin", true).await;
    robin.sign_in(demo.link()).await;
    robin.open(&format!("{base}/console/settings/sign-in")).await;
    robin.fill("Name on the button", "Example login").await;
    robin.fill("Issuer", &op.issuer).await;
    robin.fill("Client ID", "secaro").await;
    robin.fill("Client secret", SECRET).await;
    robin.press("Add the provider").await;
    assert!(robin.words().await.contains("People may sign in with Example login now."), "{}", robin.words().await);
    assert_eq!(robin.violations().await, Vec::<String>::new());
    robin.picture("sign-in-settings").await;

    robin.open(&format!("{base}/console/invite")).await;
    robin.fill("Name", "Mei Tan").await;
    robin.fill("E-mail", "mei.tan@example.org").await;
    robin.press("Add user").await;
    robin.press("Send invitations").await;
    robin.open(&format!("{base}/console/mail")).await;
    robin.press("Invitation to mei.tan@example.org").await;
    // Kept mails show their links; this one is kept once it was its turn.
    robin.until("return document.body.innerText.includes('/invitations/') || (location.reload(), false)").await;
    let words = robin.words().await;
    let (_, link) = words.split_once("/invitations/").expect("a link");
    let link = link.split_whitespace().next().expect("a secret");

    let mei = driver.browser("mei", true).await;
    mei.watch().await;
    mei.open(&format!("{base}/invitations/{link}")).await;
    leave(&mei, "Join with Example login").await;
    prove(&mei).await;
    mei.until("return location.pathname === '/console/me'").await;
    mei.open(&format!("{base}/console/me?tab=identity")).await;
    assert!(mei.words().await.contains(&format!("As 00u9 of {}, linked by an invitation", op.issuer)));
    assert_eq!(mei.violations().await, Vec::<String>::new());
    assert_eq!(mei.seen().await, "");

    robin.open(&format!("{base}/console/users?q=mei.tan")).await;
    robin.press("Mei Tan").await;
    robin.press("Identity").await;
    robin.press("Unlink").await;
    assert!(robin.words().await.contains("mei.tan@example.org is unlinked"), "{}", robin.words().await);
    mei.open(&format!("{base}/console/me")).await;
    assert_eq!(mei.path().await, "/console/sign-in/example", "whoever came by the provider is led there again");
    leave(&mei, "Continue with Example login").await;
    // The provider knows her still; but whoever lost a session is asked to prove who they are anew.
    prove(&mei).await;
    mei.until("return document.querySelector('h1')?.textContent === 'You are not signed in'").await;
    assert!(mei.words().await.contains("knows you as 00u9, which is nobody here yet"), "{}", mei.words().await);
    robin.close().await;
    mei.close().await;
}

/// Presses a button that leads to the provider, whose pages are not ours.
async fn leave(browser: &Browser, name: &str) {
    let press =
        format!("[...document.querySelectorAll('main button')].find(one => one.innerText === '{name}').click()");
    browser.ask(&press).await;
}

/// Signs in on the provider's own page.
async fn prove(browser: &Browser) {
    browser.until("return document.querySelector('[name=login]') !== null").await;
    let enter = "document.querySelector('[name=login]').value = '00u9'; \
                 document.querySelector('[name=password]').value = 'x'; \
                 document.querySelector('[type=submit]').click();";
    browser.ask(enter).await;
}
