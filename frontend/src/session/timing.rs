//! Timing of refreshes, retries and outage notifications. Randomness is passed in as a number from 0 to 1.

use super::token_set::TokenSet;
use latchkey_shared::Timestamp;
use std::time::Duration;

/// Action on the next token.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RefreshAction {
    /// Request it now.
    Refresh,
    /// Check again at this time.
    WaitUntil(Timestamp),
    /// Do nothing until the page is used: a forgotten tab must not keep a session alive.
    LetExpire,
}

/// Returns when the next token is due: after 75 to 80 % of this one's lifetime, so that tabs do not all refresh at
/// once.
pub fn due(token_set: &TokenSet, random: f64) -> Timestamp {
    token_set.received_at + token_set.lifetime().mul_f64(0.75 + 0.05 * random.clamp(0.0, 1.0))
}

/// Decides on a refresh. `used` is true if the user has interacted with this tab since the last token arrived.
pub fn refresh_action(now: Timestamp, due: Timestamp, used: bool) -> RefreshAction {
    match now < due {
        true => RefreshAction::WaitUntil(due),
        false if used => RefreshAction::Refresh,
        false => RefreshAction::LetExpire,
    }
}

/// Returns the pause before retry number `attempt` (from 0): its maximum doubles from one second to one minute; the
/// pause is between half the maximum and all of it, and never shorter than the server requested (at most an hour).
pub fn backoff(attempt: u32, retry_after: Option<Duration>, random: f64) -> Duration {
    let longest = Duration::from_secs(1 << attempt.min(6)).min(Duration::from_secs(60));
    let own = longest.mul_f64(0.5 + 0.5 * random.clamp(0.0, 1.0));
    let asked = retry_after.unwrap_or_default().min(Duration::from_secs(3_600));
    if asked > own { asked + own.min(Duration::from_secs(1)) } else { own }
}

/// Returns whether to notify the user after `consecutive_failures` requests without a usable response: while the
/// current token `is_valid`, a single failure has no effect. If the browser knows it is offline, the user is notified
/// at once.
pub fn should_notify(consecutive_failures: u32, is_valid: bool, offline: bool) -> bool {
    consecutive_failures > 1 || !is_valid || offline
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::samples::token_set;
    use wasm_bindgen_test::wasm_bindgen_test;

    #[wasm_bindgen_test]
    fn the_next_token_is_due_well_before_this_one_ends() {
        for lifetime in [1, 3, 60, 600, 86_400] {
            let own = token_set(0, lifetime);
            for random in [-1.0, 0.0, 0.5, 1.0, 2.0] {
                let left = due(&own, random).until(own.access_expires_at);
                assert!(left >= own.lifetime().mul_f64(0.19), "{lifetime} {random}");
                assert!(left >= Duration::from_secs(30) || lifetime < 160, "{lifetime} {random}");
            }
        }
    }

    #[wasm_bindgen_test]
    fn only_a_tab_in_use_refreshes_ahead_of_time() {
        let due = Timestamp::from_seconds(480);
        assert_eq!(refresh_action(Timestamp::from_seconds(479), due, true), RefreshAction::WaitUntil(due));
        assert_eq!(refresh_action(due, due, true), RefreshAction::Refresh);
        assert_eq!(refresh_action(due, due, false), RefreshAction::LetExpire);
    }

    #[wasm_bindgen_test]
    fn pauses_grow_to_a_minute_and_keep_what_the_server_asked_for() {
        assert_eq!(backoff(0, None, 1.0), Duration::from_secs(1));
        assert_eq!(backoff(3, None, 0.0), Duration::from_secs(4));
        assert_eq!(backoff(u32::MAX, None, 1.0), Duration::from_secs(60));
        assert!(backoff(0, Some(Duration::from_secs(30)), 0.3) >= Duration::from_secs(30));
        assert!(backoff(0, Some(Duration::MAX), 1.0) < Duration::from_secs(3_700));
    }

    #[wasm_bindgen_test]
    fn one_lost_answer_concerns_nobody_while_the_token_lasts() {
        assert!(!should_notify(1, true, false));
        assert!(should_notify(2, true, false), "the second in a row");
        assert!(should_notify(1, false, false), "a token is needed");
        assert!(should_notify(1, true, true), "the browser has no network");
    }
}
