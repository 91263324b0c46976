//! When the page refreshes by itself, how long it pauses when it cannot, and when the person hears of that. Randomness
//! comes as a number from 0 to 1.

use super::token_set::TokenSet;
use latchkey_shared::Timestamp;
use std::time::Duration;

/// What the page does about the next token.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RefreshAction {
    /// Ask for it now.
    Refresh,
    /// Look again then.
    WaitUntil(Timestamp),
    /// Nothing until the page is used: a forgotten tab must not keep a session alive.
    LetExpire,
}

/// When the next token is due: at 75 to 80 % of this one's life, so that tabs do not all ask at once.
pub fn due(token_set: &TokenSet, random: f64) -> Timestamp {
    token_set.received_at + token_set.lifetime().mul_f64(0.75 + 0.05 * random.clamp(0.0, 1.0))
}

/// Decides. `used` is whether the person has done anything in this tab since the last token came.
pub fn refresh_action(now: Timestamp, due: Timestamp, used: bool) -> RefreshAction {
    match now < due {
        true => RefreshAction::WaitUntil(due),
        false if used => RefreshAction::Refresh,
        false => RefreshAction::LetExpire,
    }
}

/// The pause before try number `attempt` (from 0): doubling from one second to one minute, between half and all of it,
/// and never shorter than the server asked for.
pub fn backoff(attempt: u32, retry_after: Option<Duration>, random: f64) -> Duration {
    let longest = Duration::from_secs(1 << attempt.min(6)).min(Duration::from_secs(60));
    let own = longest.mul_f64(0.5 + 0.5 * random.clamp(0.0, 1.0));
    let asked = retry_after.unwrap_or_default().min(Duration::from_secs(3_600));
    if asked > own { asked + own.min(Duration::from_secs(1)) } else { own }
}

/// Whether it means something to the person that the server has given no usable answer `consecutive_failures` times in a row: while
/// the token in hand `is_valid`, a single one costs nothing. What the browser knows of the network is told at once.
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
