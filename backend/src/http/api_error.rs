//! Error responses: RFC 9457 problem details. The cause is logged, and never sent to the client.

use crate::db::StoreError;
use crate::platform;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use latchkey_shared::{EndReason, ErrorCode, FieldError, Problem};
use std::error::Error;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

/// Error response of a request. The outermost layer adds the request's id and writes the body.
#[derive(Debug, Clone)]
pub struct ApiError {
    code: ErrorCode,
    detail: Option<Box<str>>,
    errors: Vec<FieldError>,
    end_reason: Option<EndReason>,
    public_url: Option<Box<str>>,
    retry_after: Option<Duration>,
    proof: Option<ProofChallenge>,
    cause: Option<Arc<dyn Error + Send + Sync>>,
}

/// Challenge for the DPoP proof that a request needs (RFC 9449 §7.1 and §8).
#[derive(Debug, Clone)]
enum ProofChallenge {
    /// The client must send another proof.
    InvalidProof,
    /// The client must send a proof with this nonce.
    UseNonce(String),
}

/// Every response names its charset, even where the media type does not require one.
const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json; charset=utf-8");

const DPOP_NONCE: HeaderName = HeaderName::from_static("dpop-nonce");

/// `Retry-After` of a server that is busy.
const RETRY_AFTER_OVERLOAD: Duration = Duration::from_secs(2);

impl ApiError {
    /// Creates an error with this code.
    pub fn new(code: ErrorCode) -> Self {
        Self {
            code,
            detail: None,
            errors: Vec::new(),
            end_reason: None,
            public_url: None,
            retry_after: None,
            proof: None,
            cause: None,
        }
    }

    /// Creates the error for an ended session, with the reason where it is known.
    pub fn session_ended(reason: Option<EndReason>) -> Self {
        Self { end_reason: reason, ..Self::new(ErrorCode::SessionEnded) }
    }

    /// Creates the error for a busy server, with `Retry-After`.
    pub fn overloaded() -> Self {
        Self { retry_after: Some(RETRY_AFTER_OVERLOAD), ..Self::new(ErrorCode::Overloaded) }
    }

    /// Creates the error for a body that does not fit into memory at the moment: 413 with `Retry-After` (RFC 9110
    /// §15.5.14).
    pub fn body_memory_exhausted() -> Self {
        let error = Self { retry_after: Some(RETRY_AFTER_OVERLOAD), ..Self::new(ErrorCode::PayloadTooLarge) };
        error.with_detail("There is no room for a body of this size at the moment. Try again later.")
    }

    /// Creates the error for a failure of the server. The cause is only logged.
    pub fn internal(cause: impl Error + Send + Sync + 'static) -> Self {
        Self { cause: Some(Arc::new(cause)), ..Self::new(ErrorCode::Internal) }
    }

    /// Creates the error for a proof of the session's key that is missing or was made with another key.
    pub fn invalid_proof() -> Self {
        let error = Self { proof: Some(ProofChallenge::InvalidProof), ..Self::new(ErrorCode::TokenInvalid) };
        error.with_detail("The proof of this client's key is missing or is another key's. Sign in again.")
    }

    /// Creates the error for a proof that is not valid (RFC 9449 §7.1).
    pub fn invalid_dpop_proof() -> Self {
        Self { proof: Some(ProofChallenge::InvalidProof), ..Self::new(ErrorCode::TokenInvalid) }
    }

    /// Creates the error for a proof that must be made again with this nonce (RFC 9449 §8).
    pub fn use_dpop_nonce(nonce: String) -> Self {
        Self { proof: Some(ProofChallenge::UseNonce(nonce)), ..Self::new(ErrorCode::TokenInvalid) }
    }

    /// Creates the error for too many attempts, with `Retry-After`.
    pub fn too_many_requests(wait: Duration) -> Self {
        Self { retry_after: Some(wait), ..Self::new(ErrorCode::TooManyRequests) }
    }

    /// Sets the reason why the session ended.
    pub fn with_end_reason(self, reason: EndReason) -> Self {
        Self { end_reason: Some(reason), ..self }
    }

    /// Sets the URL at which the page has to be opened instead.
    pub fn with_public_url(self, public_url: impl Into<Box<str>>) -> Self {
        Self { public_url: Some(public_url.into()), ..self }
    }

    /// Sets the detail of this occurrence.
    pub fn with_detail(self, detail: impl Into<Box<str>>) -> Self {
        Self { detail: Some(detail.into()), ..self }
    }

