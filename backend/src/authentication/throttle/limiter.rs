//! The counters of this server, in bounded memory.

use super::TooManyAttempts;
use super::attempt_counter::{AttemptCounter, Limit};
use super::counter_key::{AttemptScope, CounterKey};
use super::pending_changes::PendingChanges;
use crate::config;
use crate::platform::LogRateLimit;
use latchkey_shared::Timestamp;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Maximum number of counters: some ten megabytes at most, whatever number of networks and addresses is made up.
const CAPACITY: usize = 100_000;

/// Maximum number of client addresses logged per minute.
const MAX_LOGGED_SOURCES: u32 = 100;

/// Counts failed attempts and refuses further ones.
pub struct Throttle {
    account: Limit,
    network: Limit,
    logs_sources: bool,
    log_limit: LogRateLimit,
    counts: Mutex<HashMap<CounterKey, AttemptCounter>>,
    /// Changes that the other servers do not know yet.
    pub(super) pending: PendingChanges,
}

/// An admitted attempt. Without a reported outcome it counts for nothing: the server produced no response, or the
/// client disconnected before it and has learned nothing.
#[must_use = "say how it went"]
pub struct Attempt<'a> {
    throttle: &'a Throttle,
    scope: AttemptScope,
    started_at: Timestamp,
    outcome: Outcome,
}

#[derive(Clone, Copy)]
enum Outcome {
    Failure,
    Success,
    Unknown,
}

impl Throttle {
    /// Creates a throttle without failures.
    pub fn new(config: &config::ThrottleConfig) -> Self {
        let limit =
            |free_attempts| Limit { free_attempts, period: config.period, longest_wait: config.longest_wait };
        Self {
            account: limit(config.per_account),
            network: limit(config.per_network),
            logs_sources: false,
            log_limit: LogRateLimit::per_minute(MAX_LOGGED_SOURCES),
            counts: Mutex::default(),
            pending: PendingChanges::default(),
        }
    }

    /// Sets whether the log names the addresses of failed attempts.
    pub fn with_source_logging(self, logs_sources: bool) -> Self {
        Self { logs_sources, ..self }
    }

