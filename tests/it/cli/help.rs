//! Help: every verb and every option says in a line what it does.

use super::{bare, stdout};

/// The verbs below a verb and all that its help leaves unexplained.
fn read(verb: &[&str]) -> (Vec<String>, Vec<String>) {
    let help = stdout(&bare(&[verb, &["--help"]].concat(), &[]));
    let (mut verbs, mut unexplained, mut section) = (Vec::new(), Vec::new(), "");
    let lines: Vec<&str> = help.lines().collect();
    for (at, line) in lines.iter().enumerate() {
        if !line.starts_with(' ') {
            section = line;
            continue;
        }
        let entry = line.trim_start();
        let indent = line.len() - entry.len();
        let begins = match section {
            "Commands:" => indent == 2,
            "Options:" | "Arguments:" => {
                indent <= 6 && (entry.starts_with('-') || entry.starts_with(['<', '[']) && indent == 2)
            }
            _ => false,
        };
        if !begins {
            continue;
        }
        // On the same line after a gap, or on the next one, further to the right.
        let (name, beside) = entry.split_once("  ").unwrap_or((entry, ""));
        let below = lines.get(at + 1).filter(|next| next.len() - next.trim_start().len() > 6);
        if beside.trim().is_empty() && below.is_none_or(|next| next.trim_start().starts_with('-')) {
            unexplained.push(format!("{} {name}", verb.join(" ")));
        }
        if section == "Commands:" && name != "help" {
            verbs.push(name.to_owned());
        }
    }
    (verbs, unexplained)
}

#[test]
fn every_verb_and_option_says_what_it_does() {
    let (groups, mut unexplained) = read(&[]);
    assert!(groups.len() > 10, "{groups:?}");
    for group in &groups {
        let (verbs, more) = read(&[group]);
        unexplained.extend(more);
        for verb in &verbs {
            unexplained.extend(read(&[group, verb]).1);
        }
    }
    assert_eq!(unexplained, Vec::<String>::new());
}
