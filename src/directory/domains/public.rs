//! The domains that nobody may claim, because anybody may have a name or a mailbox there (T41): public suffixes, free
//! mail, disposable addresses. Pure; asks nobody.

use std::collections::HashSet;
use std::sync::LazyLock;

use serde_json::{Value, json};

use super::super::email::DomainName;

/// The list of free-mail and disposable domains, by the day it was last looked through.
const FREE_MAIL_VERSION: &str = "2026-11-25";
/// The list of public suffixes, by the release of the crate that has it compiled in.
const PUBLIC_SUFFIXES_VERSION: &str = "psl 2.1.247";

static FREE_MAIL: LazyLock<HashSet<&str>> = LazyLock::new(|| {
    let lines = include_str!("free_mail.txt").lines();
    lines.filter(|line| !line.is_empty() && !line.starts_with('#')).collect()
});

/// Why nobody may claim a domain; `None` if somebody may.
pub(super) fn refusal(name: &DomainName) -> Option<String> {
    // «*.sch.uk» makes sch.uk no suffix itself, and every name below it one.
    if is_public_suffix(name.as_str()) || is_public_suffix(&format!("x.{name}")) {
        return Some(format!("{name} is a public suffix: anybody may register a name below it; claim your own domain"));
    }
    // Below one, too: nobody who proves eu.gmail.com speaks for its mailboxes.
    let mut rest = Some(name.as_str());
    while let Some(domain) = rest {
        if FREE_MAIL.contains(domain) {
            return Some(format!(
                "{name} is a domain of free or disposable mailboxes: anybody may have an address there; claim your own \
                 domain"
            ));
        }
        rest = domain.split_once('.').map(|(_, above)| above);
    }
    None
}

fn is_public_suffix(name: &str) -> bool {
    psl::suffix(name.as_bytes()).is_some_and(|suffix| suffix.is_known() && suffix.as_bytes() == name.as_bytes())
}

/// Which lists said yes, for the trail.
pub(super) fn lists() -> Value {
    json!({ "freeMail": FREE_MAIL_VERSION, "publicSuffixes": PUBLIC_SUFFIXES_VERSION })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> bool {
        refusal(&DomainName::parse(text).unwrap_or_else(|| panic!("{text} is a domain"))).is_some()
    }

    #[test]
    fn t41_public_suffixes_are_refused() {
        let suffixes = include_str!("public_suffixes_seen.txt").split_ascii_whitespace();
        let wrong: Vec<&str> = suffixes.clone().filter(|text| !refused(text)).collect();
        assert_eq!(wrong, Vec::<&str>::new());
        assert!(suffixes.count() >= 100);
    }

    #[test]
    fn t41_free_mail_and_disposable_domains_are_refused_and_all_below_them() {
        assert!(FREE_MAIL.len() >= 500, "{}", FREE_MAIL.len());
        for domain in &*FREE_MAIL {
            assert_eq!(DomainName::parse(domain).expect("a domain").as_str(), *domain, "the list has A-labels");
            assert!(refused(domain) && refused(&format!("eu.{domain}")), "{domain}");
        }
        for text in ["GMAIL.com", "Mail.Yahoo.co.uk", "mailinator.com"] {
            assert!(refused(text), "{text}");
        }
    }

    #[test]
    fn somebodys_own_domain_is_not_refused() {
        for text in [
            "example.org",
            "northwind.example",
            "northwind.co.uk",
            "nw.northwind.co.uk",
            "northwind.github.io",
            "notgmail.com",
            "gmail.com.example",
            "xn--bcher-kva.example",
            "bücher.de",
        ] {
            assert!(!refused(text), "{text}");
        }
    }

    #[test]
    fn the_versions_are_those_of_the_lists() {
        let lock = include_str!("../../../Cargo.lock");
        let version = PUBLIC_SUFFIXES_VERSION.strip_prefix("psl ").expect("the crate's name");
        assert!(lock.contains(&format!("name = \"psl\"\nversion = \"{version}\"")), "the crate has moved on");
        assert_eq!(lists()["freeMail"], FREE_MAIL_VERSION);
    }
}