    /// Admits an attempt, or fails with the remaining wait. Call it before any lookup or hashing.
    pub fn admit(&self, scope: AttemptScope, now: Timestamp) -> Result<Attempt<'_>, TooManyAttempts> {
        let mut counts = self.counts();
        let wait = |(key, limit): (CounterKey, &Limit)| counts.get(&key)?.retry_after(limit, now);
        if let Some(wait) = self.limits(scope).filter_map(wait).max() {
            return Err(TooManyAttempts(wait));
        }
        for (key, _) in self.limits(scope) {
            counts.entry(key).or_insert(AttemptCounter::new(now)).begin();
        }
        if counts.len() > CAPACITY {
            self.evict(&mut counts, now);
        }
        drop(counts);
        Ok(Attempt { throttle: self, scope, started_at: now, outcome: Outcome::Unknown })
    }

    fn limits(&self, scope: AttemptScope) -> impl Iterator<Item = (CounterKey, &Limit)> + use<'_> {
        let credential = scope.credential.map(|key| (key, &self.account));
        credential.into_iter().chain(scope.network.map(|key| (key, &self.network)))
    }

    fn settle(&self, attempt: &Attempt<'_>) {
        let mut counts = self.counts();
        let mut wait = None;
        for (key, limit) in self.limits(attempt.scope) {
            let Some(counter) = counts.get_mut(&key) else { continue };
            match attempt.outcome {
                Outcome::Failure => {
                    counter.record_failure(limit, attempt.started_at);
                    self.pending.record_failure(key, attempt.started_at, *limit);
                    wait = wait.max(counter.retry_after(limit, attempt.started_at));
                }
                // Only the credential's own counter is reset: a success at one's own account must not buy guesses at
                // others.
                Outcome::Success if attempt.scope.credential == Some(key) => {
                    if counter.has_failures() {
                        self.pending.record_success(key, attempt.started_at, *limit);
                    }
                    counter.record_success();
                }
                Outcome::Success | Outcome::Unknown => counter.cancel(),
            }
            if counter.is_expired(limit, attempt.started_at) {
                counts.remove(&key);
            }
        }
        drop(counts);
        // Logged when a wait begins: a line for each attempt refused after that would let an attacker fill the disk.
        if let Some(wait) = wait {
            let source = attempt.scope.source.filter(|_| self.logs_sources);
            // The rate limit keeps a flood from many addresses from filling it.
            let source = source.filter(|_| self.log_limit.allow(attempt.started_at).is_some());
            tracing::warn!(
                wait.seconds = wait.as_secs(),
                client.address = source.map(tracing::field::display),
                "Too many wrong tries from one place: the next waits"
            );
        }
    }

    /// Applies the shared count under one key, and adds the pending changes of this server. Times after `now`, from a
    /// wrong clock, become `now`.
    pub(super) fn apply_shared_count(&self, key: CounterKey, wrong: u32, last: Timestamp, now: Timestamp) {
        // Locked before `pending` is read, as in `settle`: no attempt is counted between the two.
        let mut counts = self.counts();
        let most = self.account.max_wrong().max(self.network.max_wrong());
        let (wrong, last, most) = match self.pending.get(&key) {
            None => (wrong, last, most),
            Some(changes) if changes.resets => (changes.wrong, changes.last, changes.limit.max_wrong()),
            Some(changes) => {
                (wrong.saturating_add(changes.wrong), last.max(changes.last), changes.limit.max_wrong())
            }
        };
        if wrong == 0 && !counts.contains_key(&key) {
            return;
        }
        counts
            .entry(key)
            .or_insert(AttemptCounter::new(now))
            .apply_shared_count(wrong.min(most), last.min(now));
        if counts.len() > CAPACITY {
            self.evict(&mut counts, now);
        }
    }

    /// Removes expired counters, then the tenth with the lowest eviction rank. To evict a counter, a flood needs more
    /// failures under each of its own keys.
    fn evict(&self, counts: &mut HashMap<CounterKey, AttemptCounter>, now: Timestamp) {
        counts.retain(|_, counter| !counter.is_expired(&self.account, now));
        if counts.len() > CAPACITY - CAPACITY / 10 {
            let mut weights: Vec<_> = counts.values().map(AttemptCounter::eviction_rank).collect();
            let (_, least, _) = weights.select_nth_unstable(CAPACITY / 10);
            let least = *least;
            counts.retain(|_, counter| counter.eviction_rank() > least);
        }
    }

    fn counts(&self) -> MutexGuard<'_, HashMap<CounterKey, AttemptCounter>> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Attempt<'_> {
    /// Reports that the guess was right.
    pub fn succeeded(mut self) {
        self.outcome = Outcome::Success;
    }

    /// Reports that the guess was wrong.
    pub fn failed(mut self) {
        self.outcome = Outcome::Failure;
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
        Throttle::new(&config::ThrottleConfig { per_account: 5, per_network: 20, period, longest_wait })
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    fn wrong(throttle: &Throttle, scope: AttemptScope, times: usize) {
        (0..times).for_each(|_| throttle.admit(scope, at(0)).unwrap().failed());
    }

    fn waits(throttle: &Throttle, scope: AttemptScope) -> bool {
        throttle.admit(scope, at(0)).is_err()
    }

    #[test]
    fn guesses_at_one_account_close_it_to_that_network_alone() {
        let throttle = throttle();
        wrong(&throttle, AttemptScope::for_account("192.0.2.1", "ada"), 5);
        assert!(waits(&throttle, AttemptScope::for_account("192.0.2.1", "ada")));
        assert!(!waits(&throttle, AttemptScope::for_account("192.0.2.2", "ada")), "its owner is elsewhere");
        assert!(!waits(&throttle, AttemptScope::for_account("192.0.2.1", "bob")));
        assert!(!waits(&throttle, AttemptScope::for_session(Uuid::nil())));
    }

    #[test]
    fn guesses_at_many_accounts_close_all_of_them_to_that_network() {
        let throttle = throttle();
        for account in 0..20 {
            wrong(&throttle, AttemptScope::for_account("2001:db8::1", &account.to_string()), 1);
        }
        assert!(waits(&throttle, AttemptScope::for_account("2001:db8::2", "ada")));
        assert!(waits(&throttle, AttemptScope::for_network("2001:db8::3")));
        assert!(!waits(&throttle, AttemptScope::for_account("2001:db8:0:1::1", "ada")));
    }

    #[test]
    fn a_right_guess_at_ones_own_account_buys_none_at_others() {
        let throttle = throttle();
        for account in 0..20 {
            wrong(&throttle, AttemptScope::for_account("192.0.2.1", &account.to_string()), 1);
            if let Ok(own) = throttle.admit(AttemptScope::for_account("192.0.2.1", "mallory"), at(0)) {
                own.succeeded();
            }
        }
        assert!(waits(&throttle, AttemptScope::for_account("192.0.2.1", "ada")));
    }

    #[test]
    fn a_try_that_was_never_answered_leaves_nothing_behind() {
        let throttle = throttle();
        for _ in 0..1000 {
            drop(throttle.admit(AttemptScope::for_account("192.0.2.1", "ada"), at(0)).unwrap());
        }
        assert_eq!(throttle.counts().len(), 0);
    }

    #[test]
    fn people_who_know_their_passwords_leave_nothing_behind() {
        let throttle = throttle();
        for account in 0..1000 {
            throttle
                .admit(AttemptScope::for_account("192.0.2.1", &account.to_string()), at(0))
                .unwrap()
                .succeeded();
        }
        assert_eq!(throttle.counts().len(), 0);
    }

    #[test]
    fn what_others_have_counted_counts_here_together_with_what_they_do_not_know_yet() {
        let (throttle, scope) = (throttle(), AttemptScope::for_account("192.0.2.1", "ada"));
        let credential = scope.credential.unwrap();
        wrong(&throttle, scope, 2);
        throttle.apply_shared_count(credential, 2, at(0), at(0));
        assert!(!waits(&throttle, scope), "four of five");
        throttle.apply_shared_count(credential, 3, at(0), at(0));
        assert!(waits(&throttle, scope));
        for _ in 0..2 {
            assert_eq!(throttle.pending.take(9).len(), 1, "the account's and the network's");
        }
        throttle.apply_shared_count(credential, 0, at(0), at(0));
        throttle.admit(scope, at(0)).unwrap().succeeded();
        assert_eq!(throttle.pending.take(9), [], "nothing was wrong, so there is nothing to tell");
    }

    #[test]
    fn nobody_waits_for_a_time_that_a_wrong_clock_has_shown() {
        let (throttle, scope) = (throttle(), AttemptScope::for_account("192.0.2.1", "ada"));
        let (credential, tomorrow) = (scope.credential.unwrap(), at(24 * 3600));
        throttle.apply_shared_count(credential, 1, tomorrow, at(0));
        assert!(!waits(&throttle, scope), "one wrong try costs nothing");
        throttle.apply_shared_count(credential, 5, tomorrow, at(0));
        assert!(waits(&throttle, scope), "five do");
        assert!(throttle.admit(scope, at(2)).is_ok(), "and no longer than at any other time");
    }

    #[test]
    fn a_right_try_after_wrong_ones_is_told_and_not_undone_by_what_was_told_before() {
        let (throttle, scope) = (throttle(), AttemptScope::for_account("192.0.2.1", "ada"));
        wrong(&throttle, scope, 4);
        while !throttle.pending.take(9).is_empty() {}
        throttle.admit(scope, at(0)).unwrap().succeeded();
        throttle.apply_shared_count(scope.credential.unwrap(), 4, at(0), at(0));
        wrong(&throttle, scope, 4);
        assert!(!waits(&throttle, scope));
    }

    #[test]
    fn a_flood_of_networks_and_addresses_takes_bounded_room_and_displaces_nobody_who_waits() {
        let throttle = throttle();
        let guessed = AttemptScope::for_account("192.0.2.1", "ada");
        wrong(&throttle, guessed, 5);
        for number in 0..2 * CAPACITY as u128 {
            let ip = Ipv6Addr::from((0x2001_0db8_u128 << 96) + (number << 64)).to_string();
            throttle.admit(AttemptScope::for_account(&ip, "ada"), at(0)).unwrap().failed();
        }
        assert!(throttle.counts().len() <= CAPACITY);
        assert!(waits(&throttle, guessed));
    }
}
