//! E-mail addresses.

use crate::FieldErrorCode;
use crate::characters::{has_excess_marks, is_invisible, is_mark, trim_invisible};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// An e-mail address (RFC 5321, with the wider alphabet of RFC 6531 and RFC 6532) as its owner wrote it, without the white
/// space and the invisible characters around it.
///
/// Checked here is the shape. That the network can hold the domain (UTS 46), only the server tells, which has the tables.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(value_type = String, format = "email"))]
#[serde(try_from = "String", into = "String")]
pub struct EmailAddress(String);

impl EmailAddress {
    /// Maximum length of an address, in bytes (RFC 5321 §4.5.3.1.3, less the brackets).
    pub const MAX_BYTES: usize = 254;
    /// Maximum length of the local part, in bytes of its composed form, as mail is sent (RFC 5321 §4.5.3.1.1). The
    /// decomposed form of an allowed local part never has more characters than that, which is what is checked here; the
    /// server counts the bytes.
    pub const MAX_LOCAL: usize = 64;
    /// Maximum length of a label of a domain, in bytes (RFC 1035 §2.3.4).
    const MAX_LABEL_BYTES: usize = 63;

    /// Returns the address as its owner wrote it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Parses the address of an account that may exist. It need not satisfy later rules for new addresses: whoever
    /// signed up with such an address can still sign in with it.
    pub fn parse_existing(text: &str) -> Result<Self, FieldErrorCode> {
        let (address, local, domain) = split(text)?;
        let has_gap = |part: &str| part.split('.').any(str::is_empty);
        let fits = !has_gap(local) && !has_gap(domain) && domain.contains(is_dot);
        let is_plain = |c: char| is_local(c) || is_dot(c);
        if fits
            && local.chars().count() <= Self::MAX_LOCAL
            && local.chars().chain(domain.chars()).all(is_plain)
        {
            Ok(Self(address.to_owned()))
        } else {
            Err(FieldErrorCode::InvalidEmail)
        }
    }
}

impl FromStr for EmailAddress {
    type Err = FieldErrorCode;
    fn from_str(text: &str) -> Result<Self, FieldErrorCode> {
        let (address, local, domain) = split(text)?;
        if local.contains(is_invisible) || domain.contains(|c| is_invisible(c) && !is_joiner(c)) {
            return Err(FieldErrorCode::ControlCharacters);
        }
        if has_excess_marks(address) {
            return Err(FieldErrorCode::TooManyMarks);
        }
        let local_fits =
            local.chars().count() <= Self::MAX_LOCAL && local.split('.').all(|atom| is_atom(atom, is_local));
        let labels = || domain.split(is_dot);
        let ends_in_number =
            labels().next_back().is_some_and(|last| last.bytes().all(|b| b.is_ascii_digit()));
        match local_fits && labels().count() > 1 && labels().all(is_label) && !ends_in_number {
            true => Ok(Self(address.to_owned())),
            false => Err(FieldErrorCode::InvalidEmail),
        }
    }
}

/// Returns the trimmed address, its local part and its domain.
fn split(text: &str) -> Result<(&str, &str, &str), FieldErrorCode> {
    let address = trim_invisible(text);
    if address.is_empty() {
        return Err(FieldErrorCode::Required);
    }
    if address.len() > EmailAddress::MAX_BYTES {
        return Err(FieldErrorCode::TooLong);
    }
    if address.contains(char::is_control) {
        return Err(FieldErrorCode::ControlCharacters);
    }
    let (local, domain) = address.rsplit_once('@').ok_or(FieldErrorCode::InvalidEmail)?;
    Ok((address, local, domain))
}

/// Returns whether the text is a valid part between two dots. A mark needs a letter before it.
fn is_atom(text: &str, fits: fn(char) -> bool) -> bool {
    !text.is_empty() && !text.starts_with(is_mark) && text.chars().all(fits)
}

/// Returns whether the local part may contain the character: a letter, a digit, one of the signs that need no quotes
/// (RFC 5322 §3.2.3), or anything beyond ASCII (RFC 6532 §3.2). A quoted local part is legal, but always a mistake in a
/// sign-up form.
fn is_local(c: char) -> bool {
    c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c) || is_beyond_ascii(c)
}

/// Returns whether the text is a label of a domain: letters, digits, and hyphens inside (RFC 5890 §2.3.1). Labels
/// beyond ASCII are checked further by the server.
fn is_label(text: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '-' || is_beyond_ascii(c);
    let is_short = !text.is_ascii() || text.len() <= EmailAddress::MAX_LABEL_BYTES;
    is_atom(text, fits) && is_short && !text.starts_with('-') && !text.ends_with('-')
}

fn is_beyond_ascii(c: char) -> bool {
    !c.is_ascii() && !c.is_whitespace()
}

/// Returns whether the character ends a label: the dot and its equivalents on other keyboards (UTS 46 §4.5).
fn is_dot(c: char) -> bool {
    matches!(c, '.' | '\u{3002}' | '\u{FF0E}' | '\u{FF61}')
}

