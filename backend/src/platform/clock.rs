//! Clocks.

use latchkey_shared::Timestamp;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, Instant, UNIX_EPOCH};

/// Maximum difference between the clocks of servers that share a database.
pub const SKEW: Duration = Duration::from_secs(60);

/// A source of time.
pub trait Clock: Send + Sync {
    /// Returns the current wall-clock time, in whole milliseconds. A correction makes it jump, in either direction.
    fn now(&self) -> Timestamp;

    /// Returns the monotonic time since an arbitrary instant in the past, which no correction changes.
    fn elapsed(&self) -> Duration {
        static BEGIN: LazyLock<Instant> = LazyLock::new(Instant::now);
        BEGIN.elapsed()
    }
}

/// A clock that is never corrected: it starts at a given time and advances with the monotonic time.
#[derive(Debug, Clone, Copy)]
pub struct MonotonicClock {
    wall_time: Timestamp,
    started: Duration,
}

impl MonotonicClock {
    /// Creates a clock that shows `now` at this moment.
    pub fn starting_at(now: Timestamp, clock: &dyn Clock) -> Self {
        Self { wall_time: now, started: clock.elapsed() }
    }

    /// Returns the time by this clock.
    pub fn now(&self, clock: &dyn Clock) -> Timestamp {
        self.wall_time + clock.elapsed().saturating_sub(self.started)
    }
}

/// The machine's clock.
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that asks the machine")]
    fn now(&self) -> Timestamp {
        let since_epoch = std::time::SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_millis(0) + since_epoch
    }
}

/// A clock that stands still until it is moved.
pub struct TestClock {
    wall_time: AtomicI64,
    elapsed: AtomicU64,
}

impl TestClock {
    /// A clock that shows `start`.
    pub fn starting_at(start: Timestamp) -> Self {
        Self { wall_time: AtomicI64::new(start.as_millis()), elapsed: AtomicU64::default() }
    }

    /// Advances both the wall-clock and the monotonic time.
    pub fn advance(&self, span: Duration) {
        let millis = u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
        self.wall_time.fetch_add(i64::try_from(millis).unwrap_or(i64::MAX), Ordering::SeqCst);
        self.elapsed.fetch_add(millis, Ordering::SeqCst);
    }

    /// Corrects the clock: changes the wall-clock time, but not the monotonic time.
    pub fn set(&self, now: Timestamp) {
        self.wall_time.store(now.as_millis(), Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.wall_time.load(Ordering::SeqCst))
    }

    fn elapsed(&self) -> Duration {
        Duration::from_millis(self.elapsed.load(Ordering::SeqCst))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_correction_of_the_clock_lets_no_time_pass() {
        let at = Timestamp::from_seconds;
        let clock = TestClock::starting_at(at(1_000));
        let monotonic_clock = MonotonicClock::starting_at(clock.now(), &clock);
        for (wall_time, passed) in [(90_000, 5), (10, 10), (2_000, 15)] {
            clock.set(at(wall_time));
            clock.advance(Duration::from_secs(5));
            assert_eq!(clock.now(), at(wall_time + 5));
            assert_eq!(monotonic_clock.now(&clock), at(1_000 + passed));
        }
    }

    #[test]
    fn the_machines_time_passes() {
        let (before, monotonic_clock) =
            (SystemClock.elapsed(), MonotonicClock::starting_at(Timestamp::from_seconds(0), &SystemClock));
        std::hint::black_box(());
        assert!(SystemClock.elapsed() >= before);
        assert!(monotonic_clock.now(&SystemClock) >= Timestamp::from_seconds(0));
    }
}
