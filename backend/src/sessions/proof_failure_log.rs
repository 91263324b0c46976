//! Rate limit for log entries about refreshes without proof of the session's key: with a stolen cookie, anyone can send
//! such requests without end.

use latchkey_shared::Timestamp;
use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use uuid::Uuid;

/// Period in which a session is logged once.
const PERIOD: Duration = Duration::from_secs(60);
/// Maximum number of sessions logged per period; the metric counts all failures.
const MAX_SESSIONS: usize = 100;

/// The sessions that were logged in the current period.
#[derive(Default)]
pub struct ProofFailureLog(Mutex<LogWindow>);

#[derive(Default)]
struct LogWindow {
    since: Timestamp,
    sessions: HashSet<Uuid>,
}

impl ProofFailureLog {
    /// Returns whether to log a failure of this session now, and if so counts it as logged.
    pub(super) fn should_log(&self, session_id: Uuid, now: Timestamp) -> bool {
        let mut window = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // A clock that was set back starts a new period, too.
        if now >= window.since + PERIOD || now < window.since {
            *window = LogWindow { since: now, sessions: HashSet::new() };
        }
        window.sessions.len() < MAX_SESSIONS && window.sessions.insert(session_id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp::from_seconds(1_700_000_000);

    #[test]
    fn a_session_is_told_of_once_a_minute_and_so_many_are_told_of_at_most() {
        let log = ProofFailureLog::default();
        let logged = |from: u128, to: u128, now| {
            (from..to).filter(|number| log.should_log(Uuid::from_u128(*number), now)).count()
        };
        for now in [START, START + PERIOD, START + 5 * PERIOD, START] {
            assert_eq!(logged(0, 1, now), 1);
            assert_eq!(logged(0, 1, now + PERIOD - Duration::from_millis(1)), 0);
            assert_eq!(logged(0, 10_000, now), MAX_SESSIONS - 1);
        }
    }
}
