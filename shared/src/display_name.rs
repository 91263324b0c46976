//! Display names.

use crate::FieldErrorCode;
use crate::characters::{has_excess_marks, is_visible};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// Name that the page shows: 1 to 80 characters of any script, without white space around it. At least one of them is
/// visible, none is a control character, and no letter has more marks than any script uses.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DisplayName(String);

impl DisplayName {
    /// Maximum length of a name, in characters.
    pub const MAX_CHARS: usize = 80;

    /// Returns the name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for DisplayName {
    type Err = FieldErrorCode;
    fn from_str(text: &str) -> Result<Self, FieldErrorCode> {
        if text.chars().any(is_control) {
            return Err(FieldErrorCode::ControlCharacters);
        }
        let name = text.trim();
        match name.chars().count() {
            0 => Err(FieldErrorCode::Required),
            _ if !name.contains(is_visible) => Err(FieldErrorCode::NothingVisible),
            _ if has_excess_marks(name) => Err(FieldErrorCode::TooManyMarks),
            1..=Self::MAX_CHARS => Ok(Self(name.to_owned())),
            _ => Err(FieldErrorCode::TooLong),
        }
    }
}

/// Returns whether the character is a control character, a line separator or a bidirectional control. With the latter,
/// a name could look like other text on the screen.
fn is_control(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

impl TryFrom<String> for DisplayName {
    type Error = FieldErrorCode;
    fn try_from(text: String) -> Result<Self, FieldErrorCode> {
        text.parse()
    }
}

impl From<DisplayName> for String {
    fn from(name: DisplayName) -> Self {
        name.0
    }
}

impl fmt::Display for DisplayName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(feature = "openapi")]
mod schema {
    use crate::characters::is_visible;
    use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};

    /// Returns a pattern: no control characters, and at least one visible character. A pattern of this kind cannot
    /// limit the marks on a letter.
    fn pattern() -> String {
        let control = r"\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069";
        let any = format!("[^{control}]*");
        format!(r"^{any}[^\s{control}{}]{any}$", hidden())
    }

    /// Returns the ranges of characters of the basic plane that are not visible by themselves.
    fn hidden() -> String {
        let mut ranges: Vec<(char, char)> = Vec::new();
        for c in ('\u{A0}'..='\u{FFFF}').filter(|c| !is_visible(*c)) {
            match ranges.last_mut() {
                Some((_, last)) if ('\u{A0}'..=c).rev().nth(1) == Some(*last) => *last = c,
                _ => ranges.push((c, c)),
            }
        }
        let escaped = |c: char| format!("\\u{:04x}", u32::from(c));
        ranges.into_iter().map(|(first, last)| format!("{}-{}", escaped(first), escaped(last))).collect()
    }

    impl utoipa::ToSchema for super::DisplayName {}
    impl utoipa::PartialSchema for super::DisplayName {
        fn schema() -> RefOr<Schema> {
            ObjectBuilder::new()
                .schema_type(Type::String)
                .min_length(Some(1))
                .max_length(Some(super::DisplayName::MAX_CHARS))
                .pattern(Some(pattern()))
                .description(Some("A name of any script: no control characters, something that can be seen"))
                .into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_any_script_are_names() {
        for name in ["Ada", "김하늘", "👩‍🚀 Zoë", "O'Brien <b>", "עדה"] {
            assert_eq!(name.parse::<DisplayName>().unwrap().as_str(), name);
        }
        assert_eq!("  Ada  ".parse::<DisplayName>().unwrap().as_str(), "Ada");
        assert!("가".repeat(80).parse::<DisplayName>().is_ok());
    }

    #[test]
    fn what_is_not_a_name_says_why() {
        let refused = |text: &str| text.parse::<DisplayName>().unwrap_err();
        assert_eq!(refused(""), FieldErrorCode::Required);
        assert_eq!(refused(" \u{3000} "), FieldErrorCode::Required);
        assert_eq!(refused(&"가".repeat(81)), FieldErrorCode::TooLong);
        assert_eq!(refused("a\nb"), FieldErrorCode::ControlCharacters);
        assert_eq!(refused("a\u{202E}b"), FieldErrorCode::ControlCharacters);
        assert_eq!(refused("a\0"), FieldErrorCode::ControlCharacters);
    }

    #[test]
    fn a_name_of_which_nothing_shows_is_no_name() {
        let emoji_parts = ["\u{200D}", "\u{FE0F}", "\u{E0067}\u{E007F}"];
        let blanks =
            ["\u{200B}", "\u{3164}", "\u{2800}", "\u{115F}\u{1160}", "\u{FFA0}", "\u{AD}", "\u{180E}"];
        let marks = ["\u{301}", "\u{20DD}", "\u{94D}", "\u{2060}\u{300}", "\u{200E}", "\u{34F}", "\u{E000}"];
        for name in emoji_parts.into_iter().chain(blanks).chain(marks) {
            for text in [name.to_owned(), name.repeat(3), format!("{name} {name}")] {
                assert_eq!(text.parse::<DisplayName>(), Err(FieldErrorCode::NothingVisible), "{text:?}");
            }
        }
    }

    #[test]
    fn a_letter_under_a_pile_of_marks_is_refused_wherever_it_stands() {
        for mark in [
            "\u{300}",
            "\u{489}",
            "\u{E47}",
            "\u{64B}",
            "\u{20DD}",
            "\u{1AB0}",
            "\u{FE20}",
            "\u{93F}",
            "\u{301}\u{200D}",
        ] {
            for text in [format!("a{}", mark.repeat(40)), format!("Ada L{}ovelace", mark.repeat(12))] {
                assert_eq!(text.parse::<DisplayName>(), Err(FieldErrorCode::TooManyMarks), "{text:?}");
            }
        }
    }

    #[test]
    fn names_keep_the_marks_of_their_scripts() {
        for name in [
            "Vie\u{302}\u{323}t",
            "\u{5E9}\u{5C1}\u{5B8}\u{5DC}\u{5D5}\u{5B9}\u{5DD}",
            "क्षितिज श्रीवास्तव",
            "สมเกียรติ์ น้ำใจ",
            "ကြွှေ့ော်",
            "བསྒྲུབས་རྒྱལ",
            "هٰذَا مُحَمَّدٌ",
            "\u{1112}\u{1161}\u{11AB}\u{1100}\u{1173}\u{11AF}",
            "🏴\u{E0067}\u{E0062}\u{E0065}\u{E006E}\u{E0067}\u{E007F} 👨‍👩‍👧‍👦 1️⃣ 🇰🇷 👍🏽",
            "می‌خواهم",
        ] {
            assert_eq!(name.parse::<DisplayName>().unwrap().as_str(), name);
        }
    }
}
