//! The one way texts are made equal for attributes that are not `caseExact`: filters, unique keys and look-ups
//! all go through here, so that they can never disagree. Never used for addresses that mail is sent to.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;

/// The folded form: NFKC, then lower case letter by letter, repeated until nothing changes any more.
///
/// Full-width, ligature and Kelvin-sign look-alikes fall together with the plain letters; accents and the dotless
/// i do not. `fold(&fold(x)) == fold(x)` for every text. A final sigma folds like any other one, so that the
/// result of a letter never depends on its neighbours' case.
#[must_use]
pub fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let mut folded = once(text);
    loop {
        // Lower-casing may leave a text that NFKC would compose again (U+0130 is one), hence the repetition.
        let again = once(&folded);
        if again == folded {
            return folded;
        }
        folded = again;
    }
}

/// As [`fold`], without a copy of a text that is folded already.
pub(super) fn folded(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase()) {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(fold(text))
    }
}

/// Whether two texts fold to the same form; allocates only if one of them is not ASCII.
#[must_use]
pub fn folds_equal(left: &str, right: &str) -> bool {
    if left.is_ascii() && right.is_ascii() { left.eq_ignore_ascii_case(right) } else { fold(left) == fold(right) }
}

fn once(text: &str) -> String {
    text.nfkc().flat_map(char::to_lowercase).map(|letter| if letter == 'ς' { 'σ' } else { letter }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scalars() -> impl Iterator<Item = char> {
        (0..=u32::from(char::MAX)).filter_map(char::from_u32)
    }

    /// A letter between two spaces folds as it does alone, because a space joins with nothing; so a thousand
    /// letters can be folded at once, which keeps the exhaustive tests quick.
    fn chunks() -> Vec<String> {
        let letters: Vec<char> = scalars().collect();
        letters.chunks(1000).map(|chunk| chunk.iter().flat_map(|letter| [' ', *letter]).collect()).collect()
    }

    #[test]
    fn t15_folding_twice_is_folding_once_for_every_unicode_scalar() {
        for text in chunks() {
            let folded = fold(&text);
            assert_eq!(fold(&folded), folded);
        }
    }

    #[test]
    fn t15_a_letter_matches_a_plain_one_exactly_when_it_folds_to_it() {
        let mut buffer = [0; 4];
        for letter in scalars().filter(|letter| u32::from(*letter) < 0x3000 || u32::from(*letter) > 0x10_FF00) {
            let text = &*letter.encode_utf8(&mut buffer);
            if text.nfkc().flat_map(char::to_lowercase).eq(text.chars()) {
                assert_eq!(fold(text) == text, text != "ς", "{text}");
                continue;
            }
            let folded = fold(text);
            for plain in ["i", "k", "s", "a", "@", "ß"] {
                assert_eq!(folds_equal(text, plain), folded == plain, "{text} {plain}");
            }
        }
    }

    #[test]
    fn t15_upper_and_lower_case_fall_together_for_every_unicode_scalar() {
        // Lower-casing is one step of folding, so it may never lead out of a class.
        for letter in scalars().filter(|letter| !letter.to_lowercase().eq([*letter])) {
            let lower: String = letter.to_lowercase().collect();
            assert_eq!(fold(&letter.to_string()), fold(&lower), "U+{:04X}", u32::from(letter));
        }
    }

    #[test]
    fn t15_look_alikes_that_are_letters_of_their_own_stay_apart() {
        for (left, right) in [("ı", "i"), ("é", "e"), ("а", "a"), ("ß", "ss"), ("ø", "o")] {
            assert!(!folds_equal(left, right), "{left} {right}");
        }
        for (left, right) in [("K", "k"), ("ＡＤＡ", "ada"), ("ﬁ", "fi"), ("É", "e\u{301}"), ("ΟΔΟΣ", "οδος")]
        {
            assert!(folds_equal(left, right), "{left} {right}");
        }
    }
}
