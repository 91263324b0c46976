//! Passwords: hashed with Argon2id (RFC 9106) on threads of their own, and judged before they are taken.

mod hash;
mod pool;
mod strength;

pub use hash::PasswordHash;
pub use pool::{Overloaded, Pool};
pub use strength::{Weakness, judge};

pub use argon2_rust::Error as HashingError;

use crate::platform::Randomness;
use latchkey_shared::{Password, Secret};

/// Why a new password was not hashed.
#[derive(Debug, thiserror::Error)]
pub enum NewPasswordError {
    /// It would be guessed too soon.
    #[error("the password is too weak")]
    Weak(Weakness),
    /// All hashing threads are busy.
    #[error(transparent)]
    Overloaded(#[from] Overloaded),
    /// Argon2id refused to hash.
    #[error("hashing failed: {0}")]
    Hashing(#[from] HashingError),
}

impl Pool {
    /// Judges a new password and hashes it. `personal` is what an attacker knows of its owner.
    pub async fn hash_new(
        &self,
        password: Password,
        personal: Vec<String>,
        random: &dyn Randomness,
    ) -> Result<PasswordHash, NewPasswordError> {
        let salt = random.bytes();
        self.run(move |memory| {
            judge(password.expose(), &personal).map_err(NewPasswordError::Weak)?;
            Ok(hash::hash(password.expose(), &salt, memory)?)
        })
        .await?
    }

    /// Whether the password is the one that was hashed. With nothing to compare to it costs the same and says no:
    /// otherwise timing tells which addresses have accounts.
    pub async fn verify(&self, password: Secret, stored: Option<PasswordHash>) -> Result<bool, Overloaded> {
        self.run(move |memory| {
            let compared = hash::matches(password.expose(), stored.as_ref().unwrap_or(&hash::DECOY), memory);
            compared.map(|matches| matches && stored.is_some())
        })
        .await?
        .map_err(|error| {
            tracing::error!(%error, "Cannot check a password");
            Overloaded
        })
    }
}
