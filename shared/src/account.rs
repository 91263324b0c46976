//! Messages about an account.

use crate::{
    DisplayName, EmailAddress, FieldError, FieldErrorCode, Locale, Password, Secret, Session, Timestamp,
    TokenDelivery,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// One person, as the page shows them.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Account {
    /// The account's id, a UUIDv7: the `sub` of its tokens.
    pub id: Uuid,
    /// The address, as its owner wrote it.
    pub email: String,
    /// What the page calls the person.
    pub display_name: String,
    /// The language that the person reads.
    pub locale: Locale,
    /// What the account may do.
    pub roles: Vec<String>,
    /// When the account was made.
    pub created_at: Timestamp,
}

/// `POST /api/auth/signup`
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SignUpRequest {
    /// Where the person is reached; also what they sign in with.
    #[cfg_attr(feature = "openapi", schema(format = "email", max_length = 254))]
    pub email: String,
    /// 8 to 128 characters of any script.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = Password, min_length = 8, max_length = 128))]
    pub password: Secret,
    /// What the page calls the person.
    #[cfg_attr(feature = "openapi", schema(value_type = DisplayName))]
    pub display_name: String,
    /// The language that the person reads: `en` or `ko`; English when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Locale>))]
    pub locale: Option<String>,
    /// How the refresh token travels; in a cookie when absent.
    #[serde(default)]
    pub token_delivery: TokenDelivery,
}

/// A validated sign-up.
#[derive(Clone, Debug)]
pub struct SignUp {
    /// E-mail address.
    pub email: EmailAddress,
    /// Password of the new account.
    pub password: Password,
    /// Name that the page shows.
    pub display_name: DisplayName,
    /// Language of the page for this person.
    pub locale: Locale,
    /// Delivery of the refresh token.
    pub token_delivery: TokenDelivery,
}

impl TryFrom<SignUpRequest> for SignUp {
    type Error = Vec<FieldError>;
    fn try_from(raw: SignUpRequest) -> Result<Self, Vec<FieldError>> {
        let mut errors = Vec::new();
        let email = collect("email", raw.email.parse(), &mut errors);
        let password = collect("password", Password::try_from(raw.password), &mut errors);
        let display_name = collect("display_name", raw.display_name.parse(), &mut errors);
        let locale = collect("locale", raw.locale.map(|tag| tag.parse()).transpose(), &mut errors);
        match (email, password, display_name, locale) {
            (Some(email), Some(password), Some(display_name), Some(locale)) => {
                let (locale, token_delivery) = (locale.unwrap_or_default(), raw.token_delivery);
                Ok(Self { email, password, display_name, locale, token_delivery })
            }
            _ => Err(errors),
        }
    }
}

/// `PATCH /api/me`: what is absent stays as it is.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ProfileChangeRequest {
    /// What the page calls the person from now on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<DisplayName>))]
    pub display_name: Option<String>,
    /// The language that the person reads from now on: `en` or `ko`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Locale>))]
    pub locale: Option<String>,
}

/// A validated change of profile.
#[derive(Clone, Debug, Default)]
pub struct ProfileChange {
    /// The new name, if it changes.
    pub display_name: Option<DisplayName>,
    /// The new language, if it changes.
    pub locale: Option<Locale>,
}

impl TryFrom<ProfileChangeRequest> for ProfileChange {
    type Error = Vec<FieldError>;
    fn try_from(raw: ProfileChangeRequest) -> Result<Self, Vec<FieldError>> {
        let mut errors = Vec::new();
        let display_name =
            collect("display_name", raw.display_name.map(|name| name.parse()).transpose(), &mut errors);
        let locale = collect("locale", raw.locale.map(|tag| tag.parse()).transpose(), &mut errors);
        match (display_name, locale) {
            (Some(display_name), Some(locale)) => Ok(Self { display_name, locale }),
            _ => Err(errors),
        }
    }
}

