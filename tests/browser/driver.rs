//! Chromium and its driver, started for one test and ended with it; and what is asked of every page.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;
use thirtyfour::prelude::*;

const AXE: &str = include_str!("axe.min.js");

/// The driver's process.
pub(crate) struct Driver {
    child: Child,
    port: u16,
    profiles: TempDir,
}

impl Driver {
    /// Starts it on a free port.
    #[expect(clippy::disallowed_methods, reason = "the environment is the tests' interface")]
    pub(crate) fn start() -> Self {
        // Only http is spoken here; but a client cannot be made without a choice.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let port = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").port();
        let program = std::env::var("TEST_CHROMEDRIVER").unwrap_or_else(|_| "chromedriver".to_owned());
        let mut command = Command::new(program);
        command.arg(format!("--port={port}")).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let child = command.spawn().expect("chromedriver starts (Debian: chromium-driver)");
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(begun.elapsed() < Duration::from_secs(30), "chromedriver does not listen");
            std::thread::sleep(Duration::from_millis(50));
        }
        Self { child, port, profiles: tempfile::tempdir().expect("a folder") }
    }

    /// A browser of its own, with nothing of another one's.
    pub(crate) async fn browser(&self, name: &str, scripts: bool) -> Browser {
        let mut chrome = DesiredCapabilities::chrome();
        let profile = format!("--user-data-dir={}", self.profiles.path().join(name).display());
        for argument in [
            "--headless=new",
            "--no-sandbox",
            "--disable-dev-shm-usage",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--window-size=1280,900",
            &profile,
        ] {
            chrome.add_arg(argument).expect("an argument");
        }
        if !scripts {
            let off = json!({ "profile.managed_default_content_settings.javascript": 2 });
            chrome.add_experimental_option("prefs", off).expect("an option");
        }
        let web = WebDriver::new(&format!("http://127.0.0.1:{}", self.port), chrome).await.expect("Chromium starts");
        Browser { web }
    }
}

