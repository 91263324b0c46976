//! Error responses with stable codes. The page translates the codes; the accompanying text is for developers.

use crate::EndReason;
use serde::{Deserialize, Serialize};
use std::fmt;

/// An error answer: RFC 9457 problem details with a stable `code`. The page leaves unread what is for developers: reading
/// it would weigh.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Problem {
    /// A URI that names the kind of problem: `urn:latchkey:problem:<code>`.
    #[serde(rename = "type")]
    #[cfg_attr(target_arch = "wasm32", serde(skip_deserializing))]
    pub kind: String,
    /// The kind of problem, in a few English words.
    #[cfg_attr(target_arch = "wasm32", serde(skip_deserializing))]
    pub title: String,
    /// The HTTP status, again.
    #[cfg_attr(target_arch = "wasm32", serde(skip_deserializing))]
    pub status: u16,
    /// What a program matches on.
    pub code: ErrorCode,
    /// What happened this time and what to do about it, in English.
    #[cfg_attr(target_arch = "wasm32", serde(skip_deserializing))]
    pub detail: String,
    /// The same as in the `x-request-id` header; it finds the request in the server's log.
    pub request_id: String,
    /// With `validation_failed`: every field that has to change.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
    /// With `session_ended` and `replay_detected`: why the session is over, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_reason: Option<EndReason>,
    /// With `wrong_origin`: where the page is to be opened instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public_url: Option<String>,
}

/// One field that has to change before the request can be accepted.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FieldError {
    /// The field's name in the request.
    pub field: String,
    /// What a program matches on.
    pub code: FieldErrorCode,
    /// What to do, in English.
    pub message: String,
}

impl FieldError {
    /// Creates the error `code` for `field`, with the message of the code.
    pub fn new(field: &str, code: FieldErrorCode) -> Self {
        Self { field: field.to_owned(), code, message: code.message().to_owned() }
    }
}

/// The stable names of what can go wrong with a request.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// The body is not JSON.
    MalformedJson,
    /// The address or the password is wrong; which of the two is not said.
    CredentialsRejected,
    /// The call needs a token and none came.
    TokenMissing,
    /// The access token has expired; a refresh buys the next one.
    TokenExpired,
    /// The token is not one of ours, or not of the kind that is asked for here.
    TokenInvalid,
    /// The session is over; one signs in again.
    SessionEnded,
    /// The refresh token was used by two parties; the session is over.
    ReplayDetected,
    /// The caller may not do this.
    Forbidden,
    /// A call that carries or sets a cookie comes from another origin than the page's.
    WrongOrigin,
    /// There is nothing here.
    NotFound,
    /// The path exists, but not with this method.
    MethodNotAllowed,
    /// An account with this address exists.
    EmailTaken,
    /// The body is larger than any request needs.
    PayloadTooLarge,
    /// The body is not declared as JSON.
    UnsupportedMediaType,
    /// Some fields have to change; `errors` names them.
    ValidationFailed,
    /// Too many tries; `Retry-After` says when the next may come.
    TooManyRequests,
    /// The server is busy; `Retry-After` says when to ask again.
    Overloaded,
    /// The server failed; the request may be sent again later.
    Internal,
    /// A code that a newer server sent and this build does not know.
    #[serde(other)]
    Unknown,
}

impl ErrorCode {
    /// Every code that a server sends.
    pub const ALL: [Self; 18] = [
        Self::MalformedJson,
        Self::CredentialsRejected,
        Self::TokenMissing,
        Self::TokenExpired,
        Self::TokenInvalid,
        Self::SessionEnded,
        Self::ReplayDetected,
        Self::Forbidden,
        Self::WrongOrigin,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::EmailTaken,
        Self::PayloadTooLarge,
        Self::UnsupportedMediaType,
        Self::ValidationFailed,
        Self::TooManyRequests,
        Self::Overloaded,
        Self::Internal,
    ];

    /// Returns the HTTP status of the code.
    pub const fn status(self) -> u16 {
        match self {
            Self::MalformedJson => 400,
            Self::CredentialsRejected
            | Self::TokenMissing
            | Self::TokenExpired
            | Self::TokenInvalid
            | Self::SessionEnded
            | Self::ReplayDetected => 401,
            Self::Forbidden | Self::WrongOrigin => 403,
            Self::NotFound => 404,
            Self::MethodNotAllowed => 405,
            Self::EmailTaken => 409,
            Self::PayloadTooLarge => 413,
            Self::UnsupportedMediaType => 415,
            Self::ValidationFailed => 422,
            Self::TooManyRequests => 429,
            Self::Internal | Self::Unknown => 500,
            Self::Overloaded => 503,
        }
    }

