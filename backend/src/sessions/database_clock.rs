//! Estimate of the database's clock, by which servers that share a database agree on the age of a rotation. Their own
//! clocks may be a minute apart, and the grace time is far shorter: a tab that refreshes at another server at the same
//! moment would look like a thief, or a thief like a tab.

use crate::app::App;
use crate::db::{Database, StoreError};
use crate::platform::{Clock, MonotonicClock};
use latchkey_shared::Timestamp;
use std::sync::{PoisonError, RwLock};
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
pub struct DatabaseClock(RwLock<ClockReading>);

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
    pub async fn read(db: &Database, clock: &dyn Clock) -> Result<Self, StoreError> {
        Ok(Self(RwLock::new(ClockReading::now(db, clock).await?)))
    }

    /// Returns the current time by the database's clock.
    pub fn now(&self, clock: &dyn Clock) -> Timestamp {
        self.last_reading().database.now(clock)
    }

    /// Converts a time by the database's clock into a time by this server's clock, which shows `local` now.
    pub fn to_local_time(&self, database: Timestamp, local: Timestamp, clock: &dyn Clock) -> Timestamp {
        let now = self.now(clock);
        Timestamp::from_millis(local.as_millis().saturating_add(database.as_millis() - now.as_millis()))
    }

    /// Converts a time `at` by this server's clock, which shows `local` now, into a time by the database's clock.
    pub fn from_local_time(&self, at: Timestamp, local: Timestamp, clock: &dyn Clock) -> Timestamp {
        let now = self.now(clock);
        Timestamp::from_millis(now.as_millis().saturating_add(at.as_millis() - local.as_millis()))
    }

    fn last_reading(&self) -> ClockReading {
        *self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns whether the machine's clock has drifted from monotonic time since the last reading.
    fn has_drifted(&self, clock: &dyn Clock) -> bool {
        let (shown, passed) = (clock.now(), self.last_reading().local.now(clock));
        shown.until(passed).max(passed.until(shown)) >= MAX_DRIFT
    }
}

/// Reads the database's clock again periodically, and whenever the machine's clock was corrected or the machine has
/// slept.
pub async fn sync(app: App) {
    sync_every(app, RESYNC_INTERVAL).await;
}

/// Same as `sync`, with another resync interval.
pub async fn sync_every(app: App, resync_interval: Duration) {
    let mut read_at = tokio::time::Instant::now();
    loop {
        tokio::time::sleep(CHECK_INTERVAL.min(resync_interval)).await;
        if app.db.is_shared() && (app.database_clock.has_drifted(&*app.clock) || read_at.elapsed() >= resync_interval)
            // Database failures are logged elsewhere.
            && let Ok(read) = ClockReading::now(&app.db, &*app.clock).await
        {
            read_at = tokio::time::Instant::now();
            *app.database_clock.0.write().unwrap_or_else(PoisonError::into_inner) = read;
        }
    }
}
