//! What people are called.

use crate::FieldErrorCode;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// The name that the page shows: 1 to 80 characters of any script, no control characters, no space around it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DisplayName(String);

impl DisplayName {
    /// The longest name, in characters.
    pub const MAX_CHARS: usize = 80;

    /// The name as people read it.
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
            1..=Self::MAX_CHARS => Ok(Self(name.to_owned())),
            _ => Err(FieldErrorCode::TooLong),
        }
    }
}

/// Besides the control characters proper: line separators, and the marks that turn the reading direction around.
/// With them a name could pretend to be other text on somebody's screen.
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
    use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};

    /// No control characters, and at least one that is not white space.
    const PATTERN: &str = r"^[^\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]*[^\s\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069][^\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]*$";

    impl utoipa::ToSchema for super::DisplayName {}
    impl utoipa::PartialSchema for super::DisplayName {
        fn schema() -> RefOr<Schema> {
            ObjectBuilder::new()
                .schema_type(Type::String)
                .min_length(Some(1))
                .max_length(Some(super::DisplayName::MAX_CHARS))
                .pattern(Some(PATTERN))
                .description(Some("A name of any script, without control characters"))
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
}
