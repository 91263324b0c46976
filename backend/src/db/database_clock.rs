//! Estimate of the database's clock, by which servers that share a database agree on the age of a rotation. Their own
//! clocks may be a minute apart, and the grace time is far shorter: a tab that refreshes at another server at the same
//! moment would look like a thief, or a thief like a tab.

use super::database::Database;
use super::error::StoreError;
use crate::platform::{Clock, MonotonicClock};
use latchkey_shared::Timestamp;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

/// Interval at which the machine's clock is compared with monotonic time.
const CHECK_INTERVAL: Duration = Duration::from_secs(1);
/// Interval at which the database's clock is read again in any case: it may have been corrected, or the database may
/// have moved to another machine.
const RESYNC_INTERVAL: Duration = Duration::from_secs(5 * 60);
/// Drift between the machine's clock and monotonic time from which the database's clock is read again: the clock was
/// corrected, or the machine has slept.
const MAX_DRIFT: Duration = Duration::from_secs(1);

/// The database's clock, read periodically and extrapolated by monotonic time.
pub struct DatabaseClock {
    db: Database,
    clock: Arc<dyn Clock>,
    reading: RwLock<ClockReading>,
}

/// Both clocks at the moment of a reading of the database's.
#[derive(Clone, Copy)]
struct ClockReading {
    database: MonotonicClock,
    local: MonotonicClock,
}

impl ClockReading {
    async fn now(db: &Database, clock: &dyn Clock) -> Result<Self, StoreError> {
        let local = clock.now();
        let database = db.time().await?;
        Ok(Self {
            database: MonotonicClock::starting_at(database, clock),
            local: MonotonicClock::starting_at(local, clock),
        })
    }
}

impl DatabaseClock {
    /// Reads the database's clock.
    pub async fn read(db: Database, clock: Arc<dyn Clock>) -> Result<Self, StoreError> {
        let reading = RwLock::new(ClockReading::now(&db, &*clock).await?);
        Ok(Self { db, clock, reading })
    }

    /// Returns the current time by the database's clock.
    pub fn now(&self) -> Timestamp {
        self.last_reading().database.now(&*self.clock)
    }

    /// Converts a time by the database's clock into a time by this server's clock, which shows `local` now.
    pub fn to_local_time(&self, database: Timestamp, local: Timestamp) -> Timestamp {
        let now = self.now();
        Timestamp::from_millis(local.as_millis().saturating_add(database.as_millis() - now.as_millis()))
    }

    /// Converts a time `at` by this server's clock, which shows `local` now, into a time by the database's clock.
    pub fn from_local_time(&self, at: Timestamp, local: Timestamp) -> Timestamp {
        let now = self.now();
        Timestamp::from_millis(now.as_millis().saturating_add(at.as_millis() - local.as_millis()))
    }

    fn last_reading(&self) -> ClockReading {
        *self.reading.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns whether the machine's clock has drifted from monotonic time since the last reading.
    fn has_drifted(&self) -> bool {
        let (shown, passed) = (self.clock.now(), self.last_reading().local.now(&*self.clock));
        shown.until(passed).max(passed.until(shown)) >= MAX_DRIFT
    }

    /// Reads the database's clock again periodically, and whenever the machine's clock was corrected or the machine has
    /// slept. Never returns.
    pub async fn sync(&self) {
        self.sync_every(RESYNC_INTERVAL).await;
    }

    /// Same as [`sync`](Self::sync), with another resync interval.
    pub async fn sync_every(&self, resync_interval: Duration) {
        let mut read_at = tokio::time::Instant::now();
        loop {
            tokio::time::sleep(CHECK_INTERVAL.min(resync_interval)).await;
            if self.db.is_shared() && (self.has_drifted() || read_at.elapsed() >= resync_interval)
                // Database failures are logged elsewhere.
                && let Ok(read) = ClockReading::now(&self.db, &*self.clock).await
            {
                read_at = tokio::time::Instant::now();
                *self.reading.write().unwrap_or_else(PoisonError::into_inner) = read;
            }
        }
    }
}
