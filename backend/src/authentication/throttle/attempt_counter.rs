//! Counter of failed attempts, and the wait that follows from it: the decision alone, without a clock.

use latchkey_shared::Timestamp;
use std::time::Duration;

/// The first wait; each failure after it doubles the next.
const INITIAL_BACKOFF: Duration = Duration::from_secs(2);

/// Maximum number of concurrent attempts under one key while none has failed: many people can share one network.
const MAX_IN_FLIGHT: u32 = 128;

/// Failures counted beyond the free ones; more would change nothing, since the wait is the longest by then.
const MAX_BEYOND_FREE: u32 = 16;

/// Limits for one kind of key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// Number of failures that cost no wait, and that are forgiven in one period.
    pub free_attempts: u32,
    /// Time in which `free_attempts` failures are forgiven.
    pub period: Duration,
    /// The longest wait.
    pub longest_wait: Duration,
}

impl Limit {
    /// Returns the time in which one failure is forgiven.
    pub fn forgiven_after(&self) -> Duration {
        self.period / self.free_attempts.max(1)
    }

    /// Returns the maximum number of failures that are counted.
    pub fn max_wrong(&self) -> u32 {
        self.free_attempts.saturating_add(MAX_BEYOND_FREE)
    }
}

/// Attempts counted under one key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AttemptCounter {
    wrong: u32,
    in_flight: u32,
    last: Timestamp,
}

impl AttemptCounter {
    /// Creates a counter without failures.
    pub fn new(now: Timestamp) -> Self {
        Self { wrong: 0, in_flight: 0, last: now }
    }

    /// Returns the wait before the next attempt, or `None` if it may come now.
    pub fn retry_after(&self, limit: &Limit, now: Timestamp) -> Option<Duration> {
        let over = self.last + backoff(self.wrong, limit);
        if now < over {
            return Some(now.until(over));
        }
        let wrong = self.unforgiven(limit, now);
        // Without a limit, concurrent attempts would all be admitted before the first of them is known to have failed.
        let room = if wrong == 0 {
            MAX_IN_FLIGHT.max(limit.free_attempts)
        } else {
            limit.free_attempts.saturating_sub(wrong).max(1)
        };
        (self.in_flight >= room).then_some(INITIAL_BACKOFF)
    }

    /// Records the start of an attempt.
    pub fn begin(&mut self) {
        self.in_flight = self.in_flight.saturating_add(1);
    }

    /// Records the end of an attempt that says nothing about the password.
    pub fn cancel(&mut self) {
        self.in_flight = self.in_flight.saturating_sub(1);
    }

    /// Records the failure of an attempt.
    pub fn record_failure(&mut self, limit: &Limit, now: Timestamp) {
        self.cancel();
        self.wrong = self.unforgiven(limit, now).saturating_add(1).min(limit.max_wrong());
        self.last = now;
    }

    /// Records the success of an attempt, which resets the count.
    pub fn record_success(&mut self) {
        self.cancel();
        self.wrong = 0;
    }

    /// Returns whether failures are counted since the last success.
    pub fn has_failures(&self) -> bool {
        self.wrong > 0
    }

    /// Replaces the count by the shared count of all servers.
    pub fn apply_shared_count(&mut self, wrong: u32, last: Timestamp) {
        self.wrong = wrong;
        self.last = last;
    }

    /// Returns whether the counter holds no information any more and can be removed.
    pub fn is_expired(&self, limit: &Limit, now: Timestamp) -> bool {
        let waited = now >= self.last + backoff(self.wrong, limit);
        waited && self.in_flight == 0 && self.unforgiven(limit, now) == 0
    }

    /// Returns the rank for eviction, the lowest first: attempts in flight count most, since their outcome would be
    /// lost, then the number of failures, then the time of the last one.
    pub fn eviction_rank(&self) -> (u32, u32, Timestamp) {
        (self.in_flight, self.wrong, self.last)
    }

    /// Returns the failures that are not forgiven yet. They are forgiven one by one: on a network that many people
    /// share, somebody mistypes all the time.
    fn unforgiven(&self, limit: &Limit, now: Timestamp) -> u32 {
        let forgiven = self.last.until(now).as_millis() * u128::from(limit.free_attempts)
            / limit.period.as_millis().max(1);
        self.wrong.saturating_sub(u32::try_from(forgiven).unwrap_or(u32::MAX))
    }
}

