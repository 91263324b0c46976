//! What the page did with the access token lately. It names deeds and times, never a token.

use latchkey_shared::Timestamp;

/// How many entries the log keeps.
pub const MAX_ENTRIES: usize = 20;

/// Why a token was asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RefreshCause {
    /// The old one was about to end.
    Scheduled,
    /// The old one had ended, and was needed.
    Expired,
    /// A call with the old one was refused.
    Rejected,
    /// The page had to try again.
    Retry,
    /// The browser may have kept an older refresh token.
    OutOfOrder,
    /// The page started without a usable one.
    Start,
    /// The password was changed, and no token from before buys another one.
    Password,
}

/// What the page did.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Activity {
    /// The person signed in here.
    SignedIn,
    /// The page started with a token from local storage.
    Loaded,
    /// The page started without a token, and the refresh cookie brought one.
    Restored,
    /// The token was replaced.
    Refreshed(RefreshCause),
    /// Another tab had a newer token.
    SyncedFromTab,
    /// An older answer came late and was put aside.
    StaleIgnored,
    /// The server could not be reached.
    Interrupted,
    /// The server could be reached again.
    Reconnected,
}

/// One line of the log.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LogEntry {
    /// When it was done.
    pub at: Timestamp,
    /// What was done.
    pub activity: Activity,
    /// In which generation the session was then.
    pub generation: u64,
}

/// Puts an entry before the others and drops the oldest.
pub fn log_activity(log: &mut Vec<LogEntry>, entry: LogEntry) {
    log.insert(0, entry);
    log.truncate(MAX_ENTRIES);
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_bindgen_test::wasm_bindgen_test;

    #[wasm_bindgen_test]
    fn the_log_keeps_the_last_twenty_newest_first() {
        let mut log = Vec::new();
        for second in 0..30 {
            log_activity(
                &mut log,
                LogEntry { at: Timestamp::from_seconds(second), activity: Activity::SignedIn, generation: 0 },
            );
        }
        assert_eq!(log.len(), MAX_ENTRIES);
        assert_eq!(log[0].at, Timestamp::from_seconds(29));
    }
}
