//! What of a password is judged. The estimator's time grows with the length of what it is given, and without bound with the
//! letters that its signs can stand for; here both get one. A password that is short enough, and can be read in few ways,
//! is judged as it is.

/// The longest text that is judged in one piece, in characters.
const MAX_CHARS: usize = 64;
/// The same for a text that can be read in many ways, its signs being taken for letters.
const MAX_CHARS_WITH_SUBSTITUTIONS: usize = 24;
/// What the length of a text and the number of its readings may multiply to.
const MAX_COST: usize = 768;
/// A repetition is cut short from this length on.
const LONG_REPETITION: usize = 16;

/// The signs that the estimator takes for letters, each with those letters.
const L33T_SUBSTITUTIONS: [(char, &str); 20] = [
    ('4', "a"),
    ('@', "a"),
    ('8', "b"),
    ('(', "c"),
    ('{', "c"),
    ('[', "c"),
    ('<', "c"),
    ('3', "e"),
    ('6', "g"),
    ('9', "g"),
    ('1', "il"),
    ('!', "i"),
    ('|', "il"),
    ('7', "lt"),
    ('0', "o"),
    ('$', "s"),
    ('5', "s"),
    ('+', "t"),
    ('%', "x"),
    ('2', "z"),
];
/// Signs, and those that stand for the same letter; first those that are part of a row of keys least often.
const L33T_EQUIVALENTS: [(char, char); 8] =
    [('|', '1'), ('{', '('), ('[', '('), ('<', '('), ('@', '4'), ('$', '5'), ('+', '7'), ('!', '1')];
/// Signs, and what is on their keys without the shift key.
const UNSHIFTED_KEYS: [(char, char); 16] = [
    ('!', '1'),
    ('@', '2'),
    ('#', '3'),
    ('$', '4'),
    ('%', '5'),
    ('^', '6'),
    ('&', '7'),
    ('*', '8'),
    ('(', '9'),
    (')', '0'),
    ('+', '='),
    ('{', '['),
    ('}', ']'),
    ('|', '\\'),
    ('<', ','),
    ('>', '.'),
];

/// The texts that are judged in place of the password. It is strong if each of them is.
///
/// A password that is weak by the estimator's own measure is made of two guessable parts at most. In a long one, repetitions
/// are cut short, and both ends are looked at: such parts fill at least one of them. Where the signs can be read in too many
/// ways, they are replaced: once by others of the same meaning, so that words are found, and once by those of the same key,
/// so that rows of keys are.
pub fn estimator_inputs(password: &str) -> Vec<String> {
    let mut text: Vec<char> = password.chars().collect();
    if text.len() > MAX_CHARS_WITH_SUBSTITUTIONS {
        text = without_repetitions(&text);
    }
    let longest =
        if readings(&text) > MAX_COST / MAX_CHARS { MAX_CHARS_WITH_SUBSTITUTIONS } else { MAX_CHARS };
    ends(&text, longest).into_iter().flat_map(spellings).collect()
}

/// A word, or the ends of a long one, as they would stand in what is judged.
pub fn dictionary_parts(word: &str) -> Vec<String> {
    let word: Vec<char> = word.chars().collect();
    let parts = ends(&word, MAX_CHARS).into_iter().chain(ends(&word, MAX_CHARS_WITH_SUBSTITUTIONS));
    let mut parts: Vec<String> = parts.map(|part| part.iter().collect()).collect();
    parts.dedup();
    parts
}

fn is_costly(text: &[char]) -> bool {
    text.len() * readings(text) > MAX_COST
}

/// The text itself, or, where it has too many readings, the two that are judged in its place.
fn spellings(text: &[char]) -> Vec<String> {
    if !is_costly(text) {
        return vec![text.iter().collect()];
    }
    let mut by_meaning = text.to_vec();
    for (sign, meaning) in L33T_EQUIVALENTS {
        if is_costly(&by_meaning) {
            replace(&mut by_meaning, sign, meaning);
        }
    }
    let mut by_key = text.to_vec();
    for (sign, key) in UNSHIFTED_KEYS {
        replace(&mut by_key, sign, key);
    }
    [by_meaning, by_key].map(|text| text.iter().collect()).into()
}

