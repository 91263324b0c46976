//! How many wrong tries there were, and how long the next has to wait: the decision alone, without a clock.

use latchkey_shared::Timestamp;
use std::time::Duration;

/// The first wait; each wrong try after it doubles the next.
const FIRST_WAIT: Duration = Duration::from_secs(2);

/// How many tries may be under way at once while none has been wrong: many people can share one network.
const AT_ONCE: u32 = 128;

/// Wrong tries beyond the free ones, of which more would change nothing: by then the wait is the longest.
const MOST_BEYOND: u32 = 16;

/// What is allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// How many wrong tries cost no wait, and are forgiven in a period.
    pub free: u32,
    /// The period.
    pub period: Duration,
    /// The longest wait.
    pub longest_wait: Duration,
}

impl Limit {
    /// How long it takes until one wrong try is forgiven.
    pub fn forgiven_after(&self) -> Duration {
        self.period / self.free.max(1)
    }

    /// How many wrong tries are remembered at most.
    pub fn most(&self) -> u32 {
        self.free.saturating_add(MOST_BEYOND)
    }
}

/// What is remembered about one key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count {
    wrong: u32,
    under_way: u32,
    last: Timestamp,
}

impl Count {
    /// Nothing has happened.
    pub fn new(now: Timestamp) -> Self {
        Self { wrong: 0, under_way: 0, last: now }
    }

    /// How long the next try has to wait; nothing when it may come now.
    pub fn wait(&self, limit: &Limit, now: Timestamp) -> Option<Duration> {
        let over = self.last + pause(self.wrong, limit);
        if now < over {
            return Some(now.until(over));
        }
        let wrong = self.remembered(limit, now);
        // Tries that come together would all be let in before the first of them is known to be wrong.
        let room = if wrong == 0 { AT_ONCE.max(limit.free) } else { limit.free.saturating_sub(wrong).max(1) };
        (self.under_way >= room).then_some(FIRST_WAIT)
    }

    /// A try begins.
    pub fn begin(&mut self) {
        self.under_way = self.under_way.saturating_add(1);
    }

    /// A try is over and says nothing about the password.
    pub fn take_back(&mut self) {
        self.under_way = self.under_way.saturating_sub(1);
    }

    /// A try is over and was wrong.
    pub fn wrong(&mut self, limit: &Limit, now: Timestamp) {
        self.take_back();
        self.wrong = self.remembered(limit, now).saturating_add(1).min(limit.most());
        self.last = now;
    }

    /// A try is over and was right.
    pub fn right(&mut self) {
        self.take_back();
        self.wrong = 0;
    }

    /// Whether there were wrong tries since the last right one.
    pub fn is_blamed(&self) -> bool {
        self.wrong > 0
    }

    /// Takes over what all servers have counted together.
    pub fn learn(&mut self, wrong: u32, last: Timestamp) {
        self.wrong = wrong;
        self.last = last;
    }

    /// Whether there is nothing left to know.
    pub fn is_over(&self, limit: &Limit, now: Timestamp) -> bool {
        let waited = now >= self.last + pause(self.wrong, limit);
        waited && self.under_way == 0 && self.remembered(limit, now) == 0
    }

    /// What is worth most when there is no room for all: tries that are under way, whose outcome would be lost, then the
    /// most wrong tries, then the latest.
    pub fn weight(&self) -> (u32, u32, Timestamp) {
        (self.under_way, self.wrong, self.last)
    }

    /// They are forgiven one by one: where many people share a network, somebody mistypes all the time.
    fn remembered(&self, limit: &Limit, now: Timestamp) -> u32 {
        let forgiven =
            self.last.until(now).as_millis() * u128::from(limit.free) / limit.period.as_millis().max(1);
        self.wrong.saturating_sub(u32::try_from(forgiven).unwrap_or(u32::MAX))
    }
}

/// The pause after so many wrong tries.
fn pause(wrong: u32, limit: &Limit) -> Duration {
    match wrong.checked_sub(limit.free) {
        None => Duration::ZERO,
        Some(beyond) => {
            let doubled = FIRST_WAIT.saturating_mul(2_u32.saturating_pow(beyond));
            doubled.min(limit.longest_wait)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Limit =
        Limit { free: 3, period: Duration::from_secs(600), longest_wait: Duration::from_secs(60) };

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    fn guess(count: &mut Count, now: Timestamp) {
        assert_eq!(count.wait(&LIMIT, now), None);
        count.begin();
        count.wrong(&LIMIT, now);
    }

    #[test]
    fn the_first_tries_cost_nothing_then_each_wait_is_twice_the_last_up_to_the_longest() {
        let (mut count, mut now) = (Count::new(at(0)), at(0));
        let mut waits = Vec::new();
        for _ in 0..9 {
            guess(&mut count, now);
            let wait = count.wait(&LIMIT, now).unwrap_or_default();
            waits.push(wait.as_secs());
            now = now + wait;
        }
        assert_eq!(waits, [0, 0, 2, 4, 8, 16, 32, 60, 60]);
    }

    #[test]
    fn a_wait_grows_shorter_and_ends() {
        let mut count = Count::new(at(0));
        (0..3).for_each(|_| guess(&mut count, at(0)));
        assert_eq!(count.wait(&LIMIT, at(1)), Some(Duration::from_secs(1)));
        assert_eq!(count.wait(&LIMIT, at(2)), None);
    }

    #[test]
    fn wrong_tries_are_forgiven_one_by_one() {
        let mut count = Count::new(at(0));
        (0..3).for_each(|_| guess(&mut count, at(0)));
        assert!(!count.is_over(&LIMIT, at(599)));
        assert!(count.is_over(&LIMIT, at(600)));
        guess(&mut count, at(400));
        assert_eq!(count.wait(&LIMIT, at(400)), None, "two were forgiven, so this is the second");
        guess(&mut count, at(400));
        assert_eq!(count.wait(&LIMIT, at(400)), Some(FIRST_WAIT));
    }

    #[test]
    fn a_right_one_makes_a_new_start() {
        let mut count = Count::new(at(0));
        (0..3).for_each(|_| guess(&mut count, at(0)));
        count.begin();
        count.right();
        (0..2).for_each(|_| guess(&mut count, at(2)));
        assert_eq!(count.wait(&LIMIT, at(2)), None);
    }

    #[test]
    fn who_was_wrong_cannot_hurry_by_trying_at_once() {
        let mut count = Count::new(at(0));
        for _ in 0..AT_ONCE {
            assert_eq!(count.wait(&LIMIT, at(0)), None, "nobody was wrong yet");
            count.begin();
        }
        assert_eq!(count.wait(&LIMIT, at(0)), Some(FIRST_WAIT));
        (0..AT_ONCE).for_each(|_| count.wrong(&LIMIT, at(0)));
        assert_eq!(count.wait(&LIMIT, at(0)), Some(LIMIT.longest_wait), "each of them counts");
        assert_eq!(count.wait(&LIMIT, at(60)), None);
        count.begin();
        assert_eq!(count.wait(&LIMIT, at(60)), Some(FIRST_WAIT), "from now on one by one");
    }

    #[test]
    fn a_try_that_says_nothing_counts_for_nothing() {
        let mut count = Count::new(at(0));
        for _ in 0..100 {
            count.begin();
            count.take_back();
        }
        assert_eq!((count.wait(&LIMIT, at(0)), count.is_over(&LIMIT, at(0))), (None, true));
    }
}
