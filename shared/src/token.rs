//! Messages that exchange credentials for tokens.

use crate::account::{collect, non_empty};
use crate::{Account, EmailAddress, FieldError, Secret, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// `POST /api/auth/login`
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct LogInRequest {
    /// The account's address.
    #[cfg_attr(feature = "openapi", schema(format = "email", max_length = 254))]
    pub email: String,
    /// The account's password.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = Password, min_length = 1))]
    pub password: Secret,
    /// Whether the session outlives the browser's window and lasts as long as it is used; true when absent.
    #[serde(default = "default_true")]
    pub remember: bool,
    /// How the refresh token travels; in a cookie when absent.
    #[serde(default)]
    pub token_delivery: TokenDelivery,
}

fn default_true() -> bool {
    true
}

/// A validated sign-in request.
#[derive(Clone, Debug)]
pub struct LogIn {
    /// The account's address.
    pub email: EmailAddress,
    /// The password, as it was typed.
    pub password: Secret,
    /// True if the session survives closing the browser.
    pub remember: bool,
    /// Delivery of the refresh token.
    pub token_delivery: TokenDelivery,
}

impl TryFrom<LogInRequest> for LogIn {
    type Error = Vec<FieldError>;
    fn try_from(raw: LogInRequest) -> Result<Self, Vec<FieldError>> {
        let mut errors = Vec::new();
        let email = collect("email", EmailAddress::parse_existing(&raw.email), &mut errors);
        let password = collect("password", non_empty(raw.password), &mut errors);
        match (email, password) {
            (Some(email), Some(password)) => {
                Ok(Self { email, password, remember: raw.remember, token_delivery: raw.token_delivery })
            }
            _ => Err(errors),
        }
    }
}

/// How the refresh token travels.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum TokenDelivery {
    /// In an HttpOnly cookie that no script can read: for browsers.
    #[default]
    Cookie,
    /// In the answer's body: for command-line and native clients, which keep it themselves.
    Body,
}

/// `POST /api/auth/refresh`: with the cookie, or with the token here.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct RefreshRequest {
    /// The refresh token of a client that keeps it itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub refresh_token: Option<Secret>,
}

/// `POST /api/auth/logout`: with the cookie, with a bearer token, or with the refresh token here.
pub type LogOutRequest = RefreshRequest;

/// The answer to a sign-up, a sign-in and a refresh (RFC 6749 §5.1, and whose session it is).
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SignedIn {
    /// How the access token is sent: `Authorization: Bearer` (RFC 6750).
    pub token_type: TokenType,
    /// The access token, a JWT (RFC 9068).
    pub access_token: Secret,
    /// How long the access token lasts, in seconds from now.
    pub expires_in: u64,
    /// When the session ends if it is not used any more.
    pub session_expires_at: Timestamp,
    /// Whose session it is.
    pub account: Account,
    /// The refresh token, where the client asked for it in the body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<Secret>,
}

/// How an access token is sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum TokenType {
    /// In `Authorization: Bearer` (RFC 6750 §2.1).
    #[default]
    Bearer,
}

/// What an access token says (RFC 9068 §2.2). Every claim is required: a token that lacks one does not parse.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Claims {
    /// Who issued the token: the configured public URL.
    pub iss: String,
    /// Whom the token is for: the same.
    pub aud: String,
    /// Whose token it is: the account's id.
    pub sub: Uuid,
    /// Which session it belongs to.
    pub sid: Uuid,
    /// In which generation of the session it was issued.
    #[serde(rename = "gen")]
    pub generation: u64,
    /// What the account may do.
    pub roles: Vec<String>,
    /// When the person last showed a credential, in seconds since the epoch.
    pub auth_time: i64,
    /// When the token was issued, in seconds since the epoch.
    pub iat: i64,
    /// When the token ends, in seconds since the epoch.
    pub exp: i64,
    /// The token's own id.
    pub jti: Uuid,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signing_in_remembers_and_uses_the_cookie_unless_told_otherwise() {
        let raw: LogInRequest =
            serde_json::from_str(r#"{"email":"ada@example.org","password":"x"}"#).unwrap();
        let log_in = LogIn::try_from(raw).unwrap();
        assert!(log_in.remember);
        assert_eq!(log_in.token_delivery, TokenDelivery::Cookie);
    }

    #[test]
    fn a_login_does_not_judge_the_password() {
        let raw: LogInRequest = serde_json::from_str(r#"{"email":"ada","password":""}"#).unwrap();
        let fields: Vec<_> = LogIn::try_from(raw).unwrap_err().into_iter().map(|error| error.field).collect();
        assert_eq!(fields, ["email", "password"]);
    }
}
