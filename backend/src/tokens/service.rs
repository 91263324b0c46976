//! Tokens as one service: the keys, and the issuers and verifiers that use them.

use super::access::AccessTokens;
use super::keys::Keys;
use super::proof::ProofVerifier;
use super::refresh::RefreshTokens;
use super::verifier::Verifier;
use crate::config::Config;
use crate::db::Database;
use crate::platform::Clock;
use std::ops::Deref;
use std::sync::Arc;

/// Issues and verifies tokens. A clone is another handle.
#[derive(Clone)]
pub struct Tokens(Arc<TokenParts>);

/// Dependencies and parts of [`Tokens`].
pub struct TokenParts {
    /// Settings.
    pub config: Arc<Config>,
    /// Database.
    pub db: Database,
    /// Clock.
    pub clock: Arc<dyn Clock>,
    /// Keys that tokens are signed with.
    pub keys: Arc<Keys>,
    /// Issuer of access tokens.
    pub access_tokens: AccessTokens,
    /// Issuer and reader of refresh tokens.
    pub refresh_tokens: RefreshTokens,
    /// Verifier of DPoP proofs.
    pub proofs: ProofVerifier,
    /// Verifier of access tokens.
    pub verifier: Verifier,
}

impl Tokens {
    /// Creates the service.
    pub fn new(config: Arc<Config>, db: Database, clock: Arc<dyn Clock>, keys: Arc<Keys>) -> Self {
        Self(Arc::new(TokenParts {
            access_tokens: AccessTokens::new(&config, Arc::clone(&keys)),
            refresh_tokens: RefreshTokens::new(&config, Arc::clone(&keys)),
            proofs: ProofVerifier::new(Arc::clone(&keys)),
            verifier: Verifier::new(&config, Arc::clone(&keys)),
            config,
            db,
            clock,
            keys,
        }))
    }
}

impl Deref for Tokens {
    type Target = TokenParts;
    fn deref(&self) -> &TokenParts {
        &self.0
    }
}
