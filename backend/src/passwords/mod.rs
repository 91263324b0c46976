//! Passwords: judged before they are taken, and hashed with Argon2id (RFC 9106); each on threads of its own, so that no hash
//! waits for a password that is costly to judge.

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
/// Behind the hashing threads: a sign-in waits for nobody's judgement.
const STRENGTH_CHECKS: WorkerSpec<()> = WorkerSpec {
    name: "judging",
    waiting: "wait for a judging thread",
    working: "judge the password",
    nice: 15,
    state: || (),
};
/// How many hashing threads come on one that judges: to judge an honest password takes a twentieth of a hash.
const HASHING_PER_STRENGTH_CHECK: usize = 4;

/// The threads for passwords. They end when the last handle to them is dropped.
#[derive(Clone)]
pub struct PasswordPool {
    hashing: Workers<Argon2Memory>,
    strength_checks: Workers<()>,
}

/// Why a new password was not hashed.
#[derive(Debug, thiserror::Error)]
pub enum NewPasswordError {
    /// It would be guessed too soon.
    #[error("the password is too weak")]
    Weak(Weakness),
    /// The threads are busy, or have failed.
    #[error(transparent)]
    Pool(#[from] PoolError),
    /// Argon2id refused to hash.
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

    /// Whether a thread is left that hashes.
    pub fn can_hash(&self) -> bool {
        self.hashing.is_alive()
    }

    /// How the hashing threads stand.
    pub fn counts(&self) -> PoolCounts {
        self.hashing.counts()
    }

    /// How the judging threads stand.
    pub fn strength_checks(&self) -> PoolCounts {
        self.strength_checks.counts()
    }

    /// How long a request that comes now will probably wait for a hashing thread.
    pub fn expected_wait(&self) -> Duration {
        self.hashing.expected_wait()
    }

    /// Judges a new password and hashes it. `personal` is what an attacker knows of its owner.
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

    /// Whether the password is the one that was hashed. With nothing to compare to it costs the same and says no:
    /// otherwise timing tells which addresses have accounts.
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
            // More judgements than there are threads of any kind, and none of them is ever done. So many wait as find
            // no thread that judges.
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
