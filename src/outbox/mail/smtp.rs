//! The conversation with a mail server: encrypted unless it is on this machine, one recipient, and why it failed if it
//! did. Reads password and certificate when they are needed, so that a changed file counts from the next mail on.

use std::fs;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use lettre::address::Envelope;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::transport::smtp::response::Category;
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Tokio1Executor};

/// How the way to the mail server is kept private.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// TLS from the first byte.
    Tls,
    /// TLS after `STARTTLS`, without which nothing is sent.
    StartTls,
    /// None: the server is on this machine.
    Plain,
}

/// The mail server.
#[derive(Debug, Clone)]
pub struct Server {
    /// How it is spoken with.
    pub security: Security,
    /// Its name, which its certificate has to bear.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Whom it knows us as, if it asks.
    pub user: Option<String>,
    /// The file of the password, if it asks.
    pub password_file: Option<PathBuf>,
    /// The file of one more root certificate.
    pub ca_file: Option<PathBuf>,
    /// How long it may take over an answer.
    pub timeout: Duration,
}

/// Why a mail server cannot be used as it is set.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    /// A file cannot be read.
    #[error("{setting} {}: {source}", path.display())]
    File {
        /// Of which setting.
        setting: &'static str,
        /// Which file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The certificate is none, or the host has no name that could stand in one.
    #[error("mail.ca_file or mail.smtp_url: {0}")]
    Tls(lettre::transport::smtp::Error),
}

/// Why a mail did not go out.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotTaken {
    /// The server will never take it.
    #[error("the mail server refused it: {0}")]
    Refused(String),
    /// It may take it later, or somebody has to look at the settings.
    #[error("{0}")]
    NotNow(String),
}

impl Server {
    fn transport(&self) -> Result<AsyncSmtpTransport<Tokio1Executor>, Unusable> {
        let tls = || {
            let mut parameters = TlsParameters::builder(self.host.clone());
            if let Some(path) = &self.ca_file {
                let pem = read("mail.ca_file", path)?;
                parameters = parameters.add_root_certificate(Certificate::from_pem(&pem).map_err(Unusable::Tls)?);
            }
            parameters.build().map_err(Unusable::Tls)
        };
        let tls = match self.security {
            Security::Tls => Tls::Wrapper(tls()?),
            Security::StartTls => Tls::Required(tls()?),
            Security::Plain => Tls::None,
        };
        let mut transport = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&self.host)
            .port(self.port)
            .tls(tls)
            .timeout(Some(self.timeout));
        if let (Some(user), Some(path)) = (&self.user, &self.password_file) {
            let password = String::from_utf8_lossy(&read("mail.password_file", path)?).trim_end().to_owned();
            transport = transport.credentials(Credentials::new(user.clone(), password));
        }
        Ok(transport.build())
    }

    /// Whether files and names are such that a mail could be sent; asks nobody.
    pub(super) fn check(&self) -> Result<(), Unusable> {
        self.transport().map(drop)
    }

    /// Hands a message over; returns when the server has taken it on itself.
    pub(super) async fn send(&self, envelope: &Envelope, message: &[u8]) -> Result<(), NotTaken> {
        let transport = self.transport().map_err(|error| NotTaken::NotNow(error.to_string()))?;
        transport.send_raw(envelope, message).await.map(drop).map_err(|error| {
            let words = chain(&error);
            // RFC 5321 §4.2.1: 5yz is final, and x5z speaks of the mail. Other 5yz speak of us: 535 of a wrong
            // password, 502 of a command. Somebody can mend those.
            let about_the_mail = error.status().is_some_and(|code| code.category == Category::MailSystem);
            if error.is_permanent() && about_the_mail { NotTaken::Refused(words) } else { NotTaken::NotNow(words) }
        })
    }
}

fn read(setting: &'static str, path: &PathBuf) -> Result<Vec<u8>, Unusable> {
    fs::read(path).map_err(|source| Unusable::File { setting, path: path.clone(), source })
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let more = cause.to_string();
        if !words.contains(&more) {
            words = format!("{words}: {more}");
        }
        source = cause.source();
    }
    super::letter::one_line(&words, 500)
}
