//! `completions`: what a shell needs to complete this command line.

use clap::CommandFactory as _;
use clap_complete::Shell;
use serde_json::json;

use super::answer::Answer;
use super::{Command, Line};

/// Options of `completions`.
#[derive(Debug, clap::Args)]
pub(super) struct Completions {
    /// The shell.
    shell: Shell,
}

impl Completions {
    pub(super) fn run(&self) -> Answer {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Line::command(), Command::PROGRAM, &mut script);
        let script = String::from_utf8_lossy(&script).into_owned();
        Answer::new(&json!({ "shell": self.shell.to_string(), "script": script }), script)
    }
}
