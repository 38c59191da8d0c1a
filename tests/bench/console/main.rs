//! What the console's pages cost: `cargo bench --bench console [-- --people N --calls N]` fills an organization of ten
//! people and one of ten thousand through the gateway's own doors, walks every page that its links lead to, and prints
//! for each what the server takes and how much it sends. A page's cost should follow the page: the ratio tells where it
//! follows the directory. `TEST_STORE=postgres` measures there. Prints, and judges nothing.
#![expect(clippy::print_stdout, reason = "the figures are its output")]

mod organization;
#[expect(dead_code, unused_imports, clippy::unwrap_used, reason = "the tests' own, of which this needs a part")]
#[path = "../../it/support/mod.rs"]
mod support;
mod walk;

use std::time::{Duration, Instant};

use organization::Organization;
use support::app::Page;
use walk::Site;

/// The organization that the other one is compared with.
const FEW: usize = 10;

/// Addresses that no link leads to: what is typed into a form.
const TYPED: [&str; 11] = [
    "/console/users?q=ada",
    "/console/users?q=nobody-is-called-so",
    "/console/users?role=view_only",
    "/console/users?role=billing_admin",
    "/console/users?attention=yes",
    "/console/users?facility=leeds",
    "/console/users?managed=-",
    "/console/groups?q=team",
    "/console/requests?q=User",
    "/console/audit?actor=connection+okta",
    "/console/connections/okta?tab=rules&try=secaro-leeds-editors",
];

#[tokio::main]
async fn main() {
    let (people, calls) = (asked("--people", 10_000), asked("--calls", 50));
    println!("\n{} {}, {calls} calls each", env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"));
    let (few, many) = (Box::pin(filled(FEW)).await, Box::pin(filled(people)).await);
    let (pages, unreached) = (many.walk(&TYPED).await, many.unreached(&TYPED).await);
    let known = few.walk(&TYPED).await;

    println!(
        "\n{:<66}{:>9}{:>9}{:>9}{:>7}{:>8}{:>8}",
        "page",
        format!("{FEW} ms"),
        format!("{people} ms"),
        "p95 ms",
        "ratio",
        "KB few",
        "KB"
    );
    for (name, path) in &pages {
        let calls = if walk::is_file(path) { calls.min(3) } else { calls };
        let little = known.get(name).map(String::as_str);
        let (mut one, mut other) = (Sample::default(), Sample::default());
        // In turns, so that a slow moment of the machine falls on both alike.
        for _ in 0..=calls {
            if let Some(path) = little {
                one.take(&few, path).await;
            }
            other.take(&many, path).await;
        }
        print(name, &one, &other);
    }
    for route in unreached {
        println!("{route:<66} leads elsewhere, or no link leads there");
    }
}

async fn filled(people: usize) -> Site {
    let start = Instant::now();
    let organization = Organization::fill(people).await;
    println!("{people} people, {} in {:.1} s", organization.contents().await, start.elapsed().as_secs_f64());
    Site::enter(organization.app, organization::ADMIN).await
}

/// A number of the command line.
fn asked(option: &str, otherwise: usize) -> usize {
    let arguments: Vec<String> = std::env::args().collect();
    let at = arguments.iter().position(|argument| argument == option);
    at.map_or(otherwise, |at| arguments[at + 1].parse().expect("a number"))
}

/// What a page took, each time it was asked for.
#[derive(Default)]
struct Sample {
    times: Vec<Duration>,
    bytes: usize,
}

impl Sample {
    async fn take(&mut self, site: &Site, path: &str) {
        let asked = Instant::now();
        let Page { status, text, .. } = site.open(path).await;
        self.times.push(asked.elapsed());
        self.bytes = text.len();
        assert_eq!(status, 200, "{path}: {text}");
    }

    /// The time within which this share of the calls was answered; the first warmed up and does not count.
    fn within(&self, percent: usize) -> f64 {
        let mut sorted: Vec<_> = self.times.iter().skip(1).collect();
        sorted.sort_unstable();
        sorted.get(sorted.len().saturating_sub(1) * percent / 100).map_or(f64::NAN, |time| time.as_secs_f64() * 1e3)
    }

    fn kilobytes(&self) -> f64 {
        f64::from(u32::try_from(self.bytes).expect("a page")) / 1e3
    }
}

fn print(name: &str, few: &Sample, many: &Sample) {
    let (median, tail, kilobytes) = (many.within(50), many.within(95), many.kilobytes());
    if few.times.is_empty() {
        return println!("{name:<66}{:>9}{median:>9.2}{tail:>9.2}{:>7}{:>8}{kilobytes:>8.0}", "–", "–", "–");
    }
    let before = few.within(50);
    let ratio = median / before;
    println!("{name:<66}{before:>9.2}{median:>9.2}{tail:>9.2}{ratio:>7.1}{:>8.0}{kilobytes:>8.0}", few.kilobytes());
}
