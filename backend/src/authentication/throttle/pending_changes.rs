//! Counter changes of this server that are not yet written to the database.

use super::attempt_counter::Limit;
use super::counter_key::CounterKey;
use latchkey_shared::Timestamp;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Maximum number of keys with pending changes; changes beyond that are counted on this server alone.
const CAPACITY: usize = 10_000;

/// Pending changes under one key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CounterChanges {
    /// True if an attempt succeeded, which voids the previous count.
    pub resets: bool,
    /// Number of failures since.
    pub wrong: u32,
    /// Time of the last attempt.
    pub last: Timestamp,
    /// Limits of this key.
    pub limit: Limit,
}

impl CounterChanges {
    /// Returns the kind of these changes; one SQL statement writes changes of one kind.
    fn kind(&self) -> (bool, Limit) {
        (self.resets, self.limit)
    }
}

/// Changes that are not written yet, by key.
#[derive(Default)]
pub struct PendingChanges {
    changes: Mutex<HashMap<CounterKey, CounterChanges>>,
}

impl PendingChanges {
    /// Records a failure.
    pub fn record_failure(&self, key: CounterKey, at: Timestamp, limit: Limit) {
        self.note(key, CounterChanges { resets: false, wrong: 1, last: at, limit });
    }

    /// Records a success after failures.
    pub fn record_success(&self, key: CounterKey, at: Timestamp, limit: Limit) {
        self.note(key, CounterChanges { resets: true, wrong: 0, last: at, limit });
    }

    fn note(&self, key: CounterKey, changes: CounterChanges) {
        let mut pending = self.changes();
        if pending.len() >= CAPACITY && !pending.contains_key(&key) {
            return;
        }
        let before = pending.entry(key).or_insert(CounterChanges { wrong: 0, ..changes });
        *before = merge(*before, changes);
    }

    /// Removes and returns up to `most` changes of one kind; returns none if none are left.
    pub fn take(&self, most: usize) -> Vec<(CounterKey, CounterChanges)> {
        let mut pending = self.changes();
        let Some(kind) = pending.values().next().map(CounterChanges::kind) else { return Vec::new() };
        let of_the_kind = pending.iter().filter(|(_, changes)| changes.kind() == kind);
        let mut keys: Vec<CounterKey> = of_the_kind.map(|(key, _)| *key).take(most).collect();
        // Servers that write the same rows must lock them in the same order.
        keys.sort_unstable();
        keys.into_iter().filter_map(|key| pending.remove_entry(&key)).collect()
    }

    /// Restores changes that could not be written.
    pub fn put_back(&self, changes: Vec<(CounterKey, CounterChanges)>) {
        let mut pending = self.changes();
        for (key, earlier) in changes {
            let later = pending.get(&key).copied();
            pending.insert(key, later.map_or(earlier, |later| merge(earlier, later)));
        }
    }

    /// Returns the changes under this key that the other servers do not know yet.
    pub fn get(&self, key: &CounterKey) -> Option<CounterChanges> {
        self.changes().get(key).copied()
    }

    fn changes(&self) -> MutexGuard<'_, HashMap<CounterKey, CounterChanges>> {
        self.changes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Merges earlier and later changes under one key.
fn merge(earlier: CounterChanges, later: CounterChanges) -> CounterChanges {
    if later.resets {
        return later;
    }
    CounterChanges {
        wrong: earlier.wrong.saturating_add(later.wrong),
        last: earlier.last.max(later.last),
        ..earlier
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    const LIMIT: Limit =
        Limit { free_attempts: 5, period: Duration::from_secs(300), longest_wait: Duration::from_secs(60) };

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    #[test]
    fn what_happens_under_one_key_is_told_in_one() {
        let pending = PendingChanges::default();
        let told = |resets, wrong, last| CounterChanges { resets, wrong, last, limit: LIMIT };
        pending.record_failure([1; 16], at(1), LIMIT);
        pending.record_failure([1; 16], at(2), LIMIT);
        assert_eq!(pending.get(&[1; 16]).unwrap().wrong, 2);
        assert_eq!(pending.take(9), [([1; 16], told(false, 2, at(2)))]);
        pending.record_success([1; 16], at(3), LIMIT);
        pending.record_failure([1; 16], at(4), LIMIT);
        assert_eq!(pending.take(9), [([1; 16], told(true, 1, at(4)))]);
        pending.record_failure([1; 16], at(5), LIMIT);
        pending.record_success([1; 16], at(6), LIMIT);
        assert_eq!(pending.take(9), [([1; 16], told(true, 0, at(6)))]);
    }

    #[test]
    fn what_could_not_be_told_is_told_with_what_came_after() {
        let pending = PendingChanges::default();
        pending.record_failure([1; 16], at(1), LIMIT);
        let untold = pending.take(9);
        pending.record_failure([1; 16], at(2), LIMIT);
        pending.put_back(untold);
        assert_eq!(pending.get(&[1; 16]).unwrap().wrong, 2);
    }

    #[test]
    fn each_kind_is_told_by_itself() {
        let pending = PendingChanges::default();
        pending.record_failure([1; 16], at(1), LIMIT);
        pending.record_failure([2; 16], at(1), Limit { free_attempts: 20, ..LIMIT });
        pending.record_success([3; 16], at(1), LIMIT);
        let mut told: Vec<CounterKey> = Vec::new();
        for _ in 0..3 {
            let [(key, _)] = pending.take(9)[..] else { panic!("one at a time") };
            told.push(key);
        }
        told.sort_unstable();
        assert_eq!(told, [[1; 16], [2; 16], [3; 16]]);
        assert_eq!(pending.take(9), []);
    }

    #[test]
    fn no_more_is_kept_than_there_is_room_for() {
        let pending = PendingChanges::default();
        for number in 0..2 * CAPACITY as u128 {
            pending.record_failure(number.to_le_bytes(), at(1), LIMIT);
        }
        assert_eq!(pending.take(usize::MAX).len(), CAPACITY);
    }
}
