//! E-mail domains: claimed, proven by a TXT record, looked at again. The DNS is a server in this process that says what
//! the test wants.

use std::collections::BTreeSet;
use std::time::Duration;

use secaro_gateway::clock::Clock as _;
use secaro_gateway::directory::Error;
use secaro_gateway::directory::domains::{DomainView, Standing};
use serde_json::json;

use crate::support::app::TestApp;
use crate::support::database::Database;
use crate::support::dns::{DnsServer, Says};
use crate::support::process::{command, json as run};

const NAME: &str = "_secaro-challenge.proven.example";

async fn app(dns: &DnsServer) -> TestApp {
    TestApp::with(&[("domains.dns_server", &dns.address()), ("domains.dns_timeout", "400ms")]).await
}

/// `proven.example`, claimed by an organization.
async fn claim(app: &TestApp, organization: &str) -> DomainView {
    app.opened.directory.claim_domain(&app.operator(), organization, "proven.example").await.unwrap()
}

async fn verify(app: &TestApp, organization: &str) -> Result<DomainView, Error> {
    app.opened.directory.verify_domain(&app.operator(), organization, "proven.example").await
}

async fn recheck(app: &TestApp, domain: &DomainView) {
    app.opened.directory.recheck_domain(domain.id, app.request()).await.unwrap();
}

/// How `proven.example` stands.
async fn standing(app: &TestApp) -> Standing {
    let domains = app.opened.directory.domains("example").await.unwrap();
    domains.into_iter().find(|domain| domain.name == "proven.example").expect("claimed").standing
}

/// `proven.example` of `example`, proven by its record.
async fn proven(app: &TestApp, dns: &DnsServer) -> DomainView {
    let record = claim(app, "example").await.record.unwrap();
    dns.text(&record.name, &record.value);
    verify(app, "example").await.unwrap()
}

fn conflict(outcome: Result<DomainView, Error>) -> String {
    match outcome {
        Err(Error::Conflict(words)) => words,
        other => panic!("expected a conflict: {other:?}"),
    }
}

#[tokio::test]
async fn a_domain_is_verified_by_the_record_that_was_asked_for_and_by_no_other() {
    let dns = DnsServer::start();
    let app = app(&dns).await;
    let claimed = claim(&app, "example").await;
    let record = claimed.record.clone().unwrap();
    assert_eq!((record.kind, record.name.as_str(), claimed.standing), ("TXT", NAME, Standing::Claimed));
    let random = record.value.strip_prefix("secaro-domain-verification=").expect("the prefix");
    assert_eq!(random.len(), 52, "256 bits in base 32");
    assert_eq!(claim(&app, "example").await.record, Some(record.clone()), "asked again, it answers the same");

    let before = app.audit_records().await;
    assert!(conflict(verify(&app, "example").await).contains("there is no TXT record"));
    dns.say(NAME, Says::NoText);
    assert!(conflict(verify(&app, "example").await).contains("there is no TXT record"));
    dns.text(NAME, &format!("v=spf1 {}", "x".repeat(600)));
    let words = conflict(verify(&app, "example").await);
    assert!(
        words.contains("another one («v=spf1 xxx") && words.contains(&record.value) && words.len() < 350,
        "{words}"
    );
    dns.text(NAME, &record.value[..record.value.len() - 1]);
    conflict(verify(&app, "example").await);
    // The right text at another name is no proof.
    dns.text("proven.example", &record.value);
    conflict(verify(&app, "example").await);
    dns.say(NAME, Says::Failure);
    assert!(conflict(verify(&app, "example").await).contains("cannot be looked up now"));
    dns.say(NAME, Says::Silence);
    assert!(conflict(verify(&app, "example").await).contains("did not answer in time"));
    assert_eq!((standing(&app).await, app.audit_records().await), (Standing::Claimed, before));

    dns.say(NAME, Says::Texts(vec!["v=spf1 -all".to_owned(), record.value]));
    assert!(matches!(verify(&app, "example").await.unwrap().standing, Standing::Verified { .. }));
    let jobs = "SELECT COUNT(*) FROM jobs WHERE kind = 'domain.recheck'";
    assert_eq!(app.sql().await.number(jobs).await, 1, "it will be looked at again");
}

