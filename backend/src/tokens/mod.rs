//! Access tokens, which any service can verify; refresh tokens, which only this server can; and the DPoP proofs of key
//! possession that accompany them.

mod access;
mod key_fingerprints;
mod key_reload;
mod keys;
mod nonce;
mod problems;
mod proof;
mod refresh;
mod service;
mod store;
mod thumbprint;
mod used_proofs;
mod verifier;

pub use access::{AccessToken, AccessTokenInput, AccessTokens};
pub use key_reload::{check_key_fingerprints, reload_changed_keys};
pub use keys::{
    KeyError, KeyRotation, KeyRotationError, Keys, export_keys, import_keys, retire_keys, rotate,
};
pub use proof::{Proof, ProofError, ProofTarget, ProofVerifier};
pub use refresh::{RefreshClaims, RefreshTokenError, RefreshTokens};
pub use service::{TokenParts, Tokens};
pub use thumbprint::Thumbprint;
pub use verifier::{VerifiedToken, Verifier, VerifyError};