/// Returns whether the character is an invisible joiner, which changes the letters next to it. Some domains need them
/// (RFC 5892, appendix A).
fn is_joiner(c: char) -> bool {
    matches!(c, '\u{200C}' | '\u{200D}')
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
    use proptest::prelude::*;

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

    #[test]
    fn addresses_of_any_script_are_addresses() {
        for address in [
            "संपर्क@उदाहरण.भारत",
            "अजय@example.org",
            "ติดต่อ@ตัวอย่าง.ไทย",
            "தொடர்பு@எடுத்துக்காட்டு.இந்தியா",
            "اتصال@مثال.إختبار",
            "\u{5E9}\u{5B8}\u{5DC}\u{5D5}\u{5B9}\u{5DD}@example.org",
            "දත්ත@උදාහරණ.ලංකා",
            "ада@пример.рф",
            "ada@stra\u{DF}e.example",
            "ada@\u{0DC1}\u{0DCA}\u{200D}\u{0DBB}\u{0DD3}.lk",
            "連絡@例え。テスト",
            "🦊@example.org",
        ] {
            assert_eq!(
                address.parse::<EmailAddress>().map(|address| address.to_string()),
                Ok(address.to_owned())
            );
        }
    }

    #[test]
    fn what_comes_along_when_an_address_is_copied_is_dropped() {
        for debris in [
            "\u{200B}",
            "\u{A0}",
            "\u{FEFF}",
            "\u{2060}",
            "\u{202A}",
            "\u{200E}",
            "\u{AD}",
            "\u{3164}",
            " \u{200B}\t",
        ] {
            for text in [
                format!("{debris}ada@example.org"),
                format!("ada@example.org{debris}"),
                format!("{debris}ada@example.org{debris}{debris}"),
            ] {
                assert_eq!(text.parse::<EmailAddress>().unwrap().as_str(), "ada@example.org", "{text:?}");
                assert_eq!(
                    EmailAddress::parse_existing(&text).unwrap().as_str(),
                    "ada@example.org",
                    "{text:?}"
                );
            }
            assert_eq!(debris.parse::<EmailAddress>(), Err(FieldErrorCode::Required));
        }
    }

    #[test]
    fn characters_that_no_address_holds_are_refused() {
        for sign in "%!#$&'*+/=?^_`{|}~\\:;,()<>[]\"".chars() {
            let text = format!("ada@exam{sign}ple.org");
            assert_eq!(text.parse::<EmailAddress>(), Err(FieldErrorCode::InvalidEmail), "{text}");
        }
        for hidden in [
            "\u{200B}",
            "\u{AD}",
            "\u{2060}",
            "\u{3164}",
            "\u{115F}",
            "\u{FE0F}",
            "\u{E0061}",
            "\u{202E}",
            "\u{200D}",
            "\u{2800}",
        ] {
            let text = format!("a{hidden}da@example.org");
            assert_eq!(text.parse::<EmailAddress>(), Err(FieldErrorCode::ControlCharacters), "{text:?}");
        }
        for hidden in ["\u{200B}", "\u{AD}", "\u{3164}", "\u{202E}", "\u{2066}"] {
            let text = format!("ada@exam{hidden}ple.org");
            assert_eq!(text.parse::<EmailAddress>(), Err(FieldErrorCode::ControlCharacters), "{text:?}");
        }
        for text in [
            "a\u{A0}da@example.org",
            "a\u{3000}da@example.org",
            "ada@exam\u{A0}ple.org",
            "ada@-example.org",
            "ada@example-.org",
            "ada@127.0.0.1",
            "ada@example.123",
            ".ada@example.org",
            "ada.@example.org",
            "a..da@example.org",
            "ada@.example.org",
            "ada@example.org.",
            "ada@。org",
            "\u{93F}@example.org",
            "ada.\u{301}b@example.org",
        ] {
            assert_eq!(text.parse::<EmailAddress>(), Err(FieldErrorCode::InvalidEmail), "{text:?}");
        }
        let piled = format!("a{}da@example.org", "\u{301}".repeat(12));
        assert_eq!(piled.parse::<EmailAddress>(), Err(FieldErrorCode::TooManyMarks));
    }

    #[test]
    fn whoever_has_an_account_signs_in_with_an_address_that_is_refused_today() {
        for address in ["ada@100%.example.org", "ada@my_host.example.org", "a\u{3164}da@example.org"] {
            assert!(address.parse::<EmailAddress>().is_err(), "{address}");
            assert_eq!(EmailAddress::parse_existing(address).unwrap().as_str(), address);
        }
        for text in [
            "ada",
            "ada@",
            "@example.org",
            "ada@example",
            "a da@example.org",
            "\"a b\"@example.org",
            "ada@@example.org",
        ] {
            assert_eq!(EmailAddress::parse_existing(text), Err(FieldErrorCode::InvalidEmail), "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_new_address_can_be_signed_in_with(text in ".{0,40}", parts in "[a-zA-Z가-힣ก-๙%.\u{300}-\u{36F}-]{1,12}@[a-z가-힣。.-]{1,12}") {
            for text in [text, parts] {
                let Ok(address) = text.parse::<EmailAddress>() else { continue };
                prop_assert_eq!(EmailAddress::parse_existing(&text), Ok(address.clone()));
                prop_assert_eq!(address.as_str().parse::<EmailAddress>(), Ok(address));
            }
        }
    }
}