/// Returns the wait after this number of failures.
fn backoff(wrong: u32, limit: &Limit) -> Duration {
    match wrong.checked_sub(limit.free_attempts) {
        None => Duration::ZERO,
        Some(beyond) => {
            let doubled = INITIAL_BACKOFF.saturating_mul(2_u32.saturating_pow(beyond));
            doubled.min(limit.longest_wait)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Limit =
        Limit { free_attempts: 3, period: Duration::from_secs(600), longest_wait: Duration::from_secs(60) };

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    fn fail(counter: &mut AttemptCounter, now: Timestamp) {
        assert_eq!(counter.retry_after(&LIMIT, now), None);
        counter.begin();
        counter.record_failure(&LIMIT, now);
    }

    #[test]
    fn the_first_tries_cost_nothing_then_each_wait_is_twice_the_last_up_to_the_longest() {
        let (mut counter, mut now) = (AttemptCounter::new(at(0)), at(0));
        let mut waits = Vec::new();
        for _ in 0..9 {
            fail(&mut counter, now);
            let wait = counter.retry_after(&LIMIT, now).unwrap_or_default();
            waits.push(wait.as_secs());
            now = now + wait;
        }
        assert_eq!(waits, [0, 0, 2, 4, 8, 16, 32, 60, 60]);
    }

    #[test]
    fn a_wait_grows_shorter_and_ends() {
        let mut counter = AttemptCounter::new(at(0));
        (0..3).for_each(|_| fail(&mut counter, at(0)));
        assert_eq!(counter.retry_after(&LIMIT, at(1)), Some(Duration::from_secs(1)));
        assert_eq!(counter.retry_after(&LIMIT, at(2)), None);
    }

    #[test]
    fn wrong_tries_are_forgiven_one_by_one() {
        let mut counter = AttemptCounter::new(at(0));
        (0..3).for_each(|_| fail(&mut counter, at(0)));
        assert!(!counter.is_expired(&LIMIT, at(599)));
        assert!(counter.is_expired(&LIMIT, at(600)));
        fail(&mut counter, at(400));
        assert_eq!(counter.retry_after(&LIMIT, at(400)), None, "two were forgiven, so this is the second");
        fail(&mut counter, at(400));
        assert_eq!(counter.retry_after(&LIMIT, at(400)), Some(INITIAL_BACKOFF));
    }

    #[test]
    fn a_right_one_makes_a_new_start() {
        let mut counter = AttemptCounter::new(at(0));
        (0..3).for_each(|_| fail(&mut counter, at(0)));
        counter.begin();
        counter.record_success();
        (0..2).for_each(|_| fail(&mut counter, at(2)));
        assert_eq!(counter.retry_after(&LIMIT, at(2)), None);
    }

    #[test]
    fn who_was_wrong_cannot_hurry_by_trying_at_once() {
        let mut counter = AttemptCounter::new(at(0));
        for _ in 0..MAX_IN_FLIGHT {
            assert_eq!(counter.retry_after(&LIMIT, at(0)), None, "nobody was wrong yet");
            counter.begin();
        }
        assert_eq!(counter.retry_after(&LIMIT, at(0)), Some(INITIAL_BACKOFF));
        (0..MAX_IN_FLIGHT).for_each(|_| counter.record_failure(&LIMIT, at(0)));
        assert_eq!(counter.retry_after(&LIMIT, at(0)), Some(LIMIT.longest_wait), "each of them counts");
        assert_eq!(counter.retry_after(&LIMIT, at(60)), None);
        counter.begin();
        assert_eq!(counter.retry_after(&LIMIT, at(60)), Some(INITIAL_BACKOFF), "from now on one by one");
    }

    #[test]
    fn a_try_that_says_nothing_counts_for_nothing() {
        let mut counter = AttemptCounter::new(at(0));
        for _ in 0..100 {
            counter.begin();
            counter.cancel();
        }
        assert_eq!((counter.retry_after(&LIMIT, at(0)), counter.is_expired(&LIMIT, at(0))), (None, true));
    }
}
