//! The load program: `cargo bench --bench load [-- --database URL]` starts the server on loopback with a database of
//! its own, fills it through the real endpoint as Okta and Entra do, and prints what each request costs, next to what
//! the disk of the same minute gives. Ends by itself within three minutes; ends only the server it started.
#![expect(clippy::print_stdout, reason = "the figures are its output")]

mod client;
mod machine;
#[path = "../../it/support/process.rs"]
mod process;

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use client::{Client, Request};
use machine::Cpu;
use process::Gateway;

const DIALECTS: [&str; 2] = ["okta", "entra"];
const GROUPS: [usize; 3] = [10, 1_000, 10_000];
/// Members added to each group: in rounds, so that a slow moment of the machine falls on all sizes alike.
const ROUNDS: usize = 5;
const ADDS: usize = 60;
/// How much more the largest group may cost than the smallest.
const WITHIN: f64 = 1.3;

/// Longest that each kind of request is asked for.
const SPELL: Duration = Duration::from_secs(4);
/// Longest that making one connection's users may take; with fewer the largest group is smaller, and says so.
const FILLING: Duration = Duration::from_secs(35);

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder below target");
    let given = arguments.iter().position(|argument| argument == "--database").map(|at| arguments[at + 1].clone());
    let database = given.unwrap_or_else(|| folder.path().join("gateway.db").to_string_lossy().into_owned());

    let tokens = process::provision(&database, DIALECTS);
    let gateway = start(&database);
    println!("\nserver {} on {}\n", env!("CARGO_PKG_VERSION"), database);
    println!("{:<34}{:>11}{:>10}{:>10}{:>14}", "request", "requests/s", "p50 ms", "p99 ms", "server µs/req");
    let sides: Vec<Side> =
        DIALECTS.iter().zip(&tokens).map(|(dialect, token)| Side::fill(&gateway, dialect, token)).collect();
    sides[0].reads(&gateway);
    let dearest = sides.iter().map(|side| side.members(&gateway)).fold(0.0, f64::max);
    sides[0].deactivations(&gateway);

    surroundings(gateway, &database, folder.path());
    assert!(dearest <= WITHIN, "adding one member costs {dearest:.2} times as much in a larger group");
}

fn start(database: &str) -> Gateway {
    // One client, as fast as it can: what a limit would refuse is not what is measured here.
    Gateway::start(database, &[("SECARO_SCIM__RATE_LIMIT", "1000000"), ("SECARO_SCIM__RATE_BURST", "1000000")])
}

/// One connection's side of the load.
struct Side {
    dialect: &'static str,
    token: String,
    users: Vec<String>,
}

impl Side {
    /// Makes users until the largest group can be filled and still has as many outside as will be added.
    fn fill(gateway: &Gateway, dialect: &'static str, token: &str) -> Self {
        let wanted = GROUPS[GROUPS.len() - 1] + ROUNDS * ADDS;
        let users = Mutex::new(vec![String::new(); wanted]);
        let mut side = Self { dialect, token: token.to_owned(), users: Vec::new() };
        let request = |n| Request { method: "POST", path: "/Users".into(), body: user(dialect, n), expect: 201 };
        let keep = |n: usize, body: &[u8]| users.lock().expect("no panic")[n] = id(body);
        let sample = side.measure(gateway, 32, wanted, FILLING, request, keep);
        sample.print(&format!("create a user ({dialect}, 32 at once)"));
        side.users = users.into_inner().expect("no panic").into_iter().filter(|id| !id.is_empty()).collect();
        side
    }

