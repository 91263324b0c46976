//! Errors of self-service.

use super::export::ExportError;
use crate::authentication::AuthenticationError;
use crate::authentication::hashing::{HashError, HashingError, NewPasswordError, PoolError, Weakness};
use crate::authentication::throttle::TooManyAttempts;
use crate::db::StoreError;
use crate::sessions::{InactiveSessionError, IssueError};
use crate::tokens::ProofError;
use latchkey_shared::EndReason;

/// Error of an operation on an account.
#[derive(Debug, thiserror::Error)]
pub enum SelfServiceError {
    /// The address is one that no mail can be sent to.
    #[error("the network cannot hold the address")]
    UndeliverableEmail,
    /// An account with this address exists already.
    #[error("the address is taken")]
    EmailTaken,
    /// The new password is too easy to guess.
    #[error("the password is too weak: {0:?}")]
    WeakPassword(Weakness),
    /// The password is not the account's.
    #[error("the password is wrong")]
    WrongPassword,
    /// The requesting session has ended.
    #[error("the session has ended: {0:?}")]
    Ended(Option<EndReason>),
    /// Too many attempts from this client.
    #[error(transparent)]
    TooMany(#[from] TooManyAttempts),
    /// The hashing pool is overloaded or has failed.
    #[error(transparent)]
    Pool(#[from] PoolError),
    /// The password could not be hashed.
    #[error("hashing failed: {0}")]
    Hashing(HashingError),
    /// The stored hash cannot be verified.
    #[error(transparent)]
    Hash(#[from] HashError),
    /// The export could not be started.
    #[error("the export failed: {0}")]
    Export(ExportError),
    /// The client must send a new proof of its key.
    #[error(transparent)]
    Proof(#[from] ProofError),
    /// No token could be signed.
    #[error(transparent)]
    Issue(#[from] IssueError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl SelfServiceError {
    /// The account has been deleted, and its sessions with it.
    pub const GONE: Self = Self::Ended(Some(EndReason::AccountDeleted));
}

impl From<InactiveSessionError> for SelfServiceError {
    fn from(error: InactiveSessionError) -> Self {
        match error {
            InactiveSessionError::Ended(reason) => Self::Ended(reason),
            InactiveSessionError::Store(error) => Self::Store(error),
        }
    }
}

impl From<NewPasswordError> for SelfServiceError {
    fn from(error: NewPasswordError) -> Self {
        match error {
            NewPasswordError::Weak(weakness) => Self::WeakPassword(weakness),
            NewPasswordError::Pool(error) => Self::Pool(error),
            NewPasswordError::Hashing(error) => Self::Hashing(error),
        }
    }
}

impl From<AuthenticationError> for SelfServiceError {
    fn from(error: AuthenticationError) -> Self {
        match error {
            AuthenticationError::Rejected => Self::WrongPassword,
            AuthenticationError::Gone => Self::GONE,
            AuthenticationError::TooMany(error) => Self::TooMany(error),
            AuthenticationError::Pool(error) => Self::Pool(error),
            AuthenticationError::Hash(error) => Self::Hash(error),
            AuthenticationError::Store(error) => Self::Store(error),
        }
    }
}
