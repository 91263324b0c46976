//! Lines of the log that strangers could cause at will: so many in a while are told, the others are counted.

use latchkey_shared::Timestamp;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// The length of a period.
const PERIOD: Duration = Duration::from_secs(60);

/// The lines of one kind.
#[derive(Debug)]
pub struct Seldom {
    most: u32,
    told: Mutex<Told>,
}

#[derive(Debug, Default)]
struct Told {
    since: Option<Timestamp>,
    lines: u32,
    untold: u64,
}

impl Seldom {
    /// So many lines in a minute.
    pub fn at_most(most: u32) -> Self {
        Self { most, told: Mutex::default() }
    }

    /// Whether the next one is told: then how many there were before it that were not.
    pub fn next(&self, now: Timestamp) -> Option<u64> {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        // A clock that was set back begins a new period as well.
        let is_over = told.since.is_none_or(|since| now < since || since.until(now) >= PERIOD);
        if is_over {
            (told.since, told.lines) = (Some(now), 0);
        }
        if told.lines == self.most {
            told.untold += 1;
            return None;
        }
        told.lines += 1;
        Some(std::mem::take(&mut told.untold))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_lines_are_told_in_a_minute_and_the_others_counted() {
        let seldom = Seldom::at_most(10);
        let at = |seconds: i64| Timestamp::from_millis(seconds * 1000);
        for _ in 0..10 {
            assert_eq!(seldom.next(at(100)), Some(0));
        }
        for _ in 0..7 {
            assert_eq!(seldom.next(at(159)), None);
        }
        assert_eq!(seldom.next(at(160)), Some(7));
        assert_eq!(seldom.next(at(160)), Some(0));
        assert_eq!(seldom.next(at(20)), Some(0), "the clock was set back");
    }
}