    fn reads(&self, gateway: &Gateway) {
        let any = |n: usize| &self.users[(n * 7919) % self.users.len()];
        let get = |path: String| Request { method: "GET", path, body: String::new(), expect: 200 };
        let drop_answer = |_: usize, _: &[u8]| ();
        let all = usize::MAX;
        self.measure(gateway, 8, all, SPELL, |n| get(format!("/Users/{}", any(n))), drop_answer).print("GET by id");
        let by_name = |n: usize| {
            let filter = format!("userName eq \"{}\"", user_name(self.dialect, (n * 7919) % self.users.len()));
            get(format!("/Users?filter={}", filter.replace(' ', "%20").replace('"', "%22")))
        };
        self.measure(gateway, 8, all, SPELL, by_name, drop_answer).print("filter by userName");
        let page = |n: usize| get(format!("/Users?startIndex={}&count=100", 1 + (n * 100) % (self.users.len() - 100)));
        self.measure(gateway, 8, all, SPELL, page, drop_answer).print("page of 100");
    }

    /// Adds single members to groups of each size; how many times as dear the dearest size is as the smallest.
    fn members(&self, gateway: &Gateway) -> f64 {
        let sizes: Vec<usize> = GROUPS.iter().map(|size| (*size).min(self.users.len() - ROUNDS * ADDS)).collect();
        let groups: Vec<String> = sizes.iter().map(|size| self.group(gateway, *size)).collect();
        let mut samples: Vec<Sample> = sizes.iter().map(|_| Sample::default()).collect();
        for round in 0..ROUNDS {
            for ((group, size), sample) in groups.iter().zip(&sizes).zip(&mut samples) {
                let add = |n: usize| Request {
                    method: "PATCH",
                    path: format!("/Groups/{group}"),
                    body: add_member(self.dialect, &self.users[size + round * ADDS + n]),
                    expect: 204,
                };
                sample.absorb(self.measure(gateway, 1, ADDS, SPELL, add, |_, _| ()));
            }
        }
        let costs: Vec<f64> = samples.iter().map(Sample::cpu_per_request).collect();
        for ((size, sample), cost) in sizes.iter().zip(&samples).zip(&costs) {
            sample.print(&format!("add one to {size} ({}) ×{:.2}", self.dialect, cost / costs[0]));
        }
        costs.iter().fold(1.0, |dearest: f64, cost| dearest.max(cost / costs[0]))
    }

    fn group(&self, gateway: &Gateway, size: usize) -> String {
        let mut client = self.client(gateway);
        let mut members = String::new();
        for user in &self.users[..size] {
            let _ = write!(members, "{}{{\"value\":\"{user}\"}}", if members.is_empty() { "" } else { "," });
        }
        let body = format!(
            "{{\"schemas\":[\"urn:ietf:params:scim:schemas:core:2.0:Group\"],\"displayName\":\"all of {size}\",\
             \"members\":[{members}]}}"
        );
        id(client.send(&Request { method: "POST", path: "/Groups".into(), body, expect: 201 }))
    }

    fn deactivations(&self, gateway: &Gateway) {
        let deactivate = |n: usize| Request {
            method: "PATCH",
            path: format!("/Users/{}", self.users[n]),
            body: patch(r#"{"op":"replace","value":{"active":false}}"#),
            expect: 200,
        };
        self.measure(gateway, 16, self.users.len(), SPELL, deactivate, |_, _| ()).print("deactivate (16 at once)");
    }

    fn client(&self, gateway: &Gateway) -> Client {
        Client::open(gateway.address(), &format!("/scim/v2/{}", self.dialect), &self.token)
    }

    /// Asks `count` requests, or as many as the time allows, over `connections` connections.
    fn measure(
        &self,
        gateway: &Gateway,
        connections: usize,
        count: usize,
        time: Duration,
        request: impl Fn(usize) -> Request + Sync,
        answer: impl Fn(usize, &[u8]) + Sync,
    ) -> Sample {
        let next = AtomicUsize::new(0);
        let clients: Vec<Client> = (0..connections).map(|_| self.client(gateway)).collect();
        let (cpu, start) = (Cpu::of(gateway.id()), Instant::now());
        let work = |mut client: Client| {
            let mut latencies = Vec::new();
            while start.elapsed() < time {
                let n = next.fetch_add(1, Ordering::Relaxed);
                if n >= count {
                    break;
                }
                let request = request(n);
                let asked = Instant::now();
                answer(n, client.send(&request));
                latencies.push(asked.elapsed());
            }
            latencies
        };
        let latencies = thread::scope(|scope| {
            let workers: Vec<_> = clients.into_iter().map(|client| scope.spawn(|| work(client))).collect();
            workers.into_iter().flat_map(|worker| worker.join().expect("every answer as expected")).collect()
        });
        Sample { latencies, time: start.elapsed(), cpu: Cpu::of(gateway.id()).since(&cpu) }
    }
}

/// What a number of requests took.
#[derive(Default)]
struct Sample {
    latencies: Vec<Duration>,
    time: Duration,
    cpu: Duration,
}

impl Sample {
    fn absorb(&mut self, other: Self) {
        self.latencies.extend(other.latencies);
        self.time += other.time;
        self.cpu += other.cpu;
    }

