//! The time by which servers that share a database agree how long ago a session was rotated. Their own clocks may be a minute
//! apart, and the grace time is far shorter: a tab that asks another server at the same moment would look like a thief, or a
//! thief like a tab.

use crate::app::App;
use crate::db::{Database, StoreError};
use crate::platform::{Clock, MonotonicClock};
use latchkey_shared::Timestamp;
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

/// How often the machine's clock is compared with the time that has passed.
const CHECK_INTERVAL: Duration = Duration::from_secs(1);
/// How often the database's clock is read again, whatever this machine's shows: that one may be corrected, or be another
/// machine's from now on.
const RESYNC_INTERVAL: Duration = Duration::from_secs(5 * 60);
/// How far the two may come apart: where a clock was corrected, or the machine has slept.
const MAX_DRIFT: Duration = Duration::from_secs(1);

/// The database's clock, read now and then and carried on by the time that passes.
pub struct DatabaseClock(RwLock<ClockReading>);

/// Both clocks at the moment at which the database's was read.
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

    /// The time.
    pub fn now(&self, clock: &dyn Clock) -> Timestamp {
        self.last_reading().database.now(clock)
    }

    /// When it was `database`, by this server's own clock that shows `local` now.
    pub fn to_local_time(&self, database: Timestamp, local: Timestamp, clock: &dyn Clock) -> Timestamp {
        let now = self.now(clock);
        Timestamp::from_millis(local.as_millis().saturating_add(database.as_millis() - now.as_millis()))
    }

    /// What the shared time was when this server's own clock showed `at`; that clock shows `local` now.
    pub fn from_local_time(&self, at: Timestamp, local: Timestamp, clock: &dyn Clock) -> Timestamp {
        let now = self.now(clock);
        Timestamp::from_millis(now.as_millis().saturating_add(at.as_millis() - local.as_millis()))
    }

    fn last_reading(&self) -> ClockReading {
        *self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the machine's clock shows another time than has passed since.
    fn has_drifted(&self, clock: &dyn Clock) -> bool {
        let (shown, passed) = (clock.now(), self.last_reading().local.now(clock));
        shown.until(passed).max(passed.until(shown)) >= MAX_DRIFT
    }
}

/// Reads the database's clock again now and then, and whenever the machine's own was corrected, or the machine has slept.
pub async fn sync(app: App) {
    sync_every(app, RESYNC_INTERVAL).await;
}

/// Reads it as often as this.
pub async fn sync_every(app: App, resync_interval: Duration) {
    let mut read_at = tokio::time::Instant::now();
    loop {
        tokio::time::sleep(CHECK_INTERVAL.min(resync_interval)).await;
        if app.db.is_shared() && (app.database_clock.has_drifted(&*app.clock) || read_at.elapsed() >= resync_interval)
            // A database that fails is told of elsewhere.
            && let Ok(read) = ClockReading::now(&app.db, &*app.clock).await
        {
            read_at = tokio::time::Instant::now();
            *app.database_clock.0.write().unwrap_or_else(PoisonError::into_inner) = read;
        }
    }
}
