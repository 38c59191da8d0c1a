//! Name patterns with captures: `secaro-{facility}-editors`. Compared without regard to case; what a capture may
//! stand for is the rule's business.

use crate::scim::fold;

/// A pattern: literal texts with named captures between them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern {
    /// The text before the first capture.
    head: String,
    /// Each capture's name, and the text after it.
    captures: Vec<(String, String)>,
}

/// Why a text is no pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum NotAPattern {
    #[error("the braces do not match; write a capture like {{facility}}")]
    Braces,
    #[error("a capture's name has to be letters, digits and «_»")]
    Name,
    #[error("two captures have the same name")]
    Twice,
    #[error("two captures need a text between them, or nobody can tell where one ends")]
    Adjacent,
    #[error("at most four captures are possible")]
    TooMany,
    #[error("a pattern has to have some text of its own, or it would match every group")]
    Empty,
}

impl Pattern {
    pub(super) fn parse(text: &str) -> Result<Self, NotAPattern> {
        let mut parts = text.split('{');
        let head = parts.next().unwrap_or_default();
        let mut pattern = Self { head: literal(head)?, captures: Vec::new() };
        for part in parts {
            let (name, after) = part.split_once('}').ok_or(NotAPattern::Braces)?;
            if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
                return Err(NotAPattern::Name);
            }
            if pattern.captures.iter().any(|(other, _)| other == name) {
                return Err(NotAPattern::Twice);
            }
            if pattern.captures.last().is_some_and(|(_, between)| between.is_empty()) {
                return Err(NotAPattern::Adjacent);
            }
            pattern.captures.push((name.to_owned(), literal(after)?));
        }
        if pattern.captures.len() > 4 {
            return Err(NotAPattern::TooMany);
        }
        if pattern.head.is_empty() && pattern.captures.iter().all(|(_, after)| after.is_empty()) {
            return Err(NotAPattern::Empty);
        }
        Ok(pattern)
    }

    /// Whether a capture of this name is in the pattern.
    pub(super) fn has_capture(&self, name: &str) -> bool {
        self.captures.iter().any(|(capture, _)| capture == name)
    }

    /// What the captures stand for in a group's name, folded; `None` if the name does not fit.
    ///
    /// A capture is never empty and takes as little as it can, the last one all that is left.
    pub(super) fn captures<'p>(&'p self, name: &str) -> Option<Vec<(&'p str, String)>> {
        let name = fold(name);
        let mut rest = name.strip_prefix(&self.head)?;
        let mut found = Vec::with_capacity(self.captures.len());
        for (i, (capture, after)) in self.captures.iter().enumerate() {
            let last = i + 1 == self.captures.len();
            let end = if last { rest.strip_suffix(after.as_str()).map(str::len) } else { first_end(rest, after) }?;
            if end == 0 {
                return None;
            }
            found.push((capture.as_str(), rest[..end].to_owned()));
            rest = &rest[end + after.len()..];
        }
        rest.is_empty().then_some(found)
    }
}

fn literal(text: &str) -> Result<String, NotAPattern> {
    if text.contains('}') { Err(NotAPattern::Braces) } else { Ok(fold(text)) }
}

/// Where `after` begins for the first time behind at least one character.
fn first_end(rest: &str, after: &str) -> Option<usize> {
    let first = rest.chars().next()?.len_utf8();
    rest[first..].find(after).map(|at| at + first)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn captured(pattern: &str, name: &str) -> Option<Vec<(String, String)>> {
        let pattern = Pattern::parse(pattern).expect("a pattern");
        let found = pattern.captures(name)?;
        Some(found.into_iter().map(|(name, text)| (name.to_owned(), text)).collect())
    }

    #[test]
    fn a_capture_is_what_stands_between_the_texts() {
        let leeds = Some(vec![("facility".to_owned(), "leeds".to_owned())]);
        assert_eq!(captured("secaro-{facility}-editors", "secaro-leeds-editors"), leeds);
        assert_eq!(captured("secaro-{facility}-editors", "Secaro-LEEDS-Editors"), leeds);
        assert_eq!(captured("{facility} editors", "Leeds editors"), leeds);
        let with_dash = Some(vec![("facility".to_owned(), "leeds-editors".to_owned())]);
        assert_eq!(captured("secaro-{facility}-editors", "secaro-leeds-editors-editors"), with_dash);
    }

    #[test]
    fn a_name_that_does_not_fit_gives_nothing() {
        for name in ["secaro--editors", "secaro-leeds-editor", "xsecaro-leeds-editors", "secaro-leeds-editorsx", ""] {
            assert_eq!(captured("secaro-{facility}-editors", name), None, "{name}");
        }
        assert_eq!(captured("everyone", "everyone else"), None);
        assert_eq!(captured("everyone", "Everyone"), Some(Vec::new()));
    }

    #[test]
    fn two_captures_take_as_little_as_they_can() {
        let found = captured("{region}-{facility}", "uk-leeds-north").expect("it fits");
        assert_eq!(found[0].1, "uk");
        assert_eq!(found[1].1, "leeds-north");
    }

    #[test]
    fn what_nobody_could_read_is_no_pattern() {
        for (text, why) in [
            ("a{b", NotAPattern::Braces),
            ("a}b", NotAPattern::Braces),
            ("a{}", NotAPattern::Name),
            ("a{x y}", NotAPattern::Name),
            ("a{x}-{x}", NotAPattern::Twice),
            ("a{x}{y}", NotAPattern::Adjacent),
            ("{x}", NotAPattern::Empty),
            ("", NotAPattern::Empty),
        ] {
            assert_eq!(Pattern::parse(text), Err(why), "{text}");
        }
    }
}
