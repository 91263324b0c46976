//! Bounded inputs for the strength estimator. Its time grows with the length of its input, and without bound with the
//! number of readings: the ways in which symbols can be l33t substitutions for letters. Both are limited here. A
//! password that is short enough and has few readings is passed unchanged.

/// Maximum length of an input, in characters.
const MAX_CHARS: usize = 64;
/// Maximum length of an input with many readings, in characters.
const MAX_CHARS_WITH_SUBSTITUTIONS: usize = 24;
/// Maximum product of an input's length and its number of readings.
const MAX_COST: usize = 768;
/// Length from which a repetition is shortened, in characters.
const LONG_REPETITION: usize = 16;

/// Symbols that the estimator takes for letters, each with those letters.
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
/// Symbols, each with one that stands for the same letter; ordered so that those come first that are least often part
/// of a row of keys.
const L33T_EQUIVALENTS: [(char, char); 8] =
    [('|', '1'), ('{', '('), ('[', '('), ('<', '('), ('@', '4'), ('$', '5'), ('+', '7'), ('!', '1')];
/// Symbols, each with the character on its key without shift (US layout).
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

/// Returns the inputs to estimate in place of the password, which is strong if each of them is.
///
/// A password that is weak by the estimator's own measure consists of at most two guessable parts. In a long one,
/// repetitions are shortened and both ends are estimated: such parts fill at least one of them. If the symbols have too
/// many readings, they are replaced: once by others for the same letters, so that words are found, and once by those of
/// the same keys, so that rows of keys are.
pub fn estimator_inputs(password: &str) -> Vec<String> {
    let mut text: Vec<char> = password.chars().collect();
    if text.len() > MAX_CHARS_WITH_SUBSTITUTIONS {
        text = without_repetitions(&text);
    }
    let longest =
        if readings(&text) > MAX_COST / MAX_CHARS { MAX_CHARS_WITH_SUBSTITUTIONS } else { MAX_CHARS };
    ends(&text, longest).into_iter().flat_map(spellings).collect()
}

/// Returns a dictionary word as it would occur in the inputs: the word itself, or the ends of a long one.
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

/// Returns the text itself, or the two texts that replace it if it has too many readings.
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

/// Returns the text if it is short, else its beginning and its end.
fn ends(text: &[char], longest: usize) -> Vec<&[char]> {
    match text.len().checked_sub(longest) {
        None | Some(0) => vec![text],
        Some(rest) => vec![&text[..longest], &text[rest..]],
    }
}

/// Returns the text with each long repetition cut to two of its units.
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

/// Returns the length of the shortest unit with whose long repetition the text begins, and the number of its
/// repetitions.
fn long_repetition(text: &[char]) -> Option<(usize, usize)> {
    let times = |unit: usize| text.chunks_exact(unit).take_while(|chunk| *chunk == &text[..unit]).count();
    (1..=text.len() / 2)
        .map(|unit| (unit, times(unit)))
        .find(|(unit, times)| *times > 1 && unit * times >= LONG_REPETITION)
}

/// Returns an upper bound for the number of readings of the text.
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
