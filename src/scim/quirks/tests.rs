//! The table of deviations is complete, and `strict` takes none.

use std::collections::HashSet;

use super::*;

#[test]
fn every_quirk_has_a_unique_kebab_name_a_source_and_a_meaning() {
    let mut names = HashSet::new();
    for quirk in Quirk::ALL {
        let facts = quirk.facts();
        assert!(names.insert(facts.name), "{} stands twice", facts.name);
        assert!(facts.name.chars().all(|c| c.is_ascii_lowercase() || c == '-'), "{}", facts.name);
        assert!(!facts.source.is_empty() && !facts.meaning.is_empty() && !facts.dialects.is_empty());
    }
}

#[test]
fn strict_takes_none_and_generic_all_but_what_only_entra_would_repeat_for_ever() {
    for &quirk in Quirk::ALL {
        for &dialect in Dialect::ALL {
            assert!(!Normaliser::new(dialect, true).takes(quirk));
        }
        let taken = Normaliser::new(Dialect::Generic, false).takes(quirk);
        assert_eq!(taken, quirk != Quirk::UnknownMember, "{quirk:?}");
    }
}

#[test]
fn a_taken_quirk_is_remembered_once_and_a_refused_one_is_not() {
    let mut normaliser = Normaliser::new(Dialect::Okta, false);
    assert!(normaliser.takes(Quirk::StringBoolean));
    assert!(normaliser.takes(Quirk::CapitalOperation));
    assert!(normaliser.takes(Quirk::StringBoolean));
    assert!(!normaliser.takes(Quirk::ManagerId));
    assert_eq!(normaliser.applied(), [Quirk::CapitalOperation, Quirk::StringBoolean]);
}

#[test]
fn patch_answers_as_each_idp_expects() {
    use ResourceType::{Group, User};
    let answers = |dialect: Dialect| (dialect.patch_answers_body(User), dialect.patch_answers_body(Group));
    assert_eq!(answers(Dialect::Okta), (true, false));
    assert_eq!(answers(Dialect::Entra), (false, false));
    assert_eq!(answers(Dialect::Generic), (true, true));
}
