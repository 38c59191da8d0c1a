//! Every screen, looked at: accessible in the light and in the dark, wide and at 320 px, with much in it and with
//! nothing. A screen that is added and not looked at is a failure.

use secaro_gateway::web::routes::{Access, Route};

use crate::demo::{Demo, Inside};
use crate::driver::{Browser, Driver};

/// The screens, with names for what is found in the demo; see [`FOUND`]. An empty list is a screen too.
pub(crate) const SCREENS: [&str; 55] = [
    "/console",
    "/console/users",
    "/console/users?q=nobody-is-called-so",
    "/console/users/deactivate?person={person}",
    "/console/users/{person}",
    "/console/users/{person}?tab=details",
    "/console/users/{person}?tab=identity",
    "/console/users/{person}?tab=sent",
    "/console/users/{person}?tab=timeline",
    "/console/users/{person}/deactivate",
    "/console/users/{person}/detach",
    "/console/invite",
    "/console/join-requests",
    "/console/join-requests?state=expired",
    "/console/join-requests/{join}",
    "/console/held",
    "/console/conflicts",
    "/console/conflicts/{conflict}",
    "/console/invitations",
    "/console/invitations?state=expired",
    "/console/mail",
    "/console/mail/{mail}",
    "/console/plans",
    "/console/plans/{plan}",
    "/console/connections",
    "/console/connections/new",
    "/console/connections/okta",
    "/console/connections/okta/set-up",
    "/console/connections/okta/state?to=pause",
    "/console/connections/okta/rules/text",
    "/console/connections/okta/tokens/revoke?token={token}",
    "/console/connections/okta?tab=tokens",
    "/console/connections/okta?tab=groups",
    "/console/connections/okta?tab=rules&try=secaro-leeds-editors",
    "/console/connections/okta?tab=settings",
    "/console/groups",
    "/console/groups?show=unmatched",
    "/console/rules",
    "/console/requests",
    "/console/requests?status=failed",
    "/console/requests/{reference}",
    "/console/help",
    "/console/audit",
    "/console/audit?target=nobody@example.org&since=yesterday",
    "/console/reports",
    "/console/facilities",
    "/console/facilities/leeds",
    "/console/domains",
    "/console/domains/example.org/remove",
    "/console/settings",
    "/console/settings/sign-in",
    "/console/me",
    "/console/me?tab=details",
    "/console/me?tab=timeline",
    "/console/nowhere",
];

/// What whoever is not signed in sees.
const DOORS: [&str; 8] = [
    "/console/sign-in",
    "/console/sign-in?why=kept",
    "/console/sign-in/example",
    "/console/links/{link}",
    "/join",
    "/join/{unproven}",
    "/join/{proven}",
    "/invitations/{invitation}",
];

/// What is no screen, and why.
const NO_SCREEN: [(&str, &str); 4] = [
    ("/console/search", "leads to what was found"),
    ("/console/callback", "leads on, from a provider"),
    ("/console/kept", "is there only after a form was kept, and looked at then"),
    ("/assets/{file}", "what pages are drawn with"),
];

/// Real names for the parameters of [`SCREENS`]: each is found by a link on a list.
const FOUND: [(&str, &str, &str); 7] = [
    ("{person}", "/console/users?managed=okta", "/console/users/0"),
    ("{join}", "/console/join-requests", "/console/join-requests/0"),
    ("{conflict}", "/console/held", "/console/conflicts/0"),
    ("{mail}", "/console/mail", "/console/mail/0"),
    ("{plan}", "/console/plans", "/console/plans/0"),
    ("{token}", "/console/connections/okta?tab=tokens", "/console/connections/okta/tokens/revoke?token="),
    ("{reference}", "/console/requests?q=emil", "/console/requests/"),
];

