//! Files for spreadsheets: RFC 4180, with every cell that one would take for a formula made a text (T82, CWE-1236).

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};

use super::respond::Refused;
use crate::clock::Timestamp;

/// What a file is.
#[derive(Debug, Clone, Copy)]
pub(super) enum File {
    /// For spreadsheets.
    Csv,
    /// JSON, one object a line.
    JsonLines,
}

/// A file to keep, named after what is in it and when it was made.
pub(super) fn download(name: &str, now: Timestamp, text: String, file: File) -> Result<Response, Refused> {
    let time: String = now.to_string().chars().filter(char::is_ascii_alphanumeric).take(15).collect();
    let (end, kind) = match file {
        File::Csv => ("csv", "text/csv; charset=utf-8"),
        File::JsonLines => ("jsonl", "application/jsonl; charset=utf-8"),
    };
    let disposition = HeaderValue::try_from(format!("attachment; filename=\"{name}-{time}.{end}\""));
    let disposition = disposition.map_err(Refused::internal)?;
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
        (header::CONTENT_DISPOSITION, disposition),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    Ok((headers, text).into_response())
}

/// Rows below their heads.
pub(super) fn csv(head: &[&str], rows: impl Iterator<Item = Vec<String>>) -> Result<String, Refused> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    writer.write_record(head).map_err(Refused::internal)?;
    for row in rows {
        writer.write_record(row.iter().map(|cell| harmless(cell))).map_err(Refused::internal)?;
    }
    let bytes = writer.into_inner().map_err(Refused::internal)?;
    String::from_utf8(bytes).map_err(Refused::internal)
}

/// The cell with a `'` before it if a spreadsheet could read it as a formula: what decides is its first letter that is
/// neither blank nor a quote, in its narrow form.
fn harmless(cell: &str) -> String {
    let blank = |letter: char| letter.is_whitespace() || letter.is_control() || "\"'\u{feff}\u{200b}".contains(letter);
    let starts_odd = cell.starts_with(['\t', '\r', '\n']);
    let first = cell.trim_start_matches(blank).chars().next();
    let formula = first.is_some_and(|first| "=+-@＝＋－＠".contains(first));
    if formula || starts_odd { format!("'{cell}") } else { cell.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t82_no_cell_is_a_formula() {
        for cell in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "\"=1", "'=1", "＝1", "\u{feff}=1", "\n=1"]
        {
            assert!(harmless(cell).starts_with('\''), "{cell:?}");
        }
        for cell in ["", "Ada", "ada@example.org", "2026-01-31", "a=b"] {
            assert_eq!(harmless(cell), cell);
        }
        let text = csv(&["a", "b"], [vec!["=x".to_owned(), "say \"hi\",\r\nyou".to_owned()]].into_iter()).unwrap();
        assert_eq!(text, "a,b\r\n'=x,\"say \"\"hi\"\",\r\nyou\"\r\n");
    }
}
