//! The access token of a call (RFC 6750 §2.1): checked here, before any handler runs. Reads no database, unless sessions of
//! the account were ended in number a moment ago.

use super::arrival::Arrival;
use super::problem::Refusal;
use crate::app::App;
use crate::sessions::{self, Generation};
use crate::tokens::{Verified, VerifyError};
use axum::body::Bytes;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use latchkey_shared::{Claims, ErrorCode};
use std::sync::Arc;

/// The claims of a token that holds.
pub struct Bearer(pub Arc<Claims>);

/// The claims of a token that holds, in JSON.
pub struct BearerJson(pub Bytes);

/// The claims of a token that holds, if one came.
pub struct MaybeBearer(pub Option<Arc<Claims>>);

impl FromRequestParts<App> for Bearer {
    type Rejection = Refusal;
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Refusal> {
        check(app, parts).await.map(|verified| Self(verified.claims))
    }
}

impl FromRequestParts<App> for BearerJson {
    type Rejection = Refusal;
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Refusal> {
        check(app, parts).await.map(|verified| Self(verified.json))
    }
}

impl FromRequestParts<App> for MaybeBearer {
    type Rejection = std::convert::Infallible;
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Self::Rejection> {
        Ok(Self(check(app, parts).await.ok().map(|verified| verified.claims)))
    }
}

fn token(headers: &HeaderMap) -> Result<&str, Refusal> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let value = values.next().ok_or_else(|| Refusal::new(ErrorCode::TokenMissing))?;
    let text = value.to_str().map_err(|_| Refusal::new(ErrorCode::TokenInvalid))?;
    let (scheme, token) = text.split_once(' ').unwrap_or((text, ""));
    if !scheme.eq_ignore_ascii_case("bearer") || token.trim().is_empty() {
        return Err(Refusal::new(ErrorCode::TokenMissing));
    }
    // Two tokens are one too many: nobody can say which one was meant.
    if values.next().is_some() {
        return Err(Refusal::new(ErrorCode::TokenInvalid));
    }
    Ok(token.trim())
}

async fn check(app: &App, parts: &Parts) -> Result<Verified, Refusal> {
    let token = token(&parts.headers)?;
    let now = parts.extensions.get::<Arrival>().map_or_else(|| app.clock.now(), |arrival| arrival.at);
    let verified = app.verifier.verify(token, now).map_err(|error| match error {
        VerifyError::Expired => Refusal::new(ErrorCode::TokenExpired),
        VerifyError::Invalid => Refusal::new(ErrorCode::TokenInvalid),
    })?;
    let claims = &verified.claims;
    if let Some(reason) = sessions::end_of(app, claims).await? {
        return Err(Refusal::ended(Some(reason)));
    }
    if verified.first_use {
        app.seen.note(claims.sid, Generation(claims.generation), now);
    }
    Ok(verified)
}
