//! What this server has counted and has yet to tell the others.

use super::count::Limit;
use super::key::Key;
use latchkey_shared::Timestamp;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

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
    /// What is allowed under this key.
    pub limit: Limit,
}

impl News {
    /// What one statement can write down together.
    fn kind(&self) -> (bool, Limit) {
        (self.starts_anew, self.limit)
    }
}

/// News that wait to be told.
#[derive(Default)]
pub struct Pending {
    news: Mutex<HashMap<Key, News>>,
}

impl Pending {
    /// A wrong try.
    pub fn wrong(&self, key: Key, at: Timestamp, limit: Limit) {
        self.note(key, News { starts_anew: false, wrong: 1, last: at, limit });
    }

    /// A right one, after wrong ones.
    pub fn right(&self, key: Key, at: Timestamp, limit: Limit) {
        self.note(key, News { starts_anew: true, wrong: 0, last: at, limit });
    }

    fn note(&self, key: Key, news: News) {
        let mut pending = self.news();
        if pending.len() >= ROOM && !pending.contains_key(&key) {
            return;
        }
        let before = pending.entry(key).or_insert(News { wrong: 0, ..news });
        *before = then(*before, news);
    }

    /// Takes what there is of one kind, up to `most`; nothing when nothing is left.
    pub fn take(&self, most: usize) -> Vec<(Key, News)> {
        let mut pending = self.news();
        let Some(kind) = pending.values().next().map(News::kind) else { return Vec::new() };
        let of_the_kind = pending.iter().filter(|(_, news)| news.kind() == kind);
        let mut keys: Vec<Key> = of_the_kind.map(|(key, _)| *key).take(most).collect();
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
    use std::time::Duration;

    const LIMIT: Limit =
        Limit { free: 5, period: Duration::from_secs(300), longest_wait: Duration::from_secs(60) };

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    #[test]
    fn what_happens_under_one_key_is_told_in_one() {
        let pending = Pending::default();
        let told = |starts_anew, wrong, last| News { starts_anew, wrong, last, limit: LIMIT };
        pending.wrong([1; 16], at(1), LIMIT);
        pending.wrong([1; 16], at(2), LIMIT);
        assert_eq!(pending.under(&[1; 16]).unwrap().wrong, 2);
        assert_eq!(pending.take(9), [([1; 16], told(false, 2, at(2)))]);
        pending.right([1; 16], at(3), LIMIT);
        pending.wrong([1; 16], at(4), LIMIT);
        assert_eq!(pending.take(9), [([1; 16], told(true, 1, at(4)))]);
        pending.wrong([1; 16], at(5), LIMIT);
        pending.right([1; 16], at(6), LIMIT);
        assert_eq!(pending.take(9), [([1; 16], told(true, 0, at(6)))]);
    }

    #[test]
    fn what_could_not_be_told_is_told_with_what_came_after() {
        let pending = Pending::default();
        pending.wrong([1; 16], at(1), LIMIT);
        let untold = pending.take(9);
        pending.wrong([1; 16], at(2), LIMIT);
        pending.put_back(untold);
        assert_eq!(pending.under(&[1; 16]).unwrap().wrong, 2);
    }

    #[test]
    fn each_kind_is_told_by_itself() {
        let pending = Pending::default();
        pending.wrong([1; 16], at(1), LIMIT);
        pending.wrong([2; 16], at(1), Limit { free: 20, ..LIMIT });
        pending.right([3; 16], at(1), LIMIT);
        let mut told: Vec<Key> = Vec::new();
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
        let pending = Pending::default();
        for number in 0..2 * ROOM as u128 {
            pending.wrong(number.to_le_bytes(), at(1), LIMIT);
        }
        assert_eq!(pending.take(usize::MAX).len(), ROOM);
    }
}