/// The addresses of all screens, for somebody who is signed in as admin of the demo.
pub(crate) async fn screens(browser: &Browser, base: &str) -> Vec<String> {
    browser.open(&format!("{base}/console/connections/okta?tab=settings")).await;
    browser.tick("Billing admin").await;
    browser.press("See what it would do").await;
    let mut screens: Vec<String> = SCREENS.iter().map(|screen| format!("{base}{screen}")).collect();
    for (name, list, begins) in FOUND {
        browser.open(&format!("{base}{list}")).await;
        let script = format!(
            "return document.querySelector('main :is(td, th, li) a[href^=\"{begins}\"]')?.getAttribute('href') ?? ''"
        );
        let found = browser.ask(&script).await;
        let found = found.as_str().expect("text").rsplit(['/', '=']).next().unwrap_or_default().to_owned();
        assert!(!found.is_empty(), "{list} leads to no {begins}: {}", browser.words().await);
        for screen in &mut screens {
            *screen = screen.replace(name, &found);
        }
    }
    screens
}

/// The addresses of all doors.
async fn doors(inside: &Inside, base: &str) -> Vec<String> {
    let mut secrets = vec![("{link}", inside.link("example", "robin.hale@example.org").await)];
    for (name, email) in [("{unproven}", "una.first@example.org"), ("{proven}", "petra.second@example.org")] {
        post(&format!("{base}/join"), &[("name", "Somebody"), ("email", email)]).await;
        secrets.push((name, inside.mailed(email, "/join/").await));
    }
    post(&secrets[2].1, &[]).await;
    secrets.push(("{invitation}", inside.mailed("kofi.mensah@example.org", "/invitations/").await));
    let secret = |address: &str| address.rsplit('/').next().unwrap_or_default().to_owned();
    let real = |door: &&str| {
        let door = secrets.iter().fold((*door).to_owned(), |door, (name, found)| door.replace(name, &secret(found)));
        format!("{base}{door}")
    };
    DOORS.iter().map(real).collect()
}

/// Sends a form as a public page does; answers the status.
pub(crate) async fn post(address: &str, fields: &[(&str, &str)]) -> u16 {
    let client = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let request = client.build().expect("a client").post(address).header("sec-fetch-site", "same-origin").body(body);
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    request.send().await.expect("an answer").status().as_u16()
}

#[tokio::test]
async fn every_screen_is_accessible_and_fits_in_the_light() {
    every_screen("light").await;
}

#[tokio::test]
async fn every_screen_is_accessible_and_fits_in_the_dark() {
    every_screen("dark").await;
}

#[tokio::test]
async fn every_empty_screen_is_accessible_and_fits_in_the_light() {
    every_empty_screen("light").await;
}

#[tokio::test]
async fn every_empty_screen_is_accessible_and_fits_in_the_dark() {
    every_empty_screen("dark").await;
}

async fn every_screen(scheme: &str) {
    let (demo, driver) = (Demo::start(), Driver::start());
    let (base, inside) = (demo.base_url(), demo.inside().await);
    let browser = driver.browser("admin", true).await;
    browser.draw(scheme, 1280).await;
    let mut complaints = look(&browser, &doors(&inside, base).await, base, "", scheme).await;
    browser.sign_in(demo.link()).await;
    let screens = screens(&browser, base).await;
    complaints.extend(look(&browser, &screens, base, "", scheme).await);
    // What only a form leads to.
    let request = screens.iter().find(|screen| screen.contains("/console/requests/")).expect("a request");
    for width in [1280, 320] {
        browser.draw(scheme, width).await;
        browser.open(request).await;
        browser.press("Replay as a dry run").await;
        complaints.extend(browser.complaints("/console/requests/replayed", scheme, width).await);
    }
    browser.close().await;
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
}

/// The same in an organization that has nothing yet.
async fn every_empty_screen(scheme: &str) {
    let (demo, driver) = (Demo::start(), Driver::start());
    let (base, inside) = (demo.base_url(), demo.inside().await);
    let first = driver.browser("first", true).await;
    first.sign_in(&inside.empty_organization().await).await;
    let of_nothing = |screen: &&&str| {
        !screen.contains('{') && ["okta", "leeds", "example.org"].iter().all(|name| !screen.contains(name))
    };
    let empty: Vec<String> = SCREENS.iter().filter(of_nothing).map(|screen| format!("{base}{screen}")).collect();
    assert!(empty.len() > 20);
    let complaints = look(&first, &empty, base, "empty", scheme).await;
    first.close().await;
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
}

