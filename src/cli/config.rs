//! `config`: whether the settings can be used, and what they are and where from. Opens no database.

use serde_json::json;

use super::answer::{Answer, table};
use crate::config::{Entry, Loaded};

/// What to do with the settings.
#[derive(Debug, Clone, Copy, clap::Subcommand)]
pub(super) enum Config {
    /// Say whether the settings can be used
    Check,
    /// Show every setting in force and where it comes from
    Print,
}

impl Config {
    pub(super) fn run(self, loaded: &Loaded) -> Answer {
        match self {
            Self::Check => Answer::new(&json!({ "ok": true }), "The settings are fine."),
            Self::Print => print(&loaded.entries),
        }
    }
}

fn print(entries: &[Entry]) -> Answer {
    let settings: Vec<_> = entries
        .iter()
        .map(|entry| {
            let Entry { key, variable, value, origin } = entry;
            json!({ "key": key, "value": value, "origin": origin.to_string(), "variable": variable })
        })
        .collect();
    let rows = entries
        .iter()
        .map(|entry| [entry.key.clone(), entry.value.clone(), entry.origin.to_string(), entry.variable.clone()]);
    let text = table(["Setting", "Value", "Set", "Environment variable"], rows);
    Answer::new(&json!({ "settings": settings }), text)
}
