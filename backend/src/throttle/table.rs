//! The counts of this server, in a room of fixed size.

use super::TooMany;
use super::count::{Count, Limit};
use super::key::{Guess, Key};
use super::news::Pending;
use crate::config;
use crate::platform::Seldom;
use latchkey_shared::Timestamp;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How many counts are kept: some ten megabytes at most, however many networks and addresses are made up.
const ROOM: usize = 100_000;

/// How many addresses the log names in a minute.
const MOST_SOURCES: u32 = 100;

/// Counts wrong tries.
pub struct Throttle {
    account: Limit,
    network: Limit,
    tells_sources: bool,
    told: Seldom,
    counts: Mutex<HashMap<Key, Count>>,
    /// What the other servers have yet to be told.
    pub(super) pending: Pending,
}

/// A try that was let in. Unless it is said how it went, it counts for nothing: the server never came to an answer, or
/// the caller went away before it and has learned nothing.
#[must_use = "say how it went"]
pub struct Attempt<'a> {
    throttle: &'a Throttle,
    guess: Guess,
    begun: Timestamp,
    outcome: Outcome,
}

#[derive(Clone, Copy)]
enum Outcome {
    Wrong,
    Right,
    Unknown,
}

impl Throttle {
    /// Nobody has been wrong yet.
    pub fn new(config: &config::Throttle) -> Self {
        let limit = |free| Limit { free, period: config.period, longest_wait: config.longest_wait };
        Self {
            account: limit(config.per_account),
            network: limit(config.per_network),
            tells_sources: false,
            told: Seldom::at_most(MOST_SOURCES),
            counts: Mutex::default(),
            pending: Pending::default(),
        }
    }

    /// Has the log name the addresses that wrong guesses come from, where it may.
    pub fn telling_sources(self, tells_sources: bool) -> Self {
        Self { tells_sources, ..self }
    }