    /// Returns the kind of problem, in a few English words.
    pub const fn title(self) -> &'static str {
        match self {
            Self::MalformedJson => "Malformed JSON",
            Self::CredentialsRejected => "Credentials rejected",
            Self::TokenMissing => "Token missing",
            Self::TokenExpired => "Token expired",
            Self::TokenInvalid => "Token invalid",
            Self::SessionEnded => "Session ended",
            Self::ReplayDetected => "Replay detected",
            Self::Forbidden => "Forbidden",
            Self::WrongOrigin => "Wrong origin",
            Self::NotFound => "Not found",
            Self::MethodNotAllowed => "Method not allowed",
            Self::EmailTaken => "Address already in use",
            Self::PayloadTooLarge => "Payload too large",
            Self::UnsupportedMediaType => "Unsupported media type",
            Self::ValidationFailed => "Validation failed",
            Self::TooManyRequests => "Too many requests",
            Self::Overloaded => "Overloaded",
            Self::Internal | Self::Unknown => "Internal error",
        }
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

/// The stable names of what can be wrong with one field.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum FieldErrorCode {
    /// The field is missing or empty.
    Required,
    /// The request has no such field.
    UnknownField,
    /// The field holds another type of JSON value.
    WrongType,
    /// The text is shorter than allowed.
    TooShort,
    /// The text is longer than allowed.
    TooLong,
    /// The text holds characters that cannot be seen.
    ControlCharacters,
    /// The text has no character that can be seen.
    NothingVisible,
    /// A letter lies under more marks than any script has.
    TooManyMarks,
    /// The text is not an e-mail address.
    InvalidEmail,
    /// The number is smaller or larger than allowed.
    OutOfRange,
    /// No page of this list begins there.
    InvalidCursor,
    /// The page does not speak this language.
    UnsupportedLocale,
    /// The password is among those that are tried first.
    PasswordCommon,
    /// The password is made of the account's own name or address.
    PasswordPersonal,
    /// The password is a repetition, a sequence, a date or a row of keys.
    PasswordPattern,
    /// The password can be guessed within hours for another reason.
    PasswordGuessable,
    /// A code that a newer server sent and this build does not know.
    #[serde(other)]
    Unknown,
}

impl FieldErrorCode {
    /// Returns the instruction to the user, in English.
    pub const fn message(self) -> &'static str {
        match self {
            Self::Required => "Fill this in.",
            Self::UnknownField => "Leave this out: the request has no such field.",
            Self::WrongType => "Send another type of value here.",
            Self::TooShort => "Make this longer: a password has at least 8 characters.",
            Self::TooLong => "Make this shorter.",
            Self::ControlCharacters => "Remove the characters that cannot be seen.",
            Self::NothingVisible => "Use at least one letter, number or sign that can be seen.",
            Self::TooManyMarks => "Use fewer marks on one letter.",
            Self::InvalidEmail => "Enter an address such as name@example.org.",
            Self::OutOfRange => "Send a whole number from 1 to 200.",
            Self::InvalidCursor => {
                "Send the cursor that came with the page before, in the same session, or none for the first page."
            }
            Self::UnsupportedLocale => "Choose one of: en, ko.",
            Self::PasswordCommon => "Choose another password: this one is among those that are tried first.",
            Self::PasswordPersonal => "Choose a password that is not made of your name or address.",
            Self::PasswordPattern => {
                "Choose a password that is not a repetition, a sequence, a date or a row of keys."
            }
            Self::PasswordGuessable => {
                "Choose a longer password, or add some more words: this one is easy to guess."
            }
            Self::Unknown => "Change this.",
        }
    }
}

impl fmt::Display for FieldErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

impl std::error::Error for FieldErrorCode {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_that_this_build_does_not_know_is_no_failure() {
        assert_eq!(serde_json::from_str::<ErrorCode>("\"teapot\"").unwrap(), ErrorCode::Unknown);
        assert_eq!(serde_json::from_str::<FieldErrorCode>("\"teapot\"").unwrap(), FieldErrorCode::Unknown);
    }

    #[test]
    fn codes_print_as_they_are_sent() {
        for code in ErrorCode::ALL {
            assert_eq!(serde_json::to_string(&code).unwrap(), format!("\"{code}\""));
        }
        assert_eq!(ErrorCode::TokenExpired.to_string(), "token_expired");
    }

    #[test]
    fn fields_that_a_newer_server_adds_are_passed_over() {
        let text = r#"{"type":"t","title":"t","status":401,"code":"session_ended","detail":"d","request_id":"r","new":1}"#;
        let problem: Problem = serde_json::from_str(text).unwrap();
        assert_eq!(
            (problem.code, problem.errors.len(), problem.end_reason),
            (ErrorCode::SessionEnded, 0, None)
        );
    }
}
