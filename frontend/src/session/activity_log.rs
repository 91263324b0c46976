//! Log of the page's latest actions with the access token. It contains actions and times, never a token.

use latchkey_shared::Timestamp;

/// Maximum number of entries in the log.
pub const MAX_ENTRIES: usize = 20;

/// Reason for a refresh.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RefreshCause {
    /// The old token was about to expire.
    Scheduled,
    /// The old token had expired, and a token was needed.
    Expired,
    /// A request with the old token was refused.
    Rejected,
    /// The page had to try again.
    Retry,
    /// The browser may have kept an older refresh token.
    OutOfOrder,
    /// The page started without a usable token.
    Start,
    /// The password was changed, and no earlier token can be exchanged for another one.
    Password,
}

/// Action in the log.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Activity {
    /// The user signed in here.
    SignedIn,
    /// The page started with a token from local storage.
    Loaded,
    /// The page started without a token, and the refresh cookie brought one.
    Restored,
    /// The token was replaced.
    Refreshed(RefreshCause),
    /// Another tab had a newer token.
    SyncedFromTab,
    /// An older response came late and was ignored.
    StaleIgnored,
    /// The server could not be reached.
    Interrupted,
    /// The server could be reached again.
    Reconnected,
}

/// Entry of the log.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LogEntry {
    /// Time of the action.
    pub at: Timestamp,
    /// The action.
    pub activity: Activity,
    /// Refresh token generation of the session at that time.
    pub generation: u64,
}

/// Inserts an entry at the front and drops the oldest ones beyond [`MAX_ENTRIES`].
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
