//! Refresh tokens: signed with a secret that only the servers have. A forged or expired one is refused without a
//! database query.

use super::keys::Keys;
use crate::config::Config;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, Header, Validation};
use latchkey_shared::{Secret, Timestamp};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use uuid::Uuid;

const TYPE: &str = "rt+jwt";

/// Claims of a refresh token.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RefreshClaims {
    /// Issuer: the origin of the public URL.
    pub iss: String,
    /// Subject: the account's id.
    pub sub: Uuid,
    /// The session's id.
    pub sid: Uuid,
    /// Generation of the session.
    #[serde(rename = "gen")]
    pub generation: u64,
    /// Time of issue, in seconds since the epoch.
    pub iat: i64,
    /// Expiry time, in seconds since the epoch.
    pub exp: i64,
}

/// Reason for refusing a refresh token without a database query.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RefreshTokenError {
    /// Not a refresh token of this server.
    #[error("not a refresh token of this server")]
    Invalid,
    /// The token has expired, and so has its session.
    #[error("the refresh token has expired")]
    Expired(RefreshClaims),
}

/// Issues and verifies refresh tokens.
pub struct RefreshTokens {
    keys: Arc<Keys>,
    issuer: String,
    validation: Validation,
}

impl RefreshTokens {
    /// Creates an issuer and reader with these keys.
    pub fn new(config: &Config, keys: Arc<Keys>) -> Self {
        let issuer = config.public_url.origin();
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_issuer(&[&issuer]);
        validation.validate_aud = false;
        // The library would read the system clock; here the time is an argument.
        validation.validate_exp = false;
        Self { keys, issuer, validation }
    }

    /// Signs a token that expires when the session would end.
    pub fn issue(
        &self,
        account_id: Uuid,
        session_id: Uuid,
        generation: u64,
        now: Timestamp,
        ends_at: Timestamp,
    ) -> Result<Secret, jsonwebtoken::errors::Error> {
        let claims = RefreshClaims {
            iss: self.issuer.clone(),
            sub: account_id,
            sid: session_id,
            generation,
            iat: now.as_seconds(),
            exp: ends_at.as_seconds(),
        };
        let key_set = self.keys.key_set();
        let scheduled = key_set.refresh.signing(now).ok_or(ErrorKind::InvalidKeyFormat)?;
        let mut header = Header::new(Algorithm::HS256);
        header.typ = Some(TYPE.to_owned());
        header.kid = Some(scheduled.kid.clone());
        Ok(jsonwebtoken::encode(&header, &claims, &scheduled.key.encoding_key)?.into())
    }

    /// Verifies a token, whoever presents it, and returns its claims.
    pub fn read(&self, token: &Secret, now: Timestamp) -> Result<RefreshClaims, RefreshTokenError> {
        let claims = self.check(token.expose(), now).ok_or(RefreshTokenError::Invalid)?;
        if claims.exp <= now.as_seconds() {
            return Err(RefreshTokenError::Expired(claims));
        }
        Ok(claims)
    }

    fn check(&self, token: &str, now: Timestamp) -> Option<RefreshClaims> {
        let header = jsonwebtoken::decode_header(token).ok()?;
        if header.typ.as_deref() != Some(TYPE) || header.crit.is_some() {
            return None;
        }
        let key_set = self.keys.key_set();
        let key = key_set.refresh.accepted(&header.kid?, now)?;
        jsonwebtoken::decode(token, &key.decoding_key, &self.validation).ok().map(|read| read.claims)
    }
}
