//! Rate limit for log lines that outsiders could cause at will: a number of them per period is logged, the others are
//! counted.

use latchkey_shared::Timestamp;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Length of a period.
const PERIOD: Duration = Duration::from_secs(60);

/// Rate limit for log lines of one kind.
#[derive(Debug)]
pub struct LogRateLimit {
    limit: u32,
    window: Mutex<LogWindow>,
}

#[derive(Debug, Default)]
struct LogWindow {
    since: Option<Timestamp>,
    lines: u32,
    suppressed: u64,
}

impl LogRateLimit {
    /// Creates a limit of this many lines per minute.
    pub fn per_minute(limit: u32) -> Self {
        Self { limit, window: Mutex::default() }
    }

    /// Returns the number of lines suppressed since the last logged one if the next may be logged, `None` otherwise.
    pub fn allow(&self, now: Timestamp) -> Option<u64> {
        let mut window = self.window.lock().unwrap_or_else(PoisonError::into_inner);
        // A clock that was set back starts a new period as well.
        let is_over = window.since.is_none_or(|since| now < since || since.until(now) >= PERIOD);
        if is_over {
            (window.since, window.lines) = (Some(now), 0);
        }
        if window.lines == self.limit {
            window.suppressed += 1;
            return None;
        }
        window.lines += 1;
        Some(std::mem::take(&mut window.suppressed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_lines_are_told_in_a_minute_and_the_others_counted() {
        let rate_limit = LogRateLimit::per_minute(10);
        let at = |seconds: i64| Timestamp::from_millis(seconds * 1000);
        for _ in 0..10 {
            assert_eq!(rate_limit.allow(at(100)), Some(0));
        }
        for _ in 0..7 {
            assert_eq!(rate_limit.allow(at(159)), None);
        }
        assert_eq!(rate_limit.allow(at(160)), Some(7));
        assert_eq!(rate_limit.allow(at(160)), Some(0));
        assert_eq!(rate_limit.allow(at(20)), Some(0), "the clock was set back");
    }
}