/// `POST /api/me/password`
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ChangePasswordRequest {
    /// The password that holds now.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = Password, min_length = 1))]
    pub current_password: Secret,
    /// The password that shall hold: 8 to 128 characters of any script.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = Password, min_length = 8, max_length = 128))]
    pub new_password: Secret,
    /// How the session's next refresh token travels; as it did at the sign-in when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_delivery: Option<TokenDelivery>,
}

/// A validated change of password.
#[derive(Clone, Debug)]
pub struct ChangePassword {
    /// Current password, as it was typed.
    pub current_password: Secret,
    /// New password.
    pub new_password: Password,
    /// Delivery of the next refresh token, if the request sets it.
    pub token_delivery: Option<TokenDelivery>,
}

impl TryFrom<ChangePasswordRequest> for ChangePassword {
    type Error = Vec<FieldError>;
    fn try_from(raw: ChangePasswordRequest) -> Result<Self, Vec<FieldError>> {
        let mut errors = Vec::new();
        let current_password = collect("current_password", non_empty(raw.current_password), &mut errors);
        let new_password = collect("new_password", Password::try_from(raw.new_password), &mut errors);
        match (current_password, new_password) {
            (Some(current_password), Some(new_password)) => {
                Ok(Self { current_password, new_password, token_delivery: raw.token_delivery })
            }
            _ => Err(errors),
        }
    }
}

/// `DELETE /api/me`
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct DeleteAccountRequest {
    /// The account's password, so that a borrowed browser cannot delete it.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = Password, min_length = 1))]
    pub password: Secret,
}

impl DeleteAccountRequest {
    /// Returns the password; fails if it is empty.
    pub fn validate(self) -> Result<Secret, Vec<FieldError>> {
        non_empty(self.password).map_err(|code| vec![FieldError::new("password", code)])
    }
}

/// `GET /api/me/export`: all that the server knows of an account.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AccountExport {
    /// When this was written.
    pub exported_at: Timestamp,
    /// The account itself.
    pub account: Account,
    /// When the account was last changed.
    pub updated_at: Timestamp,
    /// When somebody last signed in with its password, or signed up.
    pub signed_in_at: Timestamp,
    /// What is kept in place of the password.
    pub password: PasswordInfo,
    /// Every session that is still on record.
    pub sessions: Vec<Session>,
}

/// What can be told of a stored password. The hash itself would only help whoever steals the export.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PasswordInfo {
    /// How the password is stored: `argon2id`.
    pub algorithm: String,
    /// When it was last set.
    pub changed_at: Timestamp,
}

pub(crate) fn non_empty(text: Secret) -> Result<Secret, FieldErrorCode> {
    if text.expose().is_empty() { Err(FieldErrorCode::Required) } else { Ok(text) }
}

/// Returns the value, or adds its error under the field's name to `errors`.
pub(crate) fn collect<T>(
    field: &str,
    parsed: Result<T, FieldErrorCode>,
    errors: &mut Vec<FieldError>,
) -> Option<T> {
    parsed.map_err(|code| errors.push(FieldError::new(field, code))).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_wrong_field_is_named_at_once() {
        let raw = SignUpRequest {
            email: "ada".into(),
            password: "short".into(),
            display_name: " ".into(),
            locale: Some("tlh".into()),
            token_delivery: TokenDelivery::Cookie,
        };
        let errors = SignUp::try_from(raw).unwrap_err();
        let named: Vec<_> = errors.iter().map(|error| (error.field.as_str(), error.code)).collect();
        assert_eq!(
            named,
            [
                ("email", FieldErrorCode::InvalidEmail),
                ("password", FieldErrorCode::TooShort),
                ("display_name", FieldErrorCode::Required),
                ("locale", FieldErrorCode::UnsupportedLocale),
            ]
        );
    }

    #[test]
    fn fields_that_nobody_asked_for_are_refused() {
        assert!(serde_json::from_str::<ProfileChangeRequest>(r#"{"roles":["admin"]}"#).is_err());
    }
}
