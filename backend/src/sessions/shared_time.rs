//! The time by which servers that share a database agree how long ago a session was rotated. Their own clocks may be a minute
//! apart, and the grace time is far shorter: a tab that asks another server at the same moment would look like a thief, or a
//! thief like a tab.

use crate::app::App;
use crate::db::{Database, StoreError};
use crate::platform::{Clock, Steady};
use latchkey_shared::Timestamp;
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

/// How often the machine's clock is compared with the time that has passed.
const LOOK: Duration = Duration::from_secs(1);
/// How often the database's clock is read again, whatever this machine's shows: that one may be corrected, or be another
/// machine's from now on.
const AGAIN: Duration = Duration::from_secs(5 * 60);
/// How far the two may come apart: where a clock was corrected, or the machine has slept.
const APART: Duration = Duration::from_secs(1);

/// The database's clock, read now and then and carried on by the time that passes.
pub struct SharedTime(RwLock<Read>);

/// Both clocks at the moment at which the database's was read.
#[derive(Clone, Copy)]
struct Read {
    shared: Steady,
    own: Steady,
}

impl Read {
    async fn now(db: &Database, clock: &dyn Clock) -> Result<Self, StoreError> {
        let own = clock.now();
        let shared = db.time().await?;
        Ok(Self { shared: Steady::showing(shared, clock), own: Steady::showing(own, clock) })
    }
}

impl SharedTime {
    /// Reads the database's clock.
    pub async fn read(db: &Database, clock: &dyn Clock) -> Result<Self, StoreError> {
        Ok(Self(RwLock::new(Read::now(db, clock).await?)))
    }

    /// The time.
    pub fn now(&self, clock: &dyn Clock) -> Timestamp {
        self.last().shared.now(clock)
    }

    /// When it was `shared`, by this server's own clock that shows `own` now.
    pub fn by_own_clock(&self, shared: Timestamp, own: Timestamp, clock: &dyn Clock) -> Timestamp {
        let now = self.now(clock);
        Timestamp::from_millis(own.as_millis().saturating_add(shared.as_millis() - now.as_millis()))
    }

    /// What the shared time was when this server's own clock showed `at`; that clock shows `own` now.
    pub fn of_own_clock(&self, at: Timestamp, own: Timestamp, clock: &dyn Clock) -> Timestamp {
        let now = self.now(clock);
        Timestamp::from_millis(now.as_millis().saturating_add(at.as_millis() - own.as_millis()))
    }

    fn last(&self) -> Read {
        *self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the machine's clock shows another time than has passed since.
    fn is_doubtful(&self, clock: &dyn Clock) -> bool {
        let (shown, passed) = (clock.now(), self.last().own.now(clock));
        shown.until(passed).max(passed.until(shown)) >= APART
    }
}

/// Reads the database's clock again now and then, and whenever the machine's own was corrected, or the machine has slept.
pub async fn follow(app: App) {
    follow_every(app, AGAIN).await;
}

/// Reads it as often as this.
pub async fn follow_every(app: App, again: Duration) {
    let mut read_at = tokio::time::Instant::now();
    loop {
        tokio::time::sleep(LOOK.min(again)).await;
        if app.db.is_shared() && (app.shared_time.is_doubtful(&*app.clock) || read_at.elapsed() >= again)
            // A database that fails is told of elsewhere.
            && let Ok(read) = Read::now(&app.db, &*app.clock).await
        {
            read_at = tokio::time::Instant::now();
            *app.shared_time.0.write().unwrap_or_else(PoisonError::into_inner) = read;
        }
    }
}
