//! Extractors for the access token of a request (RFC 6750 §2.1), which is verified before the handler runs. They read
//! the database only if many sessions of the account were ended recently.

use crate::http::{ApiError, RequestContext};
use crate::sessions::{self, Generation, Sessions};
use crate::tokens::{VerifiedToken, VerifyError};
use axum::body::Bytes;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use latchkey_shared::{Claims, ErrorCode};
use std::sync::Arc;

/// Claims of a valid token.
pub struct Bearer(pub Arc<Claims>);

/// Claims of a valid token, as JSON.
pub struct ClaimsJson(pub Bytes);

/// Claims of a valid token, if the request carries one.
pub struct MaybeBearer(pub Option<Arc<Claims>>);

impl<S: AsRef<Sessions> + Send + Sync> FromRequestParts<S> for Bearer {
    type Rejection = ApiError;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        authenticate(state.as_ref(), parts).await.map(|verified| Self(verified.claims))
    }
}

impl<S: AsRef<Sessions> + Send + Sync> FromRequestParts<S> for ClaimsJson {
    type Rejection = ApiError;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        authenticate(state.as_ref(), parts).await.map(|verified| Self(verified.json))
    }
}

impl<S: AsRef<Sessions> + Send + Sync> FromRequestParts<S> for MaybeBearer {
    type Rejection = std::convert::Infallible;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        Ok(Self(authenticate(state.as_ref(), parts).await.ok().map(|verified| verified.claims)))
    }
}

fn bearer_token(headers: &HeaderMap) -> Result<&str, ApiError> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let value = values.next().ok_or_else(|| ApiError::new(ErrorCode::TokenMissing))?;
    let text = value.to_str().map_err(|_| ApiError::new(ErrorCode::TokenInvalid))?;
    let (scheme, token) = text.split_once(' ').unwrap_or((text, ""));
    if !scheme.eq_ignore_ascii_case("bearer") || token.trim().is_empty() {
        return Err(ApiError::new(ErrorCode::TokenMissing));
    }
    // With two tokens it is ambiguous which one was meant.
    if values.next().is_some() {
        return Err(ApiError::new(ErrorCode::TokenInvalid));
    }
    Ok(token.trim())
}

async fn authenticate(service: &Sessions, parts: &Parts) -> Result<VerifiedToken, ApiError> {
    let token = bearer_token(&parts.headers)?;
    let now = parts
        .extensions
        .get::<RequestContext>()
        .map_or_else(|| service.clock.now(), |context| context.received_at);
    let verified = service.tokens.verifier.verify(token, now).map_err(|error| match error {
        VerifyError::Expired => ApiError::new(ErrorCode::TokenExpired),
        VerifyError::Invalid => ApiError::new(ErrorCode::TokenInvalid),
    })?;
    let claims = &verified.claims;
    if let Some(reason) = sessions::revocation_reason(service, claims).await? {
        return Err(ApiError::session_ended(Some(reason)));
    }
    if verified.first_use {
        service.token_use.note(claims.sid, Generation(claims.generation), now);
    }
    Ok(verified)
}
