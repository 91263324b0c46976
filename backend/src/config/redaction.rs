//! Redaction of settings in messages. A secret is put into the wrong place now and then: a database's URL where an
//! address belongs, a key where the name of its file does.

use figment::error::{Actual, Kind};
use std::path::Path;

/// Maximum length in bytes of a text that is repeated.
const LONGEST: usize = 100;
/// Length in bytes from which on a part of a path may be a key or a token.
const SHORTEST_KEY: usize = 24;
/// Maximum number of digits of a number that is repeated: that of a port.
const LONGEST_NUMBER: usize = 5;

/// Words that settings consist of, besides numbers; nobody has one of them as a password.
const WORDS: [&str; 35] = [
    "http",
    "https",
    "localhost",
    "tcp",
    "true",
    "false",
    "yes",
    "no",
    "on",
    "off",
    "auto",
    "required",
    "always",
    "never",
    "all",
    "any",
    "none",
    "text",
    "json",
    "logfmt",
    "ns",
    "us",
    "ms",
    "s",
    "sec",
    "m",
    "min",
    "h",
    "hours",
    "d",
    "days",
    "w",
    "weeks",
    "months",
    "y",
];

/// Returns the text in quotation marks where it is certain not to be a secret, and a placeholder otherwise.
pub fn redacted(text: &str) -> String {
    if is_safe_to_show(text) { format!("{text:?}") } else { "this value".to_owned() }
}

/// Returns the name of a file that cannot be read, where it is certain to be one: its folder exists. A secret that was
/// written in the place of its file's name has no such folder.
pub fn redacted_path(text: &str) -> String {
    let path = Path::new(text);
    let is_plain = |c: char| c.is_alphanumeric() || "._-/".contains(c);
    let is_short = |word: &str| word.len() < SHORTEST_KEY;
    let is_path = path.is_absolute() && text.chars().all(is_plain) && text.split(['/', '.']).all(is_short);
    let is_there = path.parent().is_some_and(|folder| folder.parent().is_some() && folder.is_dir());
    if is_path && is_there { format!("{text:?}") } else { "the file that it names".to_owned() }
}

/// Returns whether the text consists of numbers, numeric addresses, durations, and words of settings. Any other word
/// may be a password.
fn is_safe_to_show(text: &str) -> bool {
    let is_mark = |c: char| " .:/[],+-".contains(c);
    let is_v6 = text.matches(':').count() > 1;
    text.len() <= LONGEST && text.split(is_mark).all(|word| is_known(word) || is_v6 && is_group(word))
}

fn is_known(word: &str) -> bool {
    let unit = word.trim_start_matches(|c: char| c.is_ascii_digit());
    word.len() - unit.len() <= LONGEST_NUMBER && (unit.is_empty() || WORDS.contains(&unit))
}

/// Returns whether the word is a group of an IPv6 address.
fn is_group(word: &str) -> bool {
    word.len() <= 4 && word.chars().all(|c| c.is_ascii_hexdigit())
}

/// Returns whether this could be the name of a setting.
pub fn is_setting_name(text: &str) -> bool {
    text.len() <= LONGEST && text.chars().all(|c| matches!(c, 'a'..='z' | '0'..='9' | '_' | '.'))
}

/// Describes what is wrong with a setting's value or type. If `is_secret` is set, no part of the value is repeated.
pub fn describe_error(kind: &Kind, is_secret: bool) -> String {
    let told = |actual: &Actual| match actual {
        Actual::Str(text) if is_secret || !is_safe_to_show(text) => "a text".to_owned(),
        _ if is_secret => "something else".to_owned(),
        Actual::Unsigned(number) if !is_safe_to_show(&number.to_string()) => "a number".to_owned(),
        Actual::Signed(number) if !is_safe_to_show(&number.to_string()) => "a number".to_owned(),
        Actual::Float(number) if !is_safe_to_show(&number.to_string()) => "a number".to_owned(),
        Actual::Char(_) | Actual::Bytes(_) | Actual::Other(_) => "something else".to_owned(),
        actual => actual.to_string(),
    };
    match kind {
        Kind::InvalidType(actual, expected) => {
            format!("invalid type: found {}, expected {expected}", told(actual))
        }
        Kind::InvalidValue(actual, expected) => {
            format!("invalid value: found {}, expected {expected}", told(actual))
        }
        Kind::UnknownField(name, known) => {
            let name = if is_setting_name(name) { format!("`{name}`") } else { "a name".to_owned() };
            format!("unknown field: found {name}, expected {}", one_of(known))
        }
        kind => kind.to_string(),
    }
}

fn one_of(known: &[&str]) -> String {
    let known: Vec<_> = known.iter().map(|name| format!("`{name}`")).collect();
    format!("one of {}", known.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_a_secret_is_not_repeated() {
        for text in [
            "",
            "127.0.0.1:3000",
            "127.0.0.1:99999",
            "[::]:3000",
            "[fd00::7]:3000",
            "localhost:3000",
            "http://127.0.0.1:4318",
            "10.0.0.0/8",
            "-1",
            "1.5",
            "10",
            "10min",
            "1h 30",
            "0ns",
            "yes",
        ] {
            assert_eq!(redacted(text), format!("{text:?}"));
        }
        for text in [
            "hunter2",
            "1hunter2",
            "soon",
            "12345678",
            "-12345678",
            "dead:beef",
            "id.example.org",
            "http://hunter2",
            "postgres://latchkey:hunter2@db/latchkey",
            "hunter2@db",
            "https://id.example.org?key=hunter2",
            "c2VjcmV0LXRoYXQtaXMtMzItYnl0ZXMtbG9uZyE",
            "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIA==\n-----END PRIVATE KEY-----",
            "p&ss w#rd!",
            "1\n2",
            &"1 ".repeat(60),
        ] {
            assert_eq!(redacted(text), "this value", "{text}");
        }
    }

    #[test]
    fn the_name_of_a_file_is_told_where_it_is_certain_to_be_one() {
        let folder = tempfile::tempdir_in("/tmp").unwrap();
        let name = folder.path().join("url").display().to_string();
        assert_eq!(redacted_path(&name), format!("{name:?}"));
        for text in ["hunter2", "/hunter2", "./hunter2", "/nowhere/hunter2", &format!("{name}?hunter2")] {
            assert_eq!(redacted_path(text), "the file that it names", "{text}");
        }
    }
}
