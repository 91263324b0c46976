//! Password strength checks, and hashing with Argon2id (RFC 9106). Each has its own threads, so that no hash waits for
//! an expensive strength check.

mod estimator_input;
mod hash;
mod pool;
mod strength;

pub use hash::{HashError, PasswordHash, Verification};
pub use pool::{PoolCounts, PoolError};
pub use strength::{Weakness, check_strength};

pub use argon2_rust::Error as HashingError;

use crate::config;
use crate::platform::Randomness;
use hash::Argon2Memory;
use latchkey_shared::{Password, Secret};
use pool::{WorkerSpec, Workers};
use std::time::Duration;

const HASHING: WorkerSpec = WorkerSpec {
    name: "hashing",
    waiting: "wait for a hashing thread",
    working: "hash the password",
    nice: 10,
};
/// At a lower priority than the hashing threads: a sign-in must not wait for strength checks.
const STRENGTH_CHECKS: WorkerSpec = WorkerSpec {
    name: "judging",
    waiting: "wait for a judging thread",
    working: "judge the password",
    nice: 15,
};
/// Number of hashing threads per strength-check thread: to check an ordinary password takes a twentieth of the time of
/// a hash.
const HASHING_PER_STRENGTH_CHECK: usize = 4;

/// Thread pools for passwords. The threads end when the last handle is dropped.
#[derive(Clone)]
pub struct PasswordPool {
    hashing: Workers<Result<Argon2Memory, HashingError>>,
    strength_checks: Workers<()>,
    /// Verified where there is no account.
    dummy: PasswordHash,
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

/// Reason for not starting the threads.
#[derive(Debug, thiserror::Error)]
pub enum PoolStartError {
    /// The system does not start a thread.
    #[error("passwords.threads: cannot start them: {0}")]
    Threads(#[from] std::io::Error),
    /// Hashes that are computed here match nothing that was or will be stored.
    #[error(
        "passwords: Argon2id computes wrong hashes on this machine, so nobody could sign in: its processor or its \
         virtual machine is faulty; start on another one"
    )]
    WrongHashes,
}

impl PasswordPool {
    /// Starts the threads, once hashing has proven itself on this machine.
    pub fn start(config: &config::PasswordConfig, random: &dyn Randomness) -> Result<Self, PoolStartError> {
        if !hash::self_test(&random.bytes()) {
            return Err(PoolStartError::WrongHashes);
        }
        let config::PasswordConfig { threads, max_wait, cost } = *config;
        let hashing = Workers::start(&HASHING, threads, max_wait, move || Argon2Memory::unallocated(cost))?;
        let threads = threads.div_ceil(HASHING_PER_STRENGTH_CHECK);
        let strength_checks = Workers::start(&STRENGTH_CHECKS, threads, max_wait, || ())?;
        Ok(Self { hashing, strength_checks, dummy: PasswordHash::dummy(cost) })
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
        let judged = password.clone();
        let judged = self.strength_checks.run(move |()| check_strength(judged.expose(), &personal));
        judged.await?.map_err(NewPasswordError::Weak)?;
        self.hash(move || password.expose().to_owned().into(), random).await
    }

    /// Hashes a password that has just been verified, with the parameters of the settings.
    pub async fn rehash(
        &self,
        password: Secret,
        random: &dyn Randomness,
    ) -> Result<PasswordHash, NewPasswordError> {
        self.hash(move || password, random).await
    }

    async fn hash(
        &self,
        password: impl FnOnce() -> Secret + Send + 'static,
        random: &dyn Randomness,
    ) -> Result<PasswordHash, NewPasswordError> {
        let salt = random.bytes();
        let hashed = self.hashing.run(move |memory| {
            let memory = memory.as_mut().map_err(|error| *error)?;
            hash::hash(password().expose(), &salt, memory)
        });
        Ok(hashed.await??)
    }

    /// Verifies the password. Without a stored hash it takes the same time and does not match: otherwise the timing
    /// would reveal which addresses have accounts. The inner error is that of a hash which cannot be verified.
    pub async fn verify(
        &self,
        password: Secret,
        stored: Option<PasswordHash>,
    ) -> Result<Result<Verification, HashError>, PoolError> {
        let is_stored = stored.is_some();
        let stored = stored.unwrap_or_else(|| self.dummy.clone());
        let verified = self.hashing.run(move |memory| {
            let memory = memory.as_mut().map_err(|error| *error)?;
            hash::verify(password.expose(), &stored, memory)
        });
        match verified.await? {
            Err(HashError::Argon2(error)) => {
                tracing::error!(%error, "Cannot check a password");
                Err(PoolError::Overloaded)
            }
            Ok(_) if !is_stored => Ok(Ok(Verification::Mismatch)),
            verified => Ok(verified),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::OsRandomness;
    use std::sync::mpsc::channel;

    #[tokio::test]
    async fn a_sign_in_waits_behind_no_password_that_is_being_judged() {
        for threads in [1, 2, 5] {
            let config = config::PasswordConfig {
                threads,
                max_wait: Duration::from_secs(300),
                cost: config::HashCost::DEFAULT,
            };
            let pool = PasswordPool::start(&config, &OsRandomness).unwrap();
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
                let verified = pool.verify(Secret::from("a password"), None).await.unwrap().unwrap();
                assert_eq!(verified, Verification::Mismatch);
            }
            assert!(judgements.iter().all(|judgement| !judgement.is_finished()), "{threads} threads");
            drop(release);
        }
    }
}
