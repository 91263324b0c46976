//! Password strength, as estimated by zxcvbn.

use super::estimator_input::{dictionary_parts, estimator_inputs};
use latchkey_shared::FieldErrorCode;
use zxcvbn::Score;
use zxcvbn::feedback::Warning;

/// Reason for calling a password weak.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Weakness {
    /// It is among the first passwords that attackers try.
    Common,
    /// It consists of its owner's name or address.
    Personal,
    /// It is a repetition, a sequence, a date or a row of keys.
    Pattern,
    /// It is too short or simple in another way.
    Guessable,
}

impl Weakness {
    /// Returns the code that the page translates.
    pub fn code(self) -> FieldErrorCode {
        match self {
            Self::Common => FieldErrorCode::PasswordCommon,
            Self::Personal => FieldErrorCode::PasswordPersonal,
            Self::Pattern => FieldErrorCode::PasswordPattern,
            Self::Guessable => FieldErrorCode::PasswordGuessable,
        }
    }
}

/// Accepts passwords that withstand at least 10⁸ guesses. `personal` lists what an attacker knows of the owner. Takes
/// at most about as long as a hash.
pub fn check_strength(password: &str, personal: &[String]) -> Result<(), Weakness> {
    let known: Vec<&str> = personal.iter().flat_map(|text| words(text)).collect();
    if known.iter().any(|word| word.chars().count() > 3 && is_mostly(password, word)) {
        return Err(Weakness::Personal);
    }
    let parts: Vec<String> = known.iter().flat_map(|word| dictionary_parts(word)).collect();
    let known: Vec<&str> = parts.iter().map(String::as_str).collect();
    estimator_inputs(password).iter().try_for_each(|text| withstands(text, &known))
}

fn withstands(text: &str, known: &[&str]) -> Result<(), Weakness> {
    let estimate = zxcvbn::zxcvbn(text, known);
    if estimate.score() >= Score::Three {
        return Ok(());
    }
    Err(estimate.feedback().and_then(|feedback| feedback.warning()).map_or(Weakness::Guessable, weakness))
}

/// Returns the text itself and the words in it.
fn words(text: &str) -> impl Iterator<Item = &str> {
    std::iter::once(text).chain(text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()))
}

/// Returns whether the password without the word is at most four characters long: `ada.lovelace1` is mostly `lovelace`.
fn is_mostly(password: &str, word: &str) -> bool {
    let (password, word) = (password.to_lowercase(), word.to_lowercase());
    let left = password.replace(&word, "").chars().count();
    left < password.chars().count() && left < 5
}

fn weakness(warning: Warning) -> Weakness {
    match warning {
        Warning::ThisIsATop10Password
        | Warning::ThisIsATop100Password
        | Warning::ThisIsACommonPassword
        | Warning::ThisIsSimilarToACommonlyUsedPassword => Weakness::Common,
        Warning::StraightRowsOfKeysAreEasyToGuess
        | Warning::ShortKeyboardPatternsAreEasyToGuess
        | Warning::RepeatsLikeAaaAreEasyToGuess
        | Warning::RepeatsLikeAbcAbcAreOnlySlightlyHarderToGuess
        | Warning::SequencesLikeAbcAreEasyToGuess
        | Warning::RecentYearsAreEasyToGuess
        | Warning::DatesAreOftenEasyToGuess => Weakness::Pattern,
        Warning::AWordByItselfIsEasyToGuess
        | Warning::NamesAndSurnamesByThemselvesAreEasyToGuess
        | Warning::CommonNamesAndSurnamesAreEasyToGuess => Weakness::Guessable,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(password: &str) -> Result<(), Weakness> {
        check_strength(password, &["ada.lovelace@example.org".to_owned(), "Ada Lovelace".to_owned()])
    }

    #[test]
    fn what_would_be_guessed_soon_is_refused_with_the_reason() {
        assert_eq!(judged("password"), Err(Weakness::Common));
        assert_eq!(judged("P@ssw0rd1"), Err(Weakness::Common));
        assert_eq!(judged("12345678"), Err(Weakness::Common));
        assert_eq!(judged("zzzzzzzzzzz"), Err(Weakness::Pattern));
        assert_eq!(judged("Lovelace12"), Err(Weakness::Personal));
        assert_eq!(judged("ada.lovelace@example.org"), Err(Weakness::Personal));
    }

    #[test]
    fn long_or_odd_ones_of_any_script_are_taken() {
        for password in [
            "correct horse battery staple",
            "xk3#9qLmw2",
            "가을하늘공활한데높고구름없이",
            "🐙🦊🦉🐝🦋🐞🦀🐢🐬",
        ] {
            assert_eq!(judged(password), Ok(()), "{password}");
        }
    }

    /// The passwords cover long ones and ones with many symbols.
    #[test]
    fn what_the_estimator_refuses_as_a_whole_is_refused_in_parts() {
        for password in [
            "aab".repeat(30),
            "ab12x".repeat(20),
            "P@ssw0rd".repeat(8),
            format!("monkey{}", "1234567890".repeat(7)),
            format!("{}love", "qwertyuiop".repeat(7)),
            "!@#$%^&*()1234567890".to_owned(),
            "p@$$w0rd1234567890".to_owned(),
            "!@#$%^&*()".repeat(5),
            "|1|!4@".repeat(15),
            "\u{AC00}\u{B098}\u{B2E4}".repeat(30),
        ] {
            assert!(zxcvbn::zxcvbn(&password, &[]).score() < Score::Three, "{password}");
            assert!(check_strength(&password, &[]).is_err(), "{password}");
        }
    }

    /// Without the bounds on its input, the estimator takes far longer.
    #[test]
    fn to_judge_a_hostile_password_takes_not_much_longer_than_an_ordinary_one() {
        const SIGNS: &str = "4@8({[<369!1|70$5+%2";
        let took = |password: &str| {
            let start = std::time::Instant::now();
            let _ = judged(password);
            start.elapsed()
        };
        let ordinary = "Correct-Horse-7 battery staple, 1998!";
        for hostile in [
            SIGNS.repeat(6),
            format!("{SIGNS}{}", "password".repeat(13)),
            format!("{}{SIGNS}", "monkey1.1.1990".repeat(7)),
            SIGNS.chars().rev().chain("qwertyuiopasdfghjkl;'".chars()).cycle().take(128).collect(),
        ] {
            // The minimum of several runs, since the machine may have other work to do.
            let best = |password: &str| (0..5).map(|_| took(password)).min().unwrap_or_default();
            let (hostile, ordinary) = (best(&hostile), best(ordinary));
            assert!(hostile < 20 * ordinary, "{hostile:?} against {ordinary:?}");
        }
    }

    #[test]
    fn a_long_name_is_found_at_either_end_of_a_long_password() {
        let name =
            "Wolfeschlegelsteinhausenbergerdorff Zephyrine Quillon-Marchetti von Oberhausen".to_owned();
        for password in [format!("{name}4821"), format!("xq73{name}"), name.to_lowercase()] {
            assert!(check_strength(&password, std::slice::from_ref(&name)).is_err(), "{password}");
        }
    }
}
