//! Where log events go and what a line looks like. One event is one line, whatever stands in its fields.
//! Nothing here decides what is logged; the rule is: ids, counts, routes and times, never a name, an address, a
//! token or a body.

use std::io::{self, IsTerminal, Write};

use tracing::Subscriber;
use tracing_subscriber::filter::{EnvFilter, ParseError};
use tracing_subscriber::fmt::{self, MakeWriter};
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

/// Logs to standard error for people, coloured on a terminal.
///
/// # Errors
/// `level` is no level and no list of `target=level`.
pub fn pretty(level: &str) -> Result<(), ParseError> {
    let layer = fmt::layer().with_writer(io::stderr);
    // Left alone on a terminal, the layer minds NO_COLOR.
    let layer = if io::stderr().is_terminal() { layer } else { layer.with_ansi(false) };
    start(level, layer)
}

/// Logs to standard error for machines: one JSON object per line.
///
/// # Errors
/// As [`pretty`].
pub fn json(level: &str) -> Result<(), ParseError> {
    start(level, json_layer(io::stderr))
}

/// Whether standard error is read by a person just now.
#[must_use]
pub fn on_terminal() -> bool {
    io::stderr().is_terminal()
}

/// Later calls change nothing: a test binary or the demo may have started logging already.
fn start<L>(level: &str, layer: L) -> Result<(), ParseError>
where
    L: Layer<tracing_subscriber::layer::Layered<EnvFilter, tracing_subscriber::Registry>> + Send + Sync,
{
    let filter = EnvFilter::builder().parse(level)?;
    if tracing_subscriber::registry().with(filter).with(layer).try_init().is_ok() {
        std::panic::set_hook(Box::new(note_panic));
    }
    Ok(())
}

/// A panic is an event like any other. A message put together at run time may quote what a caller sent, so only one
/// that is a constant is written.
fn note_panic(panic: &std::panic::PanicHookInfo<'_>) {
    let message = panic.payload().downcast_ref::<&'static str>().copied().unwrap_or("(not shown)");
    let place = panic.location().map(ToString::to_string).unwrap_or_default();
    tracing::error!(panic = message, place, "panicked");
}

fn json_layer<S, W>(writer: W) -> impl Layer<S>
where
    S: Subscriber + for<'a> tracing_subscriber::registry::LookupSpan<'a>,
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    fmt::layer().json().flatten_event(true).with_span_list(false).with_writer(OneLine(writer))
}

/// A writer under which an event stays on its line: JSON escapes CR and LF, but leaves the three other line ends
/// of Unicode as they are, and many log readers split at them (CVE-2026-44256 and its like).
struct OneLine<W>(W);

impl<'a, W: MakeWriter<'a>> MakeWriter<'a> for OneLine<W> {
    type Writer = OneLine<W::Writer>;
    fn make_writer(&'a self) -> Self::Writer {
        OneLine(self.0.make_writer())
    }
}

impl<W: Write> Write for OneLine<W> {
    /// Takes the whole of `line`. Outside of strings JSON is ASCII, so an escape is right wherever these bytes stand.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let (mut rest, mut whole) = (line, Vec::with_capacity(line.len()));
        while let Some(at) = rest.iter().position(|byte| matches!(byte, 0xC2 | 0xE2 | 0x7F)) {
            let (escape, length): (&[u8], usize) = match &rest[at..] {
                [0xC2, 0x85, ..] => (b"\\u0085", 2),
                [0xE2, 0x80, 0xA8, ..] => (b"\\u2028", 3),
                [0xE2, 0x80, 0xA9, ..] => (b"\\u2029", 3),
                [0x7F, ..] => (b"\\u007f", 1),
                other => (&other[..1], 1),
            };
            whole.extend_from_slice(&rest[..at]);
            whole.extend_from_slice(escape);
            rest = &rest[at + length..];
        }
        whole.extend_from_slice(rest);
        // At once: another thread's event does not land in the middle.
        self.0.write_all(&whole)?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Memory(Arc<Mutex<Vec<u8>>>);

    impl Write for Memory {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn t83_whatever_stands_in_a_field_an_event_is_one_json_line() {
        let memory = Memory::default();
        let writer = memory.clone();
        let subscriber = tracing_subscriber::registry().with(json_layer(move || writer.clone()));
        let nasty = ["a\r\nb", "\u{2028}\u{2029}\u{85}", "\u{1b}[31m\u{9b}", "\0\u{7f}", "\",\"level\":\"x", "größe €"];
        tracing::subscriber::with_default(subscriber, || {
            for text in nasty.iter().map(|text| (*text).to_owned()).chain(["long ".repeat(200_000)]) {
                let span = tracing::info_span!("http.request", route = %text, agent = text);
                span.in_scope(|| tracing::info!(value = ?text, text, "{text}"));
            }
        });
        let bytes = memory.0.lock().unwrap().clone();
        let log = String::from_utf8(bytes).unwrap();
        let lines: Vec<&str> = log.split_terminator(['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}']).collect();
        assert_eq!(lines.len(), nasty.len() + 1);
        for (line, text) in lines.iter().zip(nasty) {
            assert!(!line.chars().any(|char| char.is_ascii_control()), "{line}");
            let event: serde_json::Value = serde_json::from_str(line).unwrap();
            assert_eq!(event["text"], text);
            assert_eq!(event["span"]["agent"], text);
        }
    }
}
