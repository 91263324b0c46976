//! When the page refreshes by itself, how long it pauses when it cannot, and when the person hears of that. Randomness
//! comes as a number from 0 to 1.

use super::grant::Grant;
use latchkey_shared::Timestamp;
use std::time::Duration;

/// What the page does about the next token.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Todo {
    /// Ask for it now.
    Refresh,
    /// Look again then.
    WaitUntil(Timestamp),
    /// Nothing until the page is used: a forgotten tab must not keep a session alive.
    LetLapse,
}

/// When the next token is due: at 75 to 80 % of this one's life, so that tabs do not all ask at once.
pub fn due(grant: &Grant, random: f64) -> Timestamp {
    grant.received_at + grant.lifetime().mul_f64(0.75 + 0.05 * random.clamp(0.0, 1.0))
}

/// Decides. `used` is whether the person has done anything in this tab since the last token came.
pub fn what_to_do(now: Timestamp, due: Timestamp, used: bool) -> Todo {
    match now < due {
        true => Todo::WaitUntil(due),
        false if used => Todo::Refresh,
        false => Todo::LetLapse,
    }
}

/// The pause before try number `attempt` (from 0): doubling from one second to one minute, between half and all of it,
/// and never shorter than the server asked for.
pub fn pause(attempt: u32, retry_after: Option<Duration>, random: f64) -> Duration {
    let longest = Duration::from_secs(1 << attempt.min(6)).min(Duration::from_secs(60));
    let own = longest.mul_f64(0.5 + 0.5 * random.clamp(0.0, 1.0));
    let asked = retry_after.unwrap_or_default().min(Duration::from_secs(3_600));
    if asked > own { asked + own.min(Duration::from_secs(1)) } else { own }
}

/// Whether it means something to the person that the server has given no usable answer `misses` times in a row: while
/// the token in hand `lasts`, a single one costs nothing. What the browser knows of the network is told at once.
pub fn matters(misses: u32, lasts: bool, offline: bool) -> bool {
    misses > 1 || !lasts || offline
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::samples::grant;
    use wasm_bindgen_test::wasm_bindgen_test;

    #[wasm_bindgen_test]
    fn the_next_token_is_due_well_before_this_one_ends() {
        for lifetime in [1, 3, 60, 600, 86_400] {
            let own = grant(0, lifetime);
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
        assert_eq!(what_to_do(Timestamp::from_seconds(479), due, true), Todo::WaitUntil(due));
        assert_eq!(what_to_do(due, due, true), Todo::Refresh);
        assert_eq!(what_to_do(due, due, false), Todo::LetLapse);
    }

    #[wasm_bindgen_test]
    fn pauses_grow_to_a_minute_and_keep_what_the_server_asked_for() {
        assert_eq!(pause(0, None, 1.0), Duration::from_secs(1));
        assert_eq!(pause(3, None, 0.0), Duration::from_secs(4));
        assert_eq!(pause(u32::MAX, None, 1.0), Duration::from_secs(60));
        assert!(pause(0, Some(Duration::from_secs(30)), 0.3) >= Duration::from_secs(30));
        assert!(pause(0, Some(Duration::MAX), 1.0) < Duration::from_secs(3_700));
    }

    #[wasm_bindgen_test]
    fn one_lost_answer_concerns_nobody_while_the_token_lasts() {
        assert!(!matters(1, true, false));
        assert!(matters(2, true, false), "the second in a row");
        assert!(matters(1, false, false), "a token is needed");
        assert!(matters(1, true, true), "the browser has no network");
    }
}
