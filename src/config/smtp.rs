//! `mail.smtp_url` in its parts. Opens no connection.

use percent_encoding::percent_decode_str;

/// A mail server as it is named in the settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SmtpUrl {
    /// How it is spoken with.
    pub scheme: SmtpScheme,
    /// Whom it knows us as.
    pub user: Option<String>,
    /// Its name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
}

/// How a mail server is spoken with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SmtpScheme {
    /// `smtps://`: TLS from the first byte.
    Tls,
    /// `smtp://`: STARTTLS, required.
    StartTls,
    /// `smtp+plain://`: no TLS, on this machine only.
    Plain,
}

impl SmtpUrl {
    /// Reads one.
    ///
    /// # Errors
    ///
    /// What is expected, as a text that never quotes the value.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        const FORMS: &str = "expected smtps://user@host, smtp://user@host:587 or smtp+plain://localhost:25";
        let (scheme, rest) = text.split_once("://").ok_or(FORMS)?;
        let (scheme, default_port) = match scheme {
            "smtps" => (SmtpScheme::Tls, 465),
            "smtp" => (SmtpScheme::StartTls, 587),
            "smtp+plain" => (SmtpScheme::Plain, 25),
            _ => return Err(FORMS),
        };
        let (user, place) = match rest.trim_end_matches('/').rsplit_once('@') {
            Some((user, place)) => (Some(user), place),
            None => (None, rest.trim_end_matches('/')),
        };
        if user.is_some_and(|user| user.contains(':')) {
            return Err("expected no password in it; put it into the file of mail.password_file");
        }
        let user = user.map(|user| percent_decode_str(user).decode_utf8().map(std::borrow::Cow::into_owned));
        let user = user.transpose().map_err(|_| FORMS)?.filter(|user| !user.is_empty());
        let (host, port) = match place.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((address, port)) => (address, port.strip_prefix(':').or(port.is_empty().then_some(""))),
            None => place.split_once(':').map_or((place, Some("")), |(host, port)| (host, Some(port))),
        };
        let port = match port.ok_or(FORMS)? {
            "" => default_port,
            port => port.parse().ok().filter(|port| *port > 0).ok_or(FORMS)?,
        };
        let names_a_host = host.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.:_".contains(&b)) && !host.is_empty();
        if !names_a_host {
            return Err(FORMS);
        }
        if scheme == SmtpScheme::Plain && !is_this_machine(host) {
            return Err(
                "expected smtp+plain:// for localhost only; everybody on the way to another machine could read \
                        the mails: use smtps:// or smtp://",
            );
        }
        Ok(Self { scheme, user, host: host.to_owned(), port })
    }
}

fn is_this_machine(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> (SmtpScheme, Option<String>, String, u16) {
        let SmtpUrl { scheme, user, host, port } = SmtpUrl::parse(text).expect("is one");
        (scheme, user, host, port)
    }

    #[test]
    fn the_forms_are_read() {
        let (host, user) = ("mail.example.org".to_owned(), Some("ada@example.org".to_owned()));
        assert_eq!(parsed("smtps://mail.example.org"), (SmtpScheme::Tls, None, host.clone(), 465));
        assert_eq!(parsed("smtp://ada%40example.org@mail.example.org/"), (SmtpScheme::StartTls, user, host, 587));
        assert_eq!(parsed("smtp+plain://localhost"), (SmtpScheme::Plain, None, "localhost".to_owned(), 25));
        assert_eq!(parsed("smtp+plain://[::1]:2525"), (SmtpScheme::Plain, None, "::1".to_owned(), 2525));
    }

    #[test]
    fn what_would_leak_or_is_no_server_is_refused() {
        for bad in [
            "smtp+plain://mail.example.org",
            "smtp+plain://10.0.0.1:25",
            "smtp+plain://localhost.example.org",
            "smtps://ada:secret@mail.example.org",
            "smtps://",
            "smtps://mail.example.org:0",
            "smtps://mail.example.org:x",
            "smtps://mail example.org",
            "http://mail.example.org",
            "mail.example.org",
        ] {
            assert!(SmtpUrl::parse(bad).is_err(), "{bad}");
        }
    }
}