impl Drop for Driver {
    /// Asked to shut down, it ends its browsers too, also those of a test that failed.
    fn drop(&mut self) {
        if let Ok(mut connection) = TcpStream::connect(("127.0.0.1", self.port)) {
            let request = "GET /shutdown HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n";
            let _ = connection.write_all(request.as_bytes());
            let _ = connection.set_read_timeout(Some(Duration::from_secs(10)));
            let _ = connection.read_to_end(&mut Vec::new());
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One browser.
pub(crate) struct Browser {
    pub(crate) web: WebDriver,
}

impl Browser {
    /// Opens an address.
    pub(crate) async fn open(&self, address: &str) {
        self.web.goto(address).await.expect("a page");
    }

    /// Signs in with a link.
    pub(crate) async fn sign_in(&self, link: &str) {
        self.open(link).await;
        self.press("Sign in").await;
    }

    /// Presses the button, or follows the link, that is called so; a page follows.
    pub(crate) async fn press(&self, name: &str) {
        let called = format!("//main//*[self::button or self::a][starts-with(normalize-space(.), '{name}')]");
        let found = self.web.find(By::XPath(called)).await;
        let page = self.web.find(By::Css("html")).await.expect("a page");
        found.unwrap_or_else(|error| panic!("no «{name}»: {error}")).click().await.expect("a click");
        let begun = Instant::now();
        while page.tag_name().await.is_ok() {
            assert!(begun.elapsed() < Duration::from_secs(30), "no page follows «{name}»: {}", self.words().await);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        self.web.find(By::Css("main")).await.expect("a page");
    }

    /// Waits until a script answers true, on whatever page the browser is by then.
    pub(crate) async fn until(&self, script: &str) {
        let begun = Instant::now();
        loop {
            let found = self.web.execute(script, Vec::new()).await;
            if found.is_ok_and(|found| *found.json() == true) {
                return;
            }
            assert!(begun.elapsed() < Duration::from_secs(30), "never: {script}\n{}", self.words().await);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Presses keys where the focus is.
    pub(crate) async fn keys(&self, keys: impl Into<TypingData>) {
        self.web.active_element().await.expect("a focus").send_keys(keys).await.expect("keys");
    }

    /// Fills in the field with this label.
    pub(crate) async fn fill(&self, label: &str, text: &str) {
        let field = format!("//*[@id=//label[normalize-space(.)='{label}']/@for]");
        let field = self.web.find(By::XPath(field)).await.unwrap_or_else(|_| panic!("no field «{label}»"));
        field.clear().await.expect("a field");
        field.send_keys(text).await.expect("typing");
    }

    /// Ticks the choice that is called so.
    pub(crate) async fn tick(&self, name: &str) {
        let choice = format!("//label[contains(normalize-space(.), '{name}')]/input");
        self.web
            .find(By::XPath(choice))
            .await
            .unwrap_or_else(|_| panic!("no «{name}»"))
            .click()
            .await
            .expect("a click");
    }

    /// What the main part of the page says.
    pub(crate) async fn words(&self) -> String {
        self.web.find(By::Css("main")).await.expect("a page").text().await.expect("text")
    }

    /// Where the browser is, without the host.
    pub(crate) async fn path(&self) -> String {
        let url = self.web.current_url().await.expect("an address");
        url.path().to_owned()
    }

    /// The cookie of its session, as it is sent.
    pub(crate) async fn session_cookie(&self) -> String {
        let cookie = self.web.get_named_cookie("__Host-secaro-session").await.expect("a session");
        format!("{}={}", cookie.name, cookie.value)
    }

    /// What a script answers.
    pub(crate) async fn ask(&self, script: &str) -> Value {
        self.web.execute(script, Vec::new()).await.expect("a script").json().clone()
    }

    /// Draws as for this preference and width.
    pub(crate) async fn draw(&self, scheme: &str, width: u32) {
        let tools = self.web.cdp();
        let media = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        tools.send_raw("Emulation.setEmulatedMedia", media).await.expect("a preference");
        let size = json!({ "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false });
        tools.send_raw("Emulation.setDeviceMetricsOverride", size).await.expect("a width");
    }

    /// Runs a script in every page before its own.
    pub(crate) async fn before_each_page(&self, script: &str) {
        let tools = self.web.cdp();
        let source = json!({ "source": script });
        tools.send_raw("Page.addScriptToEvaluateOnNewDocument", source).await.expect("a script");
    }

    /// Notes what the pages' policy forbids, and whether a text of ours runs, from here on.
    pub(crate) async fn watch(&self) {
        let note = "{ const note = (what) => { sessionStorage.seen = (sessionStorage.seen ?? '') + location.pathname + ': ' \
                    + what + '\\n'; }; addEventListener('securitypolicyviolation', (one) => note(one.effectiveDirective)); \
                    window.alert = () => note('alert'); Object.defineProperty(window, '__ran', { set() { note('ran'); } }); }";
        self.before_each_page(note).await;
    }

    /// What was noted since.
    pub(crate) async fn seen(&self) -> String {
        self.ask("return sessionStorage.seen ?? ''").await.as_str().expect("text").to_owned()
    }

    /// What is wrong with how the page looks at this width, each in a line; keeps a picture.
    pub(crate) async fn complaints(&self, name: &str, scheme: &str, width: u32) -> Vec<String> {
        let found = self.violations().await.into_iter().map(|line| format!("{name} {scheme} {width}: {line}"));
        let mut complaints: Vec<String> = found.collect();
        let beside = self.ask("return document.documentElement.scrollWidth - innerWidth").await;
        if beside.as_i64().is_some_and(|beside| beside > 0) {
            complaints.push(format!("{name} {width}: {beside} px stand out"));
        }
        self.picture(&format!("{}-{scheme}-{width}", file_name(name))).await;
        complaints
    }

    /// What axe-core finds wrong with the page, each in a line.
    pub(crate) async fn violations(&self) -> Vec<String> {
        self.web.execute(AXE, Vec::new()).await.expect("axe-core");
        let run = "const done = arguments[arguments.length - 1]; axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', \
                   'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }).then((found) => done(found.violations.map(\
                   (one) => one.id + ': ' + one.nodes.map((node) => node.html.slice(0, 200)).slice(0, 3).join(' | '))));";
        let found = self.web.execute_async(run, Vec::new()).await.expect("an answer of axe-core");
        found.convert().expect("lines")
    }

    /// Keeps a picture of the page.
    pub(crate) async fn picture(&self, name: &str) {
        let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("screens");
        std::fs::create_dir_all(&folder).expect("a folder");
        let png = self.web.screenshot_as_png().await.expect("a picture");
        std::fs::write(folder.join(format!("{name}.png")), png).expect("a file");
    }

    /// Ends it.
    pub(crate) async fn close(self) {
        self.web.quit().await.expect("an end");
    }
}

/// Without ids, so that the next run's picture takes the place of this one's.
fn file_name(screen: &str) -> String {
    let is_id = |part: &&str| part.len() > 9 && part.bytes().any(|byte| byte.is_ascii_digit());
    let parts = screen.split(['/', '?', '=', '&']).map(|part| if is_id(&part) { "one" } else { part });
    let name = parts.filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-");
    name.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '-' }).take(64).collect()
}
