//! Where somebody is led once they are signed in: a page of the console and nothing else (T84).

use std::fmt;

/// The longest path that is followed.
const LONGEST: usize = 2000;

/// A path of the console.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReturnTo(String);

impl ReturnTo {
    /// What a request says, if it is a page of the console; else where the console begins. Only letters that mean
    /// themselves in every browser: nothing that one of them takes for a host or a scheme.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let harmless = |byte: u8| byte.is_ascii_alphanumeric() || b"/-_.~?=&%+@:,".contains(&byte);
        let path = text.split('?').next().unwrap_or_default();
        let ours = path == "/console" || path.starts_with("/console/");
        let signing_in = ["/console/sign-", "/console/links", "/console/callback"];
        let allowed = ours
            && text.len() <= LONGEST
            && text.bytes().all(harmless)
            && !path.contains("//")
            && !path.contains("..")
            && !path.contains('%')
            && !signing_in.iter().any(|start| path.starts_with(start));
        Self(if allowed { text.to_owned() } else { "/console".to_owned() })
    }

    /// The path.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ReturnTo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t84_only_a_page_of_the_console_is_returned_to() {
        for path in ["/console", "/console/users?q=ada%40example.org&status=active", "/console/users/0198-a"] {
            assert_eq!(ReturnTo::of(path).as_str(), path);
        }
        for other in [
            "",
            "https://evil.example",
            "//evil.example/console",
            "/\\evil.example",
            "/console\\..\\evil",
            "/consoles",
            "/console/../join",
            "/console//evil.example",
            "javascript:alert(1)",
            "/console/\r\nSet-Cookie:a",
            "/console/%2e%2e/join",
            "/console/sign-in",
            "/console/links/x",
            "/console/sign-out",
            " /console",
            "/console/\u{2028}",
            "console",
            "/Console",
            "/console/users#<b>",
            "/console/users?q=\u{0}",
        ] {
            assert_eq!(ReturnTo::of(other).as_str(), "/console", "{other:?}");
        }
    }
}