    /// Lets a try in, or says how long it has to wait. Asked before anything is looked up or hashed.
    pub fn admit(&self, guess: Guess, now: Timestamp) -> Result<Attempt<'_>, TooMany> {
        let mut counts = self.counts();
        let wait = |(key, limit): (Key, &Limit)| counts.get(&key)?.wait(limit, now);
        if let Some(wait) = self.limits(guess).filter_map(wait).max() {
            return Err(TooMany(wait));
        }
        for (key, _) in self.limits(guess) {
            counts.entry(key).or_insert(Count::new(now)).begin();
        }
        if counts.len() > ROOM {
            self.make_room(&mut counts, now);
        }
        drop(counts);
        Ok(Attempt { throttle: self, guess, begun: now, outcome: Outcome::Unknown })
    }

    fn limits(&self, guess: Guess) -> impl Iterator<Item = (Key, &Limit)> + use<'_> {
        let narrow = guess.narrow.map(|key| (key, &self.account));
        narrow.into_iter().chain(guess.network.map(|key| (key, &self.network)))
    }

    fn settle(&self, attempt: &Attempt<'_>) {
        let mut counts = self.counts();
        let mut wait = None;
        for (key, limit) in self.limits(attempt.guess) {
            let Some(count) = counts.get_mut(&key) else { continue };
            match attempt.outcome {
                Outcome::Wrong => {
                    count.wrong(limit, attempt.begun);
                    self.pending.wrong(key, attempt.begun, *limit);
                    wait = wait.max(count.wait(limit, attempt.begun));
                }
                // One's own account must not pay for guesses at the others of the network.
                Outcome::Right if attempt.guess.narrow == Some(key) => {
                    if count.is_blamed() {
                        self.pending.right(key, attempt.begun, *limit);
                    }
                    count.right();
                }
                Outcome::Right | Outcome::Unknown => count.take_back(),
            }
            if count.is_over(limit, attempt.begun) {
                counts.remove(&key);
            }
        }
        drop(counts);
        // Told when a wait begins. A line for each try that is then refused would let whoever tries fill the disk.
        if let Some(wait) = wait {
            let source = attempt.guess.source.filter(|_| self.tells_sources);
            // A flood from everywhere fills no disk either.
            let source = source.filter(|_| self.told.next(attempt.begun).is_some());
            tracing::warn!(
                wait.seconds = wait.as_secs(),
                client.address = source.map(tracing::field::display),
                "Too many wrong tries from one place: the next waits"
            );
        }
    }

    /// Takes over what all servers have counted under one key, and adds what they do not know of yet. Nothing happens later
    /// than `now`, whatever a clock has shown.
    pub(super) fn learn(&self, key: Key, wrong: u32, last: Timestamp, now: Timestamp) {
        // Held first, as where a try is settled: none is counted between the two.
        let mut counts = self.counts();
        let most = self.account.most().max(self.network.most());
        let (wrong, last, most) = match self.pending.under(&key) {
            None => (wrong, last, most),
            Some(news) if news.starts_anew => (news.wrong, news.last, news.limit.most()),
            Some(news) => (wrong.saturating_add(news.wrong), last.max(news.last), news.limit.most()),
        };
        if wrong == 0 && !counts.contains_key(&key) {
            return;
        }
        counts.entry(key).or_insert(Count::new(now)).learn(wrong.min(most), last.min(now));
        if counts.len() > ROOM {
            self.make_room(&mut counts, now);
        }
    }

    /// First goes what is over, then the tenth that weighs least. To displace a count, a flood has to be wrong more often
    /// under each of its own.
    fn make_room(&self, counts: &mut HashMap<Key, Count>, now: Timestamp) {
        counts.retain(|_, count| !count.is_over(&self.account, now));
        if counts.len() > ROOM - ROOM / 10 {
            let mut weights: Vec<_> = counts.values().map(Count::weight).collect();
            let (_, least, _) = weights.select_nth_unstable(ROOM / 10);
            let least = *least;
            counts.retain(|_, count| count.weight() > least);
        }
    }

    fn counts(&self) -> MutexGuard<'_, HashMap<Key, Count>> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Attempt<'_> {
    /// The guess was right.
    pub fn was_right(mut self) {
        self.outcome = Outcome::Right;
    }

    /// The guess was wrong.
    pub fn was_wrong(mut self) {
        self.outcome = Outcome::Wrong;
    }
}

impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        self.throttle.settle(self);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv6Addr;
    use std::time::Duration;
    use uuid::Uuid;

    const MINUTE: Duration = Duration::from_secs(60);

    fn throttle() -> Throttle {
        let (period, longest_wait) = (60 * MINUTE, 15 * MINUTE);
        Throttle::new(&config::Throttle { per_account: 5, per_network: 20, period, longest_wait })
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    fn wrong(throttle: &Throttle, guess: Guess, times: usize) {
        (0..times).for_each(|_| throttle.admit(guess, at(0)).unwrap().was_wrong());
    }

    fn waits(throttle: &Throttle, guess: Guess) -> bool {
        throttle.admit(guess, at(0)).is_err()
    }

    #[test]
    fn guesses_at_one_account_close_it_to_that_network_alone() {
        let throttle = throttle();
        wrong(&throttle, Guess::of_account("192.0.2.1", "ada"), 5);
        assert!(waits(&throttle, Guess::of_account("192.0.2.1", "ada")));
        assert!(!waits(&throttle, Guess::of_account("192.0.2.2", "ada")), "its owner is elsewhere");
        assert!(!waits(&throttle, Guess::of_account("192.0.2.1", "bob")));
        assert!(!waits(&throttle, Guess::in_session(Uuid::nil())));
    }

    #[test]
    fn guesses_at_many_accounts_close_all_of_them_to_that_network() {
        let throttle = throttle();
        for account in 0..20 {
            wrong(&throttle, Guess::of_account("2001:db8::1", &account.to_string()), 1);
        }
        assert!(waits(&throttle, Guess::of_account("2001:db8::2", "ada")));
        assert!(waits(&throttle, Guess::of_address("2001:db8::3")));
        assert!(!waits(&throttle, Guess::of_account("2001:db8:0:1::1", "ada")));
    }

    #[test]
    fn a_right_guess_at_ones_own_account_buys_none_at_others() {
        let throttle = throttle();
        for account in 0..20 {
            wrong(&throttle, Guess::of_account("192.0.2.1", &account.to_string()), 1);
            if let Ok(own) = throttle.admit(Guess::of_account("192.0.2.1", "mallory"), at(0)) {
                own.was_right();
            }
        }
        assert!(waits(&throttle, Guess::of_account("192.0.2.1", "ada")));
    }

    #[test]
    fn a_try_that_was_never_answered_leaves_nothing_behind() {
        let throttle = throttle();
        (0..1000).for_each(|_| drop(throttle.admit(Guess::of_account("192.0.2.1", "ada"), at(0)).unwrap()));
        assert_eq!(throttle.counts().len(), 0);
    }

    #[test]
    fn people_who_know_their_passwords_leave_nothing_behind() {
        let throttle = throttle();
        for account in 0..1000 {
            throttle.admit(Guess::of_account("192.0.2.1", &account.to_string()), at(0)).unwrap().was_right();
        }
        assert_eq!(throttle.counts().len(), 0);
    }

    #[test]
    fn what_others_have_counted_counts_here_together_with_what_they_do_not_know_yet() {
        let (throttle, guess) = (throttle(), Guess::of_account("192.0.2.1", "ada"));
        let narrow = guess.narrow.unwrap();
        wrong(&throttle, guess, 2);
        throttle.learn(narrow, 2, at(0), at(0));
        assert!(!waits(&throttle, guess), "four of five");
        throttle.learn(narrow, 3, at(0), at(0));
        assert!(waits(&throttle, guess));
        for _ in 0..2 {
            assert_eq!(throttle.pending.take(9).len(), 1, "the account's and the network's");
        }
        throttle.learn(narrow, 0, at(0), at(0));
        throttle.admit(guess, at(0)).unwrap().was_right();
        assert_eq!(throttle.pending.take(9), [], "nothing was wrong, so there is nothing to tell");
    }

    #[test]
    fn nobody_waits_for_a_time_that_a_wrong_clock_has_shown() {
        let (throttle, guess) = (throttle(), Guess::of_account("192.0.2.1", "ada"));
        let (narrow, tomorrow) = (guess.narrow.unwrap(), at(24 * 3600));
        throttle.learn(narrow, 1, tomorrow, at(0));
        assert!(!waits(&throttle, guess), "one wrong try costs nothing");
        throttle.learn(narrow, 5, tomorrow, at(0));
        assert!(waits(&throttle, guess), "five do");
        assert!(throttle.admit(guess, at(2)).is_ok(), "and no longer than at any other time");
    }

    #[test]
    fn a_right_try_after_wrong_ones_is_told_and_not_undone_by_what_was_told_before() {
        let (throttle, guess) = (throttle(), Guess::of_account("192.0.2.1", "ada"));
        wrong(&throttle, guess, 4);
        while !throttle.pending.take(9).is_empty() {}
        throttle.admit(guess, at(0)).unwrap().was_right();
        throttle.learn(guess.narrow.unwrap(), 4, at(0), at(0));
        wrong(&throttle, guess, 4);
        assert!(!waits(&throttle, guess));
    }

    #[test]
    fn a_flood_of_networks_and_addresses_takes_bounded_room_and_displaces_nobody_who_waits() {
        let throttle = throttle();
        let guessed = Guess::of_account("192.0.2.1", "ada");
        wrong(&throttle, guessed, 5);
        for number in 0..2 * ROOM as u128 {
            let ip = Ipv6Addr::from((0x2001_0db8_u128 << 96) + (number << 64)).to_string();
            throttle.admit(Guess::of_account(&ip, "ada"), at(0)).unwrap().was_wrong();
        }
        assert!(throttle.counts().len() <= ROOM);
        assert!(waits(&throttle, guessed));
    }
}
