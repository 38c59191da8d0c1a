//! A mail as its reader gets it: a subject, a few blocks and the reason why it came, as plain text and as HTML of the
//! same words. Also what becomes of texts that others wrote before they stand in one. Knows no kind of mail.

use askama::Template;

/// A mail in words.
#[derive(Debug)]
pub(super) struct Letter {
    pub(super) subject: String,
    pub(super) blocks: Vec<Block>,
    /// «You get this because …»
    pub(super) reason: String,
}

/// A part of a mail.
#[derive(Debug)]
pub(super) enum Block {
    Text(String),
    List(Vec<String>),
    /// What somebody else wrote, line by line.
    Quote(Vec<String>),
    /// An address to open; opening it changes nothing.
    Link {
        label: String,
        url: String,
    },
    /// What to enter at the gateway's command line.
    Command {
        label: String,
        command: String,
    },
}

#[derive(Template)]
#[template(path = "letter.txt", config = "src/outbox/mail/askama.toml")]
struct AsText<'a> {
    blocks: &'a [Block],
    reason: &'a str,
}

#[derive(Template)]
#[template(path = "letter.html", config = "src/outbox/mail/askama.toml")]
struct AsHtml<'a> {
    subject: &'a str,
    blocks: &'a [Block],
    reason: &'a str,
}

impl Letter {
    pub(super) fn text(&self) -> Result<String, askama::Error> {
        AsText { blocks: &self.blocks, reason: &self.reason }.render()
    }

    /// For whoever reads it in another's stead: what its links open is its recipient's alone.
    pub(super) fn without_links(self) -> Self {
        let leave_out = |block| match block {
            Block::Link { label, .. } => Block::Text(format!("{label}: (the link is left out here)")),
            other => other,
        };
        Self { blocks: self.blocks.into_iter().map(leave_out).collect(), ..self }
    }

    pub(super) fn html(&self) -> Result<String, askama::Error> {
        AsHtml { subject: &self.subject, blocks: &self.blocks, reason: &self.reason }.render()
    }
}

/// A text that somebody else wrote, on one line and cut to a length: nothing in it ends a header, starts a line of its
/// own or turns the letters around it (T48).
pub(super) fn one_line(text: &str, longest: usize) -> String {
    let visible = text.chars().map(|c| if c.is_control() || c.is_whitespace() { ' ' } else { c });
    let visible: String = visible.filter(|c| !is_invisible(*c)).collect();
    let line = visible.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    if line.chars().count() <= longest {
        return line;
    }
    line.chars().take(longest.saturating_sub(1)).chain(['…']).collect()
}

/// The lines of a longer text that somebody else wrote.
pub(super) fn lines(text: &str) -> Vec<String> {
    let lines = text.lines().map(|line| one_line(line, 500)).filter(|line| !line.is_empty());
    lines.take(20).collect()
}

/// Letters without a shape: direction marks and overrides, joiners, fillers, variation selectors and tags.
const fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t48_what_others_wrote_stays_on_its_line() {
        let hostile = "Ada\r\nBcc: eve@evil.example\r\n\r\n<b>\u{202e}nwohtroN\u{200b}\0\u{85}\u{2028}x";
        assert_eq!(one_line(hostile, 100), "Ada Bcc: eve@evil.example <b>nwohtroN x");
        assert_eq!(one_line("  Zoë   山田 ", 100), "Zoë 山田");
        assert_eq!(one_line("abcdef", 4), "abc…");
        assert_eq!(lines("one\r\n\n  two\u{202e}\n"), ["one", "two"]);
    }

    #[test]
    fn html_shows_what_others_wrote_as_text() {
        let letter = Letter {
            subject: "<i>".to_owned(),
            blocks: vec![Block::Text("<script>alert(1)</script> & \"".to_owned())],
            reason: "because".to_owned(),
        };
        let html = letter.html().expect("renders");
        assert!(!html.contains("<script>") && !html.contains("<i>"), "{html}");
        assert!(letter.text().expect("renders").starts_with("<script>alert(1)</script> & \"\n"));
    }
}
