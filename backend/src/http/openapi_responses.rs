//! Error responses, for the API's description.
#![expect(dead_code, reason = "these types describe answers; the answers themselves are written by ApiError")]

use latchkey_shared::Problem;
use utoipa::IntoResponses;

/// Responses to an invalid body.
#[derive(IntoResponses)]
pub enum InvalidBody {
    /// `malformed_json`: the body is not JSON.
    #[response(status = 400, content_type = "application/problem+json")]
    Malformed(Problem),
    /// `payload_too_large`: the body is larger than 16 KiB; or, with `Retry-After`, larger than there is room for at the moment.
    #[response(status = 413, content_type = "application/problem+json")]
    TooLarge(Problem),
    /// `unsupported_media_type`: the body is not declared as JSON.
    #[response(status = 415, content_type = "application/problem+json")]
    NotJson(Problem),
    /// `validation_failed`: `errors` names the fields that have to change.
    #[response(status = 422, content_type = "application/problem+json")]
    Invalid(Problem),
    /// `internal`: the server failed.
    #[response(status = 500, content_type = "application/problem+json")]
    InternalError(Problem),
}

/// `validation_failed`: `errors` names the parameters that have to change.
#[derive(IntoResponses)]
#[response(status = 422, content_type = "application/problem+json")]
pub struct InvalidQuery(Problem);

/// `credentials_rejected`, `token_missing`, `token_expired`, `token_invalid`, `session_ended` or `replay_detected`.
#[derive(IntoResponses)]
#[response(
    status = 401, content_type = "application/problem+json",
    headers(("WWW-Authenticate" = String, description = "How to authenticate, and what was wrong (RFC 6750 §3)")),
)]
pub struct Unauthorized(Problem);

/// `token_invalid` for the proof of the client's key; otherwise as [`Unauthorized`].
#[derive(IntoResponses)]
#[response(
    status = 401, content_type = "application/problem+json",
    headers(
        ("WWW-Authenticate" = String, description = "How to authenticate, and what was wrong (RFC 6750 §3, RFC 9449 §7.1)"),
        ("DPoP-Nonce" = String, description = "With the error `use_dpop_nonce`: what the next proof has to carry (RFC 9449 §8)"),
    ),
)]
pub struct InvalidProof(Problem);

/// `internal`: the server failed.
#[derive(IntoResponses)]
#[response(status = 500, content_type = "application/problem+json")]
pub struct InternalError(Problem);

/// `wrong_origin`: the call carries or sets a cookie and comes from another site.
#[derive(IntoResponses)]
#[response(status = 403, content_type = "application/problem+json")]
pub struct Forbidden(Problem);

/// `not_found`: there is no such thing, or it is somebody else's.
#[derive(IntoResponses)]
#[response(status = 404, content_type = "application/problem+json")]
pub struct NotFound(Problem);

/// `email_taken`: an account with this address exists.
#[derive(IntoResponses)]
#[response(status = 409, content_type = "application/problem+json")]
pub struct Conflict(Problem);

/// `too_many_requests`: there were too many wrong tries from here; `Retry-After` says how many seconds to wait.
#[derive(IntoResponses)]
#[response(
    status = 429, content_type = "application/problem+json",
    headers(("Retry-After" = u64, description = "How many seconds to wait")),
)]
pub struct TooManyRequests(Problem);

/// `overloaded`: the server is busy; `Retry-After` says when to come back.
#[derive(IntoResponses)]
#[response(
    status = 503, content_type = "application/problem+json",
    headers(("Retry-After" = u64, description = "How many seconds to wait")),
)]
pub struct Overloaded(Problem);
