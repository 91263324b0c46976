//! How many wrong tries there were, and how long the next has to wait: the decision alone, without a clock.

use latchkey_shared::Timestamp;
use std::time::Duration;

/// The first wait; each wrong try after it doubles the next.
const INITIAL_BACKOFF: Duration = Duration::from_secs(2);

/// How many tries may be under way at once while none has been wrong: many people can share one network.
const MAX_IN_FLIGHT: u32 = 128;

/// Wrong tries beyond the free ones, of which more would change nothing: by then the wait is the longest.
const MAX_BEYOND_FREE: u32 = 16;

/// What is allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// How many wrong tries cost no wait, and are forgiven in a period.
    pub free_attempts: u32,
    /// The period.
    pub period: Duration,
    /// The longest wait.
    pub longest_wait: Duration,
}

impl Limit {
    /// How long it takes until one wrong try is forgiven.
    pub fn forgiven_after(&self) -> Duration {
        self.period / self.free_attempts.max(1)
    }

    /// How many wrong tries are remembered at most.
    pub fn max_wrong(&self) -> u32 {
        self.free_attempts.saturating_add(MAX_BEYOND_FREE)
    }
}

/// What is remembered about one key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AttemptCounter {
    wrong: u32,
    in_flight: u32,
    last: Timestamp,
}

impl AttemptCounter {
    /// Nothing has happened.
    pub fn new(now: Timestamp) -> Self {
        Self { wrong: 0, in_flight: 0, last: now }
    }

    /// How long the next try has to wait; nothing when it may come now.
    pub fn retry_after(&self, limit: &Limit, now: Timestamp) -> Option<Duration> {
        let over = self.last + backoff(self.wrong, limit);
        if now < over {
            return Some(now.until(over));
        }
        let wrong = self.unforgiven(limit, now);
        // Tries that come together would all be let in before the first of them is known to be wrong.
        let room = if wrong == 0 {
            MAX_IN_FLIGHT.max(limit.free_attempts)
        } else {
            limit.free_attempts.saturating_sub(wrong).max(1)
        };
        (self.in_flight >= room).then_some(INITIAL_BACKOFF)
    }

    /// A try begins.
    pub fn begin(&mut self) {
        self.in_flight = self.in_flight.saturating_add(1);
    }

    /// A try is over and says nothing about the password.
    pub fn cancel(&mut self) {
        self.in_flight = self.in_flight.saturating_sub(1);
    }

    /// A try is over and was wrong.
    pub fn record_failure(&mut self, limit: &Limit, now: Timestamp) {
        self.cancel();
        self.wrong = self.unforgiven(limit, now).saturating_add(1).min(limit.max_wrong());
        self.last = now;
    }

    /// A try is over and was right.
    pub fn record_success(&mut self) {
        self.cancel();
        self.wrong = 0;
    }

    /// Whether there were wrong tries since the last right one.
    pub fn has_failures(&self) -> bool {
        self.wrong > 0
    }

    /// Takes over what all servers have counted together.
    pub fn apply_shared_count(&mut self, wrong: u32, last: Timestamp) {
        self.wrong = wrong;
        self.last = last;
    }

    /// Whether there is nothing left to know.
    pub fn is_expired(&self, limit: &Limit, now: Timestamp) -> bool {
        let waited = now >= self.last + backoff(self.wrong, limit);
        waited && self.in_flight == 0 && self.unforgiven(limit, now) == 0
    }

    /// What is worth most when there is no room for all: tries that are under way, whose outcome would be lost, then the
    /// most wrong tries, then the latest.
    pub fn eviction_rank(&self) -> (u32, u32, Timestamp) {
        (self.in_flight, self.wrong, self.last)
    }

    /// They are forgiven one by one: where many people share a network, somebody mistypes all the time.
    fn unforgiven(&self, limit: &Limit, now: Timestamp) -> u32 {
        let forgiven = self.last.until(now).as_millis() * u128::from(limit.free_attempts)
            / limit.period.as_millis().max(1);
        self.wrong.saturating_sub(u32::try_from(forgiven).unwrap_or(u32::MAX))
    }
}

/// The pause after so many wrong tries.
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
