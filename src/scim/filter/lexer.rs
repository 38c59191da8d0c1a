//! Filter text to tokens, with every limit checked on the way, so that no later step can be made to recurse or
//! allocate without bounds: an overflowing stack would end the whole process.

use super::Limits;
use crate::scim::error::{Error, ScimType};

/// A token and the byte it begins at.
#[derive(Debug, Clone, Copy)]
pub(super) struct Token<'a> {
    pub(super) kind: Kind<'a>,
    pub(super) at: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind<'a> {
    Open,
    Close,
    OpenBracket,
    CloseBracket,
    /// With its quotes and escapes.
    Text(&'a str),
    /// A name, an operator, a number or a value without quotes.
    Word(&'a str),
}

/// Splits a filter into tokens.
pub(super) fn tokens<'a>(text: &'a str, limits: &Limits) -> Result<Vec<Token<'a>>, Error> {
    if text.len() > limits.bytes {
        return Err(Error::bad(
            ScimType::InvalidFilter,
            format!("The filter is longer than {} bytes. Ask for less at once.", limits.bytes),
        ));
    }
    let mut found = Vec::with_capacity(16);
    let (mut depth, mut terms, mut at) = (0_usize, 1_usize, 0);
    while let Some(byte) = text.as_bytes().get(at) {
        let (kind, length) = match byte {
            b' ' | b'\t' | b'\r' | b'\n' => {
                at += 1;
                continue;
            }
            b'(' => (Kind::Open, 1),
            b')' => (Kind::Close, 1),
            b'[' => (Kind::OpenBracket, 1),
            b']' => (Kind::CloseBracket, 1),
            b'"' => {
                let length = quoted(&text.as_bytes()[at..])
                    .ok_or_else(|| error(text, at, "a text begins here and its closing quote is missing"))?;
                (Kind::Text(&text[at..at + length]), length)
            }
            _ => {
                let word = word(&text[at..]);
                terms += usize::from(word.eq_ignore_ascii_case("and") || word.eq_ignore_ascii_case("or"));
                (Kind::Word(word), word.len())
            }
        };
        match kind {
            Kind::Open | Kind::OpenBracket => depth += 1,
            // One closing too many is the parser's to report.
            Kind::Close | Kind::CloseBracket => depth = depth.saturating_sub(1),
            Kind::Text(_) | Kind::Word(_) => {}
        }
        if depth > limits.depth {
            return Err(error(text, at, &format!("it is nested deeper than {} levels", limits.depth)));
        }
        if terms > limits.terms {
            return Err(error(text, at, &format!("it joins more than {} expressions", limits.terms)));
        }
        found.push(Token { kind, at });
        at += length;
    }
    Ok(found)
}

/// An `invalidFilter` that names the place by its character, counted from 1, and quotes nothing.
pub(super) fn error(text: &str, at: usize, what: &str) -> Error {
    let character = text.get(..at).map_or(0, |before| before.chars().count()) + 1;
    Error::bad(
        ScimType::InvalidFilter,
        format!("The filter cannot be used: at character {character}, {what}. Correct it there and ask again."),
    )
}

/// The length of the quoted text that begins here, quotes included.
fn quoted(bytes: &[u8]) -> Option<usize> {
    let mut at = 1;
    loop {
        match bytes.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

/// Up to the next space, quote, parenthesis or bracket.
fn word(rest: &str) -> &str {
    let end =
        rest.bytes().position(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | b'(' | b')' | b'[' | b']' | b'"'));
    &rest[..end.unwrap_or(rest.len())]
}
