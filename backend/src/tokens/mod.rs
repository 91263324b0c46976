//! The two kinds of token: access tokens that any service can check, and refresh tokens that only this server can. And the
//! proofs of keys that come with them.

mod access;
mod keys;
mod known;
mod nonce;
mod proof;
mod refresh;
mod routes;
mod store;
mod thumbprint;
mod used_proofs;
mod verifier;
mod watch;

pub use access::{AccessToken, AccessTokens, Grant};
pub use keys::{KeyError, Keys, RotateError, Rotated, export_keys, import_keys, retire_keys, rotate};
pub use proof::{Proof, ProofError, Proofs, Target};
pub use refresh::{RefreshClaims, RefreshRejected, RefreshTokens};
pub use routes::routes;
pub use thumbprint::Thumbprint;
pub use verifier::{Verified, Verifier, VerifyError};
pub use watch::{compare, follow};