#[tokio::test]
async fn a_domain_is_added_verified_listed_and_removed_at_the_command_line() {
    let (database, dns) = (Database::new().await, DnsServer::start());
    let at = database.location();
    run(at, &["organization", "create", "--key", "example", "--name", "Example", "--domain", "example.org"]);
    let added = run(at, &["domain", "add", "PROVEN.example"]);
    assert_eq!((&added["state"], &added["record"]["name"]), (&"claimed".into(), &NAME.into()));
    dns.text(NAME, added["record"]["value"].as_str().unwrap());
    let verify = |server: &str| {
        let mut verify = command(at, &["domain", "verify", "proven.example"]);
        verify.env("SECARO_DOMAINS__DNS_SERVER", server).output().unwrap()
    };
    let verified = verify(&dns.address());
    assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stderr));
    let listed = run(at, &["domain", "list"]);
    let states = |state: &serde_json::Value| {
        let domains = state["domains"].as_array().unwrap();
        domains.iter().map(|one| format!("{} {}", one["name"], one["state"])).collect::<Vec<_>>()
    };
    assert_eq!(states(&listed), ["\"example.org\" \"verified\"", "\"proven.example\" \"verified\""]);
    assert!(listed["domains"][0]["record"].is_null(), "an operator vouches for it");
    run(at, &["domain", "remove", "proven.example"]);
    assert_eq!(states(&run(at, &["domain", "list"])).len(), 1);
    assert_eq!(verify(&dns.address()).status.code(), Some(4));
    for (name, code) in [("co.uk", 2), ("gmail.com", 2), ("10.0.0.1", 2), ("example.org", 5)] {
        let refused = command(at, &["domain", "add", name]).output().unwrap();
        assert_eq!(refused.status.code(), Some(code), "{name}");
    }
}

#[tokio::test]
async fn only_an_organization_admin_decides_about_domains() {
    let dns = DnsServer::start();
    let app = app(&dns).await;
    app.person("boss@example.org", "active").await;
    app.grant("boss@example.org", "organization_admin").await;
    app.person("ada@example.org", "active").await;
    let directory = &app.opened.directory;
    let (boss, ada) = (app.member("boss@example.org").await, app.member("ada@example.org").await);
    let claimed = directory.claim_domain(&boss, "example", "proven.example").await.unwrap();
    dns.text(NAME, &claimed.record.unwrap().value);
    for outcome in [
        directory.claim_domain(&ada, "example", "other.example").await,
        directory.verify_domain(&ada, "example", "proven.example").await,
        directory.remove_domain(&ada, "example", "proven.example").await,
    ] {
        assert!(matches!(outcome, Err(Error::Forbidden(_))), "{outcome:?}");
    }
    app.organization("other", "other.example").await;
    assert!(matches!(directory.claim_domain(&boss, "other", "x.example").await, Err(Error::Forbidden(_))));
    assert_eq!(standing(&app).await, Standing::Claimed);
}

