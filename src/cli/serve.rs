//! `serve`: runs the gateway until it is asked to stop.

use serde_json::json;

use super::answer::{Answer, Format};
use super::failure::Failure;
use super::session::Session;
use crate::app::{self, Gateway};
use crate::config::{Loaded, Settings};

/// Options of `serve`.
#[derive(Debug, clap::Args)]
pub(super) struct Serve {
    /// Address and port to listen on; port 0 lets the system choose
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<String>,
}

impl Serve {
    /// Its options as settings.
    pub(super) fn flags(&self) -> Vec<(&'static str, String)> {
        self.listen.iter().map(|listen| ("server.listen", listen.clone())).collect()
    }

    pub(super) async fn run(self, loaded: Loaded, format: Format) -> Result<(), Failure> {
        let session = Session::open(loaded, None).await?;
        let gateway = app::bind(&session.opened, &session.loaded.settings).await?;
        let stop = app::stop_signal()?;
        greeting(&session, &gateway).await?.print(format);
        warn_of_dead_links(&session.loaded.settings);
        gateway.serve(stop).await;
        session.opened.close().await;
        Ok(())
    }
}

/// Mail that goes out needs links that work where it is read.
fn warn_of_dead_links(settings: &Settings) {
    if !settings.mail.smtp_url.is_empty() && settings.server.public_url.is_empty() {
        tracing::warn!(
            "mail.smtp_url is set and server.public_url is not: links in mails lead to the address listened on"
        );
    }
}

/// Where the data is, what listens, and what to do next.
async fn greeting(session: &Session, gateway: &Gateway) -> Result<Answer, Failure> {
    let (database, address) = (&session.opened.database, gateway.address());
    let base_url = gateway.base_url();
    let connections = session.opened.provisioning.connections(None).await?;
    let next = match connections.first() {
        None => "Next: «secaro-gateway organization create», then «connection create» and «token issue»; what they \
                 change holds from the next request on."
            .to_owned(),
        Some(connection) => format!(
            "Next: enter {base_url}/scim/v2/{} and a token («secaro-gateway token issue») in the IdP. Ctrl-C stops.",
            connection.key
        ),
    };
    let text = format!("Data in {database}\nListening on http://{address}, SCIM at {base_url}/scim/v2/…\n{next}");
    let json = json!({ "database": database, "listen": address.to_string(), "base_url": base_url });
    Ok(Answer::new(&json, text))
}