    /// Writes the problem details into the response, and logs the cause.
    pub(super) fn write(self, request_id: &Uuid, response: &mut Response) {
        if let Some(cause) = &self.cause {
            // The request's own span has ended by now. This one puts the id where all other log lines of the request
            // have it.
            let span = tracing::error_span!("request", request.id = %request_id);
            span.in_scope(|| tracing::error!(error = %cause, "Request failed"));
        }
        let code = self.code;
        let problem = Problem {
            kind: format!("urn:latchkey:problem:{code}"),
            title: code.title().to_owned(),
            status: code.status(),
            code,
            detail: self.detail.map_or_else(|| default_detail(code).to_owned(), String::from),
            request_id: request_id.to_string(),
            errors: self.errors,
            end_reason: self.end_reason,
            public_url: self.public_url.map(String::from),
        };
        // Serialization cannot fail: a problem contains only text and numbers.
        let body = serde_json::to_vec(&problem).unwrap_or_default();
        response.headers_mut().insert(header::CONTENT_TYPE, PROBLEM_JSON);
        response.headers_mut().insert(header::CONTENT_LENGTH, body.len().into());
        *response.body_mut() = body.into();
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = status.into_response();
        if let Some(challenge) =
            self.proof.as_ref().map(ProofChallenge::challenge).or_else(|| challenge(self.code))
        {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
        }
        if let Some(nonce) = self.proof.as_ref().and_then(ProofChallenge::nonce) {
            response.headers_mut().insert(DPOP_NONCE, nonce);
        }
        if let Some(wait) = self.retry_after {
            // Whole seconds, rounded up: a client that waits exactly this long must not be early.
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        response.extensions_mut().insert(self);
        response
    }
}

/// Returns the handler's response, or an error if the handler panics. That is unwind-safe: the state that a request
/// leaves behind is its own, or guarded by locks.
pub(crate) async fn catch_panic(answer: impl Future<Output = Response>) -> Response {
    let answered = platform::catch_panic(answer).await;
    answered.unwrap_or_else(|| ApiError::new(ErrorCode::Internal).into_response())
}

impl ProofChallenge {
    fn challenge(&self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::InvalidProof => r#"DPoP error="invalid_dpop_proof", algs="ES256""#,
            Self::UseNonce(_) => r#"DPoP error="use_dpop_nonce", algs="ES256""#,
        })
    }

    fn nonce(&self) -> Option<HeaderValue> {
        match self {
            Self::InvalidProof => None,
            Self::UseNonce(nonce) => HeaderValue::from_str(nonce).ok(),
        }
    }
}

/// Returns the `WWW-Authenticate` challenge of a 401: how to authenticate, and what was wrong with the token (RFC 6750
/// §3).
fn challenge(code: ErrorCode) -> Option<HeaderValue> {
    let challenge = match code {
        ErrorCode::TokenExpired => {
            r#"Bearer realm="latchkey", error="invalid_token", error_description="expired""#
        }
        ErrorCode::TokenInvalid => {
            r#"Bearer realm="latchkey", error="invalid_token", error_description="invalid""#
        }
        ErrorCode::SessionEnded | ErrorCode::ReplayDetected => {
            r#"Bearer realm="latchkey", error="invalid_token", error_description="session ended""#
        }
        code if code.status() == 401 => r#"Bearer realm="latchkey""#,
        _ => return None,
    };
    Some(HeaderValue::from_static(challenge))
}

/// Returns the default detail of an error, in English: what the client can do about it.
fn default_detail(code: ErrorCode) -> &'static str {
    match code {
        ErrorCode::MalformedJson => "The body is not valid JSON.",
        ErrorCode::CredentialsRejected => "The e-mail address or the password is wrong.",
        ErrorCode::TokenMissing => "Send a token with this call, or sign in first.",
        ErrorCode::TokenExpired => "The access token has expired. Refresh it and send the call again.",
        ErrorCode::TokenInvalid => "The token is not one that this call accepts. Sign in again.",
        ErrorCode::SessionEnded => "The session has ended. Sign in again.",
        ErrorCode::ReplayDetected => {
            "The refresh token was used by two parties, so the session was ended. Sign in again and change the password."
        }
        ErrorCode::Forbidden => "This call is not allowed from here.",
        ErrorCode::WrongOrigin => {
            "This call comes from another origin than the page's. Open the page at its own address."
        }
        ErrorCode::NotFound => "There is nothing at this address.",
        ErrorCode::MethodNotAllowed => {
            "This address does not take this method; the Allow header names those it takes."
        }
        ErrorCode::EmailTaken => {
            "An account with this e-mail address exists. Sign in, or use another address."
        }
        ErrorCode::PayloadTooLarge => "The body is larger than 16 KiB.",
        ErrorCode::UnsupportedMediaType => "Send the body as application/json.",
        ErrorCode::ValidationFailed => "Some fields have to change.",
        ErrorCode::TooManyRequests => "Too many tries. Wait as long as Retry-After says.",
        ErrorCode::Overloaded => "The server is busy. Try again as soon as Retry-After says.",
        ErrorCode::Internal | ErrorCode::Unknown => "The server failed. Try again later.",
    }
}

impl From<Vec<FieldError>> for ApiError {
    fn from(errors: Vec<FieldError>) -> Self {
        Self { errors, ..Self::new(ErrorCode::ValidationFailed) }
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        Self::internal(error)
    }
}
