//! The console as an admin walks it: from page to page by the links that the pages hold, until every kind of page has
//! been seen. Knows no screen by name, so that a new one is walked as well.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use axum::http::Method;
use secaro_gateway::web::routes::Access;

use super::support::app::{Browser, Page, TestApp};

/// What of an address tells another page, and not the same one about somebody else.
const TELLING: [&str; 9] = ["attention", "order", "only", "role", "show", "state", "status", "tab", "to"];

/// Whether it is a file of everything, and no page.
pub(crate) fn is_file(path: &str) -> bool {
    let path = path.split('?').next().unwrap_or_default();
    [".csv", ".jsonl"].into_iter().any(|ending| path.ends_with(ending))
}

/// A gateway, and a browser in which an admin is signed in.
pub(crate) struct Site {
    app: TestApp,
    browser: Browser,
}

impl Site {
    pub(crate) async fn enter(app: TestApp, admin: &str) -> Self {
        let browser = app.sign_in(admin).await;
        Self { app, browser }
    }

    pub(crate) async fn open(&self, path: &str) -> Page {
        self.app.browse(&self.browser, path).await
    }

    /// Every kind of page, by its route and what tells it apart, with the first address of it.
    pub(crate) async fn walk(&self, typed: &[&str]) -> BTreeMap<String, String> {
        let routes = self.routes();
        let mut ways: VecDeque<String> = ["/console"].iter().chain(typed).map(|path| (*path).to_owned()).collect();
        let (mut pages, mut seen) = (BTreeMap::new(), BTreeSet::new());
        while let Some(path) = ways.pop_front() {
            let Some(name) = name(&path, &routes) else { continue };
            if !seen.insert(name.clone()) {
                continue;
            }
            let page = self.open(&path).await;
            if page.status != 200 {
                continue;
            }
            if !is_file(&path) {
                ways.extend(links(&page.text, &path));
            }
            pages.insert(name, path);
        }
        pages
    }

    /// The routes that no walk arrives at.
    pub(crate) async fn unreached(&self, typed: &[&str]) -> Vec<String> {
        let pages = self.walk(typed).await;
        let seen: BTreeSet<&str> = pages.keys().map(|name| name.split('?').next().unwrap_or_default()).collect();
        self.routes().into_iter().filter(|route| !seen.contains(route.as_str())).collect()
    }

    /// The console's pages as they are routed.
    fn routes(&self) -> Vec<String> {
        let pages = self.app.routes().into_iter();
        let pages = pages.filter(|route| matches!(route.access, Access::Console(_)) && route.method == Method::GET);
        pages.map(|route| route.path).collect()
    }
}

/// Which kind of page an address is of; none if two filters meet, or a page of one is turned: those are walked alone.
fn name(address: &str, routes: &[String]) -> Option<String> {
    let (path, query) = address.split_once('?').unwrap_or((address, ""));
    let fits = |route: &&String| {
        let (mut path, mut route) = (path.split('/'), route.split('/'));
        route.by_ref().zip(path.by_ref()).all(|(of_route, piece)| of_route.starts_with('{') || of_route == piece)
            && path.next().is_none()
            && route.next().is_none()
    };
    let same_length = |route: &&String| route.split('/').count() == path.split('/').count();
    let route = routes.iter().filter(same_length).filter(fits).min_by_key(|route| route.matches('{').count())?;
    let mut said: Vec<String> = form_urlencoded::parse(query.as_bytes())
        .filter(|(_, value)| !value.is_empty())
        .map(|(key, value)| if TELLING.contains(&&*key) { format!("{key}={value}") } else { key.into_owned() })
        .collect();
    said.sort_unstable();
    said.dedup();
    if is_file(path) {
        return said.is_empty().then(|| route.clone());
    }
    let within_a_tab = said.iter().any(|one| one.starts_with("tab="));
    if said.len() > 1 && !within_a_tab {
        return None;
    }
    Some(if said.is_empty() { route.clone() } else { format!("{route}?{}", said.join("&")) })
}

/// The addresses that a page leads to.
fn links<'a>(text: &'a str, from: &'a str) -> impl Iterator<Item = String> + 'a {
    let path = from.split('?').next().unwrap_or_default();
    let targets = text.split(" href=\"").skip(1).filter_map(|rest| rest.split('"').next());
    targets.filter_map(move |target| {
        let target = target.replace("&#38;", "&").replace("&amp;", "&");
        let target = target.split('#').next().unwrap_or_default();
        match target.chars().next()? {
            '/' => Some(target.to_owned()),
            '?' => Some(format!("{path}{target}")),
            _ => None,
        }
    })
}