#[tokio::test]
async fn t40_a_verified_domain_says_nothing_about_its_subdomains_and_look_alikes() {
    let dns = DnsServer::start();
    let app = app(&dns).await;
    proven(&app, &dns).await;
    let okta = app.limited("okta", "edit,organization_admin").await;
    let addresses = [
        ("ada@proven.example", true),
        ("ada@PROVEN.example", true),
        ("ada@sub.proven.example", false),
        ("ada@evilproven.example", false),
        ("ada@proven.example.evil.io", false),
        ("ada@prоven.example", false),
        ("ada@xn--prven-5ye.example", false),
    ];
    for (n, (address, safe)) in addresses.into_iter().enumerate() {
        let address = address.replacen("ada", &format!("ada{n}"), 1);
        let role = json!([{ "value": "organization_admin" }]);
        okta.post("/Users", &json!({ "userName": address, "roles": role })).await.created();
        let explained = app.opened.directory.explain(None, &address).await;
        let admin = explained.is_ok_and(|person| !person.overview.permissions.is_empty());
        assert_eq!(admin, safe, "{address}");
    }
    // A subdomain has a proof of its own: the apex's value at its name is none.
    let directory = &app.opened.directory;
    let sub = directory.claim_domain(&app.operator(), "example", "sub.proven.example").await.unwrap();
    let apex = claim_value(&app).await;
    assert_ne!(sub.record.as_ref().unwrap().value, apex);
    dns.text("_secaro-challenge.sub.proven.example", &apex);
    conflict(directory.verify_domain(&app.operator(), "example", "sub.proven.example").await);
}

/// The text that proves `proven.example`.
async fn claim_value(app: &TestApp) -> String {
    let domains = app.opened.directory.domains("example").await.unwrap();
    let domain = domains.into_iter().find(|domain| domain.name == "proven.example").unwrap();
    domain.record.unwrap().value
}

#[tokio::test]
async fn t41_nobody_claims_or_vouches_for_what_is_everybodys() {
    let dns = DnsServer::start();
    let app = app(&dns).await;
    let before = app.audit_records().await;
    for name in
        ["co.uk", "github.io", "GMAIL.com", "mail.yahoo.co.uk", "mailinator.com", "127.0.0.1", "localhost", "a..b"]
    {
        let claimed = app.opened.directory.claim_domain(&app.operator(), "example", name).await;
        assert!(matches!(claimed, Err(Error::Invalid(_))), "{name}: {claimed:?}");
    }
    assert_eq!(app.audit_records().await, before);
    claim(&app, "example").await;
    let trail =
        app.sql().await.texts("SELECT after FROM audit_records WHERE action LIKE 'domain.%' ORDER BY at, id").await;
    assert!(trail.iter().all(|after| after.contains("\"freeMail\":\"20") && after.contains("psl 2.")), "{trail:?}");
    assert!(!trail.concat().contains("secaro-domain-verification"));
}

#[tokio::test]
async fn t41_an_operator_does_not_vouch_for_what_is_everybodys_either() {
    let database = Database::new().await;
    let create = ["organization", "create", "--key", "example", "--name", "Example", "--domain"];
    for name in ["gmail.com", "co.uk"] {
        let refused = command(database.location(), &[&create[..], &[name]].concat()).output().unwrap();
        assert_eq!(refused.status.code(), Some(2));
    }
    run(database.location(), &[&create[..], &["example.org"]].concat());
}

#[tokio::test]
async fn t42_two_organizations_prove_the_same_domain_at_once_and_one_has_it() {
    let dns = DnsServer::start();
    let app = app(&dns).await;
    for organization in ["northwind", "contoso"] {
        app.organization(organization, &format!("{organization}.example")).await;
    }
    let mut winners = BTreeSet::new();
    for _ in 0..20 {
        let values =
            [claim(&app, "northwind").await, claim(&app, "contoso").await].map(|one| one.record.unwrap().value);
        assert_ne!(values[0], values[1], "each has a value of its own");
        dns.text(NAME, &values[0]);
        conflict(verify(&app, "contoso").await);
        dns.say(NAME, Says::Texts(values.to_vec()));
        let (one, two) = tokio::join!(verify(&app, "northwind"), verify(&app, "contoso"));
        let won = if one.is_ok() { "northwind" } else { "contoso" };
        let lost = if one.is_ok() { two } else { one };
        let words = conflict(lost);
        assert!(words.contains("verified elsewhere") && !words.contains(won), "{words}");
        winners.insert(won);
        let verified = "SELECT COUNT(*) FROM domains WHERE name = 'proven.example' AND verified_at IS NOT NULL";
        assert_eq!(app.sql().await.number(verified).await, 1);
        for organization in ["northwind", "contoso"] {
            app.opened.directory.remove_domain(&app.operator(), organization, "proven.example").await.unwrap();
        }
    }
    let verified =
        "SELECT COUNT(*) FROM audit_records WHERE action = 'domain.verified' AND after LIKE '%proven.example%'";
    assert_eq!(app.sql().await.number(verified).await, 20, "one a round; won by {winners:?}");
}