/// The text if it is short, else its beginning and its end.
fn ends(text: &[char], longest: usize) -> Vec<&[char]> {
    match text.len().checked_sub(longest) {
        None | Some(0) => vec![text],
        Some(rest) => vec![&text[..longest], &text[rest..]],
    }
}

/// The text with each long repetition cut to two of its units.
fn without_repetitions(text: &[char]) -> Vec<char> {
    let mut shortened = Vec::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let (unit, times) = long_repetition(rest).unwrap_or((1, 1));
        let copies = if unit <= LONG_REPETITION { times.min(2) } else { 1 };
        shortened.extend_from_slice(&rest[..unit * copies]);
        rest = &rest[unit * times..];
    }
    shortened
}

/// The length of the shortest unit with whose repetition the text begins, and how often it is there.
fn long_repetition(text: &[char]) -> Option<(usize, usize)> {
    let times = |unit: usize| text.chunks_exact(unit).take_while(|chunk| *chunk == &text[..unit]).count();
    (1..=text.len() / 2)
        .map(|unit| (unit, times(unit)))
        .find(|(unit, times)| *times > 1 && unit * times >= LONG_REPETITION)
}

/// In how many ways the estimator reads the text, at most.
fn readings(text: &[char]) -> usize {
    let present = || L33T_SUBSTITUTIONS.iter().filter(|(sign, _)| text.contains(sign));
    let of_letter = |letter| present().filter(|(_, letters)| letters.contains(letter)).count().max(1);
    let ambiguous = present().filter(|(_, letters)| letters.len() > 1).map(|_| 2);
    ('a'..='z').map(of_letter).chain(ambiguous).product()
}

fn replace(text: &mut [char], from: char, to: char) {
    text.iter_mut().filter(|sign| **sign == from).for_each(|sign| *sign = to);
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIGNS: &str = "4@8({[<369!1|70$5+%2";

    #[test]
    fn what_is_short_and_read_in_few_ways_is_judged_as_it_is() {
        for password in
            ["P@ssw0rd1", "correct horse battery staple", "!@#$%^&*()", "가을하늘공활한데높고구름없이", ""]
        {
            assert_eq!(estimator_inputs(password), [password]);
        }
    }

    #[test]
    fn whatever_comes_only_a_bounded_part_of_it_is_judged() {
        let hostile = [
            SIGNS.repeat(6),
            format!("{SIGNS}{}", "password".repeat(13)),
            format!("{}{SIGNS}", "monkey1.1.1990".repeat(7)),
            SIGNS.chars().flat_map(|sign| [sign, 'a', 'b', 'x', '\u{130}']).collect(),
            SIGNS.chars().rev().chain("qwertyuiopasdfghjkl;'".chars()).cycle().take(128).collect(),
            ('가'..='힣').step_by(7).take(128).collect(),
            "thequickbrownfoxjumpsoverthelazydog".repeat(4),
        ];
        for password in hostile {
            let judged = estimator_inputs(&password);
            assert!(judged.len() <= 4, "{judged:?}");
            for text in judged {
                let text: Vec<char> = text.chars().collect();
                assert!(text.len() <= MAX_CHARS && !is_costly(&text), "{text:?}");
            }
        }
    }

    #[test]
    fn a_long_repetition_is_cut_to_two_of_its_units() {
        for (password, cut) in [
            ("a".repeat(100), "aa".to_owned()),
            ("ab12x".repeat(20), "ab12xab12x".to_owned()),
            (format!("qwerty{}", "zz9z".repeat(15)), "qwertyzz9zzz9z".to_owned()),
        ] {
            assert_eq!(estimator_inputs(&password), [cut]);
        }
    }
}
