//! What of a setting may be repeated in a message. Whoever sets something puts a secret into the wrong place now and then:
//! a database's URL where an address belongs, a key where the name of its file does.

use figment::error::{Actual, Kind};

/// The longest text that is repeated.
const LONGEST: usize = 100;
/// A text without a pause that is as long as this may be a key or a token.
const SHORTEST_KEY: usize = 24;

/// The text in quotation marks where it is certain to be no secret; otherwise words that stand for it.
pub fn shown(text: &str) -> String {
    if is_harmless(text) { format!("{text:?}") } else { "this value".to_owned() }
}

/// Plain letters, without what stands before a host's name in a URL, and without anything that looks made up.
fn is_harmless(text: &str) -> bool {
    let is_plain = |c: char| c.is_alphanumeric() || " ._-:/[],<>".contains(c);
    let is_pause = |c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '-');
    let longest_word = text.split(is_pause).map(str::len).max().unwrap_or_default();
    text.len() <= LONGEST && text.chars().all(is_plain) && longest_word < SHORTEST_KEY
}

/// Whether this could be the name of a setting.
pub fn is_a_name(text: &str) -> bool {
    text.len() <= LONGEST && text.chars().all(|c| matches!(c, 'a'..='z' | '0'..='9' | '_' | '.'))
}

/// What is wrong with a setting whose value or kind is not what it should be. `is_secret` where no part of it may be told.
pub fn fault(kind: &Kind, is_secret: bool) -> String {
    let told = |actual: &Actual| match actual {
        Actual::Str(text) if is_secret || !is_harmless(text) => "a text".to_owned(),
        _ if is_secret => "something else".to_owned(),
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
            let name = if is_a_name(name) { format!("`{name}`") } else { "a name".to_owned() };
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
            "127.0.0.1:3000",
            "[::]:3000",
            "soon",
            "id.example.org",
            "10.0.0.0/8",
            "/run/secrets/database_url",
            "https://id.example.org:8443/path",
            "",
        ] {
            assert_eq!(shown(text), format!("{text:?}"));
        }
        for text in [
            "postgres://latchkey:hunter2@db/latchkey",
            "hunter2@db",
            "https://id.example.org?key=hunter2",
            "c2VjcmV0LXRoYXQtaXMtMzItYnl0ZXMtbG9uZyE",
            "c2Vjc mV0LXRoYXQtaXMtMzItYnl0ZXMtbG9uZyE=",
            "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIA==\n-----END PRIVATE KEY-----",
            "p&ss w#rd!",
            "two\nlines",
            &"long ".repeat(30),
        ] {
            assert_eq!(shown(text), "this value", "{text}");
        }
    }
}
