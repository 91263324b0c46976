//! Length rules for new passwords. Only the server checks their strength.

use crate::{FieldErrorCode, Secret};

/// Minimum length of a password, in characters (Unicode scalar values).
pub const MIN_PASSWORD_CHARS: usize = 8;
/// Maximum length of a password, in characters (Unicode scalar values).
pub const MAX_PASSWORD_CHARS: usize = 128;

/// A new password of acceptable length: 8 to 128 characters of any script. There are no rules for their mixture.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Password(Secret);

impl Password {
    /// Returns the text itself, to hash it or to check its strength.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

impl TryFrom<Secret> for Password {
    type Error = FieldErrorCode;
    fn try_from(text: Secret) -> Result<Self, FieldErrorCode> {
        match text.expose().chars().count() {
            0 => Err(FieldErrorCode::Required),
            n if n < MIN_PASSWORD_CHARS => Err(FieldErrorCode::TooShort),
            n if n > MAX_PASSWORD_CHARS => Err(FieldErrorCode::TooLong),
            _ => Ok(Self(text)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn length_is_counted_in_characters_not_bytes() {
        let check = |text: String| Password::try_from(Secret::from(text)).map(|_| ());
        assert_eq!(check("가나다라마바사아".into()), Ok(()));
        assert_eq!(check("가나다라마바사".into()), Err(FieldErrorCode::TooShort));
        assert_eq!(check("🔑".repeat(128)), Ok(()));
        assert_eq!(check("🔑".repeat(129)), Err(FieldErrorCode::TooLong));
        assert_eq!(check(String::new()), Err(FieldErrorCode::Required));
        assert_eq!(check("        ".into()), Ok(()));
    }
}
