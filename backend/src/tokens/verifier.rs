//! Checks access tokens. A signature is checked once: what was found good is remembered until it expires.

use super::access::TYPE;
use super::keys::Keys;
use crate::config::Config;
use bytes::Bytes;
use jsonwebtoken::{Algorithm, Validation};
use latchkey_shared::{Claims, Timestamp};
use quick_cache::sync::Cache;
use sha2::{Digest, Sha256};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// How many tokens are remembered. Past that the ones that are used least are checked again.
const REMEMBERED: usize = 20_000;

/// Why an access token is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// Its time is over; a refresh buys the next one.
    #[error("the access token has expired")]
    Expired,
    /// Not an access token of ours.
    #[error("not an access token of this server")]
    Invalid,
}

/// What a good token says.
#[derive(Debug, Clone)]
pub struct Verified {
    /// The token's claims.
    pub claims: Arc<Claims>,
    /// The same in JSON: whoever asks for them again is answered without writing them again.
    pub json: Bytes,
    /// Whether this server meets the token for the first time.
    pub first_use: bool,
}

/// The verifier and its memory. Raw tokens are not kept: the memory is keyed by their SHA-256.
pub struct Verifier {
    keys: Arc<Keys>,
    validation: Validation,
    lifetime: Duration,
    known: Cache<[u8; 32], (Arc<Claims>, Bytes)>,
    remembered: AtomicU64,
    checked: AtomicU64,
}

impl Verifier {
    /// A verifier that has met no token yet.
    pub fn new(config: &Config, keys: Arc<Keys>) -> Self {
        let issuer = config.public_url.origin();
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_issuer(&[&issuer]);
        validation.set_audience(&[&issuer]);
        // The library reads the system's clock; ours is an argument.
        validation.validate_exp = false;
        Self {
            keys,
            validation,
            lifetime: config.tokens.access_lifetime,
            known: Cache::new(REMEMBERED),
            remembered: AtomicU64::new(0),
            checked: AtomicU64::new(0),
        }
    }

    /// How many tokens were found remembered, and how many had to be checked.
    pub fn counts(&self) -> (u64, u64) {
        (self.remembered.load(Ordering::Relaxed), self.checked.load(Ordering::Relaxed))
    }

    /// Checks the token's signature, kind, issuer, audience and time.
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<Verified, VerifyError> {
        let key: [u8; 32] = Sha256::digest(token).into();
        if let Some((claims, json)) = self.known.get(&key) {
            self.remembered.fetch_add(1, Ordering::Relaxed);
            return if self.is_over(&claims, now) {
                self.known.remove(&key);
                Err(VerifyError::Expired)
            } else {
                Ok(Verified { claims, json, first_use: false })
            };
        }
        self.checked.fetch_add(1, Ordering::Relaxed);
        let claims = Arc::new(self.check(token, now).ok_or(VerifyError::Invalid)?);
        if self.is_over(&claims, now) {
            return Err(VerifyError::Expired);
        }
        let json = Bytes::from(serde_json::to_vec(&*claims).map_err(|_| VerifyError::Invalid)?);
        self.known.insert(key, (Arc::clone(&claims), json.clone()));
        Ok(Verified { claims, json, first_use: true })
    }

    fn check(&self, token: &str, now: Timestamp) -> Option<Claims> {
        let header = jsonwebtoken::decode_header(token).ok()?;
        // RFC 9068 §4 allows the long form of the type as well. RFC 7515 §4.1.11: what is critical must be understood.
        let is_access_token = header.typ.is_some_and(|typ| typ.trim_start_matches("application/") == TYPE);
        if !is_access_token || header.crit.is_some() {
            return None;
        }
        let ring = self.keys.ring();
        let key = ring.access.accepted(&header.kid?, now)?;
        jsonwebtoken::decode(token, &key.checks, &self.validation).ok().map(|read| read.claims)
    }

    /// A token may have been issued for longer than one lasts now. Once such a token is older than any other can be, nobody
    /// remembers whether its session has ended.
    fn is_over(&self, claims: &Claims, now: Timestamp) -> bool {
        Timestamp::from_seconds(claims.exp) <= now
            || Timestamp::from_seconds(claims.iat) + self.lifetime <= now
    }
}