    fn requests(&self) -> f64 {
        f64::from(u32::try_from(self.latencies.len()).expect("a bounded load"))
    }

    fn cpu_per_request(&self) -> f64 {
        self.cpu.as_secs_f64() * 1e6 / self.requests()
    }

    fn print(&self, what: &str) {
        let mut sorted = self.latencies.clone();
        sorted.sort_unstable();
        let at = |share: usize| sorted[(sorted.len() - 1) * share / 100].as_secs_f64() * 1e3;
        let rate = self.requests() / self.time.as_secs_f64();
        println!("{what:<34}{rate:>11.0}{:>10.2}{:>10.2}{:>14.0}", at(50), at(99), self.cpu_per_request());
    }
}

/// Start and idle memory on the database as it now is, and the disk.
fn surroundings(gateway: Gateway, database: &str, folder: &Path) {
    let (status, _) = gateway.stop();
    assert!(status.success(), "the server ended with {status}");
    let asked = Instant::now();
    let gateway = start(database);
    let started = asked.elapsed();
    thread::sleep(Duration::from_millis(500));
    println!("\nstart on this database {:.0} ms", started.as_secs_f64() * 1e3);
    println!("memory when idle {:.1} MiB", machine::memory(gateway.id()));
    let (over, behind) = machine::syncs_per_second(folder);
    println!("fdatasync/s of this disk: {over:.0} over existing pages, {behind:.0} appending\n");
}

fn user_name(dialect: &str, n: usize) -> String {
    format!("{dialect}.{n}@example.org")
}

fn user(dialect: &str, n: usize) -> String {
    let name = user_name(dialect, n);
    format!(
        "{{\"schemas\":[\"urn:ietf:params:scim:schemas:core:2.0:User\"],\"userName\":\"{name}\",\
         \"externalId\":\"00u{n}\",\"name\":{{\"givenName\":\"Ada\",\"familyName\":\"No {n}\"}},\
         \"displayName\":\"Ada No {n}\",\"emails\":[{{\"primary\":true,\"value\":\"{name}\",\"type\":\"work\"}}],\
         \"locale\":\"en-US\",\"groups\":[],\"active\":true}}"
    )
}

/// One member, as each IdP writes it.
fn add_member(dialect: &str, id: &str) -> String {
    patch(&match dialect {
        "entra" => format!(r#"{{"op":"Add","path":"members","value":[{{"$ref":null,"value":"{id}"}}]}}"#),
        _ => format!(r#"{{"op":"add","path":"members","value":[{{"value":"{id}","display":"Ada"}}]}}"#),
    })
}

fn patch(operation: &str) -> String {
    format!(r#"{{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{operation}]}}"#)
}

fn id(body: &[u8]) -> String {
    let resource: serde_json::Value = serde_json::from_slice(body).expect("a resource");
    resource["id"].as_str().expect("an id").to_owned()
}
