//! Checks access tokens. A signature is checked once: what was found good is remembered until it expires.

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

/// How many tokens are remembered. Past that the ones that are used least are checked again.
const CACHE_CAPACITY: usize = 20_000;

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
#[derive(Debug)]
pub struct VerifiedToken {
    /// The token's claims.
    pub claims: Arc<Claims>,
    /// The same in JSON: whoever asks for them again is answered without writing them again.
    pub json: Bytes,
    /// Whether this server meets the token for the first time.
    pub first_use: bool,
}

/// A token that was found good. Without its signature, it is not one that anybody could use.
struct CachedToken {
    message: Box<str>,
    claims: Arc<Claims>,
    json: Bytes,
}

impl CachedToken {
    fn verified(&self, first_use: bool) -> VerifiedToken {
        VerifiedToken { claims: Arc::clone(&self.claims), json: self.json.clone(), first_use }
    }
}

/// The verifier and its memory. Raw tokens are not kept: a token is found by the SHA-256 of its signature, which is the
/// shortest part of it that is hard to make, and is the same only if all that was signed is the same, too.
pub struct Verifier {
    keys: Arc<Keys>,
    validation: Validation,
    lifetime: Duration,
    cached: Cache<[u8; 32], Arc<CachedToken>>,
    hits: Shards<AtomicU64>,
    misses: AtomicU64,
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
            cached: Cache::new(CACHE_CAPACITY),
            hits: Shards::default(),
            misses: AtomicU64::new(0),
        }
    }

    /// How many tokens were found remembered, and how many had to be checked.
    pub fn cache_counts(&self) -> (u64, u64) {
        let hits = self.hits.all().map(|count| count.load(Ordering::Relaxed)).sum();
        (hits, self.misses.load(Ordering::Relaxed))
    }

    /// Checks the token's signature, kind, issuer, audience and time.
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<VerifiedToken, VerifyError> {
        let (message, signature) = token.rsplit_once('.').ok_or(VerifyError::Invalid)?;
        let key: [u8; 32] = Sha256::digest(signature).into();
        if let Some(cached) = self.cached.get(&key).filter(|cached| *cached.message == *message) {
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
        let cached = Arc::new(CachedToken { message: message.into(), claims, json });
        let verified = cached.verified(true);
        self.cached.insert(key, cached);
        Ok(verified)
    }

    fn check(&self, token: &str, now: Timestamp) -> Option<Claims> {
        let header = jsonwebtoken::decode_header(token).ok()?;
        // RFC 9068 §4 allows the long form of the type as well. RFC 7515 §4.1.11: what is critical must be understood.
        let is_access_token = header.typ.is_some_and(|typ| typ.trim_start_matches("application/") == TYPE);
        if !is_access_token || header.crit.is_some() {
            return None;
        }
        let key_set = self.keys.key_set();
        let key = key_set.access.accepted(&header.kid?, now)?;
        jsonwebtoken::decode(token, &key.decoding_key, &self.validation).ok().map(|read| read.claims)
    }

    /// A token may have been issued for longer than one lasts now, or by a server whose clock was ahead by more than servers
    /// may be apart. Nobody remembers for as long as such a token says that it lasts whether its session has ended.
    fn is_expired(&self, claims: &Claims, now: Timestamp) -> bool {
        let issued_at = Timestamp::from_seconds(claims.iat);
        Timestamp::from_seconds(claims.exp) <= now
            || issued_at + self.lifetime <= now
            || now + SKEW < issued_at
    }
}
