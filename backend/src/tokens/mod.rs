//! The two kinds of token: access tokens that any service can check, and refresh tokens that only this server can.

mod access;
mod keys;
mod known;
mod refresh;
mod routes;
mod store;
mod verifier;
mod watch;

pub use access::{AccessToken, AccessTokens, Grant};
pub use keys::{KeyError, Keys, RotateError, Rotated, export_keys, import_keys, retire_keys, rotate};
pub use refresh::{RefreshClaims, RefreshRejected, RefreshTokens};
pub use routes::routes;
pub use verifier::{Verified, Verifier, VerifyError};
pub use watch::{compare, follow};
