//! `conformance`: replays recorded SCIM conversations against any server. Opens no database.

use std::path::PathBuf;

use super::answer::Answer;
use super::failure::Failure;
use crate::config::duration;
use crate::conformance;
use crate::ids::Randomness;

/// Options of `conformance`.
#[derive(Debug, clap::Args)]
pub(super) struct Conformance {
    /// The SCIM base URL of one connection, which ends like /scim/v2/okta
    #[arg(long, value_name = "URL")]
    base_url: String,
    /// The bearer token
    #[arg(long)]
    token: String,
    /// Which IdP's conversations to replay: okta, entra or generic
    #[arg(long, default_value = "generic")]
    dialect: String,
    /// How long one answer may take
    #[arg(long, value_name = "TIME", default_value = "10s")]
    timeout: String,
    /// Transcripts or folders of them; else those built in
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
}

impl Conformance {
    /// The report, and whether every step went as expected.
    pub(super) async fn run(self) -> Result<(Answer, bool), Failure> {
        let timeout = duration::parse(&self.timeout).map_err(|error| Failure::usage(format!("--timeout: {error}")))?;
        let options = conformance::Options {
            base_url: self.base_url,
            token: self.token,
            dialect: self.dialect,
            paths: self.paths,
            seed: Randomness::from_system().bytes(),
            timeout,
        };
        let report = conformance::run(&options).await?;
        Ok((Answer::new(&report.to_json(), report.to_string()), report.passed()))
    }
}
