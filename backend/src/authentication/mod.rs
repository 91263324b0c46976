//! Authentication: verifies who somebody is, and keeps the credentials that this takes.

pub mod hashing;
pub mod throttle;

mod authenticated;
mod password;

mod problems;
mod service;
mod store;

pub use authenticated::{Authenticated, CredentialVersion, Method, Methods};
pub use password::{
    AuthenticationError, PasswordByEmail, PasswordCredential, change_password, enroll_password,
    find_password, lock_credentials, log_in, reset_password, verify_again,
};
pub use service::{Authentication, AuthenticationParts};
pub use store::delete_credentials;
