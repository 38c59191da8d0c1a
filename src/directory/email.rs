//! E-mail addresses and their domains: what counts as one, and when two are the same. Never normalises an address
//! into one that was not written (T16): whatever has a second reading is no address.

use std::fmt;

/// An address of the narrow form that every mail system reads alike: an ASCII dot-atom, `@`, a domain name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Email {
    written: String,
    key: String,
    domain: DomainName,
}

impl Email {
    /// Reads an address; `None` if the text is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (local, domain) = text.split_once('@')?;
        // RFC 5321 §4.5.3.1: 64 octets before the @, 254 in all.
        let fits = local.len() <= 64 && text.len() <= 254;
        let dot_atom = local.split('.').all(|atom| !atom.is_empty() && atom.bytes().all(is_atom_text));
        if !fits || !dot_atom {
            return None;
        }
        let domain = DomainName::parse(domain)?;
        let key = format!("{}@{}", local.to_ascii_lowercase(), domain.as_str());
        (key.len() <= 254).then(|| Self { written: text.to_owned(), key, domain })
    }

    /// As it was written; mail goes to this.
    #[must_use]
    pub fn as_written(&self) -> &str {
        &self.written
    }

    /// As it is compared: lower case, the domain as A-labels.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Its domain.
    #[must_use]
    pub const fn domain(&self) -> &DomainName {
        &self.domain
    }
}

/// RFC 5322 §3.2.3 `atext`.
fn is_atom_text(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+/=?^_`{|}~-".contains(&byte)
}

/// A domain name of at least two labels, as A-labels in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DomainName(String);

impl DomainName {
    /// Reads a domain name, with letters of any script or as A-labels; `None` if the text is none, or is another
    /// spelling of one (`corp。com`, a trailing dot, an `xn--` label that decodes to plain letters).
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let ascii = idna::domain_to_ascii_strict(text).ok()?;
        let (unicode, valid) = idna::domain_to_unicode(&ascii);
        valid.ok()?;
        // What was written has to be one of the two forms of the result and nothing that merely maps to it.
        let lower = text.to_lowercase();
        let same = lower == ascii || lower == unicode;
        let round_trip = idna::domain_to_ascii_strict(&unicode).is_ok_and(|again| again == ascii);
        let labels: Vec<&str> = ascii.split('.').collect();
        let host_name = labels.len() >= 2
            && labels.iter().all(|label| {
                !label.is_empty()
                    && !label.starts_with('-')
                    && !label.ends_with('-')
                    && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            })
            && labels.last().is_some_and(|top| !top.bytes().all(|b| b.is_ascii_digit()));
        (same && round_trip && host_name && ascii.len() <= 253).then_some(Self(ascii))
    }

    /// The A-labels, lower case.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for DomainName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_compared_without_case_and_by_a_label() {
        let email = Email::parse("Ada.Byron@BÜCHER.example").expect("an address");
        assert_eq!(email.key(), "ada.byron@xn--bcher-kva.example");
        assert_eq!(email.domain().as_str(), "xn--bcher-kva.example");
        assert_eq!(email.as_written(), "Ada.Byron@BÜCHER.example");
    }

    #[test]
    fn t16_what_has_a_second_reading_is_no_address() {
        for text in [
            "",
            "a",
            "@b.example",
            "a@",
            "a@b",
            "a＠b.example",
            "a@b@c.example",
            "a b@c.example",
            "\"a\"@b.example",
            "a@b.example\r\nBcc: x@y.example",
            "a\0@b.example",
            "=?utf-8?q?a?=@b.example ",
            "a..b@c.example",
            ".a@b.example",
            "a.@b.example",
            "<@a:b@c.example>",
            "a@[127.0.0.1]",
            "a@127.0.0.1",
            "a@-b.example",
            "a@b-.example",
            "a@b..example",
            "a@b.example.",
            "a@corp。com",
            "a@corp.com\u{200b}",
            "é@b.example",
            "a@xn--a",
            "a@xn--0.example",
            "a(c)@b.example",
            "a@b.example (c)",
            "a\u{202e}@b.example",
        ] {
            assert_eq!(Email::parse(text), None, "{text:?}");
        }
        assert_eq!(Email::parse(&format!("{}@b.example", "a".repeat(65))), None);
        assert_eq!(Email::parse(&format!("a@{}.example", "b.".repeat(130))), None);
    }

    #[test]
    fn t40_only_the_exact_domain_is_the_same() {
        let corp = DomainName::parse("corp.com").expect("a domain");
        assert_eq!(DomainName::parse("CORP.com"), Some(corp.clone()));
        for other in [
            "evilcorp.com",
            "corp.com.evil.io",
            "sub.corp.com",
            "corp.com.",
            "corp。com",
            "cоrp.com",
            "corp.com\u{200b}",
            "corp.com@evil.io",
            "corp.com#",
            "corp.com,evil.io",
            " corp.com",
            "corp.com:25",
            "ｃorp.com",
        ] {
            assert_ne!(DomainName::parse(other), Some(corp.clone()), "{other:?}");
        }
    }
}
