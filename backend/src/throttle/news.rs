//! What this server has counted and has yet to tell the others.

use super::key::Key;
use latchkey_shared::Timestamp;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How many keys wait to be told of; what comes beyond that is counted on this server alone.
const ROOM: usize = 10_000;

/// What is new under one key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct News {
    /// Whether what was counted before is void: the guess was right.
    pub starts_anew: bool,
    /// How many wrong tries there were since.
    pub wrong: u32,
    /// When the last try was.
    pub last: Timestamp,
    /// How long it takes until one wrong try is forgiven.
    pub forgiven_after: Duration,
}

/// News that wait to be told.
#[derive(Default)]
pub struct Pending {
    news: Mutex<HashMap<Key, News>>,
}

impl Pending {
    /// A wrong try.
    pub fn wrong(&self, key: Key, at: Timestamp, forgiven_after: Duration) {
        self.note(key, News { starts_anew: false, wrong: 1, last: at, forgiven_after });
    }

    /// A right one, after wrong ones.
    pub fn right(&self, key: Key, at: Timestamp, forgiven_after: Duration) {
        self.note(key, News { starts_anew: true, wrong: 0, last: at, forgiven_after });
    }

    fn note(&self, key: Key, news: News) {
        let mut pending = self.news();
        if pending.len() >= ROOM && !pending.contains_key(&key) {
            return;
        }
        let before = pending.entry(key).or_insert(News { wrong: 0, ..news });
        *before = then(*before, news);
    }

    /// Takes what there is, up to `most`.
    pub fn take(&self, most: usize) -> Vec<(Key, News)> {
        let mut pending = self.news();
        let mut keys: Vec<Key> = pending.keys().take(most).copied().collect();
        // Servers that write the same rows lock them in the same order.
        keys.sort_unstable();
        keys.into_iter().filter_map(|key| pending.remove_entry(&key)).collect()
    }

    /// Puts back what could not be told.
    pub fn put_back(&self, news: Vec<(Key, News)>) {
        let mut pending = self.news();
        for (key, earlier) in news {
            let later = pending.get(&key).copied();
            pending.insert(key, later.map_or(earlier, |later| then(earlier, later)));
        }
    }

    /// What nobody else knows of yet under this key.
    pub fn under(&self, key: &Key) -> Option<News> {
        self.news().get(key).copied()
    }

    fn news(&self) -> MutexGuard<'_, HashMap<Key, News>> {
        self.news.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What comes to light under one key, and what comes after that, in one.
fn then(earlier: News, later: News) -> News {
    if later.starts_anew {
        return later;
    }
    News { wrong: earlier.wrong.saturating_add(later.wrong), last: earlier.last.max(later.last), ..earlier }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    #[test]
    fn what_happens_under_one_key_is_told_in_one() {
        let pending = Pending::default();
        let told = |starts_anew, wrong, last| News { starts_anew, wrong, last, forgiven_after: MINUTE };
        pending.wrong([1; 16], at(1), MINUTE);
        pending.wrong([1; 16], at(2), MINUTE);
        assert_eq!(pending.under(&[1; 16]).unwrap().wrong, 2);
        assert_eq!(pending.take(9), [([1; 16], told(false, 2, at(2)))]);
        pending.right([1; 16], at(3), MINUTE);
        pending.wrong([1; 16], at(4), MINUTE);
        assert_eq!(pending.take(9), [([1; 16], told(true, 1, at(4)))]);
        pending.wrong([1; 16], at(5), MINUTE);
        pending.right([1; 16], at(6), MINUTE);
        assert_eq!(pending.take(9), [([1; 16], told(true, 0, at(6)))]);
    }

    #[test]
    fn what_could_not_be_told_is_told_with_what_came_after() {
        let pending = Pending::default();
        pending.wrong([1; 16], at(1), MINUTE);
        let untold = pending.take(9);
        pending.wrong([1; 16], at(2), MINUTE);
        pending.put_back(untold);
        assert_eq!(pending.under(&[1; 16]).unwrap().wrong, 2);
    }

    #[test]
    fn no_more_is_kept_than_there_is_room_for() {
        let pending = Pending::default();
        for number in 0..2 * ROOM as u128 {
            pending.wrong(number.to_le_bytes(), at(1), MINUTE);
        }
        assert_eq!(pending.take(usize::MAX).len(), ROOM);
    }
}
