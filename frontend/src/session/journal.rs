//! What the page did with the access token lately. It names deeds and times, never a token.

use latchkey_shared::Timestamp;

/// How many entries the log keeps.
pub const KEPT: usize = 20;

/// Why a token was asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cause {
    /// The old one was about to end.
    Ahead,
    /// The old one had ended, and was needed.
    Lapse,
    /// A call with the old one was refused.
    Refusal,
    /// The page had to try again.
    Retry,
    /// The browser may have kept an older refresh token.
    Overtaken,
    /// The page started without a usable one.
    Start,
    /// The password was changed, and no token from before buys another one.
    Password,
}

/// What the page did.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Deed {
    /// The person signed in here.
    SignedIn,
    /// The page started with a token from local storage.
    Loaded,
    /// The page started without a token, and the refresh cookie brought one.
    Restored,
    /// The token was replaced.
    Refreshed(Cause),
    /// Another tab had a newer token.
    TakenOver,
    /// An older answer came late and was put aside.
    KeptNewer,
    /// The server could not be reached.
    Interrupted,
    /// The server could be reached again.
    Reconnected,
}

/// One line of the log.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Entry {
    /// When it was done.
    pub at: Timestamp,
    /// What was done.
    pub deed: Deed,
    /// In which generation the session was then.
    pub generation: u64,
}

/// Puts an entry before the others and drops the oldest.
pub fn note(log: &mut Vec<Entry>, entry: Entry) {
    log.insert(0, entry);
    log.truncate(KEPT);
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_bindgen_test::wasm_bindgen_test;

    #[wasm_bindgen_test]
    fn the_log_keeps_the_last_twenty_newest_first() {
        let mut log = Vec::new();
        for second in 0..30 {
            note(
                &mut log,
                Entry { at: Timestamp::from_seconds(second), deed: Deed::SignedIn, generation: 0 },
            );
        }
        assert_eq!(log.len(), KEPT);
        assert_eq!(log[0].at, Timestamp::from_seconds(29));
    }
}
