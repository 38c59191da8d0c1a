//! What a verb says when it succeeds: one JSON object for programs, a table or sentences for people. Nothing here
//! knows what the verbs are about.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::process::ExitCode;

use comfy_table::{ContentArrangement, Table, presets};
use serde::Serialize;
use serde_json::Value;

use super::failure::Kind;

/// How answers are written: for people, or exactly one JSON object on standard output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Format {
    Table,
    Json,
}

/// What a verb says, in both forms.
#[derive(Debug)]
pub(super) struct Answer {
    json: Value,
    text: String,
    /// With which exit code, if it is not success.
    ends: Option<Kind>,
}

impl Answer {
    /// Of a value and the words for it.
    pub(super) fn new(value: &impl Serialize, text: impl Into<String>) -> Self {
        Self { json: serde_json::to_value(value).unwrap_or_default(), text: text.into(), ends: None }
    }

    /// Of a list: `{"<name>": […]}`, and a table or, for an empty list, the next step.
    pub(super) fn list<T: Serialize, const N: usize>(
        name: &str,
        items: &[T],
        header: [&str; N],
        row: impl Fn(&T) -> [String; N],
        empty: &str,
    ) -> Self {
        let text = if items.is_empty() { empty.to_owned() } else { table(header, items.iter().map(row)) };
        Self::new(&serde_json::json!({ name: items }), text)
    }

    /// The JSON with one more member.
    pub(super) fn with(mut self, name: &str, value: &impl Serialize) -> Self {
        if let Value::Object(object) = &mut self.json {
            object.insert(name.to_owned(), serde_json::to_value(value).unwrap_or_default());
        }
        self
    }

    /// The same, said with this exit code: it was done as asked, and that is not the end of it.
    pub(super) const fn ending(mut self, kind: Kind) -> Self {
        self.ends = Some(kind);
        self
    }

    pub(super) fn exit_code(&self) -> ExitCode {
        self.ends.map_or(ExitCode::SUCCESS, |kind| ExitCode::from(kind as u8))
    }

    /// Writes it to standard output. A reader that went away (`| head`) is no failure.
    pub(super) fn print(&self, format: Format) {
        match format {
            // What was said while it ran need not be said again.
            Format::Table if self.text.is_empty() => {}
            Format::Json if self.json.is_null() => {}
            Format::Table => print(&self.text),
            Format::Json => print(&self.json.to_string()),
        }
    }
}

/// Writes lines to standard output at once.
pub(super) fn print(text: &str) {
    let mut out = io::stdout().lock();
    let _ = writeln!(out, "{}", text.trim_end()).and_then(|()| out.flush());
}

/// Writes a line to standard error.
pub(super) fn complain(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// A table with a header.
pub(super) fn table<const N: usize>(header: [&str; N], rows: impl Iterator<Item = [String; N]>) -> String {
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(header);
    for row in rows {
        table.add_row(row.map(|cell| plain(&cell)));
    }
    table.to_string()
}

/// `Name: value` lines, the values one below the other.
pub(super) fn facts<const N: usize>(facts: [(&str, String); N]) -> String {
    let width = facts.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
    let mut text = String::new();
    for (name, value) in facts {
        let _ = writeln!(text, "{name:width$}  {}", plain(&value));
    }
    text
}

/// Without what could drive a terminal: names come from IdPs, and an IdP may be anybody's.
pub(super) fn plain(text: &str) -> String {
    let drives = |c: char| {
        c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.chars().map(|c| if drives(c) { '\u{fffd}' } else { c }).collect()
}

/// `–` where there is nothing.
pub(super) fn or_dash(text: Option<impl ToString>) -> String {
    text.map_or_else(|| "–".to_owned(), |text| text.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t83_a_name_cannot_drive_the_terminal() {
        assert_eq!(plain("Ada\u{1b}[31m\r\nByron\u{202e}"), "Ada\u{fffd}[31m\u{fffd}\u{fffd}Byron\u{fffd}");
        assert_eq!(plain("Zoë 山田"), "Zoë 山田");
    }

    #[test]
    fn an_empty_list_says_the_next_step_and_stays_a_list_in_json() {
        let none: [&str; 0] = [];
        let answer = Answer::list("things", &none, ["Thing"], |thing| [(*thing).to_owned()], "No things yet.");
        assert_eq!(answer.text, "No things yet.");
        assert_eq!(answer.json.to_string(), r#"{"things":[]}"#);
    }
}
