//! Where people are reached.

use crate::FieldErrorCode;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// An e-mail address (RFC 5321, with RFC 6531's wider alphabet) as its owner wrote it, without the space around it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(value_type = String, format = "email"))]
#[serde(try_from = "String", into = "String")]
pub struct EmailAddress(String);

impl EmailAddress {
    /// The longest address, in bytes (RFC 5321 §4.5.3.1.3, less the brackets).
    pub const MAX_BYTES: usize = 254;

    /// The address as its owner wrote it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for EmailAddress {
    type Err = FieldErrorCode;
    fn from_str(text: &str) -> Result<Self, FieldErrorCode> {
        use email_address::Options;
        let address = text.trim();
        if address.is_empty() {
            return Err(FieldErrorCode::Required);
        }
        if address.len() > Self::MAX_BYTES {
            return Err(FieldErrorCode::TooLong);
        }
        if address.chars().any(char::is_control) {
            return Err(FieldErrorCode::ControlCharacters);
        }
        let options = Options::default().with_required_tld().without_display_text().without_domain_literal();
        // A quoted local part is legal and always a mistake in a sign-up form.
        if address.contains(['"', ' ']) {
            return Err(FieldErrorCode::InvalidEmail);
        }
        let letters: String = address.chars().filter(|sign| !is_written_apart(*sign)).collect();
        email_address::EmailAddress::parse_with_options(&letters, options)
            .map(|_| Self(address.to_owned()))
            .map_err(|_| FieldErrorCode::InvalidEmail)
    }
}

/// A sign that some systems write apart from the letter that it belongs to (Unicode's normalization form D): accents, and
/// the voice marks of Japanese. One among the accents cannot be seen.
fn is_written_apart(sign: char) -> bool {
    matches!(sign, '\u{300}'..='\u{34E}' | '\u{350}'..='\u{36F}' | '\u{3099}' | '\u{309A}')
}

impl TryFrom<String> for EmailAddress {
    type Error = FieldErrorCode;
    fn try_from(text: String) -> Result<Self, FieldErrorCode> {
        text.parse()
    }
}

impl From<EmailAddress> for String {
    fn from(address: EmailAddress) -> Self {
        address.0
    }
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_taken_as_written() {
        for address in
            ["ada@example.org", "Ada.Lovelace+news@Mail.Example.org", "하늘@예시.한국", "o'brien@ex-ample.co"]
        {
            assert_eq!(address.parse::<EmailAddress>().unwrap().as_str(), address);
        }
        for apart in ["rene\u{301}e@exa\u{308}mple.org", "\u{304B}\u{3099}@example.org"] {
            assert_eq!(apart.parse::<EmailAddress>().unwrap().as_str(), apart);
        }
        assert_eq!(" ada@example.org\n".parse::<EmailAddress>().unwrap().as_str(), "ada@example.org");
    }

    #[test]
    fn what_is_not_an_address_says_why() {
        let refused = |text: &str| text.parse::<EmailAddress>().unwrap_err();
        assert_eq!(refused("  "), FieldErrorCode::Required);
        for text in [
            "ada",
            "ada@",
            "@example.org",
            "ada@example",
            "ada@@example.org",
            "ada@ex ample.org",
            "ada@[127.0.0.1]",
            "Ada <ada@example.org>",
            "ada@example..org",
            "\"a b\"@example.org",
            "ada@example.org, b@example.org",
            "\u{301}@example.org",
            "ada@\u{301}.org",
        ] {
            assert_eq!(refused(text), FieldErrorCode::InvalidEmail, "{text}");
        }
        assert_eq!(refused(&format!("{}@example.org", "a".repeat(250))), FieldErrorCode::TooLong);
        assert_eq!(refused("a\u{7}da@example.org"), FieldErrorCode::ControlCharacters);
    }
}
