//! Verification of access tokens. A signature is verified once: valid tokens are cached until they expire.

use super::access::TYPE;
use super::keys::Keys;
use crate::config::Config;
use crate::platform::{SKEW, Shards};
use bytes::Bytes;
use jsonwebtoken::{Algorithm, Validation};
use latchkey_shared::{Claims, Timestamp};
use quick_cache::sync::Cache;
use sha2::{Digest, Sha256};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Number of cached tokens. Beyond it the least used ones are evicted, and verified again at the next use.
const CACHE_CAPACITY: usize = 20_000;

/// Reason for refusing an access token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// The token has expired; a refresh issues the next one.
    #[error("the access token has expired")]
    Expired,
    /// Not an access token of this server.
    #[error("not an access token of this server")]
    Invalid,
}

/// Result of a successful verification.
#[derive(Debug)]
pub struct VerifiedToken {
    /// The token's claims.
    pub claims: Arc<Claims>,
    /// The claims as JSON, serialized once and reused for every response.
    pub json: Bytes,
    /// True if this server verified the signature now, false if the token came from the cache.
    pub first_use: bool,
}

/// A verified token without its signature, so that it cannot be used as a credential.
struct CachedToken {
    /// Version of the keys that the signature was verified with.
    keys_version: u64,
    message: Box<str>,
    claims: Arc<Claims>,
    json: Bytes,
}

impl CachedToken {
    fn verified(&self, first_use: bool) -> VerifiedToken {
        VerifiedToken { claims: Arc::clone(&self.claims), json: self.json.clone(), first_use }
    }
}

/// Verifier with a cache of valid tokens. Raw tokens are not stored: the cache key is the SHA-256 of the signature, the
/// shortest part of a token that cannot be forged, and one that is the same only if the signed text is the same, too.
pub struct Verifier {
    keys: Arc<Keys>,
    validation: Validation,
    lifetime: Duration,
    cached: Cache<[u8; 32], Arc<CachedToken>>,
    hits: Shards<AtomicU64>,
    misses: AtomicU64,
}

impl Verifier {
    /// Creates a verifier with an empty cache.
    pub fn new(config: &Config, keys: Arc<Keys>) -> Self {
        let issuer = config.public_url.origin();
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_issuer(&[&issuer]);
        validation.set_audience(&[&issuer]);
        // The library would read the system clock; here the time is an argument.
        validation.validate_exp = false;
        Self {
            keys,
            validation,
            lifetime: config.tokens.access_lifetime,
            cached: Cache::new(CACHE_CAPACITY),
            hits: Shards::default(),
            misses: AtomicU64::new(0),
        }
    }

    /// Returns the number of cache hits and of misses.
    pub fn cache_counts(&self) -> (u64, u64) {
        let hits = self.hits.all().map(|count| count.load(Ordering::Relaxed)).sum();
        (hits, self.misses.load(Ordering::Relaxed))
    }

    /// Verifies the token's signature, type, issuer, audience and time.
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<VerifiedToken, VerifyError> {
        let (message, signature) = token.rsplit_once('.').ok_or(VerifyError::Invalid)?;
        let key: [u8; 32] = Sha256::digest(signature).into();
        let keys_version = self.keys.version();
        // With other keys than before, the token's own may have been removed.
        let is_same =
            |cached: &Arc<CachedToken>| cached.keys_version == keys_version && *cached.message == *message;
        if let Some(cached) = self.cached.get(&key).filter(is_same) {
            self.hits.shard(key[0]).fetch_add(1, Ordering::Relaxed);
            return if self.is_expired(&cached.claims, now) {
                self.cached.remove(&key);
                Err(VerifyError::Expired)
            } else {
                Ok(cached.verified(false))
            };
        }
        self.misses.fetch_add(1, Ordering::Relaxed);
        let claims = Arc::new(self.check(token, now).ok_or(VerifyError::Invalid)?);
        if self.is_expired(&claims, now) {
            return Err(VerifyError::Expired);
        }
        let json = Bytes::from(serde_json::to_vec(&*claims).map_err(|_| VerifyError::Invalid)?);
        let cached = Arc::new(CachedToken { keys_version, message: message.into(), claims, json });
        let verified = cached.verified(true);
        self.cached.insert(key, cached);
        Ok(verified)
    }

    fn check(&self, token: &str, now: Timestamp) -> Option<Claims> {
        let header = jsonwebtoken::decode_header(token).ok()?;
        // RFC 9068 §4 allows the long form of the type as well. RFC 7515 §4.1.11: critical extensions must be
        // understood.
        let is_access_token = header.typ.is_some_and(|typ| typ.trim_start_matches("application/") == TYPE);
        if !is_access_token || header.crit.is_some() {
            return None;
        }
        let key_set = self.keys.key_set();
        let key = key_set.access.accepted(&header.kid?, now)?;
        jsonwebtoken::decode(token, &key.decoding_key, &self.validation).ok().map(|read| read.claims)
    }

    /// Returns whether `exp` or the configured lifetime after `iat` has passed, or `iat` is more than `SKEW` ahead. A
    /// token may come from a time when the lifetime was longer, or from a server whose clock was wrong, and revocations
    /// are not kept for as long as such a token claims to be valid.
    fn is_expired(&self, claims: &Claims, now: Timestamp) -> bool {
        let issued_at = Timestamp::from_seconds(claims.iat);
        Timestamp::from_seconds(claims.exp) <= now
            || issued_at + self.lifetime <= now
            || now + SKEW < issued_at
    }
}
