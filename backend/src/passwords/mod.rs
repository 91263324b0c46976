//! Password strength checks, and hashing with Argon2id (RFC 9106). Each has its own threads, so that no hash waits for
//! an expensive strength check.

mod estimator_input;
mod hash;
mod pool;
mod strength;

pub use hash::PasswordHash;
pub use pool::{PoolCounts, PoolError};
pub use strength::{Weakness, check_strength};

pub use argon2_rust::Error as HashingError;

use crate::config;
use crate::platform::Randomness;
use hash::Argon2Memory;
use latchkey_shared::{Password, Secret};
use pool::{WorkerSpec, Workers};
use std::time::Duration;

const HASHING: WorkerSpec<Argon2Memory> = WorkerSpec {
    name: "hashing",
    waiting: "wait for a hashing thread",
    working: "hash the password",
    nice: 10,
    state: Argon2Memory::unallocated,
};
/// At a lower priority than the hashing threads: a sign-in must not wait for strength checks.
const STRENGTH_CHECKS: WorkerSpec<()> = WorkerSpec {
    name: "judging",
    waiting: "wait for a judging thread",
    working: "judge the password",
    nice: 15,
    state: || (),
};
/// Number of hashing threads per strength-check thread: to check an ordinary password takes a twentieth of the time of
/// a hash.
const HASHING_PER_STRENGTH_CHECK: usize = 4;

/// Thread pools for passwords. The threads end when the last handle is dropped.
#[derive(Clone)]
pub struct PasswordPool {
    hashing: Workers<Argon2Memory>,
    strength_checks: Workers<()>,
}

/// Reason for not hashing a new password.
#[derive(Debug, thiserror::Error)]
pub enum NewPasswordError {
    /// The password is too easy to guess.
    #[error("the password is too weak")]
    Weak(Weakness),
    /// The threads are busy or have failed.
    #[error(transparent)]
    Pool(#[from] PoolError),
    /// Argon2id failed.
    #[error("hashing failed: {0}")]
    Hashing(#[from] HashingError),
}

impl PasswordPool {
    /// Starts the threads.
    pub fn start(config: &config::PasswordConfig) -> std::io::Result<Self> {
        let threads = config.threads.div_ceil(HASHING_PER_STRENGTH_CHECK);
        let strength_checks =
            Workers::start(&STRENGTH_CHECKS, &config::PasswordConfig { threads, ..config.clone() })?;
        Ok(Self { hashing: Workers::start(&HASHING, config)?, strength_checks })
    }

    /// Returns whether any hashing thread is alive.
    pub fn can_hash(&self) -> bool {
        self.hashing.is_alive()
    }

    /// Returns the counts of the hashing threads.
    pub fn counts(&self) -> PoolCounts {
        self.hashing.counts()
    }

    /// Returns the counts of the strength-check threads.
    pub fn strength_checks(&self) -> PoolCounts {
        self.strength_checks.counts()
    }

    /// Returns the expected wait of a new request for a hashing thread.
    pub fn expected_wait(&self) -> Duration {
        self.hashing.expected_wait()
    }

    /// Checks the strength of a new password and hashes it. `personal` lists what an attacker knows of its owner.
    pub async fn hash_new(
        &self,
        password: Password,
        personal: Vec<String>,
        random: &dyn Randomness,
    ) -> Result<PasswordHash, NewPasswordError> {
        let salt = random.bytes();
        let judged = password.clone();
        let judged = self.strength_checks.run(move |()| check_strength(judged.expose(), &personal));
        judged.await?.map_err(NewPasswordError::Weak)?;
        Ok(self.hashing.run(move |memory| hash::hash(password.expose(), &salt, memory)).await??)
    }

    /// Returns whether the password matches. Without a stored hash it takes the same time and returns false: otherwise
    /// the timing would reveal which addresses have accounts.
    pub async fn verify(&self, password: Secret, stored: Option<PasswordHash>) -> Result<bool, PoolError> {
        self.hashing
            .run(move |memory| {
                let compared =
                    hash::matches(password.expose(), stored.as_ref().unwrap_or(&hash::DUMMY_HASH), memory);
                compared.map(|matches| matches && stored.is_some())
            })
            .await?
            .map_err(|error| {
                tracing::error!(%error, "Cannot check a password");
                PoolError::Overloaded
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::channel;

    #[tokio::test]
    async fn a_sign_in_waits_behind_no_password_that_is_being_judged() {
        for threads in [1, 2, 5] {
            let pool =
                PasswordPool::start(&config::PasswordConfig { threads, max_wait: Duration::from_secs(300) })
                    .unwrap();
            // More strength checks than there are threads of any kind, and none of them finishes. `waiting` is the
            // number of those that get no strength-check thread.
            let waiting = 4 * threads - threads.div_ceil(HASHING_PER_STRENGTH_CHECK);
            let (release, held) = channel::<()>();
            let held = std::sync::Arc::new(std::sync::Mutex::new(held));
            let judgements: Vec<_> = (0..4 * threads)
                .map(|_| {
                    let (strength_checks, held) = (pool.strength_checks.clone(), held.clone());
                    tokio::spawn(async move {
                        strength_checks.run(move |()| held.lock().unwrap().recv().ok()).await
                    })
                })
                .collect();
            while pool.strength_checks().waiting != waiting {
                tokio::task::yield_now().await;
            }
            for _ in 0..3 {
                assert!(!pool.verify(Secret::from("a password"), None).await.unwrap());
            }
            assert!(judgements.iter().all(|judgement| !judgement.is_finished()), "{threads} threads");
            drop(release);
        }
    }
}
