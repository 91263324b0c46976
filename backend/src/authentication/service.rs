//! Password authentication, its throttle and its hashing threads, as one service that routes and other services share.

use super::hashing::PasswordPool;
use super::password::PasswordByEmail;
use super::throttle::Throttle;
use crate::db::{BatchReader, Database, DatabaseClock};
use crate::platform::{Clock, MonotonicClock, Randomness};
use latchkey_shared::Timestamp;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

/// Verifies who somebody is. A clone is another handle.
#[derive(Clone)]
pub struct Authentication(Arc<AuthenticationParts>);

/// Dependencies of [`Authentication`].
pub struct AuthenticationParts {
    /// Database.
    pub db: Database,
    /// Clock.
    pub clock: Arc<dyn Clock>,
    /// Clock that is never corrected.
    pub monotonic_clock: MonotonicClock,
    /// Clock on which the servers of one database agree.
    pub database_clock: Arc<DatabaseClock>,
    /// Source of salts and ids.
    pub random: Arc<dyn Randomness>,
    /// Hashing threads.
    pub passwords: PasswordPool,
    /// Throttle of guesses.
    pub throttle: Throttle,
    /// The longest wait that the throttle imposes.
    pub longest_wait: Duration,
    /// Batched lookup of passwords by address.
    pub passwords_by_email: BatchReader<PasswordByEmail>,
}

impl Authentication {
    /// Creates the service.
    pub fn new(parts: AuthenticationParts) -> Self {
        Self(Arc::new(parts))
    }

    /// Returns the time by the clock that is never corrected.
    pub fn monotonic_now(&self) -> Timestamp {
        self.monotonic_clock.now(&*self.clock)
    }
}

impl Deref for Authentication {
    type Target = AuthenticationParts;
    fn deref(&self) -> &AuthenticationParts {
        &self.0
    }
}
