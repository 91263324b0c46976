//! The two kinds of token: access tokens that any service can check, and refresh tokens that only this server can. And the
//! proofs of keys that come with them.

mod access;
mod key_fingerprints;
mod key_reload;
mod keys;
mod nonce;
mod proof;
mod refresh;
mod routes;
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
pub use routes::routes;
pub use thumbprint::Thumbprint;
pub use verifier::{VerifiedToken, Verifier, VerifyError};
