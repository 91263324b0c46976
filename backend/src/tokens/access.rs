//! Access tokens (RFC 9068): signed so that any service can verify them with the published keys.

use super::keys::Keys;
use crate::config::Config;
use crate::platform::Randomness;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, Header};
use latchkey_shared::{Claims, Secret, Timestamp};
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

/// The `typ` of an access token (RFC 9068 §2.1).
pub(super) const TYPE: &str = "at+jwt";

/// Account, session and roles that a token is issued for.
#[derive(Debug, Clone)]
pub struct AccessTokenInput {
    /// The account's id.
    pub account_id: Uuid,
    /// The session's id.
    pub session_id: Uuid,
    /// Generation of the session.
    pub generation: u64,
    /// Roles of the account.
    pub roles: Vec<String>,
    /// Time at which the person last presented a credential.
    pub authenticated_at: Timestamp,
}

/// A signed access token and its lifetime.
#[derive(Debug)]
pub struct AccessToken {
    /// The token.
    pub token: Secret,
    /// Lifetime, in seconds from now.
    pub expires_in: u64,
}

/// Issues access tokens.
pub struct AccessTokens {
    keys: Arc<Keys>,
    issuer: String,
    lifetime: Duration,
}

impl AccessTokens {
    /// Creates an issuer with these keys.
    pub fn new(config: &Config, keys: Arc<Keys>) -> Self {
        Self { keys, issuer: config.public_url.origin(), lifetime: config.tokens.access_lifetime }
    }

    /// Signs a token that is valid for the configured lifetime.
    pub fn issue(
        &self,
        input: AccessTokenInput,
        now: Timestamp,
        random: &dyn Randomness,
    ) -> Result<AccessToken, jsonwebtoken::errors::Error> {
        let claims = Claims {
            iss: self.issuer.clone(),
            aud: self.issuer.clone(),
            sub: input.account_id,
            sid: input.session_id,
            generation: input.generation,
            roles: input.roles,
            auth_time: input.authenticated_at.as_seconds(),
            iat: now.as_seconds(),
            exp: (now + self.lifetime).as_seconds(),
            jti: random.id(now),
        };
        let key_set = self.keys.key_set();
        let scheduled = key_set.access.signing(now).ok_or(ErrorKind::InvalidKeyFormat)?;
        let mut header = Header::new(Algorithm::EdDSA);
        header.typ = Some(TYPE.to_owned());
        header.kid = Some(scheduled.kid.clone());
        let token = jsonwebtoken::encode(&header, &claims, &scheduled.key.encoding_key)?.into();
        Ok(AccessToken { token, expires_in: self.lifetime.as_secs() })
    }
}