#[tokio::test]
async fn t42_two_failures_in_a_row_suspend_a_domain_and_a_success_restores_it() {
    let dns = DnsServer::start();
    let app = app(&dns).await;
    app.person("boss@example.org", "active").await;
    app.grant("boss@example.org", "organization_admin").await;
    let domain = proven(&app, &dns).await;
    let value = claim_value(&app).await;
    let okta = app.limited("okta", "edit").await;
    app.person("ada@proven.example", "active").await;
    okta.user("ada@proven.example").await;
    assert!(app.held().await.is_empty(), "a verified domain links safely");

    // Trouble is no failure, however often.
    dns.say(NAME, Says::Failure);
    for _ in 0..4 {
        recheck(&app, &domain).await;
    }
    dns.say(NAME, Says::Silence);
    recheck(&app, &domain).await;
    // One failure neither, and a success in between starts anew.
    for _ in 0..2 {
        dns.forget(NAME);
        recheck(&app, &domain).await;
        assert!(matches!(standing(&app).await, Standing::Verified { .. }));
        let run_at = app.sql().await.number("SELECT run_at FROM jobs WHERE kind = 'domain.recheck'").await;
        assert_eq!(run_at, app.clock.now().plus(Duration::from_hours(1)).millis(), "sooner than usual");
        dns.text(NAME, &value);
        recheck(&app, &domain).await;
    }
    dns.text(NAME, "something else");
    recheck(&app, &domain).await;
    recheck(&app, &domain).await;
    assert!(matches!(standing(&app).await, Standing::Suspended { .. }));
    recheck(&app, &domain).await;
    let count = async |what: &str| app.sql().await.number(&format!("SELECT COUNT(*) FROM {what}")).await;
    assert_eq!(count("audit_records WHERE action = 'domain.suspended'").await, 1);
    assert_eq!(count("outbox WHERE kind = 'domain.lost'").await, 1);
    assert_eq!(count("mails WHERE kind = 'domain_suspended' AND recipient = 'boss@example.org'").await, 1);

    // Whoever came by it stays; nobody is linked by it any longer.
    assert_eq!(app.status("ada@proven.example").await, "active");
    app.person("cyd@proven.example", "active").await;
    okta.user("cyd@proven.example").await;
    assert_eq!(app.held().await, [("link", "existing_person".to_owned())]);

    dns.text(NAME, &value);
    recheck(&app, &domain).await;
    assert!(matches!(standing(&app).await, Standing::Verified { .. }));
    assert_eq!(count("audit_records WHERE action = 'domain.restored'").await, 1);
    app.person("eve@proven.example", "active").await;
    okta.user("eve@proven.example").await;
    assert_eq!(app.held().await.len(), 1, "the next one is linked again");
}

#[tokio::test]
async fn what_an_operator_vouches_for_is_not_looked_up() {
    let dns = DnsServer::start();
    let app = app(&dns).await;
    let vouched = app.opened.directory.domains("example").await.unwrap().remove(0);
    for _ in 0..3 {
        recheck(&app, &vouched).await;
    }
    let domains = app.opened.directory.domains("example").await.unwrap();
    assert!(matches!(domains[0].standing, Standing::Verified { .. }) && domains[0].checked_at.is_none());
    conflict(app.opened.directory.verify_domain(&app.operator(), "example", "example.org").await);
}
