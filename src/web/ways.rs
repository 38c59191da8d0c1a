//! What the domain says of the command line, said of the console. The domain knows no pages, so its refusals name the
//! command that helps; on a page they name the page.

use std::borrow::Cow;

/// How a command stands in the domain's words before its verb, if the whole of it stands there.
const PROGRAM: &str = "secaro-gateway ";

/// Each command that the domain names, and where a page has the same.
const WAYS: [(&str, &str); 22] = [
    ("admin recover", "an operator of the gateway"),
    ("conflict list", "the list of conflicts"),
    ("connection list", "the list of connections"),
    ("domain list", "the list of domains"),
    ("facility list", "the list of facilities"),
    ("held discard", "Discard on the list of held changes"),
    ("held list", "the list of held changes"),
    ("held release", "Release on the list of held changes"),
    ("invite list", "the list of invitations"),
    ("mass list", "the list of held changes"),
    ("mass undo", "the list of held changes"),
    ("organization create", "an operator of the gateway"),
    ("organization list", "an operator of the gateway"),
    ("person detach", "Detach on their page"),
    ("person explain", "their page"),
    ("person list", "the list of users"),
    ("person reactivate", "Reactivate on their page"),
    ("plan list", "the list of plans"),
    ("plan show", "its page"),
    ("request list", "the list of join requests"),
    ("rule list", "the list of access rules"),
    ("token list", "the connection's tokens tab"),
];

/// The domain's words with pages in the place of commands.
pub(in crate::web) fn on_pages(words: &str) -> Cow<'_, str> {
    let mut said = Cow::Borrowed(words);
    let mut from = 0;
    while let Some((start, end)) = quoted(&said, from) {
        let inner = &said["«".len() + start..end];
        from = end;
        if let Some(page) = page_of(inner) {
            from = start + page.len();
            said.to_mut().replace_range(start..end + "»".len(), page);
        }
    }
    said
}

/// Where the next thing in quotation marks begins and ends.
fn quoted(words: &str, from: usize) -> Option<(usize, usize)> {
    let start = from + words.get(from..)?.find('«')?;
    let end = start + words.get(start..)?.find('»')?;
    Some((start, end))
}

/// The page that has what a command does, if it is one.
fn page_of(text: &str) -> Option<&'static str> {
    let whole = text.strip_prefix(PROGRAM);
    let command = whole.unwrap_or(text);
    let says = |way: &&(&str, &str)| {
        let rest = command.strip_prefix(way.0);
        // Shortened, a command stands alone: what somebody typed is seldom called so.
        rest.is_some_and(|rest| rest.is_empty() || whole.is_some() && rest.starts_with(' '))
    };
    WAYS.iter().find(says).map(|way| way.1)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn commands_become_pages_and_other_quotations_stay() {
        for (words, said) in [
            ("«secaro-gateway person list» shows those there are", "the list of users shows those there are"),
            (
                "ada@example.org is managed by «okta»; detach them first with «secaro-gateway person detach ada@example.org»",
                "ada@example.org is managed by «okta»; detach them first with Detach on their page",
            ),
            ("no facility is called «facility list of mine»", "no facility is called «facility list of mine»"),
            ("«person reactivate» is the way back", "Reactivate on their page is the way back"),
            ("nothing is quoted", "nothing is quoted"),
            ("an end is missing: «okta", "an end is missing: «okta"),
        ] {
            assert_eq!(on_pages(words), said);
        }
    }

    /// Every command in the domain's words is one that pages have words for.
    #[test]
    fn every_command_that_the_domain_names_has_its_page() {
        let mut named = 0;
        for folder in ["src/directory", "src/provisioning"] {
            for text in sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)) {
                for rest in text.split(&format!("«{PROGRAM}")).skip(1) {
                    let command = rest.split('»').next().unwrap_or_default();
                    assert!(page_of(&format!("{PROGRAM}{command}")).is_some(), "«{PROGRAM}{command}»");
                    named += 1;
                }
            }
        }
        assert!(named > 20, "{named} commands were looked at");
    }

    fn sources(folder: &Path) -> Vec<String> {
        let mut texts = Vec::new();
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                texts.extend(sources(&path));
            } else {
                texts.push(std::fs::read_to_string(path).unwrap());
            }
        }
        texts
    }
}