/// Looks at pages wide and narrow.
async fn look(browser: &Browser, pages: &[String], base: &str, what: &str, scheme: &str) -> Vec<String> {
    let mut complaints = Vec::new();
    for width in [1280, 320] {
        browser.draw(scheme, width).await;
        for page in pages {
            browser.open(page).await;
            let name = format!("{what}{}", page.trim_start_matches(base));
            complaints.extend(browser.complaints(&name, scheme, width).await);
        }
    }
    complaints
}

/// Whether a route's path is this one; how many of its parameters stand for something.
fn fits(route: &str, path: &str) -> Option<usize> {
    let (route, path): (Vec<&str>, Vec<&str>) = (route.split('/').collect(), path.split('/').collect());
    let fits =
        route.len() == path.len() && route.iter().zip(&path).all(|(one, other)| one.starts_with('{') || one == other);
    fits.then(|| route.iter().filter(|part| part.starts_with('{')).count())
}

/// Pages to open that nothing leads the tests to.
fn not_looked_at(routes: &[Route], screens: &[&str]) -> Vec<String> {
    let is_page = |route: &&Route| {
        let path = route.path.as_str();
        let of_people = matches!(route.access, Access::Console(_))
            || ["/console", "/join", "/invitations"].iter().any(|start| path.starts_with(start));
        let is_file = [".csv", ".jsonl"].iter().any(|end| path.ends_with(end));
        route.method == "GET" && of_people && !is_file && NO_SCREEN.iter().all(|(no, _)| *no != path)
    };
    let pages: Vec<&Route> = routes.iter().filter(is_page).collect();
    // Of several that fit, the router takes the one with the fewest parameters.
    let taken = |screen: &str| {
        let path = screen.split('?').next().unwrap_or_default();
        let fitting = pages.iter().filter_map(|route| Some((fits(&route.path, path)?, route.path.as_str())));
        fitting.min().map(|(_, path)| path)
    };
    let looked_at: Vec<&str> = screens.iter().filter_map(|screen| taken(screen)).collect();
    pages.iter().filter(|route| !looked_at.contains(&route.path.as_str())).map(|route| route.path.clone()).collect()
}

#[tokio::test]
async fn every_page_that_can_be_opened_is_looked_at() {
    let demo = Demo::start();
    let routes = demo.inside().await.routes();
    let screens: Vec<&str> = SCREENS.into_iter().chain(DOORS).collect();
    assert_eq!(not_looked_at(&routes, &screens), Vec::<String>::new(), "add it to SCREENS or DOORS");
    // One that is missing is seen, also where another one's parameter could stand for it.
    let without: Vec<&str> = screens.into_iter().filter(|screen| !screen.contains("/users/deactivate")).collect();
    assert_eq!(not_looked_at(&routes, &without), ["/console/users/deactivate"]);
}

#[tokio::test]
async fn colours_that_were_chosen_hold_against_the_system_and_are_accessible() {
    let (demo, driver) = (Demo::start(), Driver::start());
    let browser = driver.browser("colours", true).await;
    browser.sign_in(demo.link()).await;
    let ground = "return getComputedStyle(document.body).backgroundColor";
    let mut complaints = Vec::new();
    for (system, chosen, expected) in
        [("light", "dark", "rgb(20, 24, 28)"), ("dark", "light", "rgb(255, 255, 255)"), ("dark", "", "rgb(20, 24, 28)")]
    {
        browser.draw(system, 1280).await;
        browser.open(&format!("{}/console/users?status=active", demo.base_url())).await;
        browser.ask(&format!("document.querySelector('.theme button[value=\"{chosen}\"]').click()")).await;
        browser.until(&format!("return (document.documentElement.dataset.theme ?? '') === '{chosen}'")).await;
        assert_eq!(browser.path().await, "/console/users", "where it was chosen");
        browser.open(&format!("{}/console/reports", demo.base_url())).await;
        assert_eq!(browser.ask(ground).await, expected, "{chosen} where the system is {system}");
        complaints.extend(browser.complaints(&format!("/console/reports/chosen-{chosen}"), system, 1280).await);
    }
    browser.close().await;
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
}
